"""Queues: listed, and made."""

from collections.abc import Iterable

from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.queues import Queue
from ivr.rehearsal.resources.answers import LIST, Body, Given, RestError, Route, page, rfc, route


class Queues:
    """The queues of the exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def routes(self) -> Iterable[Route]:
        queues = f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}/Queues.json"
        yield route("GET", queues, self.list, LIST)
        yield route("POST", queues, self.create, ("FriendlyName", "MaxSize"), status=201)

    def list(self, given: Given) -> Body:
        """All of them."""
        return page("queues", [self._body(queue) for queue in self.exchange.queues.values()])

    def create(self, given: Given) -> Body:
        """FriendlyName is required, at most 64 characters, and free; MaxSize is 1 to 5,000."""
        name, size = given.get("FriendlyName", ""), given.get("MaxSize", "1000")
        if not 0 < len(name) <= 64:
            raise RestError(400, 20001, "FriendlyName takes 1 to 64 characters")
        if not size.isdigit() or not 1 <= int(size) <= 5000:
            raise RestError(400, 20001, "MaxSize takes 1 to 5000")
        if name in self.exchange.queues:
            raise RestError(409, 22003, f"A queue named {name} exists already")
        queue = self.exchange.queue(name)
        queue.max_size = int(size)
        return self._body(queue)

    def _body(self, queue: Queue) -> Body:
        waiting, clock = [stay.seconds for stay in queue.waiting], self.exchange.clock
        account = self.exchange.wire.account_sid
        return {
            "sid": queue.sid,
            "account_sid": account,
            "friendly_name": queue.name,
            "current_size": len(waiting),
            "max_size": queue.max_size,
            "average_wait_time": sum(waiting) // max(1, len(waiting)),
            "date_created": rfc(clock, 0),
            "date_updated": rfc(clock, clock.monotonic()),
            "uri": f"/2010-04-01/Accounts/{account}/Queues/{queue.sid}.json",
        }

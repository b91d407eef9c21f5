"""Calls: looked at, redirected, ended."""

from collections.abc import Awaitable, Callable, Iterable

from ivr.rehearsal.document import Document, read_inline
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.interrupts import NEW_DOCUMENT_AFTER, Replaced
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.resources.answers import (
    Body,
    Given,
    RestError,
    Route,
    addresses,
    not_found,
    one_of,
    rfc,
    route,
)
from ivr.rehearsal.resources.past import Past
from ivr.rehearsal.twiml.reading import LONGEST_INLINE

_UPDATE = (
    "Url", "Method", "Status", "FallbackUrl", "FallbackMethod", "StatusCallback", "StatusCallbackMethod", "Twiml", "TimeLimit",
)  # fmt: skip


class Calls:
    """The legs of the exchange."""

    def __init__(self, exchange: Exchange, past: Past) -> None:
        self.exchange, self._past = exchange, past

    def routes(self) -> Iterable[Route]:
        account = f"/2010-04-01/Accounts/{self.exchange.wire.account_sid}"
        yield route("GET", f"{account}/Calls/{{}}.json", self.fetch)
        yield route("POST", f"{account}/Calls/{{}}.json", self.update, _UPDATE)

    def _leg(self, call: str) -> Leg:
        leg = self.exchange.legs.get(call)
        if leg is None:
            raise not_found(f"/Calls/{call}.json")
        return leg

    def fetch(self, call: str, given: Given) -> Body:
        """The call as it is, or as it was where the representation lags."""
        leg = self._past.of(self._leg(call))
        if leg is None:
            raise not_found(f"/Calls/{call}.json")
        return self._body(leg)

    def update(self, call: str, given: Given) -> Body:
        """Redirect or end a live call. Url and Twiml exclude each other; Twiml takes 4,000 characters; a
        fallback without a Url is refused (21405); `canceled` is only for a call that still rings."""
        leg = self._leg(call)
        if self.exchange.taskrouter is not None and self.exchange.taskrouter.works(leg):
            self.exchange.warn(TwilioRefuses(None, "a worker's leg is TaskRouter's: nobody else changes it"))
        if leg.status != "in-progress":
            raise RestError(400, 21220, "Call is not in-progress. Cannot redirect.")
        if "Url" in given and "Twiml" in given:
            raise RestError(400, 20001, "Url and Twiml exclude each other")
        if len(given.get("Twiml", "")) > LONGEST_INLINE:
            raise RestError(400, 20001, f"Twiml takes at most {LONGEST_INLINE} characters")
        if "FallbackUrl" in given and "Url" not in given:
            raise RestError(400, 21405, "A FallbackUrl needs a Url")
        addresses(given, "Url", "FallbackUrl", "StatusCallback")
        one_of(given, "Status", "completed", "canceled")
        if given.get("Status") == "canceled":
            raise RestError(400, 21220, "Only a queued or ringing call can be canceled")
        leg.fallback_url = given.get("FallbackUrl", leg.fallback_url)
        leg.status_callback = given.get("StatusCallback", leg.status_callback)
        body = self._body(leg)
        if given.get("Status") == "completed":
            leg.hang_up("rest")
        elif "Url" in given or "Twiml" in given:
            leg.interrupt(Replaced(_replacement(leg, given)))
        return body

    def _body(self, leg: Leg) -> Body:
        clock, account = self.exchange.clock, self.exchange.wire.account_sid
        uri = f"/2010-04-01/Accounts/{account}/Calls/{leg.sid}"
        over = leg.ended is not None or leg.status == "completed"
        ended = clock.monotonic() if leg.ended is None else leg.ended
        return {
            "sid": leg.sid,
            "account_sid": account,
            "api_version": "2010-04-01",
            "from": leg.from_,
            "from_formatted": leg.from_,
            "to": leg.to,
            "to_formatted": leg.to,
            "status": leg.status,
            "direction": leg.direction,
            "date_created": rfc(clock, leg.began),
            "date_updated": rfc(clock, ended),
            "start_time": rfc(clock, leg.began),
            "end_time": rfc(clock, ended) if over else None,
            "duration": str(round(ended - leg.began)) if over else None,
            "price": None,
            "price_unit": "USD",
            "answered_by": None,
            "parent_call_sid": None,
            "forwarded_from": None,
            "caller_name": None,
            "group_sid": None,
            "phone_number_sid": None,
            "queue_time": "0",
            "trunk_sid": None,
            "annotation": None,
            "uri": f"{uri}.json",
            "subresource_uris": {"events": f"{uri}/Events.json", "recordings": f"{uri}/Recordings.json"},
        }


def _replacement(leg: Leg, given: Given) -> Callable[[], Awaitable[Document]]:
    async def fetch() -> Document:
        await leg.clock.sleep(NEW_DOCUMENT_AFTER)
        if "Twiml" in given:
            return read_inline(given["Twiml"])
        return await leg.fetch(given["Url"], given.get("Method", "POST"))

    return fetch

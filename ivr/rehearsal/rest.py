"""The REST side, under the real twilio client: what a service asks of Twilio, answered by the exchange.

Only what a service of ours asks for is known: see `resources/`, a file to each kind of thing. Bodies have the
real shapes; every request is kept. Errors carry Twilio's numbers: 20404 unknown, 21220 too late, 20001 a
parameter nobody knows.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]  # twilio publishes no types
from twilio.http.response import Response  # type: ignore[import-untyped]

from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.resources.answers import Body, Given, Resource, RestError, not_found
from ivr.rehearsal.resources.calls import Calls
from ivr.rehearsal.resources.conferences import Conferences
from ivr.rehearsal.resources.past import Past
from ivr.rehearsal.resources.queues import Queues
from ivr.rehearsal.resources.tasks import Tasks

Upset: TypeAlias = Callable[
    [str, float | None, Callable[[], Response], Callable[[int], Response]], Awaitable[Response]
]
"""The seam for faults: given a path, the time-out, what does it and answers, and what refuses by a status."""

_log = logging.getLogger("ivr.rehearsal.rest")


@dataclass(frozen=True, slots=True)
class RestAsked:
    """One REST request, and what it was answered."""

    at: float  # simulated seconds since the start
    method: str
    path: str
    given: dict[str, str]
    status: int


class RestSide(AsyncHttpClient):  # type: ignore[misc]
    """An HTTP client for `twilio.rest.Client(http_client=…)` that never leaves the process.

    `lag`: by how many simulated seconds what a GET tells is behind what has happened.
    """

    def __init__(self, exchange: Exchange, *, lag: float = 0.0) -> None:
        super().__init__(_log, True)
        self.exchange = exchange
        self.asked: list[RestAsked] = []
        self.upset: Upset | None = None
        past = Past(exchange, lag)
        self.calls = Calls(exchange, past)
        self.conferences = Conferences(exchange, past)
        self.queues = Queues(exchange)
        self.tasks = Tasks(exchange, past)
        resources: tuple[Resource, ...] = (self.calls, self.conferences, self.queues, self.tasks)
        self._routes = [route for resource in resources for route in resource.routes()]

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - twilio's own signature
        allow_redirects: bool = False,
    ) -> Response:
        """Answer one request at once; what it sets in motion happens on the simulated clock."""
        parts = urlsplit(url)
        everything = {**dict(parse_qsl(parts.query)), **(params or {}), **(data or {})}
        given = {name: str(value) for name, value in everything.items()}

        def answer() -> Response:
            return self._answer(method, parts.path, given, authorised=bool(auth))

        def refuse(status: int) -> Response:
            return self._refused(method, parts.path, given, RestError(status, 20000 + status, "Not now"))

        if self.upset is None:
            return answer()
        return await self.upset(parts.path, timeout, answer, refuse)

    def _answer(self, method: str, path: str, given: dict[str, str], *, authorised: bool) -> Response:
        try:
            if not authorised:
                raise RestError(401, 20003, "Authenticate")
            status, body = self._route(method, path, given)
        except RestError as error:
            return self._refused(method, path, given, error)
        self.asked.append(RestAsked(self.exchange.clock.monotonic(), method, path, given, status))
        return Response(status, json.dumps(body))

    def _refused(self, method: str, path: str, given: dict[str, str], error: RestError) -> Response:
        self.asked.append(RestAsked(self.exchange.clock.monotonic(), method, path, given, error.status))
        return Response(error.status, json.dumps(error.body()))

    async def close(self) -> None:
        """Nothing is open."""

    async def __aenter__(self) -> "RestSide":
        return self

    async def __aexit__(self, *excinfo: object) -> None:
        await self.close()

    def _route(self, method: str, path: str, given: Given) -> tuple[int, Body]:
        for route in self._routes:
            found = route.path.fullmatch(path)
            if found is None or route.method != method:
                continue
            if unknown := sorted(set(given) - route.known):
                raise RestError(400, 20001, f"Unknown parameter: {', '.join(unknown)}")
            return route.status, route.answer(*found.groups(), given)
        raise not_found(path)


__all__ = ["RestAsked", "RestError", "RestSide"]

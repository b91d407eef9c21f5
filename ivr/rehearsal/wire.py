"""How the pretend Twilio asks for a document: signed, with its time-outs and its tries.

Every request of a rehearsal goes through `Wire.ask`, over the transport of `service.py`, so that nothing
leaves the process. `carrier` and `held` are the seams where faults lose, delay or double what is carried.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlencode, urljoin, urlsplit

import httpx

from ivr.rehearsal.clock import Bell, Clock
from ivr.rehearsal.overrides import Patience, overrides
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.service import App, Inside
from ivr.rehearsal.signing import as_signed, sign

Carrier: TypeAlias = Callable[[httpx.AsyncClient, httpx.Request], Awaitable[httpx.Response]]

Held: TypeAlias = Callable[[str], float]
"""For how many seconds a request whose answer nobody waits for is kept back, given its address."""

PUBLIC_URL = "https://rehearsal.invalid"  # a name that can never be resolved
_MOST_REDIRECTS = 10


class Unanswered(TwilioRefuses):
    """An address gave no usable answer: Twilio asks the fallback address next."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached the service, and what came of it."""

    at: float  # simulated seconds since the start
    method: str
    url: str
    status: int
    ms: float  # real milliseconds
    leg: str | None = None

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address answered; `url` is where it came from after redirects, without its fragment."""

    status: int
    content_type: str | None
    body: bytes
    url: str


@dataclass(slots=True)
class Wire:
    """Asks the service under rehearsal, as Twilio asks: form or query, signed, tried again where told to."""

    app: App
    clock: Clock
    account_sid: str
    auth_token: str
    base: str = PUBLIC_URL
    carrier: Carrier | None = None
    held: Held | None = None
    patience: float = 5.0  # real seconds for a request without an answer before simulated time goes on
    asked: list[Asked] = field(default_factory=list)
    _events: int = 0
    _carrying: "set[asyncio.Task[httpx.Response]]" = field(default_factory=set)

    def client(self) -> httpx.AsyncClient:
        """A fresh client: cookies belong to one call."""
        return httpx.AsyncClient(transport=Inside(self.app), trust_env=False, follow_redirects=False)

    def held_for(self, url: str) -> float:
        """For how many seconds Twilio keeps back a request to this address whose answer nobody waits for."""
        return self.held(url) if self.held is not None else 0.0

    async def ask(
        self,
        url: str,
        method: str = "POST",
        fields: Sequence[tuple[str, str]] = (),
        *,
        client: httpx.AsyncClient | None = None,
        leg: str | None = None,
    ) -> Answer:
        """One event's request, with its tries: all carry the same idempotency token.

        Raises Unanswered when no try gave an answer below 400.
        """
        limits = overrides(url)
        self._events += 1
        token = hashlib.sha256(f"{self.account_sid}{self._events}{url}".encode()).hexdigest()[:36]
        deadline = self.clock.monotonic() + limits.tt / 1000
        own = client or self.client()
        failure: Unanswered | None = None
        try:
            for _ in range(limits.rc + 1):
                left = deadline - self.clock.monotonic()
                if left <= 0:
                    break
                try:
                    return await self._try(own, url, method, fields, token, limits.within(left), leg)
                except _TryFailed as failed:
                    failure = failed.as_unanswered(url)
                    if not limits.retried(failed.what):
                        break
        finally:
            if client is None:
                await own.aclose()
        assert failure is not None
        raise failure

    async def plain(
        self, method: str, path: str, *, json: Any = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """A request of a program's, not Twilio's: unsigned, to a path of the service."""
        async with self.client() as client:
            request = client.build_request(method, self.base + path, json=json, headers=headers)
            return await self._carry(client, request, Patience(30.0, 30.0), None)

    async def _try(
        self,
        client: httpx.AsyncClient,
        url: str,
        method: str,
        fields: Sequence[tuple[str, str]],
        token: str,
        patience: Patience,
        leg: str | None,
    ) -> Answer:
        here = urlsplit(url)._replace(fragment="").geturl()
        for _ in range(_MOST_REDIRECTS + 1):
            request = self._request(client, here, method, fields, token)
            response = await self._carry(client, request, patience, leg)
            if not response.is_redirect:
                break
            # after a 3xx Twilio asks by GET, and the digits are lost
            here = urljoin(here, response.headers.get("location", ""))
            method, fields = "GET", [pair for pair in fields if pair[0] != "Digits"]
        else:
            raise _TryFailed("redirects", 11215, f"more than {_MOST_REDIRECTS} redirects")
        if response.status_code >= 400:
            what = "5xx" if response.status_code >= 500 else "4xx"
            raise _TryFailed(what, 11200, f"the address answered {response.status_code}")
        return Answer(response.status_code, response.headers.get("content-type"), response.content, here)

    def _request(
        self, client: httpx.AsyncClient, url: str, method: str, fields: Sequence[tuple[str, str]], token: str
    ) -> httpx.Request:
        if urlsplit(url).hostname != urlsplit(self.base).hostname:
            raise _TryFailed("ct", 11210, "no such host in a rehearsal")
        if method == "GET" and fields:
            url += ("&" if urlsplit(url).query else "?") + urlencode(fields)
        body = urlencode(fields).encode() if method == "POST" else None
        request = client.build_request(method, url, content=body)
        signed = fields if method == "POST" else ()
        request.headers["X-Twilio-Signature"] = sign(self.auth_token, as_signed(str(request.url)), signed)
        request.headers["I-Twilio-Idempotency-Token"] = token
        request.headers["User-Agent"] = "TwilioProxy/1.1"
        if method == "POST":
            request.headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return request

    async def _carry(
        self, client: httpx.AsyncClient, request: httpx.Request, patience: Patience, leg: str | None
    ) -> httpx.Response:
        """One try: real time passes, simulated time stands still unless the service itself lets it pass.

        A service that is too slow goes on working: only its answer is no longer waited for.
        """
        began, at, bell = (
            time.perf_counter(),
            self.clock.monotonic(),
            Bell(self.clock, f"answer to {request.url}"),
        )
        carrying = self.carrier or honest
        task = asyncio.create_task(
            _carried(carrying, client, request, bell), name=f"request {request.url.path}"
        )
        self._carrying.add(task)
        task.add_done_callback(self._over)
        self.clock.patient(task, self.patience)
        answered = await bell.wait(patience.answering)
        ms = round((time.perf_counter() - began) * 1000, 1)
        error = task.exception() if answered else None
        status = task.result().status_code if answered and error is None else 0
        self.asked.append(Asked(at, request.method, str(request.url), status, ms, leg))
        if isinstance(error, httpx.TransportError):
            if isinstance(error, httpx.ConnectTimeout):
                await self.clock.sleep(patience.connecting)
            raise _TryFailed("ct", 11205, f"no connection: {type(error).__name__}") from error
        if not answered:
            raise _TryFailed("rt", 11205, f"no answer within {patience.answering:g} s")
        return task.result()

    def _over(self, task: "asyncio.Task[httpx.Response]") -> None:
        self._carrying.discard(task)
        if not task.cancelled():
            task.exception()  # whoever still waits for the answer is told; if nobody does, nobody need be

    async def close(self) -> None:
        """Stop what is still on its way."""
        for task in tuple(self._carrying):
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)


class _TryFailed(Exception):
    def __init__(self, what: str, code: int, rule: str) -> None:
        super().__init__(rule)
        self.what, self.code, self.rule = what, code, rule

    def as_unanswered(self, url: str) -> Unanswered:
        return Unanswered(self.code, self.rule, url)


async def honest(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The carrier of an undisturbed way."""
    return await client.send(request)


async def _carried(
    carrier: Carrier, client: httpx.AsyncClient, request: httpx.Request, bell: Bell
) -> httpx.Response:
    """The carrier's work; whoever waits for it is woken before it counts as done, so that no time slips in."""
    try:
        return await carrier(client, request)
    finally:
        bell.ring()

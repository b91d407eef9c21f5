"""What we ask of Twilio: bring a live call to its farewell or to another document, look at it, make queues.

Through twilio's own client, asynchronously. A caller is on the line, so every request has a short time-out
and few tries: what Twilio did not process (429) is asked again after a jittered pause; what it may have
processed (5xx, no answer) is asked again once, after looking at the call, since the same document twice does
no harm: documents know what was heard. Nothing here raises for what Twilio answers or fails to answer, and
no number and no message of an exception, which may quote one, is logged.
"""

import asyncio
import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from random import SystemRandom
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from twilio.base.exceptions import (  # type: ignore[import-untyped]  # twilio publishes no types
    TwilioException,
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.async_http_client import AsyncTwilioHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from ivr import watch
from ivr.line.translate import FINAL
from ivr.line.twiml import LONGEST_QUEUE_NAME, event_url, voice_url

SECONDS = 3.0  # for one request
PAUSES = (0.25, 0.5, 1.0)  # seconds at most before asking again after a 429
QUEUE_SIZE = 1_000  # said aloud, since Twilio's pages differ about its default

_CHANCE = SystemRandom()
_TOO_LATE = frozenset({21220, 20404})  # the call is not, or no longer, in progress; there is no such call


class Outcome(StrEnum):
    """How it went, as whoever asked needs to know it."""

    DONE = "done"
    TOO_LATE = "too_late"  # the call is over, or never was: nothing more to ask
    TRY_AGAIN = "try_again"  # Twilio was busy or silent
    REFUSED = "refused"  # Twilio will never do this; its code is in the log


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    given: Any = None  # what the client made of the answer
    unsure: bool = False  # Twilio may have done it and not said so


class Phone:
    """The REST side of one account."""

    def __init__(
        self,
        account_sid: str,
        username: str,
        password: str,
        *,
        public_url: str,
        fallback_url: str | None = None,
        api_url: str | None = None,
        http: AsyncHttpClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = _CHANCE.random,
    ) -> None:
        """`username` and `password` are an API key and its secret, or the account and its auth token.

        `public_url` is where Twilio reaches us, `fallback_url` where it turns when it cannot, `api_url` where
        requests go in place of Twilio. `http` is another side to ask; whoever gives it closes it. `jitter`
        gives a number from 0 to 1.
        """
        self._account, self._username, self._password = account_sid, username, password
        self._base = public_url
        self._with_every_update = {
            "method": "POST",
            "fallback_url": fallback_url or voice_url(public_url, "/voice/fallback"),
            "status_callback": event_url(public_url, "/events/call"),
        }
        self._given_http, self._api_url = http, api_url
        self._sleep, self._jitter = sleep, jitter
        self._own_http: _Http | None = None
        self._client: Client | None = None

    async def start(self) -> None:
        """Make the client, inside the running loop as it must be, and load what is slow to load."""
        _ = self._calls(None)

    async def stop(self) -> None:
        """Close the connections."""
        own, self._own_http, self._client = self._own_http, None, None
        if own is not None:
            await own.close()

    # ------------------------------------------------------------ live calls
    async def to_farewell(self, call: str) -> Outcome:
        """Bring a caller's leg, taken from its agent, to its farewell."""
        return await self.redirect(call, voice_url(self._base, "/voice/farewell", call=call, way="aside"))

    async def release(self, agent: str, call: str) -> Outcome:
        """Have an agent's waiting leg look at once what became of `call`; when that is over it is let go."""
        return await self.redirect(agent, voice_url(self._base, "/voice/agent/next", call=call))

    async def redirect(self, call: str, url: str, *, within: float | None = None) -> Outcome:
        """Have a live leg go on with another document.

        `within` bounds everything in seconds, for whoever is answering a request of Twilio's meanwhile.
        """
        try:
            async with asyncio.timeout(within):
                outcome = await self._redirect(call, url)
        except TimeoutError:
            outcome = Outcome.TRY_AGAIN
        watch.ASKED.labels("redirect", outcome.value).inc()
        return outcome

    async def _redirect(self, call: str, url: str) -> Outcome:
        answer = await self._update(call, url)
        if not answer.unsure:
            return answer.outcome
        status = await self.fetch(call)
        if status is None or status in FINAL:
            return Outcome.TOO_LATE
        if not status:
            return Outcome.TRY_AGAIN
        return (await self._update(call, url)).outcome

    async def _update(self, call: str, url: str) -> _Answer:
        return await self._ask(
            "redirect", lambda: self._calls(call).update_async(url=url, **self._with_every_update)
        )

    async def fetch(self, call: str) -> str | None:
        """A call's status; None where Twilio knows no such call, blank where it could not be asked."""
        answer = await self._look(call)
        if answer.outcome is Outcome.TOO_LATE:
            return None
        return str(answer.given.status or "") if answer.given else ""

    async def direction(self, call: str) -> str | None:
        """inbound, outbound-api … of a call that is not over.

        None where Twilio knows of none, blank where it could not be asked.
        """
        answer = await self._look(call)
        if answer.outcome is Outcome.TOO_LATE or (answer.given and answer.given.status in FINAL):
            return None
        return str(answer.given.direction or "") if answer.given else ""

    async def _look(self, call: str) -> _Answer:
        return await self._ask("fetch", lambda: self._calls(call).fetch_async())

    # ---------------------------------------------------------------- queues
    async def create_queues(self, names: Iterable[str]) -> Outcome:
        """See to it that queues of these names exist. Twilio would make them itself, at a size of its own."""
        there = await self._queue_names()
        outcome = Outcome.TRY_AGAIN if there is None else Outcome.DONE
        if there is not None:
            for name in dict.fromkeys(name[:LONGEST_QUEUE_NAME] for name in names if name):
                if name not in there and (made := await self._create_queue(name)) is not Outcome.DONE:
                    outcome = made
        watch.ASKED.labels("create_queues", outcome.value).inc()
        return outcome

    async def _create_queue(self, name: str) -> Outcome:
        answer = await self._ask(
            "create_queue", lambda: self._queues().create_async(friendly_name=name, max_size=QUEUE_SIZE)
        )
        if answer.outcome is Outcome.DONE:
            return Outcome.DONE
        # Another worker may have made it meanwhile, or Twilio may have and not said so.
        return Outcome.DONE if name in (await self._queue_names() or ()) else answer.outcome

    async def _queue_names(self) -> set[str] | None:
        answer = await self._ask("list_queues", lambda: self._queues().list_async(page_size=1_000))
        return {str(queue.friendly_name) for queue in answer.given} if answer.given is not None else None

    # ---------------------------------------------------------------- asking
    async def _ask(self, what: str, ask: Callable[[], Awaitable[Any]]) -> _Answer:
        """Ask, and ask again what Twilio was too busy for."""
        for pause in (*PAUSES, None):
            try:
                return _Answer(Outcome.DONE, await ask())
            except (TwilioRestException, TwilioServiceException) as error:
                status, code = error.status, error.code
            except (TwilioException, ValueError, KeyError, TypeError, AttributeError):
                status, code = 0, None  # no answer, or one that nobody can read
            if status == 429 and pause is not None:
                await self._sleep(pause * (0.5 + self._jitter() / 2))
                continue
            return _judged(what, status, code)
        raise AssertionError("the last try has no pause after it and so returns")

    def _calls(self, call: str | None) -> Any:
        calls = self._ready().calls
        return calls if call is None else calls(call)

    def _queues(self) -> Any:
        return self._ready().queues

    def _ready(self) -> Client:
        if self._client is None:
            http = self._given_http
            if http is None:
                http = self._own_http = _Http(logger=_SILENT)
            wire = _Wire(http, self._api_url)
            self._client = Client(self._username, self._password, self._account, http_client=wire)
        return self._client


def _judged(what: str, status: int, code: int | None) -> _Answer:
    if status == 404 or code in _TOO_LATE:
        return _Answer(Outcome.TOO_LATE)
    if status == 429:
        answer = _Answer(Outcome.TRY_AGAIN)
    elif status == 0 or status >= 500:
        answer = _Answer(Outcome.TRY_AGAIN, unsure=True)
    else:
        answer = _Answer(Outcome.REFUSED)
    watch.log().warning("asked", what=what, outcome=answer.outcome.value, status=status, code=code)
    return answer


# The client's own log quotes addresses with everything in them.
_SILENT = logging.Logger("ivr.line.phone", level=logging.CRITICAL + 1)


class _Wire(AsyncHttpClient):  # type: ignore[misc]  # twilio publishes no types
    """Another HTTP side, with a time-out, and with Twilio's host changed for a stand-in's where one is set.

    Raises TwilioException, without a message, for whatever kept the answer from coming.
    """

    def __init__(self, http: AsyncHttpClient, api_url: str | None) -> None:
        super().__init__(_SILENT, True)
        self._http, self._elsewhere = http, urlsplit(api_url) if api_url else None

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # the signature is twilio's
        allow_redirects: bool = False,
    ) -> Response:
        try:
            # Round the whole request: the client hands a time-out on to nobody of its own accord.
            async with asyncio.timeout(timeout or SECONDS):
                return await self._http.request(
                    method,
                    self._address(url),
                    params=params,
                    data=data,
                    headers=headers,
                    auth=auth,
                    allow_redirects=allow_redirects,
                )
        except Exception:  # whatever breaks on the way there is one thing to us: no answer
            raise TwilioException from None

    def _address(self, url: str) -> str:
        if self._elsewhere is None:
            return url
        there, parts = self._elsewhere, urlsplit(url)
        path = there.path.rstrip("/") + parts.path
        return urlunsplit((there.scheme, there.netloc, path, parts.query, parts.fragment))


class _Http(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's own HTTP side, saying who we are in a header: aiohttp is giving up its argument for that."""

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
        allow_redirects: bool = False,
    ) -> Response:
        if auth is not None:
            basic = b64encode(":".join(auth).encode()).decode("ascii")
            headers = {**(headers or {}), "Authorization": f"Basic {basic}"}
        return await super().request(method, url, params, data, headers, None, timeout, allow_redirects)

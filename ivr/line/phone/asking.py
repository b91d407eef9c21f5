"""Asking Twilio, and asking again: the patience, the bounds and the judgement every question shares."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import Any, TypeVar

from twilio.base.exceptions import (  # type: ignore[import-untyped]  # twilio publishes no types
    TwilioRestException,
    TwilioServiceException,
)
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from ivr import watch
from ivr.line.phone.answers import Answer, Found, Outcome
from ivr.line.phone.wire import SILENT, OwnHttp, Wire

SECONDS = 3.0  # for one request
PAUSES = (0.25, 0.5, 1.0)  # seconds at most before asking again after a 429
PAGE_SIZE = 1_000  # the most Twilio lists at once
MOST_PAGES = 20  # and nobody has more of anything than that many pages

_CHANCE = SystemRandom()
_TOO_LATE = frozenset({21220, 20404})  # the call is not, or no longer, in progress; there is no such thing

T = TypeVar("T")


class Asking:
    """One account at Twilio and its client; what can be asked of it stands in the classes below this one."""

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
        seconds: float = SECONDS,
    ) -> None:
        """`username` and `password` are an API key and its secret, or the account and its auth token.

        `public_url` is where Twilio reaches us, `fallback_url` where it turns when it cannot, `api_url` where
        requests go in place of Twilio. `http` is another side to ask; whoever gives it closes it. `jitter`
        gives a number from 0 to 1. `seconds` is the time-out of one request.
        """
        self._account, self._username, self._password = account_sid, username, password
        self._base, self._fallback_url = public_url, fallback_url
        self._given_http, self._api_url, self._seconds = http, api_url, seconds
        self._sleep, self._jitter = sleep, jitter
        self._own_http: OwnHttp | None = None
        self._client: Client | None = None

    async def start(self) -> None:
        """Make the client, inside the running loop as it must be, and load what is slow to load."""
        client = self._twilio()
        _ = (client.calls, client.queues, client.conferences, client.incoming_phone_numbers)
        _ = client.taskrouter.v1.workspaces

    async def stop(self) -> None:
        """Close the connections."""
        own, self._own_http, self._client = self._own_http, None, None
        if own is not None:
            await own.close()

    def _twilio(self) -> Client:
        if self._client is None:
            http = self._given_http
            if http is None:
                http = self._own_http = OwnHttp(logger=SILENT)
            wire = Wire(http, self._api_url, self._seconds)
            self._client = Client(self._username, self._password, self._account, http_client=wire)
        return self._client

    # ------------------------------------------------------- a whole question
    async def _outcome(self, what: str, asking: Awaitable[Outcome], within: float | None) -> Outcome:
        """A question that is answered by how it went."""
        try:
            async with asyncio.timeout(within):
                outcome = await asking
        except TimeoutError:
            outcome = Outcome.TRY_AGAIN
        watch.ASKED.labels(what, outcome.value).inc()
        return outcome

    async def _found(self, what: str, asking: Awaitable[Found[T]], within: float | None) -> Found[T]:
        """A question that is answered by what was seen."""
        try:
            async with asyncio.timeout(within):
                found = await asking
        except TimeoutError:
            found = Found(Outcome.TRY_AGAIN)
        watch.ASKED.labels(what, found.outcome.value).inc()
        return found

    # ------------------------------------------------------------ its requests
    async def _ask(self, what: str, ask: Callable[[], Awaitable[Any]], read: Callable[[Any], T]) -> Answer[T]:
        """One request, asked again while Twilio is too busy for it. `read` makes something of the answer."""
        for pause in (*PAUSES, None):
            try:
                return Answer(Outcome.DONE, read(await ask()))
            except Exception as error:  # whatever the client makes of an answer nobody can read
                status, code = _said(error)
            if status == 429 and pause is not None:
                await self._pause(pause)
                continue
            return _judged(what, status, code)
        raise AssertionError("the last try has no pause after it and so returns")

    async def _wish(self, what: str, ask: Callable[[], Awaitable[Any]]) -> Answer[None]:
        """One request to do something: how it went is all that is asked."""
        return await self._ask(what, ask, lambda _: None)

    async def _look(
        self, what: str, ask: Callable[[], Awaitable[Any]], read: Callable[[Any], T]
    ) -> Answer[T]:
        """A look: it changes nothing, so silence is followed by one more."""
        answer = await self._ask(what, ask, read)
        if answer.unsure:
            await self._pause(PAUSES[0])
            answer = await self._ask(what, ask, read)
        return answer

    async def _look_through(
        self, what: str, listing: Any, read: Callable[[list[Any]], T], **wanted: Any
    ) -> Answer[T]:
        """A look at a whole list, page after page."""

        async def whole() -> list[Any]:
            page = await listing.page_async(**{"page_size": PAGE_SIZE, **wanted})
            there = list(page)
            for _ in range(MOST_PAGES - 1):
                if (page := await page.next_page_async()) is None:
                    break
                there.extend(page)
            return there

        return await self._look(what, whole, read)

    async def _see_to(
        self,
        what: str,
        ask: Callable[[], Awaitable[Any]],
        look: Callable[[], Awaitable[Outcome | None]],
    ) -> Outcome:
        """A wish that does no harm when it is fulfilled twice: after silence, look, and ask once more.

        `look` says what came of it, or None where it is still to be asked for.
        """
        answer = await self._wish(what, ask)
        if not answer.unsure:
            return answer.outcome
        settled = await look()
        return (await self._wish(what, ask)).outcome if settled is None else settled

    async def _pause(self, seconds: float) -> None:
        await self._sleep(seconds * (0.5 + self._jitter() / 2))


def _said(error: Exception) -> tuple[int, int | None]:
    """The status and the code Twilio answered with; 0 where there was no answer that can be read."""
    if isinstance(error, TwilioRestException | TwilioServiceException):
        status, code = error.status, error.code
    elif isinstance(response := next(reversed(error.args), None), Response):
        # What went wrong with a list is told as the bare answer.
        status, code = response.status_code, _code(response.text)
    else:
        status, code = 0, None
    return (status if isinstance(status, int) else 0), (code if isinstance(code, int) else None)


def _code(text: str) -> Any:
    try:
        return json.loads(text).get("code")
    except (ValueError, TypeError, AttributeError):
        return None


def _judged(what: str, status: int, code: int | None) -> Answer[Any]:
    if status == 404 or code in _TOO_LATE:
        return Answer(Outcome.TOO_LATE)
    if status == 429:
        answer = Answer[Any](Outcome.TRY_AGAIN)
    elif status < 400 or status >= 500:
        answer = Answer(Outcome.TRY_AGAIN, unsure=True)
    else:
        answer = Answer(Outcome.REFUSED)
    watch.log().warning("asked", what=what, outcome=answer.outcome.value, status=status, code=code)
    return answer

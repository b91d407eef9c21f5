"""A whole call over signed HTTP, in real time: what each leg was told, how soon, and how it is told afterwards."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from xml.etree import ElementTree

import httpx

from ivr.app import Guest, WallClock, create_app
from ivr.settings import Settings
from tests.line.conftest import (
    ACCOUNT,
    AGENT,
    AGENT_LEG,
    BOOK,
    CALL,
    TOKEN,
    URL,
    NotingTelephone,
    Twilio,
    address,
    words,
)  # fmt: skip

WITHIN = 3.0  # seconds, the promise
WORD = 0.35  # seconds, to say one
WRAPUP = {
    "name": "Ana",
    "resolved": True,
    "steps": [{"who": "us", "what": "send a replacement router", "reference": "AB-4719"}],
}
POINTS = ("arrival", "answer", "wrap-up", "farewell", "key", "on", "goodbye", "end")
"""Where in the call something may go wrong: just before each of these requests."""

At = Callable[[str], Awaitable[None]]


@dataclass
class Call:
    """One call, and all that was answered to it."""

    twilio: Twilio
    at: At
    waited: list[tuple[str, float]] = field(default_factory=list)  # address and seconds, of each document
    mishaps: list[str] = field(default_factory=list)  # what was said of them to the caller
    refused: list[str] = field(default_factory=list)  # what was answered 503, and sent again
    heard: list[str] = field(default_factory=list)

    async def whole(self) -> dict[str, Any]:
        """From the ring to the end; the call's story."""
        await self.at("arrival")
        assert (await self.document("/voice/incoming?queue=billing&locale=en-GB")).find("Enqueue") is not None
        await self.document("/voice/wait?queue=billing&locale=en-GB", QueueTime="5")
        await self.at("answer")
        await self.document(
            "/voice/bridging?queue=billing",
            QueueTime="400",
            DequeingCallSid=AGENT_LEG,
            QueueSid="QU" + "3" * 32,
        )
        await self.at("wrap-up")
        await self.insisted("wrap-up", self.wrapped_up)
        await self.at("farewell")
        here = await self.document(f"/voice/farewell?call={CALL}&way=aside")
        await self.document(f"/voice/agent/next?call={CALL}", leg=AGENT_LEG)
        here = await self.until("next_steps", here)
        await self.at("key")
        here = await self.document(_gather(here), Digits="1")
        await self.at("on")
        here = await self.until("goodbye", here)
        await self.at("goodbye")
        while here.find("Hangup") is None:
            here = await self.document(here.findtext("Redirect") or "")
        await self.at("end")
        await self.insisted("end", self.ended)
        await self.insisted("agent's end", lambda: self.ended(AGENT_LEG))
        return await self.story()

    async def document(self, path: str, *, leg: str = CALL, **fields: str) -> ElementTree.Element:
        """A document that is no mishap: what is said of mishaps is listened to, and followed."""
        for _ in range(12):
            began = monotonic()
            answer = await self.twilio.post(path, CallSid=leg, **fields)
            self.waited.append((path.partition("?")[0], monotonic() - began))
            assert answer.status_code == 200
            document = ElementTree.fromstring(answer.content)
            redirect = document.findtext("Redirect") or ""
            if "mishap=" not in redirect:
                self.heard.append(words(document))
                return document
            if leg == CALL:
                self.mishaps.append(words(document))
            pauses = sum(int(pause.get("length") or 1) for pause in document.iter("Pause"))
            await asyncio.sleep(len(words(document).split()) * WORD + pauses)
            path, fields = redirect, {}
        raise AssertionError("nothing but mishaps")

    async def until(self, moment: str, here: ElementTree.Element) -> ElementTree.Element:
        """On through the farewell to a moment."""
        while address(here, "Gather", "action")[1]["at"] != moment:
            here = await self.document(here.findtext("Redirect") or "")
        return here

    async def insisted(self, what: str, ask: Callable[[], Awaitable[httpx.Response]]) -> None:
        """Sent again while it is answered 503, for as long as Twilio does."""
        for _ in range(30):
            began = monotonic()
            answer = await ask()
            self.waited.append((what, monotonic() - began))
            if answer.status_code != 503:
                assert answer.status_code in (202, 204), answer.text
                return
            self.refused.append(what)
            await asyncio.sleep(0.5)
        raise AssertionError(f"{what} was never kept")

    async def wrapped_up(self) -> httpx.Response:
        return await self.twilio.api("POST", f"/api/calls/{CALL}/wrapup", WRAPUP)

    async def ended(self, leg: str = CALL) -> httpx.Response:
        return await self.twilio.post("/events/call", CallSid=leg, CallStatus="completed", SequenceNumber="0")

    async def story(self) -> dict[str, Any]:
        """As the service tells it, once what it had in memory is kept."""
        for _ in range(30):
            answer = await self.twilio.api("GET", f"/api/calls/{CALL}")
            if answer.status_code == 200 and not self.twilio.service.ledger.at_hand(CALL):
                told: dict[str, Any] = answer.json()
                return told
            await asyncio.sleep(0.5)
        raise AssertionError("the service did not come back")


def _gather(document: ElementTree.Element) -> str:
    gather = document.find("Gather")
    assert gather is not None
    return gather.get("action") or ""


@asynccontextmanager
async def service(url: str) -> AsyncIterator[Twilio]:
    """The real service on the machine's own clock."""
    settings = Settings(
        _env_file=None,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        ivr_public_url=URL,
        ivr_database_url=url,
        ivr_prompts=BOOK,
        ivr_secret=("a secret",),
    )
    guest, telephone = Guest(token="the-api-token", address=AGENT, name="tests"), NotingTelephone()
    made = create_app(settings, twilio_http=telephone, guest=guest)
    await made.start()
    try:
        await asyncio.gather(*made._tasks)  # loading Twilio's client holds up a busy machine for seconds
        transport = httpx.ASGITransport(app=made)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
            yield Twilio(made, WallClock(), telephone, guest.token, client)  # type: ignore[arg-type]
    finally:
        await made.stop()


async def nothing(_: str) -> None:
    """An undisturbed call."""

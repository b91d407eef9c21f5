"""A service of a few lines, and a pretend Twilio that rings it."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest

from ivr.rehearsal.clock import Clock
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.rest import RestSide
from ivr.rehearsal.service import Message
from ivr.rehearsal.telephone import Number
from ivr.rehearsal.verbs import VERBS
from ivr.rehearsal.wire import PUBLIC_URL, Wire

T = TypeVar("T")

ACCOUNT = "AC" + "a" * 32
TOKEN = "12345"
FIVE_WORDS = "<Say>one two three four five</Say>"  # two seconds at 150 words a minute
NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)


@dataclass
class Heard:
    """One request as the service saw it."""

    path: str
    method: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


Answer = str | tuple[int, str | None, str | bytes] | Callable[[Heard], Any]


@dataclass
class Service:
    """Documents by path: TwiML inside <Response>, or (status, content type, body), or a function of the request."""

    documents: dict[str, Answer] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    async def __call__(
        self,
        scope: Message,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        body = (await receive()).get("body", b"")
        heard = Heard(
            scope["path"],
            scope["method"],
            dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
            dict(parse_qsl(body.decode(), keep_blank_values=True)),
            {name.decode(): value.decode() for name, value in scope["headers"]},
        )
        self.heard.append(heard)
        answer: Any = self.documents.get(heard.path, (404, "text/plain", "nobody here"))
        if callable(answer):
            answer = answer(heard)
        if isinstance(answer, Awaitable):
            answer = await answer
        status, kind, text = (
            answer if isinstance(answer, tuple) else (200, "text/xml", f"<Response>{answer}</Response>")
        )
        headers = [] if kind is None else [(b"content-type", kind.encode())]
        if status in (302, 303, 307):
            headers.append((b"location", text.encode() if isinstance(text, str) else text))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text.encode() if isinstance(text, str) else text})

    def asked(self, path: str) -> list[Heard]:
        return [heard for heard in self.heard if heard.path == path]

    def paths(self) -> list[str]:
        return [heard.path for heard in self.heard]


class World:
    """A clock, an exchange and a service; `play` runs a coroutine until it ends."""

    def __init__(self, service: Service, *, strict: bool = True, star: str = "on", lag: float = 0.0) -> None:
        self.service = service
        self.clock = Clock(NINE)
        self.wire = Wire(service, self.clock, ACCOUNT, TOKEN)
        self.exchange = Exchange(self.clock, self.wire, VERBS, strict=strict, star=star)
        self.rest = RestSide(self.exchange, lag=lag)

    def ring(self, path: str = "/in", name: str = "caller", **number: str) -> Leg:
        """A telephone rings the number whose document is at `path`."""
        addresses = {key: PUBLIC_URL + value for key, value in number.items()}
        return self.exchange.ring(
            name, "+447700900123", "+442079460000", Number(PUBLIC_URL + path, **addresses)
        )

    async def play(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return await self.clock.run(asyncio.ensure_future(coroutine))

    async def until_over(self, *legs: Leg) -> None:
        """Let time pass until these telephones are down; raise what went wrong on any."""

        async def watching() -> None:
            while not all(leg.ended is not None for leg in legs) and self.exchange.trouble is None:
                await self.clock.sleep(0.5)
            await self.clock.sleep(1)

        await self.play(watching())
        if self.exchange.trouble is not None:
            raise self.exchange.trouble

    async def after(self, seconds: float, act: Callable[[], Any]) -> None:
        await self.clock.sleep(seconds)
        act()

    def later(self, seconds: float, act: Callable[[], Any]) -> None:
        """Do something when so much time has passed."""
        self.exchange.spawn(self.after(seconds, act), "later")


MakeWorld = Callable[..., World]


@pytest.fixture
async def world() -> AsyncIterator[MakeWorld]:
    """`world({path: document})` in a running loop; whatever still runs at the end is stopped."""
    made: list[World] = []

    def make(documents: dict[str, Answer], **options: Any) -> World:
        made.append(World(Service(documents), **options))
        return made[-1]

    yield make
    for each in made:
        await each.exchange.close()


def words(leg: Leg) -> list[str]:
    """What a leg heard said."""
    return [sound.text for sound in leg.sounds if sound.text]


def wav(seconds: float, rate: int = 8000) -> bytes:
    """A recording of so many seconds."""
    data = b"\xff" * int(seconds * rate)
    form = struct.pack("<HHIIHH", 7, 1, rate, rate, 1, 8)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body

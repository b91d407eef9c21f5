"""The one place where everything is wired, by hand."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hmac import compare_digest
from random import SystemRandom
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from twilio.http import AsyncHttpClient  # type: ignore[import-untyped]  # publishes no types

from ivr import __version__, watch
from ivr.book import spoken
from ivr.book.book import Book, read
from ivr.line.counter import Counter
from ivr.line.phone import Phone
from ivr.line.signature import Signature
from ivr.line.twiml import front_of
from ivr.line.webhooks import Line
from ivr.settings import Settings
from ivr.store.database import Database, StoreError
from ivr.store.engine.opening import in_memory
from ivr.store.ledger import Ledger
from ivr.store.people import People
from ivr.store.places import Places
from ivr.store.seal import Seal
from ivr.store.shelf import Shelf, read_folder
from ivr.store.vouchers import Vouchers
from ivr.web import api
from ivr.wrapup.closing import Clock, Closing, CodesLeft
from ivr.wrapup.programs import Programs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


_CHANCE = SystemRandom()


def _no_chance() -> float:
    """For a rehearsal, which runs the same way twice."""
    return 0.5


class CannotStart(Exception):
    """The service cannot do its work as it is set up; the message is one clear sentence or a few lines."""


class WallClock:
    """The machine's clock: the only place where the time is read."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251  # the one clock everybody else is handed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Guest:
    """A rehearsal's own agent and token: known to this service while it runs, and written down nowhere."""

    token: str
    address: str
    name: str


class Desk:
    """Everybody this service knows: those in the store, and a rehearsal's guest."""

    def __init__(self, people: People, guest: Guest | None) -> None:
        self._people, self._guest = people, guest

    async def token_holder(self, token: str) -> str | None:
        """The name an API token was given to, or None."""
        if self._guest is not None and compare_digest(token.encode(), self._guest.token.encode()):
            return self._guest.name
        return await self._people.token_holder(token)

    async def agent_by_address(self, address: str) -> object | None:
        """The agent who rings from this address, or None."""
        if self._guest is not None and address == self._guest.address:
            return self._guest
        return await self._people.agent_by_address(address)

    async def agent_by_pin(self, pin: str) -> object | None:
        """The agent with this PIN, or None."""
        return await self._people.agent_by_pin(pin)


class Service:
    """The whole service as one ASGI application: Twilio's addresses go straight to the line."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        twilio_http: AsyncHttpClient | None,
        textable: bool,
        guest: Guest | None,
        settle: bool,
        book: Book | None = None,
        vouchers: CodesLeft | None = None,
    ) -> None:
        self._settle = settle
        self.settings, self.clock = settings, clock
        self.database = Database(settings.ivr_database_url)
        seal = Seal(settings.ivr_secret)
        self.ledger = Ledger(self.database, seal)
        self.shelf = Shelf(self.database)
        self.people = People(self.database, seal)
        self._everybody = Desk(self.people, guest)
        self._tasks: set[asyncio.Task[None]] = set()  # that come to an end by themselves
        self._looking: asyncio.Task[None] | None = None  # for a newer book, until we stop
        self._book = book
        self.phone = Phone(
            settings.twilio_account_sid,
            settings.twilio_api_key or settings.twilio_account_sid,
            settings.twilio_api_secret or settings.twilio_auth_token,
            http=twilio_http,
            api_url=settings.ivr_twilio_api_url or None,
            public_url=settings.ivr_public_url,
            fallback_url=settings.ivr_fallback_url or None,
            sleep=clock.sleep,
            jitter=_CHANCE.random if twilio_http is None else _no_chance,
        )
        zone = ZoneInfo(settings.ivr_timezone) if settings.ivr_timezone else None
        self.vouchers = Vouchers(self.database, seal)
        self.closing = Closing(
            self.ledger,
            self.book,
            clock,
            zone=zone,
            textable=textable,
            vouchers=vouchers or self.vouchers,
        )
        self.counter = Counter(
            closing=self.closing,
            ledger=self.ledger,
            book=self.book,
            phone=self.phone,
            people=self._everybody,
            clock=clock,
            places=Places(self.database),
            caller_keys=seal.caller_keys,
            public_url=settings.ivr_public_url,
        )
        signature = Signature(settings.auth_tokens, settings.ivr_public_url) if settings.auth_tokens else None
        self.line = Line(self.counter, signature)
        self.programs = Programs(
            self.closing,
            self.ledger,
            clock,
            self.phone,
            rooms=self.line.rooms,
            later=self.counter.later,
        )
        self.desk = self._desk()

    def book(self) -> Book:
        """The published book. It is read as the service starts, and a newer one in the background: no call waits."""
        book = self.shelf.at_hand or self._book
        assert book is not None, "the service has not been started"
        return book

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self.line.owns(scope["path"]):
            await self.line(scope, receive, send)
        else:
            await self.desk(scope, receive, send)

    # --- starting and stopping -------------------------------------------------------------------

    async def start(self) -> None:
        """Open, and make sure that the queues the book names exist."""
        await self.open()
        await self.phone.start()
        spoken.load(spoken.SPEAKERS)
        self.line.news.start()
        if self._settle:
            settle()
        self._go(self._create_queues())
        # In memory nobody else can publish; and where time is only played, nothing may wait for the real one.
        played = getattr(self.clock, "played", False)
        if self.shelf.at_hand is not None and not played and not in_memory(self.settings.ivr_database_url):
            self._looking = asyncio.ensure_future(self.shelf.keep_looking())

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def open(self) -> None:
        """Open the database and the book. Raises CannotStart, in a sentence, when the book is unfit."""
        self.database.start()
        if self._book is not None:
            return
        book = await self.shelf.current()
        if book is None:
            files = read_folder(self.settings.prompts_folder())
            book, faults = read(files)
            wrong = [fault for fault in faults if fault.fault]
            if wrong or book is None:
                raise CannotStart("\n\n".join(["the prompt book has faults:", *map(str, wrong)]))
            await self.shelf.keep_first(files, by="serve", note="the first book", at=self.clock.now())
            book = await self.shelf.current()
        if book is None:
            raise CannotStart("the shelf holds no book that can be read; `ivr proof` says why")
        self._book = book

    async def _create_queues(self) -> None:
        """A queue that does not exist yet is made by the first caller too: a failure here harms nobody."""
        try:
            queues = self.book().rules.queues
            ours = [name for name in queues if queues[name].workflow is None]
            await self.phone.create_queues(sorted([*queues, *map(front_of, ours)]))
        except Exception as error:
            watch.log().warning("queues not created", error=type(error).__name__)

    async def stop(self) -> None:
        """Finish what is under way and close."""
        under_way = [*self._tasks, *([self._looking] if self._looking is not None else [])]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
        await self.line.news.stop()
        await self.counter.close()
        await self.phone.stop()
        self.database.stop()

    # --- the door for people and programs ----------------------------------------------------------

    def _desk(self) -> FastAPI:
        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            await self.start()
            try:
                yield
            finally:
                await self.stop()

        desk = FastAPI(
            title="ivr",
            version=__version__,
            summary="The end of a telephone call, done well.",
            lifespan=lifespan,
            docs_url=None,
            redoc_url=None,
        )
        desk.include_router(api.router(self.programs, self._everybody))

        @desk.get("/healthz", include_in_schema=False)
        async def healthz() -> Response:
            """The process is alive."""
            return Response("ok\n", media_type="text/plain")

        @desk.get("/readyz", include_in_schema=False)
        async def readyz() -> Response:
            """Database and book are at hand; else the one that is not."""
            away = "book" if self._book is None else None if await self.database.answers() else "database"
            if away:
                return Response(f"not ready: {away}\n", 503, media_type="text/plain")
            return Response("ready\n", media_type="text/plain")

        @desk.get("/metrics", include_in_schema=False)
        async def metrics() -> Response:
            """Counters, as Prometheus reads them."""
            return Response(watch.metrics(), media_type="text/plain; version=0.0.4")

        @desk.exception_handler(StoreError)  # named, or the server would log each with its whole stack
        @desk.exception_handler(Exception)
        async def ours(_: Request, error: Exception) -> JSONResponse:
            """A fault of ours: said as such, and trying again is safe, since every request here is."""
            watch.log().error("fault", where="api", error=type(error).__name__)
            return JSONResponse({"detail": "This is our fault, not yours; try again in a moment."}, 503)

        return desk


def settle() -> None:
    """Put aside what lives as long as the process, so that collecting garbage no longer walks through it.

    The book, the libraries and the statements are hundreds of thousands of objects, and a farewell makes some
    three hundred: with Python's own thresholds an eighth of all time went into looking for rings among them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def create_app(
    settings: Settings,
    *,
    clock: Clock | None = None,
    twilio_http: AsyncHttpClient | None = None,
    textable: bool = False,
    guest: Guest | None = None,
    settle: bool = False,
    book: Book | None = None,
    vouchers: CodesLeft | None = None,
) -> Service:
    """The service. A rehearsal brings its own clock, its own REST side and a database in memory.

    `book` was read before, for a thousand rehearsals with the same one. `textable` lets a rehearsal offer texts, which a live line does not until sending exists, and `vouchers` to promise.
    """
    return Service(
        settings,
        clock=clock or WallClock(),
        twilio_http=twilio_http,
        textable=textable,
        guest=guest,
        settle=settle,
        book=book,
        vouchers=vouchers,
    )


def from_environment() -> Service:
    """What each of several workers runs."""
    settings = Settings()
    watch.set_up(settings.ivr_log_level)
    return create_app(settings, settle=True)

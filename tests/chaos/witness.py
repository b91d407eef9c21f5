"""Whoever stands beside a generated call: what the service really answered, and what really happened."""

import asyncio
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import structlog.testing

from ivr.book.book import Book, read
from ivr.cli.rehearsing import maker, settings_for_a_rehearsal
from ivr.rehearsal.clock import Clock
from ivr.rehearsal.document import Document
from ivr.rehearsal.houses import AGENT
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.moments import moment_of
from ivr.rehearsal.playing import play
from ivr.rehearsal.queues import Stay
from ivr.rehearsal.report import Report
from ivr.rehearsal.rest import RestSide
from ivr.rehearsal.scene import Scene
from ivr.settings import Settings
from ivr.store.shelf import read_folder

BOOK = Path(__file__).parents[1] / "scenes" / "book"
TOKEN = "a rehearsal's own"
MOST_STALLS = 4
STALLED = ("TimeoutError", "StoreUnavailable")
GIVES_UP_AFTER = (1_500, 400)  # seconds in a queue that nobody answers: the first time, and again


@dataclass(slots=True)
class Witness:
    """Notes down what the caller was led through, and what the service answered that it never should."""

    scene: Scene
    rest: RestSide | None = None
    wrong: list[str] = field(default_factory=list)
    documents: list[tuple[float, Document]] = field(default_factory=list)  # the caller's, and when
    stays: list[Stay] = field(default_factory=list)  # in a queue
    logged: list[dict[str, Any]] = field(default_factory=list)
    tasks: set[tuple[int, str]] = field(default_factory=set)  # when a task entered a queue or was taken
    waiting: list["asyncio.Task[None]"] = field(default_factory=list)
    news: float = 0.0  # when the service last heard of the caller's leg

    def watch(self, rest: RestSide) -> None:
        """Stand beside the exchange of this call."""
        self.rest = rest
        rest.exchange.on_document.append(self._saw)
        rest.exchange.on_queue.append(self._came)

    @property
    def caller(self) -> Leg:
        assert self.rest is not None
        return next(iter(self.rest.exchange.legs.values()))

    @property
    def agents(self) -> list[Leg]:
        """Those who spoke with the caller, and workers who were to."""
        assert self.rest is not None
        exchange, router = self.rest.exchange, self.rest.exchange.taskrouter
        workers = [leg for leg in exchange.legs.values() if router is not None and router.works(leg)]
        return list(dict.fromkeys([*(bridge.agent for bridge in exchange.bridges), *workers]))

    async def carry(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        """One request that gets through, and whether its answer is what that address promises."""
        answer = await client.send(request)
        path, status = request.url.path, answer.status_code
        if path.startswith("/voice/"):
            good = status == 200 and b"<Response" in answer.content
        elif path.startswith("/events/"):
            good = status == 204
        elif path.startswith("/taskrouter/"):
            good = status == 200
        else:
            good = status < 500
        if not good:
            self.wrong.append(f"{request.url} answered {status}: {answer.text[:200]}")
        if path == "/events/taskrouter":
            self._task(dict(parse_qsl(request.content.decode())))
        if self.caller.sid.encode() in request.content:
            self.news = self.caller.clock.monotonic()
        return answer

    def _task(self, told: dict[str, str]) -> None:
        if told["EventType"] in ("task-queue.entered", "reservation.accepted", "task.canceled"):
            self.tasks.add((int(told["Timestamp"]), told["EventType"]))

    @property
    def handed_on(self) -> int:
        """Seconds that the caller waited in another queue, into which they were handed on, by TaskRouter's clock."""
        seconds, since, times = 0, None, 0
        for at, kind in sorted(self.tasks):
            if kind == "task-queue.entered":
                times += 1
                since = at if times > 1 else None
            elif since is not None:
                seconds, since = seconds + at - since, None
        return seconds

    def place(self, at: float) -> str:
        """Where the caller was at a time: the address of what they heard, and the moment."""
        heard = [document for since, document in self.documents if since <= at]
        if not heard:
            return "ringing"
        talking = any(
            bridge.since is not None and bridge.since <= at and (bridge.until is None or at <= bridge.until)
            for bridge in self.rest.exchange.bridges  # type: ignore[union-attr]
        )
        return "talking" if talking else f"{heard[-1].path} {moment_of(heard[-1]) or ''}".strip()

    def _saw(self, leg: Leg, document: Document) -> None:
        if leg is self.caller:
            self.documents.append((leg.clock.monotonic(), document))

    def _came(self, leg: Leg) -> None:
        """Nobody waits for ever."""
        assert self.rest is not None
        exchange = self.rest.exchange
        queued = [stay for queue in exchange.queues.values() for stay in queue.waiting if stay.leg is leg]
        task = exchange.taskrouter.of(leg) if exchange.taskrouter is not None else None
        if not queued and task is None:
            return  # an agent was waiting for them
        stay = queued[0] if queued else task.stay  # type: ignore[union-attr]
        self.stays.append(stay)
        seconds = GIVES_UP_AFTER[min(len(self.stays), 2) - 1]
        self.waiting.append(asyncio.create_task(self._gives_up(stay, seconds), name="gives up"))

    async def _gives_up(self, stay: Stay, seconds: float) -> None:
        await stay.leg.clock.sleep(seconds)
        if stay.taken is None:
            stay.leg.hang_up()


@dataclass(frozen=True, slots=True)
class Played:
    """A call that was played to its end."""

    scene: Scene
    report: Report
    witness: Witness


@cache
def _book() -> Book:
    book, faults = read(read_folder(BOOK), version=1)
    assert book is not None
    assert not faults
    return book


@cache
def _settings() -> Settings:
    return settings_for_a_rehearsal(auth_token=TOKEN, prompts=BOOK, secret="the same for every call")


async def played(scene: Scene) -> Played:
    """Play a call through the whole service.

    The service keeps its own time-outs by the wall clock: where this machine stood still for so long that
    one of them passed, the call is played again.
    """
    for _ in range(MOST_STALLS):
        call = await _played(scene)
        if not any(line.get("error") in STALLED for line in call.witness.logged):
            break
    return call


async def _played(scene: Scene) -> Played:
    witness = Witness(scene)
    make = maker(_settings(), textable=scene.textable, agent=AGENT, book=_book())

    def make_app(clock: Clock, rest: RestSide) -> Any:
        witness.watch(rest)
        return make(clock, rest)

    with structlog.testing.capture_logs() as logged:
        try:
            report = await play(scene, make_app, auth_token=TOKEN, carrier=witness.carry)
        finally:
            for task in witness.waiting:
                task.cancel()
    witness.logged = list(logged)  # type: ignore[arg-type]
    return Played(scene, report, witness)

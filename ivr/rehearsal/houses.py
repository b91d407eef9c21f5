"""The houses a caller can come to: our own queue, or one of TaskRouter's, with Flex or without.

A house is where the caller waits, and how an agent takes them, puts them on hold and hands them on. What is
said and pressed is the same in all of them.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, get_args
from urllib.parse import quote

from ivr.rehearsal.assignments import assign
from ivr.rehearsal.document import Document, read_inline
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.rooms import Room
from ivr.rehearsal.taskrouter import TaskRouter
from ivr.rehearsal.tasks import Reservation, Task, Worker
from ivr.rehearsal.telephone import Number
from ivr.rehearsal.transfers import hand_over, hand_to_queue, taken_over
from ivr.rehearsal.twiml.writing import enqueue

if TYPE_CHECKING:
    from ivr.rehearsal.cast import Cast

HouseName = Literal["queue", "flex", "flex with plugin", "flex through studio", "taskrouter"]
HOUSES: tuple[HouseName, ...] = get_args(HouseName)

# Numbers kept free for stories by the British and American authorities.
CALLER = "+447700900123"
AGENT = "+442079460999"
LINE = "+442079460000"

_ANSWER_WITHIN = 120.0  # seconds for an agent who rang, or accepted, to be connected
_SETTLES = 5.0  # seconds after the last telephone is down in which a task may still be completed
_EVENTS = "#rc=5&rp=all&rt=3000&tt=15000"


class House(Protocol):
    """What the cast needs of where it plays."""

    def ring(self) -> Leg:
        """The caller rings."""

    async def answer(self) -> None:
        """An agent takes the caller who waits."""

    async def hold(self, held: bool) -> None:
        """The agent puts the caller on hold, or takes them back."""

    async def transfer(self, mode: str, queue: str) -> None:
        """The agent hands the caller on, warm or cold; to another queue, or blank."""

    async def complete(self) -> None:
        """The agent has finished their work on the call."""

    async def settle(self) -> None:
        """Everybody has gone: what comes after is let come."""


def house(name: HouseName, cast: "Cast") -> House:
    """The house of this name."""
    return OwnQueue(cast) if name == "queue" else TaskHouse(cast, name)


class OwnQueue:
    """Our own queue: agents ring in for the next caller, and what they do on their telephone a program says."""

    def __init__(self, cast: "Cast") -> None:
        self.cast = cast

    def ring(self) -> Leg:
        cast = self.cast
        return cast.exchange.ring(cast.name, cast.from_, LINE, _number(cast, _incoming(cast)))

    async def answer(self) -> None:
        cast = self.cast
        number = _number(cast, f"/voice/agent?queue={quote(cast.queue or 'default')}")
        for agent in cast.agents:
            agent.hang_up("agent")
        agent = cast.exchange.ring(f"{cast.name} agent {len(cast.agents) + 1}", AGENT, LINE, number)
        cast.agents.append(agent)
        if not await cast.until(lambda: agent in cast.bridged or agent.ended is not None, _ANSWER_WITHIN):
            cast.faults.append("the agent rang in, but nobody was connected to them")

    async def hold(self, held: bool) -> None:
        await self.cast.api("hold" if held else "resume", None)

    async def transfer(self, mode: str, queue: str) -> None:
        self.cast.faults.append("a caller in our own queue cannot be handed on")

    async def complete(self) -> None:
        self.cast.faults.append("a caller in our own queue is no task to be completed")

    async def settle(self) -> None:
        return


class TaskHouse:
    """TaskRouter's: the caller waits as a task, and meets a worker in a conference room.

    In Flex the worker accepts in the browser, and the room's events come to us only where the plugin sends
    them. `flex through studio`: our service is told of the task and nothing else; the number is Studio's.
    """

    def __init__(self, cast: "Cast", name: HouseName) -> None:
        self.cast, self.name = cast, name
        base = cast.exchange.wire.base
        self.router = TaskRouter(
            cast.exchange,
            events_url=f"{base}/events/taskrouter{_EVENTS}",
            assignment_url=f"{base}/taskrouter/assignment" if name == "taskrouter" else None,
            room_url=f"{base}/events/conference{_EVENTS}" if name == "flex with plugin" else None,
        )

    def ring(self) -> Leg:
        cast, exchange = self.cast, self.cast.exchange
        if self.name == "flex through studio":
            return exchange.ring(cast.name, cast.from_, LINE, Number(""), opening=self._studio())
        number = _number(cast, _incoming(cast, workflow=self.router.workflow))
        return exchange.ring(cast.name, cast.from_, LINE, number)

    def _studio(self) -> Document:
        """What the flow's last widget has the leg do: no action and no music of ours."""
        cast = self.cast
        told = {"type": "inbound", "name": cast.from_, "queue": cast.queue, "locale": cast.locale}
        known = {name: value for name, value in told.items() if value}
        return read_inline(enqueue(self.router.workflow, json.dumps(known)))

    async def answer(self) -> None:
        task = self._task()
        if task is None or task.status != "pending":
            self.cast.faults.append("a worker came free, but nobody was waiting")
            return
        from_hold = task.moving
        reservation = self.router.offer(task, self._worker(task))
        if self.router.assignment_url is not None:
            await assign(self.router, reservation)
        else:
            self.router.accept_in_browser(reservation)
        if await self._connected(reservation) and from_hold:
            taken_over(self.router, reservation)

    async def hold(self, held: bool) -> None:
        task, room = self._with_caller()
        person = room.person(task.leg) if room is not None and task is not None else None
        if room is None or person is None:
            self.cast.faults.append("the caller was in no room to be put on hold in, or taken back")
            return
        room.hold(person, held)

    async def transfer(self, mode: str, queue: str) -> None:
        task, room = self._with_caller()
        handed = False
        if task is not None and room is not None and mode == "warm":
            second = await hand_over(self.router, task, self._worker(task), queue or None)
            handed = second is not None and await self._connected(second)
        elif task is not None and room is not None:
            handed = await hand_to_queue(self.router, task, queue or task.queue)
        if not handed:
            self.cast.faults.append("nobody was with the caller who could hand them on")

    async def complete(self) -> None:
        task = self._task()
        if task is None or not self.router.complete(task, "completed by the worker"):
            self.cast.faults.append("there was no task that could be completed")

    async def settle(self) -> None:
        await self.cast.clock.sleep(_SETTLES)

    # --- inside ----------------------------------------------------------------------------------------

    def _task(self) -> Task | None:
        return self.router.of(self.cast.caller) if self.cast.caller is not None else None

    def _with_caller(self) -> tuple[Task | None, Room | None]:
        task = self._task()
        return task, self.router.room_of(task) if task is not None else None

    def _worker(self, task: Task) -> Worker:
        name = "Kim" if len(task.reservations) % 2 else "Sam"
        return self.router.worker(name, AGENT if self.name == "taskrouter" else f"client:{name.lower()}")

    async def _connected(self, reservation: Reservation) -> bool:
        """Until both are in the room; False, and a fault, where they never are."""
        cast, leg = self.cast, reservation.leg
        if leg is None:
            cast.faults.append("a worker came free, but was not connected to the caller")
            return False
        cast.agents.append(leg)
        both = _together(cast.exchange, leg, reservation.task.leg)
        if await cast.until(lambda: both() or leg.ended is not None or cast.over(), _ANSWER_WITHIN):
            return both()
        cast.faults.append("a worker accepted, but the caller did not come to the room")
        return False


def _together(exchange: Exchange, one: Leg, other: Leg) -> Callable[[], bool]:
    def together() -> bool:
        rooms = [room for room in exchange.rooms if room.status == "in-progress"]
        return any(room.person(one) is not None and room.person(other) is not None for room in rooms)

    return together


def _incoming(cast: "Cast", workflow: str | None = None) -> str:
    asked = [("queue", cast.queue), ("locale", cast.locale), ("workflow", workflow)]
    query = "&".join(f"{name}={quote(value)}" for name, value in asked if value)
    return "/voice/incoming" + (f"?{query}" if query else "")


def _number(cast: "Cast", path: str) -> Number:
    base = cast.exchange.wire.base
    return Number(f"{base}{path}", f"{base}/voice/fallback", f"{base}/events/call{_EVENTS}")

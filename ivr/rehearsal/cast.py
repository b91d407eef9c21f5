"""The pretend caller and agent: they ring, press, speak, hold, wrap up and hang up, each when it is their turn.

What happens is a list. A happening either comes so many seconds after the one before it, or falls halfway
through what is said in a moment of the farewell, whenever the caller comes to hear that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.rehearsal.clock import Bell
from ivr.rehearsal.document import Document
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.happened import Happening
from ivr.rehearsal.houses import CALLER, HouseName, house
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.moments import moment_of
from ivr.rehearsal.queues import Bridge
from ivr.rehearsal.rooms import Room
from ivr.rehearsal.verbs.speaking import words_seconds

CHAT = 30.0  # seconds that two who are left to themselves go on talking
_ALONE = 60.0  # seconds a caller stays in a room where nobody is any more
_AGENT_STAYS = 300.0  # seconds after the caller's end for which an agent waits to be let go
_NEWS_WITHIN = 600.0  # seconds after that for callbacks that are late


@dataclass(frozen=True, slots=True)
class Did:
    """Something the caller did with their telephone."""

    at: float  # simulated seconds since the rehearsal began
    pressed: str | None = None
    said: str | None = None


@dataclass(slots=True, eq=False)
class _Plan:
    happening: Happening
    begun: bool = False
    done: bool = False


class Cast:
    """Plays a list of happenings on an exchange. `token` opens the service's API."""

    def __init__(
        self,
        exchange: Exchange,
        *,
        name: str,
        token: str,
        queue: str | None,
        locale: str | None,
        caller: str = CALLER,
        plays_in: HouseName = "queue",
    ) -> None:
        self.exchange, self.clock, self.name = exchange, exchange.clock, name
        self.token, self.queue, self.locale, self.from_ = token, queue, locale, caller
        self.caller: Leg | None = None
        self.agents: list[Leg] = []
        self.did: list[Did] = []
        self.acted: list[tuple[float, Happening]] = []  # what came about, and when
        self.answers: list[tuple[str, int, Any]] = []  # what, status, body: the API's
        self.faults: list[str] = []
        self.left_behind: list[Leg] = []  # agents whom nobody let go
        self.house = house(plays_in, self)
        self._plans: list[_Plan] = []
        self._bells: set[Bell] = set()  # of those who wait: the play, and whoever cannot press a key yet
        self._queued = False
        self.bridged: set[Leg] = set()
        self._moment: str | None = None
        exchange.on_document.append(self._saw)
        exchange.on_queue.append(self._came)
        exchange.on_bridge.append(self._met)
        exchange.on_over.append(lambda leg: self._stir())
        exchange.on_change.append(lambda thing: self._stir())

    # --- the play --------------------------------------------------------------------------------------

    async def play(self, happenings: Sequence[Happening]) -> None:
        """From the first ring until both telephones are down."""
        self._plans = [_Plan(happening) for happening in happenings if happening.during]
        plans = iter(self._plans)
        scene_at, really_at = happenings[0].at if happenings else 0.0, self.clock.monotonic()
        for happening in happenings:
            if happening.during:
                plan = next(plans)
                await self._comes_about(plan)
            else:
                due = really_at + happening.at - scene_at
                await self.clock.sleep(due - self.clock.monotonic())
                await self._do(happening)
            scene_at, really_at = happening.at, self.clock.monotonic()
        await self._until_the_end()
        self._unheard()

    async def _comes_about(self, plan: _Plan) -> None:
        """Until it has, or the call is over. Of two who talk meanwhile, and are left to themselves, the agent
        hangs up after a while: else the farewell, in which it is to come about, would never go on."""
        while not (plan.done or self.over()):
            await self.until(lambda: plan.done or self.over() or self._talking() or self._alone())
            if self._talking() and not await self.until(lambda: self.over() or not self._talking(), CHAT):
                self.agents[-1].hang_up("agent")
                await self.until(lambda: self.over() or not self._talking(), CHAT)
            elif not plan.done:
                await self._not_for_ever_alone()

    def over(self) -> bool:
        return self.caller is not None and self.caller.ended is not None

    async def _until_the_end(self) -> None:
        """The caller's end, then the agents'. Two who talk and are left to themselves do so for a while."""
        while not self.over():
            await self.until(lambda: self.over() or self._talking() or self._alone())
            if self._talking() and not await self.until(lambda: self.over() or not self._talking(), CHAT):
                self._caller_gives_up()
            else:
                await self._not_for_ever_alone()
        for agent in self.agents:
            if not await self.until(
                lambda agent=agent: agent.ended is not None or self._idle(agent),  # type: ignore[misc]
                _AGENT_STAYS,
            ):
                self.left_behind.append(agent)
            agent.hang_up("agent")
            await self.until(lambda agent=agent: agent.ended is not None, 60)  # type: ignore[misc]
        await self.house.settle()
        await self.until(lambda: self.exchange.quiet, _NEWS_WITHIN)

    async def _not_for_ever_alone(self) -> None:
        """A caller in a room where nobody is any more stays for a while, and then puts the telephone down."""
        if self._alone() and not await self.until(lambda: self.over() or not self._alone(), _ALONE):
            self.faults.append("the caller was left alone in a room")
            self._caller_gives_up()

    def _caller_gives_up(self) -> None:
        assert self.caller is not None
        self.caller.hang_up()

    def _talking(self) -> bool:
        """The caller and an agent hear each other, and nothing is announced to them."""
        if any(bridge.up and bridge.stay.leg is self.caller for bridge in self.exchange.bridges):
            return True
        room = self._room()
        return room is not None and len(room.people) > 1 and not room.voices

    def _alone(self) -> bool:
        """The caller is in a room where nobody is any more, is told nothing, and nobody is to come."""
        room, taskrouter = self._room(), self.exchange.taskrouter
        task = taskrouter.of(self.caller) if taskrouter is not None and self.caller is not None else None
        return room is not None and len(room.people) == 1 and not room.voices and not (task and task.moving)

    def _room(self) -> Room | None:
        """The room the caller is in, once it has begun."""
        rooms = [room for room in self.exchange.rooms if room.status == "in-progress"]
        return next((room for room in rooms if self.caller is not None and room.person(self.caller)), None)

    def _idle(self, agent: Leg) -> bool:
        """The agent has been let go, and waits for the next caller."""
        return any(
            waiting.agent is agent for queue in self.exchange.queues.values() for waiting in queue.agents
        )

    def _unheard(self) -> None:
        for plan in self._plans:
            if not plan.done:
                happening = plan.happening
                what = " ".join(part for part in (happening.who, happening.does, happening.what) if part)
                self.faults.append(
                    f"“{what}” never came about: {happening.during} was not spoken, or not long enough"
                )

    # --- doing -------------------------------------------------------------------------------------------

    async def _do(self, happening: Happening) -> None:
        if happening.does not in ("presses", "says", "hangs up"):
            self.acted.append((self.clock.monotonic(), happening))
        if happening.does == "queued":
            await self._ring(happening.what or None)
        elif happening.does == "answered":
            await self.house.answer()
        elif happening.does in ("held", "resumed"):
            await self.house.hold(happening.does == "held")
        elif happening.does == "transferred":
            await self.house.transfer(happening.what, happening.to)
        elif happening.does == "completes":
            await self.house.complete()
        elif happening.does == "wrapped up":
            await self.api("wrapup", happening.wrapup)
        else:
            await self._use_telephone(happening)

    async def _ring(self, queue: str | None) -> None:
        """The caller rings, and the queue is where they come to."""
        self.queue = queue or self.queue
        self.caller = self.house.ring()
        await self.until(lambda: self._queued or self.over())

    async def api(self, what: str, body: dict[str, Any] | None) -> None:
        call = self.caller.sid if self.caller else ""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = await self.exchange.wire.plain(
            "POST", f"/api/calls/{call}/{what}", json=body, headers=headers
        )
        try:
            told = answer.json()
        except ValueError:
            told = answer.text
        self.answers.append((what, answer.status_code, told))

    async def _use_telephone(self, happening: Happening) -> None:
        leg = self.caller if happening.who == "caller" else self.agents[-1] if self.agents else None
        if leg is None or leg.ended is not None:
            self.faults.append(f"line {happening.line}: the {happening.who} was no longer there")
            return
        if happening.does == "hangs up":
            self.acted.append((self.clock.monotonic(), happening))
            leg.hang_up(happening.who)
            return
        if happening.who == "agent":  # who presses again when nothing comes of it
            await self.until(lambda: bool(leg.listens) or leg.ended is not None, 30)
        self.acted.append((self.clock.monotonic(), happening))
        if happening.does == "presses":
            leg.press(happening.what)
        else:
            leg.speak(happening.what)
        if leg is self.caller:
            pressed = happening.does == "presses"
            self.did.append(
                Did(
                    self.clock.monotonic(),
                    happening.what if pressed else None,
                    None if pressed else happening.what,
                )
            )

    # --- noticing ----------------------------------------------------------------------------------------

    def _saw(self, leg: Leg, document: Document) -> None:
        """The caller begins to hear a document: whatever was to happen during that moment is set for its middle."""
        if leg is not self.caller or not document.path.startswith(("/voice/farewell", "/voice/queue-left")):
            return
        self._moment = moment_of(document, self._moment)
        plan = next(
            (one for one in self._plans if not one.begun and one.happening.during == self._moment), None
        )
        if plan is not None and words_seconds(document, self.exchange.pace) > 0:
            plan.begun = True
            self.exchange.spawn(
                self._halfway(plan, self._middle(document, plan.happening)),
                f"{plan.happening.who} {plan.happening.does}",
            )

    def _middle(self, document: Document, happening: Happening) -> float:
        """Seconds to the middle of a document's words; for what is said, of those that listen for speech."""
        before = 0.0
        for verb in document.root if happening.does == "says" else ():
            length = words_seconds(Document(verb, document.url), self.exchange.pace)
            if "speech" in verb.get("input", ""):
                return before + length / 2
            before += length + (float(verb.get("timeout", "5")) if verb.tag == "Gather" else 0)
        return words_seconds(document, self.exchange.pace) / 2

    async def _halfway(self, plan: _Plan, seconds: float) -> None:
        await self.clock.sleep(seconds)
        if not self.over():
            await self._use_telephone(plan.happening)
            plan.done = True
        self._stir()

    def _came(self, leg: Leg) -> None:
        if leg is self.caller:
            self._queued = True
            self._stir()

    def _met(self, bridge: Bridge) -> None:
        self.bridged.add(bridge.agent)
        self._stir()

    def _stir(self) -> None:
        for bell in self._bells:
            bell.ring()

    async def until(self, come: Callable[[], bool], seconds: float | None = None) -> bool:
        """Wait until it has come about, looking whenever something happens and every second; False if it has not."""
        until = None if seconds is None else self.clock.monotonic() + seconds
        bell = Bell(self.clock, "the cast")
        self._bells.add(bell)
        try:
            while not come():
                left = 1.0 if until is None else min(1.0, until - self.clock.monotonic())
                if left <= 0:
                    return False
                await bell.wait(left)
            return True
        finally:
            self._bells.discard(bell)

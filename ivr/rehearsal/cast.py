"""The pretend caller and agent: they ring, press, speak, hold, wrap up and hang up, each when it is their turn.

What happens is a list. A happening either comes so many seconds after the one before it, or falls halfway
through what is said in a moment of the farewell, whenever the caller comes to hear that.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs, quote, urlsplit

from ivr.farewell.moments import MOMENTS
from ivr.rehearsal.call import Document, Leg, Number
from ivr.rehearsal.clock import Bell
from ivr.rehearsal.rooms import Bridge, Exchange
from ivr.rehearsal.verbs import words_seconds

# Numbers kept free for stories by the British and American authorities.
CALLER = "+447700900123"
AGENT = "+442079460999"
LINE = "+442079460000"

CHAT = 30.0  # seconds that two who are left to themselves go on talking
_ANSWER_WITHIN = 120.0  # seconds for an agent who rang to be connected
_AGENT_STAYS = 300.0  # seconds after the caller's end for which an agent waits to be let go
_NEWS_WITHIN = 600.0  # seconds after that for callbacks that are late

Does = Literal["queued", "answered", "held", "resumed", "wrapped up", "presses", "says", "hangs up"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a call: when, by whom, and what."""

    at: float  # seconds on the scene's own clock
    who: Literal["caller", "agent"]
    does: Does
    what: str = ""  # the queue, the key, the words
    wrapup: dict[str, Any] = field(default_factory=dict)
    during: str | None = None  # a moment; the time of day is then only for the reader
    line: int = 0  # in the scene's file


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


def moment_of(document: Document, before: str | None = None) -> str | None:
    """The moment a document speaks: named in the addresses it leads to, else in its own, else as before."""
    addresses = [gather.get("action", "") for gather in document.root.iter("Gather")]
    addresses += [(redirect.text or "").strip() for redirect in document.root.iter("Redirect")]
    for address in addresses:
        query = parse_qs(urlsplit(address).query)
        for name in ("at", "heard"):
            if name in query and _is_moment(query[name][0]):
                return query[name][0]
    last = document.path.rpartition("/")[2]
    return last if _is_moment(last) else before


def _is_moment(name: str) -> bool:
    return name in MOMENTS or name.startswith("next_steps_")


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
    ) -> None:
        self.exchange, self.clock, self.name = exchange, exchange.clock, name
        self.token, self.queue, self.locale, self.from_ = token, queue, locale, caller
        self.caller: Leg | None = None
        self.agents: list[Leg] = []
        self.did: list[Did] = []
        self.answers: list[tuple[str, int, Any]] = []  # what, status, body: the API's
        self.faults: list[str] = []
        self._plans: list[_Plan] = []
        self._bells: set[Bell] = set()  # of those who wait: the play, and whoever cannot press a key yet
        self._queued = False
        self._bridged: set[Leg] = set()
        self._moment: str | None = None
        exchange.on_document.append(self._saw)
        exchange.on_queue.append(self._came)
        exchange.on_bridge.append(self._met)
        exchange.on_over.append(lambda leg: self._stir())

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
        while not (plan.done or self._over()):
            await self._until(lambda: plan.done or self._over() or self._talking())
            if self._talking() and not await self._until(lambda: self._over() or not self._talking(), CHAT):
                self.agents[-1].hang_up("agent")
                await self._until(lambda: self._over() or not self._talking(), CHAT)

    def _over(self) -> bool:
        return self.caller is not None and self.caller.ended is not None

    async def _until_the_end(self) -> None:
        """The caller's end, then the agents'. Two who talk and are left to themselves do so for a while."""
        while not self._over():
            await self._until(lambda: self._over() or self._talking())
            if self._talking() and not await self._until(lambda: self._over() or not self._talking(), CHAT):
                assert self.caller is not None
                self.caller.hang_up()
        for agent in self.agents:
            await self._until(lambda agent=agent: agent.ended is not None or self._idle(agent), _AGENT_STAYS)  # type: ignore[misc]
            agent.hang_up("agent")
            await self._until(lambda agent=agent: agent.ended is not None, 60)  # type: ignore[misc]
        await self._until(lambda: self.exchange.quiet, _NEWS_WITHIN)

    def _talking(self) -> bool:
        """The caller and an agent hear each other."""
        if any(bridge.up and bridge.stay.leg is self.caller for bridge in self.exchange.bridges):
            return True
        rooms = [room for room in self.exchange.rooms if room.status == "in-progress"]
        return any(person.leg is self.caller for room in rooms for person in room.people)

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
        if happening.does == "queued":
            await self._ring(happening.what or None)
        elif happening.does == "answered":
            await self._answer()
        elif happening.does in ("held", "resumed"):
            await self._api("hold" if happening.does == "held" else "resume", None)
        elif happening.does == "wrapped up":
            await self._api("wrapup", happening.wrapup)
        else:
            await self._use_telephone(happening)

    async def _ring(self, queue: str | None) -> None:
        """The caller rings, and the queue is where they come to."""
        self.queue = queue or self.queue
        asked = [("queue", self.queue), ("locale", self.locale)]
        query = "&".join(f"{name}={quote(value)}" for name, value in asked if value)
        base = self.exchange.wire.base
        number = Number(
            f"{base}/voice/incoming" + (f"?{query}" if query else ""),
            f"{base}/voice/fallback",
            f"{base}/events/call#rc=5&rp=all&rt=3000&tt=15000",
        )
        self.caller = self.exchange.ring(self.name, self.from_, LINE, number)
        await self._until(lambda: self._queued or self._over())

    async def _answer(self) -> None:
        """An agent rings in for the next caller, who is the one of this scene."""
        base, queue = self.exchange.wire.base, quote(self.queue or "default")
        number = Number(
            f"{base}/voice/agent?queue={queue}",
            f"{base}/voice/fallback",
            f"{base}/events/call#rc=5&rp=all&rt=3000&tt=15000",
        )
        for agent in self.agents:
            agent.hang_up("agent")
        agent = self.exchange.ring(f"{self.name} agent {len(self.agents) + 1}", AGENT, LINE, number)
        self.agents.append(agent)
        if not await self._until(lambda: agent in self._bridged or agent.ended is not None, _ANSWER_WITHIN):
            self.faults.append("the agent rang in, but nobody was connected to them")

    async def _api(self, what: str, body: dict[str, Any] | None) -> None:
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
            leg.hang_up(happening.who)
            return
        if happening.who == "agent":  # who presses again when nothing comes of it
            await self._until(lambda: bool(leg.listens) or leg.ended is not None, 30)
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
        if not self._over():
            await self._use_telephone(plan.happening)
            plan.done = True
        self._stir()

    def _came(self, leg: Leg) -> None:
        if leg is self.caller:
            self._queued = True
            self._stir()

    def _met(self, bridge: Bridge) -> None:
        self._bridged.add(bridge.agent)
        self._stir()

    def _stir(self) -> None:
        for bell in self._bells:
            bell.ring()

    async def _until(self, come: Callable[[], bool], seconds: float | None = None) -> bool:
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

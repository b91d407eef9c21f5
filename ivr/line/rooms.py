"""A farewell in a conference that is not ours: of Flex, or of TaskRouter's own agents.

Everybody there ends the room by leaving it, as Flex sets it up, so that an agent who hangs up would cut the
goodbye. Before a farewell that is taken from the agents (and for `aside` from the caller, who leaves the
room for it); a caller on hold is brought back first, since Twilio changes nothing about somebody on hold and
does not say so. From then on only we end the room, after the last word. An agent's leg is never touched.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from ivr import watch
from ivr.calls.events import Joined, Parted
from ivr.calls.rooms import Room
from ivr.calls.story import Story
from ivr.line.counter import Counter
from ivr.line.phone import Outcome, Participant
from ivr.standing import Standing

BEGIN_WITHIN = 6.0  # seconds for everything that is asked of Twilio before a farewell begins
BEGUN_WITHIN = 8.0  # seconds for an announcement's first document to be asked for
GRACE = (
    1.2  # seconds after an agent's leaving: by then another has come, or TaskRouter has told of a transfer
)
PASSED_ON = 15.0  # seconds a transfer may take to reach another queue
HELD = 10.0  # seconds a caller on hold, hearing its music, is left to whoever will take them back
TRIES = (0.5, 2.0, 5.0)  # seconds before asking again what Twilio was too busy for
LOOKS = (3.0, 4.0, 8.0)  # seconds before each look where nothing but Twilio tells, which may lag behind


class Rooms:
    """Begins a farewell in somebody else's conference, and ends that conference."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._nets: dict[str, object] = {}  # below the latest announcement to each call

    # --- beginning -------------------------------------------------------------------------------------

    async def begin(self, standing: Standing, way: str) -> str:
        """Let the caller hear a farewell: `together` in the room, `aside` out of it; `after` only makes the
        agents free to go. done, too_late, try_again, refused, or no_room where it cannot be found."""
        try:
            async with asyncio.timeout(BEGIN_WITHIN):
                return await self._begin(standing, way)
        except TimeoutError:
            return Outcome.TRY_AGAIN

    async def _begin(self, standing: Standing, way: str) -> str:
        room, caller = await self._found(standing), standing.story.call
        if room is None:
            return "no_room"
        people = await self._counter.phone.people(room.sid)
        if people.outcome is Outcome.TOO_LATE:
            return Outcome.TOO_LATE
        inside = {person.leg: person for person in people.value or ()}
        if inside and caller not in inside:
            return "no_room"  # they are on their way elsewhere: their leg can still be led on
        untold = tuple(person for leg, person in inside.items() if leg not in room.inside)
        await self._keep(room.sid, room.name or standing.story.task or "", untold)
        agents = [leg for leg in inside if leg != caller] or list(room.others(caller))
        first = self._counter.closing.agent_leaves_first(standing)
        theirs = inside.get(caller)
        if theirs is not None and theirs.held and not first:
            await self._counter.phone.unhold(room.sid, caller)
        stay = [*agents, caller] if way == "aside" and not first else agents
        wanted = [leg for leg in stay if leg not in inside or inside[leg].ends_room]
        asked = await asyncio.gather(*(self._counter.phone.stay_open(room.sid, leg) for leg in wanted))
        if first:
            unsure = [outcome for outcome in asked if outcome not in (Outcome.DONE, Outcome.TOO_LATE)]
            return unsure[0] if unsure else Outcome.DONE
        if way == "aside":
            return await self._aside(standing, room)
        outcome = await self._counter.phone.announce(room.sid, self._announcement(caller))
        if outcome in (Outcome.DONE, Outcome.TRY_AGAIN):  # in doubt it was begun
            self.watch_over(caller, BEGUN_WITHIN)
            return Outcome.DONE
        return outcome

    async def _aside(self, standing: Standing, room: Room) -> str:
        caller = standing.story.call
        outcome = await self._counter.phone.to_farewell(caller)
        if outcome is Outcome.DONE:
            line = self._counter.url("/voice/agent/announcement", call=caller)
            self._counter.later(GRACE, lambda: self._tell_agents(room.sid, line))
        return outcome

    async def _tell_agents(self, room: str, line: str) -> None:
        await self._counter.phone.announce(room, line)

    def _announcement(self, call: str, **query: object) -> str:
        return self._counter.url("/voice/farewell/announcement", call=call, **query)

    async def go_on(self, standing: Standing, **query: object) -> None:
        """The next announcement of a farewell too long for one."""
        if standing.room is not None:
            await self._counter.phone.announce(
                standing.room.sid, self._announcement(standing.story.call, **query)
            )

    async def _found(self, standing: Standing) -> Room | None:
        """The room, from what it told us, else from Twilio: it bears the name of the task, and the task its SID.

        What was looked up is kept as if it had been told.
        """
        if standing.room is not None and not standing.room.over:
            return standing.room
        task, workspace = standing.story.task, standing.story.workspace
        if task is None:
            return None
        sid, name = (await self._counter.phone.find_room(task)).value, task
        if sid is None and workspace is not None:
            told = await self._counter.phone.task(workspace, task)
            conference = told.value.attributes.get("conference") if told.value is not None else None
            found = conference.get("sid") if isinstance(conference, dict) else None
            sid = found if isinstance(found, str) and found.startswith("CF") else None
        if sid is None:
            return None
        people = await self._counter.phone.people(sid)
        await self._keep(sid, name, people.value or ())
        return Room(sid, name, tuple(person.leg for person in people.value or ()))

    async def _keep(self, room: str, name: str, people: tuple[Participant, ...]) -> None:
        now = self._counter.clock.now()
        await self._counter.keep(
            [Joined(call=one.leg, at=now, key=f"{room}:asked", room=room, name=name) for one in people]
        )

    # --- when somebody leaves ----------------------------------------------------------------------------

    def left(self, event: Parted) -> None:
        """Somebody left a room: when it was the last agent, the caller is led to the farewell."""

        async def look() -> None:
            room = await self._counter.ledger.room(event.room)
            caller = await self._counter.ledger.caller_among(room.seen) if not room.over else None
            if caller is not None:
                await self._alone(caller)

        if not event.over:
            self._counter.later(GRACE, look)

    def worker_left(self, call: str) -> None:
        """TaskRouter says that a worker is done with the caller: where no room tells us anything, it is looked
        up whether anybody else is in there."""
        self._counter.later(GRACE, lambda: self._alone(call, looks=LOOKS))

    def came_back(self, call: str) -> None:
        """The caller is on the way back into the room. An agent who left meanwhile was its last, and it ended:
        the room of that name into which the caller comes is then another, empty one that tells us nothing."""
        self._look_back(call, LOOKS)

    def _look_back(self, call: str, looks: tuple[float, ...]) -> None:
        async def look() -> None:
            standing = await self._counter.closing.standing(call)
            name = standing.story.room_name
            if standing.story.caller_is != "talking" or name is None:
                return  # they went on from it
            found = await self._counter.phone.find_room(name)
            inside: tuple[Participant, ...] | None = () if found.outcome is Outcome.DONE else None
            if found.value is not None:
                inside = (await self._counter.phone.people(found.value)).value
            if inside is not None and all(person.leg == call for person in inside):
                await self._lead(call)
            elif looks[1:]:
                self._look_back(call, looks[1:])

        self._counter.later(looks[0], look)

    async def _alone(self, call: str, waited: float = 0.0, looks: tuple[float, ...] = ()) -> None:
        """Lead a caller who is alone in the room to the farewell, unless they are being passed on."""
        standing = await self._counter.closing.standing(call)
        story = standing.story
        if story.caller_is in ("gone", "waiting"):
            return
        if not await self._is_alone(standing, doubted=bool(looks)):
            if looks:
                self._counter.later(looks[0], lambda: self._alone(call, waited, looks[1:]))
            return
        if waited < _patience(story):
            pause = min(5.0, _patience(story) - waited)
            self._counter.later(pause, lambda: self._alone(call, waited + pause, looks))
            return
        await self._lead(call)

    async def _is_alone(self, standing: Standing, *, doubted: bool) -> bool:
        """`doubted`: somebody else says that the agent has left. A room whose news is late still has them in
        it, so Twilio is asked who is there."""
        room, caller = standing.room, standing.story.call
        if room is not None and not room.told:
            room = None
        if room is None:
            found = await self._found(replace(standing, room=None))
            return found is not None and found.inside == (caller,)
        if doubted and not room.over and room.inside != (caller,):
            people = (await self._counter.phone.people(room.sid)).value
            return people is not None and [person.leg for person in people] == [caller]
        return not room.over and room.inside == (caller,)

    async def _lead(self, call: str) -> None:
        """Out of the room, to whatever of the farewell has not been heard."""
        self._nets.pop(call, None)
        address = self._counter.url("/voice/farewell", call=call, way="after")
        for pause in (*TRIES, None):
            outcome = await self._counter.phone.redirect(call, address)
            if outcome is not Outcome.TRY_AGAIN or pause is None:
                return
            await self._counter.clock.sleep(pause)

    def watch_over(self, call: str, seconds: float, part: int = 0, moment: str | None = None) -> None:
        """A net below an announcement: what should have been heard by then and was not is heard out of the
        room, since the announcement was lost."""

        net = self._nets[call] = object()

        async def look() -> None:
            if self._nets.get(call) is not net:
                return  # they were led out meanwhile, or hear something else
            del self._nets[call]
            standing = await self._counter.closing.standing(call)
            latest, story = standing.latest, standing.story
            if story.caller_is == "gone" or story.heard or not story.in_room:
                return
            begun = latest is not None and not standing.returned(latest.part)
            if moment is None and begun:
                return
            if moment is not None and (part, moment) in story.spoken:
                return
            watch.log().warning("announcement lost", call=call, moment=moment)
            await self._lead(call)

        self._counter.later(seconds, look)

    # --- the end -----------------------------------------------------------------------------------------

    def over(self, call: str) -> None:
        """The last word has been heard, or the caller has gone: the room ends for whoever is still in it."""
        self._end_when(call, lambda standing: standing.story.caller_is == "gone" or standing.story.heard)

    def release(self, call: str) -> None:
        """The queue lets its agents go after the steps: their room ends, and the caller hears on outside it."""
        self._end_when(call, lambda standing: standing.steps_told and not standing.story.in_room)

    def _end_when(self, call: str, may_end: Callable[[Standing], bool]) -> None:
        async def end() -> None:
            standing = await self._counter.closing.standing(call)
            if standing.room is None or standing.room.over or not may_end(standing):
                return
            for pause in (*TRIES, None):
                outcome = await self._counter.phone.end_room(standing.room.sid)
                if outcome is not Outcome.TRY_AGAIN or pause is None:
                    return
                await self._counter.clock.sleep(pause)

        self._counter.later(0.2, end)


def _patience(story: Story) -> float:
    """For how long somebody alone is left to whoever may still be coming."""
    return PASSED_ON if story.passed_on else HELD if story.on_hold else 0.0

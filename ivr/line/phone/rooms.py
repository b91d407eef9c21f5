"""Conference rooms, ours and others': who is in one, keeping it open, speaking into it, ending it."""

from dataclasses import dataclass
from typing import Any

from ivr.line.phone.answers import Answer, Found, Outcome
from ivr.line.phone.asking import PAUSES, Asking

_TIMES = 2  # a wish about a participant is asked for, and once more where it did not take
_ELSEWHERE = frozenset(
    {"queued", "connecting", "ringing", "complete", "failed"}
)  # not yet or no longer there


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a room."""

    leg: str  # their call's sid
    held: bool
    ends_room: bool  # whether the room ends for all when they leave
    label: str | None = None


class Rooms(Asking):
    """The conference rooms of the account, by sid."""

    async def find_room(self, name: str, *, within: float | None = None) -> Found[str]:
        """The sid of the room of this name that is in progress; None where there is none."""
        return await self._found("find_room", self._find_room(name), within)

    async def people(self, room: str, *, within: float | None = None) -> Found[tuple[Participant, ...]]:
        """Who is in the room; too late when it is over."""
        return await self._found("people", self._people(room), within)

    async def stay_open(self, room: str, leg: str, *, within: float | None = None) -> Outcome:
        """See to it that this participant's leaving does not end the room.

        Done only when that has been read back. Whoever is on hold is taken off it first: on hold it cannot be
        changed, and Twilio does not say so. Too late when they are no longer there.
        """
        return await self._outcome("stay_open", self._stay_open(room, leg), within)

    async def unhold(self, room: str, leg: str, *, within: float | None = None) -> Outcome:
        """Take a participant off hold."""
        return await self._outcome("unhold", self._unhold(room, leg), within)

    async def announce(self, room: str, url: str, *, within: float | None = None) -> Outcome:
        """Have everybody in the room hear a document. Try again means it may yet be heard: never twice blindly."""
        asking = self._announced(self._twilio().conferences(room), url)
        return await self._outcome("announce", asking, within)

    async def announce_to(self, room: str, leg: str, url: str, *, within: float | None = None) -> Outcome:
        """The same for one participant's ears only."""
        return await self._outcome("announce_to", self._announced(self._at(room, leg), url), within)

    async def end_room(self, room: str, *, within: float | None = None) -> Outcome:
        """End the room for everybody in it; each goes on to their own action. Too late where it was over."""
        return await self._outcome("end_room", self._end_room(room), within)

    # ------------------------------------------------------------------ rooms
    async def _find_room(self, name: str) -> Found[str]:
        def read(rooms: list[Any]) -> str | None:
            # The list lags, and begins with the newest.
            there = (r.sid for r in rooms if r.friendly_name == name and r.status == "in-progress" and r.sid)
            return next(map(str, there), None)

        rooms = self._twilio().conferences
        wanted = {"friendly_name": name, "status": "in-progress", "page_size": 20}
        looked = await self._look_through("find_room", rooms, read, **wanted)
        return Found(looked.outcome, looked.given)

    async def _people(self, room: str) -> Found[tuple[Participant, ...]]:
        def read(people: list[Any]) -> tuple[Participant, ...]:
            return tuple(_participant(person) for person in people if person.status not in _ELSEWHERE)

        there = self._twilio().conferences(room).participants
        listed = await self._look_through("people", there, read)
        if listed.given:
            return listed.found
        if listed.outcome is not Outcome.DONE:
            return Found(listed.outcome)
        # A room that is over lists nobody, and so does one into which nobody has come yet.
        over = await self._is_over(room)
        if over.given is None:
            return Found(over.outcome)
        return Found(Outcome.TOO_LATE) if over.given else Found(Outcome.DONE, ())

    async def _is_over(self, room: str) -> Answer[bool]:
        return await self._look(
            "fetch_room",
            lambda: self._twilio().conferences(room).fetch_async(),
            lambda there: bool(there.status == "completed"),
        )

    async def _end_room(self, room: str) -> Outcome:
        async def look() -> Outcome | None:
            over = await self._is_over(room)
            if over.outcome is Outcome.TOO_LATE or over.given:
                return Outcome.DONE  # over, and that was the wish
            return None if over.given is False else over.outcome

        conference = self._twilio().conferences(room)
        return await self._see_to("end_room", lambda: conference.update_async(status="completed"), look)

    async def _announced(self, to: Any, url: str) -> Outcome:
        answer = await self._wish(
            "announce", lambda: to.update_async(announce_url=url, announce_method="POST")
        )
        return answer.outcome

    # ----------------------------------------------------------- participants
    async def _stay_open(self, room: str, leg: str) -> Outcome:
        person = await self._person(room, leg)
        for _ in range(_TIMES):
            if person.given is None or not person.given.ends_room:
                break
            asked = await self._let_go(room, leg, held=person.given.held)
            if asked in (Outcome.TOO_LATE, Outcome.REFUSED):
                return asked
            person = await self._person(room, leg)
            if person.given and person.given.ends_room:
                # What Twilio shows lags behind what it does.
                await self._pause(PAUSES[0])
                person = await self._person(room, leg)
        if person.given is None:
            return person.outcome
        return Outcome.TRY_AGAIN if person.given.ends_room else Outcome.DONE

    async def _let_go(self, room: str, leg: str, *, held: bool) -> Outcome:
        if held and (unheld := await self._unhold(room, leg)) is not Outcome.DONE:
            return unheld
        change = self._at(room, leg)
        return (
            await self._wish("stay_open", lambda: change.update_async(end_conference_on_exit=False))
        ).outcome

    async def _unhold(self, room: str, leg: str) -> Outcome:
        async def look() -> Outcome | None:
            person = await self._person(room, leg)
            if person.given is None:
                return person.outcome
            return None if person.given.held else Outcome.DONE

        return await self._see_to("unhold", lambda: self._at(room, leg).update_async(hold=False), look)

    async def _person(self, room: str, leg: str) -> Answer[Participant]:
        return await self._look("fetch_person", lambda: self._at(room, leg).fetch_async(), _participant)

    def _at(self, room: str, leg: str) -> Any:
        return self._twilio().conferences(room).participants(leg)


def _participant(person: Any) -> Participant:
    return Participant(
        leg=str(person.call_sid),
        held=person.hold is True,
        ends_room=person.end_conference_on_exit is not False,  # not known is not safe
        label=str(person.label) if person.label else None,
    )

"""The farewell as a conference announcement: way `together`, heard by the caller and the agent.

One document a moment, each leading to the next; *arrival there is the proof that it was heard*, as on a leg
of its own. An announcement knows no keys and no hang-up. None lasts a minute: a longer farewell is several,
one after the other.
"""

from collections.abc import Sequence
from dataclasses import replace

from ivr import watch
from ivr.calls.events import Event, Heard, Spoke
from ivr.farewell import course
from ivr.farewell.moments import Farewell, Line, Moment
from ivr.line import twiml
from ivr.line.counter import Ask, Counter
from ivr.line.moment import SPOKEN_SLOWER
from ivr.line.rooms import Rooms
from ivr.standing import Standing

LONGEST = 50.0  # seconds of one announcement, as the book reckons; real voices may take a tenth more
NET = 10.0  # seconds after a document should have led on for the net below it


class AnnouncementDesk:
    """Answers for a room."""

    def __init__(self, counter: Counter, rooms: Rooms) -> None:
        self._counter, self._rooms = counter, rooms

    async def announcement(self, ask: Ask) -> bytes:
        """The next that was not heard yet: begin, or go on."""
        call, heard = ask.query.get("call") or "", ask.query.get("heard") or ""
        ask = replace(ask, leg=call)
        standing = await self._counter.closing.standing(call)
        if standing.story.caller_is == "gone":
            return twiml.EMPTY
        if standing.latest is None or self._counter.closing.due(standing) != standing.latest.part:
            who = [standing.story.caller] if standing.story.caller else []
            standing = await self._counter.closing.standing(call, who)
        farewell = await self._counter.closing.farewell(
            standing, caller=standing.story.caller, way="together"
        )
        proven = standing.proven(farewell)
        if farewell.moment(heard) is not None and ask.number("n") == farewell.part:
            await self._counter.keep([_spoke(ask, farewell.part, heard)])
            proven = proven | {heard}
        name = course.next_after(farewell, proven)
        moment = farewell.moment(name) if name else None
        if moment is None:
            return twiml.document(twiml.redirect(self._url(ask, "announcement/done", farewell)))
        first = ask.number("line") if ask.query.get("at") == name else 0
        return self._document(ask, standing, farewell, moment, first)

    def _document(
        self, ask: Ask, standing: Standing, farewell: Farewell, moment: Moment, first: int
    ) -> bytes:
        """As many of a moment's lines as this announcement can still hold."""
        told = float(ask.number("told"))
        lines = list(_fitting(moment.lines[first:], LONGEST - told))
        if not lines:
            later = {"n": farewell.part, "at": moment.name, "line": first or None}
            self._counter.later(0.1, lambda: self._rooms.go_on(standing, **later))
            return twiml.EMPTY
        seconds = sum(line.seconds for line in lines)
        told = round(told + seconds)
        said = [self._counter.voiced(standing.book, farewell.locale, line) for line in lines]
        self._rooms.watch_over(
            ask.call,
            seconds * SPOKEN_SLOWER + NET,
            farewell.part,
            moment.name if _ends(moment, first, lines) else None,
        )
        if not _ends(moment, first, lines):
            rest = {"at": moment.name, "line": first + len(lines), "told": told}
            return twiml.document(*said, twiml.redirect(self._url(ask, "announcement", farewell, **rest)))
        onward = course.following(farewell, moment.name)
        below = "announcement" if onward else "announcement/done"
        address = self._url(ask, below, farewell, heard=moment.name, told=told)
        return twiml.document(*said, twiml.redirect(address))

    async def done(self, ask: Ask) -> bytes:
        """After the last word: it was heard, and the room is closed."""
        ask = replace(ask, leg=ask.query.get("call") or "")
        await self._over(ask, max(ask.number("n"), 1), ask.query.get("heard"))
        return twiml.EMPTY

    async def ended(self, ask: Ask) -> None:
        """The room tells that an announcement of ours came to its end: a second proof of the last words, where
        the first was lost. Of anything before them it proves nothing."""
        call = twiml.query_of(ask.said.text("AnnounceUrl"), "/voice/farewell/announcement").get("call")
        if not call:
            return
        standing = await self._counter.closing.standing(call)
        latest, story = standing.latest, standing.story
        if latest is None or story.heard or story.caller_is == "gone":
            return
        name = course.next_after(latest, standing.proven(latest))
        moment = latest.moment(name) if name else None
        news = [e.at for e in standing.record.events if isinstance(e, Spoke) and e.part == latest.part]
        if moment is None or course.following(latest, moment.name) is not None or not news:
            return
        if (ask.now - max(news)).total_seconds() >= moment.seconds:
            await self._over(replace(ask, leg=call), latest.part, moment.name)

    async def _over(self, ask: Ask, part: int, heard: str | None) -> None:
        events: list[Event] = [Heard(call=ask.call, at=ask.now, key=f"{part}", part=part)]
        if heard:
            events.insert(0, _spoke(ask, part, heard))
        await self._counter.keep(events)
        watch.HEARD.inc()
        self._rooms.over(ask.call)

    def _url(self, ask: Ask, below: str, farewell: Farewell, **query: object) -> str:
        return self._counter.url(f"/voice/farewell/{below}", call=ask.call, n=farewell.part, **query)


def _spoke(ask: Ask, part: int, moment: str) -> Spoke:
    return Spoke(call=ask.call, at=ask.now, key=f"{part}:{moment}", moment=moment, part=part)


def _ends(moment: Moment, first: int, lines: Sequence[Line]) -> bool:
    return first + len(lines) >= len(moment.lines)


def _fitting(lines: Sequence[Line], seconds: float) -> Sequence[Line]:
    """The first lines that take no longer; at least one where nothing was said before them."""
    kept: list[Line] = []
    left = seconds
    for line in lines:
        left -= line.seconds
        if left < 0 and (kept or seconds < LONGEST):
            break
        kept.append(line)
    return kept

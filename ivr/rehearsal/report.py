"""What a rehearsal heard: the words of the farewell in order, beside what the service says it said."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ivr.rehearsal.cast import Cast
from ivr.rehearsal.faults import Carried
from ivr.rehearsal.happened import Happening
from ivr.rehearsal.moments import moment_of
from ivr.rehearsal.telephone import Sound
from ivr.rehearsal.wire import Asked

_FAREWELL = ("/voice/farewell", "/voice/queue-left", "/voice/fallback")
_LINGERS = 15.0  # seconds after the goodbye in which a caller may well hang up before the line is closed
_LONGEST_GAP = 10.0  # seconds of silence in a recording: a talk with the agent in between is not heard


@dataclass(frozen=True, slots=True)
class Line:
    """One line heard, or one thing the caller did."""

    at: float  # seconds from the farewell's first word
    by: str  # line or caller
    seconds: float = 0.0
    moment: str | None = None
    entry: str | None = None
    variant: str | None = None
    step: int | None = None
    text: str = ""
    pressed: str | None = None
    said: str | None = None
    sound: int | None = None  # which of the spoken sounds it was part of
    cut: bool = False

    def to_json(self) -> dict[str, Any]:
        at = round(self.at, 1)
        if self.by == "caller":
            return {"at": at, "by": "caller"} | (
                {"pressed": self.pressed} if self.pressed else {"said": self.said}
            )
        step = {} if self.step is None else {"step": self.step}
        return {
            "at": at,
            "seconds": round(self.seconds, 1),
            "by": self.by,
            "moment": self.moment,
            "entry": self.entry,
            "variant": self.variant,
            **step,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Track:
    """One sound or silence of the farewell, for making it audible. `voice` is the language it is spoken in."""

    ssml: str
    voice: str
    seconds: float
    cut_after: float | None = None  # 0 to 1: that far into it a key or a hang-up cut it


@dataclass(slots=True)
class Report:
    """One rehearsed call. `faults` is what a scene expected and was not so; empty means as expected."""

    call: str
    told: Mapping[str, Any]  # the service's own account of the call
    heard: tuple[Line, ...]
    sounds: tuple[Track, ...]
    spans: tuple[tuple[float, float], ...]  # begin and length of each spoken sound, on the time of `heard`
    requests: tuple[Asked, ...]
    answers: tuple[tuple[str, int, Any], ...] = ()  # the API's, to the agent: what, status, body
    agent_heard: str = ""
    caller_heard: str = ""  # from the greeting on
    agent_stayed: float | None = None  # seconds from the caller's end to the agent's; negative: left before
    goodbye_whole: bool = False  # the last goodbye line played to its end
    acted: tuple[tuple[float, Happening], ...] = ()  # what came about, and when
    carried: tuple[Carried, ...] = ()  # on a disturbed way, what became of each request of Twilio's
    task: str | None = None  # what became of TaskRouter's task
    room: str | None = None  # what became of the last room
    agents_call: str | None = None  # how the last agent's call ended: let go, hung up, or left behind
    faults: list[str] = field(default_factory=list)

    @property
    def outcome(self) -> str:
        return str(self.told.get("outcome"))

    def measured(self, seconds: Sequence[float]) -> None:
        """Take the real lengths of the spoken sounds, in order, in place of the estimates."""
        if len(seconds) != len(self.spans):
            raise ValueError(f"{len(self.spans)} sounds were spoken, {len(seconds)} lengths given")
        begins, shift = [], 0.0
        for (start, length), measure in zip(self.spans, seconds, strict=True):
            begins.append(start + shift)
            shift += measure - length

        def moved(line: Line) -> Line:
            """The line, or the key, at its place within the sound it belongs to, or after it."""
            sound = max(bisect_right([start for start, _ in self.spans], line.at + 1e-6) - 1, 0)
            sound = sound if line.sound is None else line.sound
            (start, length), measure = self.spans[sound], seconds[sound]
            scale, past = measure / length if length else 1.0, line.at - start
            within = past * scale if past <= length else measure + past - length
            return replace(line, at=begins[sound] + within, seconds=line.seconds * scale)

        lengths = iter(seconds)
        self.sounds = tuple(
            replace(track, seconds=next(lengths)) if track.ssml else track for track in self.sounds
        )
        self.heard = tuple(moved(line) for line in self.heard)
        self.spans = tuple(zip(begins, seconds, strict=True))

    def to_json(self) -> dict[str, Any]:
        """Plain values, as `ivr rehearse --json` prints them."""
        return {
            "call": self.call,
            "story": self.told.get("story"),
            "heard": [line.to_json() for line in self.heard],
            "outcome": self.told.get("outcome"),
            "left_during": self.told.get("left_during"),
            "promises": [_in_utc(promise) for promise in self.told.get("promises", ())],
            "book": self.told.get("book"),
            "requests": [
                {"method": asked.method, "path": asked.path, "status": asked.status, "ms": asked.ms}
                for asked in self.requests
            ],
        }


def _in_utc(promise: Mapping[str, Any]) -> dict[str, Any]:
    return {**promise, "due": str(promise.get("due", "")).replace("+00:00", "Z")}


def report(cast: Cast, told: Mapping[str, Any]) -> Report:
    """Set what was really heard beside what the service says."""
    caller = cast.caller
    sounds = [sound for sound in caller.sounds if _of_the_farewell(sound)] if caller else []
    begins = sounds[0].at if sounds else 0.0
    spoken = _spoken(sounds, begins, told.get("says", ()))
    done = [
        Line(one.at - begins, "caller", pressed=one.pressed, said=one.said)
        for one in cast.did
        if sounds and one.at >= begins
    ]
    goodbyes = [line for line in spoken if line.moment == "goodbye"]
    agents = cast.agents
    made = Report(
        call=caller.sid if caller else "",
        told=told,
        heard=tuple(sorted([*spoken, *done], key=lambda line: (line.at, line.by == "line"))),
        sounds=tuple(_tracks(sounds)),
        spans=tuple((sound.at - begins, sound.seconds) for sound in sounds if sound.ssml),
        requests=tuple(cast.exchange.wire.asked),
        answers=tuple(cast.answers),
        agent_heard=" ".join(sound.text for agent in agents for sound in agent.sounds if sound.text),
        caller_heard=" ".join(sound.text for sound in caller.sounds if sound.text) if caller else "",
        goodbye_whole=bool(goodbyes) and not goodbyes[-1].cut,
        task=_task(cast),
        room=cast.exchange.rooms[-1].status if cast.exchange.rooms else None,
        agents_call=_agents_call(cast),
        acted=tuple(cast.acted),
        faults=list(cast.faults),
    )
    if agents and agents[-1].ended is not None and caller is not None and caller.ended is not None:
        made.agent_stayed = agents[-1].ended - caller.ended
    made.faults += _doubts(made, cast)
    return made


def _task(cast: Cast) -> str | None:
    taskrouter = cast.exchange.taskrouter
    return taskrouter.tasks[-1].status if taskrouter is not None and taskrouter.tasks else None


def _agents_call(cast: Cast) -> str | None:
    if not cast.agents:
        return None
    if cast.agents[-1] in cast.left_behind:
        return "left behind"
    return "hung up" if cast.agents[-1].ended_by == "agent" else "let go"


def _of_the_farewell(sound: Sound) -> bool:
    path = sound.document.path if sound.document else ""
    return path.startswith(_FAREWELL) and bool(sound.ssml or sound.played)


def _tracks(sounds: Sequence[Sound]) -> list[Track]:
    """The sounds with the silences between them, long ones shortened."""
    tracks: list[Track] = []
    until = sounds[0].at if sounds else 0.0
    for sound in sounds:
        gap = min(sound.at - until, _LONGEST_GAP)
        if gap > 0.001:
            tracks.append(Track("", "", gap))
        cut = sound.seconds / sound.whole if sound.cut and sound.whole else None
        tracks.append(Track(sound.ssml, sound.language, sound.seconds, cut))
        until = sound.at + sound.seconds
    return tracks


def _spoken(sounds: Sequence[Sound], begins: float, says: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Each <Say> as the line the service says it is; one that holds several lines becomes several."""
    lines: list[Line] = []
    moment: str | None = None
    latest, index = -1, -1
    for sound in sounds:
        moment = moment_of(sound.document, moment) if sound.document else moment
        if not sound.ssml:
            continue
        index += 1
        found = _lines_of(sound.text, moment, says, latest)
        whole = sum(len(text) for text, _ in found) or 1
        at, left = sound.at - begins, sound.seconds
        for text, place in found:
            length = sound.whole * len(text) / whole
            known = says[place] if place is not None else {}
            latest = place if place is not None else latest
            lines.append(
                Line(
                    at,
                    "line",
                    seconds=min(length, max(left, 0.0)),
                    moment=known.get("moment", moment),
                    entry=known.get("entry"),
                    variant=known.get("variant"),
                    step=known.get("step"),
                    text=text,
                    sound=index,
                    cut=left < length - 1e-6,
                )
            )
            at, left = at + length, left - length
    return lines


def _lines_of(
    text: str, moment: str | None, says: Sequence[Mapping[str, Any]], latest: int
) -> list[tuple[str, int | None]]:
    """Cut the words of one <Say> into the lines it is made of: (words, place among `says`)."""
    rest = text
    found: list[tuple[str, int | None]] = []
    while rest:
        places = [
            place
            for place, line in enumerate(says)
            if line.get("text")
            and rest.startswith(str(line["text"]))
            and moment in (None, line.get("moment"))
        ]
        if not places:
            break
        # of two lines with the same words, the one that comes next; and never a mere beginning of a longer one
        longest = max(len(str(says[place]["text"])) for place in places)
        places = [place for place in places if len(str(says[place]["text"])) == longest]
        place = next((one for one in places if one > latest), places[-1])
        found.append((str(says[place]["text"]), place))
        rest, latest = rest[longest:].lstrip(), place
    return [*found, (rest, None)] if rest else found


def _after_the_goodbye(made: Report, cast: Cast) -> float:
    """Seconds from the goodbye's last word to the caller's end."""
    assert cast.caller is not None
    said = [sound for sound in cast.caller.sounds if _of_the_farewell(sound)]
    words = next(line for line in reversed(made.heard) if line.moment == "goodbye")
    return (cast.caller.ended or 0.0) - (said[0].at + words.at + words.seconds)


def _doubts(made: Report, cast: Cast) -> list[str]:
    """Where the service's account and the witness's differ, or Twilio would have complained."""
    doubts = []
    ended_by = cast.caller.ended_by if cast.caller else None
    if made.outcome == "heard" and not made.goodbye_whole:
        doubts.append("the service says that the goodbye was heard, but it was not played to its end")
    done = any(asked.path.endswith("/done") and asked.status == 200 for asked in made.requests)
    if made.outcome in ("left", "none") and made.goodbye_whole and ended_by == "line" and done:
        doubts.append(f"the service says “{made.outcome}”, but the goodbye was played to its end")
    if ended_by == "line" and any(line.moment == "goodbye" for line in made.heard) and not made.goodbye_whole:
        doubts.append("the line was closed before the last word had been played")
    begun = any(line.moment for line in made.heard)  # a mishap before the queue is no farewell
    if ended_by == "room" and begun and not made.goodbye_whole:
        doubts.append("the room was ended under the caller before the last word had been played")
    last = next((line for line in reversed(made.heard) if line.by == "line"), None)
    on_line = made.goodbye_whole and ended_by == "caller" and last is not None and last.entry is not None
    if on_line and (stayed := _after_the_goodbye(made, cast)) > _LINGERS:
        doubts.append(f"after the goodbye the line stayed open for {stayed:.0f} s, until the caller hung up")
    doubts += [
        f"{agent.to if agent.direction == 'outbound-api' else agent.from_} was left on the line, with nobody there"
        for agent in cast.left_behind
    ]
    if cast.exchange.wire.held is None:  # on a disturbed way it notes what the faults did
        doubts += [f"Twilio would have noted: {warning}" for warning in cast.exchange.warnings]
    doubts += [
        f"the agent's {what} was answered {status}: {told}"
        for what, status, told in made.answers
        if status >= 500
    ]
    return doubts

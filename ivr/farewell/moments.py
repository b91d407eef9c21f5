"""What a farewell is made of: moments of spoken lines, and the promises they make.

A *line* is one variant as it will be spoken. A *moment* is one document on the telephone: the lines that
are heard together, and what the caller may do meanwhile. Everything here turns into JSON and back, since
a farewell is sealed and kept the instant it is composed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ivr.book.spoken import plain

MOMENTS = ("opening", "apology", "next_steps", "question", "goodbye")
"""The moments in their usual order. More steps than one moment holds go on in next_steps_2, _3 …"""


def page_of(moment: str) -> str:
    """The page a moment is spoken from: next_steps for next_steps_2."""
    return "next_steps" if moment.startswith("next_steps") else moment


@dataclass(frozen=True, slots=True)
class Line:
    """One variant, ready to be spoken."""

    entry: str  # locale/page/entry, as in "en-GB/goodbye/going on holiday"; the locale whose file holds it
    variant: str  # the hash of its words
    ssml: str  # escaped text, with SSML elements Twilio accepts
    text: str  # the words alone
    seconds: float  # estimated, at the voice's pace
    part: str = ""  # the part of the page: ours, theirs, reference …
    step: int | None = None  # counting from 1, where the line is about one step
    recording: str | None = None  # a file to play in place of the words
    yes: str = ""  # where a spoken yes to it leads: back to the agent, or on; blank where it asks nothing


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence that outlives the call."""

    kind: str  # text_note, check_in, question, call_back, front_of_queue, voucher
    due: datetime  # when it is to be kept; for a place at the front, the end of the days in which it is
    body: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """Lines that are heard together."""

    name: str
    lines: tuple[Line, ...]
    listens: bool = False  # ends in the one listening point: 1 again, 2 as a text, 0 back to the agent

    @property
    def seconds(self) -> float:
        return sum(line.seconds for line in self.lines)

    @property
    def yes(self) -> str:
        """Where a spoken yes leads, as the question in it has it; blank where nothing is asked."""
        return next((line.yes for line in reversed(self.lines) if line.yes), "")


@dataclass(frozen=True, slots=True)
class Farewell:
    """What is said at the end of one call, or of one part of it after a return to the agent."""

    call: str
    part: int  # 1, and one more after each return
    locale: str
    version: int | None  # of the book it came from
    way: str
    tone: str
    moments: tuple[Moment, ...]
    promises: tuple[Promise, ...] = ()
    textable: bool = False
    left_out: tuple[str, ...] = ()  # moments the book had no words for
    agent: str | None = None  # the agent's name, for the lines spoken on the way back
    event: str | None = None  # a hash of what is coming up, where a line told of it

    def moment(self, name: str) -> Moment | None:
        return next((moment for moment in self.moments if moment.name == name), None)

    @property
    def seconds(self) -> float:
        return sum(moment.seconds for moment in self.moments)

    def to_json(self) -> dict[str, Any]:
        """Plain values only, and few of them; `from_json` gives the same farewell back.

        A line's words are left out, since its SSML holds them. Written out, because dataclasses.asdict copies
        everything deeply at fifteen times the cost, and a caller is waiting.
        """
        kept: dict[str, Any] = {name: getattr(self, name) for name in Farewell.__slots__}
        kept["moments"] = [
            [moment.name, moment.listens, [[getattr(line, name) for name in _KEPT] for line in moment.lines]]
            for moment in self.moments
        ]
        kept["promises"] = [
            [promise.kind, promise.due.isoformat(), promise.body] for promise in self.promises
        ]
        return kept

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> "Farewell":
        """The farewell that `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        moments = tuple(
            Moment(
                name,
                tuple(_line(line) for line in lines),
                listens,
            )
            for name, listens, lines in kept["moments"]
        )
        promises = tuple(
            Promise(kind, datetime.fromisoformat(due), body) for kind, due, body in kept["promises"]
        )
        rest = {name: kept[name] for name in _PLAIN}
        return cls(
            **rest,
            moments=moments,
            promises=promises,
            left_out=tuple(kept["left_out"]),
            event=kept.get("event"),  # farewells from before events were remembered have none
        )


def _line(kept: list[Any]) -> Line:
    """One line as it was kept; one from before questions were answered aloud ends without its `yes`."""
    given = dict(zip(_KEPT, kept, strict=len(kept) > len(_KEPT)))
    return Line(text=plain(kept[_SSML]), **given)


_PLAIN = tuple(
    name for name in Farewell.__slots__ if name not in ("moments", "promises", "left_out", "event")
)
_KEPT = tuple(name for name in Line.__slots__ if name != "text")
_SSML = _KEPT.index("ssml")

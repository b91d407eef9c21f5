"""What a farewell is made of: moments of spoken lines, and the promises they make.

A *line* is one variant as it will be spoken. A *moment* is one document on the telephone: the lines that
are heard together, and what the caller may do meanwhile. Everything here turns into JSON and back, since
a farewell is sealed and kept the instant it is composed.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    seconds: float  # estimated, at the book's pace
    part: str = ""  # the part of the page: ours, theirs, reference …
    step: int | None = None  # counting from 1, where the line is about one step
    recording: str | None = None  # a file to play in place of the words


@dataclass(frozen=True, slots=True)
class Promise:
    """A sentence that outlives the call."""

    kind: str  # text_note, check_in, question, call_back, front_of_queue
    due: datetime
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

    def moment(self, name: str) -> Moment | None:
        return next((moment for moment in self.moments if moment.name == name), None)

    @property
    def seconds(self) -> float:
        return sum(moment.seconds for moment in self.moments)

    def to_json(self) -> dict[str, Any]:
        """Plain values only; `from_json` gives the same farewell back.

        Written out, since dataclasses.asdict copies everything deeply at fifteen times the cost.
        """
        plain: dict[str, Any] = {name: getattr(self, name) for name in Farewell.__slots__}
        plain["moments"] = [
            {
                "name": moment.name,
                "lines": [{name: getattr(line, name) for name in Line.__slots__} for line in moment.lines],
                "listens": moment.listens,
            }
            for moment in self.moments
        ]
        plain["promises"] = [
            {"kind": promise.kind, "due": promise.due.isoformat(), "body": promise.body}
            for promise in self.promises
        ]
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Farewell":
        """The farewell that `to_json` wrote. Raises KeyError or TypeError for anything else."""
        moments = tuple(
            Moment(m["name"], tuple(Line(**line) for line in m["lines"]), m["listens"])
            for m in plain["moments"]
        )
        promises = tuple(
            Promise(p["kind"], datetime.fromisoformat(p["due"]), p["body"]) for p in plain["promises"]
        )
        rest = {k: v for k, v in plain.items() if k not in ("moments", "promises", "left_out")}
        return cls(**rest, moments=moments, promises=promises, left_out=tuple(plain["left_out"]))

"""What happened, line by line: the table of a scene, read."""

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from ivr.farewell.moments import page_of
from ivr.rehearsal.noted import read_wrapup
from ivr.rehearsal.scene_error import SceneError

Does = Literal[
    "queued",
    "answered",
    "held",
    "resumed",
    "transferred",
    "wrapped up",
    "presses",
    "says",
    "hangs up",
    "completes",
]


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a call: when, by whom, and what."""

    at: float  # seconds on the scene's own clock
    who: Literal["caller", "agent"]
    does: Does
    what: str = ""  # the queue, the key, the words, warm or cold
    wrapup: dict[str, Any] = field(default_factory=dict)
    during: str | None = None  # a moment; the time of day is then only for the reader
    line: int = 0  # in the scene's file
    to: str = ""  # the queue a caller is handed on to


_ROW = re.compile(r"(\d\d):(\d\d):(\d\d(?:\.\d{1,6})?)\s+(.+)")
_DURING = re.compile(r"(.+?)\s+during\s+([a-z_0-9 ]+)$")


def table(text: str) -> tuple[Happening, ...]:
    """The rows of `happened`. A row without a time goes on with the one above it."""
    rows: list[tuple[int, float, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = _ROW.fullmatch(line.strip())
        if found is not None:
            hours, minutes, seconds = int(found[1]), int(found[2]), float(found[3])
            rows.append((number, hours * 3600.0 + minutes * 60 + seconds, found[4].strip()))
        elif line.strip() and rows:
            rows[-1] = (rows[-1][0], rows[-1][1], f"{rows[-1][2]}; {line.strip()}")
        elif line.strip():
            raise SceneError(f"happened, line {number}: begin with a time, like 09:00:00  queued")
    if not rows:
        raise SceneError("happened is empty")
    happened = tuple(_row(*row) for row in rows)
    if happened[0].does != "queued":
        raise SceneError("happened begins with the caller: 09:00:00  queued  billing")
    if any(later.at < sooner.at for sooner, later in pairwise(happened)):
        raise SceneError("the times in happened go backwards")
    return happened


def _row(number: int, at: float, text: str) -> Happening:
    words = text.split()
    if words[0] == "queued" and len(words) <= 2:
        return Happening(at, "caller", "queued", words[1] if len(words) > 1 else "", line=number)
    if words[0] == "answered":
        return Happening(at, "agent", "answered", line=number)
    if text in ("held", "resumed"):
        return Happening(at, "agent", "held" if text == "held" else "resumed", line=number)
    if (found := re.fullmatch(r"transferred (warm|cold)(?: to (\S+))?", text)) is not None:
        return Happening(at, "agent", "transferred", found[1], line=number, to=found[2] or "")
    if text == "agent completes the task":
        return Happening(at, "agent", "completes", line=number)
    if text.startswith("wrapped up"):
        wrapup = read_wrapup(text.removeprefix("wrapped up").strip(), number)
        return Happening(at, "agent", "wrapped up", wrapup=wrapup, line=number)
    during = None
    if (found := _DURING.fullmatch(text)) is not None:
        text, during = found[1], known_moment(found[2])
    if text in ("ended", "agent hangs up"):
        return Happening(at, "agent", "hangs up", during=during, line=number)
    if text == "caller hangs up":
        return Happening(at, "caller", "hangs up", during=during, line=number)
    if (found := re.fullmatch(r"(caller|agent) presses ([0-9*#])", text)) is not None:
        who = "caller" if found[1] == "caller" else "agent"
        return Happening(at, who, "presses", found[2], during=during, line=number)  # type: ignore[arg-type]
    if text == "caller coughs":  # heard as speech, and recognised as nothing
        return Happening(at, "caller", "says", "", during=during, line=number)
    if (found := re.fullmatch(r"caller says (.+)", text)) is not None:
        return Happening(at, "caller", "says", found[1].strip('“”"'), during=during, line=number)
    raise SceneError(
        f"happened, line {number}: “{text}” is nothing that can happen; there are: queued, answered, held, resumed, "
        "transferred warm [to QUEUE], transferred cold [to QUEUE], wrapped up, caller presses K, caller says …, caller coughs, "
        "caller hangs up, agent presses K, agent hangs up, agent completes the task"
    )


def known_moment(name: str) -> str:
    """A moment by its name, as addresses have it. Raises SceneError."""
    name = name.strip().replace(" ", "_")
    if page_of(name) not in ("opening", "apology", "next_steps", "question", "goodbye"):
        raise SceneError(f"{name} is no moment: opening, apology, next_steps, question, goodbye")
    return name

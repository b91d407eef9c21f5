"""What a scene expects to have been heard, and how it says that it was not so."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivr.rehearsal.report import Line, Report
from ivr.rehearsal.scene_error import SceneError

ELLIPSIS = "…"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Expectations:
    """`heard`: (moment, entry or words); `never`: words; `then`: (name, value)."""

    heard: tuple[tuple[str, str], ...] = ()
    never: tuple[str, ...] = ()
    then: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, heard: object, never: object, then: object) -> "Expectations":
        """From a scene's YAML, where all is text. Raises SceneError."""
        lines: list[tuple[str, str]] = []
        for line in str(heard).splitlines():
            moment, colon, what = line.partition(":")
            if line.strip() and not colon:
                raise SceneError(f"heard: “{line.strip()}” needs a moment before it, like goodbye: …")
            if line.strip():
                lines.append((moment.strip().replace(" ", "_"), re.sub(r"\s+#\s.*$", "", what).strip()))
        pairs: list[tuple[str, str]] = []
        for item in then if isinstance(then, list) else [then]:
            if not isinstance(item, dict) or not all(isinstance(value, str) for value in item.values()):
                raise SceneError(f"then: “{item}” is not a name and a value, like - outcome: heard")
            pairs += [(str(name), str(value)) for name, value in item.items()]
        if unknown := sorted({name for name, _ in pairs} - set(_FINDINGS) - set(_CONTAINING)):
            raise SceneError(
                f"then: nobody can tell {', '.join(unknown)}; there are {', '.join([*_FINDINGS, *_CONTAINING])}"
            )
        words = never if isinstance(never, list) else [never]
        return cls(tuple(lines), tuple(str(word) for word in words), tuple(pairs))

    def differences(self, report: Report) -> list[str]:
        """What was not so, each as a few lines that a supervisor understands; empty when all was."""
        spoken = [line for line in report.heard if line.by == "line"]
        different = []
        for moment in dict.fromkeys(moment for moment, _ in self.heard):
            wanted = [what for where, what in self.heard if where == moment]
            if moment == "caller":
                given = [line.pressed or line.said or "" for line in report.heard if line.by == "caller"]
                fits = given == wanted
                shown = given
            else:
                lines = [line for line in spoken if line.moment == moment]
                fits = not lines if wanted == [NOTHING] else _fits(wanted, lines)
                shown = [_shown(line) for line in lines]
            if not fits:
                different.append(_difference(moment, wanted, shown))
        different += [
            f"“{word}” was said, and never should be:\n    {_shown(line)}"
            for word in self.never
            for line in spoken
            if re.search(rf"\b{re.escape(word)}", line.text, re.IGNORECASE)
        ]
        order = [moment for moment in dict.fromkeys(moment for moment, _ in self.heard) if moment != "caller"]
        really = [moment for moment in dict.fromkeys(line.moment for line in spoken) if moment in order]
        if really != [moment for moment in order if moment in really]:
            different.append(
                f"the moments came in another order: {', '.join(str(moment) for moment in really)}"
            )
        return different + [wrong for name, value in self.then if (wrong := _finding(name, value, report))]


def _fits(wanted: Sequence[str], lines: Sequence[Line]) -> bool:
    """Whether the lines are the wanted ones, in order; a lone … stands for one line or more."""
    if not wanted or not lines:
        return not wanted and not lines
    if wanted[0] == ELLIPSIS:
        return any(_fits(wanted[1:], lines[count:]) for count in range(1, len(lines) + 1))
    return _is(wanted[0], lines[0]) and _fits(wanted[1:], lines[1:])


def _is(wanted: str, line: Line) -> bool:
    """An entry's name, with or without its place, or the exact words, where … stands for any."""
    entry = line.entry or ""
    if wanted in (entry, entry.rpartition("/")[2]):
        return True
    pattern = ".*".join(re.escape(part) for part in wanted.split(ELLIPSIS))
    return re.fullmatch(pattern, line.text, re.DOTALL) is not None


def _shown(line: Line) -> str:
    return f"[{(line.entry or 'no entry').rpartition('/')[2]}] {line.text}" + (" (cut)" if line.cut else "")


def _difference(moment: str, wanted: Sequence[str], shown: Sequence[str]) -> str:
    said = "\n".join(f"    {text}" for text in shown) or "    nothing"
    return "\n".join([f"{moment}: expected", *(f"    {text}" for text in wanted), "  but heard was", said])


# --- then ---------------------------------------------------------------------------------------------


def _story(report: Report) -> Mapping[str, Any]:
    story: Mapping[str, Any] = report.told.get("story") or {}
    return story


def _wait(report: Report, name: str) -> Any:
    return (_story(report).get("wait") or {}).get(name)


_FINDINGS: dict[str, Callable[[Report], Any]] = {
    "outcome": lambda report: report.told.get("outcome"),
    "left during": lambda report: report.told.get("left_during"),
    "severity": lambda report: _story(report).get("severity"),
    "wait": lambda report: _wait(report, "seconds"),
    "queue": lambda report: _wait(report, "queue"),
    "hold": lambda report: _wait(report, "hold"),
    "earlier": lambda report: _wait(report, "earlier"),
    "calls today": lambda report: _story(report).get("calls_today"),
    "loose ends": lambda report: _story(report).get("loose_ends"),
    "caller": lambda report: report.told.get("caller"),
    "agent": lambda report: report.told.get("agent"),
    "locale": lambda report: (report.told.get("book") or {}).get("locale"),
    "goodbyes": lambda report: len({line.at for line in report.heard if line.moment == "goodbye"}),
    "wrap-up answered": lambda report: [status for what, status, _ in report.answers if what == "wrapup"][
        -1:
    ],
    "wrap-up state": lambda report: [_state(told) for what, _, told in report.answers if what == "wrapup"][
        -1:
    ],
    "task": lambda report: report.task,
    "room": lambda report: report.room,
    "agent's call": lambda report: report.agents_call,
    "promises": lambda report: len(report.told.get("promises") or ()),
}
"""What `then` may ask about, each compared as text."""

_CONTAINING: dict[str, Callable[[Report], list[str]]] = {
    "text to caller": lambda report: [
        str(promise.get("body", ""))
        for promise in report.told.get("promises") or ()
        if promise.get("kind") == "text_note"
    ],
    "promise": lambda report: [str(promise.get("kind")) for promise in report.told.get("promises") or ()],
    "agent hears": lambda report: [report.agent_heard],
    "caller hears": lambda report: [report.caller_heard],
    "asked": lambda report: [asked.path for asked in report.requests],
    "says": lambda report: [line.text for line in report.heard],
}
"""What `then` may ask about, found in one of several texts."""


def _state(told: Any) -> Any:
    return told.get("state") if isinstance(told, dict) else told


def _finding(name: str, value: str, report: Report) -> str | None:
    if name in _CONTAINING:
        texts = _CONTAINING[name](report)
        if any(value.casefold() in text.casefold() for text in texts):
            return None
        return (
            f"{name}: expected “{value}”, found {', '.join(f'“{text}”' for text in texts[:40]) or 'nothing'}"
        )
    found = _FINDINGS[name](report)
    if isinstance(found, list):
        found = found[0] if found else None
    shown = "none" if found is None else str(found)
    return (
        None
        if shown.replace("_", " ") == value.replace("_", " ")
        else f"{name}: expected {value}, found {shown}"
    )

"""A small cast, and a call read from a table.

    call('''
        09:00:00  queued billing
        09:07:30  answered waited=450
        09:20:00  wrapped up apologised
        09:20:41  presses 2 during next_steps
        09:21:00  ended by caller
    ''')

One event a line: its time, what happened, then `field=value` for anything else (`clock=twilio`,
`key=…`, `stay=2`, a flag by its name alone). Stays are numbered as they come, and so are keys.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any

from ivr.calls.events import Event, event

CALL = "CA" + "1" * 32
OTHER_CALL = "CA" + "2" * 32
AGENT_LEG = "CA" + "a" * 32
OTHER_AGENT_LEG = "CA" + "b" * 32
ANA = "5e1f0a"  # a caller's keyed hash
ANAS_NUMBER = "+15555550100"
OUR_NUMBER = "+15555550199"
DAY = date(2026, 11, 21)

_KINDS = {
    "arrived": "arrived",
    "queued": "queued",
    "left queue": "left_queue",
    "answered": "answered",
    "assigned": "assigned",
    "joined": "joined",
    "parted": "parted",
    "held": "held",
    "resumed": "resumed",
    "transferred": "transferred",
    "wrapped up": "wrapped_up",
    "spoke": "spoke",
    "presses": "pressed",
    "returned": "returned",
    "released": "released",
    "heard": "heard",
    "ended": "ended",
}
_FIRST_WORD = {
    "queued": "queue",
    "left_queue": "result",
    "answered": "agent",
    "spoke": "moment",
    "pressed": "digit",
}
_NUMBERS = {"sequence", "stay", "waited", "held_seconds", "part", "told"}
_FLAGS = {"verified", "outbound", "apologised", "same_person"}


def call(table: str, *, id: str = CALL, day: date = DAY, zone: tzinfo = UTC, **arrival: Any) -> list[Event]:
    """The events a table tells. `arrival` fields (caller, verified …) are given to its first `arrived`."""
    found: list[Event] = []
    stays = 0
    for number, line in enumerate(filter(None, map(str.strip, table.splitlines()))):
        clock_time, _, words = line.partition(" ")
        kind, said = _split(words.strip())
        data = _fields(kind, said)
        if kind == "arrived":
            data |= arrival
            arrival = {}
        if kind == "queued":
            stays += 1
            data.setdefault("stay", stays)
        if kind == "left_queue":
            data.setdefault("stay", max(stays, 1))
        at = datetime.combine(day, time.fromisoformat(clock_time), zone)
        clock = data.pop("clock", "ours")
        key = data.pop("key", f"k{number}")
        found.append(event(kind, call=id, at=at, key=key, clock=clock, data=data))
    return found


def at(text: str, day: date = DAY) -> datetime:
    """A time of the day the tables tell of."""
    return datetime.combine(day, time.fromisoformat(text), UTC)


def spans(spells: Sequence[Any]) -> list[str]:
    """What each spell was and how long: "queue 0:07:30"."""
    return [f"{spell.kind} {spell.length}" for spell in spells]


def _split(words: str) -> tuple[str, list[str]]:
    for name in sorted(_KINDS, key=len, reverse=True):
        if words == name or words.startswith(name + " "):
            return _KINDS[name], words[len(name) :].split()
    raise ValueError(f"nothing of this kind can happen on a call: {words!r}")


def _fields(kind: str, said: list[str]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    words = iter(said)
    for word in words:
        name, is_field, value = word.partition("=")
        if is_field:
            data[name] = int(value) if name in _NUMBERS else value
        elif word in _FLAGS:
            data[word] = True
        elif word == "during":
            data["moment"] = next(words)
        elif word in ("by", "to"):
            data[word] = next(words)
        elif kind in _FIRST_WORD and _FIRST_WORD[kind] not in data:
            data[_FIRST_WORD[kind]] = word
        else:
            raise ValueError(f"{word!r} says nothing about {kind}")
    return data

"""A call from its seed: who does what, and what goes wrong on the way.

Most actors go by what they hear (a key in the middle of the steps), so that the same call can be played on a
clear way and on a disturbed one; the restless go by the clock as well, and race with the documents. Waits keep
clear of the full minute: the few seconds that a fault costs make no other figure of them.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, TypeAlias

from ivr.rehearsal.happened import Happening
from ivr.rehearsal.houses import HouseName
from ivr.rehearsal.scene import BEGINS, Scene
from tests.chaos.mischief import faults
from tests.chaos.notes import wrapup
from tests.chaos.rooms import happened_in_a_room

Who: TypeAlias = Literal["caller", "agent"]

NINE = 9 * 3600.0
KEYS = "0123456789*#"
MOMENTS = ("opening", "apology", "next_steps", "next_steps_2", "question", "goodbye")
CALLERS = ("+447700900123", "anonymous", "+266696687", "sip:ana@example.com", "Anonymous & Co")
QUEUES = ("", "", "", "billing", "alone", "soon", "quiet", "starred", "unasked", "busy")
HOUSES: tuple[HouseName, ...] = ("queue", "flex with plugin", "flex", "flex through studio", "taskrouter")
MINUTES = (0, 0, 0, 1, 1, 2, 3, 6, 14, 17)  # in the queue


def generated(seed: int) -> Scene:
    """The call of a seed."""
    chance = random.Random(seed)
    restless = chance.random() < 0.35
    house = chance.choices(HOUSES, [60, 16, 8, 4, 12])[0]
    happenings = (
        _happened(chance, restless) if house == "queue" else happened_in_a_room(chance, restless, house)
    )
    happened = tuple(replace(happening, at=NINE + round(happening.at, 3)) for happening in happenings)
    return Scene(
        f"chaos_{seed}",
        happened,
        begins=BEGINS,
        caller=chance.choice(CALLERS),
        textable=chance.random() < 0.3,
        faults=faults(chance, house),
        house=house,
        star=chance.choice(["on", "away"]),
    )


def _happened(chance: random.Random, restless: bool) -> Iterator[Happening]:
    """From the ring to whatever comes last: every time later than the one before it."""
    at = 0.0
    yield Happening(at, "caller", "queued", chance.choice(QUEUES))
    at += 60 * chance.choice(MINUTES) + chance.randint(3, 12)
    if chance.random() < 0.04:
        yield Happening(at, "caller", "hangs up")
        return
    yield Happening(at, "agent", "answered")
    at += chance.uniform(0.1, 60) if restless else chance.randint(15, 60)
    if chance.random() < 0.3:
        yield Happening(at, "agent", "held")
        at += 60 * chance.choice([0, 0, 1, 2]) + chance.randint(2, 10)
        if chance.random() < 0.8:
            yield Happening(at, "agent", "resumed")
            at += chance.randint(0, 20)
    if chance.random() < 0.06:
        yield Happening(at, chance.choice(["caller", "agent"]), "hangs up")
        return
    if chance.random() < 0.9:
        noted = wrapup(chance)
        yield Happening(at, "agent", "wrapped up", wrapup=noted)
        at += chance.choice([0, 0.1, 0.4, 1, 5]) if restless else 15
        if noted.get("start") == "when_agent_leaves" or noted.get("way") == "after" or chance.random() < 0.1:
            yield Happening(at, "agent", "hangs up")
    else:
        yield Happening(at, "agent", "hangs up")
    for _ in range(chance.randint(0, 5)):
        at += chance.choice([0, 0, 0.2, 1.0, chance.uniform(0, 30)]) if restless else 0
        for happening in _something(chance, at, restless):
            at = happening.at
            yield happening


def _something(chance: random.Random, at: float, restless: bool) -> Iterator[Happening]:
    """One thing, or a few that belong together, that callers and agents do in a farewell."""
    during = chance.choice(MOMENTS) if not restless or chance.random() < 0.6 else None
    kind = chance.choices(
        ["key", "back", "again", "agent key", "caller leaves", "agent leaves", "queue again"],
        [40, 25, 10, 12, 5, 8, 12],
    )[0]
    if kind == "key":
        yield Happening(at, "caller", "presses", chance.choice(KEYS), during=during)
    elif kind == "back":
        yield from _back(chance, at, restless, during)
    elif kind == "again":
        yield Happening(at, "caller", "presses", "1", during=during)
    elif kind == "agent key":
        yield Happening(at, "agent", "presses", chance.choice("##*015"), during=during)
    elif kind == "caller leaves":
        yield Happening(at, "caller", "hangs up", during=during)
    elif kind == "agent leaves":
        yield Happening(at, "agent", "hangs up", during=during)
    else:
        yield from _queue_again(chance, at, restless, during)


def _back(chance: random.Random, at: float, restless: bool, during: str | None) -> Iterator[Happening]:
    """The way back to the agent, and what comes of it."""
    if chance.random() < 0.7:
        yield Happening(at, "caller", "presses", "0", during=during)
    else:
        yield Happening(at, "agent", "presses", "*", during=during)
    if restless and chance.random() < 0.3:  # before they have met
        who: Who = chance.choice(["caller", "agent"])
        yield Happening(at + chance.choice([0, 0.3, 1, 2.5]), who, "hangs up")
    elif chance.random() < 0.7:
        at += chance.choice([0.2, 3, 25]) if restless else 28
        yield Happening(at, "agent", "wrapped up", wrapup=wrapup(chance))
    elif chance.random() < 0.5:
        yield Happening(at + (chance.uniform(3, 25) if restless else 28), "agent", "hangs up")


def _queue_again(chance: random.Random, at: float, restless: bool, during: str | None) -> Iterator[Happening]:
    """Nobody is there any more, so the queue once more; and perhaps another agent."""
    yield Happening(at, "agent", "presses", "#", during=during)
    asked = chance.choice(MOMENTS)
    yield Happening(at + 5, "caller", "presses", "0", during=asked)
    digit = chance.choice("1112")
    yield Happening(at + 8, "caller", "presses", digit, during=None if restless else asked)
    if chance.random() < 0.7:
        yield Happening(at + 40, "agent", "answered")
        if chance.random() < 0.7:
            yield Happening(at + 60, "agent", "wrapped up", wrapup=wrapup(chance))
        else:
            yield Happening(at + 60, "agent", "hangs up")

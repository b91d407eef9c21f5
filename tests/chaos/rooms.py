"""What happens in a generated call in Flex or TaskRouter: a worker takes it in a room that is not ours."""

import random
from collections.abc import Iterator

from ivr.rehearsal.happened import Happening
from tests.chaos.notes import wrapup

MOMENTS = ("opening", "apology", "next_steps", "question", "goodbye")
MINUTES = (0, 0, 1, 2, 3, 6, 14)
WAYS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {"way": "together"}, {"way": "aside"}, {"way": "aside"}, {"way": "after"},
    {"start": "when_agent_leaves"}, {"pace": "slow"},
)  # fmt: skip


def happened_in_a_room(chance: random.Random, restless: bool, house: str) -> Iterator[Happening]:
    """From the ring to whatever comes last."""
    at = 0.0
    yield Happening(at, "caller", "queued", chance.choice(["", "", "billing", "soon", "unasked"]))
    at += 60 * chance.choice(MINUTES) + chance.randint(3, 12)
    if chance.random() < 0.04:
        yield Happening(at, "caller", "hangs up")
        return
    yield Happening(at, "agent", "answered")
    at += chance.uniform(2, 60) if restless else chance.randint(15, 60)
    for happening in _talked(chance, at, house):
        at = happening.at
        yield happening
    at += 20
    if chance.random() < 0.06:
        yield Happening(at, chance.choice(["caller", "agent"]), "hangs up")
        return
    if chance.random() < 0.9:
        noted = wrapup(chance, WAYS)
        yield Happening(at, "agent", "wrapped up", wrapup=noted)
        at += chance.choice([0, 0.1, 0.4, 1, 5]) if restless else 15
        if noted.get("start") == "when_agent_leaves" or noted.get("way") == "after" or chance.random() < 0.1:
            yield Happening(at, "agent", "hangs up")
    else:
        yield Happening(at, "agent", "hangs up")
    for _ in range(chance.randint(0, 3)):
        at += chance.choice([0, 0.2, 1.0, chance.uniform(0, 30)]) if restless else 0
        for happening in _something(chance, at, restless):
            at = happening.at
            yield happening


def _talked(chance: random.Random, at: float, house: str) -> Iterator[Happening]:
    """Holds, and the caller handed on to somebody else."""
    if chance.random() < 0.35:
        yield Happening(at, "agent", "held")
        at += 60 * chance.choice([0, 0, 1]) + chance.randint(3, 10)
        if chance.random() < 0.85:
            yield Happening(at, "agent", "resumed")
            at += 10
    if house.startswith("flex") and chance.random() < 0.3:
        mode, to = chance.choice(["warm", "cold"]), chance.choice(["", "billing"])
        yield Happening(at, "agent", "transferred", mode, to=to)
        at += 60 * chance.choice([0, 1]) + chance.randint(20, 25)
        if mode == "cold":
            yield Happening(at, "agent", "answered")


def _something(chance: random.Random, at: float, restless: bool) -> Iterator[Happening]:
    """One thing that callers and workers do in a farewell."""
    during = chance.choice(MOMENTS) if not restless or chance.random() < 0.6 else None
    kind = chance.choices(
        ["key", "back", "caller leaves", "worker leaves", "completes"], [35, 20, 12, 15, 6]
    )[0]
    if kind == "key":
        yield Happening(at, "caller", "presses", chance.choice("0123*#"), during=during)
    elif kind == "back":
        yield Happening(at, "caller", "presses", "0", during=during)
        if chance.random() < 0.7:
            yield Happening(at + 28, "agent", "wrapped up", wrapup=wrapup(chance, WAYS))
        elif chance.random() < 0.5:
            yield Happening(at + 28, "agent", "hangs up")
    elif kind == "caller leaves":
        yield Happening(at, "caller", "hangs up", during=during)
    elif kind == "worker leaves":
        yield Happening(at, "agent", "hangs up", during=during)
    else:
        yield Happening(at, "agent", "completes")

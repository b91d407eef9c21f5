"""What goes wrong on the way of a generated call."""

import random
from collections.abc import Iterator, Sequence

from ivr.rehearsal.faults import EVERY, LAGS, SHUFFLED_BY, Fault

ADDRESSES = (
    "/voice/incoming", "/voice/wait", "/voice/queue-left", "/voice/bridging", "/voice/agent", "/voice/agent/next",
    "/voice/farewell", "/voice/farewell/next_steps", "/voice/farewell/question", "/voice/farewell/goodbye",
    "/voice/farewell/key", "/voice/farewell/back", "/voice/farewell/talked", "/voice/farewell/queue-again",
    "/voice/farewell/done", "/events/call",
)  # fmt: skip
IN_ROOMS = (
    "/voice/incoming", "/voice/queue-left", "/voice/farewell", "/voice/farewell/announcement",
    "/voice/farewell/announcement/done", "/voice/farewell/question", "/voice/farewell/goodbye", "/voice/farewell/key",
    "/voice/farewell/talked", "/voice/farewell/done", "/taskrouter/assignment", "/events/taskrouter",
    "/events/conference", "/events/call",
)  # fmt: skip
ON_ONE = ("lost", "answer lost", "timed out", "answered 500", "doubled")


def faults(chance: random.Random, house: str) -> tuple[Fault, ...]:
    """None, one or a few; those that no retry can overcome are rare."""
    if chance.random() < 0.1:
        return ()
    addresses = ADDRESSES if house == "queue" else IN_ROOMS
    return tuple(fault for _ in range(chance.choice([1, 1, 2, 3])) for fault in _some(chance, addresses))


def _some(chance: random.Random, addresses: Sequence[str]) -> Iterator[Fault]:
    kind = chance.choices(
        [
            "a request",
            "an address",
            "every",
            "late answer",
            "late news",
            "shuffled",
            "REST",
            "lag",
            "gone for good",
        ],
        [25, 25, 8, 8, 12, 7, 15, 4, 4],
    )[0]
    if kind == "a request":
        number = chance.randint(1, 30)
        yield Fault(chance.choice(ON_ONE), "", number, number)
    elif kind == "an address":
        number = chance.choice([1, 1, 1, 2, 3])
        yield Fault(chance.choice(ON_ONE), chance.choice(addresses), number, number)
    elif kind == "every":
        yield Fault("doubled", chance.choice(["", "", "/events/call", "/voice/farewell/key"]), 1, EVERY)
    elif kind == "late answer":
        yield Fault(
            "late",
            chance.choice([one for one in addresses if not one.startswith("/events/")]),
            1,
            chance.choice([1, 1, 3]),
            chance.choice([0.5, 2.5, 3.5, 6]),
        )
    elif kind == "late news":
        what = chance.choice(
            ["events", addresses[-1], addresses[-2], "/voice/queue-left", "/voice/agent/next"]
        )
        yield Fault("late", what, 1, chance.choice([1, 2, EVERY]), chance.choice([0.2, 1, 5, 40, 70]))
    elif kind == "shuffled":
        yield Fault("shuffled", "events", 1, EVERY, SHUFFLED_BY)
    elif kind == "REST":
        first = chance.choice([1, 1, 1, 2, 3])
        of_rest = chance.choice(["REST 429", "REST 500", "REST times out", "REST answer lost"])
        yield Fault(of_rest, "", first, first)
        if of_rest == "REST 429" and chance.random() < 0.5:
            yield Fault(of_rest, "", first + 1, first + 1)
    elif kind == "lag":
        yield Fault(LAGS, seconds=chance.choice([0.5, 2, 5]))
    else:
        yield chance.choice(
            [
                Fault("lost", chance.choice(addresses), 1, EVERY),
                Fault("answered 500", "/events/call", 1, EVERY),
                Fault("REST 429", "", 1, EVERY),
                Fault("REST times out", "", 1, EVERY),
            ]
        )

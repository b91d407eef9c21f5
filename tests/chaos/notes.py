"""What agents note at the end of a generated call: anything the API takes."""

import random
from collections.abc import Sequence
from typing import Any

NAMES = (
    "Ana", "Siobhan", "None", "O'Brien & Sons", "Łukasz", "李小龍", "Mary Jane", "MARGARET",
    "José María de la Cruz", "\u202eanA", "😀", "“Bo”", "null", "Ana\x00", "a" * 80,
)  # fmt: skip
STEPS = (
    "send a form", "ring you back", "refund the second charge", "post a label & an envelope",
    "email a photo of the label", "sign it; keep a copy", "check “the blue box”", "wait for our letter",
)  # fmt: skip
GIFTS = (
    ("holiday", "in Tobago"),
    ("loss", "your mother"),
    ("exam", None),
    ("hard_time", None),
    ("match", "on Sunday"),
)
WAYS: tuple[dict[str, str], ...] = (
    {}, {}, {}, {}, {"way": "after"}, {"start": "when_agent_leaves"}, {"pace": "slow"},
)  # fmt: skip


def wrapup(chance: random.Random, ways: Sequence[dict[str, str]] = WAYS) -> dict[str, Any]:
    """One wrap-up; `ways` are what may be said of how the farewell is to be."""
    noted: dict[str, Any] = {}
    if chance.random() < 0.8:
        noted["name"] = chance.choice(NAMES)
    for flag in ("resolved", "trouble"):
        if chance.random() < 0.7:
            noted[flag] = chance.random() < 0.7
    for flag in ("apologised", "text_note", "same_person"):
        if chance.random() < 0.15:
            noted[flag] = True
    noted["tone"] = chance.choice(["plain", "plain", "plain", "sober", "gentle"])
    noted["steps"] = [
        _step(chance, what) for what in chance.sample(STEPS, chance.choice([0, 1, 1, 1, 2, 3, 5]))
    ]
    noted["gifts"] = [
        {"kind": kind} | ({"detail": detail} if detail else {})
        for kind, detail in chance.sample(GIFTS, chance.choice([0, 0, 1, 2]))
    ]
    noted |= chance.choice(ways)
    if chance.random() < 0.2:
        noted["agent"] = chance.choice(["Sam", "Sam O'Neil"])
    if chance.random() < 0.1:
        noted["held_seconds"] = chance.choice([0, 30, 400])
    return noted


def _step(chance: random.Random, what: str) -> dict[str, Any]:
    step: dict[str, Any] = {"who": chance.choice(["us", "us", "you", "done"]), "what": what}
    if chance.random() < 0.4:
        step["by"] = chance.choice(["2026-11-21", "2026-11-28", "2020-01-01", "2027-02-28"])
    if chance.random() < 0.4:
        step["reference"] = chance.choice(["AB-4719", "K7", "4417", "A/B.C_D 12"])
    if chance.random() < 0.2:
        step["to"] = chance.choice(["help@example.com", "the old address", "+44 20 7946 0000"])
    return step

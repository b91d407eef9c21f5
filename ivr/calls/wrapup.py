"""What the agent noted as the call ended: the wrap-up.

Everything is optional. An absent `resolved` or `trouble` is unknown, never false.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

TONES = ("plain", "sober", "gentle")
WHO = ("done", "us", "you")
WAYS = ("aside", "together", "after")
STARTS = ("now", "when_agent_leaves")
PACES = ("normal", "slow")
GENTLE_GIFTS = frozenset({"illness", "loss", "hard_time"})
GIFTS = (
    "holiday", "journey", "birthday", "wedding", "anniversary", "new_baby", "new_home", "new_job",
    "retirement", "exam", "result", "visitors", "match", "new_pet", "new_thing",
    "illness", "loss", "hard_time",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something done, or still to do, about what the caller rang for."""

    who: str  # done, us or you
    # Bare infinitive (for done a past participle, or what its steps.yaml says), in the language of `locale`; at
    # most 90 characters.
    what: str = ""
    by: date | None = None
    reference: str | None = None
    to: str | None = None  # an address, number or place, as it is typed
    ready_made: str | None = None  # the id of a step in steps.yaml, worded there in every locale
    locale: str | None = None  # the language `what` was typed in; None: the call's


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A small thing the caller mentioned about their life."""

    kind: str
    detail: str | None = None  # as it will be said: "in Tobago"
    whose: str = "caller"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapup:
    """One version of what the agent noted."""

    name: str | None = None  # as the agent would say it to their face
    resolved: bool | None = None
    reason: str | None = None
    trouble: bool | None = None
    tone: str = "plain"
    way: str | None = None  # None: as the queue's rules say
    start: str = "now"
    steps: tuple[Step, ...] = ()
    gifts: tuple[Gift, ...] = ()
    locale: str | None = None
    agent: str | None = None  # the agent's name as the caller heard it
    text_note: bool = False
    check_in: datetime | None = None
    same_person: bool = False
    apologised: bool = False
    pace: str = "normal"
    held_seconds: int | None = None


NOTHING_NOTED = Wrapup()
"""The agent hung up without a word to us."""


def from_json(plain: Mapping[str, Any]) -> Wrapup:
    """The wrap-up that was kept as plain JSON values (dates as ISO 8601). Raises for anything else."""
    rest = dict(plain)
    steps = tuple(
        Step(**{**step, "by": date.fromisoformat(step["by"]) if step.get("by") else None})
        for step in rest.pop("steps", None) or ()
    )
    gifts = tuple(Gift(**gift) for gift in rest.pop("gifts", None) or ())
    check_in = rest.pop("check_in", None)
    return Wrapup(
        **rest, steps=steps, gifts=gifts, check_in=datetime.fromisoformat(check_in) if check_in else None
    )

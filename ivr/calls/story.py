"""The story of one call: all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ivr.calls.spells import Spell as Spell

CALL_BACK = "call_back"
"""The moment of the key by which somebody who waits asked to be rung back."""

BEFORE_THE_FAREWELL = frozenset({"", "greeting", "waiting", "told", "key", CALL_BACK})
"""Moments that may be heard while waiting; all others belong to the farewell."""


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one call."""

    call: str
    caller: str | None = None
    verified: bool = False
    called: str | None = None
    outbound: bool = False
    locale: str | None = None
    arrived: datetime | None = None  # the first event's time where no arrival was told
    queue: str | None = None  # the latest
    stays: int = 0  # how many times the caller was sent to wait
    room: str | None = None  # the latest room that is not ours, by its SID
    room_name: str | None = None
    in_room: bool = False
    on_hold: bool = False  # as far as we were told
    passed_on: bool = False  # a transfer has begun, and nobody has answered since
    task: str | None = None  # TaskRouter's, and the workspace it lies in
    workspace: str | None = None
    assigned: bool = False  # we connected that task, so we complete it
    answered: datetime | None = None  # the first answer
    agent: str | None = None  # the latest
    ended: datetime | None = None
    ended_by: str | None = None
    spells: tuple[Spell, ...] = ()
    wait_known: bool = True
    held_seconds: int | None = None  # as the latest wrap-up says; hold events win
    wrapups: int = 0
    apologised: bool = False  # any wrap-up said so
    same_person: bool = False  # the latest wrap-up said so
    wrapup_key: str | None = None
    spoken: tuple[tuple[int, str], ...] = ()  # (part, moment) proven heard, in order, once each
    told: int | None = None  # seconds; the smallest figure announced while waiting
    pressed: tuple[tuple[int, str, str], ...] = ()  # (part, moment, digit)
    call_back: bool = False  # the caller asked to be rung back, and nobody has talked to them since
    returns: int = 0
    released: bool = False
    heard: bool = False  # the goodbye played to its end, and the caller did not come back since
    parts: int = 1  # the part of the farewell now due or under way
    last_news: datetime | None = None
    loose_ends: int = 0
    caller_is: Literal["waiting", "talking", "farewell", "returning", "gone"] = "waiting"
    agent_is: Literal["talking", "waiting", "released", "gone"] = "gone"
    moment: str | None = None  # the latest of this part that is proven, or in which a key was pressed
    outcome: Literal["heard", "left", "returned", "none"] = "none"
    left_during: str | None = None  # the last evidence only; the function below names the moment itself


def left_during(story: Story, moments: Sequence[str]) -> str | None:
    """The moment the caller was hearing when they hung up, of the moments of the farewell's latest part.

    It is the first one without proof. None where nobody hung up during a farewell.
    """
    if story.outcome != "left" or not moments:
        return None
    proven = {moment for part, moment in story.spoken if part == story.parts}
    return next((moment for moment in moments if moment not in proven), moments[-1])

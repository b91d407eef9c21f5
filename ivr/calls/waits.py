"""Queue + holds + earlier calls → the wait, and how severe it was."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from ivr.calls.spells import LOST
from ivr.calls.story import Story

ANSWERED_WITHIN = 60
"""Seconds: a call that ended so soon after its answer was cut off, and its wait was for nothing."""

A_LINE = 5
"""More calls than this in one day from one number: a switchboard, not a person."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Severities:
    """Seconds from which a wait is slight, long, very long and extreme."""

    slight: int = 60
    long: int = 180
    very_long: int = 300
    extreme: int = 900

    def of(self, seconds: int | None) -> str:
        if seconds is None:
            return "unknown"
        if seconds < self.slight:
            return "none"
        if seconds < self.long:
            return "slight"
        if seconds < self.very_long:
            return "long"
        return "very_long" if seconds < self.extreme else "extreme"


@dataclass(frozen=True, slots=True)
class Wait:
    """All waiting of one call, weighed. Whole seconds, always rounded down."""

    seconds: int | None  # queue + hold + earlier; None when unknown, and then the others are 0
    queue: int
    hold: int
    earlier: int
    severity: str
    mostly: str | None  # queue, hold or earlier
    calls_today: int | None  # this one and the caller's earlier ones; None when nobody is known
    told: int | None  # seconds announced, only where this call's wait stayed within them

    @property
    def here(self) -> int:
        """The wait of this call alone: the only one that may be spoken as a figure."""
        return self.queue + self.hold


def waited(story: Story) -> tuple[int, int] | None:
    """Seconds in the queue and on hold on one call; None when that is not known."""
    if not story.wait_known:
        return None
    queue = hold = timedelta(0)
    for spell in story.spells:
        if spell.kind == "queue":
            queue += spell.length
        else:
            hold += spell.length
    held = hold // _SECOND
    if not hold and story.held_seconds is not None and story.held_seconds > 0:
        if story.held_seconds > LOST.total_seconds():
            return None
        held = story.held_seconds
    return queue // _SECOND, held


def in_vain(story: Story, answered_within: int = ANSWERED_WITHIN) -> int:
    """Seconds this call adds to the wait of a later one: its own wait, when it came to nothing."""
    if story.ended is None:
        return 0
    if story.answered is not None and story.ended - story.answered > timedelta(seconds=answered_within):
        return 0
    known = waited(story)
    return 0 if known is None else sum(known)


def sum_up(story: Story, severities: Severities, *, earlier: int = 0, calls_today: int | None = None) -> Wait:
    """The wait of one call, given what earlier calls add to it (seconds)."""
    known = waited(story)
    if known is None:
        return Wait(None, 0, 0, 0, severities.of(None), None, calls_today, None)
    queue, hold = known
    seconds = queue + hold + earlier
    most = max(queue, hold, earlier)
    mostly = None if most == 0 else "queue" if most == queue else "hold" if most == hold else "earlier"
    told = story.told if story.told is not None and queue + hold <= story.told else None
    return Wait(seconds, queue, hold, earlier, severities.of(seconds), mostly, calls_today, told)


def weigh(
    story: Story,
    severities: Severities,
    *,
    earlier: Sequence[Story] = (),
    same_person: bool = False,
    zone: tzinfo | None,
    answered_within: int = ANSWERED_WITHIN,
) -> Wait:
    """The wait of a call, with what the same caller's earlier calls of the day add to it.

    `earlier` are stories of that caller's calls, in any order; those of another day or that came later
    are passed over. They count only for a verified customer, or for a number whose caller the agent
    confirmed (`same_person`) and which is no line. Dates are those of `zone`; None means each call's own
    offset, as in a call log.
    """
    if story.caller is None or story.arrived is None:
        return sum_up(story, severities)
    today = _of_that_day(story, story.arrived, earlier, zone)
    confirmed = (same_person or story.same_person) and not _is_a_line(story, today)
    if story.verified or confirmed:
        if story.outbound:
            return sum_up(story, severities)
        in_time = [other for other in today if other.ended is not None and other.ended < story.arrived]
        lost = sum(in_vain(other, answered_within) for other in in_time)
        return sum_up(story, severities, earlier=lost, calls_today=1 + len(today))
    # A number is not a person: of its earlier calls nothing is known, unless there were none.
    return sum_up(story, severities, calls_today=None if today or story.outbound else 1)


def _of_that_day(
    story: Story, arrived: datetime, others: Iterable[Story], zone: tzinfo | None
) -> list[Story]:
    """The caller's own calls, each once, that arrived earlier on the same date."""
    today = _date(arrived, zone)
    found: dict[str, Story] = {}
    for other in others:
        if other.call == story.call or other.outbound or other.arrived is None:
            continue
        if other.arrived <= arrived and _date(other.arrived, zone) == today:
            found[other.call] = other
    return list(found.values())


def _is_a_line(story: Story, today: Sequence[Story]) -> bool:
    if len(today) + 1 > A_LINE:
        return True
    last: datetime | None = None
    times = [
        (call.arrived, call.ended or call.last_news or call.arrived)
        for call in (*today, story)
        if call.arrived
    ]
    for arrived, ended in sorted(times):
        if last is not None and last > arrived:
            return True
        last = ended if last is None else max(last, ended)
    return False


def _date(at: datetime, zone: tzinfo | None) -> date:
    if zone is None:
        return at.date()
    try:
        return at.astimezone(zone).date()
    except OverflowError:
        return at.date()


_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP = re.compile(r"sips?:([^@;?>\s]+)@(\[[0-9a-f:.]+\]|[^:;?>\s]+)", re.IGNORECASE)
_CLIENT = re.compile(r"client:(\S+)", re.IGNORECASE)
_WITHHELD = frozenset(
    {"+266696687", "+7378742833", "+86282452253", "+2562533", "+8656696"}
)  # ANONYMOUS, RESTRICTED, UNAVAILABLE, BLOCKED, UNKNOWN, dialled on a telephone's letters
_WORDS = frozenset({"anonymous", "restricted", "unavailable", "blocked", "unknown", "private", "withheld"})


def callers_key(address: str) -> str | None:
    """What tells one caller from another, in one spelling; None for an address that tells nobody.

    E.164 numbers and `sip:` and `client:` addresses are keys. A withheld number is none, whether it comes
    as a word or as that word's digits.
    """
    address = address.strip()
    if _E164.fullmatch(address):
        return None if address in _WITHHELD else address
    if (sip := _SIP.match(address)) is not None:
        user, host = sip.group(1), sip.group(2).lower()
        return None if _tells_nobody(user) else f"sip:{user}@{host}"
    if (client := _CLIENT.fullmatch(address)) is not None:
        return None if _tells_nobody(client.group(1)) else f"client:{client.group(1)}"
    return None


def _tells_nobody(user: str) -> bool:
    return user.lower() in _WORDS or user in _WITHHELD or f"+{user}" in _WITHHELD

"""Events in any order → one story of the call.

The law of this file:

- Of events with one (call, kind, key) the earliest counts; the rest are told in order of (at, kind, key).
- A spell that cannot be measured is not guessed: the wait is then not known. Spells never overlap.
- In doubt the shorter wait is told: an apology too small is awkward, one too large is a lie.
- What fits nowhere is a loose end, counted, never an error.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

from ivr.calls.events import RANK, Event
from ivr.calls.spells import LOST, Spell, union
from ivr.calls.story import Story
from ivr.calls.teller import ACTS, Teller


def tell(events: Iterable[Event], *, begun: int = 0) -> Story:
    """The story of one call, whatever the order and however often each event is given.

    `begun` is how many parts of a farewell were composed: with it the caller is known to be in the
    farewell before its first moment is proven. Of the events of several calls, those of the call with
    the most are told, and the others are loose ends. Never raises; nothing gives the story of call "".
    """
    told, foreign = _in_order(events)
    if not told:
        return Story(call="")
    teller = Teller(begun, foreign)
    for event in told:
        act = ACTS.get(event.kind)
        if act is None:
            teller.loose += 1
        else:
            act(teller, event)
    return _story(teller, told[0], told[-1])


def _in_order(events: Iterable[Event]) -> tuple[list[Event], int]:
    """The events of one call in the order they are told, and how many belong to other calls."""
    kept: dict[tuple[str, str, str], Event] = {}
    for event in events:
        if type(event.at.tzinfo) is not timezone:
            # Python compares two times of one named zone by the wall, which is wrong twice a year.
            event = replace(event, at=_fixed(event.at))
        first = kept.setdefault((event.call, event.kind, event.key), event)
        if first is not event and _precedes(event, first):
            kept[event.call, event.kind, event.key] = event
    told = list(kept.values())
    foreign = 0
    if len({event.call for event in told}) > 1:
        counts = Counter(event.call for event in told)
        ours = min(counts, key=lambda call: (-counts[call], call))
        foreign = len(told) - counts[ours]
        told = [event for event in told if event.call == ours]
    told.sort(key=lambda event: (event.at, RANK.get(event.kind, len(RANK)), event.key))
    return told, foreign


def _precedes(event: Event, first: Event) -> bool:
    """Whether `event` counts in place of `first`, which has the same identity."""
    if event.at != first.at:
        return event.at < first.at
    return repr(event) < repr(first)


def _fixed(at: datetime) -> datetime:
    try:
        return at.replace(tzinfo=UTC) if at.utcoffset() is None else at.astimezone(UTC)
    except OverflowError:
        return at.replace(tzinfo=UTC)


def _story(teller: Teller, first: Event, last: Event) -> Story:
    """What it all amounts to."""
    on_hold = teller.holds.open and teller.end is None
    if teller.end is not None:
        teller.loose += not teller.holds.close(teller.end)
    else:
        teller.holds.so_far()
    spells, wait_known = _spells(teller)
    ended = teller.end.at if teller.end is not None else teller.hung_up
    wrapup = teller.wrapup
    arrived = teller.arrival or first.at
    if teller.begun > teller.backs and teller.where != "returning" and not _waiting_again(teller):
        teller.where = "farewell"
    answers = [at for stay in teller.stays if (at := stay.answered(arrived)) is not None]
    outcome = _outcome(teller, ended is not None)
    return Story(
        call=first.call,
        caller=teller.caller,
        verified=teller.verified,
        called=teller.called,
        outbound=teller.outbound,
        locale=teller.locale,
        arrived=arrived,
        queue=teller.queue,
        stays=teller.sent_to_wait,
        room=teller.room,
        room_name=teller.room_name,
        in_room=teller.in_room and ended is None,
        on_hold=on_hold,
        passed_on=teller.passed_on,
        task=teller.task,
        workspace=teller.workspace,
        assigned=teller.was_assigned,
        answered=min(answers, default=None),
        agent=teller.agent,
        ended=ended,
        ended_by=_ended_by(teller, ended is not None),
        spells=spells,
        wait_known=wait_known,
        held_seconds=wrapup.held_seconds if wrapup is not None else None,
        wrapups=teller.wrapups,
        apologised=teller.apologised,
        same_person=wrapup is not None and wrapup.same_person,
        wrapup_key=wrapup.key if wrapup is not None else None,
        spoken=tuple(teller.spoken),
        told=teller.told,
        pressed=tuple(teller.keys),
        call_back=teller.call_back,
        returns=teller.returns,
        released=teller.released,
        heard=teller.was_heard,
        parts=max(1 + teller.continued, teller.part, teller.begun),
        last_news=last.at,
        loose_ends=teller.loose,
        caller_is="gone" if ended is not None else teller.where,
        agent_is=_agent_is(teller, ended is not None),
        moment=teller.moment,
        outcome=outcome,
        left_during=teller.moment if outcome == "left" else None,
    )


def _waiting_again(teller: Teller) -> bool:
    return teller.where == "waiting" and bool(teller.stays) and teller.stays[-1].late


def _spells(teller: Teller) -> tuple[tuple[Spell, ...], bool]:
    """The union of all waiting, and whether that is all of it."""
    known = True
    spans: list[tuple[datetime, str, timedelta]] = []
    adrift: list[Spell] = []
    for start, end in teller.holds.ended:
        if end - start > LOST:
            known = False
        else:
            spans.append((start, "hold", end - start))
    if not teller.outbound:  # we rang them: a queue is not what they waited in
        if teller.talked and not teller.stays:
            known = False
        for stay in teller.stays:
            if teller.end is not None and stay.open and not stay.talked:
                stay.ends.setdefault(teller.end.clock, teller.end.at)
            length = stay.length()
            if length is None or length > LOST:
                known = False
                continue
            begun = stay.start()
            if begun is not None:
                spans.append((begun, "queue", length))
            elif length:
                adrift.append(Spell("queue", length))
    return (*adrift, *union(spans)), known


def _outcome(teller: Teller, ended: bool) -> Literal["heard", "left", "returned", "none"]:
    if teller.back and teller.begun <= teller.backs:
        return "returned"  # and no further part of the farewell was begun since
    if teller.was_heard:
        return "heard"
    # A wrap-up alone is no farewell: the caller may have gone before a word of it.
    if ended and (teller.saying or teller.begun > 0):
        return "left"
    return "none"


def _ended_by(teller: Teller, ended: bool) -> str | None:
    if not ended:
        return None
    if teller.was_heard:
        return "line"
    return (teller.end.by if teller.end is not None else None) or "caller"


def _agent_is(teller: Teller, ended: bool) -> Literal["talking", "waiting", "released", "gone"]:
    if teller.released:
        return "released"
    if ended or teller.agent_gone or not teller.talked or teller.where == "waiting":
        return "gone"
    return "talking" if teller.where == "talking" else "waiting"

"""Events in any order → one story of the call.

The law of this file:

- Of events with one (call, kind, key) the earliest counts; the rest are told in order of (at, kind, key).
- A spell that cannot be measured is not guessed: the wait is then not known. Spells never overlap.
- In doubt the shorter wait is told: an apology too small is awkward, one too large is a lie.
- What fits nowhere is a loose end, counted, never an error.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal

from ivr.calls import events as happened
from ivr.calls.events import LOOKED_UP, RANK, Event
from ivr.calls.spells import ANSWERED_RESULTS, BEST, LOST, QUEUE_TIME, RECKONED, Holds, Stay, union
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


def tell(events: Iterable[Event], *, begun: int = 0) -> Story:
    """The story of one call, whatever the order and however often each event is given.

    `begun` is how many parts of a farewell were composed: with it the caller is known to be in the
    farewell before its first moment is proven. Of the events of several calls, those of the call with
    the most are told, and the others are loose ends. Never raises; nothing gives the story of call "".
    """
    told, foreign = _in_order(events)
    if not told:
        return Story(call="")
    teller = _Teller(begun, foreign)
    for event in told:
        act = _ACTS.get(event.kind)
        if act is None:
            teller.loose += 1
        else:
            act(teller, event)
    return teller.story(told[0], told[-1])


def left_during(story: Story, moments: Sequence[str]) -> str | None:
    """The moment the caller was hearing when they hung up, of the moments of the farewell's latest part.

    It is the first one without proof. None where nobody hung up during a farewell.
    """
    if story.outcome != "left" or not moments:
        return None
    proven = {moment for part, moment in story.spoken if part == story.parts}
    return next((moment for moment in moments if moment not in proven), moments[-1])


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


class _Teller:
    """Hears the events one by one, in order, and tells the story at the end."""

    def __init__(self, begun: int, loose: int) -> None:
        self.begun = begun
        self.loose = loose
        self.arrival: datetime | None = None
        self.caller: str | None = None
        self.verified = self.outbound = False
        self.called: str | None = None
        self.locale: str | None = None
        self.queue: str | None = None
        self.sent_to_wait = 0
        self.agent: str | None = None
        self.stays: list[Stay] = []
        self.requeued: happened.Queued | None = None  # while the agent who passes them on is still there
        self.passed_on = False
        self.room: str | None = None
        self.room_name: str | None = None
        self.in_room, self.room_news = False, 0
        self.task: str | None = None
        self.workspace: str | None = None
        self.was_assigned = False
        self.holds = Holds()
        self.talked = False
        self.wrapup: happened.WrappedUp | None = None
        self.wrapups = 0
        self.apologised = False
        self.spoken: dict[tuple[int, str], None] = {}
        self.told: int | None = None
        self.keys: list[tuple[int, str, str]] = []
        self.call_back = False
        self.saying = False  # something of a farewell was heard
        self.part = 1  # the highest that anything heard belongs to
        self.returns = 0
        self.backs = 0  # returns, and answers after a caller queued again out of the farewell
        self.continued = 0  # how many of these a wrap-up followed
        self.back = False  # with an agent again, and nothing of a farewell since
        self.released = self.agent_gone = self.was_heard = False
        self.moment: str | None = None
        self.end: happened.Ended | None = None
        self.hung_up: datetime | None = None
        self.where: Literal["waiting", "talking", "farewell", "returning"] = "waiting"

    # One method per kind of event

    def arrived(self, event: happened.Arrived) -> None:
        if self.arrival is None:
            self.arrival = event.at
        self.caller = self.caller or event.caller
        if event.verified and event.caller and event.caller == self.caller:
            self.verified = True
        self.called = self.called or event.called
        self.locale = self.locale or event.locale
        self.outbound = self.outbound or event.outbound

    def queued(self, event: happened.Queued) -> None:
        self.queue = event.queue or self.queue
        self._of_a_task(event)
        if event.stay == 0:
            self._queued_task(event)
            return
        stay = self._stay(event.stay) or self._uncounted()
        if stay is not None:
            stay.number = event.stay
        if stay is not None and event.clock not in stay.starts:
            if not stay.starts:
                self.sent_to_wait += 1
            stay.starts[event.clock] = event.at  # a second witness of the same stay
            return
        if stay is not None and stay.open and not stay.talked:
            self.loose += 1
            return
        if self.stays and self.stays[-1].open and not self.stays[-1].talked:
            self.stays[-1].ends.setdefault(event.clock, event.at)
        self.loose += not self.holds.close(event)
        stay = Stay(event.stay, late=self.saying)
        stay.starts[event.clock] = event.at
        self.stays.append(stay)
        self.sent_to_wait += 1
        self.where = "waiting"

    def _uncounted(self) -> Stay | None:
        """The stay TaskRouter told of first, whose number is only known now."""
        latest = self.stays[-1] if self.stays else None
        if latest is None or latest.number != 0 or latest.requeued or not latest.tasked:
            return None
        return latest

    def _queued_task(self, event: happened.Queued) -> None:
        """TaskRouter tells that the task entered a queue: our own stay seen a second time, or a queue they
        were passed on to. That is waiting only once the agent who passes them on has gone."""
        latest = self.stays[-1] if self.stays else None
        if latest is not None and latest.answer is None and not latest.tasked:
            latest.starts.setdefault(event.clock, event.at)
            latest.tasked = True
        elif self.talked and self.agent is not None and not (self.released or self.agent_gone):
            self.requeued = event
        else:
            self._wait_again(event, event)

    def _wait_again(self, event: Event, since: Event) -> None:
        """The task waits for another agent. Holds go on: the caller hears the music of one meanwhile."""
        self.requeued = None
        stay = Stay(0, late=self.saying)
        stay.tasked, stay.requeued = True, bool(self.stays)
        stay.starts[event.clock] = max(event.at, since.at)
        self.stays.append(stay)
        self.sent_to_wait += 1
        if self.where != "farewell":
            self.where = "waiting"

    def left_queue(self, event: happened.LeftQueue) -> None:
        if event.stay == 0:
            self._left_task(event)
            return
        stay = self._stay(event.stay)
        if stay is not None and stay.left is not None:
            stay.take(event.waited, QUEUE_TIME)
            self.loose += 1
            return
        if stay is None and self.stays and self.stays[-1].number == 0 and self.stays[-1].left is None:
            stay = self.stays[-1]  # its queueing was lost, its answer was not
            stay.number = event.stay
        if stay is None:
            stay = Stay(event.stay, late=self.saying)
            self.stays.append(stay)
        stay.left = event
        if not stay.take(event.waited, QUEUE_TIME):
            self.loose += 1
        if event.result in ANSWERED_RESULTS:
            stay.bridged = True
            self.call_back = False
            self.holds.mark(event)
            self.talked = stay.talked = True
            if stay is self.stays[-1]:
                self._talk()
                if event.result == "bridged":  # the agent hung up
                    self.agent_gone = True
                    self.where = "farewell"
            return
        stay.ends.setdefault(event.clock, event.at)
        stay.failed = True
        if event.result == "hangup":
            self.hung_up = event.at
        elif event.result == "leave" and stay is self.stays[-1]:  # nobody is to come any more
            self.agent_gone = True
            self.where = "farewell"
        elif self.where == "talking" and stay is self.stays[-1]:
            self.where = "waiting"

    def _left_task(self, event: happened.LeftQueue) -> None:
        """TaskRouter tells that the caller gave up: news only where the queue itself has not said so."""
        stay = self.stays[-1] if self.stays else None
        if stay is not None and stay.open and not stay.talked:
            stay.ends.setdefault(event.clock, event.at)
            stay.failed = True
            self.hung_up = event.at

    def answered(self, event: happened.Answered) -> None:
        self.passed_on = False
        self._of_a_task(event)
        if event.source == "taskrouter" and self.agent not in (None, event.agent):
            event = replace(event, waited=None)  # the task's age: of all its queues, and the talks between
        self.call_back = False
        stay = self.stays[-1] if self.stays else None
        if stay is None or stay.failed:
            stay = Stay(0)
            self.stays.append(stay)
        elif stay.answer is not None and self._is_another(event, stay.answer):
            self.agent = event.agent or self.agent
            self.released, self.requeued = False, None
            if event.waited is None:
                return  # another agent joined them: nobody waited for that
            stay = Stay(0)
            self.stays.append(stay)
        self.agent = event.agent or self.agent
        rank = RECKONED if event.source == "taskrouter" else BEST
        if not stay.take(event.waited, rank):
            self.loose += 1
        stay.ends.setdefault(event.clock, event.at)
        if stay.answer is None:
            stay.answer = event
            self.released = False
            self.agent_gone = stay.left is not None and stay.left.result == "bridged"
            if stay.late:
                self.backs += 1
                self.back = True
                self.was_heard = False
                self.moment = None
            self._talk()
            if not self.agent_gone:
                self.where = "talking"

    def connected(self, event: happened.Assigned) -> None:
        self._of_a_task(event)
        self.was_assigned = True

    def _of_a_task(self, event: happened.Queued | happened.Answered | happened.Assigned) -> None:
        self.task = event.task or self.task
        self.workspace = event.workspace or self.workspace

    def joined(self, event: happened.Joined) -> None:
        if event.room != self.room or event.sequence >= self.room_news:
            self.room, self.room_news, self.in_room = event.room, event.sequence, True
            self.room_name = event.name or self.room_name
        self._talk()

    def parted(self, event: happened.Parted) -> None:
        if event.room == self.room and event.sequence >= self.room_news:
            self.room_news, self.in_room = event.sequence, False

    def held_on(self, event: happened.Held) -> None:
        self.loose += not self.holds.begin(event)
        self._talk()

    def resumed(self, event: happened.Resumed) -> None:
        self.loose += not self.holds.resume(event)

    def transferred(self, event: happened.Transferred) -> None:
        if not self.talked:
            self.loose += 1
        self.passed_on = True
        self._talk()

    def wrapped_up(self, event: happened.WrappedUp) -> None:
        self.wrapup = event
        self.wrapups += 1
        self.apologised = self.apologised or event.apologised
        self.holds.mark(event)
        self.continued = self.backs
        self.back = False
        self._talk()

    def spoke(self, event: happened.Spoke) -> None:
        if event.told is not None and event.told > 0:
            self.told = event.told if self.told is None else min(self.told, event.told)
        if event.moment in BEFORE_THE_FAREWELL:
            self.loose += event.moment == "" and event.told is None
            return
        self._say(event.part)
        self.moment = event.moment
        self.spoken[event.part, event.moment] = None
        if event.moment == "goodbye":
            self.was_heard = True

    def pressed(self, event: happened.Pressed) -> None:
        self.keys.append((event.part, event.moment, event.digit))
        if event.moment in BEFORE_THE_FAREWELL:
            self.call_back = self.call_back or event.moment == CALL_BACK
            return
        self._say(event.part)
        self.moment = event.moment
        if event.digit == "0" and not (self.agent_gone or self.released):
            self.where = "returning"

    def returned(self, event: happened.Returned) -> None:
        if self.back:
            self.loose += 1
            return
        self._say(event.part)
        self.returns += 1
        self.backs += 1
        self.back = True
        self.was_heard = self.released = self.agent_gone = False
        self.moment = None
        self.where = "talking"

    def let_go(self, event: happened.Released) -> None:
        if event.agent is not None and self.agent not in (None, event.agent):
            return  # an agent who had passed the caller on
        self.loose += self.released
        self.released = True
        if self.where == "returning":
            self.where = "farewell"
        if self.requeued is not None:
            self._wait_again(self.requeued, event)

    def heard(self, event: happened.Heard) -> None:
        self._say(event.part)
        self.was_heard = True

    def ended(self, event: happened.Ended) -> None:
        if self.end is None:
            self.end = event
        elif LOOKED_UP not in (event.key, self.end.key):
            self.loose += 1

    # What several kinds share

    def _stay(self, number: int) -> Stay | None:
        for stay in reversed(self.stays):
            if stay.number == number:
                return stay
        return None

    @staticmethod
    def _is_another(event: happened.Answered, first: happened.Answered) -> bool:
        """Two agents, rather than one answer with two witnesses."""
        known = event.agent is not None and first.agent is not None
        return known and event.agent != first.agent and event.source == first.source

    def _talk(self) -> None:
        self.talked = True
        if self.stays:
            self.stays[-1].talked = True
        if self.where == "waiting":
            self.where = "talking"

    def _say(self, part: int) -> None:
        """Something of a farewell was heard: whoever held the caller no longer does."""
        self._talk()
        self.loose += not self.holds.close()
        self.saying = True
        self.part = max(self.part, part)
        self.back = False
        self.where = "farewell"

    # The end

    def story(self, first: Event, last: Event) -> Story:
        on_hold = self.holds.open and self.end is None
        if self.end is not None:
            self.loose += not self.holds.close(self.end)
        else:
            self.holds.so_far()
        spells, wait_known = self._spells()
        ended = self.end.at if self.end is not None else self.hung_up
        wrapup = self.wrapup
        arrived = self.arrival or first.at
        if self.begun > self.backs and self.where != "returning" and not self._waiting_again():
            self.where = "farewell"
        answers = [at for stay in self.stays if (at := stay.answered(arrived)) is not None]
        outcome = self._outcome(ended is not None)
        return Story(
            call=first.call,
            caller=self.caller,
            verified=self.verified,
            called=self.called,
            outbound=self.outbound,
            locale=self.locale,
            arrived=arrived,
            queue=self.queue,
            stays=self.sent_to_wait,
            room=self.room,
            room_name=self.room_name,
            in_room=self.in_room and ended is None,
            on_hold=on_hold,
            passed_on=self.passed_on,
            task=self.task,
            workspace=self.workspace,
            assigned=self.was_assigned,
            answered=min(answers, default=None),
            agent=self.agent,
            ended=ended,
            ended_by=self._ended_by(ended is not None),
            spells=spells,
            wait_known=wait_known,
            held_seconds=wrapup.held_seconds if wrapup is not None else None,
            wrapups=self.wrapups,
            apologised=self.apologised,
            same_person=wrapup is not None and wrapup.same_person,
            wrapup_key=wrapup.key if wrapup is not None else None,
            spoken=tuple(self.spoken),
            told=self.told,
            pressed=tuple(self.keys),
            call_back=self.call_back,
            returns=self.returns,
            released=self.released,
            heard=self.was_heard,
            parts=max(1 + self.continued, self.part, self.begun),
            last_news=last.at,
            loose_ends=self.loose,
            caller_is="gone" if ended is not None else self.where,
            agent_is=self._agent_is(ended is not None),
            moment=self.moment,
            outcome=outcome,
            left_during=self.moment if outcome == "left" else None,
        )

    def _waiting_again(self) -> bool:
        return self.where == "waiting" and bool(self.stays) and self.stays[-1].late

    def _spells(self) -> tuple[tuple[Spell, ...], bool]:
        """The union of all waiting, and whether that is all of it."""
        known = True
        spans: list[tuple[datetime, str, timedelta]] = []
        adrift: list[Spell] = []
        for start, end in self.holds.ended:
            if end - start > LOST:
                known = False
            else:
                spans.append((start, "hold", end - start))
        if not self.outbound:  # we rang them: a queue is not what they waited in
            if self.talked and not self.stays:
                known = False
            for stay in self.stays:
                if self.end is not None and stay.open and not stay.talked:
                    stay.ends.setdefault(self.end.clock, self.end.at)
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

    def _outcome(self, ended: bool) -> Literal["heard", "left", "returned", "none"]:
        if self.back and self.begun <= self.backs:
            return "returned"  # and no further part of the farewell was begun since
        if self.was_heard:
            return "heard"
        # A wrap-up alone is no farewell: the caller may have gone before a word of it.
        if ended and (self.saying or self.begun > 0):
            return "left"
        return "none"

    def _ended_by(self, ended: bool) -> str | None:
        if not ended:
            return None
        if self.was_heard:
            return "line"
        return (self.end.by if self.end is not None else None) or "caller"

    def _agent_is(self, ended: bool) -> Literal["talking", "waiting", "released", "gone"]:
        if self.released:
            return "released"
        if ended or self.agent_gone or not self.talked or self.where == "waiting":
            return "gone"
        return "talking" if self.where == "talking" else "waiting"


_ACTS: dict[str, Callable[[_Teller, Any], None]] = {
    "arrived": _Teller.arrived,
    "queued": _Teller.queued,
    "left_queue": _Teller.left_queue,
    "answered": _Teller.answered,
    "assigned": _Teller.connected,
    "joined": _Teller.joined,
    "parted": _Teller.parted,
    "held": _Teller.held_on,
    "resumed": _Teller.resumed,
    "transferred": _Teller.transferred,
    "wrapped_up": _Teller.wrapped_up,
    "spoke": _Teller.spoke,
    "pressed": _Teller.pressed,
    "returned": _Teller.returned,
    "released": _Teller.let_go,
    "heard": _Teller.heard,
    "ended": _Teller.ended,
}

"""What each event adds to a story: the events of one call are heard one by one, in order."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal

from ivr.calls import events as happened
from ivr.calls.events import LOOKED_UP, Event
from ivr.calls.spells import ANSWERED_RESULTS, BEST, QUEUE_TIME, RECKONED, Holds, Stay
from ivr.calls.story import BEFORE_THE_FAREWELL, CALL_BACK


class Teller:
    """Hears the events one by one, and keeps what they amount to so far."""

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


ACTS: dict[str, Callable[[Teller, Any], None]] = {
    "arrived": Teller.arrived,
    "queued": Teller.queued,
    "left_queue": Teller.left_queue,
    "answered": Teller.answered,
    "assigned": Teller.connected,
    "joined": Teller.joined,
    "parted": Teller.parted,
    "held": Teller.held_on,
    "resumed": Teller.resumed,
    "transferred": Teller.transferred,
    "wrapped_up": Teller.wrapped_up,
    "spoke": Teller.spoke,
    "pressed": Teller.pressed,
    "returned": Teller.returned,
    "released": Teller.let_go,
    "heard": Teller.heard,
    "ended": Teller.ended,
}
"""What is done with each kind of event."""

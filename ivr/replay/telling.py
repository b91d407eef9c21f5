"""One book telling the calls of a log, one after another in order of arrival."""

from dataclasses import dataclass, replace

from ivr.book.book import Book, Queue
from ivr.calls.log import CallLog, Row
from ivr.calls.story import Story
from ivr.calls.telling import tell
from ivr.calls.waits import Wait, in_vain, sum_up
from ivr.calls.wrapup import TONES, Wrapup
from ivr.farewell.composer import Means, compose
from ivr.farewell.moments import Farewell
from ivr.replay.callers import Caller, Callers


@dataclass(frozen=True, slots=True)
class Told:
    """What one book makes of one call."""

    story: Story
    wait: Wait
    locale: str
    farewell: Farewell | None  # None where nobody answered, or the queue's farewells are off
    repeat: bool  # the caller had heard its goodbye in their last ten calls

    @property
    def goodbye(self) -> str | None:
        """Its goodbye's words, as they are remembered."""
        return _goodbye(self.farewell)


class Telling:
    """A book at work on a log, with its own memory of the callers."""

    def __init__(self, book: Book, log: CallLog) -> None:
        self._book = book
        self._callers = Callers(log)
        self._queues: dict[str, Queue] = {}

    def tell(self, row: Row, story: Story) -> Told:
        """What this caller would have heard. Rows come in order of arrival, each once."""
        book = self._book
        queue = self._queues.get(row.queue) or self._queues.setdefault(
            row.queue, book.rules.queue(row.queue or None)
        )
        locale = book.locale(row.locale or queue.locale)
        arrived = story.arrived
        assert arrived is not None
        caller = self._callers.known(row, arrived)
        wait = sum_up(story, book.rules.severities, earlier=caller.lost, calls_today=caller.calls_today)
        farewell = self._farewell(row, story, wait, queue, locale, caller)
        goodbye = _goodbye(farewell)
        event = farewell.event if farewell is not None else None
        self._callers.told(caller, row, story, in_vain(story, book.rules.answered_within), goodbye, event)
        return Told(story, wait, locale, farewell, goodbye is not None and goodbye in caller.heard)

    def _farewell(
        self, row: Row, story: Story, wait: Wait, queue: Queue, locale: str, caller: Caller
    ) -> Farewell | None:
        if story.answered is None or queue.farewell != "on":
            return None
        wrapup = Wrapup(
            name=row.name or None,
            tone=row.tone if row.tone in TONES else "plain",
            agent=row.agent or None,
            held_seconds=story.held_seconds,
        )
        return compose(
            story,
            wait,
            wrapup,
            self._book,
            now=story.ended or story.answered,
            means=Means(way=queue.way, front_of_queue=bool(row.caller)),
            locale=locale,
            heard_before={"goodbye": caller.heard},
            first_time=False if caller.came_before else None,  # what came before the log, nobody knows
            announced=caller.announced,
        )


def story_of(row: Row) -> Story:
    """A row of a log as a story: the same for every book."""
    story = tell(row.events())
    if row.held or story.queue != (row.queue or None):
        # A row may name the queue of a call that was never queued: its rules hold all the same.
        story = replace(story, queue=row.queue or None, held_seconds=row.held or None)
    return story


def _goodbye(farewell: Farewell | None) -> str | None:
    moment = farewell.moment("goodbye") if farewell is not None else None
    return moment.lines[-1].variant if moment is not None and moment.lines else None

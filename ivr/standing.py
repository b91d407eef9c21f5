"""Where one call stands: what happened, what was noted, what was said; read in one go, and told to programs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ivr.book.book import Book, Queue
from ivr.calls.events import LeftQueue, Pressed, Queued, Returned, Spoke
from ivr.calls.rooms import Room
from ivr.calls.story import Story
from ivr.calls.waits import Wait
from ivr.calls.wrapup import Wrapup
from ivr.farewell import course
from ivr.farewell.moments import Farewell, page_of
from ivr.store.ledger import Record

LISTENED = 15.0
"""Seconds after a moment's words: for a key, and for the documents on either side of it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one call stands: everything we know of it, read in one go."""

    record: Record
    story: Story
    wrapup: Wrapup
    book: Book
    queue: Queue
    locale: str
    room: Room | None = (
        None  # the conference they are, or were, in; none where it is ours or nobody told of it
    )

    @property
    def latest(self) -> Farewell | None:
        """The part of the farewell that was begun last."""
        return self.record.farewells[-1] if self.record.farewells else None

    def proven(self, farewell: Farewell) -> set[str]:
        """The moments of a part that were heard."""
        return {moment for part, moment in self.story.spoken if part == farewell.part}

    def returned(self, part: int) -> bool:
        """Whether the caller was brought back to the agent out of this part."""
        return any(isinstance(event, Returned) and event.part == part for event in self.record.events)

    @property
    def moves(self) -> int:
        """How often the caller went from the front of a queue on into the queue: a stay of its own, and no
        waiting again."""
        sent = {(event.stay, event.at) for event in self.record.events if isinstance(event, Queued)}
        left = [event for event in self.record.events if isinstance(event, LeftQueue)]
        return sum(event.result == "leave" and (event.stay + 1, event.at) in sent for event in left)

    def queued_since(self, part: int) -> bool:
        """Whether the caller was sent to wait again since this part was first heard."""
        events = self.record.events
        heard = [event.at for event in events if isinstance(event, Spoke | Pressed) and event.part == part]
        return (
            any(isinstance(event, Queued) and event.at > min(heard) for event in events) if heard else False
        )

    @property
    def in_conference(self) -> bool:
        """Whether an agent of Flex or TaskRouter has them: in a room that is not ours, though we may not know
        which one yet."""
        return self.story.room is not None or self.story.task is not None

    @property
    def agents(self) -> tuple[str, ...]:
        """The legs of those who are in that room besides the caller."""
        return self.room.others(self.story.call) if self.room is not None else ()

    @property
    def agent_there(self) -> bool:
        """Whether an agent is still there for the caller to be brought back to."""
        if self.room is not None:
            return bool(self.agents)
        return self.story.agent is not None and self.story.agent_is in ("talking", "waiting")

    @property
    def agent_is(self) -> str:
        """talking, waiting, released or gone."""
        if self.room is None or not self.agents:
            return self.story.agent_is if self.room is None else "gone"
        return "talking" if self.story.in_room else "waiting"

    @property
    def steps_told(self) -> bool:
        """Whether the queue lets its agents go after the steps, and these were heard."""
        if self.queue.release != "after_steps" or self.latest is None:
            return False
        steps = {moment.name for moment in self.latest.moments if page_of(moment.name) == "next_steps"}
        return bool(steps) and steps <= self.proven(self.latest)

    @property
    def hearing(self) -> str | None:
        """The moment the caller is in: the first of the latest part without proof."""
        if self.latest is None or self.story.caller_is != "farewell":
            return None
        return course.next_after(self.latest, self.proven(self.latest))

    @property
    def hearing_lasts(self) -> timedelta:
        """How long the moment the caller is in can take, at the slowest it is ever said and with what is listened
        for after it: so long, no news is none."""
        moment = self.latest.moment(self.hearing) if self.latest is not None and self.hearing else None
        if moment is None:
            return timedelta(0)
        return timedelta(seconds=moment.seconds * 100 / course.SLOWEST + LISTENED)


def story_json(story: Story, wait: Wait) -> dict[str, Any]:
    """What the API and a rehearsal tell of a story."""
    return {
        "wait": {"seconds": wait.seconds, "queue": wait.queue, "hold": wait.hold, "earlier": wait.earlier},
        "severity": wait.severity,
        "calls_today": wait.calls_today,
        "loose_ends": story.loose_ends,
    }


def lines_json(farewell: Farewell) -> list[dict[str, Any]]:
    """Every line of a farewell, as the API shows it."""
    lines = []
    for moment in farewell.moments:
        for line in moment.lines:
            told: dict[str, Any] = {
                "moment": moment.name,
                "farewell": farewell.part,
                "entry": line.entry,
                "variant": line.variant,
                "text": line.text,
                "seconds": round(line.seconds, 1),
            }
            if line.step is not None:
                told["step"] = line.step
            lines.append(told)
    return lines

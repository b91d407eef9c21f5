"""What Twilio tells beside the call: legs that are over, what happens in rooms, what TaskRouter does.

Everything is kept before it is answered; what follows from it is done after.
"""

from ivr.calls.events import Event, Parted, Released
from ivr.calls.waits import callers_key
from ivr.line import tasks, translate
from ivr.line.agent import AgentDesk
from ivr.line.announcement import AnnouncementDesk
from ivr.line.assignment import AssignmentDesk
from ivr.line.back import WayBack
from ivr.line.counter import Ask, Counter
from ivr.line.rooms import Rooms
from ivr.store.ledger import Personal

WRAPPING = frozenset({"task.wrapup", "reservation.wrapup"})


class Callbacks:
    """Answers for /events. Each raises when what it was told could not be kept."""

    def __init__(
        self,
        counter: Counter,
        *,
        agents: AgentDesk,
        way_back: WayBack,
        announcements: AnnouncementDesk,
        assignments: AssignmentDesk,
        rooms: Rooms,
    ) -> None:
        self._counter, self._agents, self._way_back = counter, agents, way_back
        self._announcements, self._assignments, self._rooms = announcements, assignments, rooms

    async def call(self, ask: Ask) -> None:
        """A leg is over. An agent's leaves its caller's farewell without an agent."""
        ended = translate.ended(ask.said, ask.now)
        if ended is None:
            return
        leg = ended.call
        events: list[Event] = [ended]
        caller = await self._counter.ledger.answered_by(leg)
        story = (await self._counter.closing.standing(caller)).story if caller is not None else None
        if caller is not None and story is not None and story.agent == leg and not story.released:
            events.append(Released(call=caller, at=ask.now, key=leg, agent=leg))
        await self._counter.ledger.append(events)
        if caller is not None:
            self._way_back.left_alone(caller)
            return
        self.gone(leg)

    def gone(self, leg: str) -> None:
        """The caller's leg is over: nobody who was with them is kept."""
        self._agents.left_alone(leg)
        self._rooms.over(leg)
        self._assignments.finish(leg)

    async def conference(self, ask: Ask) -> None:
        """What happened in a room: who came and went, holds of the caller's leg, the end of an announcement."""
        event = translate.conference(ask.said, ask.now)
        if event is not None and (
            isinstance(event, translate.IN_ROOM) or await self._counter.ledger.answered_by(event.call) is None
        ):
            await self._counter.ledger.append([event])
        if isinstance(event, Parted):
            self._rooms.left(event)
        elif ask.said.conference_event == "announcement-end":
            await self._announcements.ended(ask)

    async def taskrouter(self, ask: Ask) -> None:
        """What TaskRouter did with a caller's task."""
        task = tasks.TaskSaid(ask.said)
        address = callers_key(task.caller)
        keys = self._counter.caller_keys(address) if address else ()
        happened = tasks.happened(task, ask.now, queue=self._queue(task), caller=keys[0] if keys else None)
        if happened:
            personal = []
            if address and task.kind == "task-queue.entered":
                personal.append(Personal(happened[0].call, "number", "caller", happened[0].at, address))
            await self._counter.ledger.append(happened, personal)
        if task.call is None:
            return
        if any(isinstance(event, Released) for event in happened):
            self._rooms.worker_left(task.call)
        if task.kind in WRAPPING:
            self._assignments.finish(task.call)

    def _queue(self, task: tasks.TaskSaid) -> str:
        """The queue of ours that a task stands in: of the same name in TaskRouter, else as the task says."""
        name = "-".join(task.task_queue.casefold().split())
        known = self._counter.book().rules.queues
        same = next((queue for queue in known if queue.casefold() == name), None)
        return same or (task.queue if task.queue in known else "")

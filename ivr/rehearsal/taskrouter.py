"""TaskRouter: callers who wait as tasks, the workers who take them, and what is told of it.

Two houses. In Flex a worker accepts in the browser, and Flex puts caller and worker into a conference named by
the task, where everybody ends the room by leaving. Without Flex the service is asked how to connect the two:
see `assignments.py`. Either way the caller's leg is moved by Twilio: its <Enqueue action> comes with
QueueResult=redirected, and in the room it has no action of anybody's, so that it ends with the room.

Names of events and fields: Twilio's event reference; the order within one second: as others observed it. The
fields of a transfer are inferred from the objects of Twilio's own libraries.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ivr.rehearsal.clock import Bell
from ivr.rehearsal.document import Document
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.interrupts import NEW_DOCUMENT_AFTER, Replaced
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.queues import Stay
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.rooms import Room
from ivr.rehearsal.sids import sid
from ivr.rehearsal.tasks import Reservation, Task, Worker
from ivr.rehearsal.twiml import Element
from ivr.rehearsal.twiml.writing import conference

RESERVED_FOR = 120.0  # seconds a worker has to accept, unless the workflow says otherwise
ROOM_EVENTS = "start end join leave mute hold"  # what Flex lets a plugin ask for; never announcement


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms caller and worker are put into a room: <Conference> attributes for each."""

    room_name: str
    worker: Mapping[str, str]
    customer: Mapping[str, str]


class TaskRouter:
    """One workspace with one workflow. `events_url` is its EventCallbackUrl.

    `assignment_url` is what is asked how to connect a task; None: this is Flex. `room_url` is where a Flex
    plugin has the room's events sent; None: they go to Flex, not to us.
    """

    def __init__(
        self,
        exchange: Exchange,
        *,
        events_url: str | None,
        assignment_url: str | None = None,
        fallback_url: str | None = None,
        room_url: str | None = None,
        name: str = "Flex Task Assignment",
    ) -> None:
        self.exchange, self.clock, self.name = exchange, exchange.clock, name
        self.events_url, self.assignment_url, self.fallback_url = events_url, assignment_url, fallback_url
        self.room_url = room_url
        account = exchange.wire.account_sid
        self.sid, self.workflow = sid("WS", account, name), sid("WW", account, name)
        self.tasks: list[Task] = []
        self._told = 0
        exchange.taskrouter = self
        exchange.on_change.append(self._looked)

    # --- callers ---------------------------------------------------------------------------------------

    def enter(self, stay: Stay, verb: Element, where: str | None) -> Task:
        """<Enqueue workflowSid>: the caller becomes a task, with what <Task> says and what Twilio adds."""
        if verb.get("workflowSid") != self.workflow:
            raise TwilioRefuses(14220, f"there is no workflow {verb.get('workflowSid')}", where)
        noun = verb.find("Task")
        given = json.loads((noun.text or "").strip() or "{}") if noun is not None else {}
        leg = stay.leg
        attributes = {
            **given,
            "call_sid": leg.sid,
            "account_sid": self.exchange.wire.account_sid,
            "from": leg.from_,
            "to": leg.to,
            "caller": leg.from_,
            "called": leg.to,
            "direction": leg.direction,
            "api_version": "2010-04-01",
        }
        now, name = self.clock.monotonic(), attributes.get("queue")
        task = Task(
            sid("WT", leg.sid, len(self.tasks)),
            stay,
            self.workflow,
            name if isinstance(name, str) and name else "Everyone",
            attributes,
            int(noun.get("priority", "0")) if noun is not None else 0,
            int(noun.get("timeout", "86400")) if noun is not None else 86_400,
            now,
            now,
            updated=now,
        )
        task.room_name = task.sid
        self.tasks.append(task)
        for event in ("workflow.entered", "task-queue.entered", "task.created", "workflow.target-matched"):
            self.tell(event, task)
        return task

    def left(self, task: Task, reason: str = "hangup") -> None:
        """The caller waits no longer. A task that nobody had taken is cancelled."""
        if task.status in ("pending", "reserved") and not task.moving:
            self.cancel(task, reason)

    def of(self, leg: Leg) -> Task | None:
        """A caller's latest task."""
        return next((task for task in reversed(self.tasks) if task.leg is leg), None)

    def worker(self, name: str, contact_uri: str) -> Worker:
        """Somebody who can take tasks."""
        return Worker(
            name, sid("WK", self.sid, name), contact_uri, activity_sid=sid("WA", self.sid, "Available")
        )

    def works(self, leg: Leg) -> bool:
        """Whether a leg is a worker's."""
        return any(one.leg is leg for task in self.tasks for one in task.reservations)

    # --- workers ---------------------------------------------------------------------------------------

    def offer(self, task: Task, worker: Worker) -> Reservation:
        """A worker comes free for a task. Who does not accept in time loses it, and is away."""
        reservation = Reservation(sid("WR", task.sid, len(task.reservations)), task, worker)
        task.reservations.append(reservation)
        if task.status == "pending":
            task.status = "reserved"
        self.tell("reservation.created", task, reservation)
        reservation.timer = Bell(self.clock, "reservation")
        self.exchange.spawn(self._times_out(reservation, reservation.timer), "reservation")
        return reservation

    async def _times_out(self, reservation: Reservation, timer: Bell) -> None:
        if not await timer.wait(RESERVED_FOR):
            self.refused(reservation, "timeout")

    def refused(self, reservation: Reservation, how: Literal["rejected", "timeout"], away: str = "") -> None:
        """A worker did not take the task: it waits for another, and the worker is away."""
        if reservation.status != "pending":
            return
        reservation.status = how
        if reservation.task.status == "reserved":
            reservation.task.status = "pending"
        self.tell(f"reservation.{how}", reservation.task, reservation)
        if how == "timeout" or away:
            self.moves_on(reservation.worker, away or sid("WA", self.sid, "Offline"))

    def accept(self, reservation: Reservation) -> None:
        """A worker takes the task."""
        if reservation.status != "pending":
            return
        task = reservation.task
        reservation.status = "accepted"
        task.status, task.moving = "assigned", False
        self.tell("reservation.accepted", task, reservation)

    def accept_in_browser(self, reservation: Reservation) -> None:
        """Flex: the worker accepts, and Flex makes the conference, everybody in it ending it by leaving."""
        self.accept(reservation)
        if reservation.status == "accepted":
            terms = {"endConferenceOnExit": "true", "beep": "false", "waitUrl": ""}
            if self.room_url is not None:
                terms |= {"statusCallback": self.room_url, "statusCallbackEvent": ROOM_EVENTS}
            self.connect(reservation, Terms(reservation.task.room_name, terms, terms))

    def connect(self, reservation: Reservation, terms: Terms) -> None:
        """Both into the room: the worker's telephone, and the caller's leg, unless it is in there already."""
        task, worker = reservation.task, reservation.worker
        task.room_name = terms.room_name
        room = self.exchange.room(terms.room_name)
        reservation.leg = self.exchange.dial(
            f"{reservation.sid} worker",
            task.leg.to,
            worker.contact_uri,
            Document(conference(terms.room_name, terms.worker), None),
        )
        people = {"worker": reservation.leg.sid, "customer": task.leg.sid}
        task.attributes |= {"conference": {"sid": room.sid, "participants": people}}
        self.tell("task.updated", task)
        if room.person(task.leg) is None and task.leg.status == "in-progress":
            self._move(task, Document(conference(terms.room_name, terms.customer), None))

    def _move(self, task: Task, document: Document) -> None:
        async def moved() -> Document:
            await self.clock.sleep(NEW_DOCUMENT_AFTER)
            return document

        task.stay.taken = self.clock.microseconds
        task.leg.interrupt(Replaced(moved))

    def moves_on(self, worker: Worker, activity: str) -> None:
        """A worker changes to another activity."""
        worker.activity, worker.activity_sid = "Offline", activity
        self._send("worker.activity.update", "Worker", worker.sid, _of_worker(worker))

    # --- ends ------------------------------------------------------------------------------------------

    def room_of(self, task: Task) -> Room | None:
        """The room a task is talked about in, while it lasts."""
        return self.exchange.running(task.room_name)

    def _looked(self, thing: object) -> None:
        """A room has changed: whoever was in it and is not any more begins their wrap-up."""
        if not isinstance(thing, Room):
            return
        for task in self.tasks:
            if task.room_name != thing.name:
                continue
            for reservation in task.reservations:
                there = thing.person(reservation.leg) if reservation.leg is not None else None
                if there is not None:
                    reservation.person = there
                elif reservation.person is not None and reservation.status == "accepted":
                    self._wrap_up(reservation)
            if task.moving and thing.status == "completed":
                self.cancel(task, "hangup")

    def _wrap_up(self, reservation: Reservation) -> None:
        task = reservation.task
        reservation.status = "wrapping"
        self.tell("reservation.wrapup", task, reservation)
        if reservation.handed_on:
            self._complete(reservation)
        if reservation.post_work_activity:
            self.moves_on(reservation.worker, reservation.post_work_activity)
        if task.status == "assigned" and not task.moving and task.with_caller is None:
            task.status = "wrapping"
            self.tell("task.wrapup", task)

    def complete(self, task: Task, reason: str | None = None) -> bool:
        """By the worker, or by REST: only a task that somebody took. False where it cannot be."""
        if task.status not in ("assigned", "wrapping"):
            return False
        task.status, task.reason = "completed", reason
        self.tell("task.completed", task)
        for reservation in task.reservations:
            if reservation.status in ("accepted", "wrapping"):
                self._complete(reservation)
        self.tell("task.updated", task)
        return True

    def _complete(self, reservation: Reservation) -> None:
        reservation.status = "completed"
        self.tell("reservation.completed", reservation.task, reservation)

    def wrap(self, task: Task, reason: str | None = None) -> bool:
        """By REST: the talk is over, the work is not. False where it cannot be."""
        if task.status != "assigned":
            return False
        task.reason = reason
        for reservation in task.reservations:
            if reservation.status == "accepted":
                self._wrap_up(reservation)
        if task.status == "assigned":
            task.status = "wrapping"
            self.tell("task.wrapup", task)
        return True

    def cancel(self, task: Task, reason: str | None = None) -> bool:
        """Only a task nobody took. False where it cannot be."""
        if task.status not in ("pending", "reserved"):
            return False
        task.status, task.reason = "canceled", reason
        self.tell("task.canceled", task)
        for reservation in task.reservations:
            if reservation.status == "pending":
                reservation.status = "canceled"
                self.tell("reservation.canceled", task, reservation)
        return True

    # --- telling ---------------------------------------------------------------------------------------

    def age(self, task: Task) -> int:
        """Whole seconds since the task was made."""
        return int(self.clock.monotonic() - task.created)

    def task_fields(self, task: Task) -> dict[str, str]:
        """A task, as an event and an assignment tell it."""
        fields = {
            "TaskSid": task.sid,
            "TaskAttributes": json.dumps(task.attributes),
            "TaskAge": str(self.age(task)),
            "TaskPriority": str(task.priority),
            "TaskAssignmentStatus": task.status,
            "TaskQueueSid": sid("WQ", self.sid, task.queue),
            "TaskQueueName": task.queue,
            "WorkflowSid": task.workflow,
            "WorkflowName": "Assign to Anyone",
            "TaskChannelSid": sid("TC", self.sid, "voice"),
            "TaskChannelUniqueName": "voice",
        }
        if task.reason and task.status == "canceled":
            fields["TaskCanceledReason"] = task.reason
        if task.reason and task.status == "completed":
            fields["TaskCompletedReason"] = task.reason
        return fields

    def tell(
        self,
        event: str,
        task: Task,
        reservation: Reservation | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        """An event of a task or a reservation."""
        task.updated = self.clock.monotonic()
        self.exchange.changed(task)
        if reservation is not None and reservation.status != "pending" and reservation.timer is not None:
            reservation.timer.ring()
        fields = self.task_fields(task) | dict(more or {})
        if reservation is None:
            self._send(event, "Task", task.sid, fields)
        else:
            fields |= {"ReservationSid": reservation.sid} | _of_worker(reservation.worker)
            self._send(event, "Reservation", reservation.sid, fields)

    def _send(self, event: str, kind: str, whose: str, fields: Mapping[str, str]) -> None:
        self._told += 1
        if self.events_url is None:
            return
        milliseconds = round(self.clock.now().timestamp() * 1000)
        everything = {
            "EventType": event,
            "AccountSid": self.exchange.wire.account_sid,
            "WorkspaceSid": self.sid,
            "WorkspaceName": self.name,
            "EventDescription": f"{kind} {whose}: {event}",
            "ResourceType": kind,
            "ResourceSid": whose,
            "Timestamp": str(milliseconds // 1000),
            "TimestampMs": str(milliseconds),
            "Sid": sid("EV", self.sid, self._told),
            **fields,
        }
        self.exchange.notify(self.events_url, "POST", everything)


def _of_worker(worker: Worker) -> dict[str, str]:
    return {
        "WorkerSid": worker.sid,
        "WorkerName": worker.name,
        "WorkerAttributes": json.dumps(worker.attributes),
        "WorkerActivitySid": worker.activity_sid,
        "WorkerActivityName": worker.activity,
    }

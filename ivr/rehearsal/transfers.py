"""Transfers in Flex: a caller handed on to another worker, or to another queue, without leaving the room."""

from typing import Literal

from ivr.rehearsal.sids import sid
from ivr.rehearsal.taskrouter import TaskRouter
from ivr.rehearsal.tasks import Reservation, Task, Worker

HANDOVER = 5.0  # seconds two workers are in the room together before the first leaves it

Mode = Literal["WARM", "COLD"]


async def hand_over(
    taskrouter: TaskRouter, task: Task, worker: Worker, queue: str | None = None
) -> Reservation | None:
    """Warm: a second worker comes into the room, and after a while the first leaves it. None where
    nobody is with the caller."""
    first, room = task.with_caller, taskrouter.room_of(task)
    if first is None or room is None:
        return None
    task.queue = queue or task.queue
    _tell(taskrouter, "initiated", task, first, "WARM", worker.sid)
    second = taskrouter.offer(task, worker)
    taskrouter.accept_in_browser(second)
    _tell(taskrouter, "completed", task, first, "WARM", worker.sid)
    taskrouter.exchange.spawn(_leaves(taskrouter, first, HANDOVER), "handover")
    return second


async def hand_to_queue(taskrouter: TaskRouter, task: Task, queue: str) -> bool:
    """Cold: the caller is put on hold, the worker leaves, and the task waits in another queue. False
    where nobody is with the caller."""
    first, room = task.with_caller, taskrouter.room_of(task)
    caller = room.person(task.leg) if room is not None else None
    if first is None or room is None or caller is None:
        return False
    task.queue, task.moving = queue, True
    _tell(taskrouter, "initiated", task, first, "COLD", sid("WQ", taskrouter.sid, queue))
    room.hold(caller, True)
    await _leaves(taskrouter, first, 0.0)
    task.status, task.entered = "pending", taskrouter.clock.monotonic()
    taskrouter.tell("task-queue.entered", task)
    return True


def taken_over(taskrouter: TaskRouter, reservation: Reservation) -> None:
    """Cold, later: somebody in the other queue has come, and takes the caller from hold."""
    task, room = reservation.task, taskrouter.room_of(reservation.task)
    caller = room.person(task.leg) if room is not None else None
    if room is not None and caller is not None:
        room.hold(caller, False)
    first = task.reservations[0]
    _tell(taskrouter, "completed", task, first, "COLD", sid("WQ", taskrouter.sid, task.queue))


async def _leaves(taskrouter: TaskRouter, reservation: Reservation, seconds: float) -> None:
    """A worker leaves a room that goes on: Flex sees to it that it does. Their own work is then done."""
    await taskrouter.clock.sleep(seconds)
    room = taskrouter.room_of(reservation.task)
    if reservation.leg is None or reservation.status != "accepted":
        return
    if room is not None and (person := room.person(reservation.leg)) is not None:
        person.ends_room = False
        room.event("modify", "participant-modify", person)
    reservation.handed_on = True
    reservation.leg.hang_up("agent")
    while reservation.leg.ended is None:
        await taskrouter.clock.sleep(0.1)


def _tell(taskrouter: TaskRouter, what: str, task: Task, first: Reservation, mode: Mode, to: str) -> None:
    more = {
        "TransferMode": mode,
        "TransferType": "QUEUE" if to.startswith("WQ") else "WORKER",
        "TransferTo": to,
        "TransferStatus": what,
        "InitiatingReservationSid": first.sid,
        "InitiatingWorkerSid": first.worker.sid,
    }
    taskrouter.tell(f"task.transfer-{what}", task, more=more)

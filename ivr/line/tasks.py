"""What TaskRouter said → what happened.

A task is a caller who came by <Enqueue workflowSid>, from us or from a Studio flow: whose it is, its
attributes say. Times are TaskRouter's own throughout, in whole seconds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from ivr.calls.events import Answered, Arrived, Assigned, Event, LeftQueue, Queued, Released, Transferred
from ivr.line.translate import Said, key_of, sid, time_of, whole

LONGEST_ATTRIBUTES = 16_384  # characters; Twilio's own limit is a quarter of it
LEFT = frozenset({"reservation.wrapup", "reservation.completed", "reservation.canceled"})
"""After these the worker is no longer with the caller."""


@dataclass(frozen=True)
class TaskSaid:
    """One event of TaskRouter's, or its asking how to connect a task: read with tolerance, like every request."""

    said: Said

    @property
    def kind(self) -> str:
        """task-queue.entered, reservation.accepted …; blank where it is none."""
        return self.said.text("EventType")

    @property
    def task(self) -> str | None:
        return sid(self.said.text("TaskSid"), "WT")

    @property
    def workspace(self) -> str | None:
        return sid(self.said.text("WorkspaceSid"), "WS")

    @property
    def reservation(self) -> str | None:
        return sid(self.said.text("ReservationSid"), "WR")

    @property
    def task_queue(self) -> str:
        """The name of the queue the task stands in, in TaskRouter."""
        return self.said.text("TaskQueueName").strip()

    @cached_property
    def attributes(self) -> Mapping[str, Any]:
        """What the task carries; nothing where that cannot be read."""
        text = self.said.whole_text("TaskAttributes", LONGEST_ATTRIBUTES)
        try:
            read = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def room(self) -> str | None:
        """The conference the task is talked about in, once it is."""
        return sid(_text(_table(self.attributes, "conference"), "sid"), "CF")

    @property
    def call(self) -> str | None:
        """The caller's leg: the one that was put into the queue, else the conference's customer."""
        customer = _text(_table(_table(self.attributes, "conference"), "participants"), "customer")
        return sid(_text(self.attributes, "call_sid")) or sid(customer)

    @property
    def caller(self) -> str:
        """The address the caller rang from."""
        return _text(self.attributes, "from") or _text(self.attributes, "caller")

    @property
    def called(self) -> str:
        """Our own number."""
        return _text(self.attributes, "to") or _text(self.attributes, "called")

    @property
    def outbound(self) -> bool:
        return _text(self.attributes, "direction").startswith("outbound")

    @property
    def queue(self) -> str:
        """The queue of ours that was named as the task was made; blank for none."""
        return _text(self.attributes, "queue")

    @property
    def locale(self) -> str | None:
        return _text(self.attributes, "locale") or None


def happened(task: TaskSaid, now: datetime, *, queue: str, caller: str | None = None) -> list[Event]:
    """What an event of TaskRouter's means for the caller's leg; nothing where it means nothing to us.

    `queue` is ours for the task queue; `caller` the caller's keyed hash, where there is one.
    """
    call, at_clock = task.call, time_of(task.said, now)
    if call is None:
        return []
    at, clock = at_clock
    told: dict[str, Any] = {"call": call, "at": at, "clock": clock}
    place: dict[str, Any] = {"task": task.task, "workspace": task.workspace}
    stamp = task.said.text("Timestamp")
    if task.kind == "task-queue.entered":
        arrived = Arrived(
            **told, key=key_of(task.task), caller=caller, outbound=task.outbound, locale=task.locale
        )
        key = key_of(task.task, task.said.text("TaskQueueSid"), stamp)
        return [arrived, Queued(**told, **place, key=key, queue=queue, stay=0)]
    if task.kind == "task.canceled" and task.said.text("TaskCanceledReason") == "hangup":
        return [LeftQueue(**told, key=key_of(task.task), result="hangup", stay=0)]
    if task.kind == "reservation.accepted" and task.reservation:
        age = whole(task.said.text("TaskAge"))
        return [
            Answered(
                **told,
                **place,
                key=task.reservation,
                agent=task.reservation,
                waited=None if task.outbound else age,
                source="taskrouter",
            )
        ]
    if task.kind == "task.transfer-initiated":
        mode = task.said.text("TransferMode").lower() or None
        return [Transferred(**told, key=key_of(task.task, stamp), to=queue or None, mode=mode)]
    if task.kind in LEFT and task.reservation:
        return [Released(**told, key=task.reservation, agent=task.reservation)]
    return []


def assigned(task: TaskSaid, now: datetime) -> Assigned | None:
    """That we connected a task; None where the request names no call or no task."""
    if task.call is None or task.task is None or task.workspace is None:
        return None
    key = key_of(task.task, task.reservation)
    return Assigned(call=task.call, at=now, key=key, task=task.task, workspace=task.workspace)


def _table(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}


def _text(values: Mapping[str, Any], name: str) -> str:
    found = values.get(name)
    return found.strip()[:200] if isinstance(found, str) else ""

"""TaskRouter's tasks: looked at, completed."""

import json
from collections.abc import Iterable

from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.resources.answers import Body, Given, RestError, Route, iso, not_found, one_of, route
from ivr.rehearsal.resources.past import Past
from ivr.rehearsal.sids import sid
from ivr.rehearsal.taskrouter import TaskRouter
from ivr.rehearsal.tasks import Task
from ivr.rehearsal.twiml.elements import LONGEST_ATTRIBUTES

_UPDATE = ("Attributes", "AssignmentStatus", "Reason", "Priority", "TaskChannel", "VirtualStartTime")
_STATUSES = ("pending", "reserved", "assigned", "canceled", "completed", "wrapping")


class Tasks:
    """The tasks of the exchange's workspace."""

    def __init__(self, exchange: Exchange, past: Past) -> None:
        self.exchange, self._past = exchange, past

    def routes(self) -> Iterable[Route]:
        yield route("GET", "/v1/Workspaces/{}/Tasks/{}", self.fetch)
        yield route("POST", "/v1/Workspaces/{}/Tasks/{}", self.update, _UPDATE)

    def _task(self, workspace: str, task: str) -> tuple[TaskRouter, Task]:
        taskrouter = self.exchange.taskrouter
        if taskrouter is not None and taskrouter.sid == workspace:
            for one in taskrouter.tasks:
                if one.sid == task:
                    return taskrouter, one
        raise not_found(f"/Workspaces/{workspace}/Tasks/{task}")

    def fetch(self, workspace: str, task: str, given: Given) -> Body:
        """The task as it is, or as it was where the representation lags."""
        taskrouter, now = self._task(workspace, task)
        seen = self._past.of(now)
        if seen is None:
            raise not_found(f"/Workspaces/{workspace}/Tasks/{task}")
        return self._body(taskrouter, seen)

    def update(self, workspace: str, task: str, given: Given) -> Body:
        """Complete a task that somebody took, cancel one that nobody took, or change its attributes, which
        does not go with the rest in one request."""
        taskrouter, one = self._task(workspace, task)
        one_of(given, "AssignmentStatus", *_STATUSES)
        if "Attributes" in given and "AssignmentStatus" in given:
            raise RestError(400, 20001, "Attributes and AssignmentStatus cannot be updated together")
        if "Attributes" in given:
            one.attributes = _attributes(given["Attributes"])
            taskrouter.tell("task.updated", one)
        if "Priority" in given:
            one.priority = int(given["Priority"])
        if "AssignmentStatus" in given:
            self._change(taskrouter, one, given["AssignmentStatus"], given.get("Reason"))
        return self._body(taskrouter, one)

    def _change(self, taskrouter: TaskRouter, task: Task, status: str, reason: str | None) -> None:
        changes = {
            "completed": taskrouter.complete,
            "wrapping": taskrouter.wrap,
            "canceled": taskrouter.cancel,
        }
        if status not in changes or not changes[status](task, reason):
            raise RestError(400, 20001, f"Cannot make task {task.sid} {status}: it is {task.status}")

    def _body(self, taskrouter: TaskRouter, task: Task) -> Body:
        clock = self.exchange.clock
        url = f"https://taskrouter.twilio.com/v1/Workspaces/{taskrouter.sid}"
        return {
            "sid": task.sid,
            "account_sid": self.exchange.wire.account_sid,
            "workspace_sid": taskrouter.sid,
            "workflow_sid": task.workflow,
            "workflow_friendly_name": "Assign to Anyone",
            "task_queue_sid": sid("WQ", taskrouter.sid, task.queue),
            "task_queue_friendly_name": task.queue,
            "task_channel_sid": sid("TC", taskrouter.sid, "voice"),
            "task_channel_unique_name": "voice",
            "assignment_status": task.status,
            "attributes": json.dumps(task.attributes),
            "addons": "{}",
            "age": taskrouter.age(task),
            "priority": task.priority,
            "reason": task.reason,
            "timeout": task.timeout,
            "date_created": iso(clock, task.created),
            "date_updated": iso(clock, task.updated),
            "task_queue_entered_date": iso(clock, task.entered),
            "virtual_start_time": iso(clock, task.created),
            "ignore_capacity": False,
            "routing_target": None,
            "url": f"{url}/Tasks/{task.sid}",
            "links": {"workspace": url, "reservations": f"{url}/Tasks/{task.sid}/Reservations"},
        }


def _attributes(text: str) -> dict[str, object]:
    """JSON, an object, not too long: 20001 for anything else."""
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict) or len(text) > LONGEST_ATTRIBUTES:
        raise RestError(400, 20001, f"Attributes takes a JSON object of {LONGEST_ATTRIBUTES} characters")
    return read

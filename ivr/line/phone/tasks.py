"""TaskRouter's tasks: looked at, and completed once the call is over."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.line.phone.answers import Answer, Found, Outcome
from ivr.line.phone.asking import Asking


@dataclass(frozen=True, slots=True)
class Task:
    """One task, as it stands."""

    status: str  # pending, reserved, assigned, wrapping, completed or canceled
    attributes: Mapping[str, Any] = field(default_factory=dict)  # empty where they cannot be read


class Tasks(Asking):
    """The tasks of the account's workspaces."""

    async def task(self, workspace: str, task: str, *, within: float | None = None) -> Found[Task]:
        """The task; too late when there is none any more: Twilio forgets them minutes after they are done."""

        async def look() -> Found[Task]:
            return (await self._task(workspace, task)).found

        return await self._found("task", look(), within)

    async def complete_task(
        self, workspace: str, task: str, reason: str, *, within: float | None = None
    ) -> Outcome:
        """Have a task that is wrapping, or assigned, be completed. Done where it was already."""
        return await self._outcome("complete_task", self._complete(workspace, task, reason), within)

    async def _complete(self, workspace: str, task: str, reason: str) -> Outcome:
        async def look() -> Outcome | None:
            seen = await self._task(workspace, task)
            if seen.given is None:
                return seen.outcome
            if seen.given.status == "completed":
                return Outcome.DONE
            return Outcome.TOO_LATE if seen.given.status == "canceled" else None

        there = self._there(workspace, task)
        asked = await self._see_to(
            "complete_task",
            lambda: there.update_async(assignment_status="completed", reason=reason),
            look,
        )
        # Twilio refuses to complete a task twice; whoever asked wanted it completed.
        return await look() or asked if asked is Outcome.REFUSED else asked

    async def _task(self, workspace: str, task: str) -> Answer[Task]:
        there = self._there(workspace, task)
        return await self._look("fetch_task", lambda: there.fetch_async(), _read)

    def _there(self, workspace: str, task: str) -> Any:
        return self._twilio().taskrouter.v1.workspaces(workspace).tasks(task)


def _read(task: Any) -> Task:
    try:
        attributes = json.loads(task.attributes)
    except (TypeError, ValueError):
        attributes = {}
    return Task(str(task.assignment_status or ""), attributes if isinstance(attributes, dict) else {})

"""A world with a TaskRouter in it, and a caller who waits there."""

from collections.abc import Mapping
from typing import Any

from ivr.rehearsal.leg import Leg
from ivr.rehearsal.sids import sid
from ivr.rehearsal.taskrouter import TaskRouter
from ivr.rehearsal.tasks import Reservation, Task, Worker
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import ACCOUNT, Answer, MakeWorld, World

FLOW = sid("WW", ACCOUNT, "Flex Task Assignment")
IN = f'<Enqueue workflowSid="{FLOW}" action="/left" waitUrl="/wait"><Task>{{"queue": "billing"}}</Task></Enqueue>'
LINE: dict[str, Answer] = {
    "/in": IN,
    "/wait": '<Say>please wait</Say><Pause length="20"/>',
    "/left": "<Say>never heard</Say>",
    "/tasks": (204, None, ""),
    "/rooms": (204, None, ""),
    "/far": "<Say>far away</Say>",
    "/over": (204, None, ""),
}


class House:
    """A world with a workspace in it: Flex, or TaskRouter alone."""

    def __init__(
        self, world: MakeWorld, documents: Mapping[str, Answer] | None = None, **options: Any
    ) -> None:
        urls = {name: PUBLIC_URL + options.pop(name) for name in list(options) if name.endswith("_url")}
        self.world: World = world({**LINE, **(documents or {})}, **options)
        self.router = TaskRouter(self.world.exchange, events_url=PUBLIC_URL + "/tasks", **urls)
        self.caller = self.world.ring(status_callback="/over")

    @property
    def task(self) -> Task:
        return self.router.tasks[0]

    def sam(self) -> Worker:
        return self.router.worker("Sam", "client:sam")

    def takes(self, at: float, worker: Worker | None = None) -> list[Reservation]:
        """A worker accepts in the browser."""
        taken: list[Reservation] = []

        def accept() -> None:
            taken.append(self.router.offer(self.task, worker or self.sam()))
            self.router.accept_in_browser(taken[0])

        self.world.later(at, accept)
        return taken

    def events(self) -> list[str]:
        return [heard.form["EventType"] for heard in self.world.service.asked("/tasks")]

    def told(self, event: str) -> dict[str, str]:
        return next(
            heard.form for heard in self.world.service.asked("/tasks") if heard.form["EventType"] == event
        )

    def in_room(self) -> list[str]:
        return [heard.form["StatusCallbackEvent"] for heard in self.world.service.asked("/rooms")]

    async def sleep(self, seconds: float) -> None:
        await self.world.play(self.world.clock.sleep(seconds))

    async def ends(self, *legs: Leg) -> None:
        await self.world.until_over(self.caller, *legs)

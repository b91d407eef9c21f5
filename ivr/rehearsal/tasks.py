"""A caller as TaskRouter sees them, the workers, and what each worker was offered."""

from dataclasses import dataclass, field
from typing import Any, Literal

from ivr.rehearsal.clock import Bell
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.queues import Stay
from ivr.rehearsal.rooms import Person

TaskStatus = Literal["pending", "reserved", "assigned", "canceled", "completed", "wrapping"]
ReservationStatus = Literal[
    "pending", "accepted", "rejected", "timeout", "canceled", "rescinded", "wrapping", "completed"
]


@dataclass(eq=False)
class Worker:
    """Somebody who takes tasks: in the browser, or on a telephone at `contact_uri`."""

    name: str
    sid: str
    contact_uri: str
    activity: str = "Available"
    activity_sid: str = ""
    answers_after: float | None = 0.0  # seconds their telephone rings; None: nobody answers it

    @property
    def attributes(self) -> dict[str, str]:
        return {"full_name": self.name, "contact_uri": self.contact_uri}


@dataclass(eq=False)
class Reservation:
    """A task offered to a worker."""

    sid: str
    task: "Task"
    worker: Worker
    status: ReservationStatus = "pending"
    leg: Leg | None = None  # the worker's, once they are rung
    person: Person | None = None  # as they were in the room; None before
    post_work_activity: str | None = None
    handed_on: bool = False  # the caller goes on to somebody else: nothing is left to wrap up
    timer: Bell | None = None  # rung as soon as the worker has answered the offer, one way or another


@dataclass(eq=False)
class Task:
    """A caller, as TaskRouter sees them."""

    sid: str
    stay: Stay
    workflow: str
    queue: str  # the name of the task queue it stands in
    attributes: dict[str, Any]
    priority: int
    timeout: int
    created: float  # simulated seconds since the rehearsal began
    entered: float
    room_name: str = ""
    status: TaskStatus = "pending"
    reason: str | None = None
    updated: float = 0.0
    moving: bool = False  # handed over to a queue: nobody is with the caller
    reservations: list[Reservation] = field(default_factory=list)

    @property
    def leg(self) -> Leg:
        """The caller's."""
        return self.stay.leg

    @property
    def with_caller(self) -> Reservation | None:
        """Who is with the caller now: the latest who accepted."""
        return next((one for one in reversed(self.reservations) if one.status == "accepted"), None)

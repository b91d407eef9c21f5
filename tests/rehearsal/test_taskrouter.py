"""TaskRouter and Flex: tasks, workers, the room they meet in, transfers, and what is told of it all."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from ivr.rehearsal.assignments import assign
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.sids import sid
from ivr.rehearsal.taskrouter import TaskRouter
from ivr.rehearsal.tasks import Reservation, Task, Worker
from ivr.rehearsal.transfers import hand_over, hand_to_queue, taken_over
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import ACCOUNT, TOKEN, Answer, Heard, MakeWorld, World, words

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


# --- waiting -----------------------------------------------------------------------------------------------


async def test_a_caller_becomes_a_task_with_what_task_says_and_what_twilio_adds(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(1)
    assert house.events() == [
        "workflow.entered",
        "task-queue.entered",
        "task.created",
        "workflow.target-matched",
    ]
    form = house.told("task-queue.entered")
    attributes = json.loads(form["TaskAttributes"])
    assert attributes == {
        "queue": "billing",
        "call_sid": house.caller.sid,
        "account_sid": ACCOUNT,
        "from": "+447700900123",
        "to": "+442079460000",
        "caller": "+447700900123",
        "called": "+442079460000",
        "direction": "inbound",
        "api_version": "2010-04-01",
    }
    assert (form["TaskQueueName"], form["TaskAge"], form["TaskAssignmentStatus"]) == (
        "billing",
        "0",
        "pending",
    )
    assert (form["ResourceType"], form["ResourceSid"], form["TaskSid"][:2]) == ("Task", form["TaskSid"], "WT")
    assert (form["WorkspaceSid"], form["WorkflowSid"]) == (house.router.sid, FLOW)
    assert int(form["Timestamp"]) == int(form["TimestampMs"]) // 1000 == 1795251600
    assert len({heard.form["Sid"] for heard in house.world.service.asked("/tasks")}) == 4


async def test_the_caller_hears_the_wait_url_as_in_any_queue(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(30)
    forms = [heard.form for heard in house.world.service.asked("/wait")]
    assert [form["QueueTime"] for form in forms] == ["0", "20"]
    assert forms[0]["QueueSid"].startswith("QU")


async def test_who_hangs_up_while_waiting_cancels_the_task(world: MakeWorld) -> None:
    house = House(world)
    house.world.later(10, house.caller.hang_up)
    await house.ends()
    assert house.world.service.asked("/left")[0].form["QueueResult"] == "hangup"
    form = house.told("task.canceled")
    assert (form["TaskCanceledReason"], form["TaskAge"]) == ("hangup", "10")


async def test_who_leaves_the_queue_cancels_the_task_too(world: MakeWorld) -> None:
    house = House(world, {"/wait": '<Pause length="5"/><Leave/>', "/left": "<Say>as you wish</Say>"})
    await house.ends()
    assert house.world.service.asked("/left")[0].form["QueueResult"] == "leave"
    assert house.events()[-1] == "task.canceled"
    assert words(house.caller) == ["as you wish"]


async def test_who_is_redirected_while_waiting_cancels_the_task(world: MakeWorld) -> None:
    house = House(world)
    house.world.later(
        10, lambda: house.world.rest.calls.update(house.caller.sid, {"Url": f"{PUBLIC_URL}/far"})
    )
    await house.ends()
    assert house.told("task.canceled")["TaskCanceledReason"] == "redirected"
    assert words(house.caller)[-1] == "far away"


@pytest.mark.parametrize(
    ("enqueue", "code"),
    [
        (f'<Enqueue workflowSid="{FLOW}"><Task>not JSON</Task></Enqueue>', 14221),
        (f'<Enqueue workflowSid="{FLOW}"><Task>[1]</Task></Enqueue>', 14221),
        (f'<Enqueue workflowSid="{FLOW}"><Task>{{"a": "{"x" * 4096}"}}</Task></Enqueue>', 14221),
        (f'<Enqueue workflowSid="{FLOW}">billing</Enqueue>', 12200),
        (f'<Enqueue workflowSid="{FLOW}"><Task>{{}}</Task><Task>{{}}</Task></Enqueue>', 12200),
        ("<Enqueue>billing<Task>{}</Task></Enqueue>", 12200),
        (f'<Enqueue workflowSid="WW{"0" * 32}"/>', 14220),
    ],
    ids=["no JSON", "no object", "too long", "a name too", "two tasks", "no workflow", "another workflow"],
)
async def test_an_enqueue_against_taskrouters_rules_is_refused_by_number(
    world: MakeWorld, enqueue: str, code: int
) -> None:
    house = House(world, {"/in": enqueue})
    with pytest.raises(TwilioRefuses) as refused:
        await house.ends()
    assert refused.value.code == code


async def test_without_a_workspace_a_workflow_is_not_played(world: MakeWorld) -> None:
    w = world(LINE)
    with pytest.raises(NotPlayed):
        await w.until_over(w.ring())


# --- Flex: a worker accepts in the browser -------------------------------------------------------------------


async def test_a_worker_who_accepts_is_put_into_a_room_with_the_caller(world: MakeWorld) -> None:
    house = House(world)
    house.takes(750)
    await house.sleep(755)
    room = house.world.exchange.rooms[0]
    assert (room.name, room.status) == (house.task.sid, "in-progress")
    assert [(person.leg.direction, person.ends_room) for person in room.people] == [
        ("outbound-api", True),
        ("inbound", True),
    ]
    left = house.world.service.asked("/left")[0].form
    assert (left["QueueResult"], left["QueueTime"]) == ("redirected", "750")
    assert "never heard" not in words(house.caller)
    assert house.events()[4:] == ["reservation.created", "reservation.accepted", "task.updated"]
    form = house.told("reservation.accepted")
    assert (form["WorkerName"], form["TaskAge"], form["ResourceType"]) == ("Sam", "750", "Reservation")
    assert json.loads(form["WorkerAttributes"])["contact_uri"] == "client:sam"
    assert json.loads(house.told("task.updated")["TaskAttributes"])["conference"] == {
        "sid": room.sid,
        "participants": {"worker": room.people[0].leg.sid, "customer": house.caller.sid},
    }


async def test_flex_keeps_the_rooms_events_to_itself_unless_a_plugin_asks_for_them(world: MakeWorld) -> None:
    for options, wanted in (
        ({}, []),
        (
            {"room_url": "/rooms"},
            ["participant-join", "conference-start", "participant-join", "participant-hold"],
        ),
    ):
        house = House(world, **options)
        house.takes(10)
        await house.sleep(20)
        room = house.world.exchange.rooms[0]
        house.world.rest.conferences.update_person(room.sid, house.caller.sid, {"Hold": "true"})
        house.world.rest.conferences.update(room.sid, {"AnnounceUrl": f"{PUBLIC_URL}/far"})
        await house.sleep(5)
        assert house.in_room() == wanted


async def test_a_worker_who_hangs_up_ends_the_room_and_with_it_the_callers_call(world: MakeWorld) -> None:
    house = House(world)
    taken = house.takes(10)
    house.world.later(60, lambda: taken[0].leg.hang_up("agent"))  # type: ignore[union-attr]
    await house.ends()
    assert (house.caller.ended, house.caller.ended_by) == (60, "room")
    assert house.world.service.asked("/over")[0].form["CallStatus"] == "completed"
    assert house.events()[7:] == ["reservation.wrapup", "task.wrapup"]


async def test_a_caller_redirected_out_of_the_room_follows_the_new_document_and_asks_nothing_of_the_old(
    world: MakeWorld,
) -> None:
    house = House(world)
    taken = house.takes(10)
    await house.sleep(20)
    room = house.world.exchange.rooms[0]
    house.world.rest.conferences.update_person(room.sid, house.caller.sid, {"EndConferenceOnExit": "false"})
    house.world.rest.calls.update(house.caller.sid, {"Url": f"{PUBLIC_URL}/far"})
    await house.ends()
    assert words(house.caller)[-1] == "far away"
    assert len(house.world.service.asked("/left")) == 1
    assert (room.status, [person.leg for person in room.people]) == ("in-progress", [taken[0].leg])
    assert house.task.status == "assigned"


async def test_a_workers_leg_that_is_redirected_is_noted_since_it_is_not_ours_to_change(
    world: MakeWorld,
) -> None:
    house = House(world)
    taken = house.takes(10)
    await house.sleep(20)
    assert taken[0].leg is not None
    house.world.rest.calls.update(taken[0].leg.sid, {"Url": f"{PUBLIC_URL}/far"})
    assert ["worker's leg" in warning.rule for warning in house.world.exchange.warnings] == [True]


async def test_a_room_ended_by_rest_leaves_the_task_wrapping_until_the_worker_completes_it(
    world: MakeWorld,
) -> None:
    house = House(world)
    house.takes(10)
    house.world.later(30, lambda: house.world.exchange.rooms[0].end("conference-ended-via-api"))
    await house.ends()
    assert house.caller.ended_by == "line"
    assert house.task.status == "wrapping"
    assert house.router.complete(house.task, "done")
    await house.sleep(1)
    assert house.events()[7:] == [
        "reservation.wrapup",
        "task.wrapup",
        "task.completed",
        "reservation.completed",
        "task.updated",
    ]
    assert house.told("task.completed")["TaskCompletedReason"] == "done"


async def test_a_worker_who_does_not_accept_in_two_minutes_loses_the_task_and_is_away(
    world: MakeWorld,
) -> None:
    house = House(world)
    house.world.later(10, lambda: house.router.offer(house.task, house.sam()))
    await house.sleep(131)
    assert house.events()[4:] == ["reservation.created", "reservation.timeout", "worker.activity.update"]
    assert house.task.status == "pending"
    house.takes(0)
    await house.sleep(2)
    assert house.task.status == "assigned"


async def test_a_caller_who_hangs_up_on_an_offered_task_cancels_the_reservation_too(world: MakeWorld) -> None:
    house = House(world)
    house.world.later(10, lambda: house.router.offer(house.task, house.sam()))
    house.world.later(20, house.caller.hang_up)
    await house.ends()
    assert house.events()[4:] == ["reservation.created", "task.canceled", "reservation.canceled"]


# --- transfers -----------------------------------------------------------------------------------------------


async def test_a_warm_transfer_brings_a_second_worker_and_then_the_first_leaves(world: MakeWorld) -> None:
    house = House(world, room_url="/rooms")
    taken = house.takes(10)
    await house.sleep(60)
    second = await house.world.play(
        hand_over(house.router, house.task, house.router.worker("Kim", "client:kim"), "billing")
    )
    assert second is not None
    await house.sleep(2)
    room = house.world.exchange.rooms[0]
    assert len(room.people) == 3
    await house.sleep(10)
    assert [person.leg for person in room.people] == [house.caller, second.leg]
    assert (taken[0].status, second.status, house.task.status) == ("completed", "accepted", "assigned")
    assert house.events()[7:] == [
        "task.transfer-initiated",
        "reservation.created",
        "reservation.accepted",
        "task.updated",
        "task.transfer-completed",
        "reservation.wrapup",
        "reservation.completed",
    ]
    assert house.told("task.transfer-initiated")["TransferMode"] == "WARM"
    participants = house.task.attributes["conference"]["participants"]
    assert participants["worker"] == second.leg.sid  # type: ignore[union-attr]
    second.leg.hang_up("agent")  # type: ignore[union-attr]
    await house.ends()
    assert house.caller.ended_by == "room"
    assert house.task.status == "wrapping"


async def test_a_cold_transfer_holds_the_caller_until_somebody_in_the_other_queue_comes(
    world: MakeWorld,
) -> None:
    house = House(world, room_url="/rooms")
    taken = house.takes(10)
    await house.sleep(60)
    assert await house.world.play(hand_to_queue(house.router, house.task, "sales"))
    await house.sleep(30)
    room = house.world.exchange.rooms[0]
    assert [(person.leg, person.held) for person in room.people] == [(house.caller, True)]
    assert (house.task.status, taken[0].status) == ("pending", "completed")
    entered = [
        h.form for h in house.world.service.asked("/tasks") if h.form["EventType"] == "task-queue.entered"
    ]
    assert [form["TaskQueueName"] for form in entered] == ["billing", "sales"]
    second = house.router.offer(house.task, house.router.worker("Kim", "client:kim"))
    house.router.accept_in_browser(second)
    await house.sleep(1)
    taken_over(house.router, second)
    await house.sleep(1)
    assert [person.held for person in room.people] == [False, False]
    assert house.events()[-1] == "task.transfer-completed"
    assert house.in_room()[3:] == [
        "participant-hold",
        "participant-leave",
        "participant-join",
        "participant-unhold",
    ]


async def test_who_hangs_up_on_hold_between_two_workers_cancels_the_task(world: MakeWorld) -> None:
    house = House(world)
    house.takes(10)
    await house.sleep(60)
    await house.world.play(hand_to_queue(house.router, house.task, "sales"))
    house.world.later(20, house.caller.hang_up)
    await house.ends()
    assert house.events()[-1] == "task.canceled"


async def test_nobody_can_hand_over_a_caller_nobody_is_with(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(5)
    assert await house.world.play(hand_over(house.router, house.task, house.sam())) is None
    assert await house.world.play(hand_to_queue(house.router, house.task, "sales")) is False


# --- TaskRouter without Flex: the service is asked -----------------------------------------------------------

CONFERENCE: dict[str, Any] = {
    "instruction": "conference",
    "from": "+442079460000",
    "timeout": 20,
    "end_conference_on_exit": False,
    "end_conference_on_customer_exit": True,
    "conference_status_callback": f"{PUBLIC_URL}/rooms",
    "conference_status_callback_event": "start end join leave mute hold",
    "post_work_activity_sid": "WA" + "1" * 32,
}


def answers(instruction: object, **more: object) -> Answer:
    return (
        200,
        "application/json",
        json.dumps(instruction | more if isinstance(instruction, dict) else instruction),
    )


async def assigned(world: MakeWorld, answer: Answer, *, rings: float | None = 3, **options: Any) -> House:
    """A worker on a telephone comes free after ten seconds."""
    house = House(
        world, {"/assign": answer, **options.pop("documents", {})}, assignment_url="/assign", **options
    )

    async def comes() -> None:
        await house.world.clock.sleep(10)
        worker = house.router.worker("Sam", "+442079460999")
        worker.answers_after = rings
        await assign(house.router, house.router.offer(house.task, worker))

    await house.world.play(comes())
    return house


async def test_the_service_is_asked_how_to_connect_a_task(world: MakeWorld) -> None:
    house = await assigned(world, answers(CONFERENCE))
    (asked,) = house.world.service.asked("/assign")
    assert asked.form["TaskSid"] == house.task.sid
    assert asked.form["ReservationSid"] == house.task.reservations[0].sid
    assert json.loads(asked.form["TaskAttributes"])["call_sid"] == house.caller.sid
    assert json.loads(asked.form["WorkerAttributes"])["contact_uri"] == "+442079460999"
    assert asked.headers["x-twilio-signature"]


async def test_conference_rings_the_worker_and_puts_both_into_a_room_on_the_terms_given(
    world: MakeWorld,
) -> None:
    house = await assigned(world, answers(CONFERENCE))
    await house.sleep(2)
    room = house.world.exchange.rooms[0]
    assert [(person.leg.to, person.ends_room) for person in room.people] == [
        ("+442079460999", False),
        ("+442079460000", True),
    ]
    assert house.in_room() == ["participant-join", "conference-start", "participant-join"]
    assert house.world.service.asked("/left")[0].form["QueueTime"] == "13"
    house.caller.hang_up()
    await house.ends()
    assert house.events()[-3:] == ["reservation.wrapup", "worker.activity.update", "task.wrapup"]
    assert house.told("worker.activity.update")["WorkerActivitySid"] == "WA" + "1" * 32


async def test_a_worker_who_leaves_without_ending_the_room_leaves_the_caller_in_it(world: MakeWorld) -> None:
    house = await assigned(world, answers(CONFERENCE))
    await house.sleep(10)
    house.task.reservations[0].leg.hang_up("agent")  # type: ignore[union-attr]
    await house.sleep(10)
    assert [person.leg for person in house.world.exchange.rooms[0].people] == [house.caller]
    assert house.task.status == "wrapping"


async def test_a_worker_who_does_not_pick_up_loses_the_task(world: MakeWorld) -> None:
    house = await assigned(world, answers(CONFERENCE), rings=None)
    await house.sleep(1)
    assert house.events()[4:] == ["reservation.created", "reservation.timeout", "worker.activity.update"]
    assert house.world.clock.monotonic() == 31


async def test_a_caller_who_hangs_up_while_it_rings_is_not_connected(world: MakeWorld) -> None:
    house = House(world, {"/assign": answers(CONFERENCE)}, assignment_url="/assign")

    async def comes() -> None:
        await house.world.clock.sleep(10)
        worker = house.sam()
        worker.answers_after = 5
        house.world.later(2, house.caller.hang_up)
        await assign(house.router, house.router.offer(house.task, worker))

    await house.world.play(comes())
    await house.ends()
    assert house.world.exchange.rooms == []
    assert house.task.status == "canceled"


async def test_accept_and_reject_are_followed(world: MakeWorld) -> None:
    house = await assigned(world, answers({"instruction": "accept"}))
    assert house.task.status == "assigned"
    house = await assigned(world, answers({"instruction": "reject", "activity_sid": "WA" + "2" * 32}))
    await house.sleep(1)
    assert house.task.status == "pending"
    assert house.events()[-2:] == ["reservation.rejected", "worker.activity.update"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (answers({**CONFERENCE, "colour": "red"}), 40001),
        (answers({**CONFERENCE, "from": ""}), 40001),
        (answers({**CONFERENCE, "timeout": "soon"}), 40001),
        (answers({"instruction": "sing"}), 40001),
        (answers({**CONFERENCE, "conference_status_callback_event": "start announcement"}), 21626),
    ],
    ids=[
        "unknown field",
        "no from",
        "a wrong type",
        "unknown instruction",
        "announcement cannot be asked for",
    ],
)
async def test_an_instruction_twilio_would_not_take_is_refused(
    world: MakeWorld, answer: Answer, code: int
) -> None:
    with pytest.raises(TwilioRefuses) as refused:
        await assigned(world, answer)
    assert refused.value.code == code


async def test_other_instructions_are_not_played(world: MakeWorld) -> None:
    with pytest.raises(NotPlayed, match="dequeue"):
        await assigned(world, answers({"instruction": "dequeue"}))


@pytest.mark.parametrize(
    "answer",
    [
        (200, "text/html", "{}"),
        (200, "application/json", "{"),
        answers(["conference"]),
        (500, "application/json", "{}"),
    ],
    ids=["no JSON type", "broken", "no object", "500"],
)
async def test_a_bad_answer_is_noted_and_the_workers_time_runs_out(world: MakeWorld, answer: Answer) -> None:
    house = await assigned(world, answer)
    assert len(house.world.exchange.warnings) == 1
    await house.sleep(121)
    assert house.task.reservations[0].status == "timeout"


async def test_an_answer_that_takes_longer_than_five_seconds_goes_to_the_fallback(world: MakeWorld) -> None:
    async def late(heard: Heard) -> Answer:
        await house_clock[0].sleep(6)
        return answers(CONFERENCE)

    house_clock: list[Any] = []
    house = House(
        world,
        {"/assign": late, "/fallback": answers({"instruction": "reject"})},
        assignment_url="/assign",
        fallback_url="/fallback",
    )
    house_clock.append(house.world.clock)

    async def comes() -> None:
        await house.world.clock.sleep(10)
        await assign(house.router, house.router.offer(house.task, house.sam()))

    await house.world.play(comes())
    assert [warning.code for warning in house.world.exchange.warnings] == [11205]
    assert house.task.reservations[0].status == "rejected"
    assert house.world.clock.monotonic() == 15


# --- REST ----------------------------------------------------------------------------------------------------


def tasks(house: House, task: str | None = None, workspace: str | None = None) -> Any:
    client = Client(ACCOUNT, TOKEN, http_client=house.world.rest)
    return client.taskrouter.v1.workspaces(workspace or house.router.sid).tasks(task or house.task.sid)


async def test_a_task_can_be_looked_at_and_has_the_real_shape(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(42)
    task = await house.world.play(tasks(house).fetch_async())
    assert (task.assignment_status, task.age, task.task_queue_friendly_name) == ("pending", 42, "billing")
    assert json.loads(task.attributes)["call_sid"] == house.caller.sid
    assert task.task_queue_entered_date.isoformat() == "2026-11-21T09:00:00+00:00"


async def test_a_task_is_completed_by_rest_once_somebody_took_it_and_not_before(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(5)
    with pytest.raises(TwilioRestException) as refusal:
        await house.world.play(tasks(house).update_async(assignment_status="completed", reason="done"))
    assert refusal.value.status == 400
    house.takes(0)
    await house.sleep(5)
    done = await house.world.play(tasks(house).update_async(assignment_status="completed", reason="done"))
    assert (done.assignment_status, done.reason) == ("completed", "done")
    with pytest.raises(TwilioRestException):
        await house.world.play(tasks(house).update_async(assignment_status="completed", reason="again"))
    await house.sleep(1)
    assert house.told("task.completed")["TaskCompletedReason"] == "done"


async def test_a_task_somebody_took_cannot_be_cancelled_and_one_nobody_took_can(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(5)
    gone = await house.world.play(tasks(house).update_async(assignment_status="canceled", reason="closed"))
    assert gone.assignment_status == "canceled"
    house = House(world)
    house.takes(1)
    await house.sleep(5)
    with pytest.raises(TwilioRestException) as refusal:
        await house.world.play(tasks(house).update_async(assignment_status="canceled", reason="closed"))
    assert refusal.value.status == 400
    wrapping = await house.world.play(tasks(house).update_async(assignment_status="wrapping"))
    assert wrapping.assignment_status == "wrapping"


async def test_attributes_are_a_json_object_and_go_alone(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(5)
    changed = await house.world.play(tasks(house).update_async(attributes='{"name": "Ana"}'))
    assert json.loads(changed.attributes) == {"name": "Ana"}
    for update in ({"attributes": "[]"}, {"attributes": "{}", "assignment_status": "canceled"}):
        with pytest.raises(TwilioRestException) as refusal:
            await house.world.play(tasks(house).update_async(**update))
        assert refusal.value.code == 20001


async def test_an_unknown_task_or_another_workspace_is_20404(world: MakeWorld) -> None:
    house = House(world)
    await house.sleep(5)
    for task, workspace in (("WT" + "0" * 32, None), (None, "WS" + "0" * 32)):
        with pytest.raises(TwilioRestException) as refusal:
            await house.world.play(tasks(house, task, workspace).fetch_async())
        assert (refusal.value.status, refusal.value.code) == (404, 20404)

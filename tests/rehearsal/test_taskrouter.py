"""TaskRouter and Flex: tasks, workers, the room they meet in, and what is told of it all."""

import json

import pytest

from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import ACCOUNT, MakeWorld, words
from tests.rehearsal.workspace import FLOW, LINE, House

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

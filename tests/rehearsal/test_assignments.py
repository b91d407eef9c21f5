"""TaskRouter without Flex: the service is asked how to connect a task."""

import json
from typing import Any

import pytest

from ivr.rehearsal.assignments import assign
from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Answer, Heard, MakeWorld
from tests.rehearsal.workspace import House

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

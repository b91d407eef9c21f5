"""Transfers in Flex: warm, cold, and those that cannot be."""

from ivr.rehearsal.transfers import hand_over, hand_to_queue, taken_over
from tests.rehearsal.conftest import MakeWorld
from tests.rehearsal.workspace import House


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

"""Tasks by REST."""

import json
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.rehearsal.conftest import ACCOUNT, TOKEN, MakeWorld
from tests.rehearsal.workspace import House


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

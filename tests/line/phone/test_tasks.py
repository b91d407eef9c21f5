"""TaskRouter's tasks: looked at, and completed once."""

import json
from collections.abc import Callable

import pytest
from twilio.http.response import Response

from ivr.line.phone import Found, Outcome, Task
from tests.line.phone.script import BROKEN, BUSY, CALL, NOBODY, UNSURE, Answer, Line, fault, said

SPACE, TASK = "WS" + "6" * 32, "WT" + "7" * 32
THERE = f"/v1/Workspaces/{SPACE}/Tasks/{TASK}"
NOT_NOW = fault(400, 20001)

Dial = Callable[..., Line]


def task(status: str = "wrapping", attributes: object = "{}") -> Response:
    return said(sid=TASK, assignment_status=status, attributes=attributes)


async def test_a_task_is_its_status_and_its_attributes(line: Dial) -> None:
    attributes = {"call_sid": CALL, "conference": {"sid": "CF1", "participants": {"customer": CALL}}}
    dialled = line(task("assigned", json.dumps(attributes)))
    assert await dialled.phone.task(SPACE, TASK) == Found(Outcome.DONE, Task("assigned", attributes))
    assert [(asked.method, asked.url) for asked in dialled.script.asked] == [
        ("GET", f"https://taskrouter.twilio.com{THERE}")
    ]


@pytest.mark.parametrize("attributes", ["", "{", "[]", "null", '"text"', None, 7, {"call_sid": CALL}])
async def test_attributes_nobody_can_read_are_empty(line: Dial, attributes: object) -> None:
    assert await line(task("assigned", attributes)).phone.task(SPACE, TASK) == Found(
        Outcome.DONE, Task("assigned", {})
    )


async def test_a_task_that_is_not_there_is_too_late_and_a_silent_twilio_is_tried_again(line: Dial) -> None:
    assert await line(NOBODY).phone.task(SPACE, TASK) == Found(Outcome.TOO_LATE)
    assert await line(BROKEN).phone.task(SPACE, TASK) == Found(Outcome.TRY_AGAIN)
    assert await line(BROKEN, task()).phone.task(SPACE, TASK) == Found(Outcome.DONE, Task("wrapping"))


@pytest.mark.parametrize("api_url", ["http://localhost:4010", "http://localhost:4010/"])
async def test_a_stand_in_stands_in_for_taskrouter_too(line: Dial, api_url: str) -> None:
    dialled = line(task(), api_url=api_url)
    await dialled.phone.task(SPACE, TASK)
    assert dialled.script.asked[0].url == f"http://localhost:4010{THERE}"


async def test_a_task_is_completed_with_its_reason(line: Dial) -> None:
    dialled = line(task("completed"))
    assert await dialled.phone.complete_task(SPACE, TASK, "heard") is Outcome.DONE
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("POST", f"https://taskrouter.twilio.com{THERE}")
    assert asked.form == {"AssignmentStatus": "completed", "Reason": "heard"}


@pytest.mark.parametrize("lost", UNSURE)
async def test_a_lost_answer_about_a_task_is_settled_by_looking(line: Dial, lost: Answer) -> None:
    dialled = line(lost, task("completed"))
    assert await dialled.phone.complete_task(SPACE, TASK, "heard") is Outcome.DONE
    assert dialled.methods == ["POST", "GET"]
    dialled = line(lost, task("wrapping"), task("completed"))
    assert await dialled.phone.complete_task(SPACE, TASK, "heard") is Outcome.DONE
    assert dialled.methods == ["POST", "GET", "POST"]
    assert await line(lost).phone.complete_task(SPACE, TASK, "heard") is Outcome.TRY_AGAIN


async def test_a_task_that_was_completed_already_is_done(line: Dial) -> None:
    dialled = line(NOT_NOW, task("completed"))
    assert await dialled.phone.complete_task(SPACE, TASK, "heard") is Outcome.DONE


async def test_a_task_that_was_canceled_or_forgotten_is_too_late(line: Dial) -> None:
    assert await line(NOT_NOW, task("canceled")).phone.complete_task(SPACE, TASK, "heard") is Outcome.TOO_LATE
    assert await line(NOT_NOW, NOBODY).phone.complete_task(SPACE, TASK, "heard") is Outcome.TOO_LATE
    assert await line(NOBODY).phone.complete_task(SPACE, TASK, "heard") is Outcome.TOO_LATE


@pytest.mark.parametrize("status", ["pending", "reserved"])
async def test_a_task_that_cannot_be_completed_yet_is_refused(line: Dial, status: str) -> None:
    dialled = line(NOT_NOW, task(status))
    assert await dialled.phone.complete_task(SPACE, TASK, "heard") is Outcome.REFUSED
    assert dialled.methods == ["POST", "GET"]


async def test_a_busy_taskrouter_is_asked_again(line: Dial) -> None:
    dialled = line(BUSY, task("completed"))
    assert await dialled.phone.complete_task(SPACE, TASK, "heard") is Outcome.DONE
    assert dialled.methods == ["POST", "POST"]

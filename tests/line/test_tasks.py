"""What TaskRouter said, as what happened: read with tolerance, by its own clock."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.calls.events import Answered, Arrived, Queued, Released, Transferred
from ivr.line.tasks import TaskSaid, assigned, happened
from ivr.line.translate import said
from tests.world import CALL

NOW = datetime(2026, 11, 21, 9, 0, 30, tzinfo=UTC)
TASK, WORKSPACE, RESERVATION = "WT" + "1" * 32, "WS" + "2" * 32, "WR" + "3" * 32
ATTRIBUTES = {
    "call_sid": CALL,
    "from": "+447700900123",
    "to": "+442079460000",
    "direction": "inbound",
    "queue": "billing",
}


def task(kind: str, attributes: object = None, **fields: str) -> TaskSaid:
    text = (
        attributes
        if isinstance(attributes, str)
        else json.dumps(ATTRIBUTES if attributes is None else attributes)
    )
    given = {
        "EventType": kind,
        "TaskSid": TASK,
        "WorkspaceSid": WORKSPACE,
        "ReservationSid": RESERVATION,
        "TaskAttributes": text,
        "TaskAge": "12",
        "Timestamp": "Sat, 21 Nov 2026 09:00:25 +0000",
        **fields,
    }
    return TaskSaid(said(list(given.items())))


def test_entering_a_queue_is_the_callers_arrival_and_their_waiting_by_twilios_clock() -> None:
    arrived, queued = happened(task("task-queue.entered"), NOW, queue="billing", caller="5e1f0a")
    assert isinstance(arrived, Arrived)
    assert isinstance(queued, Queued)
    assert (arrived.caller, arrived.outbound) == ("5e1f0a", False)
    assert (queued.call, queued.clock, queued.queue, queued.stay) == (CALL, "twilio", "billing", 0)
    assert (queued.at.second, queued.task, queued.workspace) == (25, TASK, WORKSPACE)


def test_a_worker_who_accepts_has_answered_and_is_known_by_the_reservation() -> None:
    (answered,) = happened(task("reservation.accepted"), NOW, queue="billing")
    assert isinstance(answered, Answered)
    assert (answered.agent, answered.waited, answered.source) == (RESERVATION, 12, "taskrouter")


@pytest.mark.parametrize("kind", ["reservation.wrapup", "reservation.completed", "reservation.canceled"])
def test_after_its_end_the_worker_of_a_reservation_has_gone(kind: str) -> None:
    (released,) = happened(task(kind), NOW, queue="")
    assert isinstance(released, Released)
    assert released.agent == RESERVATION


def test_a_transfer_says_where_to_and_how_where_it_does() -> None:
    (passed_on,) = happened(task("task.transfer-initiated", TransferMode="COLD"), NOW, queue="repairs")
    assert isinstance(passed_on, Transferred)
    assert (passed_on.to, passed_on.mode) == ("repairs", "cold")


def test_the_caller_is_the_conferences_customer_where_no_leg_was_queued() -> None:
    other = {
        "conference": {"sid": "CF" + "4" * 32, "participants": {"customer": CALL, "worker": "CA" + "9" * 32}}
    }
    read = task("reservation.accepted", other)
    assert (read.call, read.room) == (CALL, "CF" + "4" * 32)


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        "{",
        "[1]",
        "null",
        '"x"',
        '{"call_sid": 7}',
        '{"call_sid": "CA1"}',
        '{"conference": "no"}',
        "[" * 5_000,
        "x" * 20_000,
    ],
)
def test_a_task_that_is_no_call_of_ours_tells_nothing(attributes: str) -> None:
    assert happened(task("task-queue.entered", attributes), NOW, queue="") == []
    assert assigned(task("", attributes), NOW) is None


def test_events_we_do_not_know_tell_nothing() -> None:
    assert happened(task("worker.activity.update"), NOW, queue="") == []


def test_a_repeat_has_the_same_key_and_the_next_queue_another() -> None:
    first = happened(task("task-queue.entered", TaskQueueSid="WQ1"), NOW, queue="a")[1]
    again = happened(task("task-queue.entered", TaskQueueSid="WQ1"), NOW, queue="a")[1]
    other = happened(task("task-queue.entered", TaskQueueSid="WQ2"), NOW, queue="b")[1]
    assert first == again
    assert first.key != other.key


@given(
    st.dictionaries(
        st.sampled_from(["EventType", "TaskAttributes", "TaskSid", "Timestamp", "TaskAge", "ReservationSid"]),
        st.text(max_size=60),
    )
)
def test_nothing_that_comes_raises(fields: dict[str, str]) -> None:
    read = TaskSaid(said(list(fields.items())))
    happened(read, NOW, queue="")
    assigned(read, NOW)

"""TaskRouter without Flex: the service is asked how to connect a task to a worker, and does it by telephone.

The answer is JSON within five seconds, else the fallback address is asked, else the worker's time runs out.
Instructions that are followed: accept, reject, conference.
"""

import json
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any
from urllib.parse import urldefrag

from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.taskrouter import TaskRouter, Terms
from ivr.rehearsal.tasks import Reservation
from ivr.rehearsal.wire import Unanswered

_WITHIN = "#rc=0&rt=5000&tt=5000"  # an assignment callback has five seconds, whatever its address says
_RINGS = 120  # seconds a worker's telephone rings, unless said

_FLAGS = {
    "end_conference_on_exit",
    "end_conference_on_customer_exit",
    "beep_on_customer_entrance",
    "start_conference_on_enter",
    "muted",
}
_TEXTS = {
    "from",
    "to",
    "room_name",
    "post_work_activity_sid",
    "wait_url",
    "conference_status_callback",
    "conference_status_callback_method",
    "conference_status_callback_event",
    "beep",
    "region",
    "conference_record",
    "conference_trim",
    "record",
    "recording_status_callback",
}
_NUMBERS = {"timeout", "max_participants"}
FIELDS: Mapping[str, frozenset[str]] = {
    "accept": frozenset(),
    "reject": frozenset({"activity_sid"}),
    "conference": frozenset(_FLAGS | _TEXTS | _NUMBERS),
}
"""What each instruction takes beside its name."""

_ELSEWHERE = frozenset({"dequeue", "call", "redirect", "supervise"})
_ROOM_EVENTS = frozenset({"start", "end", "join", "leave", "mute", "hold", "speaker"})


async def assign(taskrouter: TaskRouter, reservation: Reservation) -> None:
    """Ask how to connect a reserved task, and follow the instruction. Raises TwilioRefuses for one that
    Twilio would not take, where the exchange is strict."""
    asked = [url for url in (taskrouter.assignment_url, taskrouter.fallback_url) if url]
    for url in asked:
        try:
            instruction = await _asked(taskrouter, reservation, url)
        except TwilioRefuses as refused:
            taskrouter.exchange.warn(refused)
            continue
        try:
            await _follow(taskrouter, reservation, instruction, url)
        except TwilioRefuses as refused:
            if taskrouter.exchange.strict:
                raise
            taskrouter.exchange.warn(refused)
        return


async def _asked(taskrouter: TaskRouter, reservation: Reservation, url: str) -> dict[str, Any]:
    clock, worker = taskrouter.clock, reservation.worker
    fields = {
        "Timestamp": format_datetime(clock.now()),
        "AccountSid": taskrouter.exchange.wire.account_sid,
        "WorkspaceSid": taskrouter.sid,
        "WorkerSid": worker.sid,
        "WorkerName": worker.name,
        "WorkerAttributes": json.dumps(worker.attributes),
        "ReservationSid": reservation.sid,
        **taskrouter.task_fields(reservation.task),
    }
    answer = await taskrouter.exchange.wire.ask(urldefrag(url)[0] + _WITHIN, "POST", list(fields.items()))
    kind = (answer.content_type or "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Unanswered(
            40001, f"an assignment is answered in application/json, not {kind or 'no type'}", url
        )
    try:
        instruction = json.loads(answer.body)
    except ValueError as broken:
        raise Unanswered(40001, f"the assignment's answer is not JSON: {broken}", url) from broken
    if not isinstance(instruction, dict) or not isinstance(instruction.get("instruction"), str):
        raise Unanswered(40001, "the assignment's answer names no instruction", url)
    return instruction


async def _follow(
    taskrouter: TaskRouter, reservation: Reservation, instruction: dict[str, Any], url: str
) -> None:
    name = instruction.pop("instruction")
    if name in _ELSEWHERE:
        raise NotPlayed(f"the instruction {name}", url)
    if name not in FIELDS:
        raise TwilioRefuses(40001, f"there is no instruction {name}", url)
    if unknown := sorted(set(instruction) - FIELDS[name]):
        raise TwilioRefuses(40001, f"the instruction {name} takes no {', '.join(unknown)}", url)
    given = {key: value for key, value in instruction.items() if value is not None}
    if name == "accept":
        taskrouter.accept(reservation)
    elif name == "reject":
        taskrouter.refused(reservation, "rejected", str(given.get("activity_sid", "")))
    else:
        await _conference(taskrouter, reservation, given, url)


async def _conference(
    taskrouter: TaskRouter, reservation: Reservation, given: Mapping[str, Any], url: str
) -> None:
    """Ring the worker, and put both into a room once they answer. `from` is required; `to` is the worker's
    contact_uri unless said; the room is named after the task unless said."""
    _check(given, url)
    worker, task = reservation.worker, reservation.task
    worker.contact_uri = given.get("to", worker.contact_uri)
    rings, patience = worker.answers_after, float(given.get("timeout", _RINGS))
    await taskrouter.clock.sleep(patience if rings is None else min(rings, patience))
    if rings is None or rings > patience:
        taskrouter.refused(reservation, "timeout")
        return
    taskrouter.accept(reservation)
    if reservation.status != "accepted":
        return  # the caller hung up while it rang
    reservation.post_work_activity = given.get("post_work_activity_sid")
    both = {
        "beep": str(given.get("beep", "true")).lower(),
        "maxParticipants": str(given.get("max_participants", 250)),
    }
    if "conference_status_callback" in given:
        both["statusCallback"] = given["conference_status_callback"]
        both["statusCallbackMethod"] = given.get("conference_status_callback_method", "POST")
        both["statusCallbackEvent"] = given.get("conference_status_callback_event", "start end")
    starts = {"startConferenceOnEnter": _flag(given, "start_conference_on_enter", True)}
    leaving = {"endConferenceOnExit": _flag(given, "end_conference_on_exit", False)}
    customer_leaving = {"endConferenceOnExit": _flag(given, "end_conference_on_customer_exit", False)}
    waiting = {"waitUrl": given.get("wait_url", "")}
    muted = {"muted": _flag(given, "muted", False)}
    taskrouter.connect(
        reservation,
        Terms(
            str(given.get("room_name", task.sid)),
            both | starts | leaving | waiting | muted,
            both | customer_leaving | {"waitUrl": ""},
        ),
    )


def _check(given: Mapping[str, Any], url: str) -> None:
    """Twilio's types: a wrong one is 40001 too."""
    if not given.get("from"):
        raise TwilioRefuses(40001, "the instruction conference needs a from", url)
    for name, value in given.items():
        good = (
            isinstance(value, bool) or value in ("true", "false")
            if name in _FLAGS
            else isinstance(value, int) or str(value).isdigit()
            if name in _NUMBERS
            else isinstance(value, str | bool)
            if name in ("beep", "conference_record", "record")
            else isinstance(value, str)
        )
        if not good:
            raise TwilioRefuses(40001, f"{name} cannot be {value!r}", url)
    events = set(str(given.get("conference_status_callback_event", "")).split())
    if unknown := sorted(events - _ROOM_EVENTS):
        raise TwilioRefuses(21626, f"a reservation's room cannot tell of {', '.join(unknown)}", url)


def _flag(given: Mapping[str, Any], name: str, usual: bool) -> str:
    return str(given.get(name, usual)).lower()

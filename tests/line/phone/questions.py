"""Every question the telephone can be asked, once: a new method without a line here fails a test."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from ivr.line.phone import Found, Outcome, Phone
from tests.line.phone.script import AGENT, BASE, CALL, ROOM

SPACE, TASK, NUMBER = "WS" + "6" * 32, "WT" + "7" * 32, "PN" + "8" * 32
SAID = f"{BASE}/voice/farewell/announcement?call={CALL}&n=1#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
NOT_QUESTIONS = {"start", "stop"}

QUESTIONS: dict[str, Callable[..., Awaitable[Any]]] = {
    "to_farewell": lambda phone, **bound: phone.to_farewell(CALL, **bound),
    "release": lambda phone, **bound: phone.release(AGENT, CALL, **bound),
    "redirect": lambda phone, **bound: phone.redirect(CALL, f"{BASE}/voice/farewell", **bound),
    "fetch": lambda phone, **bound: phone.fetch(CALL, **bound),
    "end_of": lambda phone, **bound: phone.end_of(CALL, **bound),
    "direction": lambda phone, **bound: phone.direction(CALL, **bound),
    "create_queues": lambda phone, **bound: phone.create_queues(["billing", "default"], **bound),
    "waiting_in": lambda phone, **bound: phone.waiting_in("billing", **bound),
    "find_room": lambda phone, **bound: phone.find_room(TASK, **bound),
    "people": lambda phone, **bound: phone.people(ROOM, **bound),
    "stay_open": lambda phone, **bound: phone.stay_open(ROOM, AGENT, **bound),
    "unhold": lambda phone, **bound: phone.unhold(ROOM, CALL, **bound),
    "announce": lambda phone, **bound: phone.announce(ROOM, SAID, **bound),
    "announce_to": lambda phone, **bound: phone.announce_to(ROOM, CALL, SAID, **bound),
    "end_room": lambda phone, **bound: phone.end_room(ROOM, **bound),
    "task": lambda phone, **bound: phone.task(SPACE, TASK, **bound),
    "complete_task": lambda phone, **bound: phone.complete_task(
        SPACE, TASK, "the goodbye was heard", **bound
    ),
    "numbers": lambda phone, **bound: phone.numbers(**bound),
    "point_number": lambda phone, **bound: phone.point_number(
        NUMBER,
        voice_url=f"{BASE}/voice/incoming#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000",
        fallback_url=f"{BASE}/voice/fallback",
        status_callback=f"{BASE}/events/call#rc=5&rp=all&rt=3000&tt=15000",
        **bound,
    ),
}


def public() -> set[str]:
    """The questions there are, by looking at the telephone itself."""
    members = inspect.getmembers(Phone, inspect.iscoroutinefunction)
    return {name for name, _ in members if not name.startswith("_")} - NOT_QUESTIONS


def outcome(answer: object) -> object:
    """How it went, of whatever a question is answered with; a call's own words are left as they are."""
    return answer.outcome if isinstance(answer, Found) else answer


SILENCE = {Outcome.TRY_AGAIN, ""}
"""What a question is answered with when Twilio says nothing."""

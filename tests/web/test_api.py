"""The API for programs: wrap-ups, stories and holds."""

import pytest

from tests.line.conftest import (
    AGENT_LEG,
    CALL,
    StandingClock,
    Twilio,
    address,
    clock,
    telephone,
    twilio,
    words,
)

__all__ = ["StandingClock", "clock", "telephone", "twilio"]

WRAPUP = {
    "name": "Ana",
    "resolved": True,
    "agent": "Sam",
    "steps": [{"who": "us", "what": "send a replacement router", "by": "2026-11-28", "reference": "AB-4719"}],
    "gifts": [{"kind": "holiday", "detail": "in Tobago"}],
}
WRAP_UP = f"/api/calls/{CALL}/wrapup"


async def test_a_wrap_up_is_kept_and_brings_the_caller_to_the_farewell(twilio: Twilio) -> None:
    await twilio.answered()
    answer = await twilio.api("POST", WRAP_UP, WRAPUP)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["state"] == "started"
    assert told["steps"] == [{"goes": "spoken"}]
    assert any("A B, 4 7 1 9" in line["text"] for line in told["says"])
    assert twilio.telephone.redirects() == [(CALL, "/voice/farewell")]


async def test_what_was_noted_is_what_the_caller_hears(twilio: Twilio) -> None:
    await twilio.answered()
    says = (await twilio.api("POST", WRAP_UP, WRAPUP)).json()["says"]
    here, heard = await twilio.document(f"/voice/farewell?call={CALL}&way=aside"), []
    while here.find("Redirect") is not None:
        heard.append(words(here))
        here = await twilio.document(here.find("Redirect").text or "")  # type: ignore[union-attr]
    spoken = "".join("".join(heard).split())
    for line in says:
        assert "".join(line["text"].split()) in spoken
    assert "Tobago" in heard[-1]


async def test_a_repeat_is_harmless(twilio: Twilio) -> None:
    await twilio.answered()
    first = (await twilio.api("POST", WRAP_UP, WRAPUP)).json()
    second = await twilio.api("POST", WRAP_UP, WRAPUP)
    assert (second.status_code, second.json()) == (202, first)
    events = (await twilio.service.ledger.read(CALL)).events
    assert sum(event.kind == "wrapped_up" for event in events) == 1


async def test_the_last_version_before_the_farewell_begins_is_the_one_used(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, {**WRAPUP, "name": "Bea", "start": "when_agent_leaves"})
    twilio.clock.forward(5)
    await twilio.api("POST", WRAP_UP, {**WRAPUP, "name": "Dee", "start": "when_agent_leaves"})
    await twilio.document(f"/voice/farewell?call={CALL}&way=after")
    told = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    assert "Bea" not in str(told["says"])
    late = await twilio.api("POST", WRAP_UP, {**WRAPUP, "name": "Cy"})
    assert late.status_code == 409
    assert "had begun" in late.json()["done"]


async def test_when_the_agent_leaves_first_nothing_is_asked_of_twilio(twilio: Twilio) -> None:
    await twilio.answered()
    answer = await twilio.api("POST", WRAP_UP, {**WRAPUP, "start": "when_agent_leaves"})
    assert answer.json()["state"] == "kept"
    assert twilio.telephone.redirects() == []
    await twilio.document("/voice/queue-left?stay=1&queue=billing", QueueResult="bridged", QueueTime="742")
    assert "in Tobago" in str((await twilio.api("GET", f"/api/calls/{CALL}")).json()["says"])


async def test_too_late_is_said_with_what_was_done_instead(twilio: Twilio) -> None:
    await twilio.answered()
    twilio.telephone.answers[f"{CALL}.json"] = (
        400,
        {"code": 21220, "message": "not in-progress", "status": 400},
    )
    answer = await twilio.api("POST", WRAP_UP, WRAPUP)
    assert answer.status_code == 409
    assert answer.json()["done"].startswith("kept")
    await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    answer = await twilio.api("POST", WRAP_UP, {**WRAPUP, "name": "Eve"})
    assert (answer.status_code, answer.json()["done"]) == (409, "nothing: the call was already over")


async def test_a_call_nobody_knows_is_asked_of_twilio_before_it_is_404(twilio: Twilio) -> None:
    twilio.telephone.answers[f"{CALL}.json"] = (404, {"code": 20404, "message": "not found", "status": 404})
    assert (await twilio.api("POST", WRAP_UP, WRAPUP)).status_code == 404
    assert (await twilio.api("GET", f"/api/calls/{CALL}")).status_code == 404
    assert any("/Calls/" in path for _, path, _ in twilio.telephone.asked)


async def test_an_outbound_call_may_be_wrapped_up_and_waited_for_nothing(twilio: Twilio) -> None:
    twilio.telephone.answers[f"{CALL}.json"] = (
        200,
        {"sid": CALL, "status": "in-progress", "direction": "outbound-api"},
    )
    assert (await twilio.api("POST", WRAP_UP, WRAPUP)).status_code == 202
    wait = (await twilio.api("GET", f"/api/calls/{CALL}")).json()["story"]["wait"]
    assert wait["seconds"] == 0


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"steps": [{"who": "them", "what": "x"}]}, "who"),
        ({"steps": [{"who": "us", "what": "x" * 91}]}, "what"),
        ({"steps": [{"who": "us", "what": "x", "by": "next week"}]}, "by"),
        ({"steps": [{"who": "us", "what": "x", "reference": "<b>1</b>"}]}, "reference"),
        ({"steps": [{"who": "us"}]}, "steps"),
        ({"steps": [{"step": "no such step"}]}, "step"),
        ({"tone": "jolly"}, "tone"),
        ({"gifts": [{"kind": "holday"}]}, "kind"),
        ({"name": "{{ caller.name }}"}, "name"),
        ({"name": '<break time="10h"/>'}, "name"),
        ({"held_seconds": -1}, "held_seconds"),
        ({"way": "together"}, "way"),
        ({"nmae": "Ana"}, "nmae"),
    ],
)
async def test_a_wrong_field_is_named_with_the_reason_and_nothing_is_kept(
    twilio: Twilio, body: object, where: str
) -> None:
    await twilio.answered()
    answer = await twilio.api("POST", WRAP_UP, body)
    assert answer.status_code == 422
    assert where in str(answer.json()["detail"][0]["loc"])
    assert answer.json()["detail"][0]["msg"]
    assert all(event.kind != "wrapped_up" for event in (await twilio.service.ledger.read(CALL)).events)


async def test_without_a_token_401_and_with_a_wrong_one_403(twilio: Twilio) -> None:
    assert (await twilio.client.get(f"/api/calls/{CALL}")).status_code == 401
    assert (await twilio.api("GET", f"/api/calls/{CALL}", token="wrong")).status_code == 403


async def test_holds_are_counted_and_doubled_presses_are_not(twilio: Twilio) -> None:
    await twilio.answered(waited=60)
    for path, seconds in (("hold", 0), ("hold", 20), ("resume", 100), ("resume", 30)):
        twilio.clock.forward(seconds)
        assert (await twilio.api("POST", f"/api/calls/{CALL}/{path}")).status_code == 202
    assert (await twilio.api("GET", f"/api/calls/{CALL}")).json()["story"]["wait"]["hold"] == 120


async def test_back_to_the_agent_on_0_and_a_second_wrap_up_says_nothing_twice(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    here = await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    first = [words(here)]
    await twilio.document("/voice/agent/next?queue=billing", CallSid=AGENT_LEG, DialCallStatus="completed")
    while address(here, "Gather", "action")[1]["at"] != "next_steps":
        here = await twilio.document(here.find("Redirect").text or "")  # type: ignore[union-attr]
        first.append(words(here))
    here = await twilio.document(here.find("Gather").get("action") or "", Digits="0")  # type: ignore[union-attr]
    assert twilio.telephone.redirects()[-1] == (AGENT_LEG, "/voice/agent/next")
    door = [form["Url"] for _, path, form in twilio.telephone.asked if AGENT_LEG in path][-1]
    assert address(here, "Redirect")[0] == "/voice/farewell/back"
    waiting = await twilio.document(here.find("Redirect").text or "")  # type: ignore[union-attr]
    assert waiting.find("Dial") is None  # not before the agent's leg has been served
    agents = await twilio.document(door, CallSid=AGENT_LEG)
    callers = await twilio.document(waiting.find("Redirect").text or "")  # type: ignore[union-attr]
    rooms = [document.find("Dial/Conference") for document in (agents, callers)]
    assert rooms[0] is not None
    assert rooms[1] is not None
    assert rooms[0].text == rooms[1].text
    assert (await twilio.api("GET", f"/api/calls/{CALL}")).json()["caller"] == "talking"

    twilio.clock.forward(60)
    more = {
        **WRAPUP,
        "steps": [
            *WRAPUP["steps"],
            {"who": "you", "what": "email a photo of the label", "to": "help@example.com"},
        ],
    }  # type: ignore[misc]
    assert (await twilio.api("POST", WRAP_UP, more)).json()["state"] == "started"
    here, second = await twilio.document(f"/voice/farewell?call={CALL}&way=aside"), []
    while here.find("Redirect") is not None:
        second.append(words(here))
        here = await twilio.document(here.find("Redirect").text or "")  # type: ignore[union-attr]
    assert not set(first) & set(second)
    assert "photo of the label" in " ".join(second)
    assert (await twilio.api("GET", f"/api/calls/{CALL}")).json()["outcome"] == "heard"


async def test_openapi_covers_exactly_what_programs_may_ask(twilio: Twilio) -> None:
    paths = (await twilio.client.get("/openapi.json")).json()["paths"]
    assert set(paths) == {f"/api/calls/{{call_sid}}{end}" for end in ("", "/wrapup", "/hold", "/resume")}


async def test_health_readiness_and_counters_are_told(twilio: Twilio) -> None:
    assert (await twilio.client.get("/healthz")).status_code == 200
    assert (await twilio.client.get("/readyz")).status_code == 200
    await twilio.answered()
    counters = (await twilio.client.get("/metrics")).text
    assert "ivr_farewells_total" in counters
    assert "+4477" not in counters

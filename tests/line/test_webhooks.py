"""The addresses Twilio calls: whatever is sent, the caller hears something and no stranger leaves a trace."""

import asyncio
import json
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.line.signature import sign
from ivr.store.database import StoreUnavailable
from tests.line.conftest import AGENT, AGENT_LEG, CALL, TOKEN, URL, Twilio, address, words

VOICE = [
    "/voice/incoming", "/voice/wait", "/voice/wait/key", "/voice/queue-left", "/voice/bridging", "/voice/agent", "/voice/agent/next",
    "/voice/farewell", "/voice/farewell/key", "/voice/farewell/back", "/voice/farewell/talked",
    "/voice/farewell/queue-again", "/voice/farewell/goodbye", "/voice/farewell/done", "/voice/fallback",
    "/voice/no-such-address",
]  # fmt: skip


async def test_a_caller_is_greeted_and_sent_to_wait(twilio: Twilio) -> None:
    document = await twilio.document("/voice/incoming?queue=billing&locale=en-GB")
    assert words(document)
    assert document.find("Enqueue") is not None
    assert document.find("Enqueue").text == "billing"  # type: ignore[union-attr]
    assert address(document, "Enqueue", "action") == (
        "/voice/queue-left",
        {"stay": "1", "queue": "billing", "locale": "en-GB"},
    )
    assert address(document, "Enqueue", "waitUrl")[0] == "/voice/wait"


async def test_waiting_goes_round_and_round_and_records_nothing(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=default")
    before = len((await twilio.service.ledger.read(CALL)).events)
    document = await twilio.document(
        "/voice/wait?queue=default&locale=en-GB", QueueTime="5", QueuePosition="2"
    )
    assert address(document, "Redirect")[0] == "/voice/wait"
    assert {child.tag for child in document} <= {"Say", "Play", "Pause", "Redirect"}
    assert len((await twilio.service.ledger.read(CALL)).events) == before


async def test_the_bridge_answers_nothing_and_keeps_the_exact_wait(twilio: Twilio) -> None:
    await twilio.answered(waited=742)
    story = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    assert story["story"]["wait"] == {"seconds": 742, "queue": 742, "hold": 0, "earlier": 0}
    assert story["story"]["severity"] == "very_long"
    assert (story["caller"], story["agent"]) == ("talking", "talking")


async def test_when_the_agent_has_hung_up_the_caller_still_hears_the_farewell(twilio: Twilio) -> None:
    await twilio.answered()
    document = await twilio.document(
        "/voice/queue-left?stay=1&queue=billing", QueueResult="bridged", QueueTime="742"
    )
    assert (
        "sorry" in words(document).lower()
        or "fault" in words(document).lower()
        or document.find("Gather") is not None
    )
    paths = await twilio.walk(document)
    assert paths[-2:] == ["/voice/farewell/done", "Hangup"]
    told = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    assert told["outcome"] == "heard"


async def test_every_moment_stands_in_a_gather_the_goodbye_too(twilio: Twilio) -> None:
    await twilio.answered()
    here = await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    moments = []
    while here.find("Hangup") is None:
        gather = here.find("Gather")
        assert gather is not None
        assert gather.get("numDigits") == "1"
        assert gather.get("finishOnKey") == ""
        assert [child.tag for child in here] == ["Gather", "Redirect"]
        moments.append(address(here, "Gather", "action")[1]["at"])
        here = await twilio.document(here.find("Redirect").text or "")  # type: ignore[union-attr]
    assert moments[-1] == "goodbye"
    assert len(moments) == len(set(moments))


async def test_a_doubled_request_says_the_same_words_again_and_nothing_is_composed_twice(
    twilio: Twilio,
) -> None:
    await twilio.answered()
    first, second = await asyncio.gather(
        twilio.post(f"/voice/farewell?call={CALL}&way=aside"),
        twilio.post(f"/voice/farewell?call={CALL}&way=aside"),
    )
    assert first.content == second.content
    assert len((await twilio.service.ledger.read(CALL)).farewells) == 1


async def test_the_farewell_goes_on_at_the_first_moment_without_proof(twilio: Twilio) -> None:
    await twilio.answered()
    first = await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    second = await twilio.document(first.find("Redirect").text or "")  # type: ignore[union-attr]
    again = await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    assert words(again) == words(second) != words(first)


@pytest.mark.parametrize("path", VOICE)
async def test_every_voice_address_answers_whatever_twilio_leaves_out(twilio: Twilio, path: str) -> None:
    body = urlencode({"Odd": "1"}).encode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": sign(TOKEN, URL + path, [("Odd", "1")]),
    }
    answer = await twilio.client.post(path, content=body, headers=headers)
    assert answer.status_code == 200
    assert b"<Response" in answer.content
    signature = {"x-twilio-signature": sign(TOKEN, URL + path, [])}
    assert (await twilio.client.get(path, headers=signature)).status_code == 200


_text = st.text(max_size=30)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(VOICE),
    query=st.dictionaries(
        st.sampled_from(
            ["call", "n", "at", "heard", "queue", "locale", "again", "room", "stay", "mishap", "x"]
        ),
        _text,
        max_size=5,
    ),
    fields=st.dictionaries(
        st.sampled_from(
            [
                "CallSid",
                "From",
                "To",
                "Digits",
                "QueueTime",
                "QueueResult",
                "CallStatus",
                "Direction",
                "DequeingCallSid",
                "ErrorUrl",
            ]
        ),
        _text,
        max_size=6,
    ),
)
async def test_nothing_twilio_garbles_changes_that(
    twilio: Twilio, path: str, query: dict[str, str], fields: dict[str, str]
) -> None:
    address_ = path + ("?" + urlencode(query) if query else "")
    pairs = list(fields.items())
    answer = await twilio.client.post(
        address_,
        content=urlencode(pairs).encode(),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": sign(TOKEN, URL + address_, pairs),
        },
    )
    assert answer.status_code == 200
    assert b"<Response" in answer.content
    given = [*query.values(), *fields.values()]  # an address of ours may carry what it was called with
    assert b"None" not in answer.content or any("None" in value for value in given)
    assert "None" not in words(ElementTree.fromstring(answer.content))


@pytest.mark.parametrize("signature", [None, "", "wrong", "ü", "A" * 100_000])
async def test_an_unsigned_request_is_refused_and_leaves_no_trace(
    twilio: Twilio, signature: str | None
) -> None:
    headers = {} if signature is None else {"x-twilio-signature": signature.encode()}
    for path in ("/voice/incoming", "/voice/farewell", "/events/call", "/voice/bridging"):
        answer = await twilio.client.post(
            path, data={"CallSid": CALL, "CallStatus": "completed"}, headers=headers
        )
        assert answer.status_code == 403
        assert answer.content == b""
    assert (await twilio.service.ledger.read(CALL)).events == ()


async def test_both_tokens_are_believed_while_one_is_being_rotated(twilio: Twilio) -> None:
    assert (await twilio.post("/voice/incoming", token="67890")).status_code == 200
    assert (await twilio.post("/voice/incoming", token="other")).status_code == 403


async def test_an_event_is_answered_204_once_it_is_kept(twilio: Twilio) -> None:
    await twilio.answered()
    answer = await twilio.post("/events/call", CallStatus="completed", CallDuration="900", SequenceNumber="0")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await twilio.api("GET", f"/api/calls/{CALL}")).json()["caller"] == "gone"


async def test_an_event_that_cannot_be_kept_is_answered_503(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database is away")

    monkeypatch.setattr(twilio.service.ledger, "append", away)
    assert (await twilio.post("/events/call", CallStatus="completed")).status_code == 503


async def test_with_the_database_away_the_caller_hears_the_mishap_page_and_then_the_goodbye(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await twilio.answered()

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("the database is away")

    monkeypatch.setattr(twilio.service.ledger, "read", away)
    monkeypatch.setattr(twilio.service.ledger, "append", away)
    first = await twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    assert words(first)
    assert (await twilio.walk(first))[-1] == "Hangup"


async def test_an_answer_kept_in_memory_is_written_when_the_database_is_back(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    await twilio.document("/voice/incoming?queue=billing")
    append, failures = twilio.service.ledger.append, iter([True, True])

    async def twice_away(*given_: object, **named: object) -> None:
        if next(failures, False):
            raise StoreUnavailable("the database is away")
        await append(*given_, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(twilio.service.ledger, "append", twice_away)
    assert (
        await twilio.post("/voice/bridging", QueueTime="99", DequeingCallSid=AGENT_LEG)
    ).status_code == 200
    for _ in range(200):
        await asyncio.sleep(0.005)
        if any(event.kind == "answered" for event in (await twilio.service.ledger.read(CALL)).events):
            return
    pytest.fail("the answer was never written")


async def test_an_agents_telephone_is_known_and_a_strangers_is_asked_for_a_pin_three_times(
    twilio: Twilio,
) -> None:
    known = await twilio.document("/voice/agent?queue=billing", CallSid=AGENT_LEG, From=AGENT)
    dial = known.find("Dial")
    assert dial is not None
    assert dial.get("timeout") == "60"
    assert dial.find("Queue").text == "billing"  # type: ignore[union-attr]
    here = await twilio.document("/voice/agent?queue=billing", CallSid=AGENT_LEG, From="+15005550006")
    for _ in range(3):
        assert here.find("Gather") is not None
        here = await twilio.document(
            here.find("Gather").get("action") or "", CallSid=AGENT_LEG, From="+15005550006", Digits="000000"
        )  # type: ignore[union-attr]
    assert [child.tag for child in here] == ["Hangup"]


async def test_twilios_fallback_needs_no_signature_and_never_leaves_silence(twilio: Twilio) -> None:
    async def fallback(url: str) -> list[str]:
        answer = await twilio.client.post(
            "/voice/fallback", data={"CallSid": CALL, "ErrorUrl": url, "ErrorCode": "11200"}
        )
        assert answer.status_code == 200
        from xml.etree import ElementTree

        return [child.tag for child in ElementTree.fromstring(answer.content)]

    assert await fallback(f"{URL}/voice/incoming?queue=billing") == ["Say", "Enqueue", "Say", "Hangup"]
    assert await fallback(f"{URL}/voice/agent?queue=billing") == ["Say", "Pause", "Redirect"]
    assert await fallback(f"{URL}/voice/agent?queue=billing&mishap=1") == ["Say", "Hangup"]
    assert await fallback(f"{URL}/voice/farewell/goodbye?call={CALL}") == ["Say", "Hangup"]
    assert await fallback("") == ["Say", "Hangup"]


async def test_a_json_body_signed_by_its_hash_is_read_and_a_wrong_hash_refused(twilio: Twilio) -> None:
    from hashlib import sha256

    body = json.dumps({"CallSid": CALL}).encode()
    path = f"/voice/wait?bodySHA256={sha256(body).hexdigest()}"
    headers = {"content-type": "application/json", "x-twilio-signature": sign(TOKEN, URL + path, [])}
    assert (await twilio.client.post(path, content=body, headers=headers)).status_code == 200
    assert (await twilio.client.post(path, content=b"{}", headers=headers)).status_code == 403


async def test_a_hold_is_read_from_the_rooms_events(twilio: Twilio) -> None:
    await twilio.answered(waited=30)
    room = {"ConferenceSid": "CF" + "4" * 32, "FriendlyName": "x"}
    for number, (kind, seconds) in enumerate((("participant-hold", 0), ("participant-unhold", 95))):
        stamp = f"Sat, 21 Nov 2026 18:{31 + (seconds // 60):02d}:{seconds % 60:02d} +0000"
        answer = await twilio.post(
            "/events/conference",
            StatusCallbackEvent=kind,
            SequenceNumber=str(number + 1),
            Timestamp=stamp,
            **room,
        )
        assert answer.status_code == 204
    assert (await twilio.api("GET", f"/api/calls/{CALL}")).json()["story"]["wait"]["hold"] == 95

"""Waiting, and the key by which a caller asks to be rung back."""

import asyncio
from typing import Any
from xml.etree import ElementTree

import pytest

from ivr.calls.events import Pressed
from ivr.line.waiting import OFFERED_EVERY
from ivr.store.call_backs import CallBacks
from ivr.store.database import StoreUnavailable
from tests.line.conftest import AGENT_LEG, CALL, URL, Twilio, address, words

WAIT = "/voice/wait?queue=ringing&locale=en-GB"
KEY = "/voice/wait/key?queue=ringing&locale=en-GB&n=4"
LEFT = "/voice/queue-left?stay=1&queue=ringing&locale=en-GB"
PLAYED_WHILE_WAITING = {"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"}
WITHHELD = ["anonymous", "+266696687", "sip:ana@example.com", "07700900123", ""]


@pytest.fixture
async def waiting(twilio: Twilio) -> Twilio:
    """A caller in a queue that rings back on key 1."""
    await twilio.document("/voice/incoming?queue=ringing&locale=en-GB")
    twilio.clock.forward(360)
    return twilio


async def promises(twilio: Twilio) -> list[str]:
    return [promise.kind for promise in (await twilio.service.ledger.read(CALL)).promises]


async def to_ring(twilio: Twilio) -> list[tuple[str, str | None, int | None]]:
    due = await CallBacks(twilio.service.database, twilio.service.ledger).due()
    return [(one.call, one.number, one.waited) for one in due]


async def told(twilio: Twilio) -> dict[str, Any]:
    story: dict[str, Any] = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    return story


def waits_on(document: ElementTree.Element) -> bool:
    return address(document, "Redirect")[0] == "/voice/wait" and document.find("Leave") is None


async def test_a_key_is_listened_for_during_the_words_and_the_music(waiting: Twilio) -> None:
    document = await waiting.document(WAIT)
    gather = document.find("Gather")
    assert gather is not None
    assert (gather.get("numDigits"), gather.get("finishOnKey")) == ("1", "")
    assert address(document, "Gather", "action") == (
        "/voice/wait/key",
        {"queue": "ringing", "locale": "en-GB", "n": "0"},
    )
    assert [child.tag for child in gather] == ["Say", "Pause"]
    assert waits_on(document)


async def test_a_queue_that_does_not_ring_back_listens_for_nothing(waiting: Twilio) -> None:
    document = await waiting.document("/voice/wait?queue=default&locale=en-GB&n=1")
    assert document.find("Gather") is None
    assert "rung back" not in words(document)


async def test_the_call_back_is_offered_from_the_second_round_on_and_not_each_time(waiting: Twilio) -> None:
    here, offered = await waiting.document(WAIT), []
    for _ in range(3 * OFFERED_EVERY):
        offered.append("press 1" in words(here))
        here = await waiting.document(here.findtext("Redirect") or "")
    assert offered == [False, True, False] * 3


@pytest.mark.parametrize("number", WITHHELD)
async def test_what_cannot_be_done_is_not_offered(waiting: Twilio, number: str) -> None:
    assert "press 1" not in words(await waiting.document(f"{WAIT}&n=1", From=number))


async def test_the_key_is_kept_before_it_is_promised_and_they_leave_the_queue(waiting: Twilio) -> None:
    document = await waiting.document(KEY, Digits="1")
    assert [child.tag for child in document] == ["Say", "Leave"]
    assert "somebody will ring you" in words(document)
    assert await promises(waiting) == ["call_back"]
    assert await to_ring(waiting) == [(CALL, "+447700900123", None)]
    assert (await told(waiting))["caller"] == "waiting"


async def test_however_often_the_key_arrives_there_is_one_promise(waiting: Twilio) -> None:
    headers = {"i-twilio-idempotency-token": "one"}
    await asyncio.gather(*(waiting.post(KEY, Digits="1", headers=headers) for _ in range(4)))
    waiting.clock.forward(3)
    again = await waiting.document(KEY, Digits="1")
    assert again.find("Leave") is not None
    assert await promises(waiting) == ["call_back"]
    assert len(await to_ring(waiting)) == 1


@pytest.mark.parametrize("number", WITHHELD)
async def test_without_a_number_to_ring_that_is_said_and_they_keep_their_place(
    waiting: Twilio, number: str
) -> None:
    document = await waiting.document(KEY, Digits="1", From=number)
    assert "We cannot see your number" in words(document)
    assert waits_on(document)
    assert await promises(waiting) == []
    assert {child.tag for child in document.iter()} <= PLAYED_WHILE_WAITING | {"Response"}


@pytest.mark.parametrize("digit", list("023456789*#"))
async def test_any_other_key_is_recorded_and_leads_on_waiting(waiting: Twilio, digit: str) -> None:
    document = await waiting.document(KEY, Digits=digit)
    assert "That key does nothing" in words(document)
    assert waits_on(document)
    assert address(document, "Redirect")[1]["n"] == "5"
    assert await promises(waiting) == []
    events = (await waiting.service.ledger.read(CALL)).events
    assert [event.digit for event in events if isinstance(event, Pressed)] == [digit]


async def test_what_could_not_be_kept_is_not_promised(
    waiting: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreUnavailable("the database cannot be used now")

    with monkeypatch.context() as patch:
        patch.setattr(waiting.service.ledger, "keep_call_back", away)
        document = await waiting.document(KEY, Digits="1")
    assert "gone wrong" in words(document)
    assert waits_on(document)
    assert address(document, "Redirect")[1]["n"] == "4"
    assert await promises(waiting) == []
    assert "Leave" in [child.tag for child in await waiting.document(KEY, Digits="1")]


async def test_a_key_whose_document_is_lost_leads_back_into_the_queue(waiting: Twilio) -> None:
    lost = {"CallSid": CALL, "ErrorUrl": f"{URL}{KEY}", "ErrorCode": "11200"}
    answer = await waiting.client.post("/voice/fallback", data=lost)
    document = ElementTree.fromstring(answer.content)
    assert words(document)
    assert document.findtext("Enqueue") == "ringing"


async def test_who_left_by_the_key_hears_that_we_own_the_wait_and_is_let_go(waiting: Twilio) -> None:
    await waiting.document(KEY, Digits="1")
    here = await waiting.document(LEFT, QueueResult="leave", QueueTime="364")
    assert "nobody came" in words(here) or "that nobody came" in words(here)
    goodbye = await waiting.document(here.findtext("Redirect") or "")
    assert "ring" in words(goodbye)
    assert (await waiting.walk(goodbye))[-2:] == ["/voice/farewell/done", "Hangup"]
    story = await told(waiting)
    assert (story["outcome"], story["agent"]) == ("heard", "gone")
    assert story["story"]["wait"]["queue"] == 364
    assert [line["moment"] for line in story["says"]] == ["apology", "goodbye"]
    assert await to_ring(waiting) == [(CALL, "+447700900123", 364)]


async def test_who_was_taken_by_an_agent_at_that_moment_is_on_no_list(waiting: Twilio) -> None:
    await waiting.document(KEY, Digits="1")
    waiting.clock.forward(1)
    await waiting.document("/voice/bridging", QueueTime="361", DequeingCallSid=AGENT_LEG)
    assert await to_ring(waiting) == []
    here = await waiting.document(LEFT, QueueResult="bridged", QueueTime="361")
    assert "stay on the line" in words(here)  # the opening: a farewell like any other


async def test_a_queue_without_farewells_still_rings_back(waiting: Twilio) -> None:
    waiting.service.closing.book = waiting.service.counter.book = _paused(waiting)
    assert (await waiting.document(KEY, Digits="1")).find("Leave") is not None
    assert [child.tag for child in await waiting.document(LEFT, QueueResult="leave", QueueTime="9")] == [
        "Hangup"
    ]
    assert await to_ring(waiting) == [(CALL, "+447700900123", 9)]


def _paused(twilio: Twilio) -> Any:
    from ivr.book.book import read
    from ivr.store.shelf import read_folder
    from tests.line.conftest import BOOK

    files = read_folder(BOOK)
    files["rules.yaml"] = files["rules.yaml"].replace("farewell: on", "farewell: paused")
    book, faults = read(files)
    assert book is not None, faults
    return lambda: book


async def test_what_was_told_is_kept_once_however_often_it_is_asked_for(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=billing&locale=en-GB")
    for _ in range(3):
        await twilio.document("/voice/wait?queue=billing&locale=en-GB")
    events = (await twilio.service.ledger.read(CALL)).events
    assert len({event.key for event in events if event.kind == "spoke"}) == 1


async def test_a_bridge_that_breaks_twice_is_told_to_the_caller(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=billing")
    broken = {"QueueResult": "bridging-in-process", "QueueTime": "30"}
    again = await twilio.document("/voice/queue-left?stay=1&queue=billing", **broken)
    assert address(again, "Enqueue", "action")[1]["stay"] == "2"
    repeated = await twilio.document("/voice/queue-left?stay=1&queue=billing", **broken)
    assert address(repeated, "Enqueue", "action")[1]["stay"] == "2"
    last = await twilio.document("/voice/queue-left?stay=2&queue=billing", **broken)
    assert [child.tag for child in last] == ["Say", "Say", "Hangup"]

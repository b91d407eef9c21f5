"""A caller who heard of a mishap goes on as if it had not been: what they pressed, and how their stay ended, counts."""

import asyncio
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest

from ivr.calls.events import LeftQueue, Pressed
from ivr.store.database import StoreUnavailable
from tests.line.conftest import AGENT_LEG, CALL, Twilio, address, words

FAREWELL = f"/voice/farewell?call={CALL}&way=aside"
WRAPUP: dict[str, Any] = {"name": "Ana", "resolved": True, "steps": [{"who": "us", "what": "send a form"}]}


@pytest.fixture
def away(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Callable[[], None]]:
    """The ledger cannot be read, until what this gives back is called."""

    def begins() -> Callable[[], None]:
        context = pytest.MonkeyPatch()
        context.setattr(twilio.service.ledger, "read", _unavailable)
        return context.undo

    return begins


async def _unavailable(*_: object, **__: object) -> None:
    raise StoreUnavailable("the database is away")


async def at_the_steps(twilio: Twilio) -> ElementTree.Element:
    await twilio.answered()
    await twilio.api("POST", f"/api/calls/{CALL}/wrapup", WRAPUP)
    here = await twilio.document(FAREWELL)
    while address(here, "Gather", "action")[1]["at"] != "next_steps":
        here = await twilio.document(here.findtext("Redirect") or "")
    return here


def action(document: ElementTree.Element) -> str:
    gather = document.find("Gather")
    assert gather is not None
    return gather.get("action") or ""


async def kept(twilio: Twilio, kind: type) -> list[Any]:
    return [event for event in (await twilio.service.ledger.read(CALL)).events if isinstance(event, kind)]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_key_pressed_as_the_database_went_leads_where_it_should(
    twilio: Twilio, away: Callable[[], Callable[[], None]]
) -> None:
    here = await at_the_steps(twilio)
    back = away()
    mishap = await twilio.post(action(here), Digits="0", headers={"i-twilio-idempotency-token": "t-1"})
    document = ElementTree.fromstring(mishap.content)
    assert words(document) == "Something has gone wrong, and it was us."
    again = await twilio.document(document.findtext("Redirect") or "")  # still away
    back()
    onward = await twilio.document(again.findtext("Redirect") or "")
    assert address(onward, "Redirect")[0] == "/voice/farewell/back"
    assert twilio.telephone.redirects()[-1] == (AGENT_LEG, "/voice/agent/next")
    assert [(event.digit, event.key) for event in await kept(twilio, Pressed)] == [("0", "t-1")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_how_the_stay_ended_is_known_after_a_mishap_and_counts_once(
    twilio: Twilio, away: Callable[[], Callable[[], None]]
) -> None:
    await twilio.answered(waited=742)
    back = away()
    mishap = await twilio.document(
        "/voice/queue-left?stay=1&queue=billing&locale=en-GB",
        QueueResult="bridged",
        QueueTime="742",
        QueueSid="QU" + "3" * 32,
    )
    back()
    here = await twilio.document(mishap.findtext("Redirect") or "")
    assert here.find("Gather") is not None
    assert [(left.result, left.waited) for left in await kept(twilio, LeftQueue)] == [("bridged", 742)]
    story = (await twilio.api("GET", f"/api/calls/{CALL}")).json()["story"]
    assert (story["wait"]["seconds"], story["loose_ends"]) == (742, 0)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_what_stands_in_an_address_counts_only_after_a_mishap(twilio: Twilio) -> None:
    here = await at_the_steps(twilio)
    await twilio.document(f"{action(here).partition('#')[0]}&Digits=0&token=t")
    assert await kept(twilio, Pressed) == []
    await twilio.document(f"{action(here).partition('#')[0]}&Digits=0&token=t&mishap=1", Digits="1")
    assert [event.digit for event in await kept(twilio, Pressed)] == ["1"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_is_said_twice_while_only_writing_fails(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await at_the_steps(twilio)
    monkeypatch.setattr(twilio.service.ledger, "append", _unavailable)
    # Time stands still: else the minute for which events are kept in memory may pass while these are asked.
    monkeypatch.setattr(twilio.clock, "sleep", lambda seconds: asyncio.Event().wait())
    heard = []
    while here.find("Hangup") is None:
        heard.append(words(here))
        here = await twilio.document(here.findtext("Redirect") or "")
    assert len(heard) == len(set(heard)) >= 2
    again = await twilio.document(FAREWELL)
    assert words(again) not in heard

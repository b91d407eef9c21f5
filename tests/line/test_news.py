"""News that never comes: silent calls are looked up, closed once, and found again after a restart."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from ivr.app import Guest, Service, create_app
from ivr.calls.events import LOOKED_UP, Answered, Arrived, Ended, Event, Queued
from ivr.line import news
from ivr.rehearsal.clock import Clock
from ivr.settings import Settings
from ivr.store.tables import events
from tests.line.conftest import ACCOUNT, AGENT, AGENT_LEG, BOOK, CALL, TOKEN, URL, NotingTelephone, Twilio

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)
FAREWELL = f"/voice/farewell?call={CALL}&way=aside"
WRAPUP = {"name": "Ana", "resolved": True, "steps": [{"who": "us", "what": "send a form"}]}

Machine = Callable[[], Coroutine[Any, Any, Twilio]]


@dataclass
class House:
    """Machines on one database, one clock and one telephone."""

    clock: Clock
    telephone: NotingTelephone
    url: str

    @asynccontextmanager
    async def machine(self) -> AsyncIterator[Twilio]:
        settings = Settings(
            _env_file=None,
            twilio_account_sid=ACCOUNT,
            twilio_auth_token=TOKEN,
            ivr_public_url=URL,
            ivr_database_url=self.url,
            ivr_prompts=BOOK,
            ivr_secret=("a secret",),
        )
        guest = Guest(token="the-api-token", address=AGENT, name="tests")
        service = create_app(settings, clock=self.clock, twilio_http=self.telephone, guest=guest)
        await service.start()
        try:
            transport = httpx.ASGITransport(app=service)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
                yield Twilio(service, self.clock, self.telephone, guest.token, client)  # type: ignore[arg-type]
        finally:
            await service.stop()

    async def passes(self, seconds: float) -> None:
        """So much time passes, and whatever is due in it is done."""
        await self.clock.run(asyncio.ensure_future(self.clock.sleep(seconds)))

    def asked(self, leg: str = CALL) -> int:
        """How often Twilio was asked about a leg."""
        return sum(method == "GET" and leg in path for method, path, _ in self.telephone.asked)

    def says(self, leg: str, status: str, *, ended: datetime | None = None, code: int = 200) -> None:
        """What Twilio says of a leg from now on."""
        body = {"sid": leg, "status": status, "direction": "inbound", "code": 20404 if code == 404 else None}
        if ended is not None:
            body["end_time"] = format_datetime(ended)
        self.telephone.answers[f"{leg}.json"] = (code, body)

    async def answered(self, twilio: Twilio) -> None:
        """Queued, and talking to an agent."""
        await twilio.document("/voice/incoming?queue=billing&locale=en-GB")
        await self.passes(742)
        await twilio.document(
            "/voice/bridging?queue=billing",
            QueueTime="742",
            DequeingCallSid=AGENT_LEG,
            QueueSid="QU" + "3" * 32,
        )
        await self.passes(300)

    async def in_the_farewell(self, twilio: Twilio) -> None:
        """Wrapped up, and hearing the first moment."""
        await self.answered(twilio)
        await twilio.api("POST", f"/api/calls/{CALL}/wrapup", WRAPUP)
        await twilio.document(FAREWELL)

    async def in_the_room(self, twilio: Twilio) -> None:
        """Brought back to the agent, and talking."""
        await self.in_the_farewell(twilio)
        await twilio.document(f"/voice/agent/next?call={CALL}&room=1", CallSid=AGENT_LEG)
        await twilio.document(f"/voice/farewell/back?call={CALL}&n=1&at=opening")


@pytest.fixture
def house(database_url: str) -> House:
    return House(Clock(NINE, longest=timedelta(days=3), patience=20.0), NotingTelephone(), database_url)


async def told(twilio: Twilio) -> dict[str, Any]:
    story: dict[str, Any] = (await twilio.api("GET", f"/api/calls/{CALL}")).json()
    return story


async def ends(twilio: Twilio) -> list[Ended]:
    kept = (await twilio.service.ledger.read(CALL)).events
    return [event for event in kept if isinstance(event, Ended)]


async def test_a_farewell_without_news_for_a_minute_is_looked_up_and_closed(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        hung_up = house.clock.now() + timedelta(seconds=20)
        house.says(CALL, "completed", ended=hung_up)
        await house.passes(59)
        assert house.asked() == 0
        await house.passes(20)
        story = await told(twilio)
        assert (story["caller"], story["agent"], story["outcome"]) == ("gone", "gone", "left")
        assert story["left_during"] == "opening"
        assert [(end.at, end.clock, end.key) for end in await ends(twilio)] == [
            (hung_up, "twilio", LOOKED_UP)
        ]
        await house.passes(3600)
        assert house.asked() == 1


async def test_the_news_when_it_comes_at_last_changes_nothing(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        house.says(CALL, "completed", ended=house.clock.now() + timedelta(seconds=20))
        await house.passes(90)
        before = await told(twilio)
        assert (
            await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
        ).status_code == 204
        assert len(await ends(twilio)) == 2
        assert await told(twilio) == before


async def test_news_in_time_is_news_and_nobody_is_asked(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
        await house.passes(20)
        assert house.clock.waiting() == []  # nothing is open, so nothing is waited for
        await house.passes(5 * 3600)
        assert house.asked() == 0


async def test_a_call_that_is_still_going_on_is_left_alone_and_asked_about_less_and_less(
    house: House,
) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        counts = []
        for minutes in (2, 2, 4, 8, 16):
            await house.passes(minutes * 60)
            counts.append(house.asked())
        assert counts[0] == 1
        assert counts == sorted(counts)
        assert counts[-1] <= 6
        assert (await told(twilio))["caller"] == "farewell"
        await house.passes(10 * 3600)
        assert 8 <= house.asked() <= 18


async def test_a_representation_that_lags_closes_the_call_at_the_next_look(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        hung_up = house.clock.now() + timedelta(seconds=20)
        await house.passes(80)
        assert (house.asked(), (await told(twilio))["caller"]) == (1, "farewell")
        house.says(CALL, "completed", ended=hung_up)
        await house.passes(80)
        assert (house.asked(), (await told(twilio))["caller"]) == (2, "gone")
        assert (await ends(twilio))[0].at == hung_up


async def test_a_call_twilio_does_not_know_ended_when_we_last_heard_of_it(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        last = (await twilio.service.closing.standing(CALL)).story.last_news
        house.says(CALL, "", code=404)
        await house.passes(90)
        assert (await told(twilio))["caller"] == "gone"
        assert [(end.at, end.clock) for end in await ends(twilio)] == [(last, "ours")]


@pytest.mark.parametrize("code", [429, 500, 503])
async def test_while_twilio_cannot_be_asked_nothing_is_closed(house: House, code: int) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        house.says(CALL, "", code=code)
        await house.passes(600)
        assert house.asked() >= 2
        assert (await told(twilio))["caller"] == "farewell"
        house.says(CALL, "completed")
        await house.passes(1200)
        assert (await told(twilio))["caller"] == "gone"


async def test_a_talk_may_last_for_hours_before_anybody_asks(house: House) -> None:
    async with house.machine() as twilio:
        await house.answered(twilio)
        house.says(CALL, "completed", ended=house.clock.now() + timedelta(minutes=30))
        await house.passes(3.5 * 3600)
        assert house.asked() == 0
        await house.passes(0.5 * 3600 + 900)
        story = await told(twilio)
        assert (story["caller"], story["outcome"]) == ("gone", "none")
        assert story["story"]["wait"]["seconds"] == 742


async def test_what_was_open_is_found_again_after_a_restart(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
    hung_up = house.clock.now() + timedelta(seconds=3)
    house.says(CALL, "completed", ended=hung_up)
    await house.passes(30)
    async with house.machine() as twilio:
        await house.passes(20)
        assert (await told(twilio))["caller"] == "farewell"
        await house.passes(30)
        assert (await told(twilio))["caller"] == "gone"
        assert (await ends(twilio))[0].at == hung_up


async def test_after_a_restart_a_call_of_the_day_before_yesterday_is_history(house: House) -> None:
    async with house.machine() as twilio:
        await house.answered(twilio)
    house.says(CALL, "completed")
    await house.passes(26 * 3600)
    async with house.machine():
        await house.passes(5 * 3600)
        assert house.asked() == 0


async def test_two_machines_close_a_call_once(house: House) -> None:
    async with house.machine() as one:
        await house.in_the_farewell(one)
        async with house.machine() as other:  # finds it in the ledger
            house.says(CALL, "completed", ended=house.clock.now())
            await house.passes(200)
            assert len(await ends(one)) == 1
            assert await told(one) == await told(other)
            assert (await told(other))["caller"] == "gone"


async def test_two_machines_that_look_at_one_time_do_no_harm(house: House) -> None:
    async with house.machine() as one, house.machine() as other:
        await house.in_the_farewell(one)
        await other.document(FAREWELL)  # the same leg, at the same instant
        house.says(CALL, "completed", ended=house.clock.now())
        await house.passes(200)
        assert len(await ends(other)) == 1
        assert (await told(other))["story"]["loose_ends"] == 0


async def test_what_another_machine_left_behind_is_found_while_we_run(house: House) -> None:
    other = "CA" + "9" * 32
    async with house.machine() as one:
        async with house.machine() as gone:
            await house.in_the_farewell(gone)
        house.says(CALL, "completed", ended=house.clock.now())
        await one.document("/voice/incoming?queue=billing", CallSid=other)
        await house.passes(40 * 60)
        assert (await told(one))["caller"] == "gone"


async def test_after_an_outage_silent_calls_are_asked_about_one_after_the_other(house: House) -> None:
    legs = [f"CA{number:032d}" for number in range(120)]
    async with house.machine() as twilio:
        for leg in legs:
            happened: list[Event] = [
                Arrived(call=leg, at=NINE, key="a"),
                Queued(call=leg, at=NINE, key="q", queue="billing"),
                Answered(call=leg, at=NINE + timedelta(seconds=60), key="b", agent=AGENT_LEG, waited=60),
            ]
            await twilio.service.ledger.append(happened)
            house.says(leg, "completed", ended=NINE + timedelta(seconds=600))
    await house.passes(6 * 3600)
    async with house.machine() as twilio:
        before = sum(house.asked(leg) for leg in legs)
        await house.passes(10)
        assert 1 <= sum(house.asked(leg) for leg in legs) - before <= 10 / news.BETWEEN + 1
        await house.passes(60)
        assert sum(house.asked(leg) for leg in legs) == 120
        closed = select(func.count()).select_from(events).where(events.c.kind == "ended")
        assert await twilio.service.database.look(lambda connection: connection.scalar(closed)) == 120


async def test_after_a_restart_a_caller_alone_in_the_room_is_taken_on_to_the_farewell(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_room(twilio)
        await twilio.post("/events/call", CallSid=AGENT_LEG, CallStatus="completed", SequenceNumber="0")
    assert (CALL, "/voice/farewell/talked") not in house.telephone.redirects()
    async with house.machine():
        await house.passes(5)
        assert house.telephone.redirects()[-1] == (CALL, "/voice/farewell/talked")


async def test_an_agent_whose_end_nobody_told_leaves_no_caller_alone_in_the_room(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_room(twilio)
        house.says(AGENT_LEG, "completed")
        await house.passes(90)
        assert house.telephone.redirects()[-1] == (CALL, "/voice/farewell/talked")
        await twilio.document(f"/voice/farewell/talked?call={CALL}&n=1")
        assert (await told(twilio))["caller"] == "farewell"


async def test_a_talk_in_the_room_is_left_alone_while_both_are_there(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_room(twilio)
        sent = house.telephone.redirects()
        await house.passes(2 * 3600)
        assert house.telephone.redirects() == sent
        assert house.asked() == 0
        assert 1 <= house.asked(AGENT_LEG) <= 8


async def test_after_a_restart_an_agent_alone_in_the_room_is_let_go(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_room(twilio)
        await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    async with house.machine():
        await house.passes(20)
        assert house.telephone.redirects()[-1] == (AGENT_LEG, "/voice/agent/next")


async def test_an_agent_whose_callers_end_nobody_told_is_let_go_of_the_room(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        await twilio.document(f"/voice/agent/next?call={CALL}&room=1", CallSid=AGENT_LEG)
        house.says(CALL, "completed")
        await house.passes(4 * 3600 + 900)
        assert house.telephone.redirects()[-1] == (AGENT_LEG, "/voice/agent/next")


async def test_an_agent_who_has_another_caller_by_now_is_not_sent_away_from_them(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_room(twilio)
        await twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
        sent = len(house.telephone.redirects())
        await twilio.document(
            "/voice/bridging?queue=billing",
            CallSid="CA" + "9" * 32,
            QueueTime="5",
            DequeingCallSid=AGENT_LEG,
            QueueSid="QU" + "3" * 32,
        )
        await house.passes(60)
        assert len(house.telephone.redirects()) == sent


async def test_a_ledger_that_does_not_answer_is_asked_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        house.says(CALL, "completed")
        with monkeypatch.context() as away:
            away.setattr(twilio.service.ledger, "read", _away)
            await house.passes(120)
            assert house.asked() == 0
        await house.passes(60)
        assert (await told(twilio))["caller"] == "gone"


async def _away(*_: object, **__: object) -> None:
    raise ConnectionError("away")


async def test_so_many_calls_are_kept_in_mind_and_no_more(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "MOST", 3)
    async with house.machine() as twilio:
        for number in range(6):
            await twilio.document("/voice/incoming?queue=billing", CallSid=f"CA{number:032d}")
        house.says("CA" + "0" * 31 + "5", "completed", ended=house.clock.now())
        assert len(twilio.service.line.news._open) == 3


async def test_stopping_waits_for_nobody(house: House) -> None:
    async with house.machine() as twilio:
        await house.in_the_farewell(twilio)
        service: Service = twilio.service
    assert house.clock.waiting() == []
    assert service.line.news._task is None

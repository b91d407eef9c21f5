"""What a restart forgets of a conference that is not ours is found again: a lost announcement, a caller alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.app import Service, create_app
from tests.line.conftest import CALL
from tests.line.test_conferences import ROOM, WORKER, House, announcement, clock, house, telephone, wrapped_up

__all__ = ["clock", "house", "telephone"]

FAREWELL = [(CALL, "/voice/farewell")]


@asynccontextmanager
async def restarted(house: House) -> AsyncIterator[Service]:
    """The service stops, with all it had put off for later, and another starts on its database."""
    twilio = house.twilio
    await twilio.service.stop()
    service = create_app(twilio.service.settings, clock=twilio.clock, twilio_http=twilio.telephone)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


async def test_a_farewell_whose_announcement_was_lost_goes_on_out_of_the_room(house: House) -> None:
    await house.talking()
    await wrapped_up(house)
    await house.twilio.document(announcement(house), CallSid="")
    async with restarted(house):
        assert house.twilio.telephone.redirects() == []
        house.twilio.clock.forward(65)
        await house.until(house.twilio.telephone.redirects)
        assert house.twilio.telephone.redirects() == FAREWELL


async def test_a_farewell_that_goes_on_is_left_alone(house: House) -> None:
    await house.talking()
    await wrapped_up(house)
    await house.twilio.document(announcement(house), CallSid="")
    async with restarted(house):
        house.twilio.clock.forward(30)
        await house.settle(10)
        assert house.twilio.telephone.redirects() == []


async def test_a_caller_whose_last_agent_left_is_led_to_the_farewell(house: House) -> None:
    await house.talking()
    await wrapped_up(house, way="after")
    await house.room("participant-leave", WORKER)
    async with restarted(house):
        await house.until(house.twilio.telephone.redirects)
        assert house.twilio.telephone.redirects() == FAREWELL


async def test_a_caller_whose_agent_is_still_to_come_is_left_waiting_for_them(house: House) -> None:
    await house.talking(callbacks=False)
    await house.room("participant-join", CALL)
    async with restarted(house):
        await house.settle(10)
        assert house.twilio.telephone.redirects() == []


async def test_a_room_whose_caller_has_gone_is_ended(house: House) -> None:
    await house.talking()
    await wrapped_up(house, way="aside")
    await house.room("participant-leave", CALL)
    await house.twilio.post("/events/call", CallStatus="completed", SequenceNumber="0")
    async with restarted(house):
        await house.until(lambda: house.asked(f"Conferences/{ROOM}.json"))
        assert house.asked(f"Conferences/{ROOM}.json")[-1] == {"Status": "completed"}

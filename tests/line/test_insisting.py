"""A wrap-up that Twilio was too busy to act on: it is asked again, for as long as that is still what is wanted."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from ivr.wrapup.programs import INSISTS
from tests.line.conftest import CALL, Twilio

WRAP_UP = f"/api/calls/{CALL}/wrapup"


class Busy:
    """Twilio, too busy for the first so many times; when it was asked is noted."""

    def __init__(self, twilio: Twilio, times: int) -> None:
        self._clock, self._times = twilio.clock, times
        self.asked: list[datetime] = []

    async def to_farewell(self, _: str) -> str:
        self.asked.append(self._clock.now())
        return "try_again" if len(self.asked) <= self._times else "done"

    async def direction(self, _: str) -> str | None:
        return None


async def settled() -> None:
    """Whatever is to be done beside the answers has been."""
    for _ in range(100):
        await asyncio.sleep(0.005)


async def wrapped_up(twilio: Twilio, times: int, **noted: Any) -> Busy:
    await twilio.answered()
    busy = Busy(twilio, times)
    twilio.service.programs._telephone = busy
    answer = await twilio.api("POST", WRAP_UP, {"resolved": True, **noted})
    assert answer.json()["state"] == "kept"
    return busy


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_twilio_is_asked_until_it_answers(twilio: Twilio, times: int) -> None:
    busy = await wrapped_up(twilio, times)
    await settled()
    pauses = [
        (after - before).total_seconds() for before, after in zip(busy.asked, busy.asked[1:], strict=False)
    ]
    assert pauses == list(INSISTS[:times])


async def test_after_the_last_pause_it_is_asked_no_more(twilio: Twilio) -> None:
    busy = await wrapped_up(twilio, 100)
    await settled()
    assert len(busy.asked) == 1 + len(INSISTS)


async def test_nobody_insists_once_the_agent_has_left(twilio: Twilio) -> None:
    class AgentLeaves(Busy):
        async def to_farewell(self, call: str) -> str:
            left = {"QueueResult": "bridged", "QueueTime": "742"}
            await twilio.document("/voice/queue-left?stay=1&queue=billing", **left)
            return await super().to_farewell(call)

    await twilio.answered()
    busy = twilio.service.programs._telephone = AgentLeaves(twilio, 100)
    await twilio.api("POST", WRAP_UP, {"resolved": True})
    await settled()
    assert len(busy.asked) == 1

"""The same telephone on the pretend Twilio, whose rooms have people in them."""

from collections.abc import Awaitable, Callable
from typing import Any

from ivr.line.phone import Found, Outcome, Participant, Phone
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import ACCOUNT, TOKEN, Answer, MakeWorld, World, words, world

__all__ = ["world"]  # the fixture

ROOM = '<Dial action="/after"><Conference waitUrl="" endConferenceOnExit="true" participantLabel="{}">WT1</Conference></Dial>'  # as Flex has it: whoever leaves ends it
DOCUMENTS: dict[str, Answer] = {
    "/caller": ROOM.format("customer"),
    "/agent": ROOM.format("worker"),
    "/after": "<Say>afterwards</Say>",
    "/said": "<Say>goodbye now</Say>",
    "/over": (204, None, ""),
}


async def talking(make: MakeWorld) -> tuple[World, Phone, Leg, Leg]:
    """A caller and an agent in a room where each would end it."""
    w = make(DOCUMENTS)
    caller, agent = w.ring("/caller", name="caller"), w.ring("/agent", name="agent")
    await w.play(w.clock.sleep(1))
    phone = Phone(ACCOUNT, ACCOUNT, TOKEN, public_url=PUBLIC_URL, http=w.rest, sleep=w.clock.sleep)
    return w, phone, caller, agent


async def ask(w: World, question: Awaitable[Any]) -> Any:
    """The answer, a second later."""

    async def whole() -> Any:
        answer = await question
        await w.clock.sleep(1)
        return answer

    return await w.play(whole())


async def test_the_room_of_a_task_and_its_people_are_found(world: MakeWorld) -> None:
    w, phone, caller, agent = await talking(world)
    room = w.exchange.rooms[0].sid
    assert await ask(w, phone.find_room("WT1")) == Found(Outcome.DONE, room)
    assert await ask(w, phone.find_room("WT2")) == Found(Outcome.DONE, None)
    assert await ask(w, phone.people(room)) == Found(
        Outcome.DONE,
        (
            Participant(caller.sid, held=False, ends_room=True, label="customer"),
            Participant(agent.sid, held=False, ends_room=True, label="worker"),
        ),
    )
    await w.exchange.close()


async def test_an_agent_who_no_longer_ends_the_room_leaves_the_caller_in_it(world: MakeWorld) -> None:
    w, phone, caller, agent = await talking(world)
    room = w.exchange.rooms[0].sid
    assert await ask(w, phone.stay_open(room, agent.sid)) is Outcome.DONE
    agent.hang_up()
    await w.play(w.clock.sleep(2))
    assert caller.ended is None
    found = await ask(w, phone.people(room))
    assert [one.leg for one in found.value] == [caller.sid]
    assert await ask(w, phone.stay_open(room, agent.sid)) is Outcome.TOO_LATE
    await w.exchange.close()


async def test_a_held_participant_is_unheld_and_then_changed(world: MakeWorld) -> None:
    w, phone, caller, _ = await talking(world)
    room = w.exchange.rooms[0]
    room.hold(room.people[0], True)
    assert await ask(w, phone.stay_open(room.sid, caller.sid)) is Outcome.DONE
    assert (room.people[0].held, room.people[0].ends_room) == (False, False)
    room.hold(room.people[0], True)
    assert await ask(w, phone.unhold(room.sid, caller.sid)) is Outcome.DONE
    assert not room.people[0].held
    await w.exchange.close()


async def test_an_announcement_is_heard_once_by_those_it_is_for(world: MakeWorld) -> None:
    w, phone, caller, agent = await talking(world)
    room = w.exchange.rooms[0].sid
    assert await ask(w, phone.announce(room, f"{PUBLIC_URL}/said")) is Outcome.DONE
    assert (words(caller), words(agent)) == (["goodbye now"], ["goodbye now"])
    assert await ask(w, phone.announce_to(room, caller.sid, f"{PUBLIC_URL}/said")) is Outcome.DONE
    assert (words(caller), words(agent)) == (["goodbye now"] * 2, ["goodbye now"])
    await w.exchange.close()


async def test_the_room_is_ended_once_and_everybody_goes_on(world: MakeWorld) -> None:
    w, phone, caller, agent = await talking(world)
    room = w.exchange.rooms[0].sid
    assert await ask(w, phone.end_room(room)) is Outcome.DONE
    await w.until_over(caller, agent)
    assert words(caller) == words(agent) == ["afterwards"]
    assert await ask(w, phone.end_room(room)) is Outcome.TOO_LATE
    assert await ask(w, phone.people(room)) == Found(Outcome.TOO_LATE)
    assert await ask(w, phone.announce(room, f"{PUBLIC_URL}/said")) is Outcome.TOO_LATE


async def test_a_busy_twilio_is_waited_for_in_simulated_time(world: MakeWorld) -> None:
    w, phone, _, agent = await talking(world)
    refusals = iter([429, 429, 429])

    async def busy(
        path: str, timeout: float | None, answer: Callable[[], Any], refuse: Callable[[int], Any]
    ) -> Any:
        status = next(refusals, None)
        return answer() if status is None else refuse(status)

    w.rest.upset = busy
    began = w.clock.monotonic()
    assert await ask(w, phone.stay_open(w.exchange.rooms[0].sid, agent.sid)) is Outcome.DONE
    assert next(refusals, None) is None
    assert 0.8 < w.clock.monotonic() - began - 1 < 1.8  # 0.25, 0.5 and 1 s, with their jitter
    await w.exchange.close()

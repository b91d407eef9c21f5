"""Rooms for two, as Twilio documents them."""

import pytest

from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Answer, MakeWorld, words

RULES = 'endConferenceOnExit="true" beep="false" waitUrl=""'
ROOM: dict[str, Answer] = {
    "/in": f'<Dial action="/talked"><Conference {RULES} statusCallback="/event" statusCallbackEvent="start end join leave">back</Conference></Dial>',
    "/agent": f'<Dial action="/next" hangupOnStar="true"><Conference {RULES}>back</Conference></Dial>',
    "/talked": "<Say>where were we</Say>",
    "/next": "<Say>next please</Say>",
    "/event": (204, None, ""),
    "/far": "<Say>far away</Say>",
}


async def test_whoever_leaves_a_room_ends_it_and_the_other_goes_on_to_their_own_action(
    world: MakeWorld,
) -> None:
    for goes, stays, path, said in (
        ("agent", "caller", "/talked", "where were we"),
        ("caller", "agent", "/next", "next please"),
    ):
        w = world(ROOM)
        legs = {"caller": w.ring("/in", name="caller"), "agent": w.ring("/agent", name="agent")}
        w.later(30, legs[goes].hang_up)
        await w.until_over(*legs.values())
        form = w.service.asked(path)[0].form
        assert (form["DialCallStatus"], "DialCallDuration" in form) == ("answered", False)
        assert words(legs[stays]) == [said]
        assert words(legs[goes]) == []


async def test_the_rooms_events_go_to_the_first_who_came_in_order(world: MakeWorld) -> None:
    w = world(ROOM)
    caller, agent = w.ring("/in", name="caller"), w.ring("/agent", name="agent")
    w.later(30, agent.hang_up)
    await w.until_over(caller, agent)
    events = [heard.form for heard in w.service.asked("/event")]
    assert [event["StatusCallbackEvent"] for event in events] == [
        "participant-join",
        "conference-start",
        "participant-join",
        "participant-leave",
        "participant-leave",
        "conference-end",
    ]
    assert [event["SequenceNumber"] for event in events] == ["1", "2", "3", "4", "5", "6"]
    assert events[3].items() >= {"CallSid": agent.sid, "ReasonParticipantLeft": "participant_hung_up"}.items()
    assert (
        events[5].items()
        >= {
            "ReasonConferenceEnded": "participant-with-end-conference-on-exit-left",
            "CallSidEndingConference": agent.sid,
            "FriendlyName": "back",
        }.items()
    )


async def test_the_star_leaves_a_room(world: MakeWorld) -> None:
    w = world(ROOM)
    caller, agent = w.ring("/in", name="caller"), w.ring("/agent", name="agent")
    w.later(10, lambda: agent.press("*"))
    await w.until_over(caller, agent)
    assert (words(caller), words(agent)) == (["where were we"], ["next please"])


async def test_redirecting_one_out_of_a_room_ends_it_for_the_other(world: MakeWorld) -> None:
    w = world(ROOM)
    caller, agent = w.ring("/in", name="caller"), w.ring("/agent", name="agent")
    w.later(10, lambda: w.rest.calls.update(caller.sid, {"Url": f"{PUBLIC_URL}/far"}))
    await w.until_over(caller, agent)
    assert (words(caller), words(agent)) == (["far away"], ["next please"])
    assert len(w.service.asked("/talked")) == 1


async def test_who_is_alone_in_a_room_hears_its_music_once_until_the_other_comes(world: MakeWorld) -> None:
    w = world(
        {
            **ROOM,
            "/in": '<Dial action="/talked"><Conference waitUrl="/music" endConferenceOnExit="true">back</Conference></Dial>',
            "/music": '<Say>music</Say><Pause length="9"/>',
        }
    )
    caller = w.ring()
    agents: list[Leg] = []
    w.later(4, lambda: agents.append(w.ring("/agent", name="agent")))
    w.later(8, caller.hang_up)
    await w.until_over(caller)
    assert len(w.service.asked("/music")) == 1
    assert words(caller) == ["music"]


async def test_music_in_a_room_is_held_to_four_verbs(world: MakeWorld) -> None:
    w = world(
        {**ROOM, "/in": '<Dial><Conference waitUrl="/music">back</Conference></Dial>', "/music": "<Hangup/>"}
    )
    with pytest.raises(TwilioRefuses, match="13238"):
        await w.until_over(w.ring())


async def test_a_name_may_be_used_again_once_its_room_is_over(world: MakeWorld) -> None:
    w = world(ROOM)
    for name in ("one", "two"):
        caller, agent = w.ring("/in", name=f"caller {name}"), w.ring("/agent", name=f"agent {name}")
        w.later(5, caller.hang_up)
        await w.until_over(caller, agent)
    assert len({room.sid for room in w.exchange.rooms}) == 2
    assert {room.status for room in w.exchange.rooms} == {"completed"}

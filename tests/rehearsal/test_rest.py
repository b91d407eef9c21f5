"""The REST side under the real twilio client."""

from collections.abc import Callable
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import ACCOUNT, TOKEN, Answer, MakeWorld, World, words

ROOM = '<Dial action="/after"><Conference waitUrl="" statusCallback="/event" statusCallbackEvent="start end join leave mute hold modify announcement" participantLabel="{}">room</Conference></Dial>'
DOCUMENTS: dict[str, Answer] = {
    "/in": '<Say>one two three four five</Say><Pause length="600"/>',
    "/far": "<Say>far away</Say>",
    "/one": ROOM.format("one"),
    "/two": ROOM.format("two"),
    "/after": "<Say>afterwards</Say>",
    "/event": (204, None, ""),
    "/said": "<Say>one two three four five</Say>",
    "/music": '<Play>https://music.example/a.wav</Play><Pause length="600"/>',
    "/over": (204, None, ""),
}


def client(w: World) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=w.rest)


async def asked_at(w: World, seconds: float, ask: Any) -> Any:
    """What the client says when asked at that time."""

    async def whole() -> Any:
        await w.clock.sleep(seconds)
        return await ask()

    return await w.play(whole())


def code_of(refusal: pytest.ExceptionInfo[TwilioRestException]) -> tuple[int, int | None]:
    return refusal.value.status, refusal.value.code


async def test_a_live_call_can_be_looked_at_and_has_the_real_shape(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    call = await asked_at(w, 1, lambda: client(w).calls(leg.sid).fetch_async())
    assert (call.sid, call.status, call.direction, call.to) == (
        leg.sid,
        "in-progress",
        "inbound",
        "+442079460000",
    )
    assert call.start_time.isoformat() == "2026-11-21T09:00:00+00:00"
    assert call.end_time is None


async def test_an_unknown_call_is_20404(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(w, 1, lambda: client(w).calls("CA" + "0" * 32).fetch_async())
    assert code_of(refusal) == (404, 20404)


async def test_a_redirect_replaces_the_whole_running_document(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    await asked_at(
        w, 1, lambda: client(w).calls(leg.sid).update_async(url=f"{PUBLIC_URL}/far", method="POST")
    )
    await w.until_over(leg)
    assert words(leg) == ["one two three four five", "far away"]
    assert leg.sounds[0].seconds == 1


async def test_an_update_may_bring_its_own_fallback_and_status_callback(world: MakeWorld) -> None:
    w = world({**DOCUMENTS, "/broken": (500, "text/plain", "")})
    leg = w.ring()
    await asked_at(
        w,
        1,
        lambda: (
            client(w)
            .calls(leg.sid)
            .update_async(
                url=f"{PUBLIC_URL}/broken",
                fallback_url=f"{PUBLIC_URL}/far",
                status_callback=f"{PUBLIC_URL}/over",
            )
        ),
    )
    await w.until_over(leg)
    assert words(leg)[-1] == "far away"
    assert len(w.service.asked("/over")) == 1


async def test_inline_twiml_runs_and_is_held_to_its_rules(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    twiml = "<Response><Say>inline words</Say></Response>"
    await asked_at(w, 1, lambda: client(w).calls(leg.sid).update_async(twiml=twiml))
    await w.until_over(leg)
    assert words(leg)[-1] == "inline words"


async def test_a_relative_address_in_inline_twiml_is_refused_with_the_rule(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    twiml = "<Response><Redirect>/far</Redirect></Response>"
    await asked_at(w, 1, lambda: client(w).calls(leg.sid).update_async(twiml=twiml))
    with pytest.raises(TwilioRefuses, match="11100: a relative address in inline TwiML has no base"):
        await w.until_over(leg)


async def test_completed_ends_the_call(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    await asked_at(w, 1, lambda: client(w).calls(leg.sid).update_async(status="completed"))
    await w.until_over(leg)
    assert (leg.ended, leg.ended_by) == (1, "rest")


async def test_a_call_that_is_over_is_too_late(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    w.later(1, leg.hang_up)
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(w, 5, lambda: client(w).calls(leg.sid).update_async(url=f"{PUBLIC_URL}/far"))
    assert code_of(refusal) == (400, 21220)
    call = await asked_at(w, 1, lambda: client(w).calls(leg.sid).fetch_async())
    assert (call.status, call.duration) == ("completed", "1")


@pytest.mark.parametrize(
    ("update", "code"),
    [
        ({"url": "/far"}, 21205),
        ({"url": f"{PUBLIC_URL}/far", "method": "PUT"}, 20001),
        ({"url": f"{PUBLIC_URL}/far", "twiml": "<Response/>"}, 20001),
        ({"twiml": "<Response>" + " " * 4000 + "</Response>"}, 20001),
        ({"fallback_url": f"{PUBLIC_URL}/far"}, 21405),
        ({"status": "canceled"}, 21220),
    ],
    ids=["relative", "method", "both", "4,000 characters", "fallback alone", "canceled while live"],
)
async def test_an_update_against_a_rule_is_refused_by_number(
    world: MakeWorld, update: dict[str, str], code: int
) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(w, 1, lambda: client(w).calls(leg.sid).update_async(**update))
    assert code_of(refusal) == (400, code)


async def test_every_request_is_kept(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()
    await asked_at(
        w, 2, lambda: client(w).calls(leg.sid).update_async(url=f"{PUBLIC_URL}/far", method="POST")
    )
    (kept,) = w.rest.asked
    assert (kept.at, kept.method, kept.status) == (2, "POST", 200)
    assert kept.path == f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{leg.sid}.json"
    assert kept.given == {"Url": f"{PUBLIC_URL}/far", "Method": "POST"}


async def test_a_fault_can_be_put_in_place_of_an_answer(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    leg = w.ring()

    async def busy(path: str, timeout: float | None, answer: object, refuse: Callable[[int], Any]) -> Any:
        return refuse(429)

    w.rest.upset = busy
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(w, 1, lambda: client(w).calls(leg.sid).fetch_async())
    assert code_of(refusal) == (429, 20429)


async def test_what_we_never_ask_of_twilio_is_not_there(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(
            w, 1, lambda: client(w).messages.create_async(to="+447700900123", from_="+44", body="hello")
        )
    assert code_of(refusal) == (404, 20404)


# --- queues --------------------------------------------------------------------------------------------------


async def test_queues_are_created_and_listed(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    made = await asked_at(w, 0, lambda: client(w).queues.create_async(friendly_name="billing", max_size=50))
    assert (made.friendly_name, made.max_size, made.current_size) == ("billing", 50, 0)
    listed = await asked_at(w, 0, lambda: client(w).queues.list_async())
    assert [queue.sid for queue in listed] == [made.sid]


async def test_a_queues_name_is_taken_once_and_has_at_most_64_characters(world: MakeWorld) -> None:
    w = world(DOCUMENTS)
    await asked_at(w, 0, lambda: client(w).queues.create_async(friendly_name="billing"))
    for name, status in (("billing", 409), ("q" * 65, 400)):
        with pytest.raises(TwilioRestException) as refusal:
            await asked_at(w, 0, lambda name=name: client(w).queues.create_async(friendly_name=name))
        assert refusal.value.status == status


# --- conferences ---------------------------------------------------------------------------------------------


async def two_in_a_room(world: MakeWorld) -> tuple[World, Leg, Leg]:
    w = world(DOCUMENTS)
    one, two = w.ring("/one", name="one"), w.ring("/two", name="two")
    await w.play(w.clock.sleep(1))
    return w, one, two


def events(w: World) -> list[str]:
    return [heard.form["StatusCallbackEvent"] for heard in w.service.asked("/event")]


async def test_a_room_and_who_is_in_it_can_be_found_by_name_and_by_label(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    (room,) = await asked_at(
        w, 0, lambda: client(w).conferences.list_async(friendly_name="room", status="in-progress")
    )
    people = await asked_at(w, 0, lambda: client(w).conferences(room.sid).participants.list_async())
    assert [person.call_sid for person in people] == [one.sid, two.sid]
    person = await asked_at(w, 0, lambda: client(w).conferences(room.sid).participants("two").fetch_async())
    assert (person.call_sid, person.hold, person.end_conference_on_exit) == (two.sid, False, False)
    await w.exchange.close()


async def test_ending_a_room_by_rest_sends_everybody_to_their_action(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    sid = w.exchange.rooms[0].sid
    await asked_at(w, 5, lambda: client(w).conferences(sid).update_async(status="completed"))
    await w.until_over(one, two)
    assert (words(one), words(two)) == (["afterwards"], ["afterwards"])
    room = await asked_at(w, 0, lambda: client(w).conferences(sid).fetch_async())
    assert (room.status, room.reason_conference_ended) == ("completed", "conference-ended-via-api")
    assert await asked_at(w, 0, lambda: client(w).conferences(sid).participants.list_async()) == []


async def test_a_hold_plays_its_music_by_get_and_its_end_is_an_event_too(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    person = client(w).conferences(w.exchange.rooms[0].sid).participants(one.sid)
    await asked_at(w, 0, lambda: person.update_async(hold=True, hold_url=f"{PUBLIC_URL}/music"))
    await asked_at(w, 30, lambda: person.update_async(hold=False))
    await w.play(w.clock.sleep(1))
    assert w.service.asked("/music")[0].method == "GET"
    assert [event for event in events(w) if "hold" in event] == ["participant-hold", "participant-unhold"]
    assert one.sounds[0].played == "https://music.example/a.wav"
    assert two.sounds == []
    await w.exchange.close()


async def test_who_is_on_hold_keeps_their_way_of_ending_the_room_and_no_error_says_so(
    world: MakeWorld,
) -> None:
    w, one, _ = await two_in_a_room(world)
    person = client(w).conferences(w.exchange.rooms[0].sid).participants(one.sid)
    await asked_at(w, 0, lambda: person.update_async(end_conference_on_exit=True))
    await asked_at(w, 0, lambda: person.update_async(hold=True))
    held = await asked_at(w, 0, lambda: person.update_async(end_conference_on_exit=False))
    assert held.end_conference_on_exit is True
    await asked_at(w, 0, lambda: person.update_async(hold=False))
    freed = await asked_at(w, 0, lambda: person.update_async(end_conference_on_exit=False))
    assert freed.end_conference_on_exit is False
    await w.exchange.close()


async def test_an_announcement_to_the_room_is_heard_by_all_and_its_end_told_once(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    room = client(w).conferences(w.exchange.rooms[0].sid)
    await asked_at(w, 0, lambda: room.update_async(announce_url=f"{PUBLIC_URL}/said"))
    await w.play(w.clock.sleep(5))
    assert words(one) == words(two) == ["one two three four five"]
    assert len(w.service.asked("/said")) == 1
    assert [event for event in events(w) if "announcement" in event] == ["announcement-end"]
    await w.exchange.close()


async def test_an_announcement_to_one_is_heard_by_that_one(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    person = client(w).conferences(w.exchange.rooms[0].sid).participants("two")
    await asked_at(w, 0, lambda: person.update_async(announce_url=f"{PUBLIC_URL}/said"))
    await w.play(w.clock.sleep(5))
    assert (words(one), words(two)) == ([], ["one two three four five"])
    await w.exchange.close()


async def test_muting_is_an_event(world: MakeWorld) -> None:
    w, one, _ = await two_in_a_room(world)
    person = client(w).conferences(w.exchange.rooms[0].sid).participants(one.sid)
    muted = await asked_at(w, 0, lambda: person.update_async(muted=True))
    await w.play(w.clock.sleep(1))
    assert muted.muted is True
    assert events(w)[-1] == "participant-mute"
    await w.exchange.close()


# --- a representation that lags ------------------------------------------------------------------------------


async def test_what_is_looked_at_lags_behind_and_what_is_asked_for_is_done_at_once(world: MakeWorld) -> None:
    w = world(DOCUMENTS, lag=3)
    leg = w.ring()
    await w.play(w.clock.sleep(5))
    leg.hang_up()
    assert (await asked_at(w, 2, lambda: client(w).calls(leg.sid).fetch_async())).status == "in-progress"
    assert (await asked_at(w, 2, lambda: client(w).calls(leg.sid).fetch_async())).status == "completed"


async def test_a_call_that_has_just_come_cannot_be_seen_yet(world: MakeWorld) -> None:
    w = world(DOCUMENTS, lag=3)
    leg = w.ring()
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(w, 1, lambda: client(w).calls(leg.sid).fetch_async())
    assert code_of(refusal) == (404, 20404)
    await w.exchange.close()


async def test_a_room_that_has_ended_still_lists_its_people_for_a_while_and_takes_no_update(
    world: MakeWorld,
) -> None:
    w = world(DOCUMENTS, lag=3)
    one = w.ring("/one", name="one")
    w.ring("/two", name="two")
    await w.play(w.clock.sleep(5))
    room = w.exchange.rooms[0]
    people = client(w).conferences(room.sid).participants
    changed = await asked_at(w, 0, lambda: people(one.sid).update_async(end_conference_on_exit=True))
    assert changed.end_conference_on_exit is True
    assert (await asked_at(w, 1, lambda: people(one.sid).fetch_async())).end_conference_on_exit is False
    assert (await asked_at(w, 3, lambda: people(one.sid).fetch_async())).end_conference_on_exit is True
    room.end("conference-ended-via-api")
    assert len(await asked_at(w, 1, lambda: people.list_async())) == 2
    with pytest.raises(TwilioRestException) as refusal:
        await asked_at(w, 0, lambda: people(one.sid).update_async(muted=True))
    assert code_of(refusal) == (404, 20404)
    assert await asked_at(w, 3, lambda: people.list_async()) == []


async def test_people_can_be_listed_by_hold(world: MakeWorld) -> None:
    w, one, _ = await two_in_a_room(world)
    people = client(w).conferences(w.exchange.rooms[0].sid).participants
    await asked_at(w, 0, lambda: people(one.sid).update_async(hold=True))
    held = await asked_at(w, 0, lambda: people.list_async(hold=True))
    assert [person.call_sid for person in held] == [one.sid]
    assert len(await asked_at(w, 0, lambda: people.list_async())) == 2
    await w.exchange.close()

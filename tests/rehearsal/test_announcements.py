"""Announcements in a room: played once for all, or to one, and how their end is told."""

from ivr.rehearsal.leg import Leg
from ivr.rehearsal.resources.answers import Given
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Answer, MakeWorld, World, words

ROOM = (
    '<Dial><Conference waitUrl="" statusCallback="/event" '
    'statusCallbackEvent="start end join leave hold announcement">room</Conference></Dial>'
)
FIVE = "one two three four five"
DOCUMENTS: dict[str, Answer] = {
    "/one": ROOM,
    "/two": ROOM,
    "/event": (204, None, ""),
    "/first": f"<Say>{FIVE}</Say><Redirect>/second</Redirect>",
    "/second": f"<Say>{FIVE} six</Say><Redirect>/last</Redirect>",
    "/last": "",
    "/lost": f"<Say>{FIVE}</Say><Redirect>/nowhere</Redirect>",
    "/forbidden": "<Hangup/>",
}


async def two_in_a_room(world: MakeWorld, **options: bool) -> tuple[World, Leg, Leg]:
    w = world(DOCUMENTS, **options)
    one, two = w.ring("/one", name="one"), w.ring("/two", name="two")
    await w.play(w.clock.sleep(1))
    return w, one, two


def says(path: str) -> Given:
    return {"AnnounceUrl": PUBLIC_URL + path}


def told(w: World) -> list[str]:
    events = [heard.form["StatusCallbackEvent"] for heard in w.service.asked("/event")]
    return [event for event in events if event.startswith("announcement")]


async def test_a_room_is_told_once_however_many_listen_and_its_requests_name_no_call(
    world: MakeWorld,
) -> None:
    w, one, two = await two_in_a_room(world)
    room = w.exchange.rooms[0]
    w.rest.conferences.update(room.sid, says("/first"))
    await w.play(w.clock.sleep(10))
    assert words(one) == words(two) == [FIVE, f"{FIVE} six"]
    assert [heard.path for heard in w.service.heard if heard.path != "/event"][2:] == [
        "/first",
        "/second",
        "/last",
    ]
    form = w.service.asked("/second")[0].form
    assert form == {"AccountSid": w.wire.account_sid, "ConferenceSid": room.sid, "FriendlyName": "room"}
    assert told(w) == ["announcement-end"]


async def test_who_leaves_hears_no_more_and_the_others_hear_it_to_its_end(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    w.rest.conferences.update(w.exchange.rooms[0].sid, says("/first"))
    w.later(1, one.hang_up)
    await w.play(w.clock.sleep(10))
    assert (words(one), [sound.seconds for sound in one.sounds]) == ([FIVE], [1])
    assert [sound.cut for sound in two.sounds] == [False, False]


async def test_who_comes_late_hears_the_rest_from_the_next_sentence_on(world: MakeWorld) -> None:
    w, _, _ = await two_in_a_room(world)
    w.rest.conferences.update(w.exchange.rooms[0].sid, says("/first"))
    late: list[Leg] = []
    w.later(1, lambda: late.append(w.ring("/one", name="late")))
    await w.play(w.clock.sleep(10))
    assert words(late[0]) == [f"{FIVE} six"]


async def test_who_is_on_hold_hears_nothing_the_room_is_told(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    room = w.exchange.rooms[0]
    w.rest.conferences.update_person(room.sid, one.sid, {"Hold": "true"})
    w.rest.conferences.update(room.sid, says("/first"))
    await w.play(w.clock.sleep(10))
    assert (words(one), words(two)) == ([], [FIVE, f"{FIVE} six"])


async def test_a_room_that_ends_cuts_what_it_is_being_told_and_tells_of_no_end(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    room = w.exchange.rooms[0]
    w.rest.conferences.update(room.sid, says("/first"))
    w.later(1, lambda: w.rest.conferences.update(room.sid, {"Status": "completed"}))
    await w.until_over(one, two)
    assert [sound.seconds for sound in one.sounds] == [1]
    assert told(w) == []
    assert w.service.asked("/second") == []


async def test_a_second_announcement_takes_the_place_of_the_first(world: MakeWorld) -> None:
    w, one, _ = await two_in_a_room(world)
    room = w.exchange.rooms[0]
    w.rest.conferences.update(room.sid, says("/first"))
    w.later(1, lambda: w.rest.conferences.update(room.sid, says("/second")))
    await w.play(w.clock.sleep(10))
    assert words(one) == [FIVE, f"{FIVE} six"]
    assert one.sounds[0].seconds == 1
    assert told(w) == ["announcement-end"]


async def test_an_announcement_to_one_names_them_at_its_end_while_they_are_still_in(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    w.rest.conferences.update_person(w.exchange.rooms[0].sid, two.sid, says("/second"))
    await w.play(w.clock.sleep(5))
    assert (words(one), words(two)) == ([], [f"{FIVE} six"])
    form = w.service.asked("/event")[-1].form
    assert (form["StatusCallbackEvent"], form["CallSid"]) == ("announcement-end", two.sid)
    assert form["AnnounceUrl"] == PUBLIC_URL + "/second"


async def test_an_announcement_that_cannot_be_had_fails_and_nobody_leaves_the_room(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    w.rest.conferences.update(w.exchange.rooms[0].sid, says("/lost"))
    await w.play(w.clock.sleep(5))
    assert told(w) == ["announcement-fail"]
    assert {person.leg for person in w.exchange.rooms[0].people} == {one, two}
    assert [warning.code for warning in w.exchange.warnings] == [11200]


async def test_an_illegal_verb_in_an_announcement_is_noted_with_the_rule(world: MakeWorld) -> None:
    w, _, _ = await two_in_a_room(world, strict=False)
    w.rest.conferences.update(w.exchange.rooms[0].sid, says("/forbidden"))
    await w.play(w.clock.sleep(5))
    assert [warning.code for warning in w.exchange.warnings] == [13238]
    assert told(w) == ["announcement-fail"]


async def test_a_redirect_that_comes_at_the_very_end_of_a_room_still_counts(world: MakeWorld) -> None:
    w, one, two = await two_in_a_room(world)
    room = w.exchange.rooms[0]

    def both() -> None:
        room.end("conference-ended-via-api")
        w.rest.calls.update(one.sid, {"Url": f"{PUBLIC_URL}/second"})

    w.later(1, both)
    await w.until_over(one, two)
    assert words(one) == [f"{FIVE} six"]

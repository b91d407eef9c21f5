"""Rooms: who is in one, keeping it open, speaking into it once, ending it."""

from collections.abc import Callable

import pytest
from twilio.http.response import Response

from ivr.line.phone import Found, Outcome, Participant
from tests.line.phone.script import (
    AGENT,
    API,
    BROKEN,
    BUSY,
    CALL,
    NOBODY,
    ROOM,
    UNSURE,
    Answer,
    Line,
    fault,
    said,
)

PERSON = f"{API}/Conferences/{ROOM}/Participants/{AGENT}.json"
SAID = "https://ivr.example.com/voice/farewell/announcement?call=CA1&n=1"

Dial = Callable[..., Line]


def rooms(*there: dict[str, object], **page: object) -> Response:
    return said(conferences=list(there), **{"next_page_uri": None, **page})


def room(**fields: object) -> dict[str, object]:
    return {"sid": ROOM, "friendly_name": "WT1", "status": "in-progress", **fields}


def people(*there: dict[str, object]) -> Response:
    return said(participants=list(there), next_page_uri=None)


def person(**fields: object) -> dict[str, object]:
    usual = {"call_sid": AGENT, "hold": False, "end_conference_on_exit": True, "status": "connected"}
    return {**usual, "label": None, **fields}


ENDS_IT = said(**person())
STAYS = said(**person(end_conference_on_exit=False))
HELD = said(**person(hold=True))
DONE = said(**person())  # what an update answers: not trusted, so it may say anything


# ---------------------------------------------------------------- finding
async def test_a_room_is_found_by_its_name_while_it_is_in_progress(line: Dial) -> None:
    dialled = line(rooms(room()))
    assert await dialled.phone.find_room("WT1") == Found(Outcome.DONE, ROOM)
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("GET", f"{API}/Conferences.json")
    assert asked.params == {"FriendlyName": "WT1", "Status": "in-progress", "PageSize": 20}


async def test_where_no_room_has_that_name_none_is_found(line: Dial) -> None:
    assert await line(rooms()).phone.find_room("WT1") == Found(Outcome.DONE, None)


async def test_a_list_that_lags_is_read_with_care(line: Dial) -> None:
    over, other, newest = room(status="completed", sid="CF1"), room(friendly_name="WT2"), room(sid="CF2")
    assert await line(rooms(over, other, newest, room())).phone.find_room("WT1") == Found(Outcome.DONE, "CF2")


async def test_a_room_on_the_second_page_is_found_too(line: Dial) -> None:
    second = f"/2010-04-01/Accounts/{'AC' + '0' * 32}/Conferences.json?Page=1"
    dialled = line(rooms(room(friendly_name="WT2"), next_page_uri=second), rooms(room()))
    assert await dialled.phone.find_room("WT1") == Found(Outcome.DONE, ROOM)
    assert dialled.script.asked[1].url == f"{API}/Conferences.json?Page=1"


async def test_a_list_without_an_end_is_left_after_a_while(line: Dial) -> None:
    again = f"/2010-04-01/Accounts/{'AC' + '0' * 32}/Conferences.json?Page=1"
    dialled = line(rooms(next_page_uri=again))
    assert await dialled.phone.find_room("WT1") == Found(Outcome.DONE, None)
    assert len(dialled.script.asked) == 20


@pytest.mark.parametrize("answer", UNSURE)
async def test_a_look_is_repeated_once_after_silence(line: Dial, answer: Answer) -> None:
    dialled = line(answer, rooms(room()))
    assert await dialled.phone.find_room("WT1") == Found(Outcome.DONE, ROOM)
    assert len(dialled.slept) == 1
    dialled = line(answer)
    assert await dialled.phone.find_room("WT1") == Found(Outcome.TRY_AGAIN, None)
    assert dialled.methods == ["GET", "GET"]


async def test_a_list_that_twilio_is_too_busy_for_is_asked_for_again(line: Dial) -> None:
    dialled = line(BUSY, BUSY, rooms(room()))
    assert await dialled.phone.find_room("WT1") == Found(Outcome.DONE, ROOM)
    assert dialled.slept == [0.25, 0.5]


async def test_a_list_that_is_refused_is_not_asked_for_again(line: Dial) -> None:
    dialled = line(fault(401, 20003))
    assert await dialled.phone.find_room("WT1") == Found(Outcome.REFUSED, None)
    assert len(dialled.script.asked) == 1


# ----------------------------------------------------------------- people
async def test_the_people_in_a_room_are_told_with_what_matters_about_them(line: Dial) -> None:
    customer = person(call_sid=CALL, hold=True, end_conference_on_exit=False, label="customer")
    dialled = line(people(person(), customer))
    assert await dialled.phone.people(ROOM) == Found(
        Outcome.DONE,
        (
            Participant(AGENT, held=False, ends_room=True),
            Participant(CALL, held=True, ends_room=False, label="customer"),
        ),
    )
    assert dialled.script.asked[0].url == f"{API}/Conferences/{ROOM}/Participants.json"


@pytest.mark.parametrize("status", ["queued", "connecting", "ringing", "complete", "failed"])
async def test_whoever_is_not_there_yet_or_any_more_is_left_out(line: Dial, status: str) -> None:
    listed = people(person(status=status), person(call_sid=CALL))
    found = await line(listed).phone.people(ROOM)
    assert [one.leg for one in found.value or ()] == [CALL]


async def test_a_room_that_lists_nobody_is_over_or_not_yet_begun(line: Dial) -> None:
    over = line(people(), said(**room(status="completed")))
    assert await over.phone.people(ROOM) == Found(Outcome.TOO_LATE)
    assert over.script.asked[1].url == f"{API}/Conferences/{ROOM}.json"
    empty = line(people(), said(**room(status="init")))
    assert await empty.phone.people(ROOM) == Found(Outcome.DONE, ())


async def test_a_room_nobody_knows_is_too_late(line: Dial) -> None:
    assert await line(NOBODY).phone.people(ROOM) == Found(Outcome.TOO_LATE)
    assert await line(people(), NOBODY).phone.people(ROOM) == Found(Outcome.TOO_LATE)


async def test_where_it_cannot_be_seen_whether_a_room_is_over_that_is_said(line: Dial) -> None:
    assert await line(people(), BROKEN).phone.people(ROOM) == Found(Outcome.TRY_AGAIN)
    assert await line(BROKEN).phone.people(ROOM) == Found(Outcome.TRY_AGAIN)


# ----------------------------------------------------------- staying open
async def test_a_room_that_stays_open_anyway_is_left_as_it_is(line: Dial) -> None:
    dialled = line(STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    assert [(asked.method, asked.url) for asked in dialled.script.asked] == [("GET", PERSON)]


async def test_who_would_end_the_room_no_longer_does_and_that_is_read_back(line: Dial) -> None:
    dialled = line(ENDS_IT, DONE, STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    assert dialled.methods == ["GET", "POST", "GET"]
    assert dialled.wishes == [{"EndConferenceOnExit": "false"}]
    assert {asked.url for asked in dialled.script.asked} == {PERSON}
    assert dialled.slept == []


async def test_who_is_on_hold_is_taken_off_it_first(line: Dial) -> None:
    dialled = line(HELD, DONE, DONE, STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    assert dialled.wishes == [{"Hold": "false"}, {"EndConferenceOnExit": "false"}]


async def test_a_read_back_that_lags_is_waited_for_and_not_asked_again(line: Dial) -> None:
    dialled = line(ENDS_IT, DONE, ENDS_IT, STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    assert dialled.methods == ["GET", "POST", "GET", "GET"]
    assert dialled.slept == [0.25]


async def test_what_did_not_take_is_asked_once_more(line: Dial) -> None:
    dialled = line(ENDS_IT, DONE, ENDS_IT, ENDS_IT, DONE, STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    assert dialled.wishes == [{"EndConferenceOnExit": "false"}] * 2


async def test_a_hold_that_was_seen_too_late_is_ended_the_second_time(line: Dial) -> None:
    dialled = line(ENDS_IT, DONE, HELD, HELD, DONE, DONE, STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    end = {"EndConferenceOnExit": "false"}
    assert dialled.wishes == [end, {"Hold": "false"}, end]


async def test_what_never_takes_is_not_called_done_and_not_asked_for_ever(line: Dial) -> None:
    dialled = line(ENDS_IT)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.TRY_AGAIN
    assert dialled.methods == ["GET"] + ["POST", "GET", "GET"] * 2


async def test_an_answer_that_does_not_say_is_not_taken_for_yes(line: Dial) -> None:
    silent = said(call_sid=AGENT, hold=False)
    assert await line(silent).phone.stay_open(ROOM, AGENT) is Outcome.TRY_AGAIN


@pytest.mark.parametrize("answers", [(NOBODY,), (ENDS_IT, NOBODY), (ENDS_IT, DONE, NOBODY), (HELD, NOBODY)])
async def test_whoever_is_no_longer_there_is_too_late(line: Dial, answers: tuple[Answer, ...]) -> None:
    dialled = line(*answers)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.TOO_LATE
    assert len(dialled.script.asked) == len(answers)


@pytest.mark.parametrize("lost", UNSURE)
async def test_a_lost_answer_is_settled_by_reading_back(line: Dial, lost: Answer) -> None:
    dialled = line(ENDS_IT, lost, STAYS)
    assert await dialled.phone.stay_open(ROOM, AGENT) is Outcome.DONE
    assert dialled.methods == ["GET", "POST", "GET"]


async def test_a_refusal_to_keep_a_room_open_is_told(line: Dial) -> None:
    assert await line(ENDS_IT, fault(403, 20003)).phone.stay_open(ROOM, AGENT) is Outcome.REFUSED


# ------------------------------------------------------------------- hold
async def test_a_hold_is_ended(line: Dial) -> None:
    dialled = line(DONE)
    assert await dialled.phone.unhold(ROOM, AGENT) is Outcome.DONE
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url, asked.form) == ("POST", PERSON, {"Hold": "false"})


async def test_a_lost_answer_about_a_hold_is_settled_by_looking(line: Dial) -> None:
    dialled = line(BROKEN, ENDS_IT)
    assert await dialled.phone.unhold(ROOM, AGENT) is Outcome.DONE
    assert dialled.methods == ["POST", "GET"]
    dialled = line(BROKEN, HELD, DONE)
    assert await dialled.phone.unhold(ROOM, AGENT) is Outcome.DONE
    assert dialled.methods == ["POST", "GET", "POST"]
    assert await line(BROKEN, NOBODY).phone.unhold(ROOM, AGENT) is Outcome.TOO_LATE
    assert await line(BROKEN).phone.unhold(ROOM, AGENT) is Outcome.TRY_AGAIN


# --------------------------------------------------------------- speaking
async def test_an_announcement_is_heard_by_all_and_asked_for_by_post(line: Dial) -> None:
    dialled = line(said(**room()))
    assert await dialled.phone.announce(ROOM, SAID) is Outcome.DONE
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("POST", f"{API}/Conferences/{ROOM}.json")
    assert asked.form == {"AnnounceUrl": SAID, "AnnounceMethod": "POST"}


async def test_an_announcement_may_be_for_one_alone(line: Dial) -> None:
    dialled = line(said(**person()))
    assert await dialled.phone.announce_to(ROOM, AGENT, SAID) is Outcome.DONE
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("POST", PERSON)
    assert asked.form == {"AnnounceUrl": SAID, "AnnounceMethod": "POST"}


@pytest.mark.parametrize("lost", UNSURE)
async def test_an_announcement_whose_answer_is_lost_is_never_asked_for_twice(
    line: Dial, lost: Answer
) -> None:
    for to_one in (False, True):
        dialled = line(lost, said(**room()))
        phone = dialled.phone
        outcome = await (phone.announce_to(ROOM, AGENT, SAID) if to_one else phone.announce(ROOM, SAID))
        assert outcome is Outcome.TRY_AGAIN
        assert dialled.methods == ["POST"]


async def test_an_announcement_twilio_was_too_busy_for_was_not_heard_and_is_asked_for_again(
    line: Dial,
) -> None:
    dialled = line(BUSY, BUSY, said(**room()))
    assert await dialled.phone.announce(ROOM, SAID) is Outcome.DONE
    assert dialled.methods == ["POST"] * 3


async def test_nothing_can_be_announced_in_a_room_that_is_over(line: Dial) -> None:
    dialled = line(NOBODY)
    assert await dialled.phone.announce(ROOM, SAID) is Outcome.TOO_LATE
    assert await dialled.phone.announce_to(ROOM, AGENT, SAID) is Outcome.TOO_LATE
    assert len(dialled.script.asked) == 2


# ----------------------------------------------------------------- ending
async def test_a_room_is_ended(line: Dial) -> None:
    dialled = line(said(**room(status="completed")))
    assert await dialled.phone.end_room(ROOM) is Outcome.DONE
    (asked,) = dialled.script.asked
    assert (asked.method, asked.url) == ("POST", f"{API}/Conferences/{ROOM}.json")
    assert asked.form == {"Status": "completed"}


async def test_a_lost_answer_about_an_ending_is_settled_by_looking(line: Dial) -> None:
    assert await line(BROKEN, said(**room(status="completed"))).phone.end_room(ROOM) is Outcome.DONE
    assert await line(BROKEN, NOBODY).phone.end_room(ROOM) is Outcome.DONE
    dialled = line(BROKEN, said(**room()), said(**room(status="completed")))
    assert await dialled.phone.end_room(ROOM) is Outcome.DONE
    assert dialled.methods == ["POST", "GET", "POST"]
    assert await line(BROKEN).phone.end_room(ROOM) is Outcome.TRY_AGAIN


async def test_a_room_that_was_over_is_too_late_and_left_alone(line: Dial) -> None:
    dialled = line(NOBODY)
    assert await dialled.phone.end_room(ROOM) is Outcome.TOO_LATE
    assert len(dialled.script.asked) == 1

"""What Twilio said, with everything it adds, omits, repeats and garbles, becomes what happened or nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calls.events import Answered, Arrived, Ended, Held, Joined, LeftQueue, Parted, Queued, Resumed
from ivr.line.translate import (
    FIELDS,
    NOBODY,
    Said,
    answered,
    arrived,
    conference,
    ended,
    left_queue,
    parse_form,
    queued,
    said,
    sid,
    token,
    when,
)

CALLER = "CA" + "1" * 32
AGENT = "CA" + "a" * 32
QUEUE = "QU" + "2" * 32
ROOM = "CF" + "3" * 32
NOW = datetime(2026, 11, 21, 9, 20, tzinfo=UTC)


def heard(**fields: str) -> Said:
    return said(list(fields.items()))


# ---------------------------------------------------------------- forms
def test_a_form_keeps_its_order_its_repeats_and_its_blanks() -> None:
    body = b"CallerName=JOS%C3%89+%C3%91&Digits=5678&SpeechResult=&Digits=1234&Alone&=x&a=b%3Dc=d"
    assert parse_form(body) == [
        ("CallerName", "JOSÉ Ñ"),
        ("Digits", "5678"),
        ("SpeechResult", ""),
        ("Digits", "1234"),
        ("Alone", ""),
        ("", "x"),
        ("a", "b=c=d"),
    ]


@given(st.binary() | st.text("ab=&+%4zé\x00").map(str.encode))
def test_a_form_is_read_as_the_standard_library_reads_it(body: bytes) -> None:
    text = body.decode("utf-8", "replace")
    assert parse_form(body) == parse_qsl(text, keep_blank_values=True, errors="replace")


def test_an_absurd_number_of_fields_is_no_form() -> None:
    assert len(parse_form(b"&".join([b"a=1"] * FIELDS))) == FIELDS
    assert parse_form(b"&".join([b"a=1"] * (FIELDS + 1))) == []


# --------------------------------------------------------------- fields
def test_every_field_twilio_sends_is_read_by_its_own_spelling() -> None:
    said = heard(
        CallSid=CALLER,
        AccountSid="AC" + "4" * 32,
        From="+18765551234",
        To="+18005551212",
        Direction="inbound",
        CallStatus="in-progress",
        Digits="2",
        QueueSid=QUEUE,
        QueueResult="bridged",
        QueueTime="750",
        AvgQueueTime="120",
        QueuePosition="3",
        DequeingCallSid=AGENT,
        DialCallStatus="answered",
        ErrorCode="11200",
        ErrorUrl="https://ivr.example.com/voice/farewell",
        Timestamp="Sat, 21 Nov 2026 09:20:00 +0000",
        SequenceNumber="7",
        ConferenceSid=ROOM,
        FriendlyName="a room",
        StatusCallbackEvent="participant-join",
    )
    assert (said.call_sid, said.account_sid, said.queue_sid) == (CALLER, "AC" + "4" * 32, QUEUE)
    assert (said.from_, said.to, said.direction, said.outbound) == (
        "+18765551234", "+18005551212", "inbound", False,
    )  # fmt: skip
    assert (said.call_status, said.digits, said.keyed) == ("in-progress", "2", "2")
    assert (said.queue_result, said.queue_time, said.avg_queue_time, said.queue_position) == (
        "bridged", 750, 120, 3,
    )  # fmt: skip
    assert (said.dequeueing_call_sid, said.dial_call_status) == (AGENT, "answered")
    assert (said.error_code, said.error_url) == ("11200", "https://ivr.example.com/voice/farewell")
    assert (said.timestamp, said.sequence) == (NOW, 7)
    assert (said.conference_sid, said.room, said.conference_event) == (ROOM, "a room", "participant-join")


def test_what_twilio_omits_is_blank_or_none() -> None:
    said = heard()
    assert {said.from_, said.to, said.digits, said.keyed, said.queue_result, said.error_url} == {""}
    assert {said.call_sid, said.queue_time, said.timestamp, said.sequence, said.conference_sid} == {None}


def test_the_first_of_repeated_values_counts() -> None:
    assert said([("Digits", "5"), ("Digits", "6")]).digits == "5"


def test_control_characters_and_halves_of_characters_are_stripped_when_a_value_is_read() -> None:
    said = heard(From="\x00+1876\x1b555\ud8001234\u2028\n", CallerName="José\xa0Ñ 👋")
    assert said.from_ == "+18765551234"
    assert said.text("CallerName") == "José\xa0Ñ 👋"


@pytest.mark.parametrize("digits", ["12", "", "a", " ", "１", "2\n3", "1" * 33, "#5#"])
def test_only_one_key_of_a_telephone_is_a_key(digits: str) -> None:
    assert heard(Digits=digits).digits == ""


@pytest.mark.parametrize("digits", [*"0123456789*#"])
def test_every_key_of_a_telephone_is_a_key(digits: str) -> None:
    assert heard(Digits=digits).digits == digits


def test_words_are_told_from_none_and_from_a_noise() -> None:
    assert (heard(SpeechResult="No, thank\x00 you").speech, heard(SpeechResult="").speech) == (
        "No, thank you",
        "",
    )
    assert heard(Digits="1").speech is None


@pytest.mark.parametrize(
    ("text", "sure"),
    [
        ("0.93", 0.93),
        ("1", 1.0),
        ("0.0", 0.0),
        (".5", 0.5),
        ("", None),
        ("nan", None),
        ("-1", None),
        ("1e3", None),
    ],
)
def test_how_sure_a_recogniser_is_is_a_share_or_unknown(text: str, sure: float | None) -> None:
    assert heard(Confidence=text).confidence == sure


def test_several_keys_are_read_together_where_they_are_wanted() -> None:
    assert heard(Digits="314159").keyed == "314159"
    assert heard(Digits="31415x").keyed == ""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *[("0", 0), ("750", 750), (" 12 ", 12), ("12.9", 12)],
        *[(text, None) for text in ("-1", "", "1e3", "٣", "1234567890", "None", "12 seconds")],
    ],
)
def test_a_wait_is_a_whole_number_or_unknown(text: str, seconds: int | None) -> None:
    assert heard(QueueTime=text).queue_time == seconds


@pytest.mark.parametrize(
    "text",
    [None, "", "CA123", "CA" + "1" * 33, "XX" + "1" * 32, "CA" + "é" * 32, CALLER + "\n", "CA" + "-" * 32],
)
def test_what_is_no_identifier_is_none(text: str | None) -> None:
    assert sid(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 20 Aug 2010 01:13:42 +0000", datetime(2010, 8, 20, 1, 13, 42, tzinfo=UTC)),
        ("Fri, 20 Aug 2010 03:13:42 +0200", datetime(2010, 8, 20, 1, 13, 42, tzinfo=UTC)),
        ("Fri, 20 Aug 2010 01:13:42 -0000", datetime(2010, 8, 20, 1, 13, 42, tzinfo=UTC)),
        ("2026-11-21T09:20:00Z", NOW),
        ("2026-11-21T09:20:00", NOW),
        ("1795252800", NOW),  # as TaskRouter writes them
        ("1795252800000", NOW),
        ("17952528", None),
        ("Fri, 99 Aug 2010 01:13:42 +0000", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("yesterday", None),
        ("0000", None),
    ],
)
def test_times_are_utc_or_unknown(text: str, expected: datetime | None) -> None:
    assert when(text) == expected


def test_a_token_is_tidied_and_kept_short() -> None:
    assert token(None) is None
    assert token(" \x00 ") is None
    assert token(" abc-1 ") == "abc-1"
    assert len(token("x" * 5_000) or "") == 200


# --------------------------------------------------------------- events
def test_a_call_that_rang_us_arrived_at_our_number() -> None:
    inbound = heard(CallSid=CALLER, Direction="inbound", From="+18765551234", To="+18005551212")
    assert arrived(inbound, NOW, caller_key="hash", key="token", locale="en-GB") == Arrived(
        call=CALLER, at=NOW, key="token", caller="hash", called="+18005551212", locale="en-GB"
    )


def test_a_call_we_made_is_outbound_and_its_from_is_our_number() -> None:
    ours = heard(CallSid=CALLER, Direction="outbound-api", From="+18005551212", To="+18765551234")
    event = arrived(ours, NOW, caller_key="hash", verified=True)
    assert (event.outbound, event.called, event.verified) == (True, "+18005551212", True)


def test_no_event_holds_the_callers_own_number() -> None:
    for direction, ours, theirs in [("inbound", "To", "From"), ("outbound-api", "From", "To")]:
        fields = {"CallSid": CALLER, "Direction": direction, ours: "+18005551212", theirs: "+18765551234"}
        assert "8765551234" not in str(arrived(said(list(fields.items())), NOW, caller_key="hash"))


def test_the_same_arrival_told_again_has_the_same_key_though_its_status_moved_on() -> None:
    first = arrived(heard(CallSid=CALLER, Direction="inbound", CallStatus="ringing"), NOW, caller_key=None)
    again = arrived(
        heard(CallSid=CALLER, Direction="inbound", CallStatus="in-progress"), NOW, caller_key=None
    )
    assert first.key == again.key != ""


def test_each_stay_in_the_queue_has_a_key_of_its_own() -> None:
    once, twice = (queued(heard(CallSid=CALLER), NOW, queue="billing", stay=stay) for stay in (1, 2))
    assert once == Queued(call=CALLER, at=NOW, key=once.key, queue="billing", stay=1)
    assert once.key != twice.key


def test_leaving_the_queue_tells_how_and_after_how_long() -> None:
    event = left_queue(
        heard(CallSid=CALLER, QueueSid=QUEUE, QueueResult="bridged", QueueTime="750"), NOW, stay=2
    )
    assert event == LeftQueue(call=CALLER, at=NOW, key=event.key, result="bridged", waited=750, stay=2)
    assert event.key == f"{QUEUE}:bridged:750:2"


def test_the_bridge_tells_the_exact_wait_and_the_agents_leg() -> None:
    event = answered(heard(CallSid=CALLER, QueueSid=QUEUE, QueueTime="750", DequeingCallSid=AGENT), NOW)
    assert event == Answered(
        call=CALLER, at=NOW, key=f"{QUEUE}:{AGENT}:750", agent=AGENT, waited=750, source="bridging"
    )


def test_twilios_token_is_the_key_before_anything_else() -> None:
    said = heard(CallSid=CALLER, CallStatus="completed")
    made = [
        arrived(said, NOW, caller_key=None, key="t"),
        queued(said, NOW, queue="q", key="t"),
        left_queue(said, NOW, key="t"),
        answered(said, NOW, key="t"),
        ended(said, NOW, key="t"),
    ]
    assert [event.key for event in made if event] == ["t"] * 5


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_a_final_status_ends_the_leg(status: str) -> None:
    event = ended(heard(CallSid=CALLER, CallStatus=status, SequenceNumber="3"), NOW)
    assert event == Ended(call=CALLER, at=NOW, key=f"{status}:3")


@pytest.mark.parametrize("status", ["queued", "initiated", "ringing", "in-progress", "", "Completed?"])
def test_any_other_status_ends_nothing(status: str) -> None:
    assert ended(heard(CallSid=CALLER, CallStatus=status), NOW) is None


def test_an_event_that_names_no_call_is_kept_under_nobodys() -> None:
    assert answered(heard(CallSid="CA-broken"), NOW).call == NOBODY
    assert ended(heard(CallStatus="completed"), NOW) is None


def in_the_room(event: str, **fields: str) -> Said:
    return heard(
        ConferenceSid=ROOM,
        FriendlyName="room",
        CallSid=CALLER,
        StatusCallbackEvent=event,
        SequenceNumber="4",
        Timestamp="Sat, 21 Nov 2026 09:19:00 +0000",
        **fields,
    )


def test_a_hold_and_its_end_are_told_by_twilios_clock() -> None:
    at = NOW - timedelta(minutes=1)
    held = conference(in_the_room("participant-hold", Hold="true"), NOW)
    assert held == Held(call=CALLER, at=at, key=f"{ROOM}:4", clock="twilio")
    resumed = conference(in_the_room("participant-unhold", Hold="false"), NOW)
    assert resumed == Resumed(call=CALLER, at=at, key=f"{ROOM}:4", clock="twilio")


def test_a_hold_without_a_time_is_told_by_ours() -> None:
    untimed = heard(CallSid=CALLER, ConferenceSid=ROOM, StatusCallbackEvent="participant-hold")
    assert conference(untimed, NOW) == Held(call=CALLER, at=NOW, key=f"{ROOM}:", clock="ours")


@pytest.mark.parametrize("text", ["Fri, 20 Aug 2010 01:13:42 +0000", "9999-01-01T00:00:00Z", "soon"])
def test_a_hold_at_a_time_that_cannot_be_is_told_by_ours(text: str) -> None:
    absurd = heard(CallSid=CALLER, ConferenceSid=ROOM, StatusCallbackEvent="participant-hold", Timestamp=text)
    held = conference(absurd, NOW)
    assert held is not None
    assert (held.at, held.clock) == (NOW, "ours")


def test_joining_and_leaving_are_told_of_the_leg_that_did_with_the_rooms_own_count() -> None:
    at = NOW - timedelta(minutes=1)
    told = {"call": CALLER, "at": at, "key": f"{ROOM}:4", "clock": "twilio", "room": ROOM, "sequence": 4}
    assert conference(in_the_room("participant-join"), NOW) == Joined(**told, name="room")
    assert conference(in_the_room("participant-leave"), NOW) == Parted(**told)


def test_the_rooms_end_is_told_of_nobodys_leg_and_is_everybodys() -> None:
    over = conference(in_the_room("conference-end"), NOW)
    assert isinstance(over, Parted)
    assert (over.call, over.room, over.over) == (ROOM, ROOM, True)


@pytest.mark.parametrize("event", ["conference-start", "", "participant-mute", "announcement-end"])
def test_whatever_else_happens_in_a_room_says_nothing_of_the_callers_leg(event: str) -> None:
    assert conference(in_the_room(event), NOW) is None


def test_without_a_room_nobody_joined_one() -> None:
    assert conference(heard(CallSid=CALLER, StatusCallbackEvent="participant-join"), NOW) is None


NAMES = [
    *[
        "CallSid",
        "AccountSid",
        "From",
        "To",
        "Direction",
        "CallStatus",
        "Digits",
        "Timestamp",
        "SequenceNumber",
    ],
    *["QueueSid", "QueueResult", "QueueTime", "AvgQueueTime", "QueuePosition", "DequeingCallSid"],
    *["DialCallStatus", "ErrorCode", "ErrorUrl", "ConferenceSid", "FriendlyName", "StatusCallbackEvent"],
]
ANYTHING = st.text(st.characters()) | st.sampled_from(
    [
        CALLER,
        "completed",
        "participant-hold",
        "-5",
        "9" * 400,
        "Fri, 20 Aug 2010 01:13:42 +0000",
        "9999-99-99",
    ]
)


@given(st.lists(st.tuples(st.sampled_from(NAMES) | st.text(), ANYTHING)))
@settings(max_examples=200, deadline=None)
def test_garbage_is_read_without_an_error(fields: list[tuple[str, str]]) -> None:
    heard = said(fields)
    read: dict[str, Any] = {
        name: getattr(heard, name) for name in dir(heard) if isinstance(getattr(Said, name, None), property)
    }
    assert all(isinstance(value, str | int | bool | datetime | None) for value in read.values())
    events = [
        arrived(heard, NOW, caller_key=None),
        queued(heard, NOW, queue="q"),
        left_queue(heard, NOW),
        answered(heard, NOW),
        *([end] if (end := ended(heard, NOW)) else []),
        *([room] if (room := conference(heard, NOW)) else []),
    ]
    for event in events:
        assert event.at.utcoffset() == timedelta(0)
        assert not any(
            "\ud800" <= letter <= "\udfff" or letter < " " for letter in f"{event.call}{event.key}"
        )


@given(st.lists(st.tuples(st.sampled_from(NAMES), ANYTHING.filter(lambda text: text.isprintable()))))
def test_a_repeated_request_has_the_same_events(fields: list[tuple[str, str]]) -> None:
    again = parse_form(urlencode(fields).encode())
    later = NOW + timedelta(seconds=4)
    for make in (answered, left_queue):
        first, second = make(said(fields), NOW), make(said(again), later)
        assert (first.call, first.kind, first.key) == (second.call, second.kind, second.key)

"""Reading a call log: what is good, what is skipped, and in which order it comes back."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calls import log as call_log
from ivr.calls.log import CallLog, LogError, Row, Tally
from ivr.calls.telling import tell
from ivr.calls.waits import waited

HEADER = "call,arrived,queued,answered,ended,held_seconds,name\n"


def read(*rows, header=HEADER):
    return CallLog([header, *rows])


def skipped(log):
    return {why: list(lines) for why, lines in log.skipped.items()}


def test_columns_may_stand_in_any_order_and_unknown_ones_are_ignored():
    log = CallLog(["\ufeffmood,ARRIVED, call ,caller\r\n", "glum,2026-11-21T09:00:00Z,A1,Ana\r\n"])
    (row,) = log.in_order()
    assert (row.call, row.caller, row.arrived, row.queue, row.held) == (
        "A1",
        "Ana",
        "2026-11-21T09:00:00Z",
        "",
        0,
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "the log is empty"),
        (["\n", " \n"], "the log is empty"),
        (["call,arival\n"], "no column 'arrived' .* did you mean 'arival'"),
        (["a,b\n"], "no column 'call' and no column 'arrived'"),
        (["call;arrived\n"], "commas, not semicolons"),
        (["call,arrived,arrived\n"], "'arrived' 2 times"),
        (['"call,arrived\n'], "quotation"),
    ],
)
def test_a_header_that_is_no_call_logs_is_refused_in_a_sentence(lines, said):
    with pytest.raises(LogError, match=said):
        CallLog(lines)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (",2026-11-21T09:00:00Z,,,,,", call_log.NO_CALL),
        (",,,,,,", call_log.NO_CALL),
        ("A1,,,,,,", call_log.NO_ARRIVAL),
        ("A1,soon,,,,,", call_log.UNREADABLE_TIME),
        ("A1,2026-11-21T09:00:00Z,,2026-11-21T25:00:00Z,,,", call_log.UNREADABLE_TIME),
        ("A1,2026-11-21T09:00:00,,,,,", call_log.NO_OFFSET),
        ("A1,2026-11-21,,,,,", call_log.NO_OFFSET),
        ("A1,2026-11-21T09:00:00Z,2026-11-21T08:59:59Z,,,,", call_log.OUT_OF_ORDER),
        ("A1,2026-11-21T09:00:00Z,,,2026-11-21T09:59:59+01:00,,", call_log.OUT_OF_ORDER),
        ("A1,2026-11-21T09:00:00Z,,,,-5,", call_log.NEGATIVE_HOLD),
        ("A1,2026-11-21T09:00:00Z,,,,1.5,", call_log.UNREADABLE_HOLD),
        ("A1,2026-11-21T09:00:00Z,,,,1_0,", call_log.UNREADABLE_HOLD),
        ("A1,2026-11-21T09:00:00Z,,,,٣,", call_log.UNREADABLE_HOLD),
        ("A1,2026-11-21T09:00:00Z,,,,1111111111111111111111,", call_log.UNREADABLE_HOLD),
        ("A1,2026-11-21T09:00:00Z,,,,,Ana,Maria", call_log.TOO_MANY),
        ('A1,2026-11-21T09:00:00Z,,,,,"Ana', call_log.BROKEN),
        ('"A"1,2026-11-21T09:00:00Z,,,,,Ana', call_log.BROKEN),
    ],
)
def test_a_bad_row_is_skipped_and_named_by_its_line(row, why):
    log = read("\n", row + "\n", "G1,2026-11-21T09:00:00Z,,,,,\n")
    assert skipped(log) == {why: [3]}
    assert (log.rows, log.good) == (2, 1)
    assert [good.call for good in log.in_order()] == ["G1"]


def test_a_repeated_id_is_skipped_but_a_bad_rows_id_is_free():
    log = read("A1,never,,,,,\n", "A1,2026-11-21T09:00:00Z,,,,,\n", "A1,2026-11-21T08:00:00Z,,,,,\n")
    assert skipped(log) == {call_log.UNREADABLE_TIME: [2], call_log.TWICE: [4]}


def test_an_unclosed_quotation_spoils_its_own_row_only():
    rows = [f"G{n},2026-11-21T09:00:{n:02}Z,,,,,\n" for n in range(40)]
    log = read('A1,2026-11-21T09:00:00Z,,,,,"Ana\n', *rows)
    assert (log.good, skipped(log)) == (40, {call_log.BROKEN: [2]})


def test_a_quoted_name_may_hold_commas_quotes_and_a_line_end():
    log = read('A1,2026-11-21T09:00:00Z,,,,,"Ana ""the\r\n', 'boss"", Smith"\r\n', "A2,,,,,,\n")
    assert skipped(log) == {call_log.NO_ARRIVAL: [4]}
    assert [row.name for row in log.in_order()] == ['Ana "the\r\nboss", Smith']


def test_a_short_row_lacks_what_it_does_not_say_and_blank_surplus_does_no_harm():
    log = read("A1,2026-11-21T09:00:00Z\n", "A2,2026-11-21T09:00:00Z,,,,,,,  ,\n")
    assert (log.good, log.skipped) == (2, {})


@pytest.mark.parametrize(
    ("times", "wait"),
    [
        (("09:00:05", "09:01:05", "09:05:00"), (60, 0)),
        (("", "09:01:05", "09:05:00"), (0, 0)),
        (("09:00:05", "", "09:05:05"), (300, 0)),
        (("", "", "09:05:05"), (0, 0)),
        (("09:00:05", "", ""), None),
        (("09:00:05", "13:00:06", ""), None),
    ],
)
def test_a_row_is_told_as_the_events_of_its_call(times, wait):
    written = [f"2026-11-21T{time}+00:00" if time else "" for time in times]
    (row,) = read(f"A1,2026-11-21T09:00:00Z,{','.join(written)},,\n").in_order()
    story = tell(row.events())
    assert waited(story) == wait
    assert (story.answered is not None) == bool(times[1])
    assert story.loose_ends == 0


def test_rows_come_back_in_order_of_arrival_then_of_place():
    rows = 2 * call_log.CHUNK + 7  # three chunks, merged
    start = datetime(2026, 11, 21, tzinfo=UTC)
    seconds = [(n * 7919) % 5_000 for n in range(rows)]
    log = read(*(f"A{n},{(start + timedelta(seconds=s)).isoformat()}\n" for n, s in enumerate(seconds)))
    told = [int(row.call[1:]) for row in log.in_order()]
    assert told == sorted(range(rows), key=lambda n: (seconds[n], n))


def test_every_letter_comes_back_as_it_was():
    odd = "Zoë ‘☎’ \udcff \x00 \\ 𝄞"
    (row,) = read(f"A1,2026-11-21T09:00:00Z,,,,7,{odd}\n").in_order()
    assert isinstance(row, Row)
    assert (row.name, row.held) == (odd, 7)


def test_progress_is_told_now_and_then():
    told = []
    rows = (f"A{n},2026-11-21T09:00:00Z\n" for n in range(2 * call_log.OFTEN + 1))
    CallLog([HEADER, *rows], told.append)
    assert told == [call_log.OFTEN, 2 * call_log.OFTEN]


def test_a_tally_counts_each_of_many_texts():
    tally = Tally()
    for n in range(9_000):
        assert tally.add(f"caller {n % 3_000}") == n // 3_000 + 1
    assert tally.seen == 3_000
    assert {tally.counts[tally.slot(f"caller {n}")] for n in range(3_000)} == {3}
    assert tally.counts[tally.slot("nobody")] == 0


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet='A1,"\n\r:-TZ+. é\x00', max_size=40), max_size=12))
def test_no_line_stops_the_reading_and_every_row_is_good_or_skipped(lines):
    log = CallLog([HEADER, *lines])
    assert log.rows == log.good + sum(len(at) for at in log.skipped.values())
    assert len(list(log.in_order())) == log.good

"""A call log told again."""

import io
import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ivr.book.book import Book, read
from ivr.calls.log import CallLog
from ivr.calls.telling import tell
from ivr.calls.waits import Severities, weigh
from ivr.replay import ReplayError, replay
from tests.count_calls import count, differences

SMALL = Path(__file__).with_name("calls_small.csv")
PROMPTS = Path(__file__).parent.parent / "prompts"

RULES = """
timezone: Europe/London
locale: en-GB
queues:
  default:
    question: none
  silent:
    farewell: "off"
  american:
    locale: en-US
"""
VOICES = """
en-GB:
  voice: Polly.Amy-Neural
en-US:
  voice: Polly.Joanna-Neural
  from: en-GB
"""
APOLOGY = """
- entry: sorry
  when: severity is long or very_long or extreme
  tone: any
  say: |
    We are sorry you waited {{ wait.seconds | spoken_wait }}.
- entry: thanks
  when: severity is slight
  tone: any
  say: |
    Thank you for waiting.
"""
GOODBYE = "- entry: anybody\n  tone: any\n  say: |\n" + "".join(
    f"    Goodbye number {n}.\n" for n in range(12)
)
PAGES = {
    "rules.yaml": RULES,
    "voices.yaml": VOICES,
    "en-GB/apology.yaml": APOLOGY,
    "en-GB/goodbye.yaml": GOODBYE,
}


@pytest.fixture(scope="module")
def small_book() -> Book:
    book, _ = read(PAGES)
    assert book is not None
    return book


@pytest.fixture(scope="module")
def own_book() -> Book:
    book, _ = read(
        {str(path.relative_to(PROMPTS)): path.read_text("utf-8") for path in PROMPTS.rglob("*.yaml")}
    )
    assert book is not None
    return book


def told(lines, book, **asked):
    out = io.StringIO()
    summary = replay(lines, book, out, **asked)
    return summary, [json.loads(line) for line in out.getvalue().splitlines()]


HEADER = "call,caller,queue,locale,name,tone,arrived,queued,answered,ended,held_seconds\n"


def test_a_small_log_comes_to_what_an_independent_count_says(own_book):
    with open(SMALL, encoding="utf-8", newline="") as lines:
        summary, calls = told(lines, own_book)
    totals, counted = count(SMALL)
    assert differences(counted, calls) == []
    plain = summary.to_json()
    assert {name: plain[name] for name in totals if name in plain} == {
        name: value for name, value in totals.items() if name in plain
    }
    assert set(totals) - set(plain) == {"waited_in_all", "waited_unanswered"}
    assert plain["apologies"] == sum(
        any(moment["moment"] == "apology" for moment in call["moments"])
        for call in calls
        if call["severity"] in ("long", "very_long", "extreme")
    )
    json.dumps(plain)


def test_the_independent_count_would_notice_a_difference(own_book):
    with open(SMALL, encoding="utf-8", newline="") as lines:
        _, calls = told(lines, own_book)
    _, counted = count(SMALL)
    calls[0]["wait"]["queue"] += 1
    assert len(differences(counted, calls)) == 1
    assert len(differences(counted, calls[1:])) > 1


def test_the_order_of_the_rows_changes_nothing_but_the_line_numbers(own_book):
    # Two calls that arrive at one instant keep the order of their rows, so one of them is left out.
    rows = [line for line in SMALL.read_text("utf-8").splitlines(keepends=True) if not line.startswith("D04")]
    header, good = (
        rows[0],
        [row for row in rows[1:] if row[0] in "ACDE" and not row.startswith(("A15", "A01,,,"))],
    )
    _, straight = told([header, *good], own_book)
    random.Random(3).shuffle(good)
    summary, shuffled = told([header, *good], own_book)
    assert shuffled == straight
    assert summary.calls == len(good) > 30


def test_each_call_is_a_line_of_json_with_the_words_it_would_have_heard(small_book):
    row = (
        "A1,,,,Ana,,2026-11-21T09:00:00Z,2026-11-21T09:00:00Z,2026-11-21T09:12:40Z,2026-11-21T09:20:00Z,120\n"
    )
    _, (call,) = told([HEADER, row], small_book)
    assert list(call) == ["call", "wait", "severity", "calls_today", "locale", "moments", "seconds"]
    assert call["wait"] == {"seconds": 880, "queue": 760, "hold": 120, "earlier": 0}
    assert (call["severity"], call["calls_today"], call["locale"]) == ("very_long", None, "en-GB")
    apology, goodbye = call["moments"]
    assert (apology["moment"], apology["entry"]) == ("apology", "en-GB/apology/sorry")
    assert apology["text"] == "We are sorry you waited more than fourteen minutes."
    assert goodbye["text"].startswith("Goodbye number")
    assert call["seconds"] > 0


def test_a_call_nobody_answered_heard_no_farewell(small_book):
    row = "A1,,,,,,2026-11-21T09:00:00Z,2026-11-21T09:00:00Z,,2026-11-21T09:20:00Z,\n"
    summary, (call,) = told([HEADER, row], small_book)
    assert (call["moments"], call["seconds"], call["wait"]["seconds"]) == ([], 0.0, 1200)
    assert (summary.calls, summary.answered, sum(summary.severities.values())) == (1, 0, 0)
    assert (summary.waits["p50"], summary.mean_seconds, summary.p95_seconds) == (None, None, None)


def test_a_queue_whose_farewells_are_off_says_nothing(small_book):
    row = "A1,,silent,,,,2026-11-21T09:00:00Z,,2026-11-21T09:00:00Z,2026-11-21T09:20:00Z,\n"
    summary, (call,) = told([HEADER, row], small_book)
    assert (call["moments"], summary.answered, summary.mean_seconds) == ([], 1, None)


@pytest.mark.parametrize(
    ("queue", "locale", "spoken"),
    [("", "", "en-GB"), ("american", "", "en-US"), ("american", "en-GB", "en-GB"), ("", "en_us", "en-US")],
)
def test_the_row_chooses_the_locale_then_the_queue_then_the_book(small_book, queue, locale, spoken):
    row = f"A1,,{queue},{locale},,,2026-11-21T09:00:00Z,,2026-11-21T09:00:00Z,,\n"
    assert told([HEADER, row], small_book)[1][0]["locale"] == spoken


def daily(n, caller="Ana", first=0):
    start = datetime(2026, 1, 1, 9, tzinfo=UTC)
    for day in range(first, first + n):
        at = (start + timedelta(days=day)).isoformat()
        yield f"{caller}{day},{caller},,,,,{at},,{at},{at},\n"


def test_a_caller_is_told_of_one_event_once_and_a_stranger_every_time():
    event = "- entry: coming up\n  offer: true\n  when: line.event known\n  say: |\n    {{ line.event }}\n"
    rules = RULES.replace(
        "    question: none\n", "    question: none\n    event: Our fair is on Sunday.\n", 1
    )
    book, faults = read(PAGES | {"rules.yaml": rules, "en-GB/goodbye.yaml": f"{event}\n{GOODBYE}"})
    assert book is not None
    assert not faults
    rows = "".join(
        f"{number},{caller},,,,,2026-11-21T{9 + number:02}:00:00Z,,2026-11-21T{9 + number:02}:01:00Z,,0\n"
        for number, caller in enumerate(("ana", "", "ana", "bo", "ana", ""))
    )
    _, lines = told((HEADER + rows).splitlines(), book)
    said = ["fair" in str(line["moments"]) for line in lines]
    assert said == [True, True, False, True, False, True]


def test_a_caller_hears_no_goodbye_again_within_ten_calls(small_book):
    summary, calls = told([HEADER, *daily(40)], small_book)
    goodbyes = [call["moments"][-1]["variant"] for call in calls]
    assert all(goodbye not in goodbyes[max(0, n - 10) : n] for n, goodbye in enumerate(goodbyes))
    assert (summary.repeats, summary.distinct_goodbyes) == (0, 12)


def test_a_repeat_is_counted_where_the_book_has_too_few():
    few = PAGES | {"en-GB/goodbye.yaml": "- entry: only\n  tone: any\n  say: |\n    Goodbye.\n"}
    book, _ = read(few)
    assert book is not None
    summary, _ = told([HEADER, *daily(5), *daily(3, caller="Ben")], book)
    assert (summary.repeats, summary.distinct_goodbyes) == (6, 1)


def test_earlier_calls_are_weighed_as_a_live_call_would_weigh_them(small_book):
    chance = random.Random(11)
    rows = [HEADER]
    for n in range(120):
        at = datetime(2026, 11, 21, 20, tzinfo=UTC) + timedelta(seconds=chance.randrange(8 * 3600))
        queued = at + timedelta(seconds=3)
        answered = queued + timedelta(seconds=chance.randrange(600))
        ended = answered + timedelta(seconds=chance.choice([5, 60, 61, 900]))
        texts = [
            at,
            queued,
            answered if chance.random() < 0.6 else "",
            ended if chance.random() < 0.9 else "",
        ]
        times = [text.isoformat() if text else "" for text in texts]
        rows.append(f"A{n},caller {n % 5},,,,,{','.join(times)},{chance.choice([0, 0, 40])}\n")
    _, calls = told(rows, small_book)
    stories = []
    for row, call in zip(CallLog(rows).in_order(), calls, strict=True):
        story = replace(tell(row.events()), held_seconds=row.held or None)
        earlier = [other for other in stories if other.caller == story.caller]
        expected = weigh(story, Severities(), earlier=earlier, zone=None)
        assert call["calls_today"] == expected.calls_today
        assert call["severity"] == expected.severity
        assert call["wait"] == {
            "seconds": expected.seconds,
            "queue": expected.queue,
            "hold": expected.hold,
            "earlier": expected.earlier,
        }
        stories.append(story)
    assert any(call["wait"]["earlier"] for call in calls)


def test_bad_rows_are_skipped_named_and_never_stop_the_run(small_book):
    rows = ["A1,,,,,,never,,,,\n", *daily(1), 'A2,"x\n', "\n", "A3,,,,,,2026-11-21T09:00:00Z,,,,-1\n"]
    summary, calls = told([HEADER, *rows], small_book)
    assert {why: list(lines) for why, lines in summary.skipped.items()} == {
        "broken quotation": [4],
        "negative hold": [6],
        "unreadable time": [2],
    }
    assert (summary.rows, summary.calls, len(calls)) == (4, 1, 1)


def test_a_file_that_is_no_call_log_is_refused_in_a_sentence(small_book):
    with pytest.raises(ReplayError, match="no column 'arrived'"):
        replay(["call,when\n", "A1,now\n"], small_book, None)


def test_a_summary_alone_needs_nowhere_to_write(small_book):
    assert replay([HEADER, *daily(3)], small_book, None).calls == 3


def test_progress_is_told_to_the_end(small_book):
    reports = []
    replay([HEADER, *daily(450)], small_book, None, progress=lambda *report: reports.append(report))
    assert reports == [
        ("reading", 450, 450),
        ("telling", 200, 450),
        ("telling", 400, 450),
        ("telling", 450, 450),
    ]


def test_the_waits_of_a_log_are_given_by_nearest_rank(small_book):
    start = datetime(2026, 11, 21, 9, tzinfo=UTC)
    rows = [
        f"A{n},,,,,,{start.isoformat()},{start.isoformat()},{(start + timedelta(seconds=n)).isoformat()},,\n"
        for n in range(1, 101)
    ]
    summary = replay([HEADER, *rows], small_book, None)
    assert summary.waits == {"p50": 50, "p75": 75, "p90": 90, "p95": 95, "p99": 99, "max": 100}

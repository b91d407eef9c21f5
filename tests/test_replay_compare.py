"""Two books telling one log: what the second changes."""

import io
import json
from datetime import UTC, datetime, timedelta

from ivr.book.book import read
from ivr.replay import compare, replay
from tests.test_replay import APOLOGY, GOODBYE, HEADER, PAGES, daily


def book(**changes: str):
    made, _ = read(PAGES | {f"en-GB/{page}.yaml": text for page, text in changes.items()})
    assert made is not None
    return made


def waited(*seconds: int, caller: str = "") -> list[str]:
    at = datetime(2026, 1, 1, 9, tzinfo=UTC)
    rows = [HEADER]
    for n, wait in enumerate(seconds):
        answered = (at + timedelta(seconds=wait)).isoformat()
        rows.append(f"A{n},{caller},,,,,{at.isoformat()},{at.isoformat()},{answered},{answered},\n")
        at += timedelta(days=1)
    return rows


def told(lines, before, after):
    out = io.StringIO()
    comparison = compare(lines, before, after, out)
    return comparison, [json.loads(line) for line in out.getvalue().splitlines()]


SOFTER = APOLOGY.replace("We are sorry you waited", "We kept you waiting").replace(
    "{{ wait.seconds | spoken_wait }}.",
    "{{ wait.seconds | spoken_wait }}, and that was our fault. We are sorry.",
)


def test_a_book_against_itself_changes_nothing():
    comparison, calls = told(waited(10, 400, 1000, 90), book(), book())
    assert (comparison.changed, comparison.pages, comparison.examples) == (0, {}, [])
    assert (comparison.caller_seconds, comparison.severities) == (0, 0)
    assert comparison.before == comparison.after
    assert not any("before" in call for call in calls)


def test_each_summary_is_that_of_a_replay_of_its_own():
    log = [*waited(10, 400, 1000, 90, 200), *list(daily(14))]
    comparison, _ = told(log, book(), book(apology=SOFTER))
    assert comparison.before == replay(log, book(), None)
    assert comparison.after == replay(log, book(apology=SOFTER), None)


def test_new_words_are_counted_by_page_and_severity_and_the_seconds_they_cost():
    comparison, calls = told(waited(10, 90, 200, 400, 1000), book(), book(apology=SOFTER))
    assert comparison.pages == {
        "apology": {"long": {"changed": 1}, "very_long": {"changed": 1}, "extreme": {"changed": 1}}
    }
    assert comparison.changed == 3
    seconds = [call["seconds"] - call["before"]["seconds"] for call in calls if "before" in call]
    assert len(seconds) == 3
    assert abs(comparison.caller_seconds - sum(seconds)) < 0.2
    assert comparison.caller_seconds == comparison.seconds["apology"] > 0


def test_a_page_that_falls_silent_and_one_that_speaks_up_are_told_apart():
    quiet = APOLOGY.replace("severity is long or very_long or extreme", "severity is extreme")
    comparison, _ = told(waited(200, 1000), book(), book(apology=quiet))
    assert comparison.pages == {"apology": {"long": {"unsaid": 1}}}
    assert comparison.caller_seconds < 0
    back, _ = told(waited(200, 1000), book(apology=quiet), book())
    assert back.pages == {"apology": {"long": {"said": 1}}}
    assert back.caller_seconds == -comparison.caller_seconds


def test_the_same_words_in_another_turn_are_not_new_words():
    more = GOODBYE + "    Goodbye, and thank you.\n"
    comparison, _ = told([HEADER, *daily(3)], book(goodbye=more), book())
    assert set(comparison.pages["goodbye"]["none"]) <= {"other", "changed"}
    known = {"Goodbye, and thank you.", *(f"Goodbye number {n}." for n in range(12))}
    for example in comparison.examples:
        assert example.after[-1][1] in known
    assert comparison.pages["goodbye"]["none"].get("changed", 0) == 0


def test_rules_that_weigh_otherwise_are_counted():
    stricter, _ = read(PAGES | {"rules.yaml": PAGES["rules.yaml"] + "severities: {long: 61, slight: 30}\n"})
    assert stricter is not None
    comparison, _ = told(waited(10, 90, 400), book(), stricter)
    assert comparison.severities == 1
    # the first book's severity names the row: what became of those calls
    assert comparison.pages["apology"] == {"slight": {"other": 1}}


def test_goodbyes_repeated_to_a_caller_are_counted_in_both():
    only = "- entry: only\n  tone: any\n  say: |\n    Goodbye.\n"
    comparison, _ = told([HEADER, *daily(8)], book(goodbye=only), book())
    assert (comparison.before.repeats, comparison.after.repeats) == (7, 0)
    assert comparison.to_json()["repeats"] == {"before": 7, "after": 0}


def test_ten_examples_at_most_the_most_changed_first_and_each_kind_of_change_before_a_second_of_it():
    much = SOFTER.replace("Thank you for waiting.", "Thanks.")
    comparison, _ = told(waited(*[400] * 30, *[90] * 3), book(), book(apology=much))
    assert len(comparison.examples) == 10
    assert len({example.call for example in comparison.examples}) == 10
    assert comparison.examples[0].severity == "very_long"
    assert "slight" in {example.severity for example in comparison.examples[:2]}
    example = comparison.examples[0]
    assert example.seconds[1] > example.seconds[0]
    assert example.before[0] == ("apology", "We are sorry you waited more than six minutes.")
    assert "our fault" in example.after[0][1]


def test_the_answer_is_plain_values():
    comparison, _ = told(waited(10, 400), book(), book(apology=SOFTER))
    assert json.loads(json.dumps(comparison.to_json()))["changed"] == 1


def test_progress_is_told_once_for_both():
    reports = []
    compare([HEADER, *daily(250)], book(), book(), None, progress=lambda *report: reports.append(report))
    assert reports == [("reading", 250, 250), ("telling", 200, 250), ("telling", 250, 250)]

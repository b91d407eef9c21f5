"""What was expected of a call, and what of it was not so."""

from ivr.rehearsal.expected import Expectations
from tests.rehearsal.small_line import OPENING, STEP, played, scene


async def test_expectations_by_entry_by_words_by_ellipsis_and_by_nothing() -> None:
    report = await played(scene())
    good = Expectations.read(
        "apology: nothing\nnext_steps: what we will do   # a remark\nnext_steps: …4 7 1 9.\ngoodbye: …\ncaller: nothing",
        ["sorry"],
        [
            {"outcome": "heard"},
            {"severity": "very long"},
            {"wait": "750"},
            {"text to caller": "4719"},
            {"asked": "/voice/wait"},
        ],
    )
    differences = [text for text in good.differences(report) if not text.startswith("caller")]
    assert differences == []


async def test_a_difference_shows_what_was_expected_and_what_was_heard() -> None:
    report = await played(scene())
    bad = Expectations.read(
        "opening: after\nnext_steps: what we will do\ngoodbye: nothing",
        ["router"],
        [{"outcome": "left"}, {"promise": "check_in"}],
    )
    opening, steps, goodbye, never, outcome, promise = bad.differences(report)
    assert opening == f"opening: expected\n    after\n  but heard was\n    [aside] {OPENING}"
    assert "[the code] Your code is A B, 4 7 1 9." in steps
    assert goodbye.startswith("goodbye: expected\n    nothing")
    assert never == f"“router” was said, and never should be:\n    [what we will do] {STEP}"
    assert outcome == "outcome: expected left, found heard"
    assert promise == "promise: expected “check_in”, found “text_note”"


async def test_moments_in_another_order_are_a_difference() -> None:
    report = await played(scene())
    (difference,) = Expectations.read("goodbye: …\nopening: …", [], []).differences(report)
    assert difference == "the moments came in another order: opening, goodbye"

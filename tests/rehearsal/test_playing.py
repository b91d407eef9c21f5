"""Playing a scene against a service of a few lines, and telling what was heard."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ivr.rehearsal.playing import ACCOUNT, play
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.scene import Scene
from tests.rehearsal.small_line import GOODBYE, HAPPENED, OPENING, STEP, SmallLine, played, scene


async def test_what_was_heard_is_told_line_by_line_with_what_the_service_says_of_it() -> None:
    report = await played(scene())
    told = report.to_json()
    assert list(told) == ["call", "story", "heard", "outcome", "left_during", "promises", "book", "requests"]
    assert [line["text"] for line in told["heard"]] == [OPENING, STEP, "Your code is A B, 4 7 1 9.", GOODBYE]
    first, second = told["heard"][:2]
    assert first["at"] == 0
    assert (
        second.items()
        >= {
            "by": "line",
            "moment": "next_steps",
            "entry": "en-GB/next_steps/what we will do",
            "variant": "abc123",
            "step": 1,
        }.items()
    )
    assert second["at"] == pytest.approx(first["seconds"] + 1, abs=0.1)
    assert told["outcome"] == "heard"
    assert told["promises"][0]["due"] == "2026-11-21T19:30:00Z"
    assert {"method": "POST", "path": "/voice/incoming", "status": 200}.items() <= told["requests"][0].items()
    assert report.faults == []


async def test_the_wait_in_the_queue_is_exactly_the_wanted_one_whatever_the_greeting_takes() -> None:
    line = SmallLine()
    await played(scene(), line)
    assert line.service.asked("/voice/bridging")[0].form["QueueTime"] == "750"
    assert line.service.asked("/voice/wait")[0].form["QueueTime"] == "0"


async def test_a_key_falls_halfway_through_its_moment_and_cuts_the_line() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller presses 1 during next_steps\n"))
    heard = report.to_json()["heard"]
    place = next(index for index, line in enumerate(heard) if line["by"] == "caller")
    assert heard[place] == {"at": heard[place]["at"], "by": "caller", "pressed": "1"}
    cut, again = heard[place - 1], heard[place + 1]
    assert heard[place]["at"] == pytest.approx(cut["at"] + cut["seconds"], abs=0.11)
    assert again["text"] == STEP
    assert again["step"] == 1
    assert report.outcome == "heard"


async def test_a_caller_who_hangs_up_during_a_moment_has_left() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller hangs up during next_steps\n"))
    assert report.outcome == "left"
    assert report.to_json()["left_during"] == "next_steps"
    assert report.faults == []


async def test_an_agent_who_hangs_up_leaves_the_caller_to_the_farewell() -> None:
    report = await played(
        scene(HAPPENED.replace("name Ana", "when agent leaves") + "  09:20:05  agent hangs up\n")
    )
    assert report.outcome == "heard"
    assert report.heard[0].entry == "en-GB/opening/aside"


async def test_a_moment_that_never_comes_is_a_fault_that_says_so() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller presses 0 during apology\n"))
    assert report.faults == [
        "“caller presses 0” never came about: apology was not spoken, or not long enough"
    ]


async def test_a_goodbye_the_service_only_claims_is_a_fault() -> None:
    line = SmallLine()
    line.service.documents["/voice/farewell/goodbye"] = "<Redirect>/voice/farewell/done</Redirect>"
    report = await played(scene(), line)
    assert report.faults == ["the service says that the goodbye was heard, but it was not played to its end"]


async def test_a_document_against_twilios_rules_ends_the_rehearsal() -> None:
    line = SmallLine()
    line.service.documents["/voice/bridging"] = "<Hangup/>"
    with pytest.raises(TwilioRefuses, match="14211"):
        await played(scene(), line)


async def test_the_same_scene_is_heard_the_same_way_twice() -> None:
    first, second = await played(scene()), await played(scene())
    assert first.heard == second.heard
    assert first.call == second.call


async def test_the_calls_id_is_a_hash_of_the_scenes_name() -> None:
    one = await played(scene())
    other = await played(Scene.from_text("happened: |" + HAPPENED, name="another"))
    assert one.call != other.call
    assert len(one.call) == 34


async def test_it_may_begin_at_another_time() -> None:
    line = SmallLine()
    begins = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    await play(
        scene(), lambda clock, rest: (setattr(line, "rest", rest), (line, "the-token"))[1], begins=begins
    )
    assert line.service.asked("/events/call")[0].form["Timestamp"].startswith("Sat, 02 Jan 2027 03:")
    assert line.service.heard[0].form["AccountSid"] == ACCOUNT


async def test_real_lengths_take_the_place_of_the_estimates() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller presses 2 during opening\n"))
    before = report.to_json()["heard"]
    report.measured([2 * track.seconds for track in report.sounds if track.ssml])
    after = report.to_json()["heard"]
    assert [line["text"] for line in after if "text" in line] == [
        line["text"] for line in before if "text" in line
    ]
    assert after[0]["seconds"] == pytest.approx(2 * before[0]["seconds"], abs=0.15)
    assert after[1]["at"] == pytest.approx(after[0]["seconds"], abs=0.15)
    assert after[1]["pressed"] == "2"
    with pytest.raises(ValueError, match="lengths given"):
        report.measured([1.0])


async def test_a_cut_line_says_how_far_it_was_heard() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller hangs up during goodbye\n"))
    assert report.sounds[-1].cut_after == pytest.approx(0.5, abs=0.02)
    assert report.sounds[0].cut_after is None
    assert {track.voice for track in report.sounds if track.ssml} == {"en-GB"}


async def test_flags_make_a_call_with_a_wait_a_hold_and_a_wrap_up() -> None:
    line = SmallLine()
    made = Scene.from_flags(
        wait=750, hold=120, wrapup={"name": "Ana"}, presses=[("1", "next_steps")], way="aside"
    )
    report = await played(made, line)
    assert line.noted == [{"name": "Ana", "way": "aside"}]
    assert [
        (asked.path.rpartition("/")[2], round(asked.at)) for asked in report.requests if "/api/" in asked.path
    ][:3] == [
        ("hold", 780),
        ("resume", 900),
        ("wrapup", 920),
    ]
    assert [line.pressed for line in report.heard if line.by == "caller"] == ["1"]


async def test_flags_for_an_agent_who_has_gone() -> None:
    line = SmallLine()
    report = await played(Scene.from_flags(wait=20, way="after", hang_up_at="goodbye"), line)
    assert line.noted == [{"way": "after", "start": "when_agent_leaves"}]
    assert report.outcome == "left"


async def test_a_start_that_fails_is_told_in_its_own_words() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise LookupError("no book")

    with pytest.raises(LookupError, match="no book"):
        await play(scene(), lambda clock, rest: (broken, ""))

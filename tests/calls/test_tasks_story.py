"""The story of a call whose agents are TaskRouter's: two clocks, and queues it is passed on to."""

import random

import pytest

from ivr.calls.telling import tell
from tests.world import call, spans

FIRST, SECOND = "WR1", "WR2"


def test_our_own_stay_and_the_tasks_are_one():
    story = tell(
        call("""
        09:00:00  queued billing
        09:00:08  queued billing stay=0 clock=twilio task=WT1
        09:12:38  answered WR1 waited=750 source=taskrouter clock=twilio
        09:12:40  left queue redirected waited=751 stay=1
    """)
    )
    assert spans(story.spells) == ["queue 0:12:31"]  # Twilio's own figure for the stay goes before the task's
    assert (story.stays, story.task, story.agent, story.caller_is) == (1, "WT1", FIRST, "talking")


def test_the_task_told_of_before_our_own_queueing_is_the_same_stay():
    story = tell(
        call("""
        09:00:00  queued billing stay=0 clock=twilio
        09:00:01  queued billing stay=1
        09:05:00  answered WR1 source=taskrouter clock=twilio
    """)
    )
    assert (spans(story.spells), story.stays) == (["queue 0:05:00"], 1)


def test_times_of_taskrouters_that_nobody_could_read_make_no_second_stay():
    story = tell(
        call("""
        09:00:00  queued billing
        09:00:08  queued billing stay=0 task=WT1
        09:12:40  left queue redirected waited=751 stay=1
    """)
    )
    assert (spans(story.spells), story.stays) == (["queue 0:12:31"], 1)


def test_a_call_we_hear_of_from_taskrouter_alone_waited_by_its_clock():
    story = tell(
        call("""
        09:00:00  queued stay=0 clock=twilio
        09:07:30  answered WR1 waited=999 source=taskrouter clock=twilio
    """)
    )
    assert spans(story.spells) == ["queue 0:07:30"]  # two of its timestamps, before the task's age


def test_the_tasks_age_is_the_last_resort():
    story = tell(call("09:07:30  answered WR1 waited=450 source=taskrouter clock=twilio"))
    assert spans(story.spells) == ["queue 0:07:30"]


def test_passed_on_to_a_queue_the_caller_waits_from_when_the_first_agent_has_gone():
    story = tell(
        call("""
        09:00:00  queued billing
        09:05:00  answered WR1 waited=300 source=taskrouter clock=twilio
        09:09:00  queued repairs stay=0 clock=twilio
        09:09:00  transferred to repairs clock=twilio
        09:10:00  released agent=WR1 clock=twilio
        09:14:00  answered WR2 waited=840 source=taskrouter clock=twilio
    """)
    )
    assert spans(story.spells) == ["queue 0:05:00", "queue 0:04:00"]
    assert (story.agent, story.caller_is, story.agent_is, story.passed_on) == (
        SECOND,
        "talking",
        "talking",
        False,
    )


def test_while_two_agents_talk_it_over_with_the_caller_nobody_waits():
    story = tell(
        call("""
        09:00:00  queued billing
        09:05:00  answered WR1 waited=300 source=taskrouter clock=twilio
        09:09:00  transferred to repairs clock=twilio
        09:09:00  queued repairs stay=0 clock=twilio
        09:11:00  answered WR2 waited=660 source=taskrouter clock=twilio
        09:13:00  released agent=WR1 clock=twilio
    """)
    )
    assert spans(story.spells) == ["queue 0:05:00"]
    assert (story.agent, story.released, story.agent_is) == (SECOND, False, "talking")


def test_a_hold_while_being_passed_on_is_counted_once():
    story = tell(
        call("""
        09:00:00  queued billing
        09:05:00  answered WR1 waited=300 source=taskrouter clock=twilio
        09:09:00  held clock=twilio
        09:09:30  queued repairs stay=0 clock=twilio
        09:10:00  released agent=WR1 clock=twilio
        09:14:00  answered WR2 source=taskrouter clock=twilio
        09:14:10  resumed clock=twilio
    """)
    )
    assert sum(spell.length.total_seconds() for spell in story.spells) == 300 + 310


def test_a_caller_passed_on_who_waits_is_waiting():
    story = tell(
        call("""
        09:00:00  queued billing
        09:05:00  answered WR1 source=taskrouter clock=twilio
        09:09:00  transferred clock=twilio
        09:09:00  queued repairs stay=0 clock=twilio
        09:09:01  released agent=WR1 clock=twilio
    """)
    )
    assert (story.caller_is, story.agent_is, story.passed_on) == ("waiting", "released", True)


@pytest.mark.parametrize("seed", range(40))
def test_in_whatever_order_taskrouter_tells_it_the_story_is_the_same(seed: int) -> None:
    events = call("""
        09:00:00  queued billing
        09:00:08  queued billing stay=0 clock=twilio task=WT1
        09:05:00  answered WR1 waited=292 source=taskrouter clock=twilio
        09:05:01  left queue redirected waited=293 stay=1
        09:05:01  joined room=CF1 clock=twilio
        09:09:00  held clock=twilio
        09:09:00  transferred to repairs clock=twilio
        09:09:00  queued repairs stay=0 clock=twilio
        09:09:01  released agent=WR1 clock=twilio
        09:14:00  answered WR2 waited=832 source=taskrouter clock=twilio
        09:14:01  resumed clock=twilio
        09:20:00  parted room=CF1 clock=twilio
        09:20:05  ended
    """)
    shuffled = events + events[::3]
    random.Random(seed).shuffle(shuffled)
    assert tell(shuffled) == tell(events)

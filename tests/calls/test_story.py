"""Events in any order tell one story."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calls import events as happened
from ivr.calls.events import KINDS, Event
from ivr.calls.story import Story, left_during
from ivr.calls.telling import tell
from tests.world import AGENT_LEG, ANA, CALL, OTHER_CALL, at, call, spans

# ---------------------------------------------------------------- what a caller waited


def test_the_wait_in_the_queue_and_each_hold_are_counted():
    story = tell(
        call("""
        09:00:00  queued
        09:07:30  answered
        09:09:00  held
        09:11:00  resumed
        09:15:00  ended
    """)
    )
    assert [str(spell.length) for spell in story.spells] == ["0:07:30", "0:02:00"]
    assert spans(story.spells) == ["queue 0:07:30", "hold 0:02:00"]
    assert story.wait_known


def test_a_call_queued_again_after_a_transfer_waited_twice():
    story = tell(
        call("""
        09:00:00  arrived
        09:00:00  queued billing
        09:03:00  answered AA
        09:05:00  transferred to repairs
        09:05:00  queued repairs
        09:09:00  answered BB
        09:15:00  ended
    """)
    )
    assert spans(story.spells) == ["queue 0:03:00", "queue 0:04:00"]
    assert (story.stays, story.queue, story.agent) == (2, "repairs", "BB")
    assert story.answered == at("09:03:00")


def test_twilios_figure_is_taken_before_any_timestamps():
    story = tell(
        call("""
        09:00:00  queued
        09:07:33  answered waited=450 source=bridging
    """)
    )
    assert spans(story.spells) == ["queue 0:07:30"]


def test_one_stay_told_by_the_bridge_and_by_the_queue_is_counted_once():
    story = tell(
        call("""
        09:00:00  queued
        09:07:30  answered waited=450 source=bridging
        09:20:00  left queue redirected waited=452
        09:21:00  ended
    """)
    )
    assert spans(story.spells) == ["queue 0:07:30"]
    assert story.loose_ends == 0


def test_the_queues_figure_is_better_than_one_reckoned_from_tasks():
    story = tell(
        call("""
        09:00:00  queued
        09:07:30  answered waited=470 source=taskrouter
        09:20:00  left queue redirected waited=452
    """)
    )
    assert spans(story.spells) == ["queue 0:07:32"]


@pytest.mark.parametrize("result", ["bridged", "redirected", "redirected-from-bridged"])
def test_a_lost_answer_is_repaired_when_the_queue_says_they_had_talked(result):
    story = tell(
        call(f"""
        09:00:00  queued
        09:20:00  left queue {result} waited=450
        09:21:00  ended
    """)
    )
    assert spans(story.spells) == ["queue 0:07:30"]
    assert story.answered == at("09:07:30")
    assert story.wait_known


def test_the_queues_word_alone_is_enough():
    story = tell(call("09:20:00  left queue redirected waited=450"))
    assert spans(story.spells) == ["queue 0:07:30"]
    assert story.wait_known


def test_a_lost_queueing_leaves_the_figure():
    story = tell(
        call("""
        09:07:30  answered waited=450 source=bridging
        09:20:00  left queue redirected waited=450
        09:21:00  ended
    """)
    )
    assert spans(story.spells) == ["queue 0:07:30"]
    assert (story.stays, story.loose_ends) == (0, 0)


def test_an_answer_with_neither_queueing_nor_figure_leaves_the_wait_unknown():
    assert not tell(call("09:07:30  answered")).wait_known
    assert not tell(call("09:07:30  wrapped up")).wait_known


def test_a_duration_is_never_measured_between_two_clocks():
    story = tell(
        call("""
        09:00:00  queued
        09:07:30  answered clock=twilio
    """)
    )
    assert story.spells == ()
    assert not story.wait_known


def test_two_witnesses_of_one_stay_let_each_clock_measure_its_own():
    story = tell(
        call("""
        09:00:00  queued stay=1
        09:00:02  queued stay=1 clock=twilio
        09:07:30  answered clock=twilio
    """)
    )
    assert spans(story.spells) == ["queue 0:07:28"]
    assert (story.stays, story.loose_ends) == (1, 0)


def test_a_queue_left_by_hanging_up_ends_there():
    story = tell(
        call("""
        09:00:00  queued
        09:05:00  ended by caller
    """)
    )
    assert spans(story.spells) == ["queue 0:05:00"]
    assert (story.answered, story.outcome) == (None, "none")


def test_a_hang_up_by_another_clock_leaves_the_wait_unknown():
    story = tell(
        call("""
        09:00:00  queued
        09:05:00  ended clock=twilio
    """)
    )
    assert story.spells == ()
    assert not story.wait_known


def test_a_hang_up_told_only_by_the_queue_ends_the_call():
    story = tell(
        call("""
        09:00:00  queued
        09:05:00  left queue hangup waited=300
    """)
    )
    assert spans(story.spells) == ["queue 0:05:00"]
    assert (story.ended, story.ended_by, story.caller_is) == (at("09:05:00"), "caller", "gone")


def test_a_lost_answer_does_not_turn_the_talk_into_waiting():
    story = tell(
        call("""
        09:00:00  queued
        09:18:00  wrapped up
        09:20:00  ended
    """)
    )
    assert story.spells == ()
    assert not story.wait_known


def test_a_bridge_that_never_came_about_is_waiting_and_no_answer():
    story = tell(
        call("""
        09:00:00  queued
        09:01:40  answered waited=100 source=bridging
        09:01:41  left queue bridging-in-process waited=101
        09:01:41  queued
        09:03:41  ended
    """)
    )
    assert spans(story.spells) == ["queue 0:01:40", "queue 0:02:00"]
    assert story.answered is None


def test_who_asked_to_be_rung_back_left_the_queue_and_did_not_give_up():
    events = call("""
        09:00:00  queued
        09:05:58  presses 1 during call_back
        09:06:03  left queue leave waited=363
        09:06:09  spoke apology
        09:06:12  heard
        09:06:12  ended
    """)
    story = tell(events)
    assert story.call_back
    assert (story.answered, story.outcome, story.agent_is, story.caller_is) == (None, "heard", "gone", "gone")
    assert spans(story.spells) == ["queue 0:06:03"]
    assert tell(events[:3]).caller_is == "farewell"
    assert tell(reversed(events)) == story


def test_who_was_talked_to_after_all_need_not_be_rung_back():
    story = tell(call("09:00:00 queued\n09:06:00 presses 1 during call_back\n09:06:01 answered waited=361"))
    assert not story.call_back
    assert story.caller_is == "talking"
    again = tell(
        call("09:00:00 queued\n09:00:09 answered\n09:01:00 queued\n09:06:00 presses 1 during call_back")
    )
    assert again.call_back


def test_another_key_while_waiting_asks_for_nothing():
    assert not tell(call("09:00:00 queued\n09:06:00 presses 5 during key")).call_back


def test_a_spell_over_four_hours_is_a_lost_event():
    longest = tell(call("09:00:00 queued\n13:00:00 answered"))
    assert spans(longest.spells) == ["queue 4:00:00"]
    assert longest.wait_known
    lost = tell(call("09:00:00 queued\n13:00:01 answered"))
    assert lost.spells == ()
    assert not lost.wait_known
    assert not tell(call("09:00:00 answered waited=20000")).wait_known
    assert not tell(call("08:00:00 queued\n08:01:00 answered\n09:00:00 held\n14:00:00 resumed")).wait_known


def test_somebody_we_rang_waited_for_nothing_but_a_hold_is_a_hold():
    story = tell(
        call("""
        09:00:00  arrived outbound
        09:00:10  answered
        09:02:00  held
        09:03:00  resumed
    """)
    )
    assert story.wait_known
    assert spans(story.spells) == ["hold 0:01:00"]


def test_a_call_that_was_never_queued_nor_answered_waited_for_nothing():
    story = tell(call("09:00:00 arrived\n09:00:17 ended"))
    assert (story.spells, story.wait_known) == ((), True)


def test_two_clocks_telling_of_one_hold_count_it_once():
    story = tell(
        call("""
        09:00:00  queued
        09:01:00  answered
        09:09:00  held
        09:09:02  held clock=twilio
        09:11:00  resumed
        09:11:02  resumed clock=twilio
        09:30:00  ended
    """)
    )
    assert spans(story.spells) == ["queue 0:01:00", "hold 0:02:00"]
    assert story.loose_ends == 0


def test_a_hold_while_held_and_a_resume_while_not_add_nothing():
    story = tell(
        call("""
        09:00:00  answered waited=0
        09:09:00  held
        09:10:00  held
        09:11:00  resumed
        09:12:00  resumed
    """)
    )
    assert spans(story.spells) == ["hold 0:02:00"]
    assert story.loose_ends == 2


def test_a_hold_open_at_the_end_ends_with_the_call():
    story = tell(call("09:00:00 answered waited=0\n09:09:00 held\n09:11:00 ended"))
    assert spans(story.spells) == ["hold 0:02:00"]


def test_a_hold_nobody_resumed_ends_at_the_wrap_up_not_with_the_farewell():
    story = tell(
        call("""
        09:00:00  answered waited=0
        09:09:00  held
        09:11:00  wrapped up
        09:11:20  spoke apology
        09:12:00  ended
    """)
    )
    assert spans(story.spells) == ["hold 0:02:00"]


def test_a_hold_still_on_at_the_wrap_up_already_counts_when_the_farewell_is_composed():
    assert spans(tell(call("09:00:00 answered waited=0\n09:09:00 held\n09:11:00 wrapped up")).spells) == [
        "hold 0:02:00"
    ]


def test_a_caller_sent_back_to_a_queue_from_hold_is_no_longer_on_hold():
    story = tell(
        call("""
        09:00:00  answered waited=0
        09:09:00  held
        09:11:00  queued
        09:12:00  answered
        09:40:00  ended
    """)
    )
    assert spans(story.spells) == ["hold 0:02:00", "queue 0:01:00"]


def test_the_summer_time_hour_is_not_waited_twice():
    london = ZoneInfo("Europe/London")
    night = [
        happened.Queued(call=CALL, at=datetime(2026, 10, 25, 1, 59, tzinfo=london)),
        happened.Answered(call=CALL, at=datetime(2026, 10, 25, 1, 1, tzinfo=london, fold=1)),
    ]
    assert spans(tell(night).spells) == ["queue 0:02:00"]


# ---------------------------------------------------------------- whom and where


def test_what_the_arrival_says_is_kept():
    story = tell(call("09:00:00 arrived called=+15555550199 locale=en-GB", caller=ANA, verified=True))
    assert (story.caller, story.verified, story.called, story.locale) == (ANA, True, "+15555550199", "en-GB")
    assert story.arrived == story.last_news == at("09:00:00")


def test_without_an_arrival_the_call_arrived_with_its_first_event():
    assert tell(call("09:00:05 queued")).arrived == at("09:00:05")


@pytest.mark.parametrize(
    ("table", "begun", "caller_is", "agent_is"),
    [
        ("09:00:00 arrived", 0, "waiting", "gone"),
        ("09:00:00 queued", 0, "waiting", "gone"),
        ("09:00:00 queued\n09:01:00 answered", 0, "talking", "talking"),
        ("09:00:00 queued\n09:01:00 answered\n09:02:00 wrapped up", 0, "talking", "talking"),
        ("09:00:00 queued\n09:01:00 answered\n09:02:00 wrapped up", 1, "farewell", "waiting"),
        ("09:00:00 queued\n09:01:00 answered\n09:02:00 spoke opening", 0, "farewell", "waiting"),
        (
            "09:00:00 queued\n09:01:00 answered\n09:02:00 spoke opening\n09:03:00 released",
            1,
            "farewell",
            "released",
        ),
        ("09:00:00 queued\n09:01:00 answered\n09:02:00 left queue bridged waited=60", 0, "farewell", "gone"),
        (
            "09:00:00 queued\n09:01:00 answered\n09:02:00 presses 0 during next_steps",
            1,
            "returning",
            "waiting",
        ),
        (
            "09:01:00 answered\n09:02:00 presses 0 during next_steps\n09:02:01 returned",
            1,
            "talking",
            "talking",
        ),
        (
            "09:01:00 answered\n09:02:00 released\n09:03:00 presses 0 during next_steps",
            1,
            "farewell",
            "released",
        ),
        ("09:01:00 answered\n09:02:00 returned\n09:03:00 wrapped up", 2, "farewell", "waiting"),
        ("09:01:00 answered\n09:02:00 spoke opening\n09:03:00 queued\n", 1, "waiting", "gone"),
        (
            "09:01:00 answered\n09:02:00 spoke opening\n09:03:00 queued\n09:04:00 answered",
            1,
            "talking",
            "talking",
        ),
        ("09:01:00 answered\n09:02:00 ended", 0, "gone", "gone"),
    ],
)
def test_where_everybody_is(table, begun, caller_is, agent_is):
    story = tell(call(table), begun=begun)
    assert (story.caller_is, story.agent_is) == (caller_is, agent_is)


# ---------------------------------------------------------------- the farewell

FAREWELL = """
    09:00:00  queued
    09:01:00  answered
    09:05:00  wrapped up
    09:05:10  spoke opening
    09:05:20  spoke apology
"""


def test_a_farewell_played_to_its_end_was_heard():
    story = tell(
        call(FAREWELL + "09:05:40 spoke next_steps\n09:05:50 spoke goodbye\n09:05:50 heard\n09:05:51 ended")
    )
    assert (story.outcome, story.ended_by, story.heard) == ("heard", "line", True)
    assert story.spoken == ((1, "opening"), (1, "apology"), (1, "next_steps"), (1, "goodbye"))


def test_a_hang_up_in_the_farewell_names_the_moment_they_were_hearing():
    story = tell(call(FAREWELL + "09:05:30 ended"))
    assert (story.outcome, story.ended_by) == ("left", "caller")
    assert left_during(story, ("opening", "apology", "next_steps", "goodbye")) == "next_steps"
    assert left_during(story, ()) is None


def test_a_hang_up_before_the_first_proof_is_known_once_a_farewell_was_composed():
    table = "09:01:00 answered\n09:05:00 wrapped up\n09:05:03 ended"
    assert tell(call(table)).outcome == "none"
    story = tell(call(table), begun=1)
    assert (story.outcome, left_during(story, ("opening", "goodbye"))) == ("left", "opening")


def test_nobody_left_during_a_farewell_that_was_heard():
    story = tell(call("09:05:50 heard\n09:05:51 ended"))
    assert left_during(story, ("opening", "goodbye")) is None


def test_back_with_the_agent_and_not_wrapped_up_again_is_returned():
    story = tell(call(FAREWELL + "09:05:30 presses 0 during next_steps\n09:05:31 returned\n09:09:00 ended"))
    assert (story.outcome, story.returns, story.parts) == ("returned", 1, 1)
    assert story.pressed == ((1, "next_steps", "0"),)


def test_an_answer_said_aloud_counts_as_the_key_it_stands_for_and_as_none_where_it_is_none():
    def answered(digit: str, meant: str):
        said = happened.Pressed(call=CALL, at=START, key="p", digit=digit, moment="question", said=meant)
        return tell([happened.Answered(call=CALL, at=START, agent=AGENT_LEG), said])

    assert answered("0", "more").caller_is == "returning"
    assert answered("", "done").caller_is == "farewell"


def test_a_second_wrap_up_after_a_return_makes_a_second_part():
    story = tell(call(FAREWELL + "09:05:31 returned\n09:08:00 wrapped up\n"))
    assert (story.outcome, story.parts, story.wrapups) == ("none", 2, 2)
    story = tell(
        call(FAREWELL + "09:05:31 returned\n09:08:00 wrapped up\n09:09:00 heard part=2\n09:09:01 ended")
    )
    assert (story.outcome, story.parts) == ("heard", 2)


def test_a_second_version_of_the_wrap_up_is_the_same_part():
    story = tell(call(FAREWELL + "09:05:22 wrapped up held_seconds=90 same_person"))
    assert (story.parts, story.wrapups, story.held_seconds, story.same_person) == (1, 2, 90, True)


def test_a_farewell_that_goes_on_after_a_return_goes_on_with_its_part():
    story = tell(
        call(FAREWELL + "09:05:31 returned\n09:08:00 spoke next_steps\n09:08:30 heard\n09:08:31 ended")
    )
    assert (story.outcome, story.parts) == ("heard", 1)


def test_an_apology_by_the_agent_is_remembered_whatever_later_versions_say():
    assert tell(call("09:05:00 wrapped up apologised\n09:05:05 wrapped up")).apologised


def test_the_smallest_figure_announced_is_the_one_we_must_keep():
    story = tell(call("09:00:00 queued\n09:00:10 spoke told told=600\n09:03:00 spoke told told=300"))
    assert (story.told, story.spoken, story.caller_is) == (300, (), "waiting")


# ---------------------------------------------------------------- what fits nowhere


def test_webhooks_out_of_order_and_repeated_tell_the_same_story():
    told = call(FAREWELL + "09:05:40 held\n09:06:00 resumed\n09:07:00 ended")
    expected = tell(told)
    for seed in range(50):
        shuffled = told + random.Random(seed).choices(told, k=7)
        random.Random(seed).shuffle(shuffled)
        assert tell(shuffled) == expected


def test_an_event_that_fits_nowhere_is_a_loose_end_not_an_error():
    story = tell(
        call("""
        09:00:00  resumed
        09:00:01  transferred
        09:00:02  ended
        09:00:03  ended
        09:00:04  spoke
        09:00:05  answered waited=-3
    """)
    )
    assert story.loose_ends == 5


@pytest.mark.parametrize("told_at", ["09:04:50", "09:05:00", "13:00:00"])
def test_an_end_that_was_looked_up_and_told_of_as_well_is_one_end(told_at: str):
    rows = "09:00:00 queued\n09:01:00 answered waited=60\n09:05:00 ended"
    looked_up = [
        replace(event, key=happened.LOOKED_UP) if event.kind == "ended" else event for event in call(rows)
    ]
    late = [event for event in call(f"{told_at} ended") if event.kind == "ended"]
    assert tell(looked_up + late).loose_ends == tell(looked_up).loose_ends == 0
    assert tell(looked_up + late).ended == min(at(told_at), at("09:05:00"))


def test_events_of_another_call_are_loose_ends():
    ours = call("09:00:00 queued\n09:01:00 answered\n09:02:00 ended")
    story = tell(call("08:00:00 arrived\n08:01:00 ended", id=OTHER_CALL) + ours)
    assert (story.call, story.loose_ends) == (CALL, 2)
    assert story.spells == tell(ours).spells


def test_an_event_of_no_kind_is_a_loose_end():
    assert tell([Event(call=CALL, at=at("09:00:00"))]).loose_ends == 1


def test_of_two_with_one_identity_the_earlier_counts():
    early, late = call("09:00:00 queued a key=q\n09:00:09 queued b key=q stay=1")
    assert tell([late, early]).queue == tell([early, late]).queue == "a"
    assert tell([late, early]).loose_ends == 0


def test_nothing_tells_the_story_of_no_call():
    assert tell([]) == Story(call="")


def test_a_release_told_twice_is_one_release():
    story = tell(
        call(
            "09:00:00 answered waited=1\n09:05:00 released AA\n09:05:01 released BB".replace(
                " AA", ""
            ).replace(" BB", "")
        )
    )
    assert (story.released, story.loose_ends) == (True, 1)


def test_the_story_remembers_whom_the_caller_spoke_with_last():
    assert tell(call(f"09:00:00 answered {AGENT_LEG} waited=4")).agent == AGENT_LEG


# ---------------------------------------------------------------- whatever happens

START = datetime(2026, 11, 21, 9, tzinfo=UTC)
SECONDS = st.integers(0, 3 * 3600)
WORDS = st.sampled_from(["", "a", "b"])
MAYBE_SECONDS = st.none() | st.integers(-5, 20000) | st.just(10**30)
RESULTS = st.sampled_from(
    [
        "",
        "bridged",
        "redirected",
        "redirected-from-bridged",
        "hangup",
        "leave",
        "bridging-in-process",
        "error",
    ]
)
FIELDS = {
    "stay": st.integers(0, 3), "waited": MAYBE_SECONDS, "result": RESULTS, "agent": st.none() | WORDS,
    "source": st.sampled_from([None, "bridging", "log", "taskrouter"]), "caller": st.none() | WORDS,
    "verified": st.booleans(), "outbound": st.booleans(), "apologised": st.booleans(),
    "same_person": st.booleans(), "held_seconds": MAYBE_SECONDS, "told": MAYBE_SECONDS,
    "moment": st.sampled_from(["", "told", "call_back", "opening", "next_steps", "goodbye"]),
    "digit": st.sampled_from("012*"),
    "part": st.integers(-1, 3), "by": st.none() | WORDS, "queue": WORDS,
}  # fmt: skip


@st.composite
def events(draw):
    kind = draw(st.sampled_from((*KINDS, Event)))
    own = {name: draw(FIELDS[name]) for name in kind.__dataclass_fields__ if name in FIELDS}
    offset = timezone(timedelta(hours=draw(st.integers(-3, 3))))
    return kind(
        call=draw(st.sampled_from([CALL, CALL, CALL, OTHER_CALL])),
        at=(START + timedelta(seconds=draw(SECONDS))).astimezone(offset),
        key=draw(st.sampled_from("abcdef")),
        clock=draw(st.sampled_from(["ours", "twilio"])),
        **own,
    )


HAPPENED = st.lists(events(), max_size=14)


@settings(max_examples=200, deadline=None)
@given(HAPPENED, st.data())
def test_any_permutation_with_any_duplication_tells_the_same_story(told, data):
    again = told + [
        told[i] for i in data.draw(st.lists(st.integers(0, max(len(told) - 1, 0)), max_size=6)) if told
    ]
    shuffled = data.draw(st.permutations(again))
    assert tell(shuffled, begun=1) == tell(told, begun=1)


@settings(max_examples=100, deadline=None)
@given(HAPPENED, st.integers(-1, 3))
def test_no_sequence_of_events_raises_and_spells_never_overlap(told, begun):
    story = tell(told, begun=begun)
    assert left_during(story, ("opening", "goodbye")) in (None, "opening", "goodbye")
    covered = None
    for spell in story.spells:
        assert timedelta(0) < spell.length <= timedelta(hours=4)
        if spell.start is not None:
            assert covered is None or spell.start >= covered
            covered = spell.start + spell.length


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(KINDS), max_size=8),
    st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
    st.sampled_from(
        [
            None,
            UTC,
            timezone(timedelta(hours=14)),
            timezone(timedelta(hours=-12)),
            ZoneInfo("Pacific/Auckland"),
        ]
    ),
)
def test_times_at_the_ends_of_the_calendar_raise_nothing(kinds, edge, zone):
    told = [kind(call=CALL, at=edge.replace(tzinfo=zone), key=str(n)) for n, kind in enumerate(kinds)]
    told += [happened.Answered(call=CALL, at=edge.replace(tzinfo=UTC), key="w", waited=300)]
    assert tell(told).call == CALL


@settings(max_examples=200, deadline=None)
@given(HAPPENED)
def test_by_one_clock_and_without_figures_the_wait_is_never_longer_than_the_call(told):
    one_clock = [
        event
        for event in told
        if event.clock == "ours" and event.call == CALL and getattr(event, "waited", None) is None
    ]
    story = tell(one_clock)
    total = sum((spell.length for spell in story.spells), timedelta(0))
    if one_clock:
        assert total <= max(e.at for e in one_clock) - min(e.at for e in one_clock)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 600), st.sampled_from(["held", "resumed"])), max_size=12))
def test_holds_are_the_union_of_the_seconds_on_hold(changes):
    changes.sort(key=lambda change: (change[0], change[1] != "held"))
    told = [happened.Answered(call=CALL, at=START, waited=0)]
    for n, (second, kind) in enumerate(changes):
        kind = happened.Held if kind == "held" else happened.Resumed
        told.append(kind(call=CALL, at=START + timedelta(seconds=second), key=f"{n:02}"))
    told.append(happened.Ended(call=CALL, at=START + timedelta(seconds=601)))
    on_hold = False
    expected = 0
    for second in range(601):  # each second by itself, rather than from one change to the next
        for when, kind in changes:
            if when == second:
                on_hold = kind == "held"
        expected += on_hold
    assert sum((spell.length.total_seconds() for spell in tell(told).spells), 0) == expected

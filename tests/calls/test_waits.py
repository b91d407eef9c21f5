"""Queue, holds and earlier calls, weighed."""

from datetime import UTC, date, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.calls.telling import tell
from ivr.calls.waits import Severities, callers_key, in_vain, sum_up, waited, weigh
from tests.world import ANA, ANAS_NUMBER, call

SEVERITIES = Severities()


def story(table, **arrival):
    return tell(call(table, **arrival))


@pytest.mark.parametrize(
    ("seconds", "severity"),
    [
        (None, "unknown"), (0, "none"), (59, "none"), (60, "slight"), (179, "slight"), (180, "long"),
        (299, "long"), (300, "very_long"), (899, "very_long"), (900, "extreme"), (10**6, "extreme"),
    ],
)  # fmt: skip
def test_a_severity_begins_at_its_second(seconds, severity):
    assert SEVERITIES.of(seconds) == severity


def test_a_book_may_draw_the_lines_elsewhere():
    assert Severities(slight=1, long=2, very_long=3, extreme=4).of(3) == "very_long"


def test_queue_and_holds_are_weighed_together():
    wait = weigh(
        story("09:00:00 queued\n09:12:30 answered\n09:13:00 held\n09:15:00 resumed"), SEVERITIES, zone=UTC
    )
    assert (wait.seconds, wait.queue, wait.hold, wait.here) == (870, 750, 120, 870)
    assert (wait.severity, wait.mostly) == ("very_long", "queue")
    assert wait.calls_today is None


def test_parts_of_a_second_are_dropped_never_added():
    assert waited(
        story("09:00:00.900 queued\n09:01:00.100 answered\n09:02:00.600 held\n09:02:02.500 resumed")
    ) == (59, 1)


def test_an_unknown_wait_gives_no_figure_at_all():
    wait = weigh(story("09:00:00 answered\n09:02:00 held\n09:04:00 resumed"), SEVERITIES, zone=UTC)
    assert (wait.seconds, wait.here, wait.severity, wait.mostly) == (None, 0, "unknown", None)


def test_a_hold_the_agent_noted_counts_only_where_no_hold_was_seen():
    noted = "09:00:00 answered waited=5\n09:09:00 wrapped up held_seconds=120\n"
    assert waited(story(noted)) == (5, 120)
    assert waited(story(noted + "09:02:00 held\n09:02:30 resumed")) == (5, 30)


def test_a_hold_nobody_can_have_noted_is_not_believed():
    assert waited(story("09:00:00 answered waited=5\n09:09:00 wrapped up held_seconds=-4")) == (5, 0)
    assert waited(story("09:00:00 answered waited=5\n09:09:00 wrapped up held_seconds=14401")) is None


@pytest.mark.parametrize(
    ("queue", "hold", "earlier", "mostly"),
    [(0, 0, 0, None), (5, 5, 5, "queue"), (1, 5, 5, "hold"), (1, 2, 3, "earlier")],
)
def test_most_of_the_wait_was_somewhere(queue, hold, earlier, mostly):
    told = story(f"09:00:00 answered waited={queue}\n09:09:00 wrapped up held_seconds={hold}")
    assert sum_up(told, SEVERITIES, earlier=earlier).mostly == mostly


def test_an_announced_figure_is_told_only_where_it_was_kept():
    table = "09:00:00 queued\n09:00:05 spoke told told=240\n09:0{}:00 answered"
    assert weigh(story(table.format(4)), SEVERITIES, zone=UTC).told == 240
    assert weigh(story(table.format(5)), SEVERITIES, zone=UTC).told is None


# ---------------------------------------------------------------- earlier calls


def gave_up(number, start="08:00:00", end="08:03:20"):
    return tell(call(f"{start} arrived\n{start} queued\n{end} ended", id=f"CA{number}", caller=ANA))


NOW = "09:00:00 arrived\n09:00:00 queued\n09:01:40 answered"


def test_the_wait_of_a_customer_who_gave_up_before_counts():
    wait = weigh(story(NOW, caller=ANA, verified=True), SEVERITIES, earlier=[gave_up(1)], zone=UTC)
    assert (wait.seconds, wait.earlier, wait.here, wait.calls_today) == (300, 200, 100, 2)
    assert (wait.severity, wait.mostly) == ("very_long", "earlier")


def test_a_number_is_not_a_person():
    wait = weigh(story(NOW, caller=ANA), SEVERITIES, earlier=[gave_up(1)], zone=UTC)
    assert (wait.seconds, wait.earlier, wait.calls_today) == (100, 0, None)
    assert weigh(story(NOW, caller=ANA), SEVERITIES, zone=UTC).calls_today == 1


def test_the_agent_may_confirm_that_it_was_the_same_person():
    by_argument = weigh(story(NOW, caller=ANA), SEVERITIES, earlier=[gave_up(1)], same_person=True, zone=UTC)
    noted = story(NOW + "\n09:05:00 wrapped up same_person", caller=ANA)
    assert by_argument.earlier == weigh(noted, SEVERITIES, earlier=[gave_up(1)], zone=UTC).earlier == 200


def test_nobody_known_has_no_earlier_calls():
    wait = weigh(story(NOW, verified=True), SEVERITIES, earlier=[gave_up(1)], same_person=True, zone=UTC)
    assert (wait.earlier, wait.calls_today) == (0, None)


def test_a_number_with_more_than_five_calls_a_day_is_a_line():
    calls = [gave_up(n, f"08:0{n}:00", f"08:0{n}:50") for n in range(5)]
    asked = {"same_person": True, "zone": UTC}
    assert weigh(story(NOW, caller=ANA), SEVERITIES, earlier=calls[:4], **asked).calls_today == 5
    line = weigh(story(NOW, caller=ANA), SEVERITIES, earlier=calls, **asked)
    assert (line.earlier, line.calls_today) == (0, None)
    customer = weigh(story(NOW, caller=ANA, verified=True), SEVERITIES, earlier=calls, zone=UTC)
    assert (customer.earlier, customer.calls_today) == (250, 6)


def test_a_number_with_two_calls_at_once_is_a_line():
    at_once = [gave_up(1, "08:00:00", "08:03:00"), gave_up(2, "08:02:00", "08:04:00")]
    for earlier in (at_once, [gave_up(1, "08:58:00", "09:00:30")]):
        wait = weigh(story(NOW, caller=ANA), SEVERITIES, earlier=earlier, same_person=True, zone=UTC)
        assert (wait.earlier, wait.calls_today) == (0, None)


def test_a_call_that_was_answered_and_talked_adds_nothing():
    talked = tell(call("08:00:00 queued\n08:03:20 answered\n08:04:21 ended", id="CA1"))
    cut_off = tell(call("08:00:00 queued\n08:03:20 answered\n08:04:20 ended", id="CA1"))
    assert (in_vain(talked), in_vain(cut_off)) == (0, 200)
    assert in_vain(talked, answered_within=61) == 200


def test_a_call_that_has_not_ended_before_this_one_adds_nothing():
    customer = story(NOW, caller=ANA, verified=True)
    still_on = tell(call("08:00:00 queued\n08:03:20 left queue leave waited=200", id="CA1", caller=ANA))
    overlapping = gave_up(2, "08:58:00", "09:00:00")
    later = gave_up(3, "09:30:00", "09:33:00")
    wait = weigh(customer, SEVERITIES, earlier=[still_on, overlapping, later, customer], zone=UTC)
    assert (wait.earlier, wait.calls_today) == (0, 3)


def test_an_earlier_call_given_twice_counts_once():
    customer = story(NOW, caller=ANA, verified=True)
    wait = weigh(customer, SEVERITIES, earlier=[gave_up(1), gave_up(1)], zone=UTC)
    assert (wait.earlier, wait.calls_today) == (200, 2)


def test_the_day_is_that_of_the_zone():
    day = date(2026, 11, 21)
    before = tell(call("23:40:00 queued\n23:43:20 ended", id="CA1", caller=ANA, day=day))
    table = "00:30:00 arrived\n00:30:00 queued\n00:31:00 answered"
    after = tell(call(table, caller=ANA, verified=True, day=day + timedelta(days=1)))
    assert weigh(after, SEVERITIES, earlier=[before], zone=UTC).calls_today == 1
    assert weigh(after, SEVERITIES, earlier=[before], zone=ZoneInfo("America/New_York")).earlier == 200
    assert weigh(after, SEVERITIES, earlier=[before], zone=None).calls_today == 1


def test_without_a_zone_each_call_has_the_date_of_its_own_offset():
    west = timezone(timedelta(hours=-3))
    before = tell(call("23:40:00 queued\n23:43:20 ended", id="CA1", caller=ANA, zone=west))
    after = tell(
        call(
            "02:50:00 arrived\n02:50:01 answered waited=1", caller=ANA, verified=True, day=date(2026, 11, 22)
        )
    )
    assert weigh(after, SEVERITIES, earlier=[before], zone=None).calls_today == 1
    assert weigh(after, SEVERITIES, earlier=[before], zone=west).calls_today == 2


def test_calls_of_ours_are_not_the_callers():
    customer = story(NOW, caller=ANA, verified=True)
    ours = tell(call("08:00:00 arrived outbound\n08:01:00 ended", id="CA1", caller=ANA))
    assert weigh(customer, SEVERITIES, earlier=[ours], zone=UTC).calls_today == 1
    rung = story("09:00:00 arrived outbound\n09:00:02 answered", caller=ANA, verified=True)
    wait = weigh(rung, SEVERITIES, earlier=[gave_up(1)], zone=UTC)
    assert (wait.seconds, wait.calls_today) == (0, None)


@settings(max_examples=100, deadline=None)
@given(st.permutations(range(5)), st.lists(st.integers(0, 4), max_size=4), st.booleans(), st.booleans())
def test_earlier_calls_in_any_order_and_repeated_weigh_the_same(order, again, verified, same_person):
    calls = [gave_up(n, f"08:0{n}:00", f"08:0{n}:{10 + n}") for n in range(5)]
    now = story(NOW, caller=ANA, verified=verified)
    asked = {"same_person": same_person, "zone": UTC}
    straight = weigh(now, SEVERITIES, earlier=calls, **asked)
    assert weigh(now, SEVERITIES, earlier=[calls[n] for n in (*order, *again)], **asked) == straight
    assert straight.seconds <= straight.here + sum(10 + n for n in range(5))


# ---------------------------------------------------------------- who is calling


@pytest.mark.parametrize(
    ("address", "key"),
    [
        (ANAS_NUMBER, ANAS_NUMBER),
        (f" {ANAS_NUMBER} ", ANAS_NUMBER),
        ("sip:ana@Example.COM", "sip:ana@example.com"),
        ("SIP:ana@example.com:5060;transport=udp", "sip:ana@example.com"),
        ("sips:ana@[2001:db8::1]:5061", "sip:ana@[2001:db8::1]"),
        ("client:ana", "client:ana"),
        ("", None),
        ("anonymous", None),
        ("Restricted", None),
        ("+266696687", None),
        ("+7378742833", None),
        ("+86282452253", None),
        ("+2562533", None),
        ("+8656696", None),
        ("sip:+266696687@example.com", None),
        ("sip:anonymous@anonymous.invalid", None),
        ("client:Anonymous", None),
        ("5555550100", None),
        ("+05555550100", None),
        ("+15555550100555555", None),
        ("+1555555010a", None),
        ("+1555555٠١٠٠", None),
        ("sip:example.com", None),
        ("client:", None),
        ("1234", None),
    ],
)
def test_an_address_tells_one_caller_from_another_or_nobody(address, key):
    assert callers_key(address) == key


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_no_address_raises_and_a_key_is_its_own_key(address):
    key = callers_key(address)
    assert key is None or callers_key(key) == key

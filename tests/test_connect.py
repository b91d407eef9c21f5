"""Pointing numbers at the service: what differs is changed, what does not is left alone, what is in the way is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.book.rules import Rules
from ivr.connect import EVENTS, Line, Plan, apply, by_hand, lines, plan
from ivr.connect import Number as Owned
from ivr.line.twiml import event_url, voice_url
from tests.book.small import book

BASE = "https://calls.example.com"
VOICE = "#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
EVENT = "#rc=5&rp=all&rt=3000&tt=15000"
BILLING = "+442079460100"


class Addresses:
    """Ours, on one public address."""

    fallback = voice_url(BASE, "/voice/fallback")

    def voice(self, path: str, **query: str | None) -> str:
        return voice_url(BASE, path, **query)

    def events(self, path: str) -> str:
        return event_url(BASE, path)

    def assignment(self, path: str) -> str:
        return BASE + path


@dataclass(frozen=True)
class Number:
    """A number as an account has it; bought, and nothing set yet."""

    number: str
    sid: str = "PN" + "1" * 32
    voice_url: str = ""
    voice_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_method: str = "POST"
    elsewhere: str | None = None


@dataclass
class Account:
    """Twilio's side: changes what it is asked to, or refuses."""

    numbers: dict[str, Number]
    refuses: Mapping[str, str] = field(default_factory=dict)  # sid → how it goes instead
    asked: list[str] = field(default_factory=list)

    async def point_number(self, sid: str, *, voice_url: str, fallback_url: str, status_callback: str) -> str:
        self.asked.append(sid)
        if sid in self.refuses:
            return self.refuses[sid]
        self.numbers[sid] = replace(
            self.numbers[sid],
            voice_url=voice_url,
            voice_method="POST",
            fallback_url=fallback_url,
            fallback_method="POST",
            status_callback=status_callback,
            status_method="POST",
        )
        return "done"


def account(*numbers: Number, **refuses: str) -> Account:
    with_sids = [replace(each, sid=f"PN{place:032x}") for place, each in enumerate(numbers)]
    return Account({each.sid: each for each in with_sids}, refuses)


def planned(there: Account, *wanted: Line) -> Plan:
    owned: list[Owned] = list(there.numbers.values())
    return plan(wanted, owned, Addresses())


def rules(numbers: str) -> Rules:
    return book(
        rules=f"""
        timezone: Europe/London
        locale: en-GB
        queues: {{default: {{}}, billing: {{}}}}
        numbers: {numbers}
        """
    ).rules


def test_the_numbers_of_the_rules_and_those_typed_are_wanted() -> None:
    told = lines(
        rules('{"+442079460100": {queue: billing, locale: en-GB}}'),
        [Line("+442079460001", "billing", agents=True)],
    )
    assert [(line.number, str(line)) for line in told] == [
        ("+442079460100", "callers: billing, en-GB"),
        ("+442079460001", "agents: billing"),
    ]


def test_what_was_typed_of_a_number_counts_more_than_the_rules() -> None:
    told = lines(rules('{"+442079460100": {queue: billing}}'), [Line(BILLING, "default")])
    assert told == (Line(BILLING, "default"),)


def test_a_callers_number_is_told_its_queue_and_locale_and_the_overrides() -> None:
    (pointing,) = planned(account(Number(BILLING)), Line(BILLING, "billing", "en-GB")).pointings
    assert pointing.wanted == {
        "voice_url": f"{BASE}/voice/incoming?queue=billing&locale=en-GB{VOICE}",
        "voice_method": "POST",
        "fallback_url": f"{BASE}/voice/fallback{VOICE}",
        "fallback_method": "POST",
        "status_callback": f"{BASE}/events/call{EVENT}",
        "status_method": "POST",
    }


def test_an_agents_number_leads_to_the_next_caller_of_its_queue() -> None:
    (pointing,) = planned(account(Number(BILLING)), Line(BILLING, "billing", agents=True)).pointings
    assert pointing.wanted["voice_url"] == f"{BASE}/voice/agent?queue=billing{VOICE}"


def test_only_what_differs_is_shown_as_now_and_then() -> None:
    right = planned(account(Number(BILLING)), Line(BILLING)).pointings[0].wanted
    (pointing,) = planned(
        account(Number(BILLING, **{**right, "voice_method": "GET", "voice_url": "https://old.example.com"})),
        Line(BILLING),
    ).pointings
    assert [(change.field, change.now) for change in pointing.changes] == [
        ("VoiceUrl", "https://old.example.com"),
        ("VoiceMethod", "GET"),
    ]


def test_an_address_that_lacks_only_its_overrides_differs() -> None:
    right = planned(account(Number(BILLING)), Line(BILLING)).pointings[0].wanted
    bare = {name: value.split("#")[0] for name, value in right.items()}
    (pointing,) = planned(account(Number(BILLING, **bare)), Line(BILLING)).pointings
    assert [change.field for change in pointing.changes] == ["VoiceUrl", "VoiceFallbackUrl", "StatusCallback"]


def test_numbers_the_account_does_not_have_are_named() -> None:
    told = planned(account(Number("+442079460000")), Line(BILLING), Line("+442079460000"))
    assert [line.number for line in told.absent] == [BILLING]
    assert [each.line.number for each in told.pointings] == ["+442079460000"]


@pytest.mark.parametrize("winner", ["AP" + "0" * 32, "TK" + "0" * 32])
async def test_what_would_win_over_our_addresses_is_told_and_left_as_it_is(winner: str) -> None:
    there = account(Number(BILLING, elsewhere=winner))
    told = planned(there, Line(BILLING))
    assert told.pointings[0].elsewhere == winner
    await apply(told, there)
    assert [number.elsewhere for number in there.numbers.values()] == [winner]


async def test_one_number_that_fails_leaves_the_others_result_standing() -> None:
    there = account(
        Number("+442079460000"),
        Number("+442079460001"),
        Number("+442079460002"),
        **{f"PN{1:032x}": "refused"},
    )
    wanted = [Line(number.number) for number in there.numbers.values()]
    assert await apply(planned(there, *wanted), there) == {
        "+442079460000": "done",
        "+442079460001": "refused",
        "+442079460002": "done",
    }
    assert [each.line.number for each in planned(there, *wanted).differing] == ["+442079460001"]


async def test_a_number_that_says_what_it_should_is_not_asked_about_again() -> None:
    there = account(Number("+442079460000"), Number("+442079460001"))
    await apply(planned(there, Line("+442079460000")), there)
    there.asked.clear()
    both = planned(there, Line("+442079460000"), Line("+442079460001"))
    await apply(both, there)
    assert there.asked == [f"PN{1:032x}"]


_NUMBERS = st.integers(10**6, 10**11).map(lambda digits: f"+{digits}")
_TEXTS = st.text(max_size=20)
_LINES = st.lists(
    st.builds(
        Line,
        _NUMBERS,
        queue=st.none() | st.text(min_size=1, max_size=20),
        locale=st.none() | st.sampled_from(["en-GB", "en-US"]),
        agents=st.booleans(),
    ),
    unique_by=lambda line: line.number,
    max_size=6,
)
_SET: dict[str, Any] = {
    "voice_url": _TEXTS,
    "voice_method": st.sampled_from(["GET", "POST", ""]),
    "fallback_url": _TEXTS,
    "fallback_method": st.sampled_from(["GET", "POST", ""]),
    "status_callback": _TEXTS,
    "status_method": st.sampled_from(["GET", "POST", ""]),
}


@given(wanted=_LINES, data=st.data())
async def test_a_plan_that_was_carried_out_leaves_nothing_to_change(
    wanted: list[Line], data: st.DataObject
) -> None:
    there = account(
        *[
            Number(line.number, **data.draw(st.fixed_dictionaries(_SET)))
            for line in wanted
            if data.draw(st.booleans())
        ]
    )
    first = planned(there, *wanted)
    outcomes = await apply(first, there)
    assert set(outcomes) == {each.line.number for each in first.differing}
    second = planned(there, *wanted)
    assert second.differing == ()
    assert second.absent == first.absent
    assert await apply(second, there) == {}


@given(queue=st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()))
def test_whatever_a_queue_is_called_its_address_can_be_read_back(queue: str) -> None:
    (pointing,) = planned(account(Number(BILLING)), Line(BILLING, queue)).pointings
    address = urlsplit(pointing.wanted["voice_url"])
    assert (address.path, address.fragment) == ("/voice/incoming", VOICE[1:])
    assert parse_qs(address.query, keep_blank_values=True) == {"queue": [queue]}


def test_what_taskrouter_needs_is_told_and_nothing_is_asked() -> None:
    workspace, workflow = "WS" + "0" * 32, "WW" + "0" * 32
    told = {(sid, name): value for sid, name, value in by_hand(Addresses(), workspace, workflow)}
    assert told == {
        (workspace, "EventCallbackUrl"): f"{BASE}/events/taskrouter{EVENT}",
        (workspace, "EventsFilter"): ",".join(EVENTS),
        (workflow, "AssignmentCallbackUrl"): f"{BASE}/taskrouter/assignment",
    }
    assert len(by_hand(Addresses(), workspace)) == 2

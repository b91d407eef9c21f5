"""The call ledger: what happened, what was said, and what nobody may read in the raw tables."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from ivr.calls.events import KINDS, Answered, Arrived, Event, Pressed, Queued, Returned, WrappedUp
from ivr.farewell.moments import Farewell, Line, Moment, Promise
from ivr.store.database import Database
from ivr.store.ledger import Ledger, Personal
from ivr.store.seal import Seal
from ivr.store.tables import events, farewells, metadata, personal, promises
from tests.store.cast import NINE, WORDS, a_call, a_farewell, at

TODAY = NINE.replace(hour=0)


def by_identity(told: Sequence[Event]) -> list[Event]:
    return sorted(told, key=lambda event: (event.kind, event.key, event.at))


async def kept(database: Database, column: Any) -> list[Any]:
    rows: list[Any] = await database.look(
        lambda connection: list(connection.execute(select(column)).scalars())
    )
    return rows


# What happened.


async def test_a_call_is_read_back_as_it_was_told(ledger: Ledger) -> None:
    told = a_call("CA1", caller="ana")
    await ledger.append(told)
    await ledger.append(a_call("CA2", caller="bo"))
    record = await ledger.read("CA1")
    assert by_identity(record.events) == by_identity(told)
    assert record.called_before is None
    assert (record.heard, record.wrapup, record.farewells, record.promises) == ({}, None, (), ())


async def test_every_kind_of_event_comes_back_the_same(ledger: Ledger) -> None:
    told = [kind(call="CA1", at=at(number), key=f"k{number}") for number, kind in enumerate(KINDS)]
    told += [
        Pressed(call="CA1", at=at(20), key="p", digit="2", moment="next_steps", part=2, clock="twilio"),
        Arrived(call="CA1", at=at(21), caller="ana", verified=True, outbound=True, locale="en-GB"),
    ]
    await ledger.append(told)
    assert by_identity((await ledger.read("CA1")).events) == by_identity(told)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")),
    moment=st.text(st.characters(blacklist_categories=["Cs"])),
    when=st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-9.5))])),
)
def test_any_text_and_any_time_comes_back_the_same(seal: Seal, key: str, moment: str, when: datetime) -> None:
    async def told() -> None:
        database = Database("sqlite://", timeout=10.0)
        database.start()
        one = Pressed(call="CA1", at=when, key=key, digit="1", moment=moment)
        await Ledger(database, seal).append([one])
        assert (await Ledger(database, seal).read("CA1")).events == (one,)
        database.stop()

    asyncio.run(told())


async def test_events_told_twice_are_kept_once_and_an_earlier_time_is_kept_beside(ledger: Ledger) -> None:
    late = Queued(call="CA1", at=at(2), key="token", queue="billing")
    early = replace(late, at=at(1))
    await asyncio.gather(*(ledger.append([one]) for one in (late, early, late, early)))
    assert by_identity((await ledger.read("CA1")).events) == [early, late]


async def test_events_of_a_newer_program_are_left_out(database: Database, ledger: Ledger) -> None:
    await ledger.append([Queued(call="CA1", at=NINE, queue="billing")])
    newer = {
        "call": "CA1",
        "kind": "teleported",
        "key": "",
        "at": 1,
        "clock": "ours",
        "data": '{"to": "Mars"}',
    }
    await database.write([(events, newer)])
    assert [event.kind for event in (await ledger.read("CA1")).events] == ["queued"]


async def test_a_call_is_known_once_anything_was_told_of_it(ledger: Ledger) -> None:
    await ledger.append(a_call("CA1"))
    assert await asyncio.gather(ledger.knows("CA1"), ledger.knows("CA2")) == [True, False]


async def test_an_agents_leg_leads_to_the_call_it_answered_last(ledger: Ledger) -> None:
    await ledger.append([
        Answered(call="CA1", at=at(0), key="1", agent="CA-agent"),
        Answered(call="CA2", at=at(9), key="2", agent="CA-agent"),
        Answered(call="CA3", at=at(5), key="3", agent="CA-agent"),
        Arrived(call="CA4", at=at(20), key="4", caller="CA-agent"),
    ])  # fmt: skip
    assert await ledger.answered_by("CA-agent") == "CA2"
    assert await ledger.answered_by("CA-nobody") is None


# The caller's other calls.


async def test_the_callers_earlier_calls_of_the_day_are_read_with_the_call(ledger: Ledger) -> None:
    await ledger.append(a_call("CA-yesterday", caller="ana", minutes=-24 * 60))
    await ledger.append(a_call("CA-first", caller="ana"))
    await ledger.append(a_call("CA-other", caller="bo"))
    await ledger.append(a_call("CA-now", caller="ana", minutes=30))
    record = await ledger.read("CA-now", caller=["ana"], since=TODAY)
    assert [sorted({event.call for event in call}) for call in record.earlier] == [["CA-first"]]
    assert by_identity(record.earlier[0]) == by_identity(a_call("CA-first", caller="ana"))
    assert record.called_before is True


async def test_a_first_call_is_known_to_be_the_first_whatever_comes_after_it(ledger: Ledger) -> None:
    await ledger.append(a_call("CA1", caller="ana"))
    await ledger.append(a_call("CA2", caller="ana", minutes=30))
    assert (await ledger.read("CA1", caller=["ana"], since=TODAY)).called_before is False
    assert (await ledger.read("CA2", caller=["ana"])).called_before is True
    assert (await ledger.read("CA2", caller=["ana"])).earlier == ()


async def test_a_number_that_rings_all_day_is_not_read_to_the_end(ledger: Ledger) -> None:
    for number in range(40):
        await ledger.append(a_call(f"CA{number}", caller="switchboard", minutes=number))
    record = await ledger.read("CA39", caller=["switchboard"], since=TODAY)
    assert 5 < len(record.earlier) < 15


async def test_a_caller_is_recognised_by_the_key_of_an_older_secret(ledger: Ledger) -> None:
    await ledger.append(a_call("CA-old", caller="old-key"))
    await ledger.append(a_call("CA-new", caller="new-key", minutes=30))
    await ledger.keep_farewell(a_farewell("CA-old"), caller="old-key", at=at(9))
    record = await ledger.read("CA-new", caller=["new-key", "old-key"], since=TODAY)
    assert len(record.earlier) == 1
    assert record.heard["goodbye"] == ("3f9a1c",)


# The wrap-up.


async def test_the_latest_version_of_a_wrap_up_is_the_one_read(ledger: Ledger) -> None:
    for key, minute, name in (("b", 2, "Ana"), ("a", 3, "Anna"), ("c", 1, "Hannah")):
        event = WrappedUp(call="CA1", at=at(minute), key=key)
        await ledger.keep_wrapup("CA1", key, {"name": name, "steps": [{"who": "us"}]}, event)
    record = await ledger.read("CA1")
    assert record.wrapup == {"name": "Anna", "steps": [{"who": "us"}]}
    assert len(record.events) == 3


async def test_a_wrap_up_sent_twice_under_one_key_stays_as_it_was(ledger: Ledger) -> None:
    await ledger.keep_wrapup("CA1", "a", {"name": "Ana"}, WrappedUp(call="CA1", at=at(1), key="a"))
    await ledger.keep_wrapup("CA1", "a", {"name": "Bo"}, WrappedUp(call="CA1", at=at(9), key="a"))
    assert (await ledger.read("CA1")).wrapup == {"name": "Ana"}


# The farewell.


async def test_a_farewell_is_read_back_word_for_word_with_its_promises(
    database: Database, ledger: Ledger
) -> None:
    promise = Promise("text_note", at(30), "AB-4719")
    farewell = a_farewell("CA1", promises=[promise, replace(promise, due=at(60))])
    returned = Returned(call="CA1", at=at(10), key="r")
    assert await ledger.keep_farewell(farewell, caller="ana", at=at(9), events=[returned]) == farewell
    record = await ledger.read("CA1")
    assert record.farewells == (farewell,)
    assert record.promises == farewell.promises
    assert record.events == (returned,)
    assert await kept(database, promises.c.state) == ["open", "open"]
    assert len(set(await kept(database, promises.c.id))) == 2


async def test_farewells_are_read_in_the_order_of_their_parts(ledger: Ledger) -> None:
    for part in (2, 11, 1):
        await ledger.keep_farewell(a_farewell("CA1", part=part), caller=None, at=at(part))
    assert [farewell.part for farewell in (await ledger.read("CA1")).farewells] == [1, 2, 11]


async def test_of_farewells_that_race_all_speak_the_winners_words(database: Database, ledger: Ledger) -> None:
    rivals = [
        a_farewell(
            "CA1", goodbye=f"{n:06x}", words=f"Goodbye {n}.", promises=[Promise("text_note", at(n), f"{n}")]
        )
        for n in range(12)
    ]
    spoken = await asyncio.gather(
        *(ledger.keep_farewell(rival, caller="ana", at=at(n)) for n, rival in enumerate(rivals))
    )
    (winner,) = set(spoken)
    record = await ledger.read("CA1")
    assert record.farewells == (winner,)
    assert record.promises == winner.promises
    told = await ledger.read("CA2", caller=["ana"])
    assert told.heard["goodbye"] == (winner.moments[-1].lines[0].variant,)
    assert len(await kept(database, farewells.c.call)) == 1


async def test_of_farewells_that_race_on_two_machines_all_speak_the_winners_words(
    database: Database, database_url: str, seal: Seal
) -> None:
    other = Database(database_url, timeout=10.0)
    other.start()
    ledgers = [Ledger(database, seal), Ledger(other, seal)]
    calls = [f"CA{n}" for n in range(40)]
    spoken = await asyncio.gather(*(
        ledger.keep_farewell(a_farewell(call, goodbye=f"00000{number}"), caller="ana", at=at(number))
        for call in calls
        for number, ledger in enumerate(ledgers)
    ))  # fmt: skip
    other.stop()
    assert spoken[0::2] == spoken[1::2]
    assert sorted(await kept(database, farewells.c.call)) == sorted(calls)
    assert len(await kept(database, personal.c.call)) == len(calls)


async def test_when_the_winners_words_were_forgotten_the_losers_are_spoken(
    database: Database, ledger: Ledger
) -> None:
    await ledger.keep_farewell(a_farewell("CA1"), caller=None, at=NINE)
    await database.change(lambda connection: connection.execute(personal.delete()).rowcount)
    ours = a_farewell("CA1", goodbye="ffffff")
    assert await ledger.keep_farewell(ours, caller=None, at=NINE) == ours


async def test_a_promise_asked_for_during_a_farewell_is_kept_once(database: Database, ledger: Ledger) -> None:
    farewell = a_farewell("CA1")
    await ledger.keep_farewell(farewell, caller=None, at=NINE)
    asked = Promise("text_note", at(5), "AB-4719")
    await asyncio.gather(*(ledger.keep_promise(farewell, asked, at=at(n)) for n in range(5)))
    assert (await ledger.read("CA1")).promises == (asked,)
    assert await kept(database, promises.c.kind) == ["text_note"]


async def test_a_promise_the_farewell_already_made_is_not_made_again(ledger: Ledger) -> None:
    made = Promise("text_note", at(5), "AB-4719")
    farewell = a_farewell("CA1", promises=[made])
    await ledger.keep_farewell(farewell, caller=None, at=NINE)
    await ledger.keep_promise(farewell, replace(made, due=at(9)), at=at(1))
    assert (await ledger.read("CA1")).promises == (made,)


# What the caller heard.


async def test_what_a_caller_heard_is_remembered_latest_first_for_ten_calls(ledger: Ledger) -> None:
    for number in range(14):
        farewell = a_farewell(f"CA{number}", goodbye=f"{number:06x}")
        await ledger.keep_farewell(farewell, caller="ana", at=at(number))
    heard = (await ledger.read("CA99", caller=["ana"])).heard
    assert heard["goodbye"] == tuple(f"{number:06x}" for number in range(13, 3, -1))
    assert heard["opening"] == ("0a0a0a",) * 10
    assert (await ledger.read("CA99", caller=["bo"])).heard == {}


async def test_a_calls_own_words_are_not_in_its_memory(ledger: Ledger) -> None:
    await ledger.keep_farewell(a_farewell("CA1", goodbye="aaaaaa"), caller="ana", at=at(1))
    await ledger.keep_farewell(a_farewell("CA2", goodbye="bbbbbb"), caller="ana", at=at(2))
    await ledger.keep_farewell(a_farewell("CA2", goodbye="cccccc", part=2), caller="ana", at=at(3))
    assert (await ledger.read("CA2", caller=["ana"])).heard["goodbye"] == ("aaaaaa",)
    assert (await ledger.read("CA1", caller=["ana"])).heard["goodbye"] == ("cccccc", "bbbbbb")


async def test_the_parts_of_one_call_count_as_one_call(ledger: Ledger) -> None:
    for number in range(11):
        for part in (1, 2):
            farewell = a_farewell(f"CA{number}", part=part, goodbye=f"{number:05x}{part}")
            await ledger.keep_farewell(farewell, caller="ana", at=at(number * 2 + part))
    heard = (await ledger.read("CA99", caller=["ana"])).heard["goodbye"]
    assert len(heard) == 20
    assert heard[:2] == ("0000a2", "0000a1")


async def test_of_two_calls_of_one_caller_that_take_one_turn_the_second_keeps_nothing(ledger: Ledger) -> None:
    assert (await ledger.read("CA1", caller=["ana"])).turn == 1
    one, two = a_farewell("CA1"), a_farewell("CA2")
    kept = await asyncio.gather(
        *(ledger.keep_farewell(farewell, caller="ana", at=at(1), turn=1) for farewell in (one, two))
    )
    assert kept in ([one, None], [None, two])
    loser = two if kept[0] is not None else one
    record = await ledger.read(loser.call, caller=["ana"])
    assert (record.farewells, record.turn, len(record.heard["goodbye"])) == ((), 2, 1)
    again = replace(loser, way="after")
    assert await ledger.keep_farewell(again, caller="ana", at=at(2), turn=record.turn) == again
    assert await ledger.keep_farewell(loser, caller="ana", at=at(3), turn=1) == again  # that call has its own


async def test_what_was_heard_before_there_were_turns_is_remembered(ledger: Ledger) -> None:
    await ledger.keep_farewell(a_farewell("CA1", goodbye="aaaaaa"), caller="ana", at=at(1))
    record = await ledger.read("CA2", caller=["ana"])
    assert (record.turn, record.heard["goodbye"]) == (1, ("aaaaaa",))
    await ledger.keep_farewell(a_farewell("CA2", goodbye="bbbbbb"), caller="ana", at=at(2), turn=1)
    record = await ledger.read("CA3", caller=["ana"])
    assert (record.turn, record.heard["goodbye"]) == (2, ("bbbbbb", "aaaaaa"))


async def test_the_event_a_caller_was_told_of_is_remembered_however_many_calls_lie_between(
    ledger: Ledger,
) -> None:
    told = replace(a_farewell("CA1"), event="open-day")
    await ledger.keep_farewell(told, caller="ana", at=NINE)
    await ledger.keep_farewell(replace(a_farewell("CA-nobody"), event="fair"), caller=None, at=NINE)
    for number in range(40):
        await ledger.keep_farewell(a_farewell(f"CA-{number}"), caller="ana", at=at(number))
    later = await ledger.read("CA2", caller=["ana"], announced=True)
    assert later.announced == {"open-day"}
    assert (await ledger.read("CA1", caller=["ana"], announced=True)).announced == frozenset()  # its own
    assert (await ledger.read("CA2", caller=["bo"], announced=True)).announced == frozenset()
    assert (await ledger.read("CA2", caller=["ana"])).announced == frozenset()  # nobody asked


async def test_who_cannot_be_told_from_others_has_no_memory(database: Database, ledger: Ledger) -> None:
    await ledger.keep_farewell(a_farewell("CA1"), caller=None, at=NINE)
    record = await ledger.read("CA2", caller=[])
    assert (record.heard, record.called_before) == ({}, None)


async def test_lines_of_several_pages_in_one_moment_are_remembered_by_their_own_page(ledger: Ledger) -> None:
    ask = Line("en-GB/question/ask", "111111", "Anything else?", "Anything else?", 1.0, part="ask")
    steps = Line("en-GB/next_steps/router", "222222", "We send it.", "We send it.", 1.0, part="ours", step=1)
    farewell = Farewell("CA1", 1, "en-GB", 1, "aside", "plain", (Moment("next_steps_2", (steps, ask), True),))
    await ledger.keep_farewell(farewell, caller="ana", at=NINE)
    heard = (await ledger.read("CA2", caller=["ana"])).heard
    assert heard == {"next_steps": ("222222",), "question": ("111111",)}


# What is sealed.


async def test_a_number_is_sealed_and_can_be_asked_for(ledger: Ledger) -> None:
    number = Personal("CA1", "number", "caller", NINE, "+447700900123")
    await ledger.append(a_call("CA1"), [number])
    await ledger.append(a_call("CA1"), [replace(number, key="later", at=at(1), value="+447700900999")])
    assert await ledger.number("CA1") == "+447700900123"
    assert await ledger.number("CA2") is None


async def test_no_number_name_or_word_can_be_read_in_the_raw_tables(
    database: Database, ledger: Ledger, database_url: str
) -> None:
    secrets = ("+447700900123", "Ana Persaud", "Tobago")
    await ledger.append(a_call("CA1", caller="ana"), [Personal("CA1", "number", "caller", NINE, secrets[0])])
    noted = {"name": secrets[1], "gifts": [{"kind": "holiday", "detail": f"in {secrets[2]}"}]}
    await ledger.keep_wrapup("CA1", "a", noted, WrappedUp(call="CA1", at=at(6), key="a"))
    farewell = a_farewell(
        "CA1", words=f"{WORDS} {secrets[1]}", promises=[Promise("text_note", at(9), secrets[1])]
    )
    await ledger.keep_farewell(farewell, caller="ana", at=at(8))
    await ledger.keep_promise(farewell, Promise("call_back", at(9), secrets[0]), at=at(8))
    assert (await ledger.read("CA1")).wrapup == noted

    def raw(connection: Any) -> bytes:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table)).all()]
        return b"\n".join(bytes(v) if isinstance(v, bytes) else str(v).encode() for row in rows for v in row)

    everything = await database.look(raw)
    if database_url.startswith("sqlite"):
        file = Path(database_url.removeprefix("sqlite:///"))
        everything += file.read_bytes() + Path(f"{file}-wal").read_bytes()
    assert b"billing" in everything  # so that what is looked through is the right thing
    assert not [secret for secret in secrets if secret.encode() in everything]


async def test_rotated_secrets_still_open_and_what_none_opens_counts_as_forgotten(database: Database) -> None:
    old = Ledger(database, Seal(["old"]))
    await old.keep_wrapup("CA1", "a", {"name": "Ana"}, WrappedUp(call="CA1", at=NINE, key="a"))
    await old.keep_farewell(a_farewell("CA1"), caller=None, at=NINE)
    rotated = await Ledger(database, Seal(["new", "old"])).read("CA1")
    assert rotated.wrapup == {"name": "Ana"}
    assert len(rotated.farewells) == 1
    gone = await Ledger(database, Seal(["new"])).read("CA1")
    assert (gone.wrapup, gone.farewells, len(gone.events)) == (None, (), 1)


async def test_sealed_rows_cannot_be_passed_off_as_another_calls(database: Database, ledger: Ledger) -> None:
    await ledger.keep_farewell(a_farewell("CA1"), caller=None, at=NINE)

    def steal(connection: Any) -> None:
        row = dict(connection.execute(select(personal)).one()._mapping)
        connection.execute(insert(personal).values(row | {"call": "CA2"}))

    await database.change(steal)
    assert (await ledger.read("CA2")).farewells == ()


@pytest.mark.parametrize("naive", [datetime(2026, 11, 21, 9)])  # noqa: DTZ001 -- the mistake in question
async def test_a_time_without_a_zone_is_a_mistake_that_is_noticed(ledger: Ledger, naive: datetime) -> None:
    with pytest.raises(TypeError):
        await ledger.append([Queued(call="CA1", at=naive)])

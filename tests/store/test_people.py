"""People, PINs and tokens."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from ivr.store.database import Database
from ivr.store.people import People, PeopleError
from ivr.store.seal import Seal
from ivr.store.tables import people as table
from ivr.store.tables import tokens


async def test_an_agent_is_known_by_their_telephone(people: People) -> None:
    people.add("Sam", "agent", "+447700900123")
    people.add("Kim", "supervisor", "client:kim")
    people.add("Mo", "writer")
    assert await people.agent_by_address("+447700900123") == "Sam"
    assert await people.agent_by_address("client:kim") == "Kim"
    assert [await people.agent_by_address(other) for other in ("+447700900124", "anonymous", "")] == [
        None
    ] * 3


async def test_an_agent_is_known_by_their_pin_and_by_nobody_elses(people: People) -> None:
    sam, kim = people.add("Sam", "agent"), people.add("Kim", "agent")
    assert sam is not None
    assert kim is not None
    assert len(sam) == 6
    assert sam.isdigit()
    assert [await people.agent_by_pin(pin) for pin in (sam, kim)] == ["Sam", "Kim"]
    wrong = next(f"{number:06d}" for number in range(3) if f"{number:06d}" not in (sam, kim))
    assert (
        await asyncio.gather(*(people.agent_by_pin(pin) for pin in (wrong, "", "#*", "\ud800"))) == [None] * 4
    )


async def test_a_new_pin_takes_the_old_ones_place(people: People) -> None:
    old = people.add("Sam", "agent") or ""
    new = people.new_pin("Sam")
    assert await people.agent_by_pin(new) == "Sam"
    assert old == new or await people.agent_by_pin(old) is None


def test_only_agents_have_pins(people: People) -> None:
    assert people.add("Mo", "owner") is None
    with pytest.raises(PeopleError, match="no agent"):
        people.new_pin("Mo")
    with pytest.raises(PeopleError, match="nobody called"):
        people.new_pin("Nobody")


def test_everybody_is_listed_by_name_with_their_telephone(people: People) -> None:
    people.add("  Sam   Persaud ", "agent", "+447700900123")
    people.add("Kim", "owner")
    listed = [(one.name, one.role, one.telephone) for one in people.everybody()]
    assert listed == [("Kim", "owner", None), ("Sam Persaud", "agent", "+447700900123")]
    assert all(one.added_at.tzinfo is not None for one in people.everybody())


async def test_who_is_removed_is_known_no_more(people: People) -> None:
    pin = people.add("Sam", "agent", "+447700900123") or ""
    assert people.remove("Sam")
    assert not people.remove("Sam")
    assert people.everybody() == []
    assert await people.agent_by_address("+447700900123") is None
    assert await people.agent_by_pin(pin) is None


@pytest.mark.parametrize(
    ("name", "role", "telephone", "told"),
    [
        ("Sam", "agent", None, "Sam is already here"),
        ("Kim", "boss", None, "'boss' is no role"),
        ("Kim", "agent", "07700 900123", "is no telephone"),
        ("Kim", "agent", "anonymous", "is no telephone"),
        ("Kim", "agent", "+447700900123", "already Sam's"),
        ("  ", "agent", None, "between 1 and 100"),
        ("K\nim\0", "agent", None, "printable"),
    ],
)
def test_who_cannot_be_added_is_told_why(
    people: People, name: str, role: str, telephone: str | None, told: str
) -> None:
    people.add("Sam", "agent", "+447700900123")
    with pytest.raises(PeopleError, match=told):
        people.add(name, role, telephone)
    assert len(people.everybody()) == 1


async def test_neither_telephone_nor_pin_nor_token_can_be_read_in_the_raw_tables(
    database: Database, people: People
) -> None:
    pin = people.add("Sam", "agent", "+447700900123") or "?"
    token = people.add_token("crm")

    def raw(connection: Any) -> str:
        rows = [*connection.execute(select(table)).all(), *connection.execute(select(tokens)).all()]
        fields = [value for row in rows for value in row if value is not None]
        return "\n".join(v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in fields)

    everything = await database.look(raw)
    assert "Sam" in everything
    assert "+447700900123" not in everything
    assert token not in everything
    assert f"\n{pin}\n" not in everything


async def test_while_secrets_are_rotated_agents_are_still_known(database: Database) -> None:
    pin = People(database, Seal(["old"])).add("Sam", "agent", "+447700900123") or ""
    rotated = People(database, Seal(["new", "old"]))
    assert await rotated.agent_by_address("+447700900123") == "Sam"
    assert await rotated.agent_by_pin(pin) == "Sam"
    with pytest.raises(PeopleError, match="already Sam's"):
        rotated.add("Kim", "agent", "+447700900123")


async def test_a_token_opens_the_door_to_its_program_only(people: People) -> None:
    crm, desk = people.add_token("crm"), people.add_token("desk")
    assert [await people.token_holder(token) for token in (crm, desk)] == ["crm", "desk"]
    assert [await people.token_holder(wrong) for wrong in ("", crm[:-1], crm + "x", "\ud800")] == [None] * 4
    assert sorted(people.tokens()) == ["crm", "desk"]
    with pytest.raises(PeopleError, match="already a token"):
        people.add_token("crm")


async def test_a_revoked_token_is_refused_when_the_list_is_read_again(database: Database, seal: Seal) -> None:
    people = People(database, seal, look_every=0.0)
    token = people.add_token("crm")
    assert await people.token_holder(token) == "crm"
    assert people.revoke_token("crm")
    assert not people.revoke_token("crm")
    assert await people.token_holder(token) is None


async def test_a_new_token_is_found_although_the_list_was_read_before(database: Database, seal: Seal) -> None:
    people = People(database, seal, look_again=0.0)
    assert await people.token_holder("nobody's") is None
    token = people.add_token("crm")
    assert await people.token_holder(token) == "crm"


async def test_tokens_at_hand_are_checked_without_asking_the_database(database_url: str, seal: Seal) -> None:
    database = Database(database_url, timeout=10.0)
    database.start()
    people = People(database, seal)
    token = people.add_token("crm")
    assert await people.token_holder(token) == "crm"
    database.stop()
    assert await people.token_holder(token) == "crm"

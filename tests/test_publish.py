"""Publishing: who may, what stops it, and that nothing else changes what is in force."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from ivr.book.book import Fault, Place
from ivr.proof import proof
from ivr.publish import Faulty, Overtaken, Plan, Publishing, Refused
from ivr.store.database import Database
from ivr.store.drafts import Drafts
from ivr.store.people import People, Roles
from ivr.store.seal import Seal
from ivr.store.shelf import Shelf, digest
from tests.proof.test_coverage import whole
from tests.store.cast import NINE

BOOK = whole()
GOODBYE, RULES = "en-GB/goodbye.yaml", "rules.yaml"
WARMER = BOOK | {GOODBYE: BOOK[GOODBYE].replace("[silence]", "Take care. Goodbye.")}
WARMEST = BOOK | {GOODBYE: BOOK[GOODBYE].replace("[silence]", "Take good care. Goodbye.")}
ASKING = WARMER | {RULES: BOOK[RULES] + "publishing: {approval: yes}\n"}


class World:
    """A shelf with one version, and people who work here."""

    def __init__(self, database: Database) -> None:
        self.shelf, self.drafts = Shelf(database), Drafts(database)
        self.people = People(database, Seal(["a secret for tests"]))
        self.roles = Roles(database)
        self.publishing = Publishing(self.shelf, self.drafts, self.roles, proof)
        self.told: list[Plan] = []

    async def publish(
        self,
        folder: Mapping[str, str] | None = None,
        by: str = "Ana",
        note: str = "softer",
        yes: str | None = None,
        written_from: tuple[int, str] | None = None,
    ) -> int:
        done = await self.publishing.publish(
            folder, by=by, note=note, at=NINE, approved_by=yes, written_from=written_from,
            tell=self.told.append,
        )  # fmt: skip
        return done.version

    async def roll_back(self, version: int, by: str = "Ana", yes: str | None = None) -> int:
        done = await self.publishing.roll_back(
            version, by=by, note="the callers did not like it", at=NINE + timedelta(hours=1), approved_by=yes,
            tell=self.told.append,
        )  # fmt: skip
        return done.version

    async def save(self, text: str, path: str = GOODBYE, by: str = "Ana") -> None:
        based_on = (await self.drafts.open(path)).digest
        await self.drafts.save(path, text, based_on=based_on, by=by, reason="softer", at=NINE)


@pytest.fixture
async def world(database: Database) -> World:
    world = World(database)
    for name, role in (("Ana", "writer"), ("Mo", "supervisor"), ("Kim", "owner"), ("Sam", "agent")):
        await asyncio.to_thread(world.people.add, name, role)
    await world.shelf.keep_first(BOOK, "serve", "the first book", at=NINE)
    await world.shelf.current()
    return world


async def test_a_draft_becomes_the_next_version_and_is_in_force_at_once(world: World) -> None:
    await world.save(WARMER[GOODBYE])
    assert await world.publish() == 2
    assert (await world.shelf.in_force()) == (2, WARMER)
    book = await world.shelf.current()
    assert book is not None
    assert book.version == 2
    (told,) = world.told
    assert [page.path for page in told.difference.pages] == [GOODBYE]
    assert await world.drafts.current() is None
    assert [change.by for change in await world.drafts.changes(2)] == ["Ana"]


async def test_a_folder_becomes_the_next_version_and_what_it_changed_is_logged(world: World) -> None:
    assert await world.publish(WARMER, note="  softer,\n and  shorter ") == 2
    (change,) = await world.drafts.changes(2)
    assert (change.path, change.by, change.reason) == (GOODBYE, "Ana", "softer, and shorter")
    assert (await world.shelf.versions())[0].note == "softer, and shorter"


async def test_a_folder_is_not_published_past_a_draft(world: World) -> None:
    await world.save(WARMER[GOODBYE])
    with pytest.raises(Refused, match="a draft, begun by Ana"):
        await world.publish(WARMEST, by="Mo")
    assert len(await world.shelf.versions()) == 1


async def test_a_folder_does_not_undo_what_others_published_since_it_was_exported(world: World) -> None:
    exported = (1, digest(BOOK))
    folder = BOOK | {RULES: BOOK[RULES] + "# mine\n"}
    await world.publish(WARMER, by="Mo")
    with pytest.raises(Refused, match=f"exported from version 1, and others have changed {GOODBYE} since"):
        await world.publish(folder, written_from=exported)
    assert (await world.shelf.in_force()) == (2, WARMER)
    assert await world.publish(WARMER | folder | {GOODBYE: WARMER[GOODBYE]}, written_from=exported) == 3
    assert await world.publish(folder, written_from=(1, "another shelf's")) == 4


async def test_ones_own_exported_folder_may_be_published_again_and_again(world: World) -> None:
    exported = (1, digest(BOOK))
    assert await world.publish(WARMER, written_from=exported) == 2
    assert await world.publish(WARMEST, written_from=exported) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"by": "Nobody"}, "nobody called 'Nobody'"),
        ({"by": "Sam"}, "Sam is here as agent; to change the book takes writer or supervisor or owner"),
        ({"by": ""}, "nobody called"),
        ({"note": " \n"}, "say why"),
        ({"note": "x" * 501}, "500 characters"),
        ({"yes": "Ana"}, "Ana is here as writer; to approve takes supervisor or owner"),
        ({"yes": "Sam"}, "Sam is here as agent"),
        ({"yes": "Zoe"}, "nobody called 'Zoe'"),
        ({"by": "Mo", "yes": "  Mo "}, "somebody else's"),
    ],
)
async def test_who_may_not_or_says_nothing_is_refused_in_a_sentence(
    world: World, words: dict[str, str], told: str
) -> None:
    with pytest.raises(Refused, match=told):
        await world.publish(WARMER, **words)
    assert len(await world.shelf.versions()) == 1


async def test_names_are_compared_as_they_are_written_in_the_list(world: World) -> None:
    await world.publish(WARMER, by="  Ana ", yes=" Kim")
    newest = (await world.shelf.versions())[0]
    assert (newest.by, newest.approved_by) == ("Ana", "Kim")


async def test_an_unchanged_book_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="nothing differs from version 1"):
        await world.publish(BOOK)
    with pytest.raises(Refused, match="no draft"):
        await world.publish()


async def test_faults_stop_it_and_say_where_they_are_and_advice_does_not(world: World) -> None:
    broken = BOOK | {GOODBYE: BOOK[GOODBYE].replace("[silence]", "Goodbye, {{ caller.nmae }}.")}
    with pytest.raises(Faulty) as refused:
        await world.publish(broken)
    assert "^" in str(refused.value.faults[0])
    advice = Fault(Place(GOODBYE), "it could be warmer", fault=False)
    world.publishing = Publishing(world.shelf, world.drafts, world.roles, lambda files: [advice])
    assert await world.publish(WARMER) == 2
    assert world.told[-1].faults == (advice,)


@pytest.mark.parametrize("path", ["../rules.yaml", "/etc/passwd.yaml", "en-GB/goodbye (copy).yaml"])
async def test_a_name_that_leads_elsewhere_is_refused(world: World, path: str) -> None:
    with pytest.raises(Refused, match="may be called"):
        await world.publish(WARMER | {path: "x"})


# A second person's yes.


async def test_the_new_book_may_ask_for_a_second_persons_yes(world: World) -> None:
    with pytest.raises(Refused, match="second person's yes"):
        await world.publish(ASKING)
    assert await world.publish(ASKING, yes="Mo") == 2


async def test_the_book_in_force_may_ask_for_it_even_where_the_new_one_no_longer_does(world: World) -> None:
    await world.publish(ASKING, yes="Mo")
    with pytest.raises(Refused, match="second person's yes"):
        await world.publish(WARMEST)
    with pytest.raises(Refused, match="second person's yes"):
        await world.roll_back(1)
    assert await world.roll_back(1, yes="Kim") == 3
    assert await world.publish(WARMEST) == 4


# Rolling back.


async def test_rolling_back_makes_a_new_version_of_an_old_ones_files(world: World) -> None:
    await world.publish(WARMER)
    await world.publish(WARMEST)
    await world.save("# begun\n" + BOOK["en-GB/texts.yaml"], "en-GB/texts.yaml")
    assert await world.roll_back(1) == 4
    assert (await world.shelf.in_force()) == (4, BOOK)
    newest, *older = await world.shelf.versions()
    assert (newest.restores, newest.by, newest.note) == (1, "Ana", "the callers did not like it")
    assert [each.version for each in older] == [3, 2, 1]
    assert [change.after for change in await world.drafts.changes(4)] == [BOOK[GOODBYE]]
    draft = await world.drafts.current()
    assert draft is not None  # what was begun is not lost
    assert draft.files(BOOK).keys() == BOOK.keys()


async def test_rolling_back_to_what_is_said_already_or_was_never_there_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="version 1, in force, already says"):
        await world.roll_back(1)
    with pytest.raises(Refused, match="no version 7"):
        await world.roll_back(7)
    with pytest.raises(Refused, match="Sam is here as agent"):
        await world.roll_back(1, by="Sam")


async def test_an_old_version_comes_back_even_where_the_proof_has_grown_since(world: World) -> None:
    await world.publish(WARMER)
    grown = Fault(Place(GOODBYE), "this was allowed once")
    world.publishing = Publishing(world.shelf, world.drafts, world.roles, lambda files: [grown])
    assert await world.roll_back(1) == 3
    assert world.told[-1].faults == (grown,)


async def test_a_version_that_cannot_be_read_or_has_odd_names_does_not_come_back(
    world: World, database: Database
) -> None:
    from ivr.store.published import insert_version, version_row

    for number, files in ((2, {RULES: "["}), (3, BOOK | {"../x.yaml": ""}), (4, WARMER)):
        row = version_row(number, files, "Ana", "by hand", NINE)
        await database.change(lambda connection, row=row: insert_version(connection, row))
    with pytest.raises(Refused, match="cannot be read"):
        await world.roll_back(2)
    with pytest.raises(Refused, match="may be called"):
        await world.roll_back(3)


# Several at once.


async def test_a_page_published_otherwise_since_its_draft_was_written_is_told_and_not_overwritten(
    world: World, database: Database
) -> None:
    await world.save(WARMER[GOODBYE])
    await world.shelf.publish(WARMEST, "Mo", "mine", at=NINE)
    with pytest.raises(Overtaken, match=r"goodbye\.yaml was changed by Mo .* in version 2") as refused:
        await world.publish()
    (clash,) = refused.value.clashes
    assert (clash.base, clash.theirs, clash.mine) == (BOOK[GOODBYE], WARMEST[GOODBYE], WARMER[GOODBYE])


async def test_a_draft_keeps_what_others_published_on_other_pages(world: World) -> None:
    await world.save(WARMER[GOODBYE])
    longer = BOOK | {"en-GB/texts.yaml": "# ours\n" + BOOK["en-GB/texts.yaml"]}
    await world.shelf.publish(longer, "Mo", "a comment", at=NINE)
    assert await world.publish() == 3
    assert (await world.shelf.in_force())[1] == longer | {GOODBYE: WARMER[GOODBYE]}


async def test_a_page_saved_while_the_draft_is_being_proved_is_not_published_unseen(world: World) -> None:
    await world.save(WARMER[GOODBYE])
    loop = asyncio.get_running_loop()

    async def meanwhile(files: Mapping[str, str]) -> list[Fault]:
        await world.save(WARMEST[GOODBYE], by="Mo")
        return []

    def prove(files: Mapping[str, str]) -> list[Fault]:
        return asyncio.run_coroutine_threadsafe(meanwhile(files), loop).result(20)

    world.publishing = Publishing(world.shelf, world.drafts, world.roles, prove)
    with pytest.raises(Refused, match="changed while it was being proved"):
        await world.publish()
    assert len(await world.shelf.versions()) == 1


async def test_two_who_publish_at_once_get_two_versions_and_the_second_is_judged_against_the_first(
    world: World, database_url: str
) -> None:
    database = Database(database_url, timeout=10.0)
    database.start()
    other = World(database)
    numbers = await asyncio.gather(world.publish(WARMER), other.publish(WARMEST, by="Mo"))
    assert sorted(numbers) == [2, 3]
    second = (world, other)[numbers.index(3)].told[-1]
    assert second.over == 2
    both = [await world.shelf.files(number) for number in numbers]
    assert both == [WARMER, WARMEST]
    database.stop()


async def test_of_two_who_publish_one_draft_at_once_one_is_told_it_is_gone(
    world: World, database_url: str
) -> None:
    await world.save(WARMER[GOODBYE])
    database = Database(database_url, timeout=10.0)
    database.start()
    other = World(database)
    done = await asyncio.gather(world.publish(), other.publish(by="Mo"), return_exceptions=True)
    assert sorted(str(each) for each in done if isinstance(each, int)) == ["2"]
    assert sum(isinstance(each, Refused) for each in done) == 1
    assert len(await world.shelf.versions()) == 2
    database.stop()

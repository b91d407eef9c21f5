"""The draft: pages saved one by one, nothing overwritten, and a log of who did what."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import pytest

from ivr.store.database import Database
from ivr.store.drafts import DraftClash, DraftError, Drafts
from ivr.store.published import page_digest
from ivr.store.shelf import Moved, Shelf
from tests.store.cast import NINE
from tests.store.test_shelf import FILES

GOODBYE = "en-GB/goodbye.yaml"
WARMER = "- entry: usual\n  say: |\n    Take care. Goodbye.\n"
WARMEST = "- entry: usual\n  say: |\n    Take good care. Goodbye.\n"
VOICES = "en-GB:\n  voice: Polly.Emma\n"


@pytest.fixture
async def drafts(database: Database, shelf: Shelf) -> Drafts:
    await shelf.keep_first(FILES, "serve", "the first book", at=NINE)
    return Drafts(database)


async def save(
    drafts: Drafts, text: str | None, *, by: str = "Ana", path: str = GOODBYE, on: str = ""
) -> str:
    based_on = on or (await drafts.open(path)).digest
    return await drafts.save(path, text, based_on=based_on, by=by, reason=f"{by} likes it so", at=NINE)


async def test_there_is_no_draft_until_a_page_is_saved(drafts: Drafts) -> None:
    assert await drafts.current() is None
    opened = await drafts.open(GOODBYE)
    assert (opened.text, opened.published, opened.by) == (FILES[GOODBYE], FILES[GOODBYE], None)
    await save(drafts, WARMER)
    draft = await drafts.current()
    assert draft is not None
    assert (draft.base, draft.by, draft.begun_at, list(draft.pages)) == (1, "Ana", NINE, [GOODBYE])
    assert draft.files(FILES) == FILES | {GOODBYE: WARMER}
    opened = await drafts.open(GOODBYE)
    assert (opened.text, opened.published, opened.by) == (WARMER, FILES[GOODBYE], "Ana")


async def test_a_page_that_changed_meanwhile_is_not_overwritten_and_both_are_told_apart(
    drafts: Drafts,
) -> None:
    begun = (await drafts.open(GOODBYE)).digest
    await save(drafts, WARMER, by="Ana")
    with pytest.raises(
        DraftClash, match=r"goodbye\.yaml was changed by Ana at .* nothing was overwritten"
    ) as refused:
        await save(drafts, WARMEST, by="Mo", on=begun)
    (clash,) = refused.value.clashes
    assert (clash.by, clash.at, clash.version) == ("Ana", NINE, None)
    assert (clash.base, clash.theirs, clash.mine) == (FILES[GOODBYE], WARMER, WARMEST)
    assert (await drafts.open(GOODBYE)).text == WARMER
    await save(drafts, WARMEST, by="Mo")  # having seen Ana's
    assert (await drafts.open(GOODBYE)).by == "Mo"


async def test_of_two_who_save_the_same_page_at_once_one_is_told(database_url: str, drafts: Drafts) -> None:
    begun = (await drafts.open(GOODBYE)).digest
    other = Database(database_url, timeout=10.0)
    other.start()
    both = [
        save(drafts, WARMER, by="Ana", on=begun),
        save(Drafts(other), WARMEST, by="Mo", on=begun),
    ]
    told = [
        each for each in await asyncio.gather(*both, return_exceptions=True) if isinstance(each, Exception)
    ]
    assert [type(each) for each in told] == [DraftClash]
    assert len(await drafts.changes()) == 1
    other.stop()


async def test_different_pages_of_one_draft_never_stand_in_each_others_way(
    database_url: str, drafts: Drafts
) -> None:
    other = Database(database_url, timeout=10.0)
    other.start()
    pages = [f"en-GB/{name}.yaml" for name in ("opening", "apology", "question", "waiting")]
    both = (drafts, Drafts(other))
    await asyncio.gather(
        *(save(both[n % 2], f"# {n}\n", by=f"{n}", path=path) for n, path in enumerate(pages))
    )
    draft = await drafts.current()
    assert draft is not None
    assert {path: page.text for path, page in draft.pages.items()} == {
        path: f"# {n}\n" for n, path in enumerate(pages)
    }
    other.stop()


async def test_who_changed_what_and_why_is_kept_with_the_version_it_went_into(
    shelf: Shelf, drafts: Drafts
) -> None:
    await save(drafts, WARMER, by="Ana")
    await save(drafts, WARMEST, by="Mo")
    await save(drafts, VOICES, by="Ana", path="voices.yaml")
    await drafts.discard("voices.yaml", by="Mo", reason="not hers to change", at=NINE + timedelta(hours=1))
    draft = await drafts.current()
    assert draft is not None
    assert await shelf.publish(draft.files(FILES), "Mo", "warmer", at=NINE, draft=draft) == 2
    assert await drafts.current() is None
    assert await drafts.changes() == []
    log = await drafts.changes(2)
    assert [(each.by, each.path, each.before, each.after) for each in log] == [
        ("Ana", GOODBYE, FILES[GOODBYE], WARMER),
        ("Mo", GOODBYE, WARMER, WARMEST),
        ("Ana", "voices.yaml", FILES["voices.yaml"], VOICES),
        ("Mo", "voices.yaml", VOICES, FILES["voices.yaml"]),
    ]
    assert [each.reason for each in log][-1] == "not hers to change"
    assert log[-1].at == NINE + timedelta(hours=1)


async def test_a_draft_whose_every_change_was_taken_back_is_none(drafts: Drafts) -> None:
    await save(drafts, WARMER)
    await save(drafts, None, path="voices.yaml")
    assert await drafts.discard(None, by="Ana", reason="another day", at=NINE) == [GOODBYE, "voices.yaml"]
    assert await drafts.current() is None
    await save(drafts, WARMER)
    await save(drafts, FILES[GOODBYE])
    assert await drafts.current() is None
    with pytest.raises(DraftError, match="no draft"):
        await drafts.discard(None, by="Ana", reason="again", at=NINE)


async def test_a_page_not_changed_cannot_be_taken_back(drafts: Drafts) -> None:
    await save(drafts, WARMER)
    with pytest.raises(DraftError, match=r"does not change voices\.yaml"):
        await drafts.discard("voices.yaml", by="Ana", reason="", at=NINE)


async def test_saving_what_is_there_already_is_no_change(drafts: Drafts) -> None:
    await save(drafts, FILES[GOODBYE])
    assert await drafts.current() is None
    await save(drafts, WARMER)
    await save(drafts, WARMER)
    assert len(await drafts.changes()) == 1


async def test_a_page_published_otherwise_since_is_not_published_over(shelf: Shelf, drafts: Drafts) -> None:
    mine = await save(drafts, WARMER, by="Ana")
    await shelf.publish(FILES | {GOODBYE: WARMEST}, "Mo", "mine is better", at=NINE)
    draft = await drafts.current()
    assert draft is not None
    (clash,) = await shelf.clashes(draft)
    assert (clash.by, clash.version, clash.base, clash.theirs, clash.mine) == (
        "Mo", 2, FILES[GOODBYE], WARMEST, WARMER,
    )  # fmt: skip
    assert (await drafts.open(GOODBYE)).overtaken
    with pytest.raises(DraftClash, match=r"Mo .* in version 2"):
        await save(drafts, WARMER + "# and more\n", by="Ana", on=mine)
    await save(drafts, WARMER + "# and more\n", by="Ana")  # having seen version 2
    draft = await drafts.current()
    assert draft is not None
    assert await shelf.clashes(draft) == []


async def test_a_page_that_another_published_in_the_same_words_is_no_clash(
    shelf: Shelf, drafts: Drafts
) -> None:
    await save(drafts, WARMER, by="Ana")
    await shelf.publish(FILES | {GOODBYE: WARMER}, "Mo", "as Ana has it", at=NINE)
    draft = await drafts.current()
    assert draft is not None
    assert await shelf.clashes(draft) == []
    assert not (await drafts.open(GOODBYE)).overtaken


async def test_a_page_taken_out_and_a_page_put_in_are_changes_too(drafts: Drafts) -> None:
    await save(drafts, None)
    await save(drafts, "[]\n", path="en-GB/opening.yaml")
    draft = await drafts.current()
    assert draft is not None
    assert draft.files(FILES) == {k: v for k, v in FILES.items() if k != GOODBYE} | {
        "en-GB/opening.yaml": "[]\n"
    }


@pytest.mark.parametrize(
    "path", ["../rules.yaml", "/etc/rules.yaml", "en-GB/../../x.yaml", "C:x.yaml", "a\\b.yaml", "rules.yml", "", ".x.yaml", "a/b/c/d/e.yaml", "caf\u00e9.yaml", "x\n.yaml"]
)  # fmt: skip
async def test_a_name_that_no_page_may_have_is_refused(drafts: Drafts, path: str) -> None:
    with pytest.raises(DraftError, match="may be called"):
        await drafts.save(path, "x", based_on="", by="Ana", reason="", at=NINE)
    with pytest.raises(DraftError, match="may be called"):
        await drafts.take(FILES | {path: "x"}, base=None, by="Ana", reason="", at=NINE)


@pytest.mark.parametrize(
    ("text", "told"), [("x" * 1_000_001, "1,000,001 bytes"), ("\ud800", "half a character")]
)
async def test_a_text_that_no_page_may_have_is_refused(drafts: Drafts, text: str, told: str) -> None:
    with pytest.raises(DraftError, match=told):
        await save(drafts, text)


async def test_odd_characters_come_back_as_they_were(drafts: Drafts) -> None:
    odd = "# nul \x00, \U0001f600 and a\r\nline of Windows's\r\n"
    await save(drafts, odd)
    assert (await drafts.open(GOODBYE)).text == odd


# A whole folder.


async def take(
    drafts: Drafts, files: Mapping[str, str], *, by: str, base: int | None = None, replace: bool = False
) -> tuple[list[str], list[str]]:
    taken, left = await drafts.take(files, base=base, by=by, reason="from a folder", at=NINE, replace=replace)
    return taken, [page.path for page in left]


async def test_a_folder_changes_what_differs_and_leaves_others_pages(drafts: Drafts) -> None:
    await save(drafts, VOICES, by="Mo", path="voices.yaml")
    assert await take(drafts, FILES | {GOODBYE: WARMER}, by="Ana") == ([GOODBYE], ["voices.yaml"])
    draft = await drafts.current()
    assert draft is not None
    assert {path: page.by for path, page in draft.pages.items()} == {GOODBYE: "Ana", "voices.yaml": "Mo"}


async def test_a_folder_does_not_overwrite_somebody_elses_page_unless_told_to(drafts: Drafts) -> None:
    await save(drafts, WARMER, by="Mo")
    with pytest.raises(DraftClash, match="changed by Mo") as refused:
        await take(drafts, FILES | {GOODBYE: WARMEST, "voices.yaml": VOICES}, by="Ana")
    assert [clash.theirs for clash in refused.value.clashes] == [WARMER]
    assert (await drafts.open("voices.yaml")).text == FILES["voices.yaml"]
    await take(drafts, FILES | {GOODBYE: WARMEST}, by="Ana", replace=True)
    assert [(each.by, each.after) for each in await drafts.changes()] == [("Mo", WARMER), ("Ana", WARMEST)]


async def test_ones_own_folder_may_be_taken_again_and_again(drafts: Drafts) -> None:
    await take(drafts, FILES | {GOODBYE: WARMER, "voices.yaml": VOICES}, by="Ana")
    assert await take(drafts, FILES | {GOODBYE: WARMEST}, by="Ana") == ([GOODBYE, "voices.yaml"], [])
    draft = await drafts.current()
    assert draft is not None
    assert draft.files(FILES) == FILES | {GOODBYE: WARMEST}
    assert await take(drafts, FILES, by="Ana") == ([GOODBYE], [])
    assert await drafts.current() is None


async def test_a_folder_of_an_older_version_does_not_undo_what_was_published_since(
    shelf: Shelf, drafts: Drafts
) -> None:
    await shelf.publish(FILES | {"voices.yaml": VOICES}, "Mo", "another voice", at=NINE)
    assert await take(drafts, FILES | {GOODBYE: WARMER}, by="Ana", base=1) == ([GOODBYE], [])
    draft = await drafts.current()
    assert draft is not None
    assert draft.files((await shelf.in_force())[1]) == FILES | {"voices.yaml": VOICES, GOODBYE: WARMER}
    with pytest.raises(DraftClash, match=r"voices\.yaml was changed by Mo at .* in version 2"):
        await take(drafts, FILES | {"voices.yaml": "en-GB:\n  voice: Polly.Brian\n"}, by="Ana", base=1)
    with pytest.raises(DraftError, match="no version 9"):
        await take(drafts, FILES, by="Ana", base=9)


async def test_ones_own_page_that_was_published_otherwise_since_is_told_until_one_says_it_was_seen(
    shelf: Shelf, drafts: Drafts
) -> None:
    mine = FILES | {GOODBYE: WARMER}
    await take(drafts, mine, by="Ana", base=1)
    await shelf.publish(FILES | {GOODBYE: WARMEST}, "Mo", "mine", at=NINE)
    for base in (None, 1):
        with pytest.raises(DraftClash, match=r"goodbye\.yaml was changed by Mo .* in version 2") as refused:
            await take(drafts, mine, by="Ana", base=base)
        assert refused.value.clashes[0].base == FILES[GOODBYE]
    assert await take(drafts, mine, by="Ana", base=2) == ([GOODBYE], [])
    draft = await drafts.current()
    assert draft is not None
    assert await shelf.clashes(draft) == []
    assert draft.pages[GOODBYE].text == WARMER


async def test_a_draft_that_moved_is_not_published(shelf: Shelf, drafts: Drafts) -> None:
    await save(drafts, WARMER, by="Ana")
    draft = await drafts.current()
    assert draft is not None
    await save(drafts, WARMEST, by="Mo")
    with pytest.raises(Moved, match="draft"):
        await shelf.publish(draft.files(FILES), "Ana", "warmer", at=NINE, draft=draft)
    await shelf.publish(FILES | {"voices.yaml": VOICES}, "Mo", "another voice", at=NINE)
    with pytest.raises(Moved, match="version 2"):
        await shelf.publish(draft.files(FILES), "Ana", "warmer", at=NINE, over=1)
    assert len(await shelf.versions()) == 2


async def test_the_digest_of_no_page_is_blank(drafts: Drafts) -> None:
    assert (await drafts.open("en-GB/opening.yaml")).digest == page_digest(None) == ""

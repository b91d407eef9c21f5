"""What differs between two books, and between three texts of one page."""

from hypothesis import given
from hypothesis import strategies as st

from ivr.book.difference import Line, difference, three_way

PAGE = """\
- aim: They leave feeling known.

# Holidays first.
- entry: going on holiday
  when: gift.kind is holiday
  note: Never without its preposition.
  say: |
    Safe travels, and a happy time. Thank you for calling.
    Thank you for calling. A very happy holiday to you.

- entry: usual
  say: |
    Thank you for calling. Goodbye.
    Goodbye, and take care.
    Thanks for ringing us.

- entry: last
  say: |
    Goodbye.
"""
PATH = "en-GB/goodbye.yaml"


def changed(old: str, new: str) -> object:
    assert old in PAGE
    (page,) = difference({PATH: PAGE}, {PATH: PAGE.replace(old, new)}).pages
    return page


def test_a_book_does_not_differ_from_itself() -> None:
    assert difference({PATH: PAGE}, {PATH: PAGE}).pages == ()


def test_a_line_that_was_softened_stands_beside_what_it_was() -> None:
    page = changed("Goodbye, and take care.", "Goodbye, and do take care.")
    assert page.change == "changed"  # type: ignore[attr-defined]
    (entry,) = page.entries  # type: ignore[attr-defined]
    assert (entry.name, entry.change, entry.moved, entry.settings) == ("usual", "changed", False, ())
    assert entry.variants == (Line("Goodbye, and take care.", "Goodbye, and do take care."),)
    assert entry.variants[0].change == "changed"


def test_lines_added_removed_and_put_elsewhere_are_told_apart() -> None:
    page = changed(
        "    Thank you for calling. Goodbye.\n    Goodbye, and take care.\n",
        "    Goodbye, and take care.\n    Mind how you go.\n    Thank you for calling. Goodbye.\n",
    )
    (entry,) = page.entries  # type: ignore[attr-defined]
    assert sorted((line.change, line.after or line.before) for line in entry.variants) in (
        [("added", "Mind how you go."), ("moved", "Goodbye, and take care.")],
        [("added", "Mind how you go."), ("moved", "Thank you for calling. Goodbye.")],
    )
    page = changed("    Thanks for ringing us.\n", "")
    assert page.entries[0].variants == (Line("Thanks for ringing us.", None),)  # type: ignore[attr-defined]


def test_a_condition_a_note_and_the_aim_are_settings_with_both_their_words() -> None:
    page = changed("gift.kind is holiday\n  note: Never without its preposition.", "gift.kind is journey")
    (entry,) = page.entries  # type: ignore[attr-defined]
    assert entry.settings == (
        ("when", "gift.kind is holiday", "gift.kind is journey"),
        ("note", "Never without its preposition.", None),
    )
    page = changed("feeling known", "feeling free")
    (entry,) = page.entries  # type: ignore[attr-defined]
    assert entry.settings == (("aim", "They leave feeling known.", "They leave feeling free."),)


def test_entries_added_removed_and_moved_are_each_told_once() -> None:
    last = "- entry: last\n  say: |\n    Goodbye.\n"
    moved = PAGE.replace(last, "").replace("- entry: usual", last + "\n- entry: usual")
    (page,) = difference({PATH: PAGE}, {PATH: moved}).pages
    assert [(entry.name, entry.change) for entry in page.entries] == [("last", "moved")]
    found = difference({PATH: PAGE}, {PATH: PAGE.replace("- entry: last", "- entry: at last")})
    assert [(entry.name, entry.change) for entry in found.pages[0].entries] == [
        ("at last", "added"),
        ("last", "removed"),
    ]
    assert (found.count("entries", "added"), found.count("entries", "removed")) == (1, 1)
    assert found.count("pages", "changed") == 1


def test_a_comment_and_a_blank_line_are_told_as_lines() -> None:
    assert changed("# Holidays first.", "# Journeys first.").lines == (  # type: ignore[attr-defined]
        Line("# Holidays first.", "# Journeys first."),
    )
    assert changed("\n\n- entry: last", "\n\n\n- entry: last").lines == (Line(None, ""),)  # type: ignore[attr-defined]


def test_what_is_no_page_or_cannot_be_read_is_compared_line_by_line() -> None:
    found = difference({"rules.yaml": "a: 1\nb: 2\n"}, {"rules.yaml": "a: 1\nb: 3\n", "x.yaml": "["})
    assert [(page.path, page.change) for page in found.pages] == [
        ("rules.yaml", "changed"),
        ("x.yaml", "added"),
    ]
    assert sum(line.after == "b: 3" for line in found.pages[0].lines) == 1
    assert found.pages[1].lines == (Line(None, "["),)
    page = changed("- entry: last", "- entry: usual")
    assert page.entries == ()  # type: ignore[attr-defined]
    assert Line("- entry: last", "- entry: usual") in page.lines or len(page.lines) == 2  # type: ignore[attr-defined]


TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n", "e"]), max_size=8).map("".join)


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_of_three_texts_is_lost_and_each_stands_in_its_place(
    base: str, theirs: str, mine: str
) -> None:
    regions = three_way(base, theirs, mine)
    assert "".join(line for region in regions for line in region.base) == base
    assert "".join(line for region in regions for line in region.theirs) == theirs
    assert "".join(line for region in regions for line in region.mine) == mine
    for region in regions:
        same = {
            "same": region.base == region.theirs == region.mine,
            "theirs": region.base == region.mine != region.theirs,
            "mine": region.base == region.theirs != region.mine,
            "both": region.theirs == region.mine != region.base,
            "clash": len({region.base, region.theirs, region.mine}) == 3,
        }
        assert same[region.kind], region


def test_what_only_one_of_two_changed_is_no_clash() -> None:
    kinds = [region.kind for region in three_way("a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nc\nD\n")]
    assert kinds == ["same", "theirs", "same", "mine"]
    assert [region.kind for region in three_way("a\n", "b\n", "c\n")] == ["clash"]


FILES = st.dictionaries(st.sampled_from([PATH, "rules.yaml"]), st.text(max_size=60), max_size=2)


@given(FILES, FILES)
def test_whatever_the_files_hold_every_one_that_differs_is_told_and_no_other(
    before: dict[str, str], after: dict[str, str]
) -> None:
    told = {page.path: page for page in difference(before, after).pages}
    assert told.keys() == {path for path in {*before, *after} if before.get(path) != after.get(path)}

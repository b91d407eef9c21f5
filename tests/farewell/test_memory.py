"""Words that were heard count as heard wherever they stand, in whichever version of the book."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.book import Book
from ivr.calls.wrapup import Wrapup
from tests.farewell.generated import situation, texts_of
from tests.farewell.small_book import book_with

WORDS = [f"Goodbye number {number}." for number in range(11)]  # one more than are remembered
RESOLVED = situation(Wrapup(name="Ana", resolved=True))
FITS = ("", "  when: call.resolved\n", "  when: caller.name known\n", "  tone: any\n")


@st.composite
def versions(draw: st.DrawFn) -> Book:
    """The same words, in any order, parted into any entries that all fit the call."""
    words = draw(st.permutations(WORDS))
    cuts = sorted(draw(st.sets(st.integers(1, len(words) - 1), max_size=5)))
    entries = []
    for number, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(words)], strict=True)):
        name, fits = draw(st.sampled_from(("a", "b", "c"))) + str(number), draw(st.sampled_from(FITS))
        said = "".join(f"    {line}\n" for line in words[start:end])
        entries.append(f"- entry: {name}\n{fits}  say: |\n{said}")
    return book_with(goodbye="\n".join(entries))


@settings(max_examples=60, deadline=None)
@given(st.lists(versions(), min_size=1, max_size=3), st.lists(st.integers(0, 2), min_size=12, max_size=25))
def test_ten_calls_never_end_twice_in_the_same_words_whatever_is_published_and_rolled_back(
    books: list[Book], in_force: list[int]
):
    heard: list[str] = []
    told: list[str] = []
    for number, version in enumerate(in_force):
        book = books[version % len(books)]
        of = replace(RESOLVED, story=replace(RESOLVED.story, call=f"CA{number}"))
        farewell = of.farewell(book, heard_before={"goodbye": heard[:10]})
        (words,) = texts_of(farewell, "goodbye")
        assert words not in told[-10:]
        told.append(words)
        goodbye = farewell.moment("goodbye")
        assert goodbye is not None
        heard.insert(0, goodbye.lines[0].variant)

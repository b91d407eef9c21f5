"""Which words are spoken."""

from collections.abc import Sequence
from datetime import date

from ivr.book.book import Book
from ivr.book.spoken import Value
from ivr.calls.wrapup import Gift, Step, Wrapup
from ivr.farewell.composer import say
from tests.farewell.generated import LOCALE, situation, texts_of, wait_of
from tests.farewell.small_book import book_with

TODAY: dict[str, Value] = {"day.date": date(2026, 11, 21)}


def goodbye(
    book: Book, heard: Sequence[str] = (), call: str = "CA1", tone: str = "plain", **facts: Value
) -> tuple[str, str]:
    """The words and the variant."""
    known = TODAY | {name.replace("_", ".", 1): value for name, value in facts.items()}
    line = say(book, LOCALE, "goodbye", "", known, call=call, tone=tone, heard_before=heard)
    return (line.text, line.variant) if line else ("", "")


def test_the_first_entry_that_fits_is_spoken():
    book = book_with(
        goodbye="""
- entry: one
  when: caller.name is bea
  say: |
    One.

- entry: two
  tone: sober
  say: |
    Two.

- entry: three
  say: |
    Three.
"""
    )
    assert goodbye(book, caller_name="Ana")[0] == "Three."
    assert goodbye(book, caller_name="Bea")[0] == "One."
    assert goodbye(book, tone="sober")[0] == "Two."
    assert goodbye(book, tone="gentle")[0] == ""


def test_words_that_name_an_unknown_fact_are_passed_over():
    book = book_with(
        goodbye="""
- entry: one
  say: |
    Bye, {{ caller.name }}.

- entry: two
  say: |
    Bye.
"""
    )
    assert goodbye(book)[0] == "Bye."
    assert goodbye(book, caller_name="Ana")[0] == "Bye, Ana."


def test_words_that_leave_out_the_detail_lose_to_sisters_that_say_it():
    book = book_with(
        goodbye="""
- entry: one
  say: |
    Enjoy it.
    Enjoy it all.
    Enjoy {{ gift.detail }}.
"""
    )
    assert {goodbye(book, call=f"CA{n}", gift_detail="Tobago")[0] for n in range(20)} == {"Enjoy Tobago."}
    assert {goodbye(book, call=f"CA{n}")[0] for n in range(20)} == {"Enjoy it.", "Enjoy it all."}


def test_the_words_heard_least_recently_come_first():
    book = book_with(goodbye="- entry: one\n  say: |\n    One.\n    Two.\n    Three.\n")
    heard: list[str] = []
    said: list[str] = []
    for number in range(9):
        words, variant = goodbye(book, heard, call=f"CA{number}")
        said.append(words)
        heard = [variant, *heard][:10]
    assert set(said[:3]) == {"One.", "Two.", "Three."}
    assert said[3:6] == said[:3]
    assert said[6:] == said[:3]


TWO = """
- entry: for Ana
  tone: any
  when: caller.name known
  say: |
    Bye, {{ caller.name }}.

- entry: for anybody
  tone: any
  say: |
    Bye.

- entry: for nobody
  tone: any
  say: |
    [silence]
"""


def test_the_next_entry_that_fits_is_tried_before_words_repeat():
    book = book_with(goodbye=TWO)
    first, one = goodbye(book, caller_name="Ana")
    second, two = goodbye(book, [one], caller_name="Ana")
    assert (first, second) == ("Bye, Ana.", "Bye.")
    assert goodbye(book, [two, one], caller_name="Ana")[0] == "Bye, Ana."


def test_on_a_gentle_call_the_right_words_are_said_again():
    book = book_with(goodbye=TWO)
    _, one = goodbye(book, caller_name="Ana", tone="gentle")
    assert goodbye(book, [one], caller_name="Ana", tone="gentle")[0] == "Bye, Ana."


def test_variety_never_costs_what_the_caller_needs():
    book = book_with(
        goodbye="""
- entry: one
  say: |
    Enjoy {{ gift.detail }}.

- entry: two
  say: |
    Enjoy it.
"""
    )
    _, one = goodbye(book, gift_detail="Tobago")
    assert goodbye(book, [one], gift_detail="Tobago")[0] == "Enjoy Tobago."


def test_where_each_entry_says_something_of_its_own_words_repeat_rather_than_stray():
    book = book_with(
        next_steps="""
- entry: first
  part: ours
  when: step.first
  say: |
    We will {{ step.what }}.

- entry: also
  part: ours
  say: |
    We will also {{ step.what }}.
"""
    )
    told = situation(Wrapup(steps=(Step(who="us", what="ring you"),)))
    first = told.farewell(book)
    again = told.farewell(
        book, heard_before={"next_steps": [line.variant for m in first.moments for line in m.lines]}
    )
    assert texts_of(again, "next_steps") == texts_of(first, "next_steps") == ["We will ring you."]


def test_a_silence_is_chosen_and_is_no_gap():
    book = book_with(opening="- entry: quiet\n  tone: any\n  say: |\n    [silence]\n")
    farewell = situation().farewell(book)
    assert farewell.moment("opening") is None
    assert "opening" not in farewell.left_out


def test_what_sells_is_kept_from_those_who_had_trouble():
    book = book_with(
        goodbye="- entry: sale\n  tone: any\n  offer: true\n  say: |\n    Buy.\n\n- entry: bye\n  tone: any\n  say: |\n    Bye.\n"
    )
    assert goodbye(book)[0] == "Buy."
    assert goodbye(book, call_resolved=True, call_trouble=False)[0] == "Buy."
    assert goodbye(book, call_trouble=True)[0] == "Bye."
    assert goodbye(book, call_resolved=False)[0] == "Bye."
    assert goodbye(book, tone="sober")[0] == goodbye(book, tone="gentle")[0] == "Bye."


def test_a_native_voice_is_needed_where_the_words_ask_for_one():
    words = "- entry: local\n  native_voice: true\n  say: |\n    Ta-ra.\n\n- entry: bye\n  say: |\n    Bye.\n"
    at_home = book_with(goodbye=words)
    abroad = book_with(
        goodbye=words, voices="en-GB: {voice: Polly.Joanna-Neural, language: en-GB, native_of: en-US}\n"
    )
    assert goodbye(at_home)[0] == "Ta-ra."
    assert goodbye(abroad)[0] == "Bye."


def test_a_promise_is_spoken_only_when_it_was_agreed_and_can_be_kept():
    book = book_with(
        goodbye="""
- entry: one
  say: |
    A text is coming. [promise text_note]
    We ring you. [promise call_back]

- entry: two
  say: |
    Bye.
"""
    )
    wrapup = Wrapup(text_note=True, steps=(Step(who="us", what="ring you"),))
    assert texts_of(situation(wrapup, textable=True).farewell(book), "goodbye") == ["A text is coming."]
    assert texts_of(situation(wrapup, textable=False).farewell(book), "goodbye") == ["Bye."]
    assert texts_of(situation(Wrapup(), textable=True).farewell(book), "goodbye") == ["Bye."]


def test_the_calls_own_id_settles_ties():
    book = book_with(goodbye="- entry: one\n  say: |\n    One.\n    Two.\n    Three.\n")
    assert {goodbye(book, call=f"CA{n}")[0] for n in range(40)} == {"One.", "Two.", "Three."}
    assert goodbye(book, call="CA7") == goodbye(book, call="CA7")


def test_words_that_cannot_be_said_make_way_for_others():
    long = "word " * 700  # more than one <Say> takes
    book = book_with(
        goodbye="- entry: one\n  say: |\n    {{ caller.name }}.\n\n- entry: two\n  say: |\n    Bye.\n"
    )
    assert goodbye(book, caller_name=long)[0] == "Bye."


def test_a_figure_announced_and_kept_to_is_thanked_for_even_when_those_words_were_heard():
    book = book_with()
    told = situation(wait=wait_of(200, told=300))
    first = told.farewell(book)
    heard = {"apology": [line.variant for moment in first.moments for line in moment.lines]}
    assert texts_of(told.farewell(book, heard_before=heard), "apology") == [
        "Thank you for waiting as long as we had said."
    ]


def test_the_american_words_start_from_the_british():
    line = say(book_with(), "en-US", "goodbye", "", TODAY | {"gift.kind": "holiday"}, call="CA1")
    assert line is not None
    assert line.entry == "en-GB/goodbye/holiday"


def test_a_gift_without_its_detail_still_has_words():
    farewell = situation(Wrapup(gifts=(Gift(kind="holiday"),))).farewell(book_with())
    assert texts_of(farewell, "goodbye") == ["Enjoy the holiday."]

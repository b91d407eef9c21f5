"""What a book leaves unsaid: that it is found, found exactly, and that our own pages leave nothing."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.book.book import Book, Entry, read
from ivr.book.vocabulary import BY_NAME, PARTS
from ivr.calls.events import Answered, Arrived, Event, LeftQueue, Pressed, Queued, Spoke
from ivr.calls.story import Story
from ivr.calls.telling import tell
from ivr.calls.waits import Severities, weigh
from ivr.calls.wrapup import GIFTS, TONES, WAYS, WHO, Gift, Step, Wrapup
from ivr.farewell.composer import Means, compose
from ivr.proof import as_plain, proof
from ivr.proof.holes import TooTangled, holes
from ivr.proof.situations import GROUPS, OTHER, UNKNOWN, Asked, tones
from tests.book.small import VOICES, files

PROMPTS = Path(__file__).parents[2] / "prompts"


def own_files() -> dict[str, str]:
    return {str(path.relative_to(PROMPTS)): path.read_text() for path in PROMPTS.rglob("*.yaml")}


def test_the_books_own_pages_pass_their_proof():
    assert not [str(fault) for fault in proof(own_files()) if fault.fault]


def test_every_page_and_part_of_our_own_books_has_words():
    found, _ = read(own_files())
    assert found is not None
    for locale in found.locales:
        for page, parts in PARTS.items():
            for part in parts:
                assert found.entries(locale, page, part), f"{locale} {page} {part}"


# ---- what is found ----


def quiet(page: str) -> str:
    """A page that is silent everywhere."""
    return "".join(
        f"- entry: quiet {part}\n{f'  part: {part}' if part else '  note: x'}\n  tone: any\n  say: |\n    [silence]\n"
        for part in PARTS[page]
    )


def whole(**pages: str) -> dict[str, str]:
    """A book that is silent everywhere but on the pages given."""
    return files(**{page: quiet(page) for page in PARTS} | pages)


def said_of(**pages: str) -> list[str]:
    return [fault.message for fault in proof(whole(**pages)) if fault.fault]


def test_a_book_that_is_silent_everywhere_passes():
    assert proof(whole()) == []


def test_a_page_that_is_missing_is_named_once():
    book = whole(voices=VOICES + "en-JM: {from: en-GB}\n")
    del book["en-GB/goodbye.yaml"]
    assert [fault.message for fault in proof(book)] == ["en-GB has no page goodbye"]


def test_a_part_without_entries_says_nothing_ever():
    page = quiet("question").replace("- entry: quiet nobody\n  part: nobody", "- entry: other\n  part: back")
    assert said_of(question=page) == ["en-GB question nobody, any tone: nothing is said, ever"]


def test_a_situation_without_words_is_told_in_a_sentence():
    page = "- entry: a\n  tone: any\n  say: |\n    Goodbye, {{ caller.name }}.\n"
    page += "- entry: b\n  when: gift.kind is holiday\n  say: |\n    Safe travels.\n"
    assert said_of(goodbye=page) == [
        "en-GB goodbye, tone plain: nothing is said when caller.name is unknown and gift.kind is unknown or not holiday",
        "en-GB goodbye, tone sober or gentle: nothing is said when caller.name is unknown",
    ]


def test_numbers_are_told_as_stretches():
    page = "- entry: a\n  tone: any\n  when: steps.done at least 2\n  say: |\n    All done.\n"
    page += "- entry: b\n  tone: any\n  when: steps.done is 0\n  say: |\n    Goodbye.\n"
    assert said_of(goodbye=page) == ["en-GB goodbye, any tone: nothing is said when steps.done is 1"]


def test_what_cannot_happen_needs_no_words():
    page = "- entry: a\n  tone: any\n  when: severity is long or very_long or extreme\n  say: |\n    Sorry.\n"
    page += "- entry: b\n  tone: any\n  when: severity is slight\n  say: |\n    Thank you for waiting.\n"
    page += "- entry: c\n  when: wait.told known\n  tone: any\n  say: |\n    Thank you.\n"
    assert said_of(apology=page) == [], "no apology is asked for where nobody waited"


def test_a_long_wait_within_what_was_told_is_thanked_by_an_entry_of_its_own():
    page = "- entry: a\n  tone: any\n  say: |\n    Sorry.\n"
    page += "- entry: b\n  tone: any\n  when: severity is slight\n  say: |\n    Thank you for waiting.\n"
    assert said_of(apology=page) == [
        "en-GB apology, any tone: nothing is said when severity is long and wait.told is known"
    ]


def test_a_slight_wait_is_thanked_by_an_entry_of_its_own():
    page = "- entry: a\n  tone: any\n  say: |\n    Sorry.\n- entry: b\n  tone: any\n  when: wait.told known\n"
    page += "  say: |\n    Thank you for waiting as we said.\n"
    assert said_of(apology=page) == ["en-GB apology, any tone: nothing is said when severity is slight"]


def test_what_is_sold_is_not_words_for_somebody_in_trouble():
    page = "- entry: a\n  tone: any\n  offer: true\n  say: |\n    Have you seen our new plans?\n"
    assert said_of(goodbye=page) == [
        "en-GB goodbye, tone plain: nothing is said when call.trouble is yes",
        "en-GB goodbye, tone plain: nothing is said when call.resolved is no",
        "en-GB goodbye, tone sober or gentle: nothing is said, ever",
        "something is sold on sober and gentle calls",
    ]


def test_a_promise_is_words_only_where_it_can_be_kept():
    texted = "- entry: a\n  tone: any\n  say: |\n    We'll text you. [promise text_note]\n"
    assert said_of(goodbye=texted) == ["en-GB goodbye, any tone: nothing is said when texted is no"]
    checked = "- entry: a\n  tone: any\n  say: |\n    We'll look in. [promise check_in]\n"
    assert said_of(goodbye=checked) == ["en-GB goodbye, any tone: nothing is said, ever"]


def test_a_voucher_without_its_code_is_no_words():
    def texts(words: str) -> str:
        rest, _, _ = quiet("texts").partition("- entry: quiet voucher")
        return f"{rest}- entry: voucher\n  part: voucher\n  say: |\n    {words}\n"

    assert said_of(texts=texts("Your voucher is coming.")) == ["en-GB texts voucher: nothing is said, ever"]
    assert said_of(texts=texts("Your code is {{ voucher.code }}.")) == []


def test_a_reference_has_words_for_both_when_it_is_texted_and_when_it_is_not():
    once, twice = (
        "{{ step.reference | spell }}",
        "{{ step.reference | spell }} {{ step.reference | spell | slowly }}",
    )
    page = quiet("next_steps").replace(
        "- entry: quiet reference\n  part: reference\n  tone: any\n  say: |\n    [silence]", "{}"
    )
    for words, hole in ((once, "texted is no"), (twice, "texted is yes")):
        entry = f"- entry: r\n  part: reference\n  tone: any\n  say: |\n    {words}"
        assert said_of(next_steps=page.replace("{}", entry)) == [
            f"en-GB next_steps reference, any tone: nothing is said when {hole}"
        ]


def test_a_queue_that_asks_about_anything_else_needs_words_that_do():
    page = quiet("question").replace("part: ask", "part: ask\n  when: call.reason unknown")
    page += "- entry: b\n  part: ask\n  tone: any\n  when: call.reason known\n  say: |\n    Is the parcel all right now?\n"
    rules = "timezone: Europe/London\nlocale: en-GB\nqueues:\n  default: {question: anything_else}\n"
    assert said_of(question=page) == []
    assert said_of(question=page, rules=rules) == [
        "en-GB question ask, tone plain or sober: nothing is said, ever, in a queue that asks about anything else"
    ]


@pytest.mark.parametrize("part", ["unclear", "misheard", "back", "nobody"])
@pytest.mark.parametrize("known", ["texted", "not texted", "apologised", "steps.count is 0"])
def test_as_a_key_is_answered_nothing_is_known_of_what_was_noted(part: str, known: str):
    page = quiet("question").replace(f"part: {part}", f"part: {part}\n  when: {known}")
    assert said_of(question=page) == [f"en-GB question {part}, any tone: nothing is said, ever"]


def test_a_mishap_is_told_on_a_day_that_nobody_knows():
    page = quiet("mishap").replace("part: mishap", "part: mishap\n  when: day.part is morning", 1)
    page += "- entry: b\n  part: mishap\n  when: day.part is not morning\n  say: |\n    Sorry.\n"
    assert said_of(mishap=page) == ["en-GB mishap mishap: nothing is said when day.part is unknown"]


def test_an_entry_that_can_never_be_reached_is_advice():
    page = "- entry: a\n  tone: sober\n  when: gift.kind is holiday\n  say: |\n    Safe travels.\n" + quiet(
        "goodbye"
    )
    (found,) = [fault for fault in proof(whole(goodbye=page)) if "can never be reached" in fault.message]
    assert (found.fault, found.place.line) == (False, 1)


def test_words_that_can_never_be_used_are_advice():
    page = quiet("next_steps").replace("[silence]", "Next, {{ step.what }}.\n    Next.", 1)
    (found,) = [fault for fault in proof(whole(next_steps=page)) if "can never be used" in fault.message]
    assert not found.fault


def test_a_fault_of_the_reader_is_told_with_the_others():
    page = "- entry: a\n  tone: any\n  say: |\n    Goodbye, {{ caller.nam }}.\n    Goodbye.\n"
    (found,) = [fault for fault in proof(whole(goodbye=page)) if fault.fault]
    assert as_plain(found) == {
        "file": "en-GB/goodbye.yaml", "line": 4, "column": 17, "message": "no fact is called “caller.nam”",
        "hint": "did you mean “caller.name”?", "fault": True,
    }  # fmt: skip


def test_a_locale_that_takes_a_page_over_is_not_told_again():
    page = "- entry: a\n  say: |\n    Goodbye.\n"
    once = said_of(goodbye=page)
    assert said_of(goodbye=page, voices=VOICES + "en-JM: {from: en-GB}\n") == once
    changed = said_of(goodbye=page, voices=VOICES + "en-JM: {from: en-GB}\n", en_JM_goodbye=page)
    assert changed == [*once, *(message.replace("en-GB", "en-JM") for message in once)]


def test_a_page_too_tangled_to_prove_is_a_sentence():
    facts = ("wait.seconds", "wait.queue", "wait.hold", "wait.earlier")
    page = "".join(
        f"- entry: e{number}\n  tone: any\n  when: |\n"
        + "".join(f"    {fact} at least {number * 7 + rank}\n" for rank, fact in enumerate(facts))
        + "  say: |\n    Goodbye.\n"
        for number in range(40)
    )
    assert said_of(goodbye=page)


# ---- that it is found exactly ----

_CONDITIONS = {
    "goodbye": (
        "gift.kind is holiday", "gift.kind is not holiday or match", "gift.kind unknown", "gift.detail known",
        "gift.kind is loss or illness", "call.resolved", "not call.resolved", "call.resolved unknown",
        "caller.name known", "caller.name unknown", "texted", "not textable", "call.queue is billing",
        "call.queue is not billing",
    ),
    "apology": (
        "severity is long", "severity is slight", "severity is not extreme", "wait.hold known", "wait.mostly is hold",
        "wait.mostly is queue or earlier", "wait.told known", "wait.told unknown", "wait.seconds at least 400",
        "wait.queue at most 100", "wait.earlier unknown", "caller.name known",
    ),
    "ours": (
        "step.by known", "step.to unknown", "step.first", "not step.last", "steps.ours at least 2", "steps.count is 1",
        "steps.theirs at most 0", "steps.done is 0", "texted", "textable", "steps.references at least 1",
    ),
    "reference": ("texted", "not texted", "steps.references at least 2", "step.by known", "step.who is us", "step.first"),
    "waiting": ("wait.told known", "wait.told at least 300", "textable", "line.hours known", "severity is unknown"),
}  # fmt: skip
_WORDS = {
    "goodbye": ("Bye.", "{{ caller.name }}", "{{ gift.detail }}", "{{ caller.name }} {{ gift.detail }}", "T [promise text_note]"),
    "apology": ("Sorry.", "{{ wait.hold | spoken_wait }}", "{{ caller.name }} {{ wait.told | spoken_wait }}"),
    "ours": ("We act.", "{{ step.by | spoken_date }}", "{{ step.to }} {{ step.by | spoken_date }}"),
    "reference": (
        "{{ step.reference | spell }}", "{{ step.reference | spell }} {{ step.reference | spell | slowly }}",
        "{{ step.reference | spell }} {{ step.by | spoken_date }}",
    ),
    "waiting": ("Wait.", "{{ wait.told | spoken_wait }}", "{{ line.hours }}"),
}  # fmt: skip


@st.composite
def asked_of_a_small_page(draw) -> tuple[Asked, tuple[Entry, ...]]:
    which = draw(st.sampled_from(sorted(_CONDITIONS)))
    page, part = (which, "") if which in ("goodbye", "apology") else ("next_steps", which)
    page, part = ("waiting", "waiting") if which == "waiting" else (page, part)
    pool = draw(st.lists(st.sampled_from(_CONDITIONS[which]), min_size=1, max_size=5, unique=True))
    entry = st.tuples(
        st.lists(st.sampled_from(pool), max_size=3, unique=True),
        st.lists(st.sampled_from(_WORDS[which]), min_size=1, max_size=2, unique=True),
        st.booleans(),
    )
    text = ""
    for number, (conditions, words, offer) in enumerate(draw(st.lists(entry, max_size=5))):
        when = "".join(f"    {line}\n" for line in conditions)
        text += f"- entry: e{number}\n  tone: any\n" + (f"  part: {part}\n" if part else "")
        text += (f"  when: |\n{when}" if when else "") + (
            "  offer: true\n" if offer and which == "goodbye" else ""
        )
        text += "  say: |\n" + "".join(f"    {line}\n" for line in words)
    found, faults = read(files(**{page: text}))
    assert found is not None
    assert not faults, [str(fault) for fault in faults]
    tone = draw(st.sampled_from(tones(page, part)))
    return Asked(page, part, tone, Severities()), found.entries("en-GB", page, part, tone)


@given(asked_of_a_small_page())
@settings(max_examples=100, deadline=None)
def test_the_search_finds_exactly_what_trying_everything_finds(small):
    asked, entries = small
    conditions = [condition for entry in entries for condition in entry.when]
    named = {condition.fact for condition in conditions} | {
        n for e in entries for v in e.variants for n in v.needs
    }
    named |= {"texted", "call.trouble", "call.resolved"} if asked.page == "goodbye" else set()
    named |= {"texted"} if asked.page == "next_steps" else set()
    named |= {"severity", "wait.told"} if asked.page == "apology" else set()
    named |= {name for group in GROUPS if named & set(group) for name in group}
    values = {name: asked.values(name, conditions) for name in sorted(named)}
    unsaid, checked = set(), {}
    for chosen in product(*values.values()):
        situation = dict(zip(values, chosen, strict=True))
        if not _can_be(asked, situation, checked):
            continue
        facts = _facts(situation)
        if not any(_says(asked, entry, facts) for entry in entries):
            unsaid.add(chosen)
    found = holes(asked, entries, most=10_000)
    for hole in found:
        assert any(_inside(hole, dict(zip(values, chosen, strict=True))) for chosen in unsaid)
    told = {
        chosen
        for chosen in product(*values.values())
        if any(_inside(hole, dict(zip(values, chosen, strict=True))) for hole in found)
        and _can_be(asked, dict(zip(values, chosen, strict=True)), checked)
    }
    assert told == unsaid


def _can_be(asked, situation, checked) -> bool:
    for group in GROUPS:
        if group[0] in situation:
            key = tuple(situation[name] for name in group)
            if (group, key) not in checked:
                checked[group, key] = asked.possible(group, dict(zip(group, key, strict=True)))
            if not checked[group, key]:
                return False
    return True


def _facts(situation) -> dict:
    """A situation as the composer would know it."""
    return {
        name: value[0] if BY_NAME[name].type == "number" else value
        for name, value in situation.items()
        if value is not UNKNOWN
    }


def _inside(hole, situation) -> bool:
    return all(situation[name] in narrowed.values for name, narrowed in hole.items())


def _says(asked: Asked, entry: Entry, facts) -> bool:
    """Whether the composer would speak this entry, in its own words."""
    if entry.offer and (
        asked.tone != "plain" or facts.get("call.trouble") is True or facts.get("call.resolved") is False
    ):
        return False
    if asked.page == "apology":
        asks_told = any(c.fact == "wait.told" and c.op != "unknown" for c in entry.when)
        only_slight = any(
            c.fact == "severity" and c.op == "is" and c.values == ("slight",) for c in entry.when
        )
        if facts["severity"] == "long" and "wait.told" in facts and not asks_told:
            return False
        if facts["severity"] == "slight" and not only_slight:
            return False
    if not all(condition.holds(facts) for condition in entry.when):
        return False
    for variant in entry.variants:
        kept = not variant.promises or facts.get("texted") is True
        times = (
            {1: True, 2: False}.get(variant.mentions.get("step.reference", 0))
            if asked.part == "reference"
            else None
        )
        if variant.needs <= facts.keys() and kept and times in (None, facts.get("texted")):
            return True
    return False


@pytest.mark.parametrize("page", PARTS)
def test_every_fact_of_a_page_has_values_there(page):
    for part in PARTS[page]:
        for tone in tones(page, part):
            for fact in BY_NAME.values():
                values = Asked(page, part, tone, Severities()).values(fact.name, ())
                assert values, f"{page} {part} {fact.name}"


def test_a_text_that_no_condition_names_is_one_value():
    assert Asked("goodbye", "", "plain", Severities()).values("call.queue", ()) == (OTHER, UNKNOWN)


def test_a_search_without_end_is_given_up():
    found, _ = read(
        files(
            goodbye="".join(
                f"- entry: e{n}\n  when: |\n    wait.seconds is {n * 3}\n    wait.queue is {n * 5 + 1}\n"
                f"    wait.hold is {n * 7 + 2}\n    wait.earlier is {n * 11 + 3}\n  say: |\n    x\n"
                for n in range(60)
            )
            + "- entry: rest\n  when: severity is unknown\n  say: |\n    x\n"
        )
    )
    assert found is not None
    asked = Asked("goodbye", "", "plain", Severities())
    with pytest.raises(TooTangled):
        holes(asked, found.entries("en-GB", "goodbye", "", "plain"), most=100_000)


# ---- and that the composer agrees ----

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def _some_call(dice: Random) -> tuple[Story, Wrapup, Means]:
    """A call as calls are: waited or not, known or not, with steps and gifts or none."""
    call = f"CA{dice.random()}"
    events: list[Event] = [
        Arrived(call=call, at=NOON, key="a", caller=dice.choice([None, "k"]), verified=dice.random() < 0.5)
    ]
    if dice.random() < 0.9:
        waited = dice.choice([0, 20, 61, 179, 181, 250, 301, 870, 901, 4000])
        queue = dice.choice(["billing", "support", ""])
        events.append(Queued(call=call, at=NOON, key="q", queue=queue))
        until = NOON + timedelta(seconds=waited)
        if dice.random() < 0.15:  # asks to be rung back
            events.append(Pressed(call=call, at=until, key="p", digit="1", moment="call_back"))
            events.append(LeftQueue(call=call, at=until, key="l", result="leave", waited=waited))
        else:
            events.append(Answered(call=call, at=until, key="b", waited=waited, source="bridging"))
    if dice.random() < 0.5:
        events.append(Spoke(call=call, at=NOON, key="t", moment="told", told=dice.choice([300, 600])))
    steps = tuple(
        Step(
            who=dice.choice(WHO),
            what="send the form",
            by=dice.choice([None, date(2026, 11, 28)]),
            reference=dice.choice([None, "AB-1", "4417"]),
            to=dice.choice([None, "help@example.com"]),
        )
        for _ in range(dice.choice([0, 0, 1, 2, 5]))
    )
    gift = Gift(kind=dice.choice(GIFTS), detail=dice.choice([None, "in Tobago"]))
    wrapup = Wrapup(
        name=dice.choice([None, "Ana"]), resolved=dice.choice([None, True, False]), tone=dice.choice(TONES),
        reason=dice.choice([None, "delivery"]), trouble=dice.choice([None, True, False]), steps=steps,
        gifts=(gift,) if dice.random() < 0.5 else (), agent=dice.choice([None, "Sam"]),
        text_note=dice.random() < 0.5, check_in=dice.choice([None, NOON + timedelta(days=3)]),
        apologised=dice.random() < 0.2, same_person=dice.random() < 0.3, held_seconds=dice.choice([0, 30, 400]),
    )  # fmt: skip
    return tell(events), wrapup, Means(way=dice.choice(WAYS), textable=dice.random() < 0.5)


def _left_out(book: Book, locale: str, dice: Random, calls: int) -> set[str]:
    """The pages and parts for which the composer found no words."""
    found: set[str] = set()
    for _ in range(calls):
        story, wrapup, means = _some_call(dice)
        wait = weigh(story, book.rules.severities, same_person=wrapup.same_person, zone=book.rules.timezone)
        farewell = compose(story, wait, wrapup, book, now=NOON, means=means, locale=locale)
        found |= set(farewell.left_out)
    return found


def test_a_book_that_passes_its_proof_leaves_no_call_without_words():
    book, _ = read(own_files())
    assert book is not None
    for locale in book.locales:
        assert _left_out(book, locale, Random(locale), 200) == set()


@pytest.mark.parametrize("seed", range(5))
def test_whatever_a_call_is_left_without_the_proof_has_named(seed):
    dice = Random(seed)
    prompts = own_files()
    whole_book, _ = read(prompts)
    assert whole_book is not None
    prompts["voices.yaml"] += "\nen-NZ:\n  from: en-GB\n"
    for page in PARTS:  # a child of ours that lacks a third of its entries
        lost = [entry for entry in whole_book.locales["en-GB"].pages[page] if dice.random() < 0.33]
        prompts[f"en-NZ/{page}.yaml"] = "".join(f"- entry: {entry.name}\n  drop: true\n" for entry in lost)
    book, faults = read(prompts)
    assert book is not None
    assert not [str(fault) for fault in faults]
    named = [fault.message for fault in proof(prompts) if fault.fault]
    missing = _left_out(book, "en-NZ", dice, 150)
    assert missing, "the dice took nothing that matters"
    for left_out in missing:
        if f"en-NZ has no page {left_out.partition('/')[0]}" in named:
            continue  # the dice took all of it
        where = f"en-NZ {left_out.replace('/', ' ')}"
        assert any(message.startswith((f"{where},", f"{where}:")) for message in named), left_out

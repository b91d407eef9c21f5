"""(story, wait, wrap-up, book, what the caller heard before, now) → farewell. Pure, and always the same.

Whatever the book says, a farewell apologises once at most, for a known wait that was long and that the
agent has not already made good; speaks no more than three next steps when the rest can go by text; has one
listening point at most, after the steps; and ends in the goodbye. After a return to the agent it goes on in
a second part, which says nothing twice.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import product
from typing import Any, Literal, NamedTuple, TypeAlias

from ivr.book.book import Book, Entry, Variant
from ivr.book.spoken import Value, speaker
from ivr.calls.story import Story
from ivr.calls.waits import Wait
from ivr.calls.wrapup import WHO, Step, Wrapup
from ivr.farewell.choice import Telling
from ivr.farewell.facts import Means as Means
from ivr.farewell.facts import (
    can_be_texted,
    count_facts,
    facts_of,
    gift_facts,
    step_facts,
    tidied,
    tidy,
    tone_of,
    worded,
)
from ivr.farewell.moments import Farewell, Line, Moment, Promise

MOST_STEPS = 3  # spoken in one moment, and in all when the rest can go by text
MOST_THEIRS = 2  # of these the caller's, when the rest can go by text

Goes: TypeAlias = Literal["spoken", "text", "both", "unsaid"]


def compose(
    story: Story,
    wait: Wait,
    wrapup: Wrapup,
    book: Book,
    *,
    now: datetime,
    means: Means,
    locale: str,
    heard_before: Mapping[str, Sequence[str]] | None = None,
    first_time: bool | None = None,
    part: int = 1,
    earlier_parts: Sequence[Farewell] = (),
    proven: Mapping[int, Collection[str]] | None = None,
) -> Farewell:
    """The farewell of this call, or of the part of it that follows a return to the agent (`part` > 1).

    `now` is aware; `locale` is one of the book's; `heard_before` maps a page to the variants this caller
    heard in their last ten calls, latest first, this call left out; `proven` maps each of the earlier
    parts to its moments that were heard. Never raises for what a book says.
    """
    facts = facts_of(story, wait, wrapup, book, now, means, locale, first_time)
    telling = _telling(story, wrapup, book, facts, locale, heard_before or {})
    earlier_parts = [farewell for farewell in earlier_parts if farewell.part < part]
    before = _Before(earlier_parts, proven or {})
    steps = [noted for noted in _noted(wrapup, book, locale) if not before.told(noted, telling)]
    if len(steps) != len(wrapup.steps):
        _count(facts, steps)
    promises = list(_promises(telling, wrapup, steps, before, now))
    telling.agreed = frozenset(promise.kind for promise in promises)
    if "text_note" in telling.agreed:
        facts["texted"] = True
    elif not all(noted.sayable for noted in steps):
        telling.left_out.append("next_steps/another language")
        steps = [noted for noted in steps if noted.sayable]
        _count(facts, steps)
    said_steps = _next_steps(telling, steps, before, _written(before, promises))
    moments: list[Moment] = []
    for name in book.rules.moments:
        if name == "next_steps":
            moments += said_steps
        elif name == "goodbye":
            moments += _goodbye(telling, wrapup, before)
        elif part == 1:  # afterwards these have been heard
            moments += _said_once(name, telling, wrapup)
    if part == 1 and "apology" in book.rules.moments and _owed(facts, ("slight",)):
        moments = _with_thanks(telling, moments)
    return Farewell(
        call=story.call,
        part=part,
        locale=locale,
        version=book.version,
        way=means.way,
        tone=telling.tone,
        moments=tuple(moments),
        promises=tuple(promises),
        textable=facts["textable"] is True,
        left_out=tuple(dict.fromkeys(telling.left_out)),
        agent=None if means.way == "after" else str(facts["agent.name"]) if "agent.name" in facts else None,
    )


def say(
    book: Book,
    locale: str,
    page: str,
    part: str,
    facts: Mapping[str, Value],
    *,
    call: str,
    tone: str = "plain",
    heard_before: Sequence[str] = (),
    slow: bool = False,
) -> Line | None:
    """One line of any page: greeting, waiting, what agents hear, the way back, the mishap.

    `facts` come from `line_facts` or `facts_of`, with what else the page may know. None when the book is
    silent there or has no words.
    """
    today = facts.get("day.date")
    told = speaker(locale, today if isinstance(today, date) else date.min)
    telling = Telling(book, locale, told, call, tone, dict(facts), {page: heard_before}, slow=slow)
    return telling.line(page, part)


def note(
    story: Story, wait: Wait, wrapup: Wrapup, book: Book, *, now: datetime, farewell: Farewell
) -> str | None:
    """The text with every step, for a caller who asks for it by key; None where none can be sent."""
    if not farewell.textable:
        return None
    means = Means(farewell.way, farewell.textable)
    facts = facts_of(story, wait, wrapup, book, now, means, farewell.locale)
    telling = _telling(story, wrapup, book, facts, farewell.locale, {})
    return _note(telling, list(_noted(wrapup, book, farewell.locale)))


def goes(
    wrapup: Wrapup, book: Book, *, textable: bool, locale: str, queue: str | None = None
) -> tuple[Goes, ...]:
    """How each step of the wrap-up reaches the caller, in its order.

    `unsaid` is a step in another language, or without any words, that no text can carry either.
    """
    texted = wrapup.text_note and can_be_texted(book, queue, Means(textable=textable))
    steps = {noted.number: noted for noted in _noted(wrapup, book, locale)}
    done = {number for number, noted in steps.items() if noted.sayable and noted.step.who == "done"}
    spoken = done | {noted.number for noted in _spoken_steps(list(steps.values()), texted)}
    return tuple(
        _GOES[number in spoken, texted and number in steps] for number in range(1, len(wrapup.steps) + 1)
    )


_GOES: dict[tuple[bool, bool], Goes] = {
    (True, True): "both",
    (True, False): "spoken",
    (False, True): "text",
    (False, False): "unsaid",
}


def _telling(
    story: Story,
    wrapup: Wrapup,
    book: Book,
    facts: dict[str, Value],
    locale: str,
    heard: Mapping[str, Sequence[str]],
) -> Telling:
    today = facts["day.date"]
    assert isinstance(today, date)
    voice = speaker(locale, today)
    return Telling(book, locale, voice, story.call, tone_of(wrapup), facts, heard, slow=wrapup.pace == "slow")


# ---- the moments ----


def _moment(name: str, *lines: Line | None, listens: bool = False) -> list[Moment]:
    spoken = tuple(line for line in lines if line is not None)
    return [Moment(name, spoken, listens)] if spoken else []


def _said_once(name: str, telling: Telling, wrapup: Wrapup) -> list[Moment]:
    """The opening, the apology or the question, where there is to be one."""
    facts = telling.facts
    if name == "opening":
        return _moment(name, telling.line(name))
    if name == "apology" and _owed(facts, ("long", "very_long", "extreme")):
        within_told = facts["severity"] == "long" and "wait.told" in facts
        fits = _asks_about_told if within_told else None
        return _moment(name, telling.line(name, entry_fits=fits, wander=not within_told))
    if name == "question" and (kind := _kind_of_question(telling, wrapup)) != "none":
        fits = _asks_at_large if kind == "anything_else" else None
        return _moment(name, telling.line(name, "ask", entry_fits=fits), listens=True)
    return []


def _owed(facts: Mapping[str, Value], severities: Collection[str]) -> bool:
    """Whether a wait of such a severity is still to be spoken of: nobody apologised for it yet."""
    return facts["severity"] in severities and "wait.seconds" in facts and facts["apologised"] is False


def _with_thanks(telling: Telling, moments: list[Moment]) -> list[Moment]:
    """A slight wait is thanked for, but only where nothing else precedes the goodbye.

    The opening is only the change of voice and does not count.
    """
    if any(moment.name not in ("opening", "goodbye") for moment in moments):
        return moments
    thanks = _moment("apology", telling.line("apology", entry_fits=_thanks_for_slight))
    before = [moment for moment in moments if moment.name == "opening"]
    return [*before, *thanks, *moments[len(before) :]]


def _thanks_for_slight(entry: Entry) -> bool:
    """An entry written for slight waits alone; one that fits any severity is an apology."""
    return any(c.fact == "severity" and c.op == "is" and set(c.values) <= {"slight"} for c in entry.when)


def _asks_about_told(entry: Entry) -> bool:
    """An entry written for a wait that stayed within what was announced: it thanks."""
    return any(c.fact == "wait.told" and c.op != "unknown" for c in entry.when)


def _kind_of_question(telling: Telling, wrapup: Wrapup) -> str:
    """What the separate question is to ask; none where steps have a listening point of their own."""
    if telling.tone == "gentle" or wrapup.resolved is False or wrapup.steps:
        return "none"
    queue = telling.facts.get("call.queue")
    rules = telling.book.rules.queue(queue if isinstance(queue, str) else None)
    return "none" if telling.facts["call.way"] == "together" else rules.question


def _asks_at_large(entry: Entry) -> bool:
    """An entry that asks about anything else, not about the likely next trouble with this reason."""
    return all(condition.fact != "call.reason" for condition in entry.when)


def _goodbye(telling: Telling, wrapup: Wrapup, before: "_Before") -> list[Moment]:
    """The goodbye; in the mishap page's words when its own page has none."""
    if "goodbye" in before.moments:
        return []
    gift = gift_facts(wrapup)
    telling.facts.update(gift)
    line = telling.line("goodbye")
    for name in gift:
        del telling.facts[name]
    if line is None and "goodbye" not in telling.left_out:
        telling.left_out.append("goodbye")
    return _moment("goodbye", line or telling.line("mishap", "fallback") or telling.line("mishap", "mishap"))


# ---- the steps ----


class _Noted(NamedTuple):
    """A step of the wrap-up."""

    number: int  # its place there, from 1
    step: Step  # its words made fit to be spoken
    sayable: bool  # False: its words are in another language, for a text alone


class _Before:
    """What earlier parts of this farewell have told."""

    def __init__(self, earlier: Sequence[Farewell], proven: Mapping[int, Collection[str]]) -> None:
        heard = [
            m for farewell in earlier for m in farewell.moments if m.name in proven.get(farewell.part, ())
        ]
        promises = [promise for farewell in earlier for promise in farewell.promises]
        self.moments = frozenset(moment.name for moment in heard)
        self.lines = [line for moment in heard for line in moment.lines if line.part in _TELLING_PARTS]
        self.texts = frozenset(line.text for line in self.lines)
        self.notes = [promise.body for promise in promises if promise.kind == "text_note"]
        self.heard_of = self.notes if "next_steps" in self.moments else []
        self.check_ins = frozenset(promise.due for promise in promises if promise.kind == "check_in")

    def told(self, noted: _Noted, telling: Telling) -> bool:
        """Whether the caller has heard this step as it stands now, or heard that it is in their text."""
        if _is_written(telling, noted.step, self.heard_of):
            return True
        if not self.lines:
            return False
        if noted.step.who == "done":
            words = re.compile(rf"(?<!\w){re.escape(noted.step.what)}(?!\w)")
            return any(words.search(line.text) for line in self.lines if line.part == "done")
        return self.says(_part_of(noted), step_facts(noted.step), telling)

    def says(self, part: str, facts: Mapping[str, Value], telling: Telling) -> bool:
        """Whether a line that was heard says just this: the same words with these facts."""
        heard = {line.variant: line.text for line in self.lines if line.part == part}
        if not heard:
            return False
        known = telling.facts | dict(facts)
        return any(
            telling.as_text(variant, known) == heard[variant.id]
            for entry in telling.book.entries(telling.locale, "next_steps", part)
            for variant in entry.variants
            if variant.id in heard
        )


_TELLING_PARTS = frozenset({"done", "ours", "theirs", "reference"})


def _part_of(noted: _Noted) -> str:
    return "ours" if noted.step.who == "us" else "theirs"


def _noted(wrapup: Wrapup, book: Book, locale: str) -> Iterator[_Noted]:
    """The steps that have any words, as noted."""
    for number, step in enumerate(wrapup.steps, 1):
        if step.who not in WHO:
            continue
        if (ready := worded(step, book, locale)) is not None:
            yield _Noted(number, ready, True)
        elif (what := tidy(step.what)) is not None:
            yield _Noted(number, tidied(step, what), False)


def _count(facts: dict[str, Value], steps: Sequence[_Noted]) -> None:
    facts.update(count_facts([noted.step for noted in steps]))


def _spoken_steps(steps: Sequence[_Noted], texted: bool) -> list[_Noted]:
    """The steps to come that are spoken, ours first: with a text, as many as one can take in."""
    coming = [noted for noted in steps if noted.sayable and noted.step.who != "done"]
    if texted:
        theirs = [noted for noted in coming if noted.step.who == "you"][:MOST_THEIRS]
        coming = [noted for noted in coming if noted.step.who == "us" or noted in theirs][:MOST_STEPS]
    return sorted(coming, key=lambda noted: noted.step.who == "you")


def _next_steps(telling: Telling, steps: Sequence[_Noted], before: _Before, written: str) -> list[Moment]:
    """What is done and what comes next, three steps to a moment; the last one listens."""
    texted = telling.facts["texted"] is True
    done = [noted for noted in steps if noted.sayable and noted.step.who == "done"]
    coming = _spoken_steps(steps, texted)
    if not steps:
        return []
    groups = [coming[start : start + MOST_STEPS] for start in range(0, len(coming), MOST_STEPS)] or [[]]
    turns = {"us": 0, "you": 0}
    references: set[str] = set()
    bodies: list[list[Line]] = []
    for group in groups:
        told = [] if bodies or not done else [_done_line(telling, done)]
        for noted in group:
            told.append(_step_line(telling, noted, turns, last=noted is coming[-1]))
        told += _reference_lines(telling, [*([] if bodies else done), *group], references, written, before)
        bodies.append([line for line in told if line is not None and line.text not in before.texts])
    if texted and len(done) + len(coming) < len(steps) and (rest := telling.line("next_steps", "rest")):
        bodies[-1].append(rest)
    bodies = [body for body in bodies if body]
    if not bodies:
        return []
    if (opening := telling.line("next_steps", "opening")) is not None:
        bodies[0].insert(0, opening)
    listens = telling.facts["call.way"] != "together"
    if listens and (keys := telling.line("next_steps", "keys")) is not None:
        bodies[-1].append(keys)
    return [
        Moment(
            f"next_steps_{number}" if number > 1 else "next_steps",
            tuple(body),
            listens and number == len(bodies),
        )
        for number, body in enumerate(bodies, 1)
    ]


def _done_line(telling: Telling, done: Sequence[_Noted]) -> Line | None:
    """Everything that is done, in one sentence."""
    facts: dict[str, Value] = {"step.who": "done", "step.what": tuple(noted.step.what for noted in done)}
    facts |= {"step.first": True, "step.last": telling.facts["steps.count"] == 0}
    return _with(telling, facts, "done", step=done[0].number if len(done) == 1 else None)


def _step_line(telling: Telling, noted: _Noted, turns: dict[str, int], *, last: bool) -> Line | None:
    turn = turns[noted.step.who]
    turns[noted.step.who] += 1
    facts = step_facts(noted.step)
    facts |= {"step.first": turn == 0, "step.last": last}
    return _with(telling, facts, _part_of(noted), step=noted.number, turn=turn)


def _reference_lines(
    telling: Telling, steps: Sequence[_Noted], said: set[str], written: str, before: _Before
) -> Iterator[Line | None]:
    """Each different reference: twice, the second time slower, or once when the note carries it."""
    for noted in steps:
        reference = noted.step.reference
        if reference is None or reference in said or not any(map(str.isalnum, reference)):
            continue
        said.add(reference)
        facts = step_facts(noted.step)
        facts["step.reference"] = reference
        if before.lines and before.says("reference", facts, telling):
            continue
        facts |= {"step.first": len(said) == 1, "step.last": False}
        fits = _says_it_once if reference in written else _says_it_twice
        yield _with(telling, facts, "reference", step=noted.number, turn=len(said) - 1, variant_fits=fits)


def _says_it_once(variant: Variant) -> bool:
    return variant.mentions.get("step.reference") == 1


def _says_it_twice(variant: Variant) -> bool:
    """The book takes care that the second time is the slower."""
    return variant.mentions.get("step.reference") == 2


def _with(telling: Telling, facts: dict[str, Value], part: str, **how: Any) -> Line | None:
    """A line of next_steps with the facts of its step, which are known to no other line."""
    telling.facts.update(facts)
    line = telling.line("next_steps", part, **how)
    for name in facts:
        del telling.facts[name]
    return line


# ---- the promises ----


def _promises(
    telling: Telling, wrapup: Wrapup, steps: Sequence[_Noted], before: _Before, now: datetime
) -> Iterator[Promise]:
    """What was agreed and can be kept: a text can be sent, and the book has words for it."""
    if telling.facts["textable"] is not True:
        return
    if wrapup.text_note:
        unwritten = [noted for noted in steps if not _is_written(telling, noted.step, before.notes)]
        if (body := _note(telling, unwritten)) is not None:
            yield Promise("text_note", now, body)
    if wrapup.check_in is not None:
        zone = telling.book.rules.timezone
        due = wrapup.check_in if wrapup.check_in.tzinfo else wrapup.check_in.replace(tzinfo=zone)
        if (
            due > now
            and due not in before.check_ins
            and (found := telling.words("texts", "check_in")) is not None
        ):
            yield Promise("check_in", due, found[1])


def _written(before: _Before, promises: Sequence[Promise]) -> str:
    """All that goes to this caller by text note."""
    return "\n".join([*before.notes, *(promise.body for promise in promises if promise.kind == "text_note")])


def _note(telling: Telling, steps: Sequence[_Noted]) -> str | None:
    """The body of the text note, a line for each step; None when the book lacks words for one of them.

    The line's name is said once: after the first step it is left out where the words can do without.
    """
    known = telling.facts
    lines: list[str] = []
    for noted in steps:
        telling.facts = known | _note_facts(noted.step, first=not lines, last=noted is steps[-1])
        if lines:
            telling.facts.pop("line.name", None)
        found = telling.words("texts", "note")
        if found is None:
            lines = []
            break
        lines.append(_begun(found[1]))
    telling.facts = known
    return "\n".join(lines) or None


def _note_facts(step: Step, *, first: bool, last: bool) -> dict[str, Value]:
    facts = step_facts(step) | {"texted": True, "step.first": first, "step.last": last}
    return facts | {"step.reference": step.reference} if step.reference is not None else facts


def _begun(line: str) -> str:
    """A line as a sentence begins."""
    return line[:1].upper() + line[1:]


def _is_written(telling: Telling, step: Step, notes: Sequence[str]) -> bool:
    """Whether one of these notes has a line that says just this."""
    lines = {line for body in notes for line in body.splitlines() if step.what.casefold() in line.casefold()}
    if not lines:
        return False
    for first, last, named in product((True, False), repeat=3):
        facts = telling.facts | _note_facts(step, first=first, last=last)
        if not named:
            facts.pop("line.name", None)
        for entry in telling.book.entries(telling.locale, "texts", "note", telling.tone):
            if any(_begun(telling.as_text(variant, facts) or "") in lines for variant in entry.variants):
                return True
    return False

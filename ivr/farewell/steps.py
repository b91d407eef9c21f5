"""The steps of a wrap-up: which way each reaches the caller, and speaking those that are spoken."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from ivr.book.book import Book, Variant
from ivr.book.spoken import Value
from ivr.calls.wrapup import WHO, Step, Wrapup
from ivr.farewell.choice import Telling
from ivr.farewell.facts import Means, can_be_texted, step_facts, tidied, tidy, worded
from ivr.farewell.moments import Farewell, Line, Moment

MOST_STEPS = 3  # spoken in one moment, and in all when the rest can go by text
MOST_THEIRS = 2  # of these the caller's, when the rest can go by text

Goes: TypeAlias = Literal["spoken", "text", "both", "unsaid"]


class Noted(NamedTuple):
    """A step of the wrap-up."""

    number: int  # its place there, from 1
    step: Step  # its words made fit to be spoken
    sayable: bool  # False: its words are in another language, for a text alone


def steps_of(wrapup: Wrapup, book: Book, locale: str) -> Iterator[Noted]:
    """The steps that have any words, in the order in which they were noted."""
    for number, step in enumerate(wrapup.steps, 1):
        if step.who not in WHO:
            continue
        if (ready := worded(step, book, locale)) is not None:
            yield Noted(number, ready, True)
        elif (what := tidy(step.what)) is not None:
            yield Noted(number, tidied(step, what), False)


def goes(
    wrapup: Wrapup, book: Book, *, textable: bool, locale: str, queue: str | None = None
) -> tuple[Goes, ...]:
    """How each step of the wrap-up reaches the caller, in its order.

    `unsaid` is a step in another language, or without any words, that no text can carry either.
    """
    texted = wrapup.text_note and can_be_texted(book, queue, Means(textable=textable))
    steps = {each.number: each for each in steps_of(wrapup, book, locale)}
    done = {number for number, each in steps.items() if each.sayable and each.step.who == "done"}
    spoken = done | {each.number for each in _spoken(list(steps.values()), texted)}
    return tuple(
        _GOES[number in spoken, texted and number in steps] for number in range(1, len(wrapup.steps) + 1)
    )


_GOES: dict[tuple[bool, bool], Goes] = {
    (True, True): "both",
    (True, False): "spoken",
    (False, True): "text",
    (False, False): "unsaid",
}


def _spoken(steps: Sequence[Noted], texted: bool) -> list[Noted]:
    """The steps to come that are spoken, ours first: with a text, as many as one can take in."""
    coming = [each for each in steps if each.sayable and each.step.who != "done"]
    if texted:
        theirs = [each for each in coming if each.step.who == "you"][:MOST_THEIRS]
        coming = [each for each in coming if each.step.who == "us" or each in theirs][:MOST_STEPS]
    return sorted(coming, key=lambda each: each.step.who == "you")


# ---- after a return to the agent ----


class Before:
    """What earlier parts of this farewell have told; `proven` says which moments of each were heard."""

    def __init__(self, earlier: Sequence[Farewell], proven: Mapping[int, Collection[str]]) -> None:
        heard = [
            m for farewell in earlier for m in farewell.moments if m.name in proven.get(farewell.part, ())
        ]
        promises = [promise for farewell in earlier for promise in farewell.promises]
        self.moments = frozenset(moment.name for moment in heard)
        self.notes = [promise.body for promise in promises if promise.kind == "text_note"]
        self.notes_heard_of = self.notes if "next_steps" in self.moments else []
        self.promised = frozenset(promise.kind for promise in promises)
        self.check_ins = frozenset(promise.due for promise in promises if promise.kind == "check_in")
        self._heard = [line.text for moment in heard for line in moment.lines]
        self._lines = [line for moment in heard for line in moment.lines if line.part in _TELLING_PARTS]
        self._texts = frozenset(line.text for line in self._lines)

    def said(self, sentence: str) -> bool:
        """Whether the caller has heard a whole sentence that was typed for everybody."""
        return any(sentence in text for text in self._heard)

    def told(self, noted: Noted, telling: Telling) -> bool:
        """Whether the caller has heard this step as it stands now."""
        if not self._lines:
            return False
        if noted.step.who == "done":
            words = re.compile(rf"(?<!\w){re.escape(telling.speaker.typed(noted.step.what))}(?!\w)")
            return any(words.search(line.text) for line in self._lines if line.part == "done")
        return self.says(_part_of(noted), step_facts(noted.step), telling)

    def says(self, part: str, facts: Mapping[str, Value], telling: Telling) -> bool:
        """Whether a line that was heard says just this: the same words with these facts."""
        heard = {(line.variant, line.text) for line in self._lines if line.part == part}
        if not heard:
            return False
        known, variants = telling.facts | dict(facts), {variant for variant, _ in heard}
        return any(
            (variant.id, telling.as_text(variant, known)) in heard
            for entry in telling.book.entries(telling.locale, "next_steps", part)
            for variant in entry.variants
            if variant.id in variants
        )

    def repeats(self, line: Line) -> bool:
        """Whether a line would be heard for the second time."""
        return line.text in self._texts


_TELLING_PARTS = frozenset({"done", "ours", "theirs", "reference"})


def _part_of(noted: Noted) -> str:
    return "ours" if noted.step.who == "us" else "theirs"


# ---- speaking them ----


def next_steps(telling: Telling, steps: Sequence[Noted], before: Before, written: str) -> list[Moment]:
    """What is done and what comes next, three steps to a moment; the last one listens.

    `written` is all that goes to this caller by text note.
    """
    texted = telling.facts["texted"] is True
    done = [each for each in steps if each.sayable and each.step.who == "done"]
    coming = _spoken(steps, texted)
    left_to_text = texted and len(done) + len(coming) < len(steps)
    quoted = _quoted(telling, [*done, *coming], before)
    telling.facts["steps.references"] = len(quoted)
    bodies = list(_bodies(telling, done, coming, quoted, before, written))
    if left_to_text and (rest := telling.line("next_steps", "rest")) is not None:
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
            "next_steps" if number == 1 else f"next_steps_{number}",
            tuple(body),
            listens and number == len(bodies),
        )
        for number, body in enumerate(bodies, 1)
    ]


def _bodies(
    telling: Telling,
    done: Sequence[Noted],
    coming: Sequence[Noted],
    quoted: Sequence[Noted],
    before: Before,
    written: str,
) -> Iterator[list[Line]]:
    """What each moment says of its steps, their references last; nothing that was heard before."""
    turns = {"us": 0, "you": 0}
    for start in range(0, max(len(coming), 1), MOST_STEPS):
        group = coming[start : start + MOST_STEPS]
        finished = done if start == 0 else ()
        told = [_done_line(telling, finished)] if finished else []
        told += [_step_line(telling, each, turns, last=each is coming[-1]) for each in group]
        told += [
            _reference_line(telling, each, quoted, written) for each in [*finished, *group] if each in quoted
        ]
        yield [line for line in told if line is not None and not before.repeats(line)]


def _done_line(telling: Telling, done: Sequence[Noted]) -> Line | None:
    """Everything that is done, in one sentence."""
    facts: dict[str, Value] = {"step.who": "done", "step.what": tuple(each.step.what for each in done)}
    facts |= {"step.first": True, "step.last": telling.facts["steps.count"] == 0}
    return _with(telling, facts, "done", step=done[0].number if len(done) == 1 else None)


def _step_line(telling: Telling, noted: Noted, turns: dict[str, int], *, last: bool) -> Line | None:
    turn = turns[noted.step.who]
    turns[noted.step.who] += 1
    facts = step_facts(noted.step)
    facts |= {"step.first": turn == 0, "step.last": last}
    return _with(telling, facts, _part_of(noted), step=noted.number, turn=turn)


def _quoted(telling: Telling, steps: Sequence[Noted], before: Before) -> list[Noted]:
    """The steps whose references are said: the first of each different one that was not heard before."""
    found: dict[str, Noted] = {}
    for noted in steps:
        reference = noted.step.reference
        if reference is None or reference in found:
            continue
        facts = step_facts(noted.step) | {"step.reference": reference}
        if not before.says("reference", facts, telling):
            found[reference] = noted
    return [*found.values()]


def _reference_line(telling: Telling, noted: Noted, quoted: Sequence[Noted], written: str) -> Line | None:
    """A reference: twice, the second time slower, or once when a note that is spoken of carries it."""
    reference, turn = noted.step.reference or "", quoted.index(noted)
    facts = step_facts(noted.step) | {"step.reference": reference}
    facts |= {"step.first": turn == 0, "step.last": False}
    once = telling.facts["texted"] is True and reference in written
    fits = _says_it_once if once else _says_it_twice
    return _with(telling, facts, "reference", step=noted.number, turn=turn, variant_fits=fits)


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

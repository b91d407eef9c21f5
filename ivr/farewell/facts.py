"""Fills the vocabulary from a story and a wrap-up. What is unknown is left out, never passed as a blank.

Whatever was typed for the call is made fit to be spoken here: control characters go, and a blank, a
placeholder ("None", "[name]") or a template that was never filled counts as unknown.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from ivr.book.book import Book
from ivr.book.spoken import Value
from ivr.book.vocabulary import SEVERITIES, WEEKDAYS
from ivr.calls.story import Story
from ivr.calls.waits import Wait
from ivr.calls.wrapup import GENTLE_GIFTS, GIFTS, TONES, WAYS, Gift, Step, Wrapup

_PLACEHOLDERS = frozenset({"none", "null", "nil", "undefined", "nan", "n/a", "unknown", "anonymous"})
_LONGEST_PLACEHOLDER = max(map(len, _PLACEHOLDERS))
_UNFILLED = ("{{", "}}", "{%", "${", "<%")
_BRACKET = re.compile(r"[{}\[\]<>]")
_LETTER = re.compile(r"[^\W\d_]")
_NO_NAME = re.compile(r"[{}\[\]<>@\d]")
_LONGEST_NAME = 3  # words


@dataclass(frozen=True, slots=True)
class Means:
    """What can be done on this call, besides words."""

    way: str = "aside"  # where the agent is: aside, together or after
    textable: bool = False  # a text can be sent to this caller
    voucher: str | None = None  # the code of one that can be given
    front_of_queue: bool = False  # their next call here can be let in front

    @property
    def makes_up(self) -> bool:
        """Whether there is anything that words may promise of their own accord."""
        return self.front_of_queue or self.voucher is not None


def facts_of(
    story: Story,
    wait: Wait,
    wrapup: Wrapup,
    book: Book,
    now: datetime,
    means: Means,
    locale: str,
    first_time: bool | None = None,
) -> dict[str, Value]:
    """Everything a closing page may know but the facts of one step and the gift (`step_facts`, `gift_facts`).

    `now` is aware. `texted` starts as False; the composer sets it once the note has words. Earlier calls
    are spoken of only to somebody we know it was: a verified customer, or one the agent knows again.
    """
    facts = line_facts(book, story.queue, now, locale, textable=can_be_texted(book, story.queue, means))
    facts["severity"] = wait.severity if wait.severity in SEVERITIES else "unknown"
    facts["apologised"] = wrapup.apologised or story.apologised
    facts["call.way"] = means.way if means.way in WAYS else "aside"
    facts["texted"] = False
    facts["call_back.asked"] = story.call_back
    if (name := spoken_name(wrapup.name, book, locale)) is not None:
        facts["caller.name"] = name
    if (agent := spoken_name(wrapup.agent, book, locale)) is not None:
        facts["agent.name"] = agent
    if (reason := tidy(wrapup.reason)) is not None:
        facts["call.reason"] = reason
    if wrapup.resolved is not None:
        facts["call.resolved"] = wrapup.resolved
    if wrapup.trouble is not None:
        facts["call.trouble"] = wrapup.trouble
    known_person = story.verified or story.same_person or wrapup.same_person
    if wait.calls_today is not None and (known_person or wait.calls_today == 1):
        facts["calls_today"] = wait.calls_today
    if first_time is not None and (known_person or first_time):
        facts["first_time"] = first_time
    _add_wait(facts, wait, known_person)
    facts.update(count_facts(wrapup.steps))
    return facts


def _add_wait(facts: dict[str, Value], wait: Wait, known_person: bool) -> None:
    """The wait: as a figure only this call's; hold time that nobody told of stays unmentioned."""
    if wait.seconds is None:
        return
    facts["wait.seconds"] = wait.here
    facts["wait.queue"] = wait.queue
    if wait.hold > 0:
        facts["wait.hold"] = wait.hold
    if known_person and wait.earlier > 0:
        facts["wait.earlier"] = wait.earlier
    if wait.mostly is not None and (known_person or wait.mostly != "earlier"):
        facts["wait.mostly"] = wait.mostly
    if wait.told is not None:
        facts["wait.told"] = wait.told


def count_facts(steps: Sequence[Step]) -> dict[str, Value]:
    """How many steps there are of each kind, and how many different references."""
    whose = [step.who for step in steps]
    ours, theirs = whose.count("us"), whose.count("you")
    references = {reference_of(step) for step in steps} - {None}
    return {
        "steps.done": whose.count("done"),
        "steps.ours": ours,
        "steps.theirs": theirs,
        "steps.references": len(references),
        "steps.count": ours + theirs,
    }


def line_facts(
    book: Book, queue: str | None, now: datetime, locale: str, *, textable: bool = False
) -> dict[str, Value]:
    """What is known before anything is told of a call: the day in the zone of the rules, and the line."""
    local = now.astimezone(book.rules.timezone)
    facts: dict[str, Value] = {
        "severity": "unknown",
        "day.part": part_of_day(local.hour),
        "day.weekday": WEEKDAYS[local.weekday()],
        "day.date": local.date(),
        "textable": textable,
    }
    if queue:
        facts["call.queue"] = queue
    facts.update(line_words(book, queue, locale))
    return facts


def line_words(book: Book, queue: str | None, locale: str) -> dict[str, Value]:
    """What a queue's line says of itself in a locale."""
    rules = book.rules.queue(queue)
    line = book.rules.line(rules, locale)
    words = (
        ("line.name", line.name),
        ("line.phone", rules.line_phone),
        ("line.hours", line.hours),
        ("line.notice", line.notice),
        ("line.event", line.event),
    )
    return {name: value for name, value in words if value}


def event_hash(event: str) -> str:
    """A short hash by which it is known who was told of a coming event."""
    return hashlib.sha256(event.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def can_be_texted(book: Book, queue: str | None, means: Means) -> bool:
    """Whether a text may go to this caller: it can be sent, and the queue's rules allow texts."""
    return means.textable and book.rules.queue(queue).texts != "never"


def part_of_day(hour: int) -> str:
    """Morning from five, afternoon from noon, evening from six, night from ten."""
    if 5 <= hour < 12:
        return "morning"
    if 12 <= hour < 18:
        return "afternoon"
    return "evening" if 18 <= hour < 22 else "night"


def tone_of(wrapup: Wrapup) -> str:
    """The agent's tone; a gift of loss, illness or hard times makes it gentle."""
    if any(gift.kind in GENTLE_GIFTS for gift in wrapup.gifts):
        return "gentle"
    return wrapup.tone if wrapup.tone in TONES else "plain"


def gift_facts(wrapup: Wrapup) -> dict[str, Value]:
    """The one gift that may be spoken: a sad one before all, a happy one unless the call was grave or left open."""
    gift = _gift(wrapup)
    if gift is None:
        return {}
    facts: dict[str, Value] = {"gift.kind": gift.kind}
    if (detail := tidy(gift.detail)) is not None:
        facts["gift.detail"] = detail
    if gift.whose in ("caller", "theirs"):
        facts["gift.whose"] = gift.whose
    return facts


def _gift(wrapup: Wrapup) -> Gift | None:
    sad = next((gift for gift in wrapup.gifts if gift.kind in GENTLE_GIFTS), None)
    if sad is not None:
        return sad
    if wrapup.resolved is False or tone_of(wrapup) != "plain":
        return None
    return next((gift for gift in wrapup.gifts if gift.kind in GIFTS), None)


def worded(step: Step, book: Book, locale: str) -> Step | None:
    """The step with words that can be said in this locale; None where it has none.

    A ready-made step is worded by the book. A typed one is said only in the language it was typed in.
    """
    what = book.step(locale, step.ready_made) if step.ready_made else None
    if what is None and same_language(step.locale, locale):
        what = tidy(step.what)
    return None if what is None else tidied(step, what)


def tidied(step: Step, what: str) -> Step:
    """The step with these words, and all that was typed about it made fit to be spoken."""
    to, reference = tidy(step.to), reference_of(step)
    if (what, to, reference) == (step.what, step.to, step.reference):
        return step
    return Step(who=step.who, what=what, by=step.by, reference=reference, to=to)


def reference_of(step: Step) -> str | None:
    """A step's reference made fit to be spoken; None for signs alone, which nobody could quote."""
    reference = tidy(step.reference)
    return reference if reference is not None and any(map(str.isalnum, reference)) else None


def step_facts(step: Step) -> dict[str, Value]:
    """The facts of one worded step; its reference is added only where references are said."""
    facts: dict[str, Value] = {"step.who": step.who, "step.what": step.what}
    if step.by is not None:
        facts["step.by"] = _day(step.by)
    if step.to is not None:
        facts["step.to"] = step.to
    return facts


def _day(by: date) -> date:
    return by.date() if isinstance(by, datetime) else by


def same_language(typed_in: str | None, locale: str) -> bool:
    """Whether two locales are of one language; None is the call's own."""
    return typed_in is None or _language(typed_in) == _language(locale)


def _language(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0].lower()


def spoken_name(name: str | None, book: Book, locale: str) -> str | None:
    """A name as the voice says it: not one in capitals, of more than three words, or that is no name."""
    said = tidy(name)
    if said is None or said.isupper() or said.count(" ") >= _LONGEST_NAME:
        return None
    if _NO_NAME.search(name or "") or not _LETTER.search(said):
        return None
    return book.name(locale, said)


@lru_cache(maxsize=1024)  # one wrap-up is read several times over, and agents and reasons recur
def tidy(typed: str | None) -> str | None:
    """Typed text made fit to be spoken: one line, no control characters, no closing full stop."""
    if not typed:
        return None
    if not typed.isprintable():
        typed = "".join(map(_printable, typed))
    text = " ".join(typed.split()).rstrip(" .,;")
    if not text or (len(text) <= _LONGEST_PLACEHOLDER and text.lower() in _PLACEHOLDERS):
        return None
    return _without_brackets(text) if _BRACKET.search(text) else text


def _without_brackets(text: str) -> str | None:
    """Brackets are not spoken; a text that is nothing else ("[name]", "<none>") was never filled in."""
    if any(mark in text for mark in _UNFILLED) or (text[0] in "{[<" and text[-1] in "}]>"):
        return None
    return tidy(_BRACKET.sub(" ", text))


def _printable(letter: str) -> str:
    if letter.isprintable():
        return letter
    return "" if unicodedata.category(letter) == "Cf" else " "

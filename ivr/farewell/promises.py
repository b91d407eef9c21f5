"""What a farewell promises, where it can be kept: the text with the steps, and a word later on."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import product

from ivr.book.book import Book, Variant
from ivr.book.spoken import Value
from ivr.calls.wrapup import Step, Wrapup
from ivr.farewell.choice import Telling
from ivr.farewell.facts import Means, step_facts, tone_of
from ivr.farewell.moments import Promise
from ivr.farewell.steps import Before, Noted

IN_FRONT_FOR = timedelta(days=7)
"""For how long a place at the front of the queue is kept."""


def promised(
    telling: Telling, wrapup: Wrapup, steps: Sequence[Noted], before: Before, now: datetime
) -> Iterator[Promise]:
    """What was agreed and can be kept: a text can be sent, and the book has words for it."""
    if telling.facts["textable"] is not True:
        return
    if wrapup.text_note:
        unwritten = [each for each in steps if not is_written(telling, each.step, before.notes)]
        if (body := note_body(telling, unwritten)) is not None:
            yield Promise("text_note", now, body)
    if wrapup.check_in is not None:
        zone = telling.book.rules.timezone
        due = wrapup.check_in if wrapup.check_in.tzinfo else wrapup.check_in.replace(tzinfo=zone)
        if due <= now or due in before.check_ins:
            return
        if (found := telling.words("texts", "check_in")) is not None:
            yield Promise("check_in", due, found[1])


def offered(
    telling: Telling, wrapup: Wrapup, means: Means, before: Before, now: datetime
) -> Iterator[Promise]:
    """What the words may promise of their own accord, where it can be kept; made only by being spoken."""
    facts = telling.facts
    if means.front_of_queue and facts["severity"] == "extreme" and "front_of_queue" not in before.promised:
        yield Promise("front_of_queue", now + IN_FRONT_FOR)
    if means.voucher is None or facts["textable"] is not True or not may_give(wrapup):
        return
    if "voucher" not in before.promised and (body := _voucher_body(telling, means.voucher)) is not None:
        yield Promise("voucher", now, body)


def may_give(wrapup: Wrapup) -> bool:
    """Whether a voucher can be given on such a call: nobody is paid off after trouble or a refusal."""
    return tone_of(wrapup) == "plain" and wrapup.trouble is not True and wrapup.resolved is not False


def promises_vouchers(book: Book, locale: str) -> bool:
    """Whether any words of this locale promise one."""
    pages = book.locales[locale].pages
    return any("voucher" in entry.promises for entries in pages.values() for entry in entries)


def _voucher_body(telling: Telling, code: str) -> str | None:
    """The text with the code; None where the book lacks words that say it."""
    telling.facts["voucher.code"] = code
    found = telling.words("texts", "voucher", variant_fits=_says_the_code)
    del telling.facts["voucher.code"]
    return None if found is None else found[1]


def _says_the_code(variant: Variant) -> bool:
    return "voucher.code" in variant.says


def written(before: Before, promises: Sequence[Promise]) -> str:
    """All that goes to this caller by text note."""
    return "\n".join([*before.notes, *(promise.body for promise in promises if promise.kind == "text_note")])


def note_body(telling: Telling, steps: Sequence[Noted]) -> str | None:
    """The body of the text note, a line for each step; None when the book lacks words for one of them.

    The line's name is said once: after the first step it is left out where the words can do without.
    """
    known = telling.facts
    lines: list[str] = []
    for each in steps:
        telling.facts = known | _note_facts(each.step, first=not lines, last=each is steps[-1])
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


def is_written(telling: Telling, step: Step, notes: Sequence[str]) -> bool:
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

"""One locale as the checks see it, with facts to try its words with: usual ones, and the longest plausible."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ivr.book.book import Book, Locale
from ivr.book.spoken import SPEAKERS, Speaker, Value, speaker
from ivr.book.taste import Taste
from ivr.book.vocabulary import BY_NAME, FACTS

Facts: TypeAlias = Mapping[str, Value]

TODAY = date(2026, 1, 5)  # a Monday; what is near has short words, so the days tried are far
_USUAL_DAY, _LONGEST_DAY = date(2026, 1, 13), date(2026, 9, 23)
_LONGEST: Mapping[str, Value] = {
    "caller.name": "Maria Fernanda",
    "agent.name": "Christopher",
    "step.reference": "INC-2026-0471",
    "step.to": "accounts@example.co.uk",
    "calls_today": 27,
}
_A_LONG_WAIT = 6_301  # more than an hour and three quarters


@dataclass(frozen=True, slots=True)
class Reading:
    """One locale of a book, being proofread."""

    book: Book
    name: str
    locale: Locale
    own_taste: Taste  # the phrases it adds to those of the locale it starts from
    usual: Facts  # every fact, as it mostly is
    longest: Facts  # every fact, as long as it may well be
    speaker: Speaker | None  # None where nobody speaks the language

    def is_first_to_say(self, locale: str) -> bool:
        """Whether words of that locale's file have not been measured already, in this language at this pace."""
        same_language = locale.partition("-")[0] == self.name.partition("-")[0]
        return locale == self.name or not same_language or self.book.pace(locale) != self.book.pace(self.name)


def reading(book: Book, name: str) -> Reading:
    """A locale of the book, ready to be proofread."""
    locale = book.locales[name]
    own = [phrase for phrase in locale.taste.phrases if phrase.place.file.startswith(f"{name}/")]
    spoken = speaker(name, TODAY) if name.partition("-")[0] in SPEAKERS else None
    usual = _examples(book, locale, _middle, _USUAL_DAY)
    longest = {**_examples(book, locale, _longest, _LONGEST_DAY), **_LONGEST}
    for fact in ("wait.seconds", "wait.queue", "wait.hold", "wait.earlier", "wait.told"):
        longest[fact] = _A_LONG_WAIT
    return Reading(book, name, locale, Taste(tuple(own)), usual, longest, spoken)


Choice: TypeAlias = Callable[[Iterable[str]], str | None]


def _examples(book: Book, locale: Locale, choice: Choice, day: date) -> dict[str, Value]:
    """Every fact: the vocabulary's examples, but in this book's own words where it has any."""
    facts = {fact.name: _value(fact.type, fact.example, day) for fact in FACTS}
    queues = book.rules.queues.values()
    own: dict[str, Iterable[str | None]] = {
        "step.what": [step.what for step in locale.steps.values()],
        "gift.detail": [gift.detail for gift in locale.gifts.values()],
        "line.name": [queue.line_name for queue in queues],
        "line.phone": [queue.line_phone for queue in queues],
        "line.hours": [queue.line_hours for queue in queues],
        "line.notice": [queue.notice for queue in queues],
        "line.event": [queue.event for queue in queues],
    }
    for name, found in own.items():
        if (chosen := choice(text for text in found if text)) is not None:
            facts[name] = chosen
    return facts


def _value(type_: str, example: str, day: date) -> Value:
    if type_ == "flag":
        return True
    if type_ == "number":
        return int(example)
    return day if type_ == "date" else example


def _middle(texts: Iterable[str]) -> str | None:
    found = sorted(texts, key=len)
    return found[len(found) // 2] if found else None


def _longest(texts: Iterable[str]) -> str | None:
    return max(texts, key=len, default=None)


def facts_for(facts: Facts, locale: Locale, part: str, kinds: Iterable[str]) -> Facts:
    """The facts as one entry would have them: several things done, a gift of its kinds."""
    changed: dict[str, Value] = {}
    if part == "done":
        changed["step.what"] = (str(facts["step.what"]), str(facts["step.what"]))
    details = [gift.detail for kind in kinds if (gift := locale.gifts.get(kind)) and gift.detail]
    if details:
        changed["gift.detail"] = max(details, key=len)
    return {**facts, **changed} if changed else facts


assert set(_LONGEST) <= set(BY_NAME)

"""What every speaker can do: waits, days, dates, addresses, codes and telephone numbers."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import ClassVar, NamedTuple, TypeAlias

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date

from ivr.book.spoken.codes import Spelling, spelled, telephone_groups, together, with_breaks
from ivr.book.spoken.typed import Currency, Money, is_address, is_figures, needs_saying, said

Value: TypeAlias = str | int | bool | date | tuple[str, ...]

SHORT_PAUSE = '<break time="500ms"/>'
LONG_PAUSE = '<break time="1200ms"/>'


def escape(text: str) -> str:
    """Text as XML carries it."""
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text


class Rounded(NamedTuple):
    """A wait as it is said: whole minutes below an hour, then hours and quarters; `more` when it was longer."""

    more: bool
    minutes: int
    hours: int
    quarters: int


def rounded(seconds: int) -> Rounded:
    """Minutes to twenty, then fives, above an hour quarters; always down. Nothing of it below a minute."""
    minutes = max(0, seconds) // 60
    if minutes >= 20:
        minutes -= minutes % (5 if minutes < 60 else 15)
    more = seconds > minutes * 60
    if minutes < 60:
        return Rounded(more, minutes, 0, 0)
    hours, quarters = divmod(minutes // 15, 4)
    return Rounded(more, 0, hours, quarters)


class Speaker(ABC):
    """One locale's way of saying values, on one day."""

    language: ClassVar[str] = ""
    numbers: ClassVar[str] = ""  # the language, by num2words' name of it
    currencies: Mapping[str, Currency] = {}  # by their signs
    decimal: str = "."  # the mark before cents
    spellings: ClassVar[dict[str, Spelling]] = {}  # by locale; the first is that of all others

    def __init__(self, locale: str, today: date) -> None:
        self.locale = locale
        self.today = today
        self.spelling = self.spellings.get(locale) or next(iter(self.spellings.values()))
        self._babel = _dated_as(locale)

    # -- what each language says its own way --

    @abstractmethod
    def less_than_a_minute(self) -> str:
        """A wait too short for a figure."""

    @abstractmethod
    def wait(self, wait: Rounded) -> str:
        """A wait of a minute or more."""

    @abstractmethod
    def near(self, days: int) -> str:
        """Today, for 0, and tomorrow, for 1."""

    @abstractmethod
    def far(self, day: date, *, year: bool) -> str:
        """Any other date, with its weekday; and its year where it is not this one."""

    @abstractmethod
    def money(self, money: Money) -> str:
        """A sum of money."""

    @abstractmethod
    def spoken_time(self, at: time) -> str:
        """A time of day."""

    @abstractmethod
    def spoken_part(self, part: str) -> str:
        """A part of the day, by the vocabulary's name of it."""

    @abstractmethod
    def joined(self, items: Sequence[str]) -> str:
        """Two or more things, as one names them in a row."""

    # -- what they share --

    def plain_day(self, day: date) -> str:
        """A date within words somebody typed: never as today or tomorrow, and without an article."""
        return self.far(day, year=day.year != self.today.year)

    def number(self, value: int) -> str:
        """A whole number, in words."""
        return in_words(value, "cardinal", self.numbers)

    def spoken_wait(self, seconds: int) -> str:
        """A wait, never longer than it was: "more than twelve minutes"."""
        return _wait(type(self), self.locale, seconds)

    def spoken_date(self, day: date, today: date | None = None) -> str:
        """A date as it is said; near ones as today and tomorrow. Never "this" or "next"."""
        return _date(type(self), self.locale, day, today or self.today)

    def spoken_day(self, day: date | str) -> str:
        """A day of the week, of a date or by the vocabulary's name of it."""
        if isinstance(day, str):
            day = _MONDAY + timedelta(days=_WEEKDAYS.index(day))
        return formatted(day, "EEEE", self._babel)

    def written_date(self, day: date) -> str:
        """A date as a text message shows it: whole, since it may be read on any day."""
        return formatted(day, self._written(), self._babel)

    def _written(self) -> str:
        return "EEEE d MMMM y"

    def list(self, items: Sequence[str] | str) -> str:
        """Several things, as one names them in a row."""
        if isinstance(items, str):
            return items
        return items[0] if len(items) == 1 else self.joined(items)

    def typed(self, text: str) -> str:
        """Words somebody typed, their money, telephone numbers, addresses and dates said; the rest untouched."""
        return said(text, self) if needs_saying(text) else text

    def spoken_address(self, text: str) -> str:
        """An address, each sign by its name and each digit by itself: "help at example dot com".

        A number is said as one dials it, and a place stays as it was typed.
        """
        if is_address(text):
            return self.said_address(text)
        if is_figures(text):
            return ", ".join(self.telephone(telephone_groups(text, self.locale)))
        return self.typed(text)

    def said_address(self, text: str) -> str:
        """An address of e-mail or of the web, sign by sign."""
        text = _PROTOCOL.sub("", text).rstrip("/") or text
        name, said_web = self.spelling.name, self.spelling.web
        text = _WWW.sub(f" {said_web} ", text)
        text = _COUNTRY.sub(
            lambda end: end[0] if end[0] in self.spelling.ends else f" {self._letters(end[0])}", text
        )
        said = re.sub(r"[0-9]", lambda digit: f" {name(digit[0])} ", text)
        said = re.sub(r"[^\w\s]|_", lambda sign: f" {self.spelling.signs.get(sign[0], '')} ", said)
        return " ".join(said.split())

    def _letters(self, word: str) -> str:
        return " ".join(self.spelling.name(letter) for letter in word.upper())

    def spell(self, text: str) -> str:
        """A code letter by letter, in groups of two to four, as SSML."""
        return spelled(text, self.spelling, out=False)

    def spell_out(self, text: str) -> str:
        """The same, with a word beside each letter that could be taken for another: "A, B for Bravo"."""
        return spelled(text, self.spelling, out=True)

    def digits(self, text: str) -> str:
        """A telephone number in the groups in which it is usually said, as SSML."""
        return with_breaks(self.telephone(telephone_groups(text, self.locale)))

    def telephone(self, groups: Sequence[str]) -> Sequence[str]:
        """The groups of a telephone number, each as it is said."""
        spoken = []
        before = ""
        for group in groups:
            first, *rest = self.telephone_group(group.removeprefix("+"))
            if group == "0" and not before:  # zéro huit cents
                before = f"{first} "
                continue
            plus = f"{self.spelling.signs['+']} " if group.startswith("+") else ""
            spoken += [f"{before}{plus}{first}", *rest]
            before = ""
        return spoken or [before.strip()]

    def telephone_group(self, group: str) -> Sequence[str]:
        """One group of a telephone number as it is said, in one breath or more: digit by digit."""
        return [together([self.spelling.name(sign) for sign in group])]

    def slowly(self, ssml: str) -> str:
        """The same, at four fifths of the pace."""
        return f'<prosody rate="80%">{ssml}</prosody>'


# ---- words and figures ----

_PROTOCOL = re.compile(r"^https?://", re.IGNORECASE)
_WWW = re.compile(r"\bwww\b", re.IGNORECASE)
_COUNTRY = re.compile(r"(?<=\.)[a-z]{2}(?=/|$)", re.IGNORECASE)

_MONDAY = date(2024, 1, 1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=8192)
def _wait(kind: type[Speaker], locale: str, seconds: int) -> str:
    speaker = kind(locale, _MONDAY)
    return speaker.less_than_a_minute() if seconds < 60 else speaker.wait(rounded(seconds))


@lru_cache(maxsize=4096)
def _date(kind: type[Speaker], locale: str, day: date, today: date) -> str:
    speaker, ahead = kind(locale, today), (day - today).days
    return speaker.near(ahead) if ahead in (0, 1) else speaker.far(day, year=day.year != today.year)


@lru_cache(maxsize=256)
def _dated_as(locale: str) -> str:
    """The locale by whose customs dates are said: its language's, where nobody knows those of the place."""
    name = locale.replace("-", "_")
    try:
        return str(Locale.parse(name))
    except (UnknownLocaleError, ValueError):
        return name.partition("_")[0]


@lru_cache(maxsize=4096)
def formatted(day: date, form: str, locale: str) -> str:
    """A date in one of babel's forms."""
    return str(format_date(day, form, locale=locale))


@lru_cache(maxsize=4096)
def in_words(value: int, form: str, language: str) -> str:
    """A number below a million in words, as num2words forms them: cardinal, ordinal, year."""
    from num2words import num2words  # fifty milliseconds to import, wanted by words alone

    return str(num2words(value, to=form, lang=language)) if abs(value) < 1_000_000 else str(value)

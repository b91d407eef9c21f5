"""What every speaker can do: days, dates, addresses, codes and telephone numbers."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import ClassVar, TypeAlias

from babel.dates import format_date

Value: TypeAlias = str | int | bool | date | tuple[str, ...]

GROUP_BREAK = '<break time="300ms"/>'
SHORT_PAUSE = '<break time="500ms"/>'
LONG_PAUSE = '<break time="1200ms"/>'


def escape(text: str) -> str:
    """Text as XML carries it."""
    if "&" in text or "<" in text or ">" in text:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text


class Speaker(ABC):
    """One locale's way of saying values, on one day."""

    language: ClassVar[str] = ""
    signs: ClassVar[dict[str, str]] = {}  # how the signs of codes and addresses are said

    def __init__(self, locale: str, today: date) -> None:
        self.locale = locale
        self.today = today
        self._babel = locale.replace("-", "_")

    @abstractmethod
    def number(self, value: int) -> str:
        """A whole number, in words."""

    @abstractmethod
    def spoken_wait(self, seconds: int) -> str:
        """A wait, never longer than it was: "more than twelve minutes"."""

    @abstractmethod
    def spoken_date(self, day: date, today: date | None = None) -> str:
        """A date as it is said; near ones as today and tomorrow. Never "this" or "next"."""

    @abstractmethod
    def spoken_time(self, at: time) -> str:
        """A time of day."""

    @abstractmethod
    def spoken_part(self, part: str) -> str:
        """A part of the day, by the vocabulary's name of it."""

    @abstractmethod
    def list(self, items: Sequence[str] | str) -> str:
        """Several things, as one names them in a row."""

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

    def spoken_address(self, text: str) -> str:
        """An address, each sign by its name and each digit by itself: "help at example dot com"."""
        said = re.sub(r"[0-9]", lambda digit: f" {digit[0]} ", text)
        said = re.sub(r"[^\w\s]|_", lambda sign: f" {self.signs.get(sign[0], '')} ", said)
        return " ".join(said.split())

    def spell(self, text: str) -> str:
        """A code letter by letter, in groups of two to four, as SSML."""
        return _spelled(text, type(self))

    def digits(self, text: str) -> str:
        """A telephone number digit by digit, in the groups in which it is usually said, as SSML."""
        groups = []
        for group in _telephone_groups(text, self.locale).split():
            plus = f"{self.signs['+']} " if group.startswith("+") else ""
            groups.append(plus + " ".join(re.findall(r"\w", group)))
        return escape_groups(groups)

    def slowly(self, ssml: str) -> str:
        """The same, at four fifths of the pace."""
        return f'<prosody rate="80%">{ssml}</prosody>'


# ---- words and figures ----

_MONDAY = date(2024, 1, 1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=4096)
def formatted(day: date, form: str, locale: str) -> str:
    """A date in one of babel's forms."""
    return str(format_date(day, form, locale=locale))


@lru_cache(maxsize=4096)
def in_words(value: int, form: str, language: str) -> str:
    """A number below a million in words, as num2words forms them: cardinal, ordinal, year."""
    from num2words import num2words  # fifty milliseconds to import, wanted by words alone

    return str(num2words(value, to=form, lang=language)) if abs(value) < 1_000_000 else str(value)


def load(languages: Iterable[str]) -> None:
    """Load what is slow to load: the first caller to hear a number would wait for it, half a second in silence."""
    for language in languages:
        in_words(1, "cardinal", language)
    _telephone_groups("+442079460000", "en-GB")


# ---- codes ----


@lru_cache(maxsize=256)
def _spelled(text: str, speaking: type[Speaker]) -> str:
    groups: list[str] = []
    for chunk in re.findall(r"[^\W_]+|[^\s\w-]", text.upper()):
        if chunk.isalnum():
            groups += [" ".join(group) for group in _groups(chunk)]
        elif name := speaking.signs.get(chunk):
            groups.append(name)
    return escape_groups(groups)


def escape_groups(groups: Sequence[str]) -> str:
    """Groups with a short break between them, as SSML."""
    return f",{GROUP_BREAK} ".join(escape(group) for group in groups)


def _groups(chunk: str) -> list[str]:
    """Runs of letters and of digits, in groups of two to four; a lone sign joins its neighbour."""
    runs: list[str] = []
    for run in re.findall(r"[0-9]+|[^0-9]+", chunk):
        if runs and len(runs[-1]) + len(run) <= 4 and 1 in (len(runs[-1]), len(run)):
            runs[-1] += run
        else:
            runs.append(run)
    groups = []
    for run in runs:
        count = -(-len(run) // 4)
        size, longer = divmod(len(run), count)
        start = 0
        for number in range(count):
            end = start + size + (number < longer)
            groups.append(run[start:end])
            start = end
    return groups


def _telephone_groups(text: str, locale: str) -> str:
    import phonenumbers  # wanted by telephone numbers alone

    region = locale.partition("-")[2] or None
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        return " ".join(group for chunk in re.findall(r"\+?\w+", text) for group in _groups(chunk))
    home = region in phonenumbers.region_codes_for_country_code(number.country_code or 0)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return re.sub(r"[^\w+]+", " ", phonenumbers.format_number(number, form))

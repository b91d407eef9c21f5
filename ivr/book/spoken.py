"""How waits, dates, codes and lists are said aloud, per language; and how long saying something takes.

A speaker turns values into words. What it returns is plain text, except from `spell`, `digits` and
`slowly`, which return SSML: text that is already escaped, with elements Twilio's <Say> accepts. A figure
of waiting is always rounded down: nobody is told they waited longer than they did.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from html import unescape
from typing import Any, ClassVar, TypeAlias

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
        return _formatted(day, "EEEE", self._babel)

    def written_date(self, day: date) -> str:
        """A date as a text message shows it: whole, since it may be read on any day."""
        return _formatted(day, self._written(), self._babel)

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


class English(Speaker):
    """English; the British and the American way differ in dates."""

    language = "en"
    signs: ClassVar[dict[str, str]] = {
        "@": "at", ".": "dot", "-": "hyphen", "_": "underscore", "/": "slash", "+": "plus", "&": "and",
        "#": "hash", "*": "star", ":": "colon", "=": "equals", "%": "percent", "~": "tilde",
    }  # fmt: skip

    def number(self, value: int) -> str:
        return _in_words(value, "cardinal", "en")

    def spoken_wait(self, seconds: int) -> str:
        return _english_wait(seconds)

    def spoken_date(self, day: date, today: date | None = None) -> str:
        return _english_date(day, today or self.today, self.locale == "en-US")

    def _written(self) -> str:
        return "EEEE, MMMM d, y" if self.locale == "en-US" else "EEEE d MMMM y"

    def spoken_time(self, at: time) -> str:
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return "noon" if at.hour else "midnight"
        hour = _in_words(at.hour % 12 or 12, "cardinal", "en")
        part = "in the morning" if at.hour < 12 else "in the afternoon" if at.hour < 18 else "in the evening"
        if at.minute == 0:
            return f"{hour} o'clock {part}"
        minute = _in_words(at.minute, "cardinal", "en")
        return f"{hour} {'oh ' if at.minute < 10 else ''}{minute} {part}"

    def spoken_part(self, part: str) -> str:
        return part

    def list(self, items: Sequence[str] | str) -> str:
        if isinstance(items, str):
            return items
        return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


SPEAKERS: dict[str, type[Speaker]] = {English.language: English}
"""By language. Another language is another class here, and another folder of words."""


@lru_cache(maxsize=64)
def speaker(locale: str, today: date) -> Speaker:
    """The speaker of a locale on a day. Raises LookupError for a language that has none."""
    language = locale.partition("-")[0]
    if language not in SPEAKERS:
        raise LookupError(f"nobody here speaks “{locale}”; there are speakers of {', '.join(SPEAKERS)}")
    return SPEAKERS[language](locale, today)


# ---- words and figures ----

_MONDAY = date(2024, 1, 1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@lru_cache(maxsize=4096)
def _formatted(day: date, form: str, locale: str) -> str:
    return str(format_date(day, form, locale=locale))


@lru_cache(maxsize=4096)
def _in_words(value: int, form: str, language: str) -> str:
    from num2words import num2words  # fifty milliseconds to import, wanted by words alone

    return str(num2words(value, to=form, lang=language)) if abs(value) < 1_000_000 else str(value)


@lru_cache(maxsize=8192)
def _english_wait(seconds: int) -> str:
    """Minutes to twenty, then fives, above an hour quarters; always down."""
    if seconds < 60:
        return "less than a minute"
    minutes = seconds // 60
    if minutes >= 20:
        minutes -= minutes % (5 if minutes < 60 else 15)
    more = "more than " if seconds > minutes * 60 else ""
    if minutes < 60:
        return more + ("a minute" if minutes == 1 else f"{_in_words(minutes, 'cardinal', 'en')} minutes")
    hours, quarters = divmod(minutes // 15, 4)
    beyond = ("", " and a quarter", " and a half", " and three quarters")[quarters]
    if hours == 1:
        return f"{more}an hour{beyond}"
    return f"{more}{_in_words(hours, 'cardinal', 'en')}{beyond} hours"


@lru_cache(maxsize=4096)
def _english_date(day: date, today: date, american: bool) -> str:
    if day == today:
        return "today"
    if day - today == timedelta(days=1):
        return "tomorrow"
    weekday, month = _formatted(day, "EEEE", "en"), _formatted(day, "MMMM", "en")
    ordinal = _in_words(day.day, "ordinal", "en")
    said = f"{weekday}, {month} {ordinal}" if american else f"{weekday} the {ordinal} of {month}"
    if day.year != today.year:
        said += f"{',' if american else ''} {_in_words(day.year, 'year', 'en')}"
    return said


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


# ---- what was said, and how long it takes ----

_TAG = re.compile(r"<[^<>]*>")
_BREAK_OR_PACE = re.compile(
    r'<break\b[^>]*?(?:time="([^"]*)"|strength="([^"]*)")?\s*/>|<(/?)prosody\b([^>]*)>'
)
_RATE = re.compile(r'rate="([^"]*)"')
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.5}
_STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.2, "medium": 0.4, "strong": 0.7, "x-strong": 1.2}
_WORD = re.compile(r"[0-9]|[^\W0-9]+(?:['’][^\W0-9]+)*")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_SENTENCE_PAUSE = 0.3  # seconds an engine rests between sentences


@lru_cache(maxsize=2048)
def plain(ssml: str) -> str:
    """The words alone, spaces tidied."""
    return " ".join(unescape(_TAG.sub("", ssml)).split())


@lru_cache(maxsize=2048)
def seconds(ssml: str, words_per_minute: int) -> float:
    """About how long saying this takes: its words at that pace, its breaks, and what is said slowly."""
    total, rates, start = 0.0, [1.0], 0
    for match in _BREAK_OR_PACE.finditer(ssml):
        total += _said(ssml[start : match.start()], words_per_minute) / rates[-1]
        start = match.end()
        if match[3] is None:
            total += _length(match[1], match[2])
        elif match[3]:
            rates[1:] = rates[1:-1]
        else:
            rates.append(rates[-1] * _rate(match[4]))
    return round(total + _said(ssml[start:], words_per_minute) / rates[-1], 2)


def _said(ssml: str, words_per_minute: int) -> float:
    words = _TAG.sub(" ", ssml)
    rests = len(_SENTENCE_END.findall(words)) * _SENTENCE_PAUSE
    return len(_WORD.findall(unescape(words))) * 60 / words_per_minute + rests


def _length(length: str | None, strength: str | None) -> float:
    if length is None:
        return _STRENGTHS.get(strength or "medium", 0.4)
    number: Any = re.fullmatch(r"([0-9]*\.?[0-9]+)(ms|s)", length)
    return float(number[1]) / (1000 if number[2] == "ms" else 1) if number else 0.0


def _rate(attributes: str) -> float:
    found = _RATE.search(attributes)
    if not found:
        return 1.0
    percent = re.fullmatch(r"([0-9]{1,3})%", found[1])
    return max(0.2, int(percent[1]) / 100) if percent else _RATES.get(found[1], 1.0)

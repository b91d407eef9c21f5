"""How values are said in English."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from functools import lru_cache
from typing import ClassVar

from ivr.book.spoken.speaker import Speaker, formatted, in_words


class English(Speaker):
    """English; the British and the American way differ in dates."""

    language = "en"
    signs: ClassVar[dict[str, str]] = {
        "@": "at", ".": "dot", "-": "hyphen", "_": "underscore", "/": "slash", "+": "plus", "&": "and",
        "#": "hash", "*": "star", ":": "colon", "=": "equals", "%": "percent", "~": "tilde",
    }  # fmt: skip

    def number(self, value: int) -> str:
        return in_words(value, "cardinal", "en")

    def spoken_wait(self, seconds: int) -> str:
        return _wait(seconds)

    def spoken_date(self, day: date, today: date | None = None) -> str:
        return _date(day, today or self.today, self.locale == "en-US")

    def _written(self) -> str:
        return "EEEE, MMMM d, y" if self.locale == "en-US" else "EEEE d MMMM y"

    def spoken_time(self, at: time) -> str:
        if (at.hour, at.minute) in ((0, 0), (12, 0)):
            return "noon" if at.hour else "midnight"
        hour = in_words(at.hour % 12 or 12, "cardinal", "en")
        part = "in the morning" if at.hour < 12 else "in the afternoon" if at.hour < 18 else "in the evening"
        if at.minute == 0:
            return f"{hour} o'clock {part}"
        minute = in_words(at.minute, "cardinal", "en")
        return f"{hour} {'oh ' if at.minute < 10 else ''}{minute} {part}"

    def spoken_part(self, part: str) -> str:
        return part

    def list(self, items: Sequence[str] | str) -> str:
        if isinstance(items, str):
            return items
        return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


@lru_cache(maxsize=8192)
def _wait(seconds: int) -> str:
    """Minutes to twenty, then fives, above an hour quarters; always down."""
    if seconds < 60:
        return "less than a minute"
    minutes = seconds // 60
    if minutes >= 20:
        minutes -= minutes % (5 if minutes < 60 else 15)
    more = "more than " if seconds > minutes * 60 else ""
    if minutes < 60:
        return more + ("a minute" if minutes == 1 else f"{in_words(minutes, 'cardinal', 'en')} minutes")
    hours, quarters = divmod(minutes // 15, 4)
    beyond = ("", " and a quarter", " and a half", " and three quarters")[quarters]
    if hours == 1:
        return f"{more}an hour{beyond}"
    return f"{more}{in_words(hours, 'cardinal', 'en')}{beyond} hours"


@lru_cache(maxsize=4096)
def _date(day: date, today: date, american: bool) -> str:
    if day == today:
        return "today"
    if day - today == timedelta(days=1):
        return "tomorrow"
    weekday, month = formatted(day, "EEEE", "en"), formatted(day, "MMMM", "en")
    ordinal = in_words(day.day, "ordinal", "en")
    said = f"{weekday}, {month} {ordinal}" if american else f"{weekday} the {ordinal} of {month}"
    if day.year != today.year:
        said += f"{',' if american else ''} {in_words(day.year, 'year', 'en')}"
    return said

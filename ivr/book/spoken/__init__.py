"""How waits, dates, codes and lists are said aloud, per language; and how long saying something takes.

A speaker turns values into words. What it returns is plain text, except from `spell`, `spell_out`, `digits`
and `slowly`, which return SSML: text that is already escaped, with elements Twilio's <Say> accepts. A figure
of waiting is always rounded down: nobody is told they waited longer than they did. A language is a file
here and a line in SPEAKERS, and another folder of words.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from ivr.book.spoken.english import English
from ivr.book.spoken.french import French
from ivr.book.spoken.length import plain, seconds
from ivr.book.spoken.portuguese import Portuguese
from ivr.book.spoken.spanish import Spanish
from ivr.book.spoken.speaker import LONG_PAUSE, SHORT_PAUSE, Speaker, Value, escape

__all__ = [
    "LONG_PAUSE", "SHORT_PAUSE", "SPEAKERS", "Speaker", "Value", "escape", "load", "plain", "seconds", "speaker",
]  # fmt: skip

SPEAKERS: dict[str, type[Speaker]] = {each.language: each for each in (English, Spanish, French, Portuguese)}
"""By language."""


@lru_cache(maxsize=64)
def speaker(locale: str, today: date) -> Speaker:
    """The speaker of a locale on a day. Raises LookupError for a language that has none."""
    language = locale.partition("-")[0]
    if language not in SPEAKERS:
        raise LookupError(f"nobody here speaks “{locale}”; there are speakers of {', '.join(SPEAKERS)}")
    return SPEAKERS[language](locale, today)


def load(languages: Iterable[str]) -> None:
    """Load what is slow to load: the first caller to hear a number would wait for it, half a second in silence."""
    day = date(2026, 11, 28)
    for language in languages:
        for locale in SPEAKERS[language].spellings:
            first = speaker(locale, day - timedelta(days=7))
            first.spoken_date(day)
            first.written_date(day)
            first.spoken_wait(750)
            first.digits("+442079460000")
            first.typed("12 020 7946 0000")

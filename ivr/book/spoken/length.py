"""What was said, and how long saying it takes."""

import re
from functools import lru_cache
from html import unescape
from typing import Any

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

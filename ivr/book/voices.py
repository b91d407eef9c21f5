"""Who speaks each locale, and how fast: voices.yaml."""

import re
from dataclasses import dataclass
from typing import Any

from ivr.book.form import Form
from ivr.book.source import Findings, Node, Place, Table, nearest

LOCALE = re.compile(r"[a-z]{2,3}-[A-Z]{2}|[a-z]{2,3}-[0-9]{3}")
MOST_LOCALES = 100


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast lines are spoken."""

    words_per_minute: int = 165
    slow: int = 130  # words a minute where a caller wants it slower


@dataclass(frozen=True, slots=True)
class Voice:
    """Which voice speaks a locale."""

    voice: str  # Twilio's <Say voice>
    language: str  # Twilio's <Say language>
    native_of: tuple[str, ...] = ()  # the places whose voice it is
    piper: str | None = None  # the voice of rehearsals
    ssml: bool = True  # False: it takes plain words only
    pace: Pace | None = None  # its own; None: that of the rules
    start: str | None = None  # the locale whose words this one starts from


def read_voices(node: Node | None, findings: Findings, file: str) -> dict[str, tuple[Voice, Place]]:
    """voices.yaml: locale → voice and the place where it is said, parents before children."""
    voices: dict[str, tuple[Voice, Place]] = {}
    form = Form(node or Table(Place(file)), findings, file)
    for locale, place in form.table.keys.items():
        if len(voices) == MOST_LOCALES:
            findings.add(place, f"more than {MOST_LOCALES} locales")
            break
        voice = form.form(locale)
        start = voice.text("from")
        usual: Any = voices.get(start or "", (None, None))[0]
        if not LOCALE.fullmatch(locale):
            findings.add(place, f"“{locale[:40]}” is not a locale like en-GB")
            continue
        if start and usual is None:
            hint = nearest(start, voices) or "a locale stands below the one it starts from"
            findings.add(voice.table.values["from"].place, f"no locale “{start[:40]}” stands above", hint)
        name = voice.text("voice", usual.voice if usual else None)
        if name is None:
            findings.add(place, f"{locale} has no voice", "as <Say> names it: Polly.Amy-Neural")
        same = usual is not None and name == usual.voice
        voices[locale] = (
            Voice(
                name or "alice",
                voice.text("language", locale) or locale,
                tuple((voice.text("native_of") or "").replace(",", " ").split()),
                voice.text("piper", usual.piper if usual else None),
                voice.flag("ssml", usual.ssml if usual else True),
                _own_pace(voice, findings) or (usual.pace if same else None),
                start if usual else None,
            ),
            place,
        )
        voice.done()
    return voices


def _own_pace(voice: Form, findings: Findings) -> Pace | None:
    """A voice's own pace. Without `slow` it is slow at four fifths of it."""
    pace = voice.number("pace", 0, 60, 400)
    slow = voice.number("slow", pace * 4 // 5, 30, 400)
    if slow > pace:
        place = voice.table.values["slow"].place
        findings.add(
            place, "slow is no faster than pace, which stands beside it", "as in pace: 150, slow: 120"
        )
    return Pace(pace, min(slow, pace)) if pace else None

"""Hearing callers answer: in which language, with which recogniser, and what it may expect to hear.

Only where the queue listens, and where the locale's book has the phrases; everywhere else keys alone count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.book.book import Book, Queue

SILENCE_SECONDS = 2  # after their last word: time enough for "no … wait, yes"
MOST_HINTS, LONGEST_HINTS = (
    500,
    4_000,
)  # Twilio's own limit; and characters in all, so that a document stays small

_LANGUAGES = """
    af-ZA am-ET ar-AE ar-BH ar-DZ ar-EG ar-IL ar-IQ ar-JO ar-KW ar-LB ar-MA ar-OM ar-PS ar-QA ar-SA
    ar-TN az-AZ bg-BG bn-BD bn-IN ca-ES cs-CZ da-DK de-DE el-GR en-AU en-CA en-GB en-GH en-IE en-IN
    en-KE en-NG en-NZ en-PH en-SG en-TZ en-US en-ZA es-AR es-BO es-CL es-CO es-CR es-DO es-EC es-ES
    es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-PY es-SV es-US es-UY es-VE et-EE eu-ES fa-IR fi-FI
    fil-PH fr-CA fr-FR gl-ES gu-IN he-IL hi-IN hr-HR hu-HU hy-AM id-ID is-IS it-IT ja-JP jv-ID ka-GE
    km-KH kn-IN ko-KR lo-LA lt-LT lv-LV mk-MK ml-IN mn-MN mr-IN ms-MY my-MM nar-IQ nb-NO ne-NP nl-BE
    nl-NL pa-guru-IN pl-PL pt-BR pt-PT ro-RO ru-RU si-LK sk-SK sl-SI sq-AL sr-RS su-ID sv-SE sw-KE sw-TZ
    ta-IN ta-LK ta-MY ta-SG te-IN th-TH tr-TR uk-UA ur-IN ur-PK uz-UZ vi-VN yue-Hant-HK zh cmn-Hans-CN
    zh-TW cmn-Hant-TW zu-ZA
"""
LANGUAGES = frozenset(_LANGUAGES.split())
"""What <Gather language> takes."""

FOR_TELEPHONES = "phone_call"
_FOR_TELEPHONES = "en-US en-GB en-AU fr-FR fr-CA ja-JP ru-RU es-US es-ES pt-BR"  # the languages it knows


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a <Gather> is told, beside what it is told for keys."""

    language: str
    hints: str  # with commas between
    model: str | None = None

    @property
    def silence(self) -> str:
        """When an answer is over. Twilio takes `auto` only where no model is named."""
        return "auto" if self.model is None else str(SILENCE_SECONDS)


def hearing(book: Book, queue: Queue, locale: str) -> Hearing | None:
    """How answers are heard in a queue and a locale of the book; None where only keys count."""
    if locale not in book.locales:
        return None  # a farewell under way, of a version that had this locale
    answers = book.locales[locale].answers
    language = nearest_language(book, locale)
    if not queue.speech or answers is None or language is None:
        return None
    model = FOR_TELEPHONES if language in _FOR_TELEPHONES.split() else None
    return Hearing(language, ",".join(_fitting(answers.hints[:MOST_HINTS])), model)


def nearest_language(book: Book, locale: str) -> str | None:
    """The locale's own language, else that of its voice or of the locale it starts from, else a sister."""
    name: str | None = locale
    while name is not None:
        voice = book.locales[name].voice
        for language in (name, voice.language):
            if language in LANGUAGES:
                return language
        name = voice.start
    spoken = locale.partition("-")[0]
    sisters = sorted(language for language in LANGUAGES if language.partition("-")[0] == spoken)
    at_home = "en-GB" if spoken == "en" else f"{spoken}-{spoken.upper()}"
    return at_home if at_home in sisters else next(iter(sisters), None)


def _fitting(hints: tuple[str, ...]) -> Iterator[str]:
    room = LONGEST_HINTS
    for hint in hints:
        room -= len(hint) + 1
        if room < 0:
            return
        yield hint

"""What the proof listens for in one locale's words: taste.yaml, a kind and its phrases, one a line.

    forced: |
      your call is important
      apologi* for any inconvenience

Whole words count, in any capitals, accents respected; a star at a word's end stands for any ending. A
locale adds its phrases to those of the locale it starts from.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from ivr.book.form import Form
from ivr.book.phrases import LONGEST, phrases
from ivr.book.source import Findings, Node, Place

KINDS: Mapping[str, str] = {
    "sorry": "apologises: never on the waiting page, and once in a farewell",
    "answer": "says that somebody answered: beside wait.queue and no other wait",
    "cheer": "is cheerful: never on a sober or gentle call",
    "invites": "asks them back: never on a sober or gentle call",
    "forced": "is stale or insincere: nowhere",
    "familiar": "is of the form of address that is not used here: nowhere",
    "formal": "is of the form of address that is used here",
    "gendered": "agrees with the caller's sex, or against the voice's: nowhere",
}
"""Every kind of phrase, and what it is or where it may stand."""

MOST_PHRASES = 1_000  # of one locale, its parent's included

# An apostrophe belongs to the word before it, so that « t’ » is a word of its own in « t’aider ».
_WORD = re.compile("[^\\W_][^\\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\\W_]*)*(?:['’ʼ](?=[^\\W_]))?")
_TYPED = re.compile("[^\\W_][^\\W_\u0300-\u036f]*(?:[\u0300-\u036f]+[^\\W_]*)*['’ʼ]?\\*?")
_BETWEEN = re.compile(r"[\s,\-'’ʼ]*")  # what may stand between two words of one phrase

Stem: TypeAlias = tuple[str, bool]
"""A word of a phrase as it is compared, and whether any ending may follow."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase to listen for."""

    kind: str
    written: str
    words: tuple[Stem, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Taste:
    """What is listened for in one locale."""

    phrases: tuple[Phrase, ...] = ()
    _by_word: Mapping[str, list[Phrase]] = field(init=False, repr=False)  # the first word, whole
    _by_stem: Mapping[str, list[Phrase]] = field(init=False, repr=False)  # the first word's beginning
    _stems: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_word: dict[str, list[Phrase]] = {}
        by_stem: dict[str, list[Phrase]] = {}
        for phrase in self.phrases:
            first, open_ended = phrase.words[0]
            (by_stem if open_ended else by_word).setdefault(first, []).append(phrase)
        object.__setattr__(self, "_by_word", by_word)
        object.__setattr__(self, "_by_stem", by_stem)
        object.__setattr__(self, "_stems", tuple(by_stem))

    def heard(self, text: str) -> Iterator[tuple[Phrase, int]]:
        """Every phrase in a text, and the offset at which it begins; of those that overlap, the first and longest."""
        if not self.phrases:
            return
        words = [(_plain(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]
        taken: dict[str, int] = {}  # kind → the word with which its last phrase ended
        for number, (word, start, _) in enumerate(words):
            begun = self._by_word.get(word, ())
            if self._stems and word.startswith(self._stems):
                stems = [stem for stem in self._stems if word.startswith(stem)]
                begun = [*begun, *(phrase for stem in stems for phrase in self._by_stem[stem])]
            longest: dict[str, Phrase] = {}
            for phrase in begun:
                if number >= taken.get(phrase.kind, 0) and _goes_on(phrase, words, number, text):
                    other = longest.get(phrase.kind)
                    if other is None or len(phrase.words) > len(other.words):
                        longest[phrase.kind] = phrase
            for phrase in longest.values():
                taken[phrase.kind] = number + len(phrase.words)
                yield phrase, start

    def of(self, kind: str) -> list[Phrase]:
        """The phrases of one kind, in order."""
        return [phrase for phrase in self.phrases if phrase.kind == kind]


NO_TASTE = Taste()
"""Where nobody has written any down, nothing is listened for."""


def _goes_on(phrase: Phrase, words: list[tuple[str, int, int]], number: int, text: str) -> bool:
    """Whether the phrase's words are the text's from `number` on, with nothing but spaces between them."""
    if number + len(phrase.words) > len(words):
        return False
    for offset, (stem, open_ended) in enumerate(phrase.words):
        word, start, _ = words[number + offset]
        if not (word.startswith(stem) if open_ended else word == stem):
            return False
        if offset and not _BETWEEN.fullmatch(text, words[number + offset - 1][2], start):
            return False
    return True


def _plain(word: str) -> str:
    """A word as it is compared: small letters, one kind of apostrophe, accents in one piece."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFC", word).casefold().replace("’", "'").replace("ʼ", "'")


def read_taste(node: Node | None, parent: Taste, findings: Findings) -> Taste:
    """taste.yaml, added to the parent's phrases."""
    if node is None:
        return parent
    form = Form(node, findings, "taste.yaml")
    own: list[Phrase] = []
    known = {(phrase.kind, phrase.words): phrase for phrase in parent.phrases}
    for kind in KINDS:
        lines = phrases(form, kind, findings)
        if lines == []:
            place = form.table.values[kind].place
            findings.add(place, f"no phrase stands beneath {kind}", "one a line, or leave the key out")
        for written, place in lines or ():
            phrase = _phrase(kind, written, place, findings)
            if phrase is None:
                continue
            again = known.get((kind, phrase.words))
            if again is not None:
                where = again.place.line if again.place.file == place.file else again.place.file
                findings.add(place, f"“{written}” is listened for already", f"see {where}", fault=False)
                continue
            if kind in ("familiar", "formal"):
                other = "formal" if kind == "familiar" else "familiar"
                if (other, phrase.words) in known:
                    findings.add(place, f"“{written}” stands under {other} already", "it is one or the other")
                    continue
            known[kind, phrase.words] = phrase
            own.append(phrase)
    form.done()
    if len(parent.phrases) + len(own) > MOST_PHRASES:
        findings.add(form.table.place, f"more than {MOST_PHRASES:,} phrases")
        return parent
    return Taste((*parent.phrases, *own))


def _phrase(kind: str, written: str, place: Place, findings: Findings) -> Phrase | None:
    if len(written) > LONGEST:
        findings.add(place, f"longer than {LONGEST} characters", "a few words are enough to know it by")
        return None
    typed = _TYPED.findall(written)
    words = tuple((_plain(word.removesuffix("*")), word.endswith("*")) for word in typed)
    if not words:
        findings.add(place, "an empty phrase: it has no words", "whole words; a star only at a word's end")
        return None
    if written.count("*") != sum(open_ended for _, open_ended in words):
        at = Place(place.file, place.line, place.column + written.index("*"))
        findings.add(at, "a star stands at a word's end, for any ending", "as in: apologi*")
        return None
    return Phrase(kind, written, words, place)

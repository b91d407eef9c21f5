"""A line's words, ready to be said: pieces of text, and between them facts through their filters.

A value is escaped on its way into SSML, and one that would be said as nothing is an error: the variant is
skipped for another. Saying a line takes microseconds.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias

from ivr.book.spoken import Speaker, Value, escape
from ivr.book.vocabulary import Fact

LONGEST_OUTPUT = 3_000  # characters said; what one <Say> takes


class Unsayable(ValueError):
    """A value that would be said as nothing, or a line that has grown too long. Skip the variant."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter takes and gives."""

    takes: Callable[[Fact], bool]
    meaning: str
    ssml: bool = False  # gives SSML, which a text message cannot carry
    in_texts: str | None = None  # the speaker's for texts; None: not allowed there


_WAITS = frozenset({"wait.seconds", "wait.queue", "wait.hold", "wait.earlier", "wait.told"})
_CODES = frozenset({"step.reference", "step.to", "line.phone"})

FILTERS: Mapping[str, Filter] = MappingProxyType({
    "spoken_wait": Filter(lambda f: f.name in _WAITS, "seconds of waiting", in_texts="spoken_wait"),
    "spoken_date": Filter(lambda f: f.type == "date", "a date", in_texts="written_date"),
    "spoken_time": Filter(lambda f: False, "a time of day"),
    "spoken_day": Filter(
        lambda f: f.type == "date" or f.name == "day.weekday", "a date or a weekday", in_texts="spoken_day"
    ),
    "spoken_part": Filter(lambda f: f.name == "day.part", "a part of the day", in_texts="spoken_part"),
    "spoken_address": Filter(lambda f: f.name in _CODES, "an address"),
    "spell": Filter(lambda f: f.name in _CODES, "a code, never a name", ssml=True),
    "spell_out": Filter(lambda f: f.name in _CODES, "a code, never a name", ssml=True),
    "digits": Filter(lambda f: f.name in _CODES, "a telephone number", ssml=True),
    "slowly": Filter(lambda f: f.type == "text", "a text, said", ssml=True),
    "list": Filter(lambda f: f.name == "step.what", "several things", in_texts="list"),
})  # fmt: skip
"""Every filter a line may use; its name is the speaker's method."""

_TYPED = frozenset({"step.what", "step.to", "line.notice", "line.event"})
"""Facts that are sentences or parts of one, typed by people: what an engine would garble in them is said."""

_WORDS = frozenset({"list", "slowly"})  # filters that take words as they are


def filter_wanted(fact: Fact, part: str) -> str | None:
    """The filter without which a fact cannot be said on this part of its page."""
    if fact.name in _WAITS:
        return "spoken_wait"
    if fact.type == "date":
        return "spoken_date"
    if fact.name in ("day.part", "day.weekday"):
        return "spoken_part" if fact.name == "day.part" else "spoken_day"
    return "list" if fact.name == "step.what" and part == "done" else None


# marks that direct how letters are shown, and are not heard
_UNHEARD = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def tidy(value: str) -> str:
    """A typed text without control characters and spare spaces. Raises Unsayable when nothing is left."""
    if not value.isprintable() or "  " in value:
        value = " ".join(_CONTROL.sub(" ", _UNHEARD.sub("", value)).split())
    if not value[:1].isalnum() and not any(map(str.isalnum, value)):
        raise Unsayable("a text without a letter or a figure")
    return value


def clean(value: Value) -> Value:
    """A value whose texts are tidy. Raises Unsayable when one of them, or a list, is empty."""
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, tuple):
        if not value:
            raise Unsayable("an empty list")
        return tuple(tidy(item) for item in value)
    return value


class Say:
    """One `{{ fact | filter }}`: called with facts and a speaker, it gives the words."""

    __slots__ = ("_escape_at", "_methods", "_text", "_typed", "fact")

    def __init__(self, fact: str, filters: tuple[str, ...], *, text: bool) -> None:
        self.fact = fact
        self._text = text
        self._methods = tuple((FILTERS[name].in_texts or name) if text else name for name in filters)
        self._typed = not text and fact in _TYPED and _WORDS.issuperset(filters)
        ssml = [number for number, name in enumerate(filters) if FILTERS[name].ssml]
        # what is still plain is escaped before `slowly` wraps it; `spell` and `digits` escape for themselves
        first = ssml[0] if ssml else len(filters)
        self._escape_at = first if first == len(filters) or filters[first] == "slowly" else -1

    def __call__(self, facts: Mapping[str, Value], speaker: Speaker) -> str:
        value: Any = facts[self.fact]
        if type(value) is str or type(value) is tuple:
            value = clean(value)
            if self._typed:
                value = speaker.typed(value) if type(value) is str else tuple(map(speaker.typed, value))
        number = 0
        for method in self._methods:
            if number == self._escape_at:
                value = self._plain(value, speaker)
            value = getattr(speaker, method)(value)
            number += 1
        return self._plain(value, speaker) if number == self._escape_at else str(value)

    def _plain(self, value: Any, speaker: Speaker) -> str:
        if type(value) is int:
            return str(value) if self._text else speaker.number(value)
        if type(value) is not str:
            raise Unsayable(f"{self.fact} cannot be said as it stands")
        return value if self._text else escape(value)


_NOTHING: Mapping[str, int] = MappingProxyType({})

Rendering: TypeAlias = Callable[[Mapping[str, Value], Speaker], str]


class Template:
    """One line's words, ready to be said."""

    __slots__ = ("_pieces", "_text", "mentions", "needs", "says")

    def __init__(
        self,
        pieces: tuple[str | Say, ...] = (),
        needs: frozenset[str] = frozenset(),
        says: tuple[tuple[str, tuple[str, ...]], ...] = (),
        text: Rendering | None = None,
    ) -> None:
        self._pieces = pieces
        self._text = text  # renders the whole line, in place of the pieces
        self.needs = needs  # facts that must be known
        self.says = says  # each fact printed, in order, with its filters
        names = [fact for fact, _ in says]
        self.mentions = MappingProxyType({fact: names.count(fact) for fact in names}) if names else _NOTHING

    def render(self, facts: Mapping[str, Value], speaker: Speaker) -> str:
        """The words with their values: SSML, or for a text message plain text.

        `facts` must hold every fact in `needs`. Raises Unsayable for a value that would be said as
        nothing, and for more than LONGEST_OUTPUT characters.
        """
        if self._text is not None:
            said = self._text(facts, speaker)
        else:
            said = "".join(
                [piece if type(piece) is str else piece(facts, speaker) for piece in self._pieces]  # type: ignore[operator]
            )
        if len(said) > LONGEST_OUTPUT:
            raise Unsayable(f"longer than {LONGEST_OUTPUT} characters")
        return said


def _tidied(piece: str) -> str:
    return piece if piece.isprintable() and "  " not in piece else re.sub(r"\s+", " ", piece)


def joined(pieces: list[str | Say]) -> tuple[str | Say, ...]:
    """Neighbouring literals as one, spaces tidied."""
    found: list[str | Say] = []
    literal = ""
    for piece in pieces:
        if isinstance(piece, str):
            literal += piece
            continue
        if literal:
            found.append(_tidied(literal))
            literal = ""
        found.append(piece)
    if literal:
        found.append(_tidied(literal).rstrip())
    if found and isinstance(found[0], str):
        found[0] = found[0].lstrip()
    return tuple([piece for piece in found if piece != ""])

"""Codes and telephone numbers: cut into groups, each sign named as the locale names it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

GROUP_BREAK = '<break time="300ms"/>'
_FIGURES = re.compile(r"[0-9]+|[^0-9]+")
_APART = re.compile(r"[0-9][^0-9]+[0-9]")
_LONGEST_GROUP = 5  # figures in one breath, as in 07700
_SIGNS = re.compile(r"[^\W_]+|[^\s\w-]")


@dataclass(frozen=True, eq=False)
class Spelling:
    """How a locale names signs, and tells letters apart that sound alike on the telephone."""

    signs: Mapping[str, str]  # of addresses and codes
    words: Mapping[str, str] = field(default_factory=dict)  # letters that sound alike: a word for each
    form: str = "{letter} {word}"  # how letter and word stand together
    names: Mapping[str, str] = field(default_factory=dict)  # where the sign alone would be read as a word
    web: str = "w w w"  # how www is said
    ends: frozenset[str] = frozenset({"co"})  # countries at the end of an address that are said as words

    def name(self, sign: str) -> str:
        """One letter or figure, as it is read out."""
        return self.names.get(sign, sign)

    def told_apart(self, sign: str) -> str:
        """The same, with its word where it could be taken for another."""
        word = self.words.get(sign)
        return self.form.format(letter=self.name(sign), word=word) if word else self.name(sign)


@lru_cache(maxsize=512)
def spelled(text: str, spelling: Spelling, *, out: bool) -> str:
    """A code sign by sign in groups of two to four, as SSML. `out`: with words for letters that sound alike."""
    say = spelling.told_apart if out else spelling.name
    groups: list[str] = []
    for chunk in _SIGNS.findall(text.upper()):
        if chunk.isalnum():
            groups += [together([say(sign) for sign in group]) for group in in_groups(chunk)]
        elif name := spelling.signs.get(chunk):
            groups.append(name)
    return with_breaks(groups)


def together(names: Sequence[str]) -> str:
    """The signs of one group in a row; with commas where one of them takes several words."""
    return (", " if any(" " in name for name in names) else " ").join(names)


def with_breaks(groups: Sequence[str]) -> str:
    """Groups with a short break between them, as SSML. Without its elements the commas remain."""
    return f",{GROUP_BREAK} ".join(escape(group, quote=False) for group in groups)


def in_groups(chunk: str) -> list[str]:
    """Runs of letters and of digits, in groups of two to four; a lone sign joins its neighbour."""
    runs: list[str] = []
    for run in _FIGURES.findall(chunk):
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
    return _without_lone_signs(groups)


def _without_lone_signs(groups: list[str]) -> list[str]:
    """A sign left by itself goes to the shorter of its neighbours, where there is room."""
    number = 0
    while number < len(groups):
        beside = [
            near for near in (number - 1, number + 1) if 0 <= near < len(groups) and len(groups[near]) < 4
        ]
        if len(groups[number]) == 1 and beside:
            near = min(beside, key=lambda index: len(groups[index]))
            first = min(near, number)
            groups[first : first + 2] = [groups[first] + groups[first + 1]]
            number = first
        else:
            number += 1
    return groups


@lru_cache(maxsize=512)
def telephone_groups(text: str, locale: str) -> tuple[str, ...]:
    """A telephone number in the groups of its country, from `locale` as at home or as from abroad (+44 …).

    What is no telephone number comes in groups of two to four.
    """
    import phonenumbers  # wanted by telephone numbers alone

    number = _number(text, locale)
    possible = number is not None and phonenumbers.is_possible_number(number)
    if number is None or not possible or (_APART.search(text) and not phonenumbers.is_valid_number(number)):
        return _as_typed(text)
    home = _region(locale) in phonenumbers.region_codes_for_country_code(number.country_code or 0)
    form = phonenumbers.PhoneNumberFormat.NATIONAL if home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return _as_typed(phonenumbers.format_number(number, form))


def _as_typed(text: str) -> tuple[str, ...]:
    """The groups as they stand, long ones cut."""
    groups: list[str] = []
    for chunk in re.findall(r"\+?\w+", text):
        groups += [chunk] if len(chunk) <= _LONGEST_GROUP else in_groups(chunk)
    return tuple(groups)


@lru_cache(maxsize=512)
def is_telephone(text: str, locale: str) -> bool:
    """Whether figures are a number that exists at `locale`, or begin as no count does and could be one."""
    import phonenumbers

    number = _number(text, locale)
    if number is None:
        return False
    if phonenumbers.is_valid_number(number):
        return True
    possible = (
        phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    )
    return text[0] in "+0" and possible


def _number(text: str, locale: str) -> "PhoneNumber | None":
    import phonenumbers

    try:
        return phonenumbers.parse(text, _region(locale))
    except phonenumbers.NumberParseException:
        return None


def _region(locale: str) -> str | None:
    return locale.partition("-")[2] or None

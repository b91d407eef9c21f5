"""What an engine would garble in words somebody typed: money, telephone numbers, addresses and dates.

Everything else stays as it was typed. A figure that could be something else (a price per litre, a meter's
reading, a card's number) is left alone too: the engine reads it as it reads any figure.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple, Protocol

from ivr.book.spoken.codes import is_telephone, telephone_groups

_NUMBER = "[0-9]{1,3}(?:[.,\u00a0\u202f][0-9]{3})+(?:[.,][0-9]{2})?|[0-9]{1,6}(?:[.,][0-9]{2})?"
_SPACED = f"[0-9]{{1,3}}(?:[ ][0-9]{{3}})+(?:,[0-9]{{2}})?|{_NUMBER}"  # "1 234,00 €"
_TOP = "com|org|net|gov|edu|info|uk|jm|es|mx|fr|ca|br|eu|ie|io|app"

_FOUND = re.compile(
    rf"""(?<![\w@.,£$€+/–—-])(?:
        (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
      | (?P<web>(?:https?://|www\.)[^\s<>"“”«»]+
          | (?:[A-Za-z0-9-]+\.)+(?:{_TOP})(?:/[^\s<>"“”«»]*)?(?![\w@-]|\.\w))
      | (?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?![\w-])
      | (?P<sign>R\$|US\$|J\$|[£$€])[ \u00a0\u202f]?(?P<after>{_NUMBER})(?![\w%]|[.,][0-9])
      | (?P<before>{_SPACED})[ \u00a0\u202f]?(?P<unit>[£$€]|EUR|GBP)(?!\w)
      | (?P<telephone>\+?\(?[0-9](?:(?:[ .\u00a0\u202f-]|\)[ ]?|[ ]?\()?[0-9])*+)(?![\w%£$€])
    )""",
    re.VERBOSE,
)
_PICTURE = "[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]+"  # emoji: an engine reads out their names
_PICTURES = re.compile(f"{_PICTURE}(?:\u200d{_PICTURE})*")
_RANGE = re.compile("[–—-][£$€0-9]")
_MAYBE = re.compile("[0-9@.\u2600-\u27bf\U0001f000-\U0001faff]")  # whatever is found has one of these
_MULTIPLE = re.compile(
    r"\s?(?:k|m|bn|thousand|million|billion|mil|mill(?:ón|ones|ions?|iards?)|mille|milh(?:ão|ões))\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+|https?://\S+|[\w-]+(?:\.[\w-]+)*\.[^\W0-9]{2,}(?:/\S*)?")
_DATE_LIKE = re.compile(r"[0-9]{1,4}([.-])[0-9]{1,2}\1[0-9]{1,4}")
_TRAILING = ".,;:!?)]'’…"
_FEWEST, _MOST = 7, 15  # figures of a telephone number


class Currency(NamedTuple):
    """What a currency and its hundredth are called."""

    one: str
    many: str
    cent: str
    cents: str
    feminine: bool = False


class Money(NamedTuple):
    """A sum below a million."""

    currency: Currency
    whole: int
    cents: int
    follows: str = ""  # the word it follows, in small letters


class Saying(Protocol):
    """What is wanted of a speaker."""

    @property
    def locale(self) -> str: ...

    @property
    def decimal(self) -> str:
        """The mark before cents: a comma or a full stop."""

    @property
    def currencies(self) -> Mapping[str, Currency]:
        """By their signs."""

    def money(self, money: Money) -> str: ...

    def plain_day(self, day: date) -> str: ...

    def said_address(self, text: str) -> str: ...

    def telephone(self, groups: Sequence[str]) -> Sequence[str]: ...


def needs_saying(text: str) -> bool:
    """Whether anything in these words may have to be said otherwise than it is written."""
    return _MAYBE.search(text) is not None


@lru_cache(maxsize=1024)
def said(text: str, saying: Saying) -> str:
    """Typed words as they are said: plain text, and what needs nothing done stays as it was."""
    return _FOUND.sub(lambda found: _said(found, saying) or found[0], _without_pictures(text))


def _without_pictures(text: str) -> str:
    bare = _PICTURES.sub(" ", text)
    return text if bare == text else " ".join(bare.split()) or text


def is_address(text: str) -> bool:
    """Whether this is one address of e-mail or the web, and nothing else."""
    return _ADDRESS.fullmatch(text) is not None


def is_figures(text: str) -> bool:
    """Whether this is a number to dial or to text, and nothing else."""
    return re.fullmatch(r"[+(]{0,2}[0-9][0-9 ().\u00a0\u202f-]*", text) is not None


def _said(found: re.Match[str], saying: Saying) -> str | None:
    if found["email"] or found["web"]:
        address = found[0].rstrip(_TRAILING)
        return saying.said_address(address) + found[0][len(address) :]
    if found["day"]:
        try:
            return saying.plain_day(date.fromisoformat(found["day"]))
        except ValueError:
            return None
    if found["telephone"]:
        groups = _telephone(found["telephone"], saying.locale)
        return ", ".join(saying.telephone(groups)) if groups else None
    currency = saying.currencies.get(found["sign"] or found["unit"])
    if currency is None or any(more.match(found.string, found.end()) for more in (_MULTIPLE, _RANGE)):
        return None
    money = _money(currency, found["after"] or found["before"], saying.decimal)
    before = found.string[: found.start()].rsplit(maxsplit=1)[-1:]
    return saying.money(money._replace(follows="".join(before).casefold())) if money else None


def _telephone(text: str, locale: str) -> tuple[str, ...]:
    """The groups of a telephone number; none for figures that are hardly one."""
    if not _FEWEST <= sum(map(str.isdigit, text)) <= _MOST or _DATE_LIKE.fullmatch(text):
        return ()
    return telephone_groups(text, locale) if is_telephone(text, locale) else ()


def _money(currency: Currency, figure: str, decimal: str) -> Money | None:
    """A figure as a sum; None where its marks can be read in two ways, and for a million and more."""
    figure = re.sub(r"\s", "", figure)
    whole, mark, cents = figure, "", "0"
    if figure[-3:-2] in (".", ","):
        whole, mark, cents = figure[:-3], figure[-3], figure[-2:]
    thousands = set(re.findall("[.,]", whole))
    if len(thousands) > 1 or (mark or decimal) in thousands:
        return None
    value = int(re.sub("[.,]", "", whole))
    return Money(currency, value, int(cents)) if value < 1_000_000 else None

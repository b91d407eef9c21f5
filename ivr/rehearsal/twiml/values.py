"""What an attribute's value must be, in the few forms there are, and Twilio's number for when it is not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Rule:
    """What one attribute's value must be; `code` is Twilio's number when it is not."""

    code: int
    fits: Callable[[str], bool]
    wants: str
    address: bool = False


def one_of(code: int, *values: str) -> Rule:
    """One of a few words."""
    return Rule(code, frozenset(values).__contains__, f"must be one of: {', '.join(values)}")


def some_of(code: int, *values: str) -> Rule:
    """Some of a few words, with spaces between."""
    known = frozenset(values)
    return Rule(
        code,
        lambda text: bool(text.split()) and set(text.split()) <= known,
        f"takes, with spaces between: {', '.join(values)}",
    )


def whole(code: int, low: int, high: int) -> Rule:
    """A whole number, both ends included."""

    def fits(text: str) -> bool:
        return text.isascii() and text.isdigit() and low <= int(text) <= high

    return Rule(code, fits, f"must be a whole number from {low} to {high}")


def pattern(code: int, expression: str, wants: str) -> Rule:
    """A text that fits a regular expression from end to end; `wants` says it in words."""
    return Rule(code, lambda text: re.fullmatch(expression, text) is not None, wants)


def address(code: int, *, empty: bool = False) -> Rule:
    """An address, absolute or relative; `empty`: it may also be left empty."""

    def fits(text: str) -> bool:
        if not text:
            return empty
        parts = urlsplit(text)
        return (
            parts.scheme in ("", "http", "https")
            and "_" not in (parts.hostname or "")
            and not re.search(r"\s", text)
        )

    return Rule(
        code, fits, "must be an http(s) address, without spaces, its host without underscores", address=True
    )


ANY = pattern(12200, r".*", "may be anything")
FLAG = one_of(12200, "true", "false")
METHOD = ("GET", "POST")

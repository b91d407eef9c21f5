"""Reading a mapping key by key: each value in its form, and a fault for every key nobody asked for."""

import re
from collections.abc import Callable
from typing import TypeVar

from ivr.book.source import Findings, Node, Place, Scalar, Table, nearest

T = TypeVar("T")

FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Form:
    """One mapping being filled in: takes keys one by one, then names those nobody took."""

    def __init__(self, node: Node | None, findings: Findings, what: str) -> None:
        self._findings = findings
        self._what = what
        self._asked: list[str] = []
        self.table = node if isinstance(node, Table) else Table(node.place if node else Place(what))
        empty = node is None or (isinstance(node, Scalar) and not node.text)
        if not empty and not isinstance(node, Table):
            findings.add(self.table.place, f"{what} is a list of “key: value” lines")

    def take(self, key: str) -> Node | None:
        self._asked.append(key)
        return self.table.values.get(key)

    def text(self, key: str, default: str | None = None) -> str | None:
        """A text; absent or empty is the default."""
        node = self.take(key)
        if isinstance(node, Scalar):
            return " ".join(node.text.split()) or default
        if node is not None:
            self._findings.add(node.place, f"{key} is a single value")
        return default

    def read(self, key: str, default: T, convert: Callable[[str], T], wanted: str) -> T:
        """A value that `convert` makes of the text, or raises ValueError."""
        written = self.text(key)
        if written is None:
            return default
        try:
            return convert(written)
        except (ValueError, KeyError, LookupError, OSError):
            self._findings.add(self.table.values[key].place, f"{key} is {wanted}, not “{written[:60]}”")
            return default

    def number(self, key: str, default: int, least: int = 0, most: int = 1_000_000) -> int:
        return self.read(key, default, within(least, most), f"a whole number from {least} to {most}")

    def flag(self, key: str, default: bool = False) -> bool:
        return self.read(key, default, lambda text: FLAGS[text.casefold()], "yes or no")

    def choice(self, key: str, default: str, choices: tuple[str, ...]) -> str:
        written = self.text(key)
        if written is None or written in choices:
            return written or default
        hint = nearest(written, choices) or f"it is one of: {', '.join(choices)}"
        self._findings.add(self.table.values[key].place, f"{key} is never “{written[:60]}”", hint)
        return default

    def form(self, key: str) -> "Form":
        return Form(self.take(key), self._findings, key)

    def done(self) -> None:
        """Name every key that was not asked for."""
        for key, place in self.table.keys.items():
            if self._findings.full:
                return
            if key not in self._asked:
                self._findings.add(place, f"{self._what} has no “{key[:60]}”", nearest(key, self._asked))


def within(least: int, most: int) -> Callable[[str], int]:
    """A conversion for `Form.read`: a whole number between the two."""

    def convert(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return convert

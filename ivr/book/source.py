"""Where words stand in their files: places, faults with a caret, and YAML read with its places kept.

Only a plain subset of YAML is read: mappings, lists and text. Every scalar is text (`no` is a word, 9:30
is not 570). Tags, anchors, aliases, duplicate keys and deep nesting are refused, each with its place. The
nodes are built from the parser's events, without recursion, so that no file can exhaust the stack.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import yaml

LARGEST_FILE = 262_144  # characters; a page of ours has about eight thousand
DEEPEST = 8  # mappings and lists within one another
LONGEST_MESSAGE = 400  # characters
MOST_FAULTS = 500  # of one book; a broken file says the same thing over and over

_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_REFUSED = re.compile(
    "[^\\t\\n\\r\\x20-\\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class Place(NamedTuple):
    """A position in a file, as an editor counts: line and column from 1."""

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Fault:
    """Something a writer should mend (or, where `fault` is False, consider)."""

    place: Place
    message: str
    hint: str | None = None
    fault: bool = True
    source: str = ""  # the line it stands in

    def __str__(self) -> str:
        at = self.place
        said = f"{at.file}:{at.line}:{at.column}: {self.message}"
        if self.source.strip():
            start = max(0, at.column - 71)
            shown = self.source[start : start + 100].replace("\t", " ")
            said += f"\n    {shown}\n    {' ' * (at.column - 1 - start)}^"
        return f"{said}\n  {self.hint}" if self.hint else said


@dataclass(frozen=True, slots=True)
class Words:
    """A line of words, and where its characters stand in the file (continuation lines included)."""

    text: str
    starts: tuple[tuple[int, Place], ...]  # offset in `text` → place

    def at(self, offset: int) -> Place:
        start, place = self.starts[0]
        if len(self.starts) > 1:
            start, place = next((pair for pair in reversed(self.starts) if pair[0] <= offset), self.starts[0])
        return Place(place.file, place.line, place.column + max(offset - start, 0))


class Findings:
    """Faults as they are found, each with the line it points at."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._lines: dict[str, list[str]] = {}
        self.faults: list[Fault] = []

    def add(self, place: Place, message: str, hint: str | None = None, *, fault: bool = True) -> None:
        """Note one; past MOST_FAULTS nothing more is noted."""
        self.take(Fault(place, message, hint, fault))

    def take(self, found: Fault) -> None:
        """Note a fault that somebody else found."""
        if self.full:
            return
        message = found.message
        if not message.isprintable():  # what somebody wrote is shown, and need not be fit to be
            message = "".join(letter if letter.isprintable() else "\ufffd" for letter in message)
        if len(message) > LONGEST_MESSAGE:  # somebody's key or value was longer than it can be shown
            message = message[:LONGEST_MESSAGE] + "…"
        self.faults.append(replace(found, message=message, source=self.line(found.place)))

    @property
    def full(self) -> bool:
        """Whether nothing more is noted."""
        return len(self.faults) >= MOST_FAULTS

    def lines(self, file: str) -> list[str]:
        """A file's lines as they are written."""
        lines = self._lines.get(file)
        if lines is None:
            text = self._files.get(file, "")
            lines = self._lines[file] = re.split(r"\r\n|\r|\n", text) if "\r" in text else text.split("\n")
        return lines

    def line(self, place: Place) -> str:
        """The line at a place, or as much of it as can be shown."""
        lines = self.lines(place.file)
        return lines[place.line - 1][:4096] if 0 < place.line <= len(lines) else ""


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """A hint naming the choice that `word` most resembles, if one does."""
    close = difflib.get_close_matches(word[:80].casefold(), [*choices], 1, 0.6)
    return f"did you mean “{close[0]}”?" if close else None


@dataclass(slots=True)
class Scalar:
    """A text."""

    place: Place
    text: str
    literal: bool = False  # written with `|`: its lines are the file's own

    def lines(self, findings: Findings) -> list[tuple[str, Place]]:
        """The lines of a text, each with the place of its first character."""
        if not self.literal:
            return [(self.text, self.place)]
        file, first = self.place.file, self.place.line + 1
        written, found = findings.lines(file), []
        for number, text in enumerate(self.text.split("\n"), first):
            indent = len(written[number - 1]) - len(text) if number <= len(written) else 0
            found.append((text, Place(file, number, indent + 1 if indent > 0 else 1)))
        return found


@dataclass(slots=True)
class Items:
    """A list."""

    place: Place
    items: list["Node"] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A mapping; `keys` says where each key stands."""

    place: Place
    values: dict[str, "Node"] = field(default_factory=dict)
    keys: dict[str, Place] = field(default_factory=dict)
    _key: Scalar | None = None


Node: TypeAlias = Scalar | Items | Table


def parse(file: str, text: str, findings: Findings) -> Node | None:
    """Read one file. None, with a fault noted, when it cannot be read; None without one when it is empty."""
    if len(text) > LARGEST_FILE:
        findings.add(Place(file), f"the file is larger than {LARGEST_FILE:,} characters")
        return None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if odd := _REFUSED.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        column = odd.start() - text.rfind("\n", 0, odd.start())
        findings.add(Place(file, line, column), f"a character that cannot be typed: U+{ord(odd[0]):04X}")
        return None
    try:
        return _build(file, text, findings)
    except yaml.MarkedYAMLError as error:
        place = _marked(file, error.problem_mark or error.context_mark)
        findings.add(place, f"this is not YAML we can read: {error.problem or error.context}")
    except (yaml.YAMLError, ValueError) as error:
        findings.add(Place(file), f"this is not YAML we can read: {str(error).splitlines()[0]}")
    return None


_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


def _marked(file: str, mark: Any) -> Place:
    return Place(file) if mark is None else Place(file, mark.line + 1, mark.column + 1)


def _build(file: str, text: str, findings: Findings) -> Node | None:
    root: Node | None = None
    open_nodes: list[Items | Table] = []
    documents = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.NodeEvent):
            place = _marked(file, event.start_mark)
            if isinstance(event, yaml.AliasEvent):
                findings.add(place, "aliases (*name) are not read; write it out")
                return None
            if event.anchor is not None or getattr(event, "tag", None) is not None:
                findings.add(place, "anchors (&name) and tags (!name) are not read; take them out")
                return None
            node: Node
            if isinstance(event, yaml.ScalarEvent):
                node = Scalar(place, event.value, event.style == "|")
            else:
                node = Items(place) if isinstance(event, yaml.SequenceStartEvent) else Table(place)
            if open_nodes:
                _put(open_nodes[-1], node, findings)
            else:
                root = node
            if not isinstance(node, Scalar):
                open_nodes.append(node)
                if len(open_nodes) > DEEPEST:
                    findings.add(place, f"nested deeper than {DEEPEST} levels")
                    return None
        elif isinstance(event, _ENDS):
            open_nodes.pop()
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                place = _marked(file, event.start_mark)
                findings.add(place, "a second document begins here; a file holds one")
                return root
    return None if isinstance(root, Scalar) and not root.text else root


def _put(holder: Items | Table, node: Node, findings: Findings) -> None:
    if isinstance(holder, Items):
        holder.items.append(node)
    elif holder._key is None:
        if not isinstance(node, Scalar):
            findings.add(node.place, "a key must be a word")
            node = Scalar(node.place, "?")
        holder._key = node
    else:
        key, holder._key = holder._key, None
        if key.text in holder.values:
            findings.add(key.place, f"“{key.text[:80]}” stands here twice")
        else:
            holder.values[key.text] = node
            holder.keys[key.text] = key.place

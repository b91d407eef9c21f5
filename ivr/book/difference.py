"""What differs between two books, page by page and entry by entry; and between three texts of one page.

Entries are told apart by name and compared as they are written, faults and all, so that a book can be compared
before it is fit to be read. What is not an entry (comments, rules, names) is compared line by line.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ivr.book.source import Findings, Items, Node, Scalar, Table, parse


@dataclass(frozen=True, slots=True)
class Line:
    """A line, or one variant, that differs. One side is None where it was added or removed.

    The same text on both sides stands elsewhere now.
    """

    before: str | None
    after: str | None

    @property
    def change(self) -> str:
        """added, removed, moved or changed."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        return "moved" if self.before == self.after else "changed"


@dataclass(frozen=True, slots=True)
class EntryDifference:
    """One entry that differs."""

    name: str
    change: str  # added, removed, changed, or moved and otherwise as it was
    moved: bool = False  # stands elsewhere among the others now
    settings: tuple[tuple[str, str | None, str | None], ...] = ()  # (when, tone, note …; before; after)
    variants: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class PageDifference:
    """One file that differs."""

    path: str
    change: str  # added, removed, changed
    entries: tuple[EntryDifference, ...] = ()
    lines: tuple[Line, ...] = ()  # what is no entry's: comments, rules, names


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two books, in the order of the paths."""

    pages: tuple[PageDifference, ...] = ()

    def count(self, what: str, change: str) -> int:
        """How many pages or entries were added, removed, moved or changed."""
        things = self.pages if what == "pages" else [each for page in self.pages for each in page.entries]
        return sum(each.change == change for each in things)


@dataclass(frozen=True, slots=True)
class Region:
    """Lines of three texts that belong together.

    `kind`: same · theirs or mine (only that one changed them) · both (in the same way) · clash (each in its own).
    """

    kind: str
    base: tuple[str, ...]
    theirs: tuple[str, ...]
    mine: tuple[str, ...]


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    """What it takes to make `after` of `before`. Both: path, as "en-GB/goodbye.yaml", to text. Never raises."""
    paths = sorted({*before, *after})
    pages = [_page(path, before.get(path), after.get(path)) for path in paths]
    return Difference(tuple(page for page in pages if page is not None))


def _page(path: str, before: str | None, after: str | None) -> PageDifference | None:
    if before == after:
        return None
    change = "added" if before is None else "removed" if after is None else "changed"
    was, now = _entries(path, before or ""), _entries(path, after or "")
    if was is None or now is None:
        return PageDifference(path, change, (), _lines(_split(before), _split(after)))
    entries = tuple(_compared(was, now))
    rest = _lines(_comments(before), _comments(after))
    if not entries and not rest:  # nothing but spaces or quotes: told line by line, so that it is told at all
        rest = _lines(_split(before), _split(after))
    return PageDifference(path, change, entries, rest)


@dataclass(frozen=True, slots=True)
class _Written:
    """An entry as it is written."""

    settings: Mapping[str, str]
    variants: tuple[str, ...]


def _entries(path: str, text: str) -> dict[str, _Written] | None:
    """A page's entries by name, its aim under a name no entry has; None for what is no readable page."""
    if not text.strip():
        return {}
    findings = Findings({path: text})
    root = parse(path, text, findings)
    if findings.faults or not isinstance(root, Items):
        return None
    entries: dict[str, _Written] = {}
    for item in root.items:
        if not isinstance(item, Table):
            return None
        name = item.values.get("entry", item.values.get("aim"))
        if not isinstance(name, Scalar):
            return None
        key = name.text if "entry" in item.values else "(the page's aim)"
        if key in entries:
            return None  # two of one name: nobody can say which became which
        entries[key] = _written(item)
    return entries


def _written(item: Table) -> _Written:
    settings = {key: _told(node) for key, node in item.values.items() if key not in ("entry", "say")}
    return _Written(settings, tuple(_variants(item.values.get("say"))))


def _variants(say: Node | None) -> Iterator[str]:
    """A variant a line; a deeper indent continues the line above."""
    joined: list[str] = []
    for line in _told(say).split("\n") if say is not None else ():
        if line[:1].isspace() and joined and line.strip():
            joined[-1] += f" {line.strip()}"
        elif line.strip():
            joined.append(line.strip())
    yield from joined


def _told(node: Node | None) -> str:
    if isinstance(node, Scalar):
        return node.text.rstrip("\n")
    if isinstance(node, Items):
        return ", ".join(_told(item) for item in node.items)
    if isinstance(node, Table):
        return ", ".join(f"{key}: {_told(value)}" for key, value in node.values.items())
    return ""


def _compared(was: Mapping[str, _Written], now: Mapping[str, _Written]) -> Iterator[EntryDifference]:
    """Every entry that differs: those that are there now in their order, then those that went."""
    stayed = _in_order([name for name in was if name in now], [name for name in now if name in was])
    for name, written in now.items():
        if name not in was:
            yield EntryDifference(name, "added", False, *_inside(_Written({}, ()), written))
            continue
        moved = name not in stayed
        settings, variants = _inside(was[name], written)
        if settings or variants or moved:
            yield EntryDifference(
                name, "changed" if settings or variants else "moved", moved, settings, variants
            )
    for name, written in was.items():
        if name not in now:
            yield EntryDifference(name, "removed", False, *_inside(written, _Written({}, ())))


def _inside(
    was: _Written, now: _Written
) -> tuple[tuple[tuple[str, str | None, str | None], ...], tuple[Line, ...]]:
    settings = tuple(
        (key, was.settings.get(key), now.settings.get(key))
        for key in {**was.settings, **now.settings}
        if was.settings.get(key) != now.settings.get(key)
    )
    return settings, _lines(was.variants, now.variants)


def _in_order(was: Sequence[str], now: Sequence[str]) -> set[str]:
    """The names that need not be moved: the longest run that stands in the same order in both."""
    place = {name: number for number, name in enumerate(was)}
    best: list[list[str]] = []  # of each length, the run that ends soonest
    for name in now:
        at = next((n for n, run in enumerate(best) if place[run[-1]] > place[name]), len(best))
        run = [*(best[at - 1] if at else []), name]
        best[at : at + 1] = [run]
    return set(best[-1]) if best else set()


def _lines(before: Sequence[str], after: Sequence[str]) -> tuple[Line, ...]:
    """The lines that differ, a changed one beside what became of it."""
    found: list[Line] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            found += _paired(before[a:b], after[c:d])
    gone = {line.before for line in found if line.after is None}
    come = {line.after for line in found if line.before is None}
    both = gone & come
    return tuple(
        Line(line.after, line.after) if line.before is None and line.after in both else line
        for line in found
        if not (line.after is None and line.before in both)
    )


def _paired(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    """Each line beside the first one that resembles it, in their order; what resembles none went or came."""
    came = 0
    for line in before:
        alike = next((n for n in range(came, len(after)) if _alike(line, after[n])), None)
        if alike is None:
            yield Line(line, None)
            continue
        yield from (Line(None, each) for each in after[came:alike])
        yield Line(line, after[alike])
        came = alike + 1
    yield from (Line(None, each) for each in after[came:])


def _alike(one: str, other: str) -> bool:
    words = SequenceMatcher(None, one.split(), other.split(), autojunk=False)
    return words.quick_ratio() > 0.5 and words.ratio() > 0.5


def _split(text: str | None) -> list[str]:
    return re.split(r"\r\n|\r|\n", text.removesuffix("\n")) if text else []


def _comments(text: str | None) -> list[str]:
    return [line.strip() for line in _split(text) if line.lstrip().startswith("#")]


def three_way(base: str, theirs: str, mine: str) -> list[Region]:
    """Three texts of one page, laid side by side line by line; all their lines, in order.

    `theirs` and `mine` were both made of `base`. Lines keep their ends, so that nothing is lost.
    """
    lines, a, b = base.splitlines(True), theirs.splitlines(True), mine.splitlines(True)
    regions: list[Region] = []
    at = at_a = at_b = 0
    for start, in_a, in_b, length in _kept_by_both(lines, a, b):
        if (start, in_a, in_b) != (at, at_a, at_b):
            regions.append(_region(lines[at:start], a[at_a:in_a], b[at_b:in_b]))
        at, at_a, at_b = start + length, in_a + length, in_b + length
        if length:
            same = tuple(lines[start:at])
            regions.append(Region("same", same, same, same))
    return regions


def _kept_by_both(base: list[str], a: list[str], b: list[str]) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of `base` that stand in both: (where in base, in a, in b, how many lines), an empty one last."""
    ours = SequenceMatcher(None, base, a, autojunk=False).get_matching_blocks()
    others = SequenceMatcher(None, base, b, autojunk=False).get_matching_blocks()
    one = other = 0
    while one < len(ours) and other < len(others):
        first, second = ours[one], others[other]
        start = max(first.a, second.a)
        end = min(first.a + first.size, second.a + second.size)
        if start < end:
            yield start, first.b + start - first.a, second.b + start - second.a, end - start
        if first.a + first.size < second.a + second.size:
            one += 1
        else:
            other += 1
    yield len(base), len(a), len(b), 0


def _region(base: list[str], theirs: list[str], mine: list[str]) -> Region:
    if theirs == mine:
        kind = "both"
    elif theirs == base:
        kind = "mine"
    else:
        kind = "theirs" if mine == base else "clash"
    return Region(kind, tuple(base), tuple(theirs), tuple(mine))

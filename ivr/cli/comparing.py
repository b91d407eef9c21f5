"""Telling a person what differs between two books: a summary, two columns side by side, and three where two people met."""

import shutil
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Any

import typer

from ivr.book.difference import Difference, EntryDifference, Line, PageDifference, three_way
from ivr.store.drafts import Clash

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "moved": ">"}
_WITHOUT_A_TERMINAL = 120  # columns


def tell_summary(difference: Difference) -> None:
    """A line a page: what happened to it, and to how many of its entries."""
    width = max((len(page.path) for page in difference.pages), default=0)
    for page in difference.pages:
        typer.echo(f"  {_SIGNS[page.change]} {page.path:<{width}}  {_counted(page)}".rstrip())


def _counted(page: PageDifference) -> str:
    if page.change != "changed":
        return page.change + (f", {_many(len(page.entries), 'entry', 'entries')}" if page.entries else "")
    told = []
    for change in ("added", "removed", "moved", "changed"):
        if count := sum(entry.change == change for entry in page.entries):
            told.append(f"{_many(count, 'entry', 'entries')} {change}")
    if page.lines:
        told.append(f"{_many(len(page.lines), 'line', 'lines')}{' outside entries' if told else ''}")
    return ", ".join(told)


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"


def tell_difference(difference: Difference, before: str, after: str) -> None:
    """Page by page and entry by entry, the words as they were beside the words as they are to be."""
    if not difference.pages:
        typer.echo(f"Nothing differs between {before} and {after}.")
        return
    _row("", [before, after])
    for page in difference.pages:
        typer.echo(f"\n{_SIGNS[page.change]} {page.path}")
        for entry in page.entries:
            where = " (and moved)" if entry.moved and entry.change != "moved" else ""
            typer.echo(f"  {_SIGNS[entry.change]} {entry.name}: {entry.change}{where}")
            for key, was, now in entry.settings:
                _row(f"{key}:", [was, now])
            for line in entry.variants:
                _row(_SIGNS[line.change], [line.before, line.after])
        for line in page.lines:
            _row(_SIGNS[line.change], [line.before, line.after])
    typer.echo("")
    tell_summary(difference)


def tell_clashes(clashes: Sequence[Clash]) -> None:
    """Where two people changed one page: what both began from, theirs, and yours, where they are not the same."""
    for clash in clashes:
        typer.echo(f"\n{clash}")
        _row("", ["what it was", f"{clash.by}'s", "yours"])
        line = 1
        for region in three_way(clash.base or "", clash.theirs or "", clash.mine or ""):
            if region.kind != "same":
                sides = [_joined(side) for side in (region.base, region.theirs, region.mine)]
                _row(f"{line}{'!' if region.kind == 'clash' else ''}", sides)
            line += len(region.base)


def _joined(lines: Sequence[str]) -> str | None:
    return "".join(lines).rstrip("\r\n") if lines else None


def _row(sign: str, sides: Sequence[str | None]) -> None:
    """One row of columns, each folded to its width."""
    columns = shutil.get_terminal_size((_WITHOUT_A_TERMINAL, 24)).columns
    width = max((columns - 6 - 3 * len(sides)) // len(sides), 16)
    mark = sign if len(sign) <= 4 else ""
    if sign and not mark:
        typer.echo(f"      {sign}")
    folded = [list(_folded(side, width)) for side in sides]
    for number in range(max(map(len, folded))):
        cells = [lines[number] if number < len(lines) else "" for lines in folded]
        row = " │ ".join(f"{cell:<{width}}" for cell in cells)
        typer.echo(f"{mark if number == 0 else '':>4}  {row}".rstrip(" "))


def _folded(text: str | None, width: int) -> Iterator[str]:
    for line in (text or "").split("\n"):
        indent = line[: len(line) - len(line.lstrip())][: width // 2]
        yield from wrap(line, width, subsequent_indent=indent, drop_whitespace=True) or [""]


def plain(difference: Difference) -> dict[str, Any]:
    """A difference for programs."""
    return {
        "counts": {
            what: {
                change: difference.count(what, change) for change in ("added", "removed", "moved", "changed")
            }
            for what in ("pages", "entries")
        },
        "pages": [
            {
                "path": page.path,
                "change": page.change,
                "entries": [_entry(entry) for entry in page.entries],
                "lines": [_line(line) for line in page.lines],
            }
            for page in difference.pages
        ],
    }


def _entry(entry: EntryDifference) -> dict[str, Any]:
    return {
        "entry": entry.name,
        "change": entry.change,
        "moved": entry.moved,
        "settings": [{"key": key, "before": was, "after": now} for key, was, now in entry.settings],
        "variants": [_line(line) for line in entry.variants],
    }


def _line(line: Line) -> dict[str, Any]:
    return {"change": line.change, "before": line.before, "after": line.after}


def plain_clash(clash: Clash) -> dict[str, Any]:
    """A clash for programs, with all three texts and what lies between them."""
    return {
        "path": clash.path, "by": clash.by, "at": clash.at.isoformat(), "version": clash.version,
        "base": clash.base, "theirs": clash.theirs, "mine": clash.mine,
        "regions": [
            {"kind": each.kind, "base": list(each.base), "theirs": list(each.theirs), "mine": list(each.mine)}
            for each in three_way(clash.base or "", clash.theirs or "", clash.mine or "")
        ],
    }  # fmt: skip

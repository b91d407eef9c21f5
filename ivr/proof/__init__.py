"""Proofreading a book: everything a writer should mend, or consider, each with a caret under it.

The reader has found what is broken in itself: YAML, Liquid, SSML, names of facts and values. Here the whole
is weighed: whether every situation has words and enough of them, how long they take, how they sound, and
whether the voices can say them. A fault stops a publish; advice does not.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ivr.book.book import Book, Fault, read, read_one
from ivr.book.source import MOST_FAULTS, Findings
from ivr.book.vocabulary import PAGES
from ivr.proof import lengths, overrides, recordings, variety, voices, wording
from ivr.proof.coverage import Coverage
from ivr.proof.reading import Reading, reading

__all__ = ["as_plain", "proof", "proof_page"]


def proof(files: Mapping[str, str], recorded: Collection[str] | None = None) -> list[Fault]:
    """Every fault of a book and all advice, in the order of its files.

    `files`: path, as "en-GB/goodbye.yaml", to text. `recorded`: the names of the files in recordings/; None
    where nobody knows which there are.
    """
    book, faults = read(files)
    if book is None:
        return faults
    return _in_order([*faults, *_once(_whole(book, files, faults, recorded), files)], files)


def proof_page(
    book: Book, files: Mapping[str, str], path: str, recorded: Collection[str] | None = None
) -> list[Fault]:
    """Every fault and all advice of one file, as on each keystroke.

    `book` was read a moment ago; `files` are its files, that of `path` with the text as it stands now. What a
    file means to locales that start from its own, to other files, and to a farewell as a whole, `proof` tells.
    """
    changed, faults = read_one(book, files, path)
    if changed is None:
        return _beside_the_pages(files, path)
    locale, page = path.removesuffix(".yaml").split("/")
    found = _page(
        reading(changed, locale), page, Coverage(files, _broken(faults)), recordings.Recordings(recorded)
    )
    mine = [fault for fault in _once(found, files) if fault.place.file == path]
    return _in_order([*faults, *mine], files)


def _beside_the_pages(files: Mapping[str, str], path: str) -> list[Fault]:
    """The same for rules, voices, and a locale's steps, names, gifts, answers and taste."""
    name = path.rpartition("/")[2]
    few = {each: text for each, text in files.items() if "/" not in each or each.rpartition("/")[2] == name}
    book, faults = read(few)
    found = voices.voices(files) if path == "voices.yaml" else _ready(book, path)
    mine = [fault for fault in [*faults, *_once(found, files)] if fault.place.file == path]
    return _in_order(mine, files)


def _ready(book: Book | None, path: str) -> Iterator[Fault]:
    locale = path.partition("/")[0]
    if book is not None and locale in book.locales:
        read_as = reading(book, locale)
        yield from wording.ready_steps(read_as)
        yield from overrides.steps(read_as)


def as_plain(fault: Fault) -> dict[str, Any]:
    """A fault for programs."""
    at = fault.place
    return {
        "file": at.file, "line": at.line, "column": at.column,
        "message": fault.message, "hint": fault.hint, "fault": fault.fault,
    }  # fmt: skip


def _whole(
    book: Book, files: Mapping[str, str], faults: list[Fault], recorded: Collection[str] | None
) -> Iterator[Fault]:
    coverage, recording = Coverage(files, _broken(faults)), recordings.Recordings(recorded)
    yield from voices.voices(files)
    for name in book.locales:
        read_as = reading(book, name)
        for page in PAGES:
            yield from _page(read_as, page, coverage, recording)
        yield from wording.ready_steps(read_as)
        yield from wording.names(read_as)
        yield from overrides.steps(read_as)
        yield from recordings.two_voices(read_as)
        yield from lengths.farewell(read_as, files)
    yield from recording.unused()


def _page(
    read_as: Reading, page: str, coverage: Coverage, recording: recordings.Recordings
) -> Iterator[Fault]:
    yield from coverage(read_as.book, read_as.name, page)
    for check in (
        wording.wording,
        variety.variety,
        lengths.lengths,
        overrides.overrides,
        voices.ssml,
        recording,
    ):
        yield from check(read_as, page)


def _broken(faults: list[Fault]) -> set[str]:
    return {fault.place.file for fault in faults if fault.fault}


def _once(found: Iterator[Fault], files: Mapping[str, str]) -> Iterator[Fault]:
    """Each with its line, and none twice: what several locales take over is told of once."""
    told = set()
    lines = Findings(files)
    for fault in found:
        key = (fault.place, fault.message)
        if key not in told:
            told.add(key)
            yield replace(fault, source=lines.line(fault.place))


def _in_order(found: list[Fault], files: Mapping[str, str]) -> list[Fault]:
    """By file, line and column; where there are too many to read, faults rather than advice."""
    if len(found) > MOST_FAULTS:
        found = sorted(found, key=lambda fault: not fault.fault)[:MOST_FAULTS]
    order = {path: number for number, path in enumerate(sorted(files))}
    last = len(order)
    return sorted(
        found, key=lambda fault: (order.get(fault.place.file, last), fault.place.line, fault.place.column)
    )

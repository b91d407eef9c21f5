"""Entries and steps of a locale that were meant to replace the parent's, and do not: the parent's has gone."""

import difflib
from collections.abc import Iterable, Iterator

from ivr.book.book import Fault
from ivr.proof.reading import Reading

ALIKE = 0.82  # from this likeness on, two names were probably meant to be one


def overrides(reading: Reading, page: str) -> Iterator[Fault]:
    """Entries of one page whose name is nearly, but not quite, one of the parent's."""
    parent = reading.book.locales.get(reading.locale.voice.start or "")
    if parent is None:
        return
    theirs = {entry.name for entry in parent.pages[page]}
    own = [entry for entry in reading.locale.pages[page] if entry.locale == reading.name]
    free = theirs - {entry.name for entry in own}
    for entry in own:
        if entry.name not in theirs and (meant := _meant(entry.name, free)):
            told = f"“{entry.name[:60]}” replaces nothing in {parent.name}"
            yield Fault(entry.place, told, f"did you mean “{meant[:60]}”?", False)


def steps(reading: Reading) -> Iterator[Fault]:
    """The same for steps worded in advance."""
    parent = reading.book.locales.get(reading.locale.voice.start or "")
    if parent is None:
        return
    own = {
        id: step
        for id, step in reading.locale.steps.items()
        if step.place.file.startswith(f"{reading.name}/")
    }
    for id, step in own.items():
        if id not in parent.steps and (meant := _meant(id, parent.steps.keys() - own.keys())):
            told = f"the step “{id[:60]}” replaces nothing in {parent.name}"
            yield Fault(step.place, told, f"did you mean “{meant[:60]}”?", False)


def _meant(name: str, theirs: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name[:80], [*theirs], 1, ALIKE)), None)

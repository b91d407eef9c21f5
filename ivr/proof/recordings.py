"""Whether the sound files that words name are there, fit the words, and leave one voice in a farewell."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from ivr.book.book import Entry, Fault, Place, Variant
from ivr.book.rules import MOMENTS
from ivr.book.source import nearest
from ivr.proof.reading import Reading


@dataclass(slots=True)
class Recordings:
    """The recordings of a book, checked page after page; `there` are the names of the files, if known."""

    there: Collection[str] | None
    used: dict[str, tuple[str, Place]] = field(default_factory=dict)  # file → words and where they stand

    def __call__(self, reading: Reading, page: str) -> Iterator[Fault]:
        """What is amiss with the recordings that one page names."""
        for entry in reading.locale.pages[page]:
            recorded = [variant for variant in entry.variants if variant.recording]
            for variant in recorded:
                yield from self._one(variant)
            if recorded and entry.locale == reading.name:
                yield from _alone(entry)

    def _one(self, variant: Variant) -> Iterator[Fault]:
        name = variant.recording or ""
        at = variant.place
        if self.there is not None and name not in self.there:
            yield Fault(at, f"recordings/ has no {name}", nearest(name, self.there) or "put the file there")
        if variant.mentions:
            said = ", ".join(sorted(variant.mentions))
            yield Fault(at, f"{name} cannot hold {said}", "a recording is for words that never change")
        words, place = self.used.setdefault(name, (variant.words, at))
        if words != variant.words:
            where = f"{place.file}:{place.line}"
            yield Fault(at, f"{name} holds other words already", f"those at {where}; one file for one line")

    def unused(self) -> Iterator[Fault]:
        """Files that no words name, once every page has been looked at."""
        for name in sorted(set(self.there or ()) - self.used.keys()):
            yield Fault(Place(f"recordings/{name}"), "no words name this file", None, False)


def _alone(entry: Entry) -> Iterator[Fault]:
    """Sisters of a recorded line that the machine says."""
    for variant in entry.variants:
        if not variant.recording and not variant.silent:
            hint = "record all of an entry's variants, or none"
            yield Fault(variant.place, "its sister is recorded, and this is not", hint, False)


def two_voices(reading: Reading) -> Iterator[Fault]:
    """A farewell in which some moments are a colleague's voice, and others the machine's."""
    spoken = [
        variant
        for page in MOMENTS
        for entry in reading.locale.pages[page]
        for variant in entry.variants
        if not variant.silent
    ]
    recorded = [variant for variant in spoken if variant.recording]
    if recorded and len(recorded) < len(spoken):
        hint = f"{len(recorded)} of {len(spoken)} lines are recorded; a name or a date never can be"
        yield Fault(recorded[0].place, f"{reading.name}: two voices in one farewell", hint, False)

"""A book: every page in every locale, with its rules and voices, from a dict of path to text.

    rules.yaml  voices.yaml  <locale>/<page>.yaml  <locale>/steps.yaml names.yaml gifts.yaml answers.yaml taste.yaml

Reading never raises. A locale may start from another (`from:` in voices.yaml): an entry of the same name
replaces the whole entry in its place, a new name stands first, `drop: true` takes one away.
"""

import gc
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from ivr.book.answers import Answers, check_spoken, read_answers
from ivr.book.form import Form
from ivr.book.pages import Entry, Variant, read_page
from ivr.book.queues import Number, Queue
from ivr.book.rules import Rules, check_names, read_rules
from ivr.book.source import Fault, Findings, Node, Place, Scalar, nearest, parse
from ivr.book.spoken import SPEAKERS
from ivr.book.taste import NO_TASTE, Taste, read_taste
from ivr.book.vocabulary import PAGES, PARTS
from ivr.book.voices import LOCALE, Pace, Voice, read_voices
from ivr.calls.wrapup import GIFTS, TONES, WHO

__all__ = [
    "Answers", "Book", "Entry", "Fault", "Gift", "Locale", "Number", "Pace", "Place", "Queue", "ReadyStep", "Rules",
    "Variant", "Voice", "read", "read_one",
]  # fmt: skip

MOST_FILES = 2_000
LONGEST_STEP = 90  # characters of a step's wording

TONED = frozenset({"opening", "apology", "next_steps", "question", "goodbye"})
"""Pages that must be worded in every tone. On the others, words without a tone serve for all calls."""

Index: TypeAlias = dict[tuple[str, str, str, str | None], tuple[Entry, ...]]


@dataclass(frozen=True, slots=True)
class ReadyStep:
    """A step worded in advance, chosen by its id."""

    who: str
    what: str
    place: Place  # of its wording


@dataclass(frozen=True, slots=True)
class Gift:
    """How agents type the detail of a gift."""

    detail: str | None = None  # an example
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Locale:
    """Everything that is said in one locale, inheritance done."""

    name: str
    voice: Voice
    pages: Mapping[str, tuple[Entry, ...]]
    steps: Mapping[str, ReadyStep] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)  # in small letters, as written → as said
    gifts: Mapping[str, Gift] = field(default_factory=dict)
    answers: Answers | None = None  # what callers say; None where nobody has written it down
    taste: Taste = NO_TASTE  # what the proof listens for


@dataclass(frozen=True, slots=True)
class Book:
    """One version of everything that may be said."""

    locales: Mapping[str, Locale]
    rules: Rules
    version: int | None
    digest: str  # of its files
    index: Index

    def entries(self, locale: str, page: str, part: str = "", tone: str | None = None) -> tuple[Entry, ...]:
        """The entries to try, from the top; with a tone, only that tone's."""
        return self.index.get((locale, page, part, tone), ())

    def locale(self, name: str | None) -> str:
        """The nearest locale the book has: itself, else one of its language, else the default."""
        if name in self.locales:
            return str(name)
        default = self.rules.locale if self.rules.locale in self.locales else next(iter(self.locales))
        if not name:
            return default
        wanted = name.replace("_", "-").casefold()
        kin = [one for one in self.locales if one.casefold() == wanted]
        language = wanted.partition("-")[0]
        kin += [one for one in (default, *self.locales) if one.partition("-")[0] == language]
        return kin[0] if kin else default

    def voice(self, locale: str) -> Voice:
        """The voice of a locale; the nearest, where an earlier version had that locale and this one has not."""
        return self.locales[self.locale(locale)].voice

    def pace(self, locale: str) -> Pace:
        """How fast a locale's voice speaks: its own pace, else that of the rules."""
        return self.locales[locale].voice.pace or self.rules.pace

    def step(self, locale: str, id: str) -> str | None:
        """A ready-made step's wording."""
        found = self.locales[locale].steps.get(id)
        return found.what if found else None

    def step_who(self, id: str) -> str | None:
        """Who acts in a ready-made step (done, us or you); None where no locale has such a step."""
        found = (each.steps[id].who for each in self.locales.values() if id in each.steps)
        return next(found, None)

    def name(self, locale: str, name: str) -> str:
        """A person's name as the voice says it: the whole name's way, else each word's, else as written."""
        names = self.locales[locale].names
        whole = names.get(name.casefold())
        return whole or " ".join(names.get(word.casefold(), word) for word in name.split(" "))


def read(files: Mapping[str, str], version: int | None = None) -> tuple[Book | None, list[Fault]]:
    """Read a book. Never raises.

    `files`: path, as "en-GB/goodbye.yaml", to text. Gives the book, or None when its rules or voices are
    missing, and every fault, in the order of the files. A book with faults holds what could be read; it
    is not fit to be published.
    """
    was_on = gc.isenabled()
    gc.disable()  # a book is a hundred thousand small things that stay: looking for waste costs a third of the time
    try:
        return _read(files, version)
    finally:
        if was_on:
            gc.enable()


def _read(files: Mapping[str, str], version: int | None) -> tuple[Book | None, list[Fault]]:
    findings = Findings(files)
    if len(files) > MOST_FILES:
        findings.add(Place(""), f"{len(files):,} files; a book has {MOST_FILES:,} at most")
        return None, findings.faults
    nodes = {path: parse(path, files[path], findings) for path in sorted(files) if path.endswith(".yaml")}
    for name in ("rules.yaml", "voices.yaml"):
        if name not in nodes:
            findings.add(Place(name), f"the book has no {name}")
    _check_paths(nodes, findings)
    rules = read_rules(nodes.get("rules.yaml"), findings, "rules.yaml") if "rules.yaml" in nodes else None
    voices = read_voices(nodes.get("voices.yaml"), findings, "voices.yaml")
    locales: dict[str, Locale] = {}
    for name, (voice, place) in voices.items():
        if name.partition("-")[0] not in SPEAKERS:
            findings.add(place, f"nobody here speaks {name} yet; there are speakers of {', '.join(SPEAKERS)}")
        locales[name] = _read_locale(name, voice, locales.get(voice.start or ""), nodes, findings)
    for path in nodes:
        folder = path.partition("/")[0]
        if "/" in path and LOCALE.fullmatch(folder) and folder not in voices:
            findings.add(Place(path), f"voices.yaml has no {folder}", nearest(folder, voices))
            voices[folder] = (Voice("", ""), Place(path))  # say so once
    order = {path: number for number, path in enumerate(nodes)}
    findings.faults.sort(key=lambda f: (order.get(f.place.file, -1), f.place.line, f.place.column))
    if rules is None or not locales:
        return None, findings.faults
    check_names(nodes.get("rules.yaml"), rules, locales, findings)
    check_spoken(rules, locales, findings)
    whole = "\0".join(f"{path}\0{files[path]}" for path in sorted(files))
    digest = hashlib.sha256(whole.encode(errors="replace")).hexdigest()
    return Book(locales, rules, version, digest, _index(locales)), findings.faults


def read_one(book: Book, files: Mapping[str, str], path: str) -> tuple[Book | None, list[Fault]]:
    """The book with one page read anew, and that page's faults. Never raises.

    `files` are the book's, with the page's text as it stands now. Gives None for what is no page of a locale
    the book has. Locales that start from this one keep what they took over before.
    """
    name, _, page = path.removesuffix(".yaml").partition("/")
    locale = book.locales.get(name)
    if locale is None or page not in PAGES or not path.endswith(".yaml"):
        return None, []
    findings = Findings(files)
    own = read_page(parse(path, files.get(path, ""), findings), name, page, findings)
    parent = book.locales.get(locale.voice.start or "")
    whole = _inherit(own, parent.pages[page] if parent else (), findings)
    changed = {name: replace(locale, pages={**locale.pages, page: whole})}
    check_spoken(book.rules, changed, findings)
    faults = sorted(
        (fault for fault in findings.faults if fault.place.file == path),
        key=lambda fault: (fault.place.line, fault.place.column),
    )
    index = {**book.index, **_index(changed)}
    return replace(book, locales={**book.locales, **changed}, index=index, version=None), faults


_OTHERS = ("steps", "names", "gifts", "answers", "taste")


def _check_paths(nodes: Mapping[str, Node | None], findings: Findings) -> None:
    known = (*PAGES, *_OTHERS)
    for path in nodes:
        folder, _, name = path.rpartition("/")
        stem = name.removesuffix(".yaml")
        if not folder and name not in ("rules.yaml", "voices.yaml"):
            hint = nearest(name, ("rules.yaml", "voices.yaml"))
            findings.add(Place(path), "no such file belongs here", hint)
        elif folder and not LOCALE.fullmatch(folder):
            findings.add(Place(path), f"“{folder[:60]}” is not a locale like en-GB")
        elif folder and stem not in known:
            findings.add(Place(path), f"no page is called {stem[:60]}", nearest(stem, known))


def _read_locale(
    name: str, voice: Voice, parent: Locale | None, nodes: Mapping[str, Node | None], findings: Findings
) -> Locale:
    pages = {}
    for page in PAGES:
        own = read_page(nodes.get(f"{name}/{page}.yaml"), name, page, findings)
        pages[page] = _inherit(own, parent.pages[page] if parent else (), findings)
    steps = _read_steps(nodes.get(f"{name}/steps.yaml"), findings)
    names = _read_names(nodes.get(f"{name}/names.yaml"), findings)
    gifts = _read_gifts(nodes.get(f"{name}/gifts.yaml"), findings)
    if parent:
        steps, names, gifts = parent.steps | steps, parent.names | names, parent.gifts | gifts  # type: ignore[operator]
    answers = read_answers(nodes.get(f"{name}/answers.yaml"), parent.answers if parent else None, findings)
    taste = read_taste(nodes.get(f"{name}/taste.yaml"), parent.taste if parent else NO_TASTE, findings)
    return Locale(name, voice, pages, steps, names, gifts, answers, taste)


def _inherit(own: tuple[Entry, ...], parents: tuple[Entry, ...], findings: Findings) -> tuple[Entry, ...]:
    """A child's page laid over its parent's."""
    mine = {entry.name: entry for entry in own}
    theirs = {entry.name for entry in parents}
    for entry in own:
        if entry.drop and entry.name not in theirs:
            hint = nearest(entry.name, theirs)
            findings.add(entry.place, "no entry of this name is there to be dropped", hint)
    merged = [entry for entry in own if entry.name not in theirs]
    merged += [mine.get(entry.name, entry) for entry in parents]
    return tuple(entry for entry in merged if not entry.drop)


def _index(locales: Mapping[str, Locale]) -> Index:
    """What is tried for every locale, page, part and tone, worked out once."""
    index: Index = {}
    for name, locale in locales.items():
        native = name in locale.voice.native_of
        for page, parts in PARTS.items():
            for part in parts:
                entries = tuple(
                    entry for entry in locale.pages[page]
                    if entry.part == part and (native or not entry.native_voice)
                )  # fmt: skip
                index[name, page, part, None] = entries
                for tone in TONES:
                    own = tuple(entry for entry in entries if tone in entry.tones)
                    if page not in TONED:
                        own += tuple(e for e in entries if "plain" in e.tones and tone not in e.tones)
                    index[name, page, part, tone] = own
    return index


def _read_steps(node: Node | None, findings: Findings) -> dict[str, ReadyStep]:
    form = Form(node, findings, "steps.yaml")
    steps = {}
    for id in form.table.values:
        step = form.form(id)
        who, what = step.choice("who", "", WHO), step.text("what")
        step.done()
        if not who or not what:
            findings.add(form.table.keys[id], "a step says who acts, and what", "as {who: us, what: call}")
        elif len(what) > LONGEST_STEP:
            findings.add(step.table.values["what"].place, f"longer than {LONGEST_STEP} characters")
        else:
            steps[id] = ReadyStep(who, what, step.table.values["what"].place)
    return steps


def _read_names(node: Node | None, findings: Findings) -> dict[str, str]:
    form = Form(node, findings, "names.yaml")
    names = {}
    for written, value in form.table.values.items():
        if isinstance(value, Scalar) and value.text.strip():
            names[" ".join(written.casefold().split())] = " ".join(value.text.split())
        else:
            findings.add(form.table.keys[written], "a name as written, a colon, and the name as said")
    return names


def _read_gifts(node: Node | None, findings: Findings) -> dict[str, Gift]:
    form = Form(node, findings, "gifts.yaml")
    gifts = {}
    for kind in form.table.values:
        if kind not in GIFTS:
            findings.add(form.table.keys[kind], f"no gift is called “{kind[:40]}”", nearest(kind, GIFTS))
        gift = form.form(kind)
        gifts[kind] = Gift(gift.text("detail"), gift.text("note"))
        gift.done()
    return gifts

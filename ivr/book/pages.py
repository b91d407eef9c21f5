"""One page of one locale: its entries, and the variants of each, read from the page's file."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ivr.book.form import Form
from ivr.book.liquid import parse as parse_words
from ivr.book.source import Fault, Findings, Items, Node, Place, Scalar, Table, Words, nearest
from ivr.book.template import Template
from ivr.book.vocabulary import PARTS
from ivr.book.when import Condition
from ivr.book.when import parse as parse_condition
from ivr.calls.wrapup import TONES

PROMISES = ("text_note", "check_in", "question", "call_back", "front_of_queue", "voucher")
"""Everything a sentence may promise."""

ANSWERED = (("question", "ask"), ("next_steps", "keys"))
"""The parts whose words may be answered aloud."""

MOST_ENTRIES = 300

_MARKER = re.compile(r"\[\s*(silence|promise|recording|yes)\b([^\[\]]*)\]", re.IGNORECASE)
_RECORDING = re.compile(r"[\w-]{1,60}\.wav")
_YES = {"goes back": "back", "goes on": "on"}
_SILENT = Template()
_ONCE = ("spell",)
_SLOWER = (("spell", "slowly"), ("spell_out", "slowly"))


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to say it."""

    id: str  # of its words, wherever they stand
    words: str  # as written, without [promise], [recording] and [yes]
    template: Template
    place: Place
    source: Words  # as written, every mark blanked, each character still at its place
    silent: bool = False  # [silence]: chosen on purpose, and nothing is said
    promises: tuple[str, ...] = ()
    recording: str | None = None
    yes: str = ""  # back or on: where a yes to these words leads; blank where they ask nothing
    needs: frozenset[str] = frozenset()  # facts that must be known
    mentions: Mapping[str, int] = field(default_factory=dict)  # how often each fact is said
    says: frozenset[str] = field(init=False)  # those facts; in a text some only where they are known

    def __post_init__(self) -> None:
        object.__setattr__(self, "says", frozenset(self.mentions))


@dataclass(frozen=True, slots=True)
class Entry:
    """One situation on a page."""

    name: str
    page: str
    part: str
    locale: str  # whose file it stands in
    place: Place
    tones: frozenset[str] = frozenset({"plain"})
    when: tuple[Condition, ...] = ()
    variants: tuple[Variant, ...] = ()
    silence: bool = False
    offer: bool = False  # it sells something
    native_voice: bool = False  # only for a voice that is of the place
    drop: bool = False  # takes the parent's entry of this name away
    aim: str | None = None  # the page's
    note: str | None = None
    id: str = field(init=False)
    needs: frozenset[str] = field(init=False)  # of all its variants together
    promises: frozenset[str] = field(init=False)  # the same
    asks: tuple[tuple[str, tuple[Any, ...]], ...] = field(
        init=False
    )  # of `when`, the plain “is”: fact, values
    others: tuple[Condition, ...] = field(init=False)  # and the rest

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", f"{self.locale}/{self.page}/{self.name}")
        object.__setattr__(self, "needs", frozenset().union(*(each.needs for each in self.variants)))
        object.__setattr__(self, "promises", frozenset().union(*(each.promises for each in self.variants)))
        plain = [condition for condition in self.when if condition.op == "is" and not condition.free]
        object.__setattr__(self, "asks", tuple([(each.fact, each.values) for each in plain]))
        object.__setattr__(self, "others", tuple([each for each in self.when if each not in plain]))

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Whether all its conditions hold. The plain ones are tried first: they cost least, and fail most."""
        for name, values in self.asks:
            if facts.get(name) not in values:  # nothing is among them where it is not known
                return False
        return not self.others or all(condition.holds(facts) for condition in self.others)


def read_page(node: Node | None, locale: str, page: str, findings: Findings) -> tuple[Entry, ...]:
    """The entries of a page's file, in order. What is wrong is noted, and what is right still read."""
    if node is None:
        return ()
    if not isinstance(node, Items):
        findings.add(node.place, "a page is a list of entries, each beginning with “- entry:”")
        return ()
    if len(node.items) > MOST_ENTRIES:
        findings.add(node.place, f"{len(node.items):,} entries; a page has {MOST_ENTRIES} at most")
        return ()
    aim: str | None = None
    entries: dict[str, Entry] = {}
    for item in node.items:
        if not isinstance(item, Table):
            findings.add(item.place, "an entry begins with “- entry: its name”")
        elif "entry" not in item.values and "aim" in item.values:
            form = Form(item, findings, "the page's aim")
            aim = form.text("aim")
            form.done()
        elif entry := _Entry(item, locale, page, findings).read(aim):
            if entry.name in entries:
                first = entries[entry.name].place.line
                findings.add(entry.place, f"an entry of this name stands on line {first} already")
            else:
                entries[entry.name] = entry
    return tuple(entries.values())


class _Entry:
    """Reads one entry."""

    def __init__(self, table: Table, locale: str, page: str, findings: Findings) -> None:
        self.form = Form(table, findings, "an entry")
        self.place, self.locale, self.page, self.findings = table.place, locale, page, findings

    def read(self, aim: str | None) -> Entry | None:
        name = self.form.text("entry")
        if name is None:
            self.findings.add(self.place, "an entry without a name", "begin with “- entry: its name”")
            return None
        drop = self.form.flag("drop")
        faults = len(self.findings.faults)
        part = self._part(drop)
        tones = self._tones()
        conditions = self._conditions()
        sure = len(self.findings.faults) == faults
        offer, native = self.form.flag("offer"), self.form.flag("native_voice")
        own_aim, note = self.form.text("aim", aim), self.form.text("note")
        say = self.form.take("say")
        self.form.done()
        variants: tuple[Variant, ...] = ()
        if drop:
            if say is not None:
                self.findings.add(say.place, "an entry that is dropped says nothing")
        elif part is not None:
            variants = self._variants(say, part)
            variants = variants if sure else ()  # nobody knows when it was meant to be said
        place = self.form.table.values["entry"].place
        silence = any(variant.silent for variant in variants)
        return Entry(
            name, self.page, part or "", self.locale, place, tones, conditions, variants,
            silence, offer, native, drop, own_aim, note,
        )  # fmt: skip

    def _part(self, drop: bool) -> str | None:
        """The part; None when it cannot be told, with a fault."""
        parts = PARTS[self.page]
        named = self.form.text("part")
        if named is None:
            own = "" if "" in parts else self.page if self.page in parts else None
            if own is None and not drop:
                self.findings.add(self.place, f"which part of {self.page}?", f"part: {' | '.join(parts)}")
            return own
        if named in parts and named:
            return named
        where = self.form.table.values["part"].place
        others = f"it has: {', '.join(parts)}" if any(parts) else "leave the line out"
        hint = nearest(named, parts) or others
        self.findings.add(where, f"{self.page} has no part “{named[:40]}”", hint)
        return None

    def _tones(self) -> frozenset[str]:
        node = self.form.take("tone")
        if node is None:
            return frozenset({"plain"})
        items = node.items if isinstance(node, Items) else [node]
        found: set[str] = set()
        for item in items:
            text = item.text if isinstance(item, Scalar) else "?"
            for word in re.split(r"\s*,\s*|\s+or\s+|\s+", text.strip()):
                if word == "any":
                    found.update(TONES)
                elif word in TONES:
                    found.add(word)
                else:
                    hint = nearest(word, (*TONES, "any")) or f"it is {', '.join(TONES)} or any"
                    self.findings.add(item.place, f"no tone is called “{word[:40]}”", hint)
        return frozenset(found or {"plain"})

    def _lines(self, key: str) -> list[tuple[str, Place]]:
        node = self.form.take(key)
        if node is None:
            return []
        if not isinstance(node, Scalar) or (not node.literal and "\n" in self._written(node)):
            self.findings.add(node.place, f"more than one line of “{key}” needs “{key}: |” above them")
            return []
        return [(line, place) for line, place in node.lines(self.findings) if line.strip()]

    def _written(self, node: Scalar) -> str:
        """A line break where a text not written with `|` runs over its line."""
        line = self.findings.line(node.place)[node.place.column - 1 :]
        return "" if " ".join(node.text.split()) in " ".join(line.split()) else "\n"

    def _conditions(self) -> tuple[Condition, ...]:
        found = []
        for line, place in self._lines("when"):
            condition = parse_condition(line, place, self.page)
            if isinstance(condition, Fault):
                self.findings.take(condition)
            else:
                found.append(condition)
        return tuple(found)

    # -- variants --

    def _variants(self, say: Node | None, part: str) -> tuple[Variant, ...]:
        if say is None:
            hint = "say: | with one variant a line, or [silence]"
            self.findings.add(self.place, "this entry says nothing", hint)
            return ()
        if not isinstance(say, Scalar) or not say.literal:
            self.findings.add(say.place, "words stand beneath “say: |”, one variant a line")
            return ()
        lines = self._joined(say.lines(self.findings))
        if not lines:
            self.findings.add(say.place, "no words stand here", "write [silence] where nothing is to be said")
        variants: dict[str, Variant] = {}
        for words in lines:
            variant = self._variant(words, part)
            if variant is None:
                continue
            if variant.id in variants:
                self.findings.add(variant.place, "these words stand here twice")
            variants.setdefault(variant.id, variant)
        if len(variants) > 1 and (silent := [v for v in variants.values() if v.silent]):
            self.findings.add(silent[0].place, "[silence] stands alone: the entry has words as well")
        return tuple(variants.values())

    def _joined(self, lines: list[tuple[str, Place]]) -> list[Words]:
        """A variant a line; a deeper indent continues the line above."""
        found: list[tuple[str, tuple[tuple[int, Place], ...]]] = []
        for line, place in lines:
            if not line.strip():
                continue
            text = line.strip()
            if line[0].isspace():
                place = Place(place.file, place.line, place.column + len(line) - len(line.lstrip()))
            if line[0].isspace() and found:
                above, starts = found[-1]
                found[-1] = (f"{above} {text}", (*starts, (len(above) + 1, place)))
            else:
                found.append((text, ((0, place),)))
        return [Words(text, starts) for text, starts in found]

    def _variant(self, words: Words, part: str) -> Variant | None:
        promises: list[str] = []
        recordings: list[str] = []
        answered: list[str] = []
        silent = False
        faults: list[Fault] = []
        for marker in _MARKER.finditer(words.text) if "[" in words.text else ():
            kind, given, at = marker[1].lower(), marker[2].strip(), words.at(marker.start())
            if kind == "silence" and not given:
                silent = True
            elif kind == "promise" and given in PROMISES:
                promises.append(given)
            elif kind == "recording" and _RECORDING.fullmatch(given) and not recordings:
                recordings.append(given)
            elif kind == "yes":
                faults += self._answered(marker[0], given, part, at, answered)
            else:
                hint = nearest(given, PROMISES) if kind == "promise" else "as in [recording bye.wav], once"
                faults.append(Fault(at, f"{marker[0][:60]} is not a {kind}", hint or ", ".join(PROMISES)))
        # blanked, not cut out, so that every place in the line stays where it is
        source = words
        if "[" in words.text:
            source = Words(_MARKER.sub(lambda marker: " " * len(marker[0]), words.text), words.starts)
        said = " ".join(source.text.split())
        if silent and (said or promises or recordings or answered):
            faults.append(Fault(words.at(0), "[silence] stands alone, without words"))
        elif not silent and not said and not faults:
            faults.append(Fault(words.at(0), "no words stand beside this mark"))
        template: Template | list[Fault] = _SILENT
        begins = words.starts[0][1]
        if not silent and not faults:
            text = self.page == "texts"
            template = parse_words(source, self.page, part, text=text)
            faults += template if isinstance(template, list) else self._twice(template, part, begins)
        for fault in faults:
            self.findings.take(fault)
        if faults or isinstance(template, list):
            return None
        return Variant(
            hashlib.sha256(said.encode()).hexdigest()[:6], said, template, begins, source, silent,
            tuple(promises), recordings[0] if recordings else None, "".join(answered), template.needs, template.mentions,
        )  # fmt: skip

    def _answered(self, mark: str, given: str, part: str, at: Place, found: list[str]) -> list[Fault]:
        """Where a yes to these words leads, added to `found`."""
        where = " ".join(given.split())
        if (self.page, part) not in ANSWERED:
            return [Fault(at, f"nobody answers here: {mark[:60]}", "only a question, or the keys, say so")]
        if where not in _YES or found:
            return [Fault(at, f"{mark[:60]} is no way for a yes", "[yes goes back] or [yes goes on], once")]
        found.append(_YES[where])
        return []

    def _twice(self, template: Template, part: str, place: Place) -> list[Fault]:
        """A reference is said twice, the second time slower; once where it is texted as well."""
        if self.page != "next_steps" or part != "reference":
            return []
        said = [filters for fact, filters in template.says if fact == "step.reference"]
        if said == [_ONCE] or any(said in ([slower], [_ONCE, slower]) for slower in _SLOWER):
            return []
        hint = "{{ step.reference | spell }} … {{ step.reference | spell_out | slowly }}; once where texted"
        return [Fault(place, "a reference is said twice, the second time slower", hint)]

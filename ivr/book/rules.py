"""The book's rules: rules.yaml, which is versioned and published with the words.

Everything has a default except the time zone and the locale. A wrong key or value is a fault with its
place and the nearest right one; what can still be read is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ivr.book.form import Form
from ivr.book.queues import Line, Number, Queue, language_of, read_numbers, read_queues
from ivr.book.source import Findings, Items, Node, Place, Scalar, Table, nearest
from ivr.book.voices import Pace
from ivr.calls.waits import Severities

MOMENTS = ("opening", "apology", "next_steps", "question", "goodbye")
BUDGETS: Mapping[str, float] = {
    "opening": 6.0, "apology": 10.0, "extreme": 14.0, "next_steps": 45.0, "question": 8.0, "goodbye": 14.0,
    "farewell": 75.0,
}  # fmt: skip
"""Seconds by moment; `extreme` is the apology for an extreme wait, with its repair."""


@dataclass(frozen=True, slots=True)
class Rules:
    """rules.yaml."""

    timezone: ZoneInfo
    locale: str
    severities: Severities = field(default_factory=Severities)
    answered_within: int = 60  # seconds after an answer within which an earlier call still counts as waiting
    moments: tuple[str, ...] = MOMENTS
    pace: Pace = field(default_factory=Pace)
    budgets: Mapping[str, float] = field(default_factory=lambda: BUDGETS)  # seconds, by moment
    numbers: Mapping[str, Number] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=lambda: {"default": Queue()})
    approval: bool = False  # whether publishing needs a second person's yes

    def line(self, queue: Queue, locale: str) -> Line:
        """How this queue's line speaks of itself in a locale: in the words for that locale, else for its language,
        else in the queue's own where that is its language. What nobody wrote in it is left out, not said in
        another language."""
        home, language = language_of(queue.locale or self.locale), language_of(locale)
        usual = Line(queue.line_name, queue.line_hours, queue.notice, queue.event)
        if not queue.lines:
            return usual if language == home else Line()
        lines = dict(queue.lines)
        found = [lines[key] for key in (locale, language) if key in lines]
        if language == home:
            found.append(usual)
        said = {
            field.name: next((own for line in found if (own := getattr(line, field.name))), None)
            for field in fields(Line)
        }
        return Line(**said)

    @property
    def announces(self) -> bool:
        """Whether any queue has something coming up to tell of."""
        queues = self.queues.values()
        return any(queue.event or any(line.event for _, line in queue.lines) for queue in queues)

    def queue(self, name: str | None) -> Queue:
        """A queue's rules; a queue the book does not name has the defaults, under its own name."""
        if name is None:
            return self.queues["default"]
        return self.queues.get(name) or _unnamed(self.queues["default"], name)


@lru_cache(256)
def _unnamed(default: Queue, name: str) -> Queue:
    return replace(default, name=name)


def read_rules(node: Node | None, findings: Findings, file: str) -> Rules | None:
    """rules.yaml; None when it lacks what has no default."""
    form = Form(node or Table(Place(file)), findings, file)
    zone = form.read("timezone", None, lambda name: ZoneInfo(name), "a time zone like Europe/London")
    locale = form.text("locale")
    for key, value in (("timezone", zone), ("locale", locale)):
        if value is None and form.take(key) is None:
            findings.add(form.table.place, f"{file} says no {key}")
    severities = _severities(form.form("severities"), findings)
    earlier = form.form("earlier")
    answered_within = earlier.number("answered_within", 60, 0, 3_600)
    earlier.done()
    moments = _moments(form.take("moments"), findings)
    pace_form = form.form("pace")
    pace = Pace(pace_form.number("words_per_minute", 165, 60, 400), pace_form.number("slow", 130, 30, 400))
    pace_form.done()
    budget_form = form.form("seconds")
    budgets = {key: float(budget_form.number(key, int(usual), 1, 600)) for key, usual in BUDGETS.items()}
    budget_form.done()
    queues = read_queues(form.form("queues"), locale or "", findings)
    numbers = read_numbers(form.form("numbers"))
    publishing = form.form("publishing")
    approval = publishing.flag("approval")
    publishing.done()
    form.done()
    if zone is None or locale is None:
        return None
    return Rules(zone, locale, severities, answered_within, moments, pace, budgets, numbers, queues, approval)


def _severities(form: Form, findings: Findings) -> Severities:
    usual = Severities()
    names = ("slight", "long", "very_long", "extreme")
    seconds = [form.number(name, getattr(usual, name), 1, 14_400) for name in names]
    form.done()
    if seconds != sorted(set(seconds)):
        findings.add(form.table.place, f"each begins later than the one before: {', '.join(names)}")
        return usual
    return Severities(*seconds)


def _moments(node: Node | None, findings: Findings) -> tuple[str, ...]:
    if node is None:
        return MOMENTS
    if not isinstance(node, Items):
        findings.add(node.place, f"moments is a list, as in [{', '.join(MOMENTS)}]")
        return MOMENTS
    named = []
    for item in node.items:
        name = item.text if isinstance(item, Scalar) else ""
        if name not in MOMENTS or name in named:
            hint = nearest(name, MOMENTS)
            findings.add(item.place, f"“{name[:40]}” is no moment, or stands here twice", hint)
        else:
            named.append(name)
    if not named or named[-1] != "goodbye":
        findings.add(node.place, "the last moment is the goodbye")
        return MOMENTS
    return tuple(named)


def check_names(node: Node | None, rules: Rules, locales: Mapping[str, Any], findings: Findings) -> None:
    """Every locale and queue that rules.yaml names must be one the book has."""
    for key, table in _tables(node):
        for name, known in (("locale", locales), ("queue", rules.queues)):
            value = table.values.get(name)
            if isinstance(value, Scalar) and value.text and value.text not in known:
                hint = nearest(value.text, known)
                findings.add(value.place, f"{key}: this book has no {name} “{value.text[:40]}”", hint)


def _tables(node: Node | None) -> list[tuple[str, Table]]:
    found: list[tuple[str, Table]] = []
    if isinstance(node, Table):
        found.append(("rules.yaml", node))
        for group in ("numbers", "queues"):
            members = node.values.get(group)
            if isinstance(members, Table):
                found += [(key, value) for key, value in members.values.items() if isinstance(value, Table)]
    return found

"""The book's rules and voices: rules.yaml and voices.yaml, which are versioned and published with the words.

Everything has a default except the time zone and the locale. A wrong key or value is a fault with its
place and the nearest right one; what can still be read is read.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from ivr.book.form import Form, within
from ivr.book.source import Findings, Items, Node, Place, Scalar, Table, nearest
from ivr.calls.waits import Severities

MOMENTS = ("opening", "apology", "next_steps", "question", "goodbye")
LOCALE = re.compile(r"[a-z]{2,3}-[A-Z]{2}|[a-z]{2,3}-[0-9]{3}")
LANGUAGE = re.compile(rf"[a-z]{{2}}|{LOCALE.pattern}")
MOST_LOCALES = 100
BUDGETS: Mapping[str, float] = {
    "opening": 6.0, "apology": 10.0, "extreme": 14.0, "next_steps": 45.0, "question": 8.0, "goodbye": 14.0,
    "farewell": 75.0,
}  # fmt: skip
"""Seconds by moment; `extreme` is the apology for an extreme wait, with its repair."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast lines are spoken."""

    words_per_minute: int = 165
    slow: int = 130  # words a minute where a caller wants it slower


@dataclass(frozen=True, slots=True)
class Number:
    """What one of our own telephone numbers stands for."""

    queue: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """How a line speaks of itself in one language. All of it is typed as it will be said."""

    name: str | None = None
    hours: str | None = None
    notice: str | None = None  # a whole sentence about today
    event: str | None = None  # a whole sentence about something coming up


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue's rules; what it does not say itself is the default's."""

    name: str = "default"
    locale: str | None = None
    way: str = "usual"  # together in a conference of Flex or TaskRouter, else aside
    question: str = "likely_next"
    speech: bool = False  # the question may be answered aloud
    release: str = "after_goodbye"
    texts: str = "allowed"
    farewell: str = "on"
    told: int | None = None  # seconds of wait announced while queueing
    call_back: str | None = None  # the key by which somebody who waits asks to be rung back
    star: str = "off"  # whether an agent's star key leaves the caller they took from this queue
    agent: str = "hang_up"  # what becomes of an agent who is released
    notice: str | None = None
    event: str | None = None
    workflow: str | None = None  # TaskRouter's (WW…): its agents are TaskRouter's or Flex's, not ours
    after_work: str | None = None  # TaskRouter's activity (WA…) for its agents once the call is over
    record: str | None = None  # passed to <Dial record>
    music: str | None = None  # the address of what is heard while waiting; silence between the words if none
    line_name: str | None = None
    line_phone: str | None = None
    line_hours: str | None = None
    lines: tuple[tuple[str, Line], ...] = ()  # in other languages: (language or locale, line)


@dataclass(frozen=True, slots=True)
class Rules:
    """rules.yaml."""

    timezone: ZoneInfo
    locale: str
    severities: Severities = field(default_factory=Severities)
    answered_within: int = 60  # seconds after an answer within which an earlier call still counts as waiting
    moments: tuple[str, ...] = MOMENTS
    pace: Pace = Pace()
    budgets: Mapping[str, float] = field(default_factory=lambda: BUDGETS)  # seconds, by moment
    numbers: Mapping[str, Number] = field(default_factory=dict)
    queues: Mapping[str, Queue] = field(default_factory=lambda: {"default": Queue()})
    approval: bool = False  # whether publishing needs a second person's yes

    def line(self, queue: Queue, locale: str) -> Line:
        """How this queue's line speaks of itself in a locale: in the words for that locale, else for its language,
        else in the queue's own where that is its language. What nobody wrote in it is left out, not said in
        another language."""
        home, language = _language(queue.locale or self.locale), _language(locale)
        usual = Line(queue.line_name, queue.line_hours, queue.notice, queue.event)
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


@dataclass(frozen=True, slots=True)
class Voice:
    """Which voice speaks a locale."""

    voice: str  # Twilio's <Say voice>
    language: str  # Twilio's <Say language>
    native_of: tuple[str, ...] = ()  # the places whose voice it is
    piper: str | None = None  # the voice of rehearsals
    ssml: bool = True  # False: it takes plain words only
    pace: Pace | None = None  # its own; None: that of the rules
    start: str | None = None  # the locale whose words this one starts from


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
    queues = _queues(form.form("queues"), locale or "", findings)
    numbers = _numbers(form.form("numbers"))
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


def _numbers(form: Form) -> dict[str, Number]:
    numbers = {}
    for key in form.table.values:
        number = form.form(key)
        numbers[key] = Number(number.text("queue"), number.text("locale"))
        number.done()
    return numbers


def _queues(form: Form, locale: str, findings: Findings) -> dict[str, Queue]:
    names = list(form.table.values)
    if names and names[0] != "default":
        findings.add(form.table.keys[names[0]], "`default` stands first: every other queue starts from it")
        names = ["default", *(name for name in names if name != "default")]
    queues = {"default": Queue()}
    for name in names:
        queues[name] = _queue(form.form(name), name, queues["default"], locale)
    return queues


def _language(locale: str) -> str:
    return locale.replace("_", "-").partition("-")[0].casefold()


def _lines(line: Form, usual: Queue) -> tuple[tuple[str, Line], ...]:
    """The line in other languages; a queue that has a name of its own has the default's in none."""
    lines = []
    for key in line.table.values:
        if LANGUAGE.fullmatch(key):
            words = line.form(key)
            lines.append((key, Line(*(words.text(each.name) for each in fields(Line)))))
            words.done()
    return tuple(lines) or (() if "name" in line.table.values else usual.lines)


def _queue(form: Form, name: str, usual: Queue, locale: str) -> Queue:
    line = form.form("line")
    own = form.text("locale", usual.locale)
    if name != "default" and _language(own or locale) != _language(usual.locale or locale):
        usual = replace(usual, line_name=None, line_hours=None, notice=None, event=None)  # another language's
    read = replace(
        usual,
        name=name,
        locale=own,
        way=form.choice("way", usual.way, ("usual", "aside", "together", "after")),
        question=form.choice("question", usual.question, ("likely_next", "anything_else", "none")),
        speech=form.flag("speech", usual.speech),
        release=form.choice("release", usual.release, ("after_goodbye", "after_steps")),
        texts=form.choice("texts", usual.texts, ("allowed", "never")),
        farewell=form.choice("farewell", usual.farewell, ("on", "paused", "off")),
        told=form.read("told", usual.told, within(1, 14_400), "a number of seconds"),
        call_back=form.read("call_back", usual.call_back, _key, "off, or a key from 1 to 9"),
        star=form.choice("star", usual.star, ("off", "on")),
        agent=form.choice("agent", usual.agent, ("hang_up", "next")),
        notice=form.text("notice", usual.notice),
        event=form.text("event", usual.event),
        workflow=form.read("workflow", usual.workflow, _sid("WW"), "a workflow's SID: WW and 32 digits"),
        after_work=form.read(
            "after_work", usual.after_work, _sid("WA"), "an activity's SID: WA and 32 digits"
        ),
        record=form.text("record", usual.record),
        music=form.text("music", usual.music),
        line_name=line.text("name", usual.line_name),
        line_phone=line.text("phone", usual.line_phone),
        line_hours=line.text("hours", usual.line_hours),
        lines=_lines(line, usual),
    )
    line.done()
    form.done()
    return read


def _sid(prefix: str) -> Callable[[str], str]:
    """Reads an identifier of Twilio's. Raises ValueError for anything else."""

    def read(text: str) -> str:
        if re.fullmatch(prefix + "[0-9a-f]{32}", text) is None:
            raise ValueError(text)
        return text

    return read


def _key(text: str) -> str | None:
    """A key that can be offered in words; 0 is for people. Raises ValueError."""
    return None if text == "off" else str(within(1, 9)(text))


def read_voices(node: Node | None, findings: Findings, file: str) -> dict[str, tuple[Voice, Place]]:
    """voices.yaml: locale → voice and the place where it is said, parents before children."""
    voices: dict[str, tuple[Voice, Place]] = {}
    form = Form(node or Table(Place(file)), findings, file)
    for locale, place in form.table.keys.items():
        if len(voices) == MOST_LOCALES:
            findings.add(place, f"more than {MOST_LOCALES} locales")
            break
        voice = form.form(locale)
        start = voice.text("from")
        usual: Any = voices.get(start or "", (None, None))[0]
        if not LOCALE.fullmatch(locale):
            findings.add(place, f"“{locale[:40]}” is not a locale like en-GB")
            continue
        if start and usual is None:
            hint = nearest(start, voices) or "a locale stands below the one it starts from"
            findings.add(voice.table.values["from"].place, f"no locale “{start[:40]}” stands above", hint)
        name = voice.text("voice", usual.voice if usual else None)
        if name is None:
            findings.add(place, f"{locale} has no voice", "as <Say> names it: Polly.Amy-Neural")
        same = usual is not None and name == usual.voice
        voices[locale] = (
            Voice(
                name or "alice",
                voice.text("language", locale) or locale,
                tuple((voice.text("native_of") or "").replace(",", " ").split()),
                voice.text("piper", usual.piper if usual else None),
                voice.flag("ssml", usual.ssml if usual else True),
                _own_pace(voice, findings) or (usual.pace if same else None),
                start if usual else None,
            ),
            place,
        )
        voice.done()
    return voices


def _own_pace(voice: Form, findings: Findings) -> Pace | None:
    """A voice's own pace. Without `slow` it is slow at four fifths of it."""
    pace = voice.number("pace", 0, 60, 400)
    slow = voice.number("slow", pace * 4 // 5, 30, 400)
    if slow > pace:
        place = voice.table.values["slow"].place
        findings.add(
            place, "slow is no faster than pace, which stands beside it", "as in pace: 150, slow: 120"
        )
    return Pace(pace, min(slow, pace)) if pace else None


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

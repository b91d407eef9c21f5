"""One queue's rules, and how its line speaks of itself: what stands beneath `queues:` and `numbers:` in rules.yaml."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace

from ivr.book.form import Form, within
from ivr.book.source import Findings
from ivr.book.voices import LOCALE

LANGUAGE = re.compile(rf"[a-z]{{2}}|{LOCALE.pattern}")


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


def read_queues(form: Form, locale: str, findings: Findings) -> dict[str, Queue]:
    """Every queue, `default` first."""
    names = list(form.table.values)
    if names and names[0] != "default":
        findings.add(form.table.keys[names[0]], "`default` stands first: every other queue starts from it")
        names = ["default", *(name for name in names if name != "default")]
    queues = {"default": Queue()}
    for name in names:
        queues[name] = _queue(form.form(name), name, queues["default"], locale)
    return queues


def _queue(form: Form, name: str, usual: Queue, locale: str) -> Queue:
    line = form.form("line")
    own = form.text("locale", usual.locale)
    if name != "default" and language_of(own or locale) != language_of(usual.locale or locale):
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


def _lines(line: Form, usual: Queue) -> tuple[tuple[str, Line], ...]:
    """The line in other languages; a queue that has a name of its own has the default's in none."""
    lines = []
    for key in line.table.values:
        if LANGUAGE.fullmatch(key):
            words = line.form(key)
            lines.append((key, Line(*(words.text(each.name) for each in fields(Line)))))
            words.done()
    return tuple(lines) or (() if "name" in line.table.values else usual.lines)


def read_numbers(form: Form) -> dict[str, Number]:
    """Our own telephone numbers, each with what it stands for."""
    numbers = {}
    for key in form.table.values:
        number = form.form(key)
        numbers[key] = Number(number.text("queue"), number.text("locale"))
        number.done()
    return numbers


def language_of(locale: str) -> str:
    """The language of a locale, in small letters."""
    return locale.replace("_", "-").partition("-")[0].casefold()


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

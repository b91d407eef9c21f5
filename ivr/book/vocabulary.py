"""Every fact a script may name: its values, whether it can be unknown, and an example.

The list is closed. A condition or a sentence that names anything else is a fault, found at proof. A fact
that is unknown is left out of what a sentence sees, never passed as an empty text.
"""

from dataclasses import dataclass
from typing import Literal

from ivr.calls import wrapup

FactType = Literal["choice", "flag", "number", "text", "date", "list"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact: what it tells, in what form, and an example."""

    name: str
    type: FactType
    meaning: str
    example: str
    values: tuple[str, ...] = ()  # for a choice: the closed list
    always: bool = False  # never unknown wherever a script may name it
    pages: tuple[str, ...] = ()  # where it can be known at all; empty: everywhere
    spoken: bool = True  # may stand in {{ }}; a code word may only be asked about


SEVERITIES = ("none", "slight", "long", "very_long", "extreme", "unknown")
MOSTLY = ("queue", "hold", "earlier")
PARTS_OF_DAY = ("morning", "afternoon", "evening", "night")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_CLOSING = ("opening", "apology", "next_steps", "question", "goodbye")
_STEP = ("next_steps", "texts")
_CALL_BACK = ("waiting", "apology", "question", "goodbye")

FACTS: tuple[Fact, ...] = (
    Fact("caller.name", "text", "what the agent calls the caller, to their face", "Ana"),
    Fact("calls_today", "number", "this call and the caller's earlier ones today; unknown when nobody is known", "2"),
    Fact("first_time", "flag", "the caller never rang before; unknown when nobody is known", "yes"),
    Fact("severity", "choice", "how heavy the whole wait was, earlier calls included", "very_long", SEVERITIES, always=True),
    Fact("wait.seconds", "number", "seconds waited on this call, queue and holds together", "870", pages=_CLOSING),
    Fact("wait.queue", "number", "seconds waited in the queue on this call", "750", pages=_CLOSING),
    Fact("wait.hold", "number", "seconds on hold on this call", "120", pages=_CLOSING),
    Fact("wait.earlier", "number", "seconds waited on earlier calls today; only for somebody we know it was", "600", pages=_CLOSING),
    Fact("wait.mostly", "choice", "where most of the wait was", "queue", MOSTLY, pages=_CLOSING, spoken=False),
    Fact("wait.told", "number", "seconds of wait we announced, when the wait stayed within them", "600", pages=("waiting", "apology")),
    Fact("apologised", "flag", "the agent has already apologised for the wait", "no", always=True, pages=_CLOSING),
    Fact("step.who", "choice", "who acts", "us", wrapup.WHO, always=True, pages=_STEP, spoken=False),
    Fact("step.what", "text", "the act, as it follows “we will”; for what is done, a list", "send a replacement router", always=True, pages=_STEP),
    Fact("step.by", "date", "the day by which", "2026-11-28", pages=_STEP),
    Fact("step.reference", "text", "the reference to quote; only on the part `reference` and in texts", "AB-4719", pages=_STEP),
    Fact("step.to", "text", "where to: an address, a number, a place", "help@example.com", pages=_STEP),
    Fact("step.first", "flag", "the first step of its kind", "yes", always=True, pages=_STEP),
    Fact("step.last", "flag", "the last step of all", "no", always=True, pages=_STEP),
    Fact("steps.done", "number", "how many things are done", "1", always=True, pages=(*_CLOSING, "texts")),
    Fact("steps.ours", "number", "how many steps are ours", "1", always=True, pages=(*_CLOSING, "texts")),
    Fact("steps.theirs", "number", "how many steps are the caller's", "1", always=True, pages=(*_CLOSING, "texts")),
    Fact("steps.references", "number", "how many different references there are to say", "1", always=True, pages=(*_CLOSING, "texts")),
    Fact("steps.count", "number", "how many steps are still to come, ours and theirs", "2", always=True, pages=(*_CLOSING, "texts")),
    Fact("texted", "flag", "this farewell sends a text note", "yes", always=True, pages=(*_CLOSING, "texts")),
    Fact("textable", "flag", "a text can be sent to this caller", "yes", always=True, pages=(*_CLOSING, "texts", "waiting", "mishap")),
    Fact("gift.kind", "choice", "the small thing the caller mentioned; happy ones are unknown where a happy word would hurt", "holiday", wrapup.GIFTS, pages=("goodbye",), spoken=False),
    Fact("gift.detail", "text", "the detail of it, typed as it will be said", "in Tobago", pages=("goodbye",)),
    Fact("gift.whose", "choice", "whose it is", "caller", ("caller", "theirs"), pages=("goodbye",), spoken=False),
    Fact("agent.name", "text", "the agent, as the caller heard it", "Sam", pages=(*_CLOSING, "texts")),
    Fact("call.reason", "text", "what the call was about, as the agent chose it; never spoken, only asked about", "delivery", spoken=False),
    Fact("call.resolved", "flag", "the caller got what they came for", "yes", pages=(*_CLOSING, "texts")),
    Fact("call.trouble", "flag", "something had gone wrong for them", "yes", pages=(*_CLOSING, "texts")),
    Fact("call.queue", "text", "the queue's name; never spoken, only asked about", "billing", spoken=False),
    Fact("call.way", "choice", "where the agent is: put aside, listening together, or gone", "aside", wrapup.WAYS, always=True, pages=(*_CLOSING, "agent"), spoken=False),
    Fact("day.part", "choice", "the part of the day where the caller rings", "evening", PARTS_OF_DAY, always=True),
    Fact("day.weekday", "choice", "the day of the week", "friday", WEEKDAYS, always=True),
    Fact("day.date", "date", "the date", "2026-11-21", always=True),
    Fact("line.name", "text", "what this line is called", "the help line"),
    Fact("line.phone", "text", "the number to ring us on", "+442079460000"),
    Fact("line.hours", "text", "when somebody is there, as it is said", "eight to six, Monday to Saturday"),
    Fact("line.notice", "text", "a whole sentence about today, typed by a supervisor", "Our Leeds office is closed today."),
    Fact("line.event", "text", "a whole sentence about something coming up", "Our open day is on Sunday."),
    Fact("call_back.key", "text", "the key that asks for a call back, while waiting or when nobody is there", "1", pages=("waiting", "question")),
    Fact("call_back.asked", "flag", "the caller asked to be rung back, and nobody has talked to them", "yes", always=True, pages=_CALL_BACK),
    Fact("voucher.code", "text", "the code of a voucher; only on the part `voucher`, whose every line says it", "TEA-4471", pages=("texts",)),
    Fact("moment.kind", "choice", "what the caller is hearing just now", "next_steps", (*_CLOSING, "returning", "gone", "heard"), pages=("agent",), spoken=False),
)  # fmt: skip

BY_NAME: dict[str, Fact] = {fact.name: fact for fact in FACTS}

PARTS: dict[str, tuple[str, ...]] = {
    "greeting": ("",),
    "waiting": ("waiting", "told", "call_back", "key"),
    "opening": ("",),
    "apology": ("",),
    "next_steps": ("opening", "done", "ours", "theirs", "reference", "rest", "keys"),
    "question": ("ask", "unclear", "misheard", "back", "nobody"),
    "goodbye": ("",),
    "agent": ("room", "conference", "returning", "released", "nobody", "pin"),
    "texts": ("note", "check_in", "call_back", "question", "voucher"),
    "mishap": ("mishap", "fallback"),
}
"""Every page and its parts; a page without parts has the one part ''."""

PAGES: tuple[str, ...] = tuple(PARTS)

"""(story, wait, wrap-up, book, what the caller heard before, now) → farewell. Pure, and always the same.

Whatever the book says, a farewell apologises once at most, for a known wait that was long and that the
agent has not already made good; speaks no more than three next steps when the rest can go by text; has one
listening point at most, after the steps; and ends in the goodbye. After a return to the agent it goes on in
a second part, which says nothing twice.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from ivr.book.book import Book, Entry
from ivr.book.spoken import Value, speaker
from ivr.calls.story import Story
from ivr.calls.waits import Wait
from ivr.calls.wrapup import Wrapup
from ivr.farewell.choice import Telling
from ivr.farewell.facts import Means, count_facts, event_hash, facts_of, gift_facts, tone_of
from ivr.farewell.moments import Farewell, Line, Moment
from ivr.farewell.promises import is_written, note_body, offered, promised, written
from ivr.farewell.steps import Before, Noted, goes, next_steps, steps_of

__all__ = ["Means", "compose", "goes", "note", "say"]


def compose(
    story: Story,
    wait: Wait,
    wrapup: Wrapup,
    book: Book,
    *,
    now: datetime,
    means: Means,
    locale: str,
    heard_before: Mapping[str, Sequence[str]] | None = None,
    first_time: bool | None = None,
    part: int = 1,
    earlier_parts: Sequence[Farewell] = (),
    proven: Mapping[int, Collection[str]] | None = None,
    announced: Collection[str] = (),
) -> Farewell:
    """The farewell of this call, or of the part of it that follows a return to the agent (`part` > 1).

    `now` is aware; `locale` is one of the book's; `heard_before` maps a page to the variants this caller
    heard in their last ten calls, latest first, this call left out; `proven` maps each of the earlier
    parts to its moments that were heard; `announced` are the hashes of coming events that this caller was told
    of on other calls. Never raises for what a book says.
    """
    facts = facts_of(story, wait, wrapup, book, now, means, locale, first_time)
    telling = _telling(story, wrapup, book, facts, locale, heard_before or {})
    before = Before([farewell for farewell in earlier_parts if farewell.part < part], proven or {})
    event = _leave_out_what_they_know(facts, before, announced)
    steps = [each for each in steps_of(wrapup, book, locale) if not _told(each, telling, before)]
    _count(facts, steps, wrapup)
    promises = list(promised(telling, wrapup, steps, before, now))
    offers = list(offered(telling, wrapup, means, before, now)) if means.makes_up else []
    telling.agreed = frozenset([promise.kind for promise in (*promises, *offers)])
    if "text_note" in telling.agreed:
        facts["texted"] = True
    elif not all(each.sayable for each in steps):
        telling.left_out.append("next_steps/another language")
        steps = [each for each in steps if each.sayable]
        _count(facts, steps, wrapup)
    said_steps = next_steps(telling, steps, before, written(before, promises))
    moments: list[Moment] = []
    for name in book.rules.moments:
        if name == "next_steps":
            moments += said_steps
        elif name == "goodbye":
            moments += _goodbye(telling, wrapup, before)
        elif part == 1:  # afterwards these have been heard
            moments += _said_once(name, telling, wrapup)
    if part == 1 and "apology" in book.rules.moments and _owed(facts, ("slight",)):
        moments = _with_thanks(telling, moments)
    return Farewell(
        call=story.call,
        part=part,
        locale=locale,
        version=book.version,
        way=means.way,
        tone=telling.tone,
        moments=tuple(moments),
        promises=(*promises, *(offer for offer in offers if offer.kind in telling.made)),
        textable=facts["textable"] is True,
        left_out=tuple(dict.fromkeys(telling.left_out)),
        agent=None if means.way == "after" else str(facts["agent.name"]) if "agent.name" in facts else None,
        event=event if "line.event" in telling.told else None,
    )


def say(
    book: Book,
    locale: str,
    page: str,
    part: str,
    facts: Mapping[str, Value],
    *,
    call: str,
    tone: str = "plain",
    heard_before: Sequence[str] = (),
    slow: bool = False,
    agreed: frozenset[str] = frozenset(),
    turn: int = 0,
) -> Line | None:
    """One line of any page: greeting, waiting, what agents hear, the way back, the mishap.

    `facts` come from `line_facts` or `facts_of`, with what else the page may know; `agreed` are the kinds of
    promise that will be kept; `turn` counts how often the part has been said on this call. None when the book is silent there or has no words.
    """
    today = facts.get("day.date")
    told = speaker(locale, today if isinstance(today, date) else date.min)
    telling = Telling(book, locale, told, call, tone, dict(facts), {page: heard_before}, agreed, slow=slow)
    return telling.line(page, part, turn=turn)


def note(
    story: Story, wait: Wait, wrapup: Wrapup, book: Book, *, now: datetime, farewell: Farewell
) -> str | None:
    """The text with every step, for a caller who asks for it by key; None where none can be sent."""
    if not farewell.textable:
        return None
    means = Means(farewell.way, farewell.textable)
    facts = facts_of(story, wait, wrapup, book, now, means, farewell.locale)
    telling = _telling(story, wrapup, book, facts, farewell.locale, {})
    return note_body(telling, list(steps_of(wrapup, book, farewell.locale)))


def _telling(
    story: Story,
    wrapup: Wrapup,
    book: Book,
    facts: dict[str, Value],
    locale: str,
    heard: Mapping[str, Sequence[str]],
) -> Telling:
    today = facts["day.date"]
    assert isinstance(today, date)
    voice = speaker(locale, today)
    return Telling(book, locale, voice, story.call, tone_of(wrapup), facts, heard, slow=wrapup.pace == "slow")


def _leave_out_what_they_know(
    facts: dict[str, Value], before: Before, announced: Collection[str]
) -> str | None:
    """A notice or an event this farewell has said, and an event told of on another call, are told no more.

    Gives the event's hash.
    """
    notice, event = facts.get("line.notice"), facts.get("line.event")
    if isinstance(notice, str) and before.said(notice):
        del facts["line.notice"]
    if not isinstance(event, str):
        return None
    known = event_hash(event)
    if known in announced or before.said(event):
        del facts["line.event"]
    return known


def _told(noted: Noted, telling: Telling, before: Before) -> bool:
    """Whether the caller has heard this step, or heard that it is in their text."""
    return is_written(telling, noted.step, before.notes_heard_of) or before.told(noted, telling)


def _count(facts: dict[str, Value], steps: Sequence[Noted], wrapup: Wrapup) -> None:
    """Count anew where not every step that was noted is still to be told."""
    if len(steps) != len(wrapup.steps):
        facts.update(count_facts([each.step for each in steps]))


# ---- the moments ----


def _moment(name: str, *lines: Line | None, listens: bool = False) -> list[Moment]:
    spoken = tuple(line for line in lines if line is not None)
    return [Moment(name, spoken, listens)] if spoken else []


def _said_once(name: str, telling: Telling, wrapup: Wrapup) -> list[Moment]:
    """The opening, the apology or the question, where there is to be one.

    Somebody who is to be rung back was with nobody: they hear that we own their wait, and are let go.
    """
    facts = telling.facts
    rung_back = facts["call_back.asked"] is True
    if rung_back and name != "apology":
        return []
    if name == "opening":
        return _moment(name, telling.line(name))
    if name == "apology" and _owed(facts, ("long", "very_long", "extreme")):
        within_told = facts["severity"] == "long" and "wait.told" in facts
        fits = _asks_about_told if within_told else None
        return _moment(name, telling.line(name, entry_fits=fits, wander=not (within_told or rung_back)))
    if name == "question" and (kind := _kind_of_question(telling, wrapup)) != "none":
        fits = _asks_at_large if kind == "anything_else" else None
        return _moment(name, telling.line(name, "ask", entry_fits=fits), listens=True)
    return []


def _owed(facts: Mapping[str, Value], severities: Collection[str]) -> bool:
    """Whether a wait of such a severity is still to be spoken of: nobody apologised for it yet."""
    return facts["severity"] in severities and "wait.seconds" in facts and facts["apologised"] is False


def _with_thanks(telling: Telling, moments: list[Moment]) -> list[Moment]:
    """A slight wait is thanked for, but only where nothing else precedes the goodbye.

    The opening is only the change of voice and does not count.
    """
    if any(moment.name not in ("opening", "goodbye") for moment in moments):
        return moments
    thanks = _moment("apology", telling.line("apology", entry_fits=_thanks_for_slight))
    before = [moment for moment in moments if moment.name == "opening"]
    return [*before, *thanks, *moments[len(before) :]]


def _thanks_for_slight(entry: Entry) -> bool:
    """An entry written for slight waits alone; one that fits any severity is an apology."""
    return any(c.fact == "severity" and c.op == "is" and set(c.values) <= {"slight"} for c in entry.when)


def _asks_about_told(entry: Entry) -> bool:
    """An entry written for a wait that stayed within what was announced: it thanks."""
    return any(c.fact == "wait.told" and c.op != "unknown" for c in entry.when)


def _kind_of_question(telling: Telling, wrapup: Wrapup) -> str:
    """What the separate question is to ask; none where steps have a listening point of their own."""
    if telling.tone == "gentle" or wrapup.resolved is False or wrapup.steps:
        return "none"
    queue = telling.facts.get("call.queue")
    rules = telling.book.rules.queue(queue if isinstance(queue, str) else None)
    return "none" if telling.facts["call.way"] == "together" else rules.question


def _asks_at_large(entry: Entry) -> bool:
    """An entry that asks about anything else, not about the likely next trouble with this reason."""
    return all(condition.fact != "call.reason" for condition in entry.when)


def _goodbye(telling: Telling, wrapup: Wrapup, before: Before) -> list[Moment]:
    """The goodbye; in the mishap page's words when its own page has none."""
    if "goodbye" in before.moments:
        return []
    gift = gift_facts(wrapup)
    telling.facts.update(gift)
    line = telling.line("goodbye", wander=telling.facts["call_back.asked"] is not True)
    for name in gift:
        del telling.facts[name]
    if line is None and "goodbye" not in telling.left_out:
        telling.left_out.append("goodbye")
    return _moment("goodbye", line or telling.line("mishap", "fallback") or telling.line("mishap", "mishap"))

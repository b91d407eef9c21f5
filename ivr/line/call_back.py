"""Callers who would rather be rung back: who can be, being put on the list, and what is said of it."""

from collections.abc import Collection

from ivr.book.queues import Queue
from ivr.book.spoken import Value
from ivr.calls.events import Pressed
from ivr.calls.story import CALL_BACK
from ivr.calls.waits import callers_key
from ivr.farewell.composer import say
from ivr.farewell.facts import line_facts
from ivr.farewell.moments import Line
from ivr.line.counter import Ask, Counter
from ivr.store.ledger import Personal

PROMISED = frozenset({CALL_BACK})


def number_of(ask: Ask) -> str | None:
    """The number a caller can be rung back on; None for a withheld one, and for what is no telephone."""
    key = callers_key(ask.said.to if ask.said.outbound else ask.said.from_)
    return key if key is not None and key.startswith("+") else None


async def put_on_the_list(counter: Counter, ask: Ask, number: str, *, key: str) -> None:
    """Keep the promise to ring back, before anybody hears of it. Raises where it cannot be kept just now."""
    pressed = Pressed(call=ask.call, at=ask.now, key=key, digit=ask.said.digits, moment=CALL_BACK)
    await counter.ledger.keep_call_back(pressed, Personal(ask.call, "number", "caller", ask.now, number))


def waiting_line(
    counter: Counter,
    ask: Ask,
    locale: str,
    queue: Queue,
    part: str,
    *,
    asked: bool = False,
    agreed: Collection[str] = (),
) -> Line | None:
    """A line of the waiting page. `asked`: to be rung back; `agreed`: what is promised."""
    facts: dict[str, Value] = line_facts(counter.book(), queue.name, ask.now, locale)
    facts["call_back.asked"] = asked
    if queue.call_back:
        facts["call_back.key"] = queue.call_back
    if part == "told" and queue.told:
        facts["wait.told"] = queue.told
    # Not the same words every round.
    seed = ask.call if part == "told" else f"{ask.call}:{ask.number('n')}"
    return say(counter.book(), locale, "waiting", part, facts, call=seed, agreed=frozenset(agreed))

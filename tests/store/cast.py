"""A small cast for the memory's tests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ivr.calls.events import Answered, Arrived, Ended, Event, Queued
from ivr.farewell.moments import Farewell, Line, Moment, Promise

NINE = datetime(2026, 11, 21, 9, tzinfo=UTC)
WORDS = "Safe travels, Ana, and a happy time in Tobago."


def at(minutes: float) -> datetime:
    """So many minutes past nine."""
    return NINE + timedelta(minutes=minutes)


def a_call(
    call: str, caller: str | None = None, *, minutes: float = 0, leg: str | None = None
) -> list[Event]:
    """A call that waited five minutes and was answered."""
    return [
        Arrived(call=call, at=at(minutes), key="a", caller=caller, called="+442079460000"),
        Queued(call=call, at=at(minutes), key="q", queue="billing"),
        Answered(call=call, at=at(minutes + 5), key="b", agent=leg or f"{call}-agent", waited=300),
        Ended(call=call, at=at(minutes + 9), key="e", by="caller"),
    ]


def a_farewell(
    call: str,
    *,
    part: int = 1,
    goodbye: str = "3f9a1c",
    words: str = WORDS,
    promises: Sequence[Promise] = (),
) -> Farewell:
    """An opening and a goodbye."""
    opening = Line("en-GB/opening/aside", "0a0a0a", "One moment.", "One moment.", 1.0)
    last = Line("en-GB/goodbye/going on holiday", goodbye, words, words, 4.2, part="", step=None)
    moments = (Moment("opening", (opening,)), Moment("goodbye", (last,)))
    return Farewell(
        call, part, "en-GB", 14, "aside", "plain", moments, tuple(promises), left_out=("apology",)
    )

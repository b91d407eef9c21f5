"""What composing one farewell costs, on the book the project ships."""

import time
import timeit
from datetime import UTC, datetime, timedelta

from ivr.book.book import read
from ivr.calls.events import Answered, Arrived, Held, Queued, Resumed
from ivr.calls.telling import tell
from ivr.calls.waits import weigh
from ivr.calls.wrapup import from_json
from ivr.farewell.composer import Means, compose
from ivr.store.shelf import read_folder
from tests.bench.served import ROOT


def microseconds() -> float:
    """The best of five runs, in microseconds of one core a farewell."""
    book, _ = read(read_folder(ROOT / "prompts"))
    assert book is not None
    call, at = "CA" + "0" * 32, datetime(2026, 11, 21, 10, tzinfo=UTC)
    later = [at + timedelta(seconds=s) for s in (750, 900, 1020)]
    story = tell(
        [
            Arrived(call=call, at=at, key="1", caller="c"),
            Queued(call=call, at=at, key="1", queue="billing"),
            Answered(call=call, at=later[0], key="1", agent="CA1", waited=750),
            Held(call=call, at=later[1], key="1"),
            Resumed(call=call, at=later[2], key="1"),
        ]
    )
    wrapup = from_json({
        "name": "Ana", "resolved": True, "agent": "Sam",
        "steps": [{"who": "us", "what": "send a replacement router", "by": "2026-11-28", "reference": "AB-4719"}],
        "gifts": [{"kind": "holiday", "detail": "in Tobago"}],
    })  # fmt: skip
    wait = weigh(story, book.rules.severities, zone=book.rules.timezone)
    now = at + timedelta(minutes=20)

    def once() -> None:
        compose(story, wait, wrapup, book, now=now, means=Means(way="aside"), locale="en-GB")

    once()
    return min(timeit.repeat(once, number=500, repeat=5, timer=time.process_time)) / 500 * 1e6

"""What telling a call log costs: a generated day of calls, so that the figure needs no data from outside."""

import io
import random
import time
from datetime import UTC, datetime, timedelta

from ivr.book.book import read
from ivr.replay import replay
from ivr.store.shelf import read_folder
from tests.bench.served import ROOT

CALLS = 20_000


def a_day(calls: int = CALLS, seed: int = 1) -> str:
    """A log of so many calls, nine in ten answered, waits as long-tailed as real ones."""
    dice = random.Random(seed)
    start = datetime(2026, 11, 20, tzinfo=UTC)
    rows = ["call,caller,queue,arrived,queued,answered,ended,held_seconds,agent"]
    for n in range(calls):
        arrived = start + timedelta(seconds=dice.uniform(0, 86_000))
        queued = arrived + timedelta(seconds=dice.randint(5, 40))
        answered = queued + timedelta(seconds=int(dice.expovariate(1 / 180)))
        ended = answered + timedelta(seconds=int(dice.expovariate(1 / 240)))
        there = "" if dice.random() < 0.1 else f"{answered:%Y-%m-%dT%H:%M:%S+00:00}"
        caller = f"c{dice.randint(1, calls // 2)}" if dice.random() < 0.8 else ""
        rows.append(
            f"k{n},{caller},billing,{arrived:%Y-%m-%dT%H:%M:%S+00:00},{queued:%Y-%m-%dT%H:%M:%S+00:00},"
            f"{there},{ended:%Y-%m-%dT%H:%M:%S+00:00},{dice.choice((0, 0, 0, 60))},Sam"
        )
    return "\n".join(rows) + "\n"


def calls_per_second() -> float:
    """Calls told, composed and written, a second of one core."""
    book, _ = read(read_folder(ROOT / "prompts"))
    assert book is not None
    log = a_day()
    began = time.process_time()
    replay(io.StringIO(log), book, io.StringIO())
    return CALLS / (time.process_time() - began)

"""Play generated calls by the thousand: `python -m tests.chaos [--calls 10000] [--first 1] [--workers N]`.

Every core plays its share. It stops by itself, prints the scene of each call that broke a law, and ends with
1 when there was one.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.chaos.share import Tried, share

TOGETHER = 20  # calls a worker takes at once


def main() -> int:
    """Play them all; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="how many (default 10,000)")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed (default 1)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="default: one a core")
    asked = parser.parse_args()
    began, done = time.monotonic(), list[Tried]()
    with _progress() as progress:
        bar = progress.add_task("calls", total=asked.calls)
        for one in _all(asked.first, asked.first + asked.calls, asked.workers):
            progress.advance(bar)
            done.append(one)
            if one.charge:
                progress.console.print(
                    f"seed {one.seed}", one.charge, markup=False, highlight=False, soft_wrap=True
                )
    failed = sorted(one.seed for one in done if one.charge)
    print(
        f"{len(done):,} calls in {time.monotonic() - began:.0f} s; "
        f"{sum(one.disturbed for one in done):,} on a disturbed way, "
        f"{sum(one.compared for one in done):,} of these held to the story of a clear one; "
        f"{len(failed)} broke a law{': ' if failed else ''}{', '.join(map(str, failed))}"
    )
    return 1 if failed else 0


def _all(first: int, end: int, workers: int) -> Iterator[Tried]:
    shares = [range(seed, min(seed + TOGETHER, end)) for seed in range(first, end, TOGETHER)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(share, seeds) for seeds in shares]):
            yield from future.result()


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, disable=not sys.stdout.isatty())


if __name__ == "__main__":
    sys.exit(main())

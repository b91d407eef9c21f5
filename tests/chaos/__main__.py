"""Play generated calls by the thousand: `python -m tests.chaos [--calls 10000] [--first 1] [--workers N]`.

Every core plays its share. It stops by itself, prints the scene of each call that broke a law, and ends with
1 when there was one.
"""

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing import get_context

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.chaos.generator import generated
from tests.chaos.smaller import smaller
from tests.chaos.trial import Verdict, charge, tried

TOGETHER = 20  # calls a worker takes at once


def main() -> int:
    """Play them all; the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="how many (default 10,000)")
    parser.add_argument("--first", type=int, default=1, help="the first one's seed (default 1)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default one a core)"
    )
    asked = parser.parse_args()
    began, failed, disturbed, compared = time.monotonic(), 0, 0, 0
    with _progress() as progress, get_context("spawn").Pool(asked.workers) as pool:
        bar = progress.add_task("calls", total=asked.calls)
        for seed, faulty, verdict, scene in _all(
            pool.imap_unordered(_share, _shares(asked.first, asked.calls))
        ):
            progress.advance(bar)
            disturbed += faulty
            compared += verdict.compared
            if verdict.faults:
                failed += 1
                progress.console.print(f"seed {seed}", scene, markup=False, highlight=False)
    seconds = time.monotonic() - began
    print(
        f"{asked.calls:,} calls in {seconds:.0f} s: {disturbed:,} on a disturbed way, "
        f"{compared:,} of them told as on a clear one; {failed} broke a law"
    )
    return 1 if failed else 0


Tried = tuple[int, bool, Verdict, str]


def _shares(first: int, calls: int) -> list[range]:
    return [
        range(seed, min(seed + TOGETHER, first + calls)) for seed in range(first, first + calls, TOGETHER)
    ]


def _all(shares: Iterator[list[Tried]]) -> Iterator[Tried]:
    for share in shares:
        yield from share


def _share(seeds: range) -> list[Tried]:
    """One worker's share. What fails is made as small as it can be."""
    gc.freeze()  # the libraries and the book live as long as the process

    async def whole() -> list[Tried]:
        done = []
        for seed in seeds:
            scene = generated(seed)
            verdict = await tried(scene)
            charged = ""
            if verdict.faults:
                least, last = await smaller(scene, verdict)
                charged = charge(least, last)
            done.append((seed, bool(scene.faults), verdict, charged))
        return done

    return asyncio.run(whole())


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, disable=not sys.stdout.isatty())


if __name__ == "__main__":
    sys.exit(main())

"""Farewells asked for by many processes at once, on one database.

    python -m tests.reliability.goodbyes --url sqlite:///var/goodbyes.sqlite3 --calls CA1:ana,CA2:ana

Says `ready`, waits for a line, asks for the farewell of every call named, each several times over, and prints
what each was given: a line of JSON of call → the goodbyes and the vouchers' texts.
"""

import argparse
import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from ivr.book.book import Book
from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.seal import Seal
from ivr.store.vouchers import Vouchers
from ivr.wrapup.closing import Closing
from tests.book.small import book
from tests.store.cast import at

ROOT = Path(__file__).parents[2]
SEAL = Seal(["the secret of this proof"])
ASKED = 3  # times by each worker, for each call
WORDS = 12  # goodbyes that anybody may hear


def words() -> Book:
    """A dozen goodbyes, and a voucher as the call begins to end, where there is one."""
    said = "".join(f"    Goodbye number {number}.\n" for number in range(WORDS))
    return book(
        opening="- entry: voucher\n  say: |\n    We'll text you a voucher. [promise voucher]\n\n"
        "- entry: none\n  say: |\n    [silence]\n",
        goodbye=f"- entry: anybody\n  tone: any\n  say: |\n{said}",
        texts="- entry: voucher\n  part: voucher\n  say: |\n    Your code: {{ voucher.code }}.\n",
    )


class _Clock:
    def now(self) -> datetime:
        return at(10)

    async def sleep(self, _: float) -> None:
        """Nobody waits here."""


def closing(database: Database, told: Book) -> Closing:
    """The act, as a worker of the service has it, where texts can be sent."""
    ledger, vouchers = Ledger(database, SEAL), Vouchers(database, SEAL)
    return Closing(ledger, lambda: told, _Clock(), textable=True, vouchers=vouchers)


async def _work(url: str, calls: Sequence[tuple[str, str]]) -> dict[str, list[list[str]]]:
    database = Database(url, timeout=60.0)
    database.start()
    act = closing(database, words())

    async def ask(call: str, caller: str) -> list[str]:
        standing = await act.standing(call, [caller])
        farewell = await act.farewell(standing, caller=caller, way="after")
        goodbye = farewell.moment("goodbye")
        assert goodbye is not None
        return [goodbye.lines[0].text, *(promise.body for promise in farewell.promises)]

    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    asked = [(call, caller) for call, caller in calls for _ in range(ASKED)]
    answers = await asyncio.gather(*(ask(call, caller) for call, caller in asked))
    database.stop()
    found: dict[str, list[list[str]]] = {}
    for (call, _), answer in zip(asked, answers, strict=True):
        found.setdefault(call, []).append(answer)
    return found


def at_once(url: str, calls: Sequence[tuple[str, str]], *, workers: int) -> dict[str, list[list[str]]]:
    """What every worker was given for each call: all of them ask for all calls at one time."""
    named = ",".join(f"{call}:{caller}" for call, caller in calls)
    command = [sys.executable, "-m", "tests.reliability.goodbyes", "--url", url, "--calls", named]
    found: dict[str, list[list[str]]] = {}
    with ExitStack() as stack:
        some: list[subprocess.Popen[str]] = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            )
            for _ in range(workers)
        ]
        for worker in some:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in some:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        for worker in some:
            told, _ = worker.communicate(timeout=120)
            for call, answers in json.loads(told).items():
                found.setdefault(call, []).extend(answers)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask for farewells as one of several workers.")
    parser.add_argument("--url", required=True, help="the database, as IVR_DATABASE_URL")
    parser.add_argument("--calls", required=True, help="call:caller, with commas between")
    given: Any = parser.parse_args()
    calls = [(call, caller) for call, _, caller in (one.partition(":") for one in given.calls.split(","))]
    print(json.dumps(asyncio.run(_work(given.url, calls))))


if __name__ == "__main__":
    main()

"""kill -9 while writing: what was acknowledged must be there afterwards, and whole.

    python -m tests.store.kill9 --times 20 --url sqlite:///var/kill9.sqlite3

A child writes events and farewells and says so, through a pipe, as each is acknowledged; it is killed at a
moment of chance; then the database is read. Prints one JSON object and ends with 1 if anything was lost.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import select

from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.migrations import migrate
from ivr.store.seal import Seal
from ivr.store.tables import farewells, personal
from tests.store.cast import NINE, a_call, a_farewell

SEAL = Seal(["the secret of this proof"])
ROOT = Path(__file__).parents[2]
_WRITERS = 64


async def _write(url: str, name: str) -> None:
    """Write until killed."""
    database = Database(url, timeout=30.0)
    database.start()
    ledger = Ledger(database, SEAL)

    async def one(writer: int) -> None:
        number = 0
        while True:
            number += 1
            call = f"{name}-{writer}-{number}"
            if number % 4:
                await ledger.append(a_call(call, caller=f"caller-{writer}"))
                os.write(1, f"e {call}\n".encode())
            else:
                await ledger.keep_farewell(a_farewell(call), caller=f"caller-{writer}", at=NINE)
                os.write(1, f"f {call}\n".encode())

    await asyncio.gather(*(one(writer) for writer in range(_WRITERS)))


def _killed(url: str, name: str, seconds: float) -> list[str]:
    """What a child acknowledged before it was killed, `seconds` after its first word."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.store.kill9", "--write", name, "--url", url],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    said = child.stdout.readline()
    # The pipe is read as it fills: a child that waits for its reader is not writing.
    os.set_blocking(child.stdout.fileno(), False)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        said += child.stdout.read() or b""
        time.sleep(0.005)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    os.set_blocking(child.stdout.fileno(), True)
    said += child.stdout.read()
    child.stdout.close()
    return said.decode().splitlines(keepends=True)


async def _lost(url: str, acknowledged: list[str]) -> tuple[int, int]:
    """How many acknowledged are not whole in the database, and how many farewells have no words."""
    database = Database(url, timeout=60.0)
    database.start()
    ledger = Ledger(database, SEAL)

    async def there(kind: str, call: str) -> bool:
        record = await ledger.read(call)
        if kind == "e":
            return len(record.events) == 4
        return record.farewells == (a_farewell(call),)

    whole = 0
    for first in range(0, len(acknowledged), 500):
        asked = [line.split() for line in acknowledged[first : first + 500]]
        whole += sum(await asyncio.gather(*(there(kind, call) for kind, call in asked)))
    composed = select(farewells.c.call)
    worded = select(personal.c.call).where(personal.c.kind == "farewell")
    rows = await database.look(lambda connection: set(connection.execute(composed).scalars()))
    words = await database.look(lambda connection: set(connection.execute(worded).scalars()))
    database.stop()
    return len(acknowledged) - whole, len(rows ^ words)


def prove(url: str, *, times: int, seed: int = 1) -> dict[str, int]:
    """Kill a writer `times` times. Gives the numbers acknowledged, lost, and torn (kept in part)."""
    migrate(url)
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for turn in range(times):
        said = _killed(url, f"{seed}-{turn}", chance.uniform(0.05, 0.5))
        acknowledged += [line for line in said if line.endswith("\n")]  # the last may be cut short
    lost, torn = asyncio.run(_lost(url, acknowledged))
    return {"killed": times, "acknowledged": len(acknowledged), "lost": lost, "torn": torn}


def main() -> int:
    parser = argparse.ArgumentParser(description="Kill a writing process and count what was lost.")
    parser.add_argument("--url", required=True, help="the database, as IVR_DATABASE_URL")
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--write", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.write:
        asyncio.run(_write(given.url, given.write))
        return 0
    found = prove(given.url, times=given.times, seed=given.seed)
    print(json.dumps(found))
    return 1 if found["lost"] or found["torn"] else 0


if __name__ == "__main__":
    sys.exit(main())

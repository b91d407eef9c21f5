"""kill -9 under load: every event that was answered 204 must be in the ledger afterwards."""

import asyncio
import random
import threading
import time

from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.migrations import migrate
from ivr.store.seal import Seal
from tests.bench import load
from tests.bench.served import ACCOUNT, TOKEN, environment, free_port, start

REQUESTS = 20_000


def _fields(call: str) -> dict[str, str]:
    return {
        "CallSid": call,
        "AccountSid": ACCOUNT,
        "CallStatus": "completed",
        "CallDuration": "60",
        "SequenceNumber": "0",
    }


def lost(url: str, *, times: int, seed: int = 1) -> tuple[int, int]:
    """(events acknowledged, of them not to be found afterwards) over so many kills at random moments."""
    dice = random.Random(seed)
    migrate(url)
    acknowledged: list[str] = []
    for turn in range(times):
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        calls = [f"CA{turn:08x}{n:024x}" for n in range(REQUESTS)]
        wires = [load.request(TOKEN, base, "/events/call", _fields(call)) for call in calls]
        process = start(
            "ivr.app:from_environment", port, environment(port, IVR_DATABASE_URL=url), factory=True
        )
        wait = dice.uniform(0.2, 1.2)

        def kill(seconds: float = wait, victim: int = process.pid) -> None:
            time.sleep(seconds)
            process_kill(victim)

        thread = threading.Thread(target=kill)
        thread.start()
        _, answered = asyncio.run(load.run(port, wires, seconds=5))
        thread.join()
        process.wait()
        acknowledged += [calls[index] for index in answered]
    return len(acknowledged), asyncio.run(_missing(url, acknowledged))


def process_kill(pid: int) -> None:
    """SIGKILL: the process gets no chance to write anything down."""
    import os
    import signal

    os.kill(pid, signal.SIGKILL)


async def _missing(url: str, calls: list[str]) -> int:
    database = Database(url)
    database.start()
    ledger = Ledger(database, Seal(("bench secret",)))
    missing = 0
    for low in range(0, len(calls), 500):
        records = await asyncio.gather(*(ledger.read(call) for call in calls[low : low + 500]))
        missing += sum(not record.events for record in records)
    database.stop()
    return missing

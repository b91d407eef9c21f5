"""Queues: made where they are missing, once; and how many wait in one."""

from collections.abc import Callable

from twilio.http.response import Response

from ivr.line.phone import Outcome
from tests.line.phone.script import API, BROKEN, Line, fault, ok, said


def queues(*names: str, size: int = 0) -> Response:
    there = [{"friendly_name": name, "sid": "QU" + "2" * 32, "current_size": size} for name in names]
    return said(queues=there, next_page_uri=None)


async def test_only_queues_that_are_not_there_are_made_at_a_stated_size(line: Callable[..., Line]) -> None:
    dialled = line(queues("billing"), ok())
    assert await dialled.phone.create_queues(["billing", "default", "default", ""]) is Outcome.DONE
    listed, made = dialled.script.asked
    assert (listed.method, listed.url, listed.params) == ("GET", f"{API}/Queues.json", {"PageSize": 1000})
    assert (made.method, made.url) == ("POST", f"{API}/Queues.json")
    assert made.form == {"FriendlyName": "default", "MaxSize": 1000}


async def test_a_queue_that_somebody_else_made_meanwhile_is_there(line: Callable[..., Line]) -> None:
    dialled = line(queues(), fault(400, 22003), queues("billing"))
    assert await dialled.phone.create_queues(["billing"]) is Outcome.DONE


async def test_a_queue_that_cannot_be_made_is_told(line: Callable[..., Line]) -> None:
    assert await line(queues(), fault(403, 20003), queues()).phone.create_queues(["a"]) is Outcome.REFUSED
    assert await line(OSError()).phone.create_queues(["a"]) is Outcome.TRY_AGAIN


async def test_a_long_name_is_cut_as_it_is_in_documents(line: Callable[..., Line]) -> None:
    dialled = line(queues(), ok())
    await dialled.phone.create_queues(["q" * 100])
    assert dialled.script.asked[1].form["FriendlyName"] == "q" * 63


async def test_a_queue_twilio_may_have_made_without_saying_so_is_looked_for(
    line: Callable[..., Line],
) -> None:
    dialled = line(queues(), BROKEN, queues("billing"))
    assert await dialled.phone.create_queues(["billing"]) is Outcome.DONE
    assert dialled.methods == ["GET", "POST", "GET"]


async def test_an_account_that_may_not_list_its_queues_is_told(line: Callable[..., Line]) -> None:
    assert await line(fault(401, 20003)).phone.create_queues(["a"]) is Outcome.REFUSED


async def test_who_waits_in_a_queue_is_counted_by_twilio(line: Callable[..., Line]) -> None:
    assert (await line(queues("billing", "sales", size=3)).phone.waiting_in("billing")).value == 3
    assert (await line(queues("sales", size=3)).phone.waiting_in("billing")).value == 0
    assert (await line(OSError(), OSError()).phone.waiting_in("billing")).value is None

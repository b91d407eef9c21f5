"""How requests are timed out, tried again and given up."""

import asyncio
from typing import Any

import httpx
import pytest

from ivr.rehearsal.wire import PUBLIC_URL, Unanswered
from tests.rehearsal.conftest import Heard, MakeWorld


async def test_by_default_a_5xx_is_not_tried_again(world: MakeWorld) -> None:
    w = world({"/a": (503, "text/plain", "")})
    with pytest.raises(Unanswered, match="11200"):
        await w.play(w.wire.ask(f"{PUBLIC_URL}/a"))
    assert len(w.service.heard) == 1


async def test_with_an_override_a_5xx_is_tried_again_under_the_same_token(world: MakeWorld) -> None:
    answers = iter([(500, "text/plain", ""), (502, "text/plain", ""), (200, "text/xml", "<Response/>")])
    w = world({"/a": lambda _: next(answers), "/b": "<Hangup/>"})
    answer = await w.play(w.wire.ask(f"{PUBLIC_URL}/a#rc=2&rp=5xx"))
    await w.play(w.wire.ask(f"{PUBLIC_URL}/b"))
    tokens = [heard.headers["i-twilio-idempotency-token"] for heard in w.service.heard]
    assert answer.status == 200
    assert tokens[0] == tokens[1] == tokens[2] != tokens[3]


async def test_a_4xx_is_tried_again_only_where_the_override_says_so(world: MakeWorld) -> None:
    w = world({"/a": (404, "text/plain", "")})
    for fragment in ("rc=3&rp=5xx", "rc=3&rp=4xx"):
        with pytest.raises(Unanswered):
            await w.play(w.wire.ask(f"{PUBLIC_URL}/a#{fragment}"))
    assert len(w.service.heard) == 1 + 4


async def test_an_answer_that_takes_longer_than_rt_counts_as_none(world: MakeWorld) -> None:
    async def slow(_: Heard) -> str:
        await w.clock.sleep(6)
        return "<Hangup/>"

    w = world({"/a": slow})
    with pytest.raises(Unanswered, match="11205: no answer within 4 s"):
        await w.play(w.wire.ask(f"{PUBLIC_URL}/a#rc=1&rp=ct&rt=4000"))
    assert w.clock.monotonic() == 4
    assert [asked.status for asked in w.wire.asked] == [0]


async def test_all_tries_together_take_no_longer_than_tt(world: MakeWorld) -> None:
    async def slow(_: Heard) -> str:
        await w.clock.sleep(60)
        return "<Hangup/>"

    w = world({"/a": slow})
    with pytest.raises(Unanswered):
        await w.play(w.wire.ask(f"{PUBLIC_URL}/a#rc=5&rp=all&rt=4000&tt=9000"))
    assert w.clock.monotonic() == 9


async def test_a_lost_connection_is_tried_again_once(world: MakeWorld) -> None:
    w = world({"/a": "<Hangup/>"})
    losses = iter([True, False])

    async def losing(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        if next(losses):
            raise httpx.ConnectError("lost")
        return await client.send(request)

    w.wire.carrier = losing
    assert (await w.play(w.wire.ask(f"{PUBLIC_URL}/a"))).status == 200


async def test_redirects_are_followed_by_get_without_the_digits_and_at_most_ten(world: MakeWorld) -> None:
    w = world({"/a": (302, None, "/b"), "/b": "<Hangup/>", "/round": (302, None, "/round")})
    answer = await w.play(w.wire.ask(f"{PUBLIC_URL}/a", "POST", [("Digits", "1"), ("From", "x")]))
    assert answer.url == f"{PUBLIC_URL}/b"
    assert (w.service.heard[1].method, w.service.heard[1].query) == ("GET", {"From": "x"})
    with pytest.raises(Unanswered, match="11215"):
        await w.play(w.wire.ask(f"{PUBLIC_URL}/round"))


async def test_another_host_is_never_reached(world: MakeWorld) -> None:
    w = world({})
    with pytest.raises(Unanswered, match="11210"):
        await w.play(w.wire.ask("https://elsewhere.example/a"))
    assert w.service.heard == []


async def test_cookies_of_a_call_come_back_on_its_later_requests(world: MakeWorld) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        cookies.append(dict(scope["headers"]).get(b"cookie"))
        headers = [(b"content-type", b"text/xml"), (b"set-cookie", b"seen=yes")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"<Response/>"})

    cookies: list[bytes | None] = []
    w = world({})
    w.wire.app = app
    async with w.wire.client() as client:
        for _ in range(2):
            await w.play(w.wire.ask(f"{PUBLIC_URL}/a", client=client))
    assert cookies == [None, b"seen=yes"]


async def test_a_request_that_hangs_does_not_stop_time_for_ever(world: MakeWorld) -> None:
    async def hangs(_: Heard) -> str:
        await asyncio.Event().wait()
        return ""

    w = world({"/a": hangs})
    w.wire.patience = 0.01
    with pytest.raises(Unanswered, match="11205"):
        await w.play(w.wire.ask(f"{PUBLIC_URL}/a"))

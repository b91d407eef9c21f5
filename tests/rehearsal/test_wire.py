"""How requests are signed, timed out, tried again and given up."""

import asyncio
from typing import Any

import httpx
import pytest

from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL, Unanswered, as_signed, overrides, sign
from tests.rehearsal.conftest import TOKEN, Heard, MakeWorld

# Published in the test tables of Twilio's Python and Node libraries; the token is 12345.
PAGE = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]


@pytest.mark.parametrize(
    ("url", "fields", "signature"),
    [
        (PAGE, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("https://mycompany.com:443/myapp.php?foo=1&bar=2", FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", FORM, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
        (
            PAGE,
            [
                ("Sid", "CA123"),
                ("SidAccount", "AC123"),
                ("Digits", "5678"),
                ("Digits", "1234"),
                ("Digits", "1234"),
            ],
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
        ),
        (
            "https://example.com/voice",
            [
                ("From", "+18765551234"),
                ("CallerName", "JOSÉ Ñ"),
                ("SpeechResult", ""),
                ("CallSid", "CA00000000000000000000000000000001"),
            ],
            "wFPaoxl9aYMrIhf94aJWNx0W7yw=",
        ),
    ],
    ids=["form", "port written", "http port", "repeated names", "accents and an empty value"],
)
def test_a_signature_is_the_published_one(url: str, fields: list[tuple[str, str]], signature: str) -> None:
    assert sign("12345", url, fields) == signature


def test_on_https_the_port_is_dropped_before_signing_and_on_http_it_stays() -> None:
    assert as_signed("https://me:pw@a.example:8443/x?b=1#rc=2") == "https://a.example/x?b=1"
    assert as_signed("http://a.example:1234/x") == "http://a.example:1234/x"


async def test_a_form_is_signed_over_what_the_service_receives(world: MakeWorld) -> None:
    w = world({"/a": "<Hangup/>"})
    await w.play(w.wire.ask(f"{PUBLIC_URL}/a?n=1#rc=2&rp=all", "POST", [("Digits", "4 2"), ("Empty", "")]))
    heard = w.service.heard[0]
    assert heard.form == {"Digits": "4 2", "Empty": ""}
    assert heard.headers["x-twilio-signature"] == sign(TOKEN, f"{PUBLIC_URL}/a?n=1", heard.form.items())
    assert "#" not in w.wire.asked[0].url


async def test_a_get_carries_its_fields_in_the_query_which_is_signed_as_sent(world: MakeWorld) -> None:
    w = world({"/a": "<Hangup/>"})
    await w.play(w.wire.ask(f"{PUBLIC_URL}/a?n=1", "GET", [("From", "+44 7")]))
    heard = w.service.heard[0]
    assert heard.query == {"n": "1", "From": "+44 7"}
    assert heard.headers["x-twilio-signature"] == sign(TOKEN, f"{PUBLIC_URL}/a?n=1&From=%2B44+7")


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


@pytest.mark.parametrize("fragment", ["rc=6", "rt=99", "tt=20000", "rp=3xx", "ct=soon", "colour=red"])
def test_a_connection_override_outside_twilios_table_is_refused(fragment: str) -> None:
    with pytest.raises(TwilioRefuses, match="11100"):
        overrides(f"{PUBLIC_URL}/a#{fragment}")


def test_without_a_fragment_only_a_failed_connection_is_retried() -> None:
    limits = overrides(PUBLIC_URL)
    assert (limits.rc, limits.rt, limits.tt) == (1, 15_000, 15_000)
    assert limits.retried("ct")
    assert not limits.retried("5xx")


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

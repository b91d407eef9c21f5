"""What a document is, and what becomes of a bad one."""

import pytest

from ivr.rehearsal.leg import APPLICATION_ERROR
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import FIVE_WORDS, MakeWorld, wav, words


@pytest.mark.parametrize("kind", ["text/xml", "application/xml; charset=utf-8", "text/html", "text/plain"])
async def test_these_types_are_twiml(world: MakeWorld, kind: str) -> None:
    w = world({"/in": (200, kind, f"<Response>{FIVE_WORDS}</Response>")})
    leg = w.ring()
    await w.until_over(leg)
    assert words(leg) == ["one two three four five"]


async def test_plain_text_that_is_no_twiml_is_spoken(world: MakeWorld) -> None:
    w = world({"/in": (200, "text/plain", "hello there")})
    leg = w.ring()
    await w.until_over(leg)
    assert words(leg) == ["hello there"]


async def test_audio_is_played(world: MakeWorld) -> None:
    w = world({"/in": (200, "audio/wav", wav(3))})
    leg = w.ring()
    await w.until_over(leg)
    assert leg.ended == 3


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((200, None, "<Response/>"), 11200),
        ((200, "application/json", "{}"), 12300),
        ((200, "text/xml", ""), 11770),
        ((204, "text/xml", ""), 11770),
    ],
    ids=["no Content-Type", "JSON", "empty body", "204"],
)
async def test_an_answer_that_is_no_document_is_refused_by_number(
    world: MakeWorld, answer: tuple[int, str | None, str], code: int
) -> None:
    w = world({"/in": answer})
    with pytest.raises(TwilioRefuses) as refusal:
        await w.until_over(w.ring())
    assert refusal.value.code == code
    assert "/in" in str(refusal.value)


async def test_the_fallback_is_asked_with_what_went_wrong_and_where(world: MakeWorld) -> None:
    w = world({"/in": (500, "text/plain", "oh"), "/fallback": f"{FIVE_WORDS}<Hangup/>"})
    leg = w.ring("/in?queue=q#rc=1&rp=5xx", fallback_url="/fallback")
    await w.until_over(leg)
    form = w.service.asked("/fallback")[0].form
    assert (form["ErrorCode"], form["ErrorUrl"]) == ("11200", f"{PUBLIC_URL}/in?queue=q")
    assert form["CallSid"] == leg.sid
    assert words(leg) == ["one two three four five"]
    assert len(w.service.asked("/in")) == 2


async def test_without_a_fallback_the_caller_hears_twilios_own_sentence_and_the_call_ends(
    world: MakeWorld,
) -> None:
    w = world({"/in": (500, "text/plain", "oh")})
    leg = w.ring()
    await w.until_over(leg)
    assert words(leg) == [APPLICATION_ERROR]
    assert [warning.code for warning in w.exchange.warnings] == [11200]


async def test_where_not_strict_a_broken_document_leads_to_the_fallback_as_it_really_would(
    world: MakeWorld,
) -> None:
    w = world({"/in": "<Say>a & b</Say>", "/fallback": FIVE_WORDS}, strict=False)
    leg = w.ring(fallback_url="/fallback")
    await w.until_over(leg)
    assert w.service.asked("/fallback")[0].form["ErrorCode"] == "12100"
    assert words(leg) == ["one two three four five"]


async def test_a_fallback_that_fails_too_ends_the_call(world: MakeWorld) -> None:
    w = world({"/in": (500, "text/plain", ""), "/fallback": (500, "text/plain", "")})
    leg = w.ring(fallback_url="/fallback")
    await w.until_over(leg)
    assert words(leg) == [APPLICATION_ERROR]
    assert len(w.service.asked("/fallback")) == 1

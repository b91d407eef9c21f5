"""The verbs that go elsewhere or end the call, with Twilio's rule as the test's name."""

import pytest

from ivr.rehearsal.refusals import TwilioRefuses
from tests.rehearsal.conftest import FIVE_WORDS, MakeWorld, words


async def test_a_redirect_is_relative_to_its_document_and_what_follows_it_never_runs(
    world: MakeWorld,
) -> None:
    w = world({"/a/in": '<Redirect method="GET">next?n=1</Redirect><Say>never</Say>', "/a/next": "<Hangup/>"})
    leg = w.ring("/a/in")
    await w.until_over(leg)
    assert words(leg) == []
    assert [(heard.method, heard.query.get("n")) for heard in w.service.heard] == [
        ("POST", None),
        ("GET", "1"),
    ]


async def test_a_loop_that_takes_no_time_is_found(world: MakeWorld) -> None:
    w = world({"/in": "<Redirect>/in</Redirect>"})
    with pytest.raises(TwilioRefuses, match="a loop"):
        await w.until_over(w.ring())


async def test_hangup_comes_after_the_words_before_it(world: MakeWorld) -> None:
    w = world({"/in": f"{FIVE_WORDS}<Hangup/><Say>never</Say>"})
    leg = w.ring()
    await w.until_over(leg)
    assert (words(leg), leg.ended, leg.sounds[0].cut) == (["one two three four five"], 2, False)


async def test_reject_does_not_answer(world: MakeWorld) -> None:
    w = world({"/in": '<Reject reason="busy"/>'})
    leg = w.ring()
    await w.until_over(leg)
    assert leg.ended == 0

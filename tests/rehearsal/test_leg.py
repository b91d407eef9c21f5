"""What every request of a leg says, and what is told when it is over."""

from tests.rehearsal.conftest import FIVE_WORDS, MakeWorld


async def test_every_request_carries_the_common_parameters(world: MakeWorld) -> None:
    w = world({"/in": "<Redirect>/on</Redirect>", "/on": "<Hangup/>"})
    leg = w.ring()
    await w.until_over(leg)
    first, second = (heard.form for heard in w.service.heard)
    assert (
        first.items()
        >= {
            "CallSid": leg.sid,
            "AccountSid": w.wire.account_sid,
            "From": "+447700900123",
            "To": "+442079460000",
            "CallStatus": "ringing",
            "Direction": "inbound",
            "ApiVersion": "2010-04-01",
        }.items()
    )
    assert second["CallStatus"] == "in-progress"
    assert len(leg.sid) == 34
    assert leg.sid.startswith("CA")


async def test_when_the_call_is_over_the_numbers_status_callback_is_told_once(world: MakeWorld) -> None:
    w = world({"/in": FIVE_WORDS * 31, "/over": (204, None, "")})
    leg = w.ring(status_callback="/over#rc=5&rp=all")
    await w.until_over(leg)
    (told,) = w.service.asked("/over")
    assert (
        told.form.items()
        >= {
            "CallStatus": "completed",
            "CallDuration": "62",
            "Duration": "2",
            "Timestamp": "Sat, 21 Nov 2026 09:01:02 +0000",
            "SequenceNumber": "0",
            "CallbackSource": "call-progress-events",
        }.items()
    )


async def test_a_caller_who_hangs_up_cuts_the_words_and_the_call_is_over(world: MakeWorld) -> None:
    w = world({"/in": f"{FIVE_WORDS}<Redirect>/on</Redirect>", "/over": (204, None, "")})
    leg = w.ring(status_callback="/over")
    w.later(1.5, leg.hang_up)
    await w.until_over(leg)
    assert (leg.sounds[0].seconds, leg.ended, leg.ended_by) == (1.5, 1.5, "caller")
    assert w.service.paths() == ["/in", "/over"]

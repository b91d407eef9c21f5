"""Logs and counters hold no number, no name, no gift and no spoken word."""

import json

import pytest

from ivr import watch
from ivr.store.database import StoreUnavailable
from tests.line.conftest import CALL, StandingClock, Twilio, clock, telephone, twilio

__all__ = ["StandingClock", "clock", "telephone", "twilio"]


def test_only_fields_of_the_short_list_are_written(capsys: pytest.CaptureFixture[str]) -> None:
    watch.set_up("debug")
    watch.log().warning("asked", outcome="refused", number="+447700900123", text="Ana", error="ValueError")
    line = json.loads(capsys.readouterr().err)
    assert set(line) == {"event", "level", "timestamp", "outcome", "error"}


async def test_a_call_that_goes_wrong_everywhere_logs_nothing_personal(
    twilio: Twilio, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watch.set_up("debug")
    await twilio.answered()
    quoted = "To number +447700900123 is not valid"
    twilio.telephone.answers[f"{CALL}.json"] = (400, {"code": 21211, "message": quoted, "status": 400})
    notes = {"name": "Ana", "gifts": [{"kind": "holiday", "detail": "in Tobago"}]}
    await twilio.api("POST", f"/api/calls/{CALL}/wrapup", notes)

    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("Ana +447700900123 in Tobago")

    monkeypatch.setattr(twilio.service.ledger, "read", away)
    await twilio.document(f"/voice/farewell?call={CALL}")
    logged = capsys.readouterr().err
    assert "mishap" in logged
    assert "refused" in logged
    for personal in ("447700900123", "Ana", "Tobago"):
        assert personal not in logged
        assert personal not in watch.metrics().decode()

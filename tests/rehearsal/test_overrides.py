"""What an address's fragment says of time-outs and tries."""

import pytest

from ivr.rehearsal.overrides import overrides
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.wire import PUBLIC_URL


@pytest.mark.parametrize("fragment", ["rc=6", "rt=99", "tt=20000", "rp=3xx", "ct=soon", "colour=red"])
def test_a_connection_override_outside_twilios_table_is_refused(fragment: str) -> None:
    with pytest.raises(TwilioRefuses, match="11100"):
        overrides(f"{PUBLIC_URL}/a#{fragment}")


def test_without_a_fragment_only_a_failed_connection_is_retried() -> None:
    limits = overrides(PUBLIC_URL)
    assert (limits.rc, limits.rt, limits.tt) == (1, 15_000, 15_000)
    assert limits.retried("ct")
    assert not limits.retried("5xx")

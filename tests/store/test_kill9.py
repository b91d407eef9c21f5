"""Power and processes fail; what was acknowledged does not."""

from tests.store.kill9 import prove


def test_nothing_acknowledged_is_lost_and_nothing_is_half_kept_when_the_process_is_killed(
    database_url: str,
) -> None:
    found = prove(database_url, times=3)
    assert found["acknowledged"] > 0
    assert (found["lost"], found["torn"]) == (0, 0)

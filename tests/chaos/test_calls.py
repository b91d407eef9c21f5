"""A thousand generated calls before the laws, twenty to a test so that they spread over the workers."""

import pytest

from tests.chaos.generator import generated
from tests.chaos.trial import charge, tried

CALLS, TOGETHER = 1_000, 20


@pytest.mark.parametrize("first", range(1, CALLS + 1, TOGETHER))
async def test_whatever_happens_every_call_ends_well(first: int) -> None:
    scenes = [generated(seed) for seed in range(first, first + TOGETHER)]
    verdicts = [await tried(scene) for scene in scenes]
    wrong = [
        charge(scene, verdict) for scene, verdict in zip(scenes, verdicts, strict=True) if verdict.faults
    ]
    assert not wrong, "\n".join(wrong)
    disturbed = [verdict for scene, verdict in zip(scenes, verdicts, strict=True) if scene.faults]
    compared = [verdict for verdict in disturbed if verdict.compared]
    assert len(compared) * 2 > len(disturbed)  # else the law of the same story would say little

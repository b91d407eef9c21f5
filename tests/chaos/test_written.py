"""A failing call is printed as a scene: what is read back is the same call, and is heard the same way."""

import pytest

from ivr.rehearsal.scene import Scene
from tests.chaos.generator import generated
from tests.chaos.witness import played
from tests.chaos.written import written

SEEDS = range(1, 301)


def read_back(scene: Scene) -> Scene:
    return Scene.from_text(written(scene), name=scene.name)


def test_a_call_is_the_same_every_time_it_is_made() -> None:
    assert [generated(seed) for seed in SEEDS] == [generated(seed) for seed in SEEDS]
    assert len({written(generated(seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_call_written_as_a_scene_reads_back_as_itself(seed: int) -> None:
    scene = generated(seed)
    again = read_back(scene)
    assert written(again) == written(scene)
    assert (again.begins, again.caller, again.textable) == (scene.begins, scene.caller, scene.textable)
    assert again.faults == scene.faults
    assert [_plain(each) for each in again.happened] == [_plain(each) for each in scene.happened]


@pytest.mark.parametrize("seed", [2, 3, 5, 8, 13, 21, 34, 55])
async def test_a_call_written_as_a_scene_is_heard_the_same_way(seed: int) -> None:
    scene = generated(seed)
    first, second = await played(scene), await played(read_back(scene))
    assert first.report.heard == second.report.heard
    assert first.report.told == second.report.told
    assert [asked.url for asked in first.report.requests] == [asked.url for asked in second.report.requests]


def _plain(happening: object) -> object:
    """A happening but for its line in the file."""
    return {name: getattr(happening, name) for name in ("at", "who", "does", "what", "wrapup", "during")}

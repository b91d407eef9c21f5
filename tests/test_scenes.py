"""Whole calls through the whole service: what happened → what was heard."""

from pathlib import Path

import pytest

from ivr.cli.rehearsing import maker, settings_for_a_rehearsal
from ivr.rehearsal.houses import AGENT
from ivr.rehearsal.playing import play
from ivr.rehearsal.report import Report
from ivr.rehearsal.scene import Scene

FOLDER = Path(__file__).parent / "scenes"
SCENES = sorted(FOLDER.glob("*.yaml"))
TOKEN = "a rehearsal's own"
REAL_WORDS = [
    "a_long_wait_and_a_hold",
    "hears_the_steps_again",
    "back_and_wrapped_up_again",
    "somebody_has_died",
]


async def played(file: Path, book: Path | None) -> Report:
    scene = Scene.read(file)
    settings = settings_for_a_rehearsal(auth_token=TOKEN, prompts=book)
    return await play(scene, maker(settings, textable=scene.textable, agent=AGENT), auth_token=TOKEN)


def test_there_are_twenty_scenes_to_begin_with() -> None:
    assert len(SCENES) >= 20


@pytest.mark.parametrize("file", SCENES, ids=lambda file: file.stem)
async def test_a_scene_is_heard_as_it_is_written(file: Path) -> None:
    report = await played(file, FOLDER / "book")
    assert not report.faults, "\n".join(["", *report.faults])


@pytest.mark.parametrize("name", REAL_WORDS)
async def test_with_the_real_words_the_call_takes_the_same_course(name: str) -> None:
    """What the real book says may be tuned any day: only what has nothing to do with the words is held here."""
    small, real = (
        await played(FOLDER / f"{name}.yaml", FOLDER / "book"),
        await played(FOLDER / f"{name}.yaml", None),
    )
    assert real.outcome == small.outcome
    assert real.told["story"] == small.told["story"]
    assert dict.fromkeys(line.moment for line in real.heard) == dict.fromkeys(
        line.moment for line in small.heard
    )


async def test_the_same_call_rehearsed_twice_is_heard_the_same_way() -> None:
    first, second = [await played(FOLDER / "a_long_wait_and_a_hold.yaml", FOLDER / "book") for _ in range(2)]
    assert first.heard == second.heard

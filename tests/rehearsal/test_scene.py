"""A call as a short YAML, or as flags: reading it, and saying what cannot be read."""

from pathlib import Path

import pytest

from ivr.rehearsal.scene import Scene
from ivr.rehearsal.scene_error import SceneError
from tests.rehearsal.small_line import scene


def test_a_wrap_up_is_read_as_the_api_takes_it() -> None:
    text = """
  09:00:00  queued
  09:01:00  answered
  09:02:00  wrapped up   name Ana; tone sober; unresolved; trouble; text note; slow
                         ours: send a new, faster router by 2026-11-28, reference AB-4719, to the old address
                         theirs: email a photo, to help@example.com; done: cancelled the second charge
                         gift new home theirs: in Leeds; held 120; same person; apologised
"""
    (wrapup,) = [happening.wrapup for happening in scene(text).happened if happening.does == "wrapped up"]
    assert wrapup == {
        "name": "Ana",
        "tone": "sober",
        "resolved": False,
        "trouble": True,
        "text_note": True,
        "pace": "slow",
        "steps": [
            {
                "who": "us",
                "what": "send a new, faster router",
                "by": "2026-11-28",
                "reference": "AB-4719",
                "to": "the old address",
            },
            {"who": "you", "what": "email a photo", "to": "help@example.com"},
            {"who": "done", "what": "cancelled the second charge"},
        ],
        "gifts": [{"kind": "new_home", "detail": "in Leeds", "whose": "theirs"}],
        "held_seconds": 120,
        "same_person": True,
        "apologised": True,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("happened: [", "not YAML"),
        ("about: nothing", "needs `happened"),
        ("happened: |\n  09:00:00  queued\nherd: x", "unknown: herd"),
        ("happened: |\n  queued", "begin with a time"),
        ("happened: |\n  09:00:00  answered", "begins with the caller"),
        ("happened: |\n  09:00:00  queued\n  08:00:00  answered", "go backwards"),
        (
            "happened: |\n  09:00:00  queued\n  09:00:01  caller sings",
            "“caller sings” is nothing that can happen",
        ),
        ("happened: |\n  09:00:00  queued\n  09:00:01  wrapped up  cheerful", "nobody can note “cheerful”"),
        ("happened: |\n  09:00:00  queued\n  09:00:01  caller presses 1 during lunch", "lunch is no moment"),
        ("happened: |\n  09:00:00  queued\ndate: tomorrow", "tomorrow is not a date"),
        ("happened: |\n  09:00:00  queued\nstar: off", "star off: after the star key"),
        ("happened: |\n  09:00:00  queued\nheard: goodbye", "needs a moment before it"),
        ("happened: |\n  09:00:00  queued\nthen:\n  - weather: fine", "nobody can tell weather"),
        ("happened: |\n  09:00:00  queued\nthen:\n  - outcome", "is not a name and a value"),
    ],
)
def test_a_scene_that_cannot_be_read_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SceneError, match=message.replace("`", ".")):
        Scene.from_text(text, name="a scene")


def test_a_file_is_named_when_it_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "gone.yaml"
    with pytest.raises(SceneError, match=r"gone\.yaml cannot be read"):
        Scene.read(file)
    file.write_text("about: x", encoding="utf-8")
    with pytest.raises(SceneError, match=r"gone\.yaml: a scene needs"):
        Scene.read(file)


def test_ways_and_moments_nobody_knows_are_refused_in_flags() -> None:
    with pytest.raises(SceneError, match="apart cannot be rehearsed"):
        Scene.from_flags(way="apart")
    with pytest.raises(SceneError, match="transfer hot cannot be rehearsed"):
        Scene.from_flags(transfer="hot")
    with pytest.raises(SceneError, match="glass is no house"):
        Scene.from_flags(house="glass")
    with pytest.raises(SceneError, match="lunch is no moment"):
        Scene.from_flags(presses=[("1", "lunch")])
    with pytest.raises(SceneError, match="lunch is no moment"):
        Scene.from_flags(says=[("no", "lunch")])


def test_what_is_said_and_a_cough_are_things_that_happen() -> None:
    text = "happened: |\n  09:00:00  queued\n  09:00:01  caller says “no, thank you” during question\n"
    made = Scene.from_text(f"{text}  09:00:02  caller coughs during question\n", name="a scene")
    assert [(one.does, one.what, one.during) for one in made.happened[1:]] == [
        ("says", "no, thank you", "question"),
        ("says", "", "question"),
    ]
    flags = Scene.from_flags(says=[("no", "question")]).happened[-1]
    assert (flags.does, flags.what, flags.during) == ("says", "no", "question")

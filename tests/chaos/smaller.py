"""Making a failing call smaller while it still breaks the same law."""

from collections.abc import Iterator
from dataclasses import replace

from ivr.rehearsal.scene import Scene
from tests.chaos.trial import Verdict, tried

MOST_TRIALS = 60
_NEEDED = ("queued", "answered")  # without these it is another kind of call


async def smaller(scene: Scene, verdict: Verdict) -> tuple[Scene, Verdict]:
    """The smallest call found that breaks the law which this one broke first, and what came of it."""
    law, trials, going_on = _law(verdict), 0, True
    while going_on and trials < MOST_TRIALS:
        going_on = False
        for less in _one_less(scene):
            trials += 1
            tried_so = await tried(less)
            if _law(tried_so) == law:
                scene, verdict, going_on = less, tried_so, True
                break
            if trials >= MOST_TRIALS:
                break
    return scene, verdict


def _law(verdict: Verdict) -> str:
    """The first sentence without its figures: whatever else changes, this is to stay."""
    return "".join(letter for letter in (*verdict.faults, "")[0] if not letter.isdigit())[:60]


def _one_less(scene: Scene) -> Iterator[Scene]:
    """The scene with one fault or one happening less, or with less noted."""
    for number in range(len(scene.faults)):
        yield replace(scene, faults=scene.faults[:number] + scene.faults[number + 1 :])
    for number in range(len(scene.happened) - 1, 0, -1):
        happening = scene.happened[number]
        if happening.does not in _NEEDED:
            yield replace(scene, happened=scene.happened[:number] + scene.happened[number + 1 :])
    for number, happening in enumerate(scene.happened):
        for name in happening.wrapup:
            noted = {key: value for key, value in happening.wrapup.items() if key != name}
            less = replace(happening, wrapup=noted)
            yield replace(scene, happened=(*scene.happened[:number], less, *scene.happened[number + 1 :]))

"""One worker's share of many calls: played, and what fails made as small as it can be."""

import asyncio
import gc
from dataclasses import dataclass

from tests.chaos.generator import generated
from tests.chaos.smaller import smaller
from tests.chaos.trial import charge, tried


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one seed; `charge` is blank where no law was broken."""

    seed: int
    disturbed: bool
    compared: bool
    charge: str


def share(seeds: range) -> list[Tried]:
    """Play the calls of these seeds."""
    gc.freeze()  # the libraries and the book live as long as the process
    return asyncio.run(_whole(seeds))


async def _whole(seeds: range) -> list[Tried]:
    done = []
    for seed in seeds:
        scene = generated(seed)
        verdict = await tried(scene)
        charged = charge(*await smaller(scene, verdict)) if verdict.faults else ""
        done.append(Tried(seed, bool(scene.faults), verdict.compared, charged))
    return done

"""One generated call before the laws: played on a clear way and on its disturbed one."""

from dataclasses import dataclass, replace

from ivr.rehearsal.report import Line
from ivr.rehearsal.scene import Scene
from tests.chaos.laws import broken
from tests.chaos.sameness import comparable, differences
from tests.chaos.witness import played
from tests.chaos.written import written


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of it."""

    faults: tuple[str, ...]
    compared: bool = False  # with the same call on a clear way
    heard: tuple[Line, ...] = ()


async def tried(scene: Scene) -> Verdict:
    """Play a call, twice where something goes wrong on its way, and hold it to every law."""
    try:
        call = await played(scene)
        found = broken(call)
        if not scene.faults:
            return Verdict(tuple(found), heard=call.report.heard)
        clear = await played(replace(scene, faults=()))
    except Exception as error:
        return Verdict((f"{type(error).__name__}: {error}",))
    found += [f"on a clear way: {fault}" for fault in broken(clear)]
    compared = comparable(clear, call)
    if compared:
        found += differences(clear, call)
    return Verdict(tuple(found), compared, call.report.heard)


def charge(scene: Scene, verdict: Verdict) -> str:
    """What is wrong with a call, the scene that shows it, and what was heard."""
    return "\n".join(
        [
            "",
            *verdict.faults,
            "",
            written(scene),
            "# heard:",
            *(f"#  {_heard(line)}" for line in verdict.heard),
        ]
    )


def _heard(line: Line) -> str:
    what = line.pressed or f"{line.text}{' (cut)' if line.cut else ''}"
    return f"{line.at:7.1f}  {line.by:6}  {line.moment or '':12}  {what}"

"""A generated call as a file for tests/scenes/, which reads back as the same call."""

import json
from typing import Any

from ivr.rehearsal.happened import Happening
from ivr.rehearsal.scene import Scene


def written(scene: Scene) -> str:
    """The scene's YAML. Its file must bear the scene's name: the call's id comes from it."""
    lines = [f"# tests/scenes/{scene.name}.yaml", f"caller: {json.dumps(scene.caller)}"]
    if scene.house != "queue":
        lines.append(f"house: {scene.house}")
    if scene.star != "on":
        lines.append(f"star: {scene.star}")
    if scene.textable:
        lines.append("textable: yes")
    if scene.faults:
        lines += ["faults:", *(f"- {fault}" for fault in scene.faults)]
    return "\n".join([*lines, "happened: |", *(f"  {_row(each)}" for each in scene.happened), ""])


def _row(happening: Happening) -> str:
    hours, seconds = divmod(round(happening.at, 3), 3600)
    minutes, seconds = divmod(seconds, 60)
    clock = f"{int(hours):02}:{int(minutes):02}:{seconds:06.3f}".removesuffix(".000")
    during = f"during {happening.during}" if happening.during else ""
    return "  ".join(filter(None, [clock, _what(happening), during]))


def _what(happening: Happening) -> str:
    if happening.does in ("queued", "answered", "held", "resumed"):
        return f"{happening.does} {happening.what}".strip()
    if happening.does == "transferred":
        return f"transferred {happening.what}" + (f" to {happening.to}" if happening.to else "")
    if happening.does == "completes":
        return "agent completes the task"
    if happening.does == "wrapped up":
        return f"wrapped up {_json(happening.wrapup)}"
    return f"{happening.who} {happening.does} {happening.what}".strip()


def _json(noted: dict[str, Any]) -> str:
    return json.dumps(noted)

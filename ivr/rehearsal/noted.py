"""What an agent noted, in a few words of a scene, as the API takes it."""

import json
import re
from typing import Any

from ivr.rehearsal.scene_error import SceneError

_FLAGS: dict[str, dict[str, Any]] = {
    "resolved": {"resolved": True},
    "unresolved": {"resolved": False},
    "trouble": {"trouble": True},
    "no trouble": {"trouble": False},
    "apologised": {"apologised": True},
    "same person": {"same_person": True},
    "text note": {"text_note": True},
    "slow": {"pace": "slow"},
    "when agent leaves": {"start": "when_agent_leaves"},
}
_WHO = {"ours": "us", "theirs": "you", "done": "done"}
_WORDED = frozenset({"name", "tone", "reason", "way", "agent", "locale"})


def read_wrapup(text: str, number: int) -> dict[str, Any]:
    """What the agent noted, as the API takes it: items with semicolons between, or the JSON itself."""
    noted: dict[str, Any] = {}
    if text.startswith("{"):
        try:
            noted = json.loads(text)
        except ValueError as error:
            raise SceneError(f"happened, line {number}: this is not JSON: {error}") from error
        return noted
    for item in (part.strip() for part in text.split(";")):
        word, _, rest = item.partition(" ")
        kind, colon, what = item.partition(":")
        if not item:
            continue
        if item in _FLAGS:
            noted |= _FLAGS[item]
        elif colon and kind in _WHO:
            noted.setdefault("steps", []).append({"who": _WHO[kind]} | _step(what.strip()))
        elif word == "gift":
            kind, colon, what = rest.partition(":")
            gift = {"kind": kind.removesuffix(" theirs").replace(" ", "_")} | (
                {"detail": what.strip()} if colon else {}
            )
            noted.setdefault("gifts", []).append(
                gift | ({"whose": "theirs"} if kind.endswith(" theirs") else {})
            )
        elif word in _WORDED and rest:
            noted[word] = rest
        elif word == "held" and rest.isdigit():
            noted["held_seconds"] = int(rest)
        else:
            raise SceneError(
                f"happened, line {number}: nobody can note “{item}”; there are: ours: …, theirs: …, done: …, gift KIND: …, "
                f"held SECONDS, {', '.join(sorted(_WORDED))}, {', '.join(_FLAGS)}"
            )
    return noted


def _step(text: str) -> dict[str, str]:
    """`send a router by 2026-11-28, reference AB-4719, to the old address`: what, by, reference, to."""
    what, *parts = (part.strip() for part in text.split(", "))
    step = {}
    for part in parts:
        name, _, value = part.partition(" ")
        if name in ("by", "reference", "to") and value:
            step[name] = value
        else:
            what = f"{what}, {part}"
    if (found := re.fullmatch(r"(.+?) by (\d{4}-\d\d-\d\d)", what)) is not None:
        what, step["by"] = found[1], found[2]
    return {"what": what} | step

"""A call as a short YAML: what happened → what was heard; or as flags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from ivr.rehearsal.expected import Expectations
from ivr.rehearsal.faults import Fault
from ivr.rehearsal.happened import Happening, known_moment, table
from ivr.rehearsal.houses import CALLER, HOUSES, HouseName
from ivr.rehearsal.scene_error import SceneError

BEGINS = datetime(2026, 11, 21, 9, tzinfo=UTC)  # a Saturday: dates in scenes are told against it
_KEYS = frozenset(
    {"about", "date", "house", "queue", "locale", "caller", "textable", "star", "faults", "happened", "heard", "never", "then"}
)  # fmt: skip
_DEMO = {
    "name": "Ana",
    "agent": "Sam",
    "resolved": True,
    "steps": [{"who": "us", "what": "send a replacement router", "by": "2026-11-28", "reference": "AB-4719"}],
    "gifts": [{"kind": "holiday", "detail": "in Tobago"}],
}


@dataclass(frozen=True, slots=True)
class Scene:
    """One call to be rehearsed, and what is expected of it. The call's id is a hash of `name`."""

    name: str
    happened: tuple[Happening, ...]
    begins: datetime = BEGINS
    about: str = ""
    queue: str | None = None
    locale: str | None = None
    caller: str = CALLER
    textable: bool = False
    faults: tuple[Fault, ...] = ()
    house: HouseName = "queue"
    star: str = "on"  # what becomes of a queued caller when the agent leaves by the star key: on, or away
    expected: Expectations = field(default_factory=Expectations)

    @classmethod
    def read(cls, file: Path) -> "Scene":
        """The scene in a file. Raises SceneError, which names the file and what is wrong."""
        try:
            return cls.from_text(file.read_text(encoding="utf-8"), name=file.stem)
        except (OSError, UnicodeDecodeError) as error:
            raise SceneError(f"{file} cannot be read: {error}") from error
        except SceneError as error:
            raise SceneError(f"{file}: {error}") from error

    @classmethod
    def from_text(cls, text: str, *, name: str) -> "Scene":
        """The scene in a YAML text. Raises SceneError."""
        try:
            plain = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - BaseLoader makes nothing but text
        except yaml.YAMLError as error:
            raise SceneError(f"this is not YAML: {error}") from error
        if not isinstance(plain, dict) or "happened" not in plain:
            raise SceneError("a scene needs `happened: |` and a table of times below it")
        if unknown := sorted(set(plain) - _KEYS):
            raise SceneError(f"unknown: {', '.join(unknown)}; there are {', '.join(sorted(_KEYS))}")
        happened = table(str(plain["happened"]))
        try:
            day = datetime.fromisoformat(str(plain.get("date", BEGINS.date().isoformat())))
        except ValueError as error:
            raise SceneError(f"{plain['date']} is not a date; write it like 2026-11-28") from error
        house = _house(str(plain.get("house", "queue")), happened)
        if (star := str(plain.get("star", "on"))) not in ("on", "away"):
            raise SceneError(f"star {star}: after the star key a caller goes on, or away")
        return cls(
            name,
            happened,
            begins=day.replace(tzinfo=UTC) + timedelta(seconds=happened[0].at),
            about=str(plain.get("about", "")),
            queue=plain.get("queue"),
            locale=plain.get("locale"),
            caller=str(plain.get("caller", CALLER)),
            textable=plain.get("textable") in ("yes", "true"),
            faults=_faults(plain.get("faults", [])),
            house=house,
            star=star,
            expected=Expectations.read(plain.get("heard", ""), plain.get("never", []), plain.get("then", [])),
        )

    @classmethod
    def from_flags(
        cls,
        *,
        wait: float = 0,
        hold: float = 0,
        wrapup: Mapping[str, Any] | None = None,
        presses: Sequence[tuple[str, str]] = (),
        says: Sequence[tuple[str, str]] = (),
        hang_up_at: str | None = None,
        way: str | None = None,
        queue: str | None = None,
        locale: str | None = None,
        textable: bool = False,
        house: str | None = None,
        transfer: str | None = None,
        name: str = "rehearsal",
    ) -> "Scene":
        """The call that flags describe; `wait` and `hold` in seconds, `wrapup` as the API takes it, `presses`
        as (key, moment), `says` as (words, moment). `together` is heard in a room, so that it is played in Flex
        unless a house is named. Raises SceneError for a way or a house that cannot be rehearsed, or a moment
        nobody knows."""
        if way not in (None, "aside", "together", "after"):
            raise SceneError(f"way {way} cannot be rehearsed: aside, together and after can")
        if transfer not in (None, "warm", "cold"):
            raise SceneError(f"transfer {transfer} cannot be rehearsed: warm and cold can")
        in_flex = way == "together" or transfer is not None
        house = house or ("flex with plugin" if in_flex else "queue")
        noted = dict(wrapup or {}) | ({"way": way} if way else {})
        if way == "after":
            noted["start"] = "when_agent_leaves"
        talk = wait + 30 + hold + (20 if hold else 0)
        happened = [Happening(0, "caller", "queued", queue or ""), Happening(wait, "agent", "answered")]
        if hold:
            happened += [
                Happening(wait + 30, "agent", "held"),
                Happening(wait + 30 + hold, "agent", "resumed"),
            ]
        if transfer is not None:
            happened.append(Happening(talk, "agent", "transferred", transfer))
            talk += 30
            if transfer == "cold":
                happened.append(Happening(talk, "agent", "answered"))
            talk += 30
        happened.append(Happening(talk, "agent", "wrapped up", wrapup=noted))
        if way == "after":
            happened.append(Happening(talk + 5, "agent", "hangs up"))
        happened += [
            Happening(talk, "caller", "presses", key, during=known_moment(moment)) for key, moment in presses
        ]
        happened += [
            Happening(talk, "caller", "says", words, during=known_moment(moment)) for words, moment in says
        ]
        if hang_up_at is not None:
            happened.append(Happening(talk, "caller", "hangs up", during=known_moment(hang_up_at)))
        rows = tuple(happened)
        return cls(name, rows, queue=queue, locale=locale, textable=textable, house=_house(house, rows))

    @classmethod
    def demo(cls, name: str = "demo") -> "Scene":
        """The call a stranger hears first: a long wait, a hold, one next step, a holiday."""
        return cls.from_flags(wait=750, hold=120, wrapup=_DEMO, way="aside", name=name)


def _house(name: str, happened: Sequence[Happening]) -> HouseName:
    """A house by its name, where what happens can happen. Raises SceneError."""
    if (house := next((each for each in HOUSES if each == name), None)) is None:
        raise SceneError(f"{name} is no house: {', '.join(HOUSES)}")
    does = {happening.does for happening in happened}
    if "transferred" in does and not house.startswith("flex"):
        raise SceneError("a caller can be transferred in Flex only: house: flex with plugin")
    if "completes" in does and house == "queue":
        raise SceneError("in our own queue there is no task to be completed")
    return house


def _faults(plain: object) -> tuple[Fault, ...]:
    faults = []
    for item in plain if isinstance(plain, list) else [plain]:
        if not isinstance(item, dict):
            raise SceneError(f"faults: “{item}” is no fault; write one like - lost: the 7th request")
        for kind, which in item.items():
            try:
                faults.append(Fault.read(str(kind), str(which)))
            except ValueError as error:
                raise SceneError(f"faults: {error}") from error
    return tuple(faults)

"""A call as a short YAML: what happened → what was heard; and the rehearsal that plays it."""

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from ivr.farewell.moments import page_of
from ivr.rehearsal.cast import CALLER, Cast, Happening
from ivr.rehearsal.clock import Clock
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.expected import Expectations, SceneError
from ivr.rehearsal.faults import Fault, Faults
from ivr.rehearsal.houses import HOUSES, HouseName
from ivr.rehearsal.report import Report, report
from ivr.rehearsal.rest import RestSide
from ivr.rehearsal.service import App, nobody, running
from ivr.rehearsal.verbs import VERBS
from ivr.rehearsal.wire import PUBLIC_URL, Carrier, Wire, honest

MakeApp: TypeAlias = Callable[[Clock, RestSide], "tuple[App, str] | Awaitable[tuple[App, str]]"]

ACCOUNT = "AC" + "0" * 31 + "1"
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
        happened = _table(str(plain["happened"]))
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
            Happening(talk, "caller", "presses", key, during=_moment(moment)) for key, moment in presses
        ]
        happened += [
            Happening(talk, "caller", "says", words, during=_moment(moment)) for words, moment in says
        ]
        if hang_up_at is not None:
            happened.append(Happening(talk, "caller", "hangs up", during=_moment(hang_up_at)))
        rows = tuple(happened)
        return cls(name, rows, queue=queue, locale=locale, textable=textable, house=_house(house, rows))

    @classmethod
    def demo(cls, name: str = "demo") -> "Scene":
        """The call a stranger hears first: a long wait, a hold, one next step, a holiday."""
        return cls.from_flags(wait=750, hold=120, wrapup=_DEMO, way="aside", name=name)


# --- what happened ------------------------------------------------------------------------------------

_ROW = re.compile(r"(\d\d):(\d\d):(\d\d(?:\.\d{1,6})?)\s+(.+)")
_DURING = re.compile(r"(.+?)\s+during\s+([a-z_0-9 ]+)$")


def _table(text: str) -> tuple[Happening, ...]:
    """The rows of `happened`. A row without a time goes on with the one above it."""
    rows: list[tuple[int, float, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = _ROW.fullmatch(line.strip())
        if found is not None:
            hours, minutes, seconds = int(found[1]), int(found[2]), float(found[3])
            rows.append((number, hours * 3600.0 + minutes * 60 + seconds, found[4].strip()))
        elif line.strip() and rows:
            rows[-1] = (rows[-1][0], rows[-1][1], f"{rows[-1][2]}; {line.strip()}")
        elif line.strip():
            raise SceneError(f"happened, line {number}: begin with a time, like 09:00:00  queued")
    if not rows:
        raise SceneError("happened is empty")
    happened = tuple(_row(*row) for row in rows)
    if happened[0].does != "queued":
        raise SceneError("happened begins with the caller: 09:00:00  queued  billing")
    if any(later.at < sooner.at for sooner, later in pairwise(happened)):
        raise SceneError("the times in happened go backwards")
    return happened


def _row(number: int, at: float, text: str) -> Happening:
    words = text.split()
    if words[0] == "queued" and len(words) <= 2:
        return Happening(at, "caller", "queued", words[1] if len(words) > 1 else "", line=number)
    if words[0] == "answered":
        return Happening(at, "agent", "answered", line=number)
    if text in ("held", "resumed"):
        return Happening(at, "agent", "held" if text == "held" else "resumed", line=number)
    if (found := re.fullmatch(r"transferred (warm|cold)(?: to (\S+))?", text)) is not None:
        return Happening(at, "agent", "transferred", found[1], line=number, to=found[2] or "")
    if text == "agent completes the task":
        return Happening(at, "agent", "completes", line=number)
    if text.startswith("wrapped up"):
        wrapup = _wrapup(text.removeprefix("wrapped up").strip(), number)
        return Happening(at, "agent", "wrapped up", wrapup=wrapup, line=number)
    during = None
    if (found := _DURING.fullmatch(text)) is not None:
        text, during = found[1], _moment(found[2])
    if text in ("ended", "agent hangs up"):
        return Happening(at, "agent", "hangs up", during=during, line=number)
    if text == "caller hangs up":
        return Happening(at, "caller", "hangs up", during=during, line=number)
    if (found := re.fullmatch(r"(caller|agent) presses ([0-9*#])", text)) is not None:
        who = "caller" if found[1] == "caller" else "agent"
        return Happening(at, who, "presses", found[2], during=during, line=number)  # type: ignore[arg-type]
    if text == "caller coughs":  # heard as speech, and recognised as nothing
        return Happening(at, "caller", "says", "", during=during, line=number)
    if (found := re.fullmatch(r"caller says (.+)", text)) is not None:
        return Happening(at, "caller", "says", found[1].strip('“”"'), during=during, line=number)
    raise SceneError(
        f"happened, line {number}: “{text}” is nothing that can happen; there are: queued, answered, held, resumed, "
        "transferred warm [to QUEUE], transferred cold [to QUEUE], wrapped up, caller presses K, caller says …, caller coughs, "
        "caller hangs up, agent presses K, agent hangs up, agent completes the task"
    )


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


def _moment(name: str) -> str:
    name = name.strip().replace(" ", "_")
    if page_of(name) not in ("opening", "apology", "next_steps", "question", "goodbye"):
        raise SceneError(f"{name} is no moment: opening, apology, next_steps, question, goodbye")
    return name


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


def _wrapup(text: str, number: int) -> dict[str, Any]:
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


# --- playing ------------------------------------------------------------------------------------------


async def play(
    scene: Scene,
    make_app: MakeApp,
    *,
    account_sid: str = ACCOUNT,
    auth_token: str = "rehearsal",  # noqa: S107 - of a pretend account
    pace: int = 150,
    begins: datetime | None = None,
    carrier: Carrier | None = None,
) -> Report:
    """Ring the service that `make_app(clock, twilio_http)` makes, and tell what was heard.

    `make_app` gives an ASGI application and a bearer token for its API. `pace` is in words a minute, `begins`
    another time than the scene's, aware. What gets through is carried by `carrier`. Raises TwilioRefuses where the service breaks
    a rule of Twilio's.
    """
    clock = Clock(begins or scene.begins)
    wire = Wire(nobody, clock, account_sid, auth_token, PUBLIC_URL, carrier)
    exchange = Exchange(clock, wire, VERBS, star=scene.star, pace=pace)
    way = Faults(scene.faults, clock, carrier or honest)
    rest = RestSide(exchange, lag=way.lag)
    if scene.faults:
        wire.carrier, wire.held, rest.upset = way.carry, way.held, way.rest
    made = make_app(clock, rest)
    app, token = await made if inspect.isawaitable(made) else made
    async with running(app, clock) as ready:
        wire.app = ready
        await clock.calm()
        cast = Cast(
            exchange,
            name=scene.name,
            token=token,
            queue=scene.queue,
            locale=scene.locale,
            caller=scene.caller,
            plays_in=scene.house,
        )
        try:
            told = await clock.run(
                _watched(exchange, asyncio.create_task(_whole(cast, scene), name="the cast"))
            )
        finally:
            await exchange.close()
        made_report = report(cast, told)
    made_report.carried = tuple(way.carried.values())
    made_report.faults += scene.expected.differences(made_report)
    return made_report


def _watched(
    exchange: Exchange, playing: "asyncio.Task[Mapping[str, Any]]"
) -> "asyncio.Future[Mapping[str, Any]]":
    """The play's result, or at once whatever went wrong on any leg."""
    result: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()

    def wrong(error: BaseException) -> None:
        if not result.done():
            result.set_exception(error)
            playing.cancel()

    def over(task: "asyncio.Task[Mapping[str, Any]]") -> None:
        if task.cancelled() or result.done():
            return
        if (error := task.exception()) is not None:
            result.set_exception(error)
        else:
            result.set_result(task.result())

    exchange.on_trouble.append(wrong)
    playing.add_done_callback(over)
    return result


async def _whole(cast: Cast, scene: Scene) -> Mapping[str, Any]:
    """The play, then the service's own account of it."""
    await cast.play(scene.happened)
    if cast.caller is None:
        return {}
    headers = {"Authorization": f"Bearer {cast.token}"}
    answer = await cast.exchange.wire.plain("GET", f"/api/calls/{cast.caller.sid}", headers=headers)
    if answer.status_code != 200:
        cast.faults.append(f"the story was asked for and answered {answer.status_code}: {answer.text}")
        return {}
    told: Mapping[str, Any] = answer.json()
    return told

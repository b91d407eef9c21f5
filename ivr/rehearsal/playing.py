"""A rehearsal: a scene is played against the service, and what was heard is told."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from ivr.rehearsal.cast import Cast
from ivr.rehearsal.clock import Clock
from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.faults import Faults
from ivr.rehearsal.report import Report, report
from ivr.rehearsal.rest import RestSide
from ivr.rehearsal.scene import Scene
from ivr.rehearsal.service import App, nobody, running
from ivr.rehearsal.verbs import VERBS
from ivr.rehearsal.wire import PUBLIC_URL, Carrier, Wire, honest

MakeApp: TypeAlias = Callable[[Clock, RestSide], "tuple[App, str] | Awaitable[tuple[App, str]]"]

ACCOUNT = "AC" + "0" * 31 + "1"


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

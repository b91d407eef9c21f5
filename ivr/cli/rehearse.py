"""ivr rehearse: a call nobody paid for, from flags or a scene."""

import asyncio
import re
import secrets
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ivr.cli import says

_LENGTH = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?")


def seconds(text: str) -> int:
    """12m30s, 20s, 1h5m or a bare number of seconds. Raises BadParameter for anything else."""
    found = _LENGTH.fullmatch(text.strip())
    if not text.strip() or found is None:
        raise typer.BadParameter("write a length like 12m30s, 20s or 1h5m")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + rest
    if total > 4 * 3600:
        raise typer.BadParameter("a wait of more than four hours would count as lost news")
    return total


def step(text: str) -> dict[str, Any]:
    """who|what|by|reference|to, later parts optional or blank, as the API takes it."""
    parts = [part.strip() or None for part in text.split("|")]
    if not 2 <= len(parts) <= 5 or parts[0] not in ("done", "us", "you") or parts[1] is None:
        raise typer.BadParameter(
            "write a step like 'us|send a replacement router|2026-11-28|AB-4719' (who: us, you or done)"
        )
    who, what, by, reference, to = (*parts, None, None, None)[:5]
    if by is not None:
        try:
            date.fromisoformat(by)
        except ValueError:
            raise typer.BadParameter(f"“{by}” is not a date; write it like 2026-11-28") from None
    given = {"who": who, "what": what, "by": by, "reference": reference, "to": to}
    return {name: value for name, value in given.items() if value is not None}


def gift(text: str) -> dict[str, Any]:
    """kind, kind:detail or kind:detail:whose, as the API takes it."""
    from ivr.calls.wrapup import GIFTS

    kind, detail, whose = ([part.strip() for part in text.split(":")] + ["", ""])[:3]
    if kind not in GIFTS:
        raise typer.BadParameter(f"“{kind}” is no kind of gift; there are {', '.join(GIFTS)}")
    if whose not in ("", "caller", "theirs"):
        raise typer.BadParameter(f"“{whose}”: a gift is the caller's (caller) or somebody else's (theirs)")
    given = {"kind": kind, "detail": detail, "whose": whose}
    return {name: value for name, value in given.items() if value}


def press(text: str) -> tuple[str, str]:
    """K@moment: the key and the moment during which it is pressed."""
    key, found, moment = text.partition("@")
    if not found or len(key) != 1 or key not in "0123456789*#" or not moment:
        raise typer.BadParameter("write a key like 0@next_steps")
    return key, moment.strip()


def say(text: str) -> tuple[str, str]:
    """WORDS@moment: what the caller says, and the moment during which they say it."""
    words, found, moment = text.rpartition("@")
    if not found or not words.strip() or not moment:
        raise typer.BadParameter("write what is said like 'no thank you@question'")
    return words.strip(), moment.strip()


def rehearse(
    wait: Annotated[str, typer.Option(help="How long the caller waits in the queue: 12m30s.")] = "0s",
    hold: Annotated[str, typer.Option(help="For how long the agent puts them on hold: 2m.")] = "0s",
    name: Annotated[str | None, typer.Option(help="What the agent calls the caller.")] = None,
    locale: Annotated[str | None, typer.Option(help="The language of the call: en-GB.")] = None,
    tone: Annotated[
        Literal["plain", "sober", "gentle"], typer.Option(help="How heavy the call is.")
    ] = "plain",
    unresolved: Annotated[
        bool, typer.Option("--unresolved", help="The caller did not get what they came for.")
    ] = False,
    trouble: Annotated[bool, typer.Option("--trouble", help="Something had gone wrong for them.")] = False,
    apologised: Annotated[
        bool, typer.Option("--apologised", help="The agent has already apologised for the wait.")
    ] = False,
    steps: Annotated[
        list[str] | None, typer.Option("--step", help="who|what|by|reference|to; may repeat.")
    ] = None,
    gifts: Annotated[
        list[str] | None,
        typer.Option(
            "--gift",
            help="A small thing they mentioned: 'holiday:in Tobago', 'exam:your daughter:theirs'; may repeat.",
        ),
    ] = None,
    presses: Annotated[
        list[str] | None,
        typer.Option("--press", help="A key halfway through a moment: 0@next_steps; may repeat."),
    ] = None,
    said: Annotated[
        list[str] | None,
        typer.Option(
            "--say",
            help="Something said aloud during a moment, in a queue that listens: 'no thank you@question'; may repeat.",
        ),
    ] = None,
    hang_up_at: Annotated[
        str | None, typer.Option(help="The moment during which the caller hangs up.")
    ] = None,
    way: Annotated[
        str | None,
        typer.Option(
            help="aside (the agent waits), together (both hear it, in Flex) or after (the agent has gone)."
        ),
    ] = None,
    house: Annotated[
        str | None,
        typer.Option(
            help="Where they meet: queue (ours), flex, 'flex with plugin', 'flex through studio', taskrouter."
        ),
    ] = None,
    transfer: Annotated[
        str | None, typer.Option(help="Hand the caller on in Flex before the wrap-up: warm or cold.")
    ] = None,
    agent: Annotated[str, typer.Option(help="The agent's name, as the caller heard it.")] = "Sam",
    queue: Annotated[str, typer.Option(help="The queue they ring.")] = "default",
    textable: Annotated[bool, typer.Option("--textable", help="Pretend that texts can be sent.")] = False,
    text_note: Annotated[
        bool, typer.Option("--text-note", help="The agent agreed a text with the caller.")
    ] = False,
    slow: Annotated[bool, typer.Option("--slow", help="The agent asked for a slower pace.")] = False,
    scene: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play this scene in place of the flags.")
    ] = None,
    book: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The prompt book; by default the one serve would use.")
    ] = None,
    audio: Annotated[
        Path | None, typer.Option(metavar="FILE.wav", help="Write what the caller would hear, 8 kHz mono.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Play a whole call through the real service on a pretend line, and show how it ends.

    Example: ivr rehearse --wait 12m30s --hold 2m --name Ana --step 'us|send a replacement router|2026-11-28|AB-4719' --gift 'holiday:in Tobago' --audio out.wav

    In a room of Flex's: ivr rehearse --way together --wait 6m --transfer cold
    """
    from ivr import watch
    from ivr.app import CannotStart
    from ivr.cli.rehearsing import maker, settings_for_a_rehearsal
    from ivr.cli.telling import record, tell_call
    from ivr.rehearsal.houses import AGENT
    from ivr.rehearsal.playing import play
    from ivr.rehearsal.refusals import TwilioRefuses
    from ivr.rehearsal.scene import Scene
    from ivr.rehearsal.scene_error import SceneError
    from ivr.store.shelf import BookFolderError

    watch.set_up("error")
    if audio is not None:
        _voice_or_stop(audio)
    wrapup: dict[str, Any] = {
        "name": name,
        "agent": agent,
        "tone": tone,
        "locale": locale,
        "resolved": False if unresolved else None,
        "trouble": True if trouble else None,
        "apologised": apologised,
        "text_note": text_note,
        "pace": "slow" if slow else "normal",
        "steps": [step(text) for text in steps or ()],
        "gifts": [gift(text) for text in gifts or ()],
    }
    try:
        if scene is not None:
            played = Scene.read(scene)
        else:
            played = Scene.from_flags(
                wait=seconds(wait),
                hold=seconds(hold),
                wrapup={name: value for name, value in wrapup.items() if value is not None},
                presses=[press(text) for text in presses or ()],
                says=[say(text) for text in said or ()],
                hang_up_at=hang_up_at,
                way=way,
                queue=queue,
                locale=locale,
                textable=textable,
                house=house,
                transfer=transfer,
            )
        auth_token = secrets.token_hex(16)
        settings = settings_for_a_rehearsal(auth_token=auth_token, prompts=book)
        report = asyncio.run(
            play(played, maker(settings, textable=played.textable, agent=AGENT), auth_token=auth_token)
        )
    except (SceneError, BookFolderError, CannotStart) as error:
        says.stop(str(error))
    except TwilioRefuses as error:
        typer.echo(f"Twilio would refuse this call: {error}", err=True)
        raise typer.Exit(1) from None
    for _, status, body in report.answers:
        if status == 422:
            says.stop(_refused(body))
    if audio is not None:
        report.measured(record(report, audio))
    told = report.to_json()
    if as_json:
        says.as_json(told)
    else:
        tell_call(told)
        if audio is not None:
            typer.echo(f"To hear       {audio}")
    if report.faults:
        typer.echo("\n".join(["", "This is not what the scene expects:", *report.faults]), err=True)
        raise typer.Exit(1)


def _voice_or_stop(audio: Path) -> None:
    from ivr.speech.voices import missing

    if (sentence := missing()) is not None:
        says.stop(sentence)
    if not audio.parent.is_dir():
        says.stop(f"there is no folder {audio.parent}")


def _refused(body: Any) -> str:
    """Which part of the wrap-up the API did not take, and why."""
    reasons = []
    for fault in body.get("detail", []) if isinstance(body, dict) else []:
        where = " ".join(str(part) for part in fault.get("loc", [])[1:])
        reasons.append(f"{where}: {str(fault.get('msg', '')).removeprefix('Value error, ')}")
    return "the wrap-up was refused: " + ("; ".join(reasons) or "no reason given")

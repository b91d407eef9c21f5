"""ivr connect: point Twilio numbers, their fallback and status addresses, at this service."""

import asyncio
import re
import sys
from typing import Annotated, Any, Literal

import typer

from ivr.cli import says

_NUMBER = re.compile(r"\+[1-9]\d{5,14}")


def line(text: str, *, agents: bool = False) -> Any:
    """+44…, +44…:queue or +44…:queue:locale as a line. Raises BadParameter for anything else."""
    from ivr.connect import Line

    number, queue, locale = ([part.strip() for part in text.split(":")] + ["", ""])[:3]
    number = re.sub(r"[\s().-]", "", number)
    if not _NUMBER.fullmatch(number) or text.count(":") > (1 if agents else 2):
        raise typer.BadParameter(
            "write an agents' number like +442079460001:billing"
            if agents
            else "write a number like +442079460000, +442079460000:billing or +442079460000:billing:en-GB"
        )
    return Line(number, queue or None, locale or None, agents)


def _sid(letters: str, text: str | None) -> str | None:
    if text is not None and not re.fullmatch(letters + "[0-9a-fA-F]{32}", text):
        raise typer.BadParameter(f"“{text[:40]}” is not {letters} and 32 letters and digits")
    return text


def connect(
    numbers: Annotated[
        list[str] | None,
        typer.Option("--number", help="A callers' number beside those in rules.yaml: +44…[:queue[:locale]]."),
    ] = None,
    agents: Annotated[
        list[str] | None,
        typer.Option("--agents", help="A number that agents ring for the next caller: +44…[:queue]."),
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(help="Show what this TaskRouter workspace (WS…) needs, to be set by hand.")
    ] = None,
    workflow: Annotated[
        str | None, typer.Option(help="With --workspace: and this workflow (WW…), where there is no Flex.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Make the changes without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
    print_fallback: Annotated[
        Literal["twiml", "function"] | None,
        typer.Option(help="Print a fallback to host elsewhere, a document or a Twilio Function, and stop."),
    ] = None,
) -> None:
    """Point Twilio numbers, their fallback and status addresses, at this service: show, ask, change.

    Exit code 0: every number says what it should; 1: something differs and was not changed, or could not be;
    2: could not run. What TaskRouter needs is shown and never changed.

    Example: ivr connect --agents +442079460001:billing
    """
    from ivr import watch
    from ivr.cli import opened
    from ivr.connect import lines

    watch.set_up("warning")
    if print_fallback is not None:
        typer.echo(_fallback(print_fallback))
        return
    if workflow is not None and workspace is None:
        raise typer.BadParameter("--workflow needs its --workspace")
    by_hand = (_sid("WS", workspace), _sid("WW", workflow))
    typed = [line(text) for text in numbers or ()] + [line(text, agents=True) for text in agents or ()]
    settings = says.settings()
    _ready(settings)
    book = opened.book()
    for each in typed:
        if each.queue and each.queue not in book.rules.queues:
            typer.echo(
                f"note: rules.yaml has no queue “{each.queue}”; it will have the default's rules", err=True
            )
    raise typer.Exit(asyncio.run(_connect(settings, lines(book.rules, typed), by_hand, yes, as_json)))


def _ready(settings: Any) -> None:
    missing = [
        name
        for name, value in (
            ("IVR_PUBLIC_URL", settings.ivr_public_url),
            ("TWILIO_ACCOUNT_SID", settings.twilio_account_sid),
            ("TWILIO_API_KEY and TWILIO_API_SECRET", _credentials(settings)[1]),
        )
        if not value
    ]
    if missing:
        says.stop(f"set {', '.join(missing)} (the README says what they are)")
    if not settings.ivr_public_url.startswith("https://"):
        says.stop("IVR_PUBLIC_URL is not https: callers' details travel over it")


def _credentials(settings: Any) -> tuple[str, str]:
    if settings.twilio_api_key and settings.twilio_api_secret:
        return settings.twilio_api_key, settings.twilio_api_secret
    return settings.twilio_account_sid, settings.twilio_auth_token


def _fallback(kind: str) -> str:
    from ivr.cli import opened
    from ivr.line import fallback

    if kind == "twiml":
        return fallback.as_document(opened.book())
    public_url = says.settings().ivr_public_url
    if not public_url:
        says.stop("set IVR_PUBLIC_URL: an agent's leg is led back there")
    return fallback.as_function(opened.book(), public_url)


async def _connect(
    settings: Any, wanted: Any, by_hand: tuple[str | None, str | None], yes: bool, as_json: bool
) -> int:
    """Look, show, ask, change. The exit code."""
    from ivr.cli import connecting
    from ivr.connect import apply, plan
    from ivr.connect import by_hand as values_for
    from ivr.line.phone import Phone

    addresses = connecting.OurAddresses(settings.ivr_public_url, settings.ivr_fallback_url)
    phone = Phone(
        settings.twilio_account_sid,
        *_credentials(settings),
        public_url=settings.ivr_public_url,
        fallback_url=settings.ivr_fallback_url or None,
        api_url=settings.ivr_twilio_api_url or None,
        seconds=15.0,  # nobody is on the line
    )
    outcomes: dict[str, str] = {}
    try:
        await phone.start()
        found = await phone.numbers()
        if found.value is None:
            says.stop(_unasked(found.outcome))
        planned = plan(wanted, found.value, addresses)
        if not as_json:
            connecting.tell(planned)
        if planned.differing and (yes or (not as_json and _asked(len(planned.differing)))):
            outcomes = await apply(planned, phone)
    finally:
        await phone.stop()
    workspace, workflow = by_hand
    values = values_for(addresses, workspace, workflow) if workspace is not None else []
    if as_json:
        says.as_json(connecting.plain(planned, outcomes, values))
    else:
        connecting.tell_outcomes(outcomes)
        connecting.tell_values(values)
    left = [each for each in planned.differing if outcomes.get(each.line.number) != "done"]
    elsewhere = [each for each in planned.pointings if each.elsewhere]
    return 1 if left or elsewhere or not planned.pointings else 0


def _unasked(outcome: str) -> str:
    if outcome == "try_again":
        return "Twilio did not answer, or was too busy; is there a way out to the network?"
    if outcome == "too_late":
        return "Twilio knows no such account as TWILIO_ACCOUNT_SID says"
    return "Twilio refused: TWILIO_ACCOUNT_SID and the key (or token) do not belong together, or it may not list numbers"


def _asked(count: int) -> bool:
    """Whether the person at the terminal says yes; in a pipe there is nobody to ask."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        typer.echo("Nothing has been changed: there is nobody to ask here. Add --yes to make these changes.")
        return False
    if typer.confirm(f"Change {'1 number' if count == 1 else f'{count} numbers'}?", default=False):
        return True
    typer.echo("Nothing has been changed.")
    return False

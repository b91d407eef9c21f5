"""ivr connect: point Twilio numbers, their fallback and status addresses, at this service."""

import asyncio
import re
import sys
from typing import Annotated, Any, Literal

import typer

from ivr.cli import says

_NUMBER = re.compile(r"\+[1-9]\d{5,14}")
_HOW_IT_WENT = {
    "done": "done",
    "too_late": "Twilio no longer knows this number",
    "try_again": "Twilio did not answer, or was too busy; nothing is known to have changed. Run this again.",
    "refused": "Twilio refused: the log above has its code. A key needs the right to update numbers.",
}


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
    from ivr.connect import apply, plan
    from ivr.line.phone import Phone

    phone = Phone(
        settings.twilio_account_sid,
        *_credentials(settings),
        public_url=settings.ivr_public_url,
        fallback_url=settings.ivr_fallback_url or None,
        api_url=settings.ivr_twilio_api_url or None,
        seconds=15.0,  # nobody is on the line
    )
    addresses = OurAddresses(settings.ivr_public_url, settings.ivr_fallback_url)
    try:
        await phone.start()
        found = await phone.numbers()
        if found.value is None:
            says.stop(_unasked(found.outcome))
        planned = plan(wanted, found.value, addresses)
        if not as_json:
            _tell(planned)
        outcomes: dict[str, str] = {}
        if planned.differing and (yes or (not as_json and _asked(len(planned.differing)))):
            outcomes = await apply(planned, phone)
    finally:
        await phone.stop()
    values = _values(addresses, *by_hand)
    if as_json:
        says.as_json(_plain(planned, outcomes, values))
    else:
        _tell_outcomes(planned, outcomes)
        _tell_values(values)
    unchanged = [each for each in planned.differing if outcomes.get(each.line.number) != "done"]
    in_the_way = [each for each in planned.pointings if each.elsewhere]
    return 1 if unchanged or in_the_way or not planned.pointings else 0


class OurAddresses:
    """Our addresses, as Twilio takes them."""

    def __init__(self, public_url: str, fallback_url: str) -> None:
        self._base = public_url
        self.fallback = fallback_url or self.voice("/voice/fallback")

    def voice(self, path: str, **query: str | None) -> str:
        from ivr.line.twiml import voice_url

        return voice_url(self._base, path, **query)

    def events(self, path: str) -> str:
        from ivr.line.twiml import event_url

        return event_url(self._base, path)

    def assignment(self, path: str) -> str:
        # TaskRouter waits five seconds in all, so there is no room for more than one second try.
        return f"{self._base}{path}#rc=1&rp=ct,rt,5xx&ct=1000&rt=2000&tt=4500"


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
    if typer.confirm(f"Change {_numbers(count)}?", default=False):
        return True
    typer.echo("Nothing has been changed.")
    return False


def _numbers(count: int) -> str:
    return "1 number" if count == 1 else f"{count} numbers"


def _tell(planned: Any) -> None:
    for each in planned.pointings:
        typer.echo(f"{each.line.number}  {each.line}")
        for change in each.changes:
            typer.echo(f"  {change.field:<20} {change.now or '(nothing)'}")
            typer.echo(f"  {'':<16} →   {change.then}")
        if not each.changes:
            typer.echo("  nothing to change")
        if each.elsewhere:
            typer.echo(f"  but {_elsewhere(each.elsewhere)}")
    for absent in planned.absent:
        typer.echo(f"{absent.number}  {absent}\n  this account has no such number")
    if not planned.differing and planned.pointings:
        typer.echo("There is nothing to change.")
    if not planned.pointings:
        typer.echo(
            "None of these numbers is on the account: name them in rules.yaml, or with --number or --agents."
            if planned.absent
            else "No number is named: write them into rules.yaml, or use --number or --agents."
        )


def _elsewhere(sid: str) -> str:
    if sid.startswith("TK"):
        return f"the trunk {sid} answers in place of these addresses; take the number off it in the Console (Elastic SIP Trunking)"
    return f"the application {sid} answers in place of these addresses; in the Console, set the number's “Configure with” to webhooks"


def _tell_outcomes(planned: Any, outcomes: dict[str, str]) -> None:
    if not outcomes:
        return
    for each in planned.differing:
        outcome = outcomes[each.line.number]
        typer.echo(f"{each.line.number}  {_HOW_IT_WENT.get(outcome, outcome)}")


def _values(addresses: OurAddresses, workspace: str | None, workflow: str | None) -> list[tuple[str, str, str]]:
    from ivr.connect import by_hand

    return by_hand(addresses, workspace, workflow) if workspace is not None else []


def _tell_values(values: list[tuple[str, str, str]]) -> None:
    if values:
        typer.echo("\nTo be set by hand: this service never changes a workspace.")
    for sid, field, value in values:
        typer.echo(f"{sid}  {field}\n  {value}")


def _plain(planned: Any, outcomes: dict[str, str], values: list[tuple[str, str, str]]) -> dict[str, Any]:
    return {
        "numbers": [
            {
                "number": each.line.number,
                "sid": each.sid,
                "for": str(each.line),
                "changes": [
                    {"field": change.field, "now": change.now, "then": change.then} for change in each.changes
                ],
                "elsewhere": each.elsewhere,
                "outcome": outcomes.get(each.line.number),
            }
            for each in planned.pointings
        ],
        "absent": [absent.number for absent in planned.absent],
        "by_hand": [{"sid": sid, "field": field, "value": value} for sid, field, value in values],
    }

"""What ivr connect shows: each number now and then, how it went, and what is to be set by hand."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import typer

from ivr.connect import Plan
from ivr.line.twiml import event_url, voice_url

Values: TypeAlias = Sequence[tuple[str, str, str]]
"""(sid, Twilio's name of the field, value)."""

_HOW_IT_WENT = {
    "done": "done",
    "too_late": "Twilio no longer knows this number",
    "try_again": "Twilio did not answer, or was too busy; nothing is known to have changed. Run this again.",
    "refused": "Twilio refused: the log above has its code. A key needs the right to update numbers.",
}


class OurAddresses:
    """Our addresses, as Twilio takes them."""

    def __init__(self, public_url: str, fallback_url: str) -> None:
        self._base = public_url
        self.fallback = fallback_url or self.voice("/voice/fallback")

    def voice(self, path: str, **query: str | None) -> str:
        """A document for somebody on the line."""
        return voice_url(self._base, path, **query)

    def events(self, path: str) -> str:
        """A callback."""
        return event_url(self._base, path)

    def assignment(self, path: str) -> str:
        """TaskRouter's question what to do with a reservation."""
        # TaskRouter waits five seconds in all: room for one second try.
        return f"{self._base}{path}#rc=1&rp=ct,rt,5xx&ct=1000&rt=2000&tt=4500"


def tell(planned: Plan) -> None:
    """Every number: what it says now, and what it would say."""
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
        typer.echo(f"{absent.number}  {absent}\n  this account has no such number to ring")
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


def tell_outcomes(outcomes: Mapping[str, str]) -> None:
    """How it went, number by number."""
    for number, outcome in outcomes.items():
        typer.echo(f"{number}  {_HOW_IT_WENT.get(outcome, outcome)}")


def tell_values(values: Values) -> None:
    """What is to be typed into the Console."""
    if values:
        typer.echo("\nTo be set by hand: this service never changes a workspace.")
    for sid, field, value in values:
        typer.echo(f"{sid}  {field}\n  {value}")


def plain(planned: Plan, outcomes: Mapping[str, str], values: Values) -> dict[str, Any]:
    """All of it, for a program. An outcome is null where nothing was asked."""
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

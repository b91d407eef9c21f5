"""ivr serve --demo: the real service on this machine, and one call through its own webhooks to hear."""

import asyncio
import os
import secrets
from datetime import timedelta
from pathlib import Path

import typer

from ivr.cli import says
from ivr.cli.serve import prepare, run

FOLDER = Path("var")


def demonstrate(host: str, port: int) -> None:
    """Place one rehearsed call in the real ledger, tell it, then stay up."""
    from ivr import watch
    from ivr.app import Guest, WallClock, create_app
    from ivr.cli.rehearsing import maker, settings_for_a_rehearsal
    from ivr.cli.telling import record, tell_call
    from ivr.rehearsal.houses import AGENT
    from ivr.rehearsal.playing import play
    from ivr.rehearsal.scene import Scene
    from ivr.speech.voices import missing

    FOLDER.mkdir(exist_ok=True)
    token = secrets.token_hex(16)
    url = says.settings().ivr_database_url
    settings = settings_for_a_rehearsal(
        auth_token=token, database=url, secret=_secret(FOLDER / "demo-secret")
    )
    prepare(settings)
    watch.set_up("error")

    typer.echo("A call is being rehearsed: a long wait, a hold, one next step, a holiday …")
    scene = Scene.demo(name=f"demo {secrets.token_hex(4)}")
    begins = WallClock().now() - timedelta(minutes=30)
    report = asyncio.run(
        play(scene, maker(settings, textable=False, agent=AGENT), auth_token=token, begins=begins)
    )
    wav, silent = FOLDER / "demo.wav", missing()
    if silent is None:
        report.measured(record(report, wav, cache=FOLDER / "speech"))
    tell_call(report.to_json())
    typer.echo(f"To hear       {wav}" if silent is None else silent)

    guest = Guest(token=secrets.token_urlsafe(24), address="", name="demo")
    shown = "localhost" if host in ("127.0.0.1", "::1") else host
    typer.echo(f"\nThis call's story: http://{shown}:{port}/api/calls/{report.call}")
    typer.echo(
        f"  curl -H 'Authorization: Bearer {guest.token}' http://{shown}:{port}/api/calls/{report.call}"
    )
    typer.echo("The service stays up; Ctrl-C ends it.")
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    run(create_app(settings, guest=guest, settle=True), host, port)


def _secret(file: Path) -> str:
    """The demo's own secret, kept beside its database so that a second run can read the first's calls."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(32))
    return file.read_text().strip()

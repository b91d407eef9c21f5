"""ivr check and ivr migrate: is everything as it should be, and is the database up to date?"""

from typing import Annotated

import typer

from ivr.cli import says


def check(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")] = False,
) -> None:
    """Check settings, database, public URL, credentials and book: a line each, ok or what to do.

    Exit code 0: all well; 1: something is to be done.

    Example: ivr check
    """
    from ivr.cli.checks import every_check

    results = every_check(says.settings())
    if as_json:
        says.as_json([{"what": what, "ok": sentence is None, "do": sentence} for what, sentence in results])
    else:
        for what, sentence in results:
            typer.echo(f"{what:<12} {sentence or 'ok'}")
    raise typer.Exit(1 if any(sentence for _, sentence in results) else 0)


def migrate() -> None:
    """Bring the database to this version of the program. Harmless when it already is.

    Example: IVR_DATABASE_URL=postgresql://ivr@localhost/ivr ivr migrate
    """
    from ivr.store.database import StoreError
    from ivr.store.migrations import migrate as bring_up

    settings = says.settings()
    try:
        revision = bring_up(settings.ivr_database_url)
    except StoreError as error:
        says.stop(str(error))
    typer.echo(f"The database is at revision {revision}.")

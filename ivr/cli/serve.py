"""ivr serve: the service itself, or with --demo the service and one call to hear."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli import says

if TYPE_CHECKING:
    from ivr.book.book import Book


def serve(
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Serve on this machine only, without Twilio, and place one rehearsed call."
        ),
    ] = False,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[
        int,
        typer.Option(
            min=1, max=64, help="Processes that serve; more than one wants PostgreSQL or a quiet line."
        ),
    ] = 1,
) -> None:
    """Serve Twilio's webhooks and the API.

    Example: ivr serve --host 0.0.0.0 --port 8000
    """
    if demo:
        from ivr.cli.demo import demonstrate

        demonstrate(host, port)
        return
    settings = says.settings()
    if settings.missing:
        says.stop(
            f"set {', '.join(settings.missing)} (the README says what they are), or try `ivr serve --demo`"
        )
    prepare(settings)
    typer.echo(
        "Texts cannot be sent yet: key 2 is not offered, and a text_note is answered with “spoken”.", err=True
    )
    if workers == 1:
        from ivr.app import create_app

        run(create_app(settings, settle=True), host, port)
    else:
        run("ivr.app:from_environment", host, port, workers=workers)


def prepare(settings: Any) -> None:
    """Bring the database up to date, open the book once, and set up the log; a sentence where that fails."""
    import asyncio

    from ivr import watch
    from ivr.app import CannotStart, create_app
    from ivr.store.database import StoreError
    from ivr.store.migrations import migrate
    from ivr.store.shelf import BookFolderError

    watch.set_up(settings.ivr_log_level)

    async def once() -> None:
        service = create_app(settings)
        try:
            await service.open()
            if sentence := _folder_differs(service.book(), settings):
                typer.echo(sentence, err=True)
        finally:
            await service.stop()

    try:
        migrate(settings.ivr_database_url)
        asyncio.run(once())
    except (CannotStart, StoreError, BookFolderError) as error:
        says.stop(str(error))


def _folder_differs(book: "Book", settings: Any) -> str | None:
    """A sentence where the book's folder says something else than the version in force, or cannot be read."""
    from ivr.cli.checks import differs
    from ivr.store.shelf import BookFolderError, digest, read_folder

    folder = settings.prompts_folder()
    try:
        same = digest(read_folder(folder)) == book.digest
    except BookFolderError as error:
        return f"{error}; version {book.version} of the book stays in force."
    return None if same else f"{differs(folder, book.version or 0)}."


def run(app: Any, host: str, port: int, *, workers: int = 1) -> None:
    """uvicorn, quiet: our own log says what there is to say."""
    import uvicorn

    uvicorn.run(
        app,
        host=host,
        port=port,
        workers=workers,
        factory=isinstance(app, str),
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=10,
    )

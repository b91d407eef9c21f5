"""ivr publish and ivr roll-back: another version of the book comes into force."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from ivr.cli import says

if TYPE_CHECKING:
    from ivr.publish import Faulty, Overtaken, Plan, Published

By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who does it: a name from `ivr people list`.")]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why, in a sentence colleagues will read.")]
ApprovedBy = Annotated[
    str | None,
    typer.Option("--approved-by", metavar="NAME", help="A supervisor or owner who says yes as well."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")]


def publish(
    by: By,
    note: Note,
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="A book's folder; without it the draft, or where there is none IVR_PROMPTS."
        ),
    ] = None,
    approved_by: ApprovedBy = None,
    as_json: AsJson = False,
) -> None:
    """Put the draft, or a folder, into force as the next version of the book, once it has been proved.

    Faults stop it; advice does not. What differs is told first. Where rules.yaml says `publishing: {approval: yes}`,
    in the book in force or in the new one, a second person's yes is needed. Every worker speaks from the new version
    within a second; farewells under way keep their words. Exit code 1: faults, or pages others published since.

    Example: ivr publish --by Ana --note "A softer apology"
    """
    from ivr.app import WallClock
    from ivr.cli.opened import shelf
    from ivr.store.folder import BookFolderError, read_folder, written_from

    with shelf() as (_, drafts, publishing):

        async def go() -> "Published":
            files, source, mark = None, "the draft", None
            if folder is not None or await drafts.current() is None:
                where = folder or says.settings().prompts_folder()
                files, source, mark = read_folder(where), f"the folder {where}", written_from(where)

            def tell(plan: "Plan") -> None:
                if not as_json:
                    whose = f", begun by {plan.draft.by}" if plan.draft is not None else ""
                    _tell_plan(plan, f"Publishing {source}{whose}")

            return await publishing.publish(
                files,
                by=by,
                note=note,
                at=WallClock().now(),
                approved_by=approved_by,
                written_from=mark,
                tell=tell,
            )

        try:
            done = _done(go(), as_json)
        except BookFolderError as error:
            says.stop(str(error))
    _tell_done(done, note, as_json)


def roll_back(
    version: Annotated[
        int, typer.Argument(metavar="N", min=1, help="The version whose words are wanted back.")
    ],
    by: By,
    note: Note,
    approved_by: ApprovedBy = None,
    as_json: AsJson = False,
) -> None:
    """Put an earlier version's words into force again, as a new version: history stays as it was.

    The same people may do it as may publish. A draft that is open stays open.

    Example: ivr roll-back 3 --by Ana --note "Callers found the new apology cold"
    """
    from ivr.app import WallClock
    from ivr.cli.opened import shelf

    def tell(plan: "Plan") -> None:
        if not as_json:
            _tell_plan(plan, f"Rolling back to version {version}")
            if plan.faults:
                typer.echo(f"  (today's proof finds {len(plan.faults)} faults in it; that does not stop it)")

    with shelf() as (_, _, publishing):
        done = _done(
            publishing.roll_back(
                version, by=by, note=note, at=WallClock().now(), approved_by=approved_by, tell=tell
            ),
            as_json,
        )
    _tell_done(done, note, as_json)


def _done(work: Coroutine[Any, Any, "Published"], as_json: bool) -> "Published":
    from ivr.publish import Faulty, Overtaken, Refused
    from ivr.store.database import StoreUnavailable

    try:
        return asyncio.run(work)
    except Faulty as refused:
        _tell_faults(refused, as_json)
    except Overtaken as refused:
        _tell_overtaken(refused, as_json)
    except Refused as refused:
        says.stop(str(refused))
    except StoreUnavailable as error:
        says.stop(f"{error}; `ivr versions` says whether it was published")


def _tell_plan(plan: "Plan", what: str) -> None:
    from ivr.cli.comparing import tell_summary

    over = f"over version {plan.over}" if plan.over else "as the first version"
    typer.echo(f"{what}, {over}:")
    tell_summary(plan.difference)


def _tell_done(done: "Published", note: str, as_json: bool) -> None:
    from ivr.cli.comparing import plain

    if as_json:
        says.as_json(
            {
                "version": done.version,
                "over": done.plan.over,
                "by": done.by,
                "approved_by": done.approved_by,
                "note": " ".join(note.split()),
                "restores": done.plan.restores,
                "from": "version" if done.plan.restores else "draft" if done.plan.draft else "folder",
                "advice": sum(not fault.fault for fault in done.plan.faults),
                "difference": plain(done.plan.difference),
            }
        )
        return
    yes = f", with {done.approved_by}'s yes" if done.approved_by else ""
    typer.echo(f"Version {done.version} is in force, by {done.by}{yes}.")
    if advice := sum(not fault.fault for fault in done.plan.faults):
        typer.echo(f"({advice} pieces of advice: `ivr proof` lists them)")


def _tell_faults(refused: "Faulty", as_json: bool) -> NoReturn:
    from ivr.proof import as_plain

    if as_json:
        says.as_json({"refused": str(refused), "faults": [as_plain(fault) for fault in refused.faults]})
    else:
        for fault in refused.faults:
            typer.echo(f"{fault}\n")
    typer.echo(f"{refused}.", err=True)
    raise typer.Exit(1)


def _tell_overtaken(refused: "Overtaken", as_json: bool) -> NoReturn:
    from ivr.cli.comparing import plain_clash, tell_clashes

    if as_json:
        says.as_json({"refused": str(refused), "clashes": [plain_clash(each) for each in refused.clashes]})
    else:
        tell_clashes(refused.clashes)
    typer.echo(f"{refused}; nothing was published.", err=True)
    raise typer.Exit(1)

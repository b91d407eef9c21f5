"""Telling a person what happened: a rehearsed call, and a day of calls told again."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import Any

import typer

from ivr.cli import says


def minutes(seconds: float | None) -> str:
    """A length as a person reads it: 12 min 30 s."""
    if seconds is None:
        return "unknown"
    whole, rest = divmod(round(seconds), 60)
    return f"{whole} min {rest:02d} s" if whole else f"{rest} s"


def clock(seconds: float) -> str:
    """A place in time as a person reads it: 1:05."""
    whole, rest = divmod(int(seconds), 60)
    return f"{whole}:{rest:02d}"


def tell_call(report: dict[str, Any]) -> None:
    """A rehearsed call: its story, what was heard, and how it ended."""
    story, wait = report["story"], report["story"]["wait"]
    places = (("queue", "in the queue"), ("hold", "on hold"), ("earlier", "on earlier calls"))
    legs = ", ".join(f"{minutes(wait[leg])} {where}" for leg, where in places if wait[leg])
    severity = story["severity"].replace("_", " ")
    typer.echo(f"\nThe wait      {minutes(wait['seconds'])}{f' ({legs})' if legs else ''}: {severity}")
    typer.echo("The caller heard")
    for line in report["heard"]:
        if line["by"] == "caller":
            what = f"[presses {line['pressed']}]" if "pressed" in line else _said(line.get("said", ""))
            typer.echo(f"  {clock(line['at']):>5}  {what}")
            continue
        words = wrap(line["text"], 84) or [""]
        typer.echo(f"  {clock(line['at']):>5}  {line['moment'] or '':<12}  {words[0]}")
        for more in words[1:]:
            typer.echo(f"{'':23}{more}")
    outcome = {
        "heard": "the goodbye was heard to its end",
        "left": f"the caller hung up during {report.get('left_during') or 'the farewell'}",
        "returned": "the caller is back with the agent",
        "none": "nobody was there to hear a farewell",
    }[report["outcome"]]
    typer.echo(f"Outcome       {outcome}")
    for promise in report["promises"]:
        typer.echo(f"Promised      {promise['kind'].replace('_', ' ')}, due {promise['due']}")


def _said(words: str) -> str:
    return f"[says: {words}]" if words else "[coughs]"


def tell_summary(summary: Any) -> None:
    """A day of calls, a figure a line."""
    told = summary.to_json()
    waits = "  ".join(f"{name} {minutes(value)}" for name, value in told["waits"].items())
    severities = "  ".join(f"{name.replace('_', ' ')} {count}" for name, count in told["severities"].items())
    for name, value in (
        ("calls", f"{told['calls']} ({told['rows']} rows)"),
        ("answered", told["answered"]),
        ("waits", waits),
        ("severities", severities),
        ("apologies", told["apologies"]),
        (
            "farewell",
            f"mean {_seconds(told['mean_seconds'])}, 95th percentile {_seconds(told['p95_seconds'])}",
        ),
        (
            "of these",
            "  ".join(
                f"{name.replace('_', ' ')} {_seconds(length['p95'])} (longest {_seconds(length['max'])})"
                for name, length in told["moments"].items()
            )
            or "-",
        ),
        ("goodbyes", f"{told['distinct_goodbyes']} different ones, {told['repeats']} repeated to a caller"),
    ):
        typer.echo(f"{name:<12}{value}")
    for reason, lines in told["skipped"].items():
        shown = ", ".join(str(line) for line in lines[:10]) + (" …" if len(lines) > 10 else "")
        typer.echo(f"{'skipped':<12}{len(lines)} rows: {reason} (line {shown})")


def tell_comparison(comparison: Any) -> None:
    """What a second book changes: the counts, then the most changed calls side by side."""
    told = comparison.to_json()
    before, after = told["before"], told["after"]
    answered = before["answered"]
    share = f" ({100 * told['changed'] / answered:.1f} %)" if answered else ""
    typer.echo(f"{'changed':<12}{told['changed']} of {answered} answered calls hear something else{share}")
    if told["severities"]:
        typer.echo(f"{'weighed':<12}{told['severities']} calls are weighed otherwise: the rules differ")
    typer.echo(
        f"{'time':<12}{_signed(told['caller_seconds'])} s of listening in all; a farewell: "
        f"mean {_seconds(before['mean_seconds'])} → {_seconds(after['mean_seconds'])}, "
        f"95th percentile {_seconds(before['p95_seconds'])} → {_seconds(after['p95_seconds'])}"
    )
    for name, what in (
        ("apologies", "apologies"), ("repeats", "repeats"), ("distinct_goodbyes", "goodbyes"),
    ):  # fmt: skip
        typer.echo(f"{what:<12}{before[name]} → {after[name]}")
    if told["pages"]:
        typer.echo(
            f"\n{'page':<12}{'wait':<12}{'new words':>10}{'other words':>13}{'now said':>10}{'unsaid':>8}"
        )
    for page, changes in told["pages"].items():
        for severity, counts in changes["calls"].items():
            cells = [counts.get(what, 0) or "" for what in ("changed", "other", "said", "unsaid")]
            typer.echo(
                f"{page:<12}{severity.replace('_', ' '):<12}"
                f"{cells[0]:>10}{cells[1]:>13}{cells[2]:>10}{cells[3]:>8}"
            )
        typer.echo(f"{'':<12}{_signed(changes['seconds'])} s of {page.replace('_', ' ')} in all")
    for example in told["examples"]:
        first, second = example["seconds"]
        typer.echo(
            f"\ncall {example['call']}, wait {example['severity'].replace('_', ' ')}: "
            f"{_seconds(first)} → {_seconds(second)}"
        )
        for left, right in _side_by_side(example["before"], example["after"]):
            typer.echo(f"  {left:<{_COLUMN}}  {right}".rstrip())


_COLUMN = 52  # characters; two of them and a margin stand on a usual terminal's wider setting


def _side_by_side(
    before: Sequence[Sequence[str]], after: Sequence[Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """Both farewells in two columns, moment beside moment; what is the same in both is only named."""
    for moment in dict.fromkeys(name for name, _ in (*before, *after)):
        name = moment.replace("_", " ")
        old, new = ([text for at, text in lines if at == moment] for lines in (before, after))
        if old == new:
            yield f"{name}: the same", ""
            continue
        columns = [
            [
                line
                for number, words in enumerate(said or ["nothing"])
                for line in wrap(
                    words,
                    _COLUMN,
                    initial_indent="" if number else f"{name}: ",
                    subsequent_indent="  ",
                )
            ]
            for said in (old, new)
        ]
        yield from zip_longest(*columns, fillvalue="")


def _signed(seconds: float) -> str:
    return f"{seconds:+,.0f}".replace("-", "−")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """Whom long work tells (what, done, of how many): a bar on a terminal, quiet in a pipe."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def record(heard: Any, file: Path, *, cache: Path | None = None) -> list[float]:
    """What the caller heard, as a WAV; gives the measured seconds of each line. A sentence where it cannot be."""
    from ivr.speech.audio import Silence, Sound, Words
    from ivr.speech.audio import record as write
    from ivr.speech.engines import PiperEngine
    from ivr.speech.voices import SpeechError

    track: list[Sound] = []
    lines: list[int] = []
    for sound in heard.sounds:
        if sound.ssml:
            lines.append(len(track))
            track.append(Words(sound.ssml, sound.voice, cut_after=sound.cut_after))
        elif sound.seconds > 0:
            track.append(Silence(sound.seconds))
    try:
        with PiperEngine(cache=cache) as engine, progress() as report:
            measured = write(
                track, file, engine=engine, progress=lambda done, total: report("speaking", done, total)
            )
    except SpeechError as error:
        says.stop(str(error))
    except OSError as error:
        says.stop(f"{file} cannot be written: {error.strerror}")
    return [measured[place] for place in lines]

"""Generated calls, whatever happens in them, through the whole service: what must hold of every call.

A call is made from its seed alone. `IVR_CHAOS_CALLS=2000` plays more of them than the suite does, and
`IVR_CHAOS_FIRST=1234` begins at another seed; what fails prints the call it failed on.
"""

import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import httpx
import pytest

from ivr.cli.rehearsing import maker, settings_for_a_rehearsal
from ivr.rehearsal.call import Document, Leg
from ivr.rehearsal.cast import AGENT, Happening, moment_of
from ivr.rehearsal.clock import Clock
from ivr.rehearsal.report import Line, Report
from ivr.rehearsal.rest import RestSide
from ivr.rehearsal.scene import BEGINS, Scene, play

FIRST = int(os.environ.get("IVR_CHAOS_FIRST", "1"))
CALLS = int(os.environ.get("IVR_CHAOS_CALLS", "60"))
BOOK = Path(__file__).parent / "scenes" / "book"
TOKEN = "a rehearsal's own"

Who: TypeAlias = Literal["caller", "agent"]

KEYS = "0123456789*#"
MOMENTS = ("opening", "apology", "next_steps", "next_steps_2", "question", "goodbye")
NAMES = (
    "Ana", "Siobhan", "None", "O'Brien & Sons", "Łukasz", "李小龍", "<Ana>", "{{name}}", "Mary Jane", "MARGARET",
    "José María de la Cruz", "\u202eanA", "😀", "“Bo”", "null", "Ana\x00", "a" * 80,
)  # fmt: skip
STEPS = (
    "send a form", "ring you back", "refund the second charge", "post a label & an envelope",
    "email a photo of the label", "sign it; keep a copy", "check “the blue box”", "wait for our letter",
)  # fmt: skip
GIFTS = (
    ("holiday", "in Tobago"),
    ("loss", "your mother"),
    ("exam", None),
    ("hard_time", None),
    ("match", "on Sunday"),
)

LONGEST_SILENCE = 3.0  # seconds, where nothing was lost and nobody is listening for a key
LONGEST_LISTENING = 6.0 + 1.0  # what is listened for after the options, and the breath before it
RELEASED_WITHIN = (
    90.0 + 10.0
)  # seconds after the caller's end: the last news running dry, and a round of polling


# --- what happens -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mischief:
    """What the network does to a call: requests doubled, one lost, one REST request refused for a while."""

    doubled: float = 0.0  # of a hundred requests, so many
    lost: int | None = None  # the how-manieth request
    answer_lost: bool = False  # it arrived, and only its answer was lost
    refused: int | None = None  # the how-manieth REST request
    status: int = 503


@dataclass(frozen=True, slots=True)
class Generated:
    """A call made from a seed."""

    seed: int
    scene: Scene
    mischief: Mischief

    def __str__(self) -> str:
        """As one would write it down, to play it again by hand."""
        scene = self.scene
        head = [
            f"seed: {self.seed}",
            f"caller: {scene.caller}",
            f"textable: {scene.textable}",
            f"{self.mischief}",
        ]
        return "\n".join([*head, "happened: |", *(f"  {_row(each)}" for each in scene.happened)])


def _row(happening: Happening) -> str:
    hours, seconds = divmod(happening.at, 3600)
    clock = f"{9 + int(hours):02}:{int(seconds // 60):02}:{seconds % 60:04.1f}"
    during = f"during {happening.during}" if happening.during else ""
    words = (clock, happening.who, happening.does, happening.what, during, str(happening.wrapup or ""))
    return "  ".join(filter(None, words))


def generated(seed: int) -> Generated:
    """The call of a seed."""
    chance = random.Random(seed)
    scene = Scene(
        f"chaos {seed}",
        tuple(_happened(chance)),
        begins=BEGINS,
        caller=chance.choice(
            ["+447700900123", "anonymous", "+266696687", "sip:ana@example.com", "Anonymous & Co"]
        ),
        textable=chance.random() < 0.3,
    )
    mischief = Mischief()
    if chance.random() < 0.4:
        mischief = Mischief(
            doubled=chance.choice([0, 0, 10, 50, 100]),
            lost=chance.randint(2, 30) if chance.random() < 0.4 else None,
            answer_lost=chance.random() < 0.5,
            refused=chance.randint(3, 8) if chance.random() < 0.3 else None,
            status=chance.choice([429, 500, 503]),
        )
    return Generated(seed, scene, mischief)


def _happened(chance: random.Random) -> Iterator[Happening]:
    """From the ring to whatever comes last: every time later than the one before it."""
    at = 0.0
    yield Happening(at, "caller", "queued", chance.choice(["", "", "billing", "alone", "soon", "quiet"]))
    at += chance.choice([0, 5, 20, 61, 90, 200, 400, 1000]) + chance.random()
    if chance.random() < 0.04:
        yield Happening(at, "caller", "hangs up")
        return
    yield Happening(at, "agent", "answered")
    at += chance.uniform(0.1, 60)
    if chance.random() < 0.3:
        yield Happening(at, "agent", "held")
        at += chance.uniform(1, 200)
        if chance.random() < 0.8:
            yield Happening(at, "agent", "resumed")
            at += chance.uniform(0, 20)
    if chance.random() < 0.06:
        yield Happening(at, chance.choice(["caller", "agent"]), "hangs up")
        return
    if chance.random() < 0.9:
        wrapup = _wrapup(chance)
        yield Happening(at, "agent", "wrapped up", wrapup=wrapup)
        at += chance.choice([0, 0.1, 0.4, 1, 5])
        if (
            wrapup.get("start") == "when_agent_leaves"
            or wrapup.get("way") == "after"
            or chance.random() < 0.1
        ):
            yield Happening(at, "agent", "hangs up")
    else:
        yield Happening(at, "agent", "hangs up")
    for _ in range(chance.randint(0, 5)):
        at += chance.choice([0, 0, 0.2, 1.0, chance.uniform(0, 30)])
        for happening in _something(chance, at):
            at = happening.at
            yield happening


def _something(chance: random.Random, at: float) -> Iterator[Happening]:
    """One thing, or a few that belong together, that callers and agents do in a farewell."""
    during = chance.choice(MOMENTS) if chance.random() < 0.6 else None
    kind = chance.choices(
        ["key", "back", "again", "agent key", "caller leaves", "agent leaves", "queue again"],
        [40, 25, 10, 12, 5, 8, 12],
    )[0]
    if kind == "key":
        yield Happening(at, "caller", "presses", chance.choice(KEYS), during=during)
    elif kind == "back":
        if chance.random() < 0.7:
            yield Happening(at, "caller", "presses", "0", during=during)
        else:
            yield Happening(at, "agent", "presses", "*", during=during)
        if chance.random() < 0.3:  # before they have met
            who: Who = chance.choice(["caller", "agent"])
            yield Happening(at + chance.choice([0, 0.3, 1, 2.5]), who, "hangs up")
        elif chance.random() < 0.7:
            at += chance.choice([0.2, 3, 25])
            yield Happening(at, "agent", "wrapped up", wrapup=_wrapup(chance))
        elif chance.random() < 0.5:
            yield Happening(at + chance.uniform(3, 25), "agent", "hangs up")
    elif kind == "again":
        yield Happening(at, "caller", "presses", "1", during=during)
    elif kind == "agent key":
        yield Happening(at, "agent", "presses", chance.choice("##*015"), during=during)
    elif kind == "caller leaves":
        yield Happening(at, "caller", "hangs up", during=during)
    elif kind == "agent leaves":
        yield Happening(at, "agent", "hangs up", during=during)
    else:
        yield Happening(at, "agent", "presses", "#", during=during)
        yield Happening(at + 5, "caller", "presses", "0", during=chance.choice(MOMENTS))
        yield Happening(at + 8, "caller", "presses", chance.choice("1112"))
        if chance.random() < 0.7:
            yield Happening(at + 40, "agent", "answered")
            if chance.random() < 0.7:
                yield Happening(at + 60, "agent", "wrapped up", wrapup=_wrapup(chance))
            else:
                yield Happening(at + 60, "agent", "hangs up")


def _wrapup(chance: random.Random) -> dict[str, Any]:
    """What the agent notes: anything the API takes."""
    noted: dict[str, Any] = {}
    if chance.random() < 0.8:
        noted["name"] = chance.choice([name for name in NAMES if _takes(name)])
    for flag in ("resolved", "trouble"):
        if chance.random() < 0.7:
            noted[flag] = chance.random() < 0.7
    for flag in ("apologised", "text_note", "same_person"):
        if chance.random() < 0.15:
            noted[flag] = True
    noted["tone"] = chance.choice(["plain", "plain", "plain", "sober", "gentle"])
    whats = chance.sample(STEPS, chance.choice([0, 1, 1, 1, 2, 3, 5]))
    noted["steps"] = [_step(chance, what) for what in whats]
    noted["gifts"] = [
        {"kind": kind} | ({"detail": detail} if detail else {})
        for kind, detail in chance.sample(GIFTS, chance.choice([0, 0, 1, 2]))
    ]
    noted |= chance.choice(
        [{}, {}, {}, {}, {"way": "after"}, {"start": "when_agent_leaves"}, {"pace": "slow"}]
    )
    if chance.random() < 0.2:
        noted["agent"] = chance.choice(["Sam", "Sam O'Neil"])
    if chance.random() < 0.1:
        noted["held_seconds"] = chance.choice([0, 30, 400])
    return noted


def _takes(name: str) -> bool:
    """Whether the API takes such a name: markup and templates it refuses."""
    return "{{" not in name and "<" not in name


def _step(chance: random.Random, what: str) -> dict[str, Any]:
    step: dict[str, Any] = {"who": chance.choice(["us", "us", "you", "done"]), "what": what}
    if chance.random() < 0.4:
        step["by"] = chance.choice(["2026-11-21", "2026-11-28", "2020-01-01", "2027-02-28"])
    if chance.random() < 0.4:
        step["reference"] = chance.choice(["AB-4719", "K7", "4417", "A/B.C_D 12"])
    if chance.random() < 0.2:
        step["to"] = chance.choice(["help@example.com", "the old address", "+44 20 7946 0000"])
    return step


# --- playing ------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Witness:
    """Carries what is asked, does the mischief, and notes down what the caller was led through."""

    call: Generated
    chance: random.Random
    rest: RestSide | None = None
    carried: int = 0
    asked: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)
    documents: list[tuple[float, Document]] = field(default_factory=list)  # the caller's, and when
    queued: int = 0

    def watch(self, rest: RestSide) -> None:
        """Stand beside the exchange of this call."""
        self.rest = rest
        rest.upset = self._upset
        rest.exchange.on_document.append(self._saw)
        rest.exchange.on_queue.append(self._came)

    @property
    def caller(self) -> Leg:
        assert self.rest is not None
        return next(iter(self.rest.exchange.legs.values()))

    async def carry(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        """One request of Twilio's or of a program's."""
        if request.url.path.startswith("/api/"):
            return await client.send(request)
        mischief = self.call.mischief
        self.carried += 1
        if self.carried == mischief.lost:
            self.lost += 1
            if mischief.answer_lost:
                await client.send(request)
            raise httpx.ConnectError("lost on the way")
        answer = await client.send(request)
        if self.chance.random() * 100 < mischief.doubled:
            answer = await client.send(request)
        if request.url.path.startswith("/voice/") and (
            answer.status_code != 200 or b"<Response" not in answer.content
        ):
            self.wrong.append(f"{request.url} answered {answer.status_code}: {answer.text[:200]}")
        return answer

    async def _upset(self, path: str, timeout: float | None, answer: Any, refuse: Any) -> Any:
        self.asked += 1
        if self.asked != self.call.mischief.refused:
            return answer()
        self.lost += 1
        return refuse(self.call.mischief.status)

    def _saw(self, leg: Leg, document: Document) -> None:
        if leg is self.caller:
            self.documents.append((leg.clock.monotonic(), document))

    def _came(self, leg: Leg) -> None:
        """Somebody who is in the queue again does not wait for ever."""
        self.queued += 1
        if self.queued > 1:
            assert self.rest is not None
            self.rest.exchange.spawn(self._gives_up(leg, self.queued), "gives up")

    async def _gives_up(self, leg: Leg, time: int) -> None:
        await leg.clock.sleep(400)
        waiting = [stay.leg for queue in leg.exchange.queues.values() for stay in queue.waiting]  # type: ignore[attr-defined]
        if time == self.queued and leg in waiting:
            leg.hang_up()


async def played(call: Generated) -> tuple[Report, Witness]:
    witness = Witness(call, random.Random(call.seed))
    settings = settings_for_a_rehearsal(auth_token=TOKEN, prompts=BOOK)
    make = maker(settings, textable=call.scene.textable, agent=AGENT)

    def make_app(clock: Clock, rest: RestSide) -> Any:
        witness.watch(rest)
        return make(clock, rest)

    return await play(call.scene, make_app, auth_token=TOKEN, carrier=witness.carry), witness


# --- what must hold -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(FIRST, FIRST + CALLS))
async def test_whatever_happens_the_call_ends_well(seed: int) -> None:
    call = generated(seed)
    try:
        report, witness = await played(call)
        broken = list(_broken(report, witness))
    except Exception as error:
        error.add_note(str(call))
        raise
    assert not broken, "\n".join(
        ["", *broken, str(call), "heard:", *(f"  {_heard(line)}" for line in report.heard)]
    )


def _heard(line: Line) -> str:
    what = line.pressed or f"{line.text}{' (cut)' if line.cut else ''}"
    return f"{line.at:7.1f}  {line.by:6}  {line.moment or '':12}  {what}"


def _broken(report: Report, witness: Witness) -> Iterator[str]:
    """Every rule the call broke."""
    yield from witness.wrong
    yield from (f"{asked.path} answered {asked.status}" for asked in report.requests if asked.status >= 500)
    yield from (fault for fault in report.faults if not _of_the_scene(fault, witness))
    yield from _spoken_words(report)
    if not any(each.who == "agent" and each.what == "*" for each in witness.call.scene.happened):
        yield from _said_twice(
            report
        )  # nobody can tell how much of a moment was heard when the agent ended it
    yield from _agents(witness)
    yield from _ending(report, witness)
    if not witness.lost:
        yield from _silences(witness)


def _of_the_scene(fault: str, witness: Witness) -> bool:
    """A generated call asks for things that cannot come about, and a lost request is noted by Twilio."""
    return (
        "never came about" in fault
        or "no longer there" in fault
        or "nobody was connected" in fault
        or (fault.startswith("Twilio would have noted") and witness.lost > 0)
    )


def _spoken_words(report: Report) -> Iterator[str]:
    for line in report.heard:
        if any(word in line.text for word in ("{{", "}}", "<", ">", "None ", "  ")):
            yield f"this was said: {line.text}"


_TOLD = ("what we will do", "what is yours", "what is done", "the reference", "the reference, texted")


def _said_twice(report: Report) -> Iterator[str]:
    """A line is heard again only where a key cut it or asked for it again."""
    first: dict[str, int] = {}
    for place, line in enumerate(report.heard):
        if not _tells(line):
            continue
        if line.text in first:
            between = report.heard[first[line.text] : place]
            if not any(each.pressed and each.pressed != "0" for each in between) and not _interrupted(
                between
            ):
                yield f"said twice: {line.text}"
        if not line.cut:
            first[line.text] = place


def _tells(line: Line) -> bool:
    """Whether it tells something, rather than which keys there are."""
    return line.entry is not None and (line.moment != "next_steps" or line.entry.rpartition("/")[2] in _TOLD)


def _interrupted(lines: Sequence[Line]) -> bool:
    """Whether a key came before all of the moment that the first of these lines belongs to had been told, or
    so soon after that it cannot be known."""
    moment, begun = lines[0].moment, lines[0].at
    for line in lines:
        if line.cut and _tells(line) and line.moment == moment:
            return True
        if line.pressed or line.moment != moment:
            told = [each for each in lines if each.at < line.at and _tells(each)]
            until = max(each.at + each.seconds for each in told)
            return line.at < until + 0.15 * (until - begun) + 5
    return False


def _agents(witness: Witness) -> Iterator[str]:
    """Nobody who spoke with the caller is kept on the line for nothing."""
    assert witness.rest is not None
    for agent in {bridge.agent for bridge in witness.rest.exchange.bridges}:
        stayed = (agent.ended or 0.0) - (witness.caller.ended or 0.0)
        if stayed > RELEASED_WITHIN:
            yield f"the agent stayed {stayed:.0f} s after the caller's end"


def _ending(report: Report, witness: Witness) -> Iterator[str]:
    """The outcome as the caller's own telephone would tell it."""
    if not witness.documents:
        return
    caller, (_, last) = witness.caller, witness.documents[-1]
    paused = any(each.does == "queued" and each.what == "quiet" for each in witness.call.scene.happened)
    says = sorted({int(line["farewell"]) for line in report.told.get("says", ())})
    if says != list(range(1, len(says) + 1)):
        yield f"the farewell's parts are {says}"
    if not report.heard and caller.ended_by == "caller":
        wanted = {"none", "left"}  # so soon that nobody can say whether a word of it was heard
    elif caller.ended_by == "line":
        wanted = {"none"} if paused else {"heard"}
    elif _on_the_way_back(last):
        wanted = {"left", "returned"}
    elif last.root.find("Dial") is not None:
        wanted = {"returned"}
    elif last.root.find("Enqueue") is not None or last.path in ("/voice/wait", "/voice/bridging"):
        wanted = {"none"} if witness.queued == 1 else {"left", "returned"}
    else:
        wanted = {"left", "heard"} if moment_of(last) == "goodbye" else {"left"}
    if report.outcome not in wanted:
        yield f"the outcome is {report.outcome}, and should be {' or '.join(sorted(wanted))}"
    if report.told.get("caller") != "gone":
        yield f"the caller is {report.told.get('caller')}, though the call is over"


def _on_the_way_back(document: Document) -> bool:
    """Whether it is heard between the key and the room, where nobody can say which side of it they are on."""
    leads = [(redirect.text or "") for redirect in document.root.iter("Redirect")]
    return any("/voice/farewell/back" in address for address in [document.url or "", *leads])


def _silences(witness: Witness) -> Iterator[str]:
    """Silence longer than anybody should bear, where the caller is with us: not with an agent, not in a queue."""
    caller, quiet_since, bearable = witness.caller, None, LONGEST_SILENCE
    ends = [at for at, _ in witness.documents[1:]] + [caller.ended or 0.0]
    for (at, document), until in zip(witness.documents, ends, strict=True):
        if not document.path.startswith(("/voice/farewell", "/voice/queue-left")):
            quiet_since = None
            continue
        if quiet_since is None:
            quiet_since, bearable = at, LONGEST_SILENCE
        for sound in caller.sounds:
            if at <= sound.at <= until and sound.document is document:
                yield from _unbearable(quiet_since, sound.at, bearable, document)
                quiet_since, bearable = sound.at + sound.seconds, LONGEST_SILENCE
        if any(int(gather.get("timeout", "5")) >= 5 for gather in document.root.iter("Gather")):
            bearable = LONGEST_LISTENING
        if document.root.find("Dial") is not None or document.root.find("Enqueue") is not None:
            quiet_since = None
        else:
            yield from _unbearable(quiet_since, until, bearable, document)


def _unbearable(since: float, until: float, bearable: float, document: Document) -> Iterator[str]:
    if until - since > bearable + 0.01:
        yield f"{until - since:.1f} s of silence at {document.path}"


def test_a_call_is_the_same_every_time_it_is_made() -> None:
    assert generated(7) == generated(7)
    assert str(generated(7)) != str(replace(generated(8), seed=7))

"""What must hold of every call, whatever happens in it and whatever goes wrong on the way.

Each law gives the ways in which it was broken, as sentences.
"""

from collections.abc import Iterable, Iterator, Sequence

from ivr.rehearsal.document import Document
from ivr.rehearsal.faults import EVERY, Carried
from ivr.rehearsal.moments import moment_of
from ivr.rehearsal.report import Line
from tests.chaos.witness import Played

LONGEST_SILENCE = 3.0  # seconds, where nobody is listening for a key
LONGEST_LISTENING = 6.0 + 1.0  # what is listened for after the options, and the breath before it
LONGEST_DISTURBED = 12.0  # where Twilio's own request was lost, or its answer too late
RELEASED_WITHIN = 90.0 + 10.0  # seconds after the last news of the caller, and a round of polling
IMPOSSIBLE = (
    "never came about", "no longer there", "nobody was connected", "nobody was waiting", "not connected to the caller",
    "did not come to the room", "nobody was with the caller", "in no room to be put on hold", "no task that could be",
)  # fmt: skip
ALONE = ("left alone in a room",)  # where REST never answers, nobody can be led out of one
TELLS_HOLDS = ("queue", "flex with plugin", "taskrouter")
ON_THE_WAY_BACK = "One moment, and you are back."  # as the scenes' book has it; said again while it lasts
IN_TIME = 0.1  # seconds in which an answer is as good as at once


def broken(call: Played) -> list[str]:
    """Every law that one played call broke."""
    laws = (answers, log, words, twice, agents, parts, ending, the_wait, silence, doubts)
    return [fault for law in laws for fault in law(call)]


def answers(call: Played) -> Iterator[str]:
    """A document for everybody on the line, 204 for every event, no 5xx for anybody."""
    yield from call.witness.wrong
    if not call.report.told:
        yield "the story was not told"


def log(call: Played) -> Iterator[str]:
    """No exception, anywhere: not one that was caught and logged, either."""
    for line in call.witness.logged:
        if line["log_level"] == "error" or line["event"] in ("keeping later", "not looked again"):
            yield f"logged: {line}"


def words(call: Played) -> Iterator[str]:
    """Nothing is said that is not meant for ears."""
    for line in call.report.heard:
        if any(word in line.text for word in ("{{", "}}", "<", ">", "None ", "  ")):
            yield f"this was said: {line.text}"


def doubts(call: Played) -> Iterator[str]:
    """The service's account and the ear's agree, and no goodbye is cut by us.

    A generated call asks for things that cannot come about; that is no fault.
    """
    excused = [*IMPOSSIBLE, *(ALONE if any(fault.last >= EVERY for fault in call.scene.faults) else ())]
    if starred(call):
        excused.append("after the goodbye the line stayed open")  # they were taken back, and talked on
    for fault in call.report.faults:
        if not any(word in fault for word in excused):
            yield fault


# --- nothing twice --------------------------------------------------------------------------------------

_TOLD = ("what we will do", "what is yours", "what is done", "the reference", "the reference, texted")


def twice(call: Played) -> Iterator[str]:
    """A line is heard again only where a key cut it or asked for it again."""
    if starred(call):
        return  # nobody can tell how much of a moment was heard when the agent ended it
    heard, first = call.report.heard, dict[str, int]()
    for place, line in enumerate(heard):
        if not _tells(line):
            continue
        if line.text in first:
            between = heard[first[line.text] : place]
            asked_for = any(one.pressed and one.pressed != "0" for one in between) or _interrupted(between)
            if not asked_for and not _proof_lost(call):
                yield f"said twice: {line.text}"
        if not line.cut:
            first[line.text] = place


def starred(call: Played) -> bool:
    """Whether an agent pressed the star key, which takes a caller back whatever they are hearing."""
    return any(happening.who == "agent" and happening.what == "*" for _, happening in call.report.acted)


def _tells(line: Line) -> bool:
    """Whether it tells something, rather than which keys there are, or that the way back takes a moment."""
    if line.text == ON_THE_WAY_BACK:
        return False
    return line.entry is not None and (line.moment != "next_steps" or line.entry.rpartition("/")[2] in _TOLD)


def _proof_lost(call: Played) -> bool:
    """Whether no try of the request that would have told of a moment's end got through: then nobody can know
    that it was heard, and it is told once more rather than left out."""
    return any(one.path.startswith("/voice/farewell") for one in undelivered(call))


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


def parts(call: Played) -> Iterator[str]:
    """One farewell, continued after each return."""
    says = sorted({int(line["farewell"]) for line in call.report.told.get("says", ())})
    if says != list(range(1, len(says) + 1)):
        yield f"the farewell's parts are {says}"


# --- nobody stuck ---------------------------------------------------------------------------------------


def agents(call: Played) -> Iterator[str]:
    """Nobody who spoke with the caller is kept on the line for nothing."""
    witness = call.witness
    over = max(witness.caller.ended or 0.0, witness.news)
    for agent in witness.agents:
        if agent.ended is None or agent.ended - over > RELEASED_WITHIN:
            yield f"an agent stayed until {agent.ended}; the last news of the caller came at {over:.0f}"


def ending(call: Played) -> Iterator[str]:
    """The outcome as the caller's own telephone would tell it."""
    witness, report = call.witness, call.report
    if not witness.documents or untold(call):
        return
    caller, (_, last) = witness.caller, witness.documents[-1]
    paused = any(happening.what == "quiet" for happening in call.scene.happened if happening.does == "queued")
    if not report.heard and caller.ended_by == "caller":
        wanted = {"none", "left"}  # so soon that nobody can say whether a word of it was heard
    elif fell_back(call):
        return  # whatever was told until then
    elif caller.ended_by == "line":
        wanted = {"none"} if paused else {"heard"}
    elif _on_the_way_back(last):
        wanted = {"left", "returned"}
        if report.goodbye_whole and starred(call):
            wanted.add(
                "heard"
            )  # the agent's key came in mid-goodbye, and Twilio was slower than its last words
    elif last.root.find("Dial") is not None:
        away = any(document.path.startswith("/voice/farewell") for _, document in witness.documents)
        again = sum(happening.does == "wrapped up" for _, happening in report.acted) > 1
        wanted = ({"returned", "left"} if again else {"returned"}) if away else {"none"}
    elif last.root.find("Enqueue") is not None or last.path in ("/voice/wait", "/voice/bridging"):
        begun = any(line.moment for line in report.heard)  # a queue again comes after some of a farewell
        wanted = {"left", "returned"} if begun else {"none"}
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


# --- the truth ------------------------------------------------------------------------------------------


def the_wait(call: Played) -> Iterator[str]:
    """The wait is told to the second: in the queue by the clock of the exchange, on hold by the agent's keys."""
    wait = call.report.told.get("story", {}).get("wait", {})
    if undelivered(call) or fell_back(call):
        return  # nobody told the service of all of it
    queued, held = sum(stay.seconds for stay in call.witness.stays), _held(call)
    handed_on = call.witness.handed_on
    if handed_on:
        # TaskRouter tells of whole seconds here and of milliseconds there: two figures of one stretch
        if held is not None and abs((wait.get("seconds") or 0) - queued - held - handed_on) > 1:
            yield f"the story tells of {wait.get('seconds')} s; they were {queued} + {held} + {handed_on}"
        return  # in the other queue and on hold at once: which of the two it is called is all the same
    if call.witness.stays and wait.get("queue") != queued:
        yield f"the story tells of {wait.get('queue')} s in the queue; they were {queued}"
    if held is not None and wait.get("hold") != held:
        yield f"the story tells of {wait.get('hold')} s on hold; they were {held}"


def _held(call: Played) -> int | None:
    """Seconds on hold; None where the agent noted another figure, or nobody tells of holds or the end of one."""
    held = [at for at, happening in call.report.acted if happening.does == "held"]
    resumed = [at for at, happening in call.report.acted if happening.does == "resumed"]
    noted = any("held_seconds" in happening.wrapup for _, happening in call.report.acted)
    noted = noted or any("in no room to be put on hold" in fault for fault in call.report.faults)
    if call.scene.house not in TELLS_HOLDS or len(held) != len(resumed) or noted:
        return None
    return int(round(sum(resumed) - sum(held), 3))


def fell_back(call: Played) -> bool:
    """Whether Twilio turned to the fallback address, whose documents need no ledger and tell it nothing."""
    return any(document.path == "/voice/fallback" for _, document in call.witness.documents)


def undelivered(call: Played) -> list[Carried]:
    """What truly never reached the service, of all that Twilio asked or told it."""
    return [one for one in call.report.carried if not one.delivered]


def untold(call: Played) -> bool:
    """Whether the service was never told of somebody's end: where the number is Studio's, Studio is."""
    return call.scene.house == "flex through studio" or any(
        one.path == "/events/call" for one in undelivered(call)
    )


# --- silence --------------------------------------------------------------------------------------------


def silence(call: Played) -> Iterator[str]:
    """No silence longer than anybody should bear, where the caller is with us: with no agent, in no queue."""
    caller, quiet_since, bearable = call.witness.caller, None, LONGEST_SILENCE
    documents = call.witness.documents
    if not documents:
        return  # both of our addresses failed: Twilio itself ended the call
    ends = [at for at, _ in documents[1:]] + [caller.ended or 0.0]
    rest_failed = any(fault.kind in ("REST times out", "REST answer lost") for fault in call.scene.faults)
    slow = [one for one in call.report.carried if one.call in (None, caller.sid) and _slow(one)]
    for (at, document), until in zip(documents, ends, strict=True):
        if not document.path.startswith(("/voice/farewell", "/voice/queue-left")):
            quiet_since = None
            continue
        if quiet_since is None:
            quiet_since, bearable = at, LONGEST_SILENCE
        for sound in caller.sounds:
            if at <= sound.at <= until and sound.document is document:
                yield from _unbearable(quiet_since, sound.at, bearable, document, slow, rest_failed)
                quiet_since, bearable = sound.at + sound.seconds, LONGEST_SILENCE
        if any(int(gather.get("timeout", "5")) >= 5 for gather in document.root.iter("Gather")):
            bearable = LONGEST_LISTENING
        if document.root.find("Dial") is not None or document.root.find("Enqueue") is not None:
            quiet_since = None
        else:
            yield from _unbearable(quiet_since, until, bearable, document, slow, rest_failed)


def _slow(one: Carried) -> bool:
    """A request that was lost, or whose answer came late or never."""
    return one.tries > 1 or not one.answered or one.until - one.at > IN_TIME


def _unbearable(
    since: float,
    until: float,
    bearable: float,
    document: Document,
    slow: Iterable[Carried],
    rest_failed: bool,
) -> Iterator[str]:
    disturbed = rest_failed or any(one.at <= until and one.until >= since for one in slow)
    if disturbed:
        bearable += LONGEST_DISTURBED - LONGEST_SILENCE
    if until - since > bearable + 0.01:
        yield f"{until - since:.1f} s of silence at {document.path}"

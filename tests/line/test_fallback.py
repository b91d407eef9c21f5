"""The fallback that is kept elsewhere: complete in itself, and as a Function answering as ours does."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ivr.book.book import Book, read
from ivr.line import fallback
from ivr.store.shelf import read_folder
from tests.line.conftest import BOOK, URL, Twilio

RUN = Path(__file__).with_name("run_function.cjs")
NODE = shutil.which("node")


@pytest.fixture(scope="module")
def small() -> Book:
    found, _ = read(read_folder(BOOK))
    assert found is not None
    return found


Ask = Callable[..., ElementTree.Element]


def run(file: Path, error_url: str, queue_result: str = "") -> ElementTree.Element:
    """The printed Function, run by node as Twilio runs it: give it an ErrorUrl and a QueueResult, get its document."""
    if NODE is None:
        pytest.skip("no node here: the Function is JavaScript")
    done = subprocess.run(
        [NODE, str(RUN), str(file), error_url, queue_result], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout)
    assert answered["headers"] == {"Content-Type": "text/xml"}
    return ElementTree.fromstring(answered["body"].encode())


@pytest.fixture(scope="module")
def ask(small: Book, tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """The Function of the small book."""
    file = tmp_path_factory.mktemp("function") / "fallback.js"
    file.write_text(fallback.as_function(small, URL), "utf-8")
    return lambda error_url, result="": run(file, error_url, result)


def verbs(document: ElementTree.Element) -> list[str]:
    return [verb.tag for verb in document]


def test_the_document_takes_leave_in_the_default_voice_and_hangs_up(small: Book) -> None:
    document = ElementTree.fromstring(fallback.as_document(small).encode())
    assert verbs(document) == ["Say", "Hangup"]
    voice = small.voice(small.rules.locale)
    assert document[0].get("voice") == voice.voice
    assert "oodbye" in "".join(document[0].itertext())


def test_the_document_says_nothing_that_passes() -> None:
    files = read_folder(BOOK)
    files["rules.yaml"] = files["rules.yaml"].replace(
        "  default:\n", "  default:\n    notice: closed on Friday\n", 1
    )
    files["en-GB/mishap.yaml"] = (
        "- entry: this week\n  part: fallback\n  tone: any\n  when: line.notice known\n  say: |\n    Bye till Friday.\n"
        "- entry: today\n  part: fallback\n  tone: any\n  when: day.part known\n  say: |\n    Good night.\n"
        "- entry: always\n  part: fallback\n  tone: any\n  say: |\n    Goodbye.\n"
    )
    passing, _ = read(files)
    assert passing is not None
    assert passing.rules.queue("default").notice == "closed on Friday"
    assert "Goodbye." in fallback.as_document(passing)


def test_a_recording_is_never_played_since_it_lies_with_us() -> None:
    files = read_folder(BOOK)
    files["en-GB/mishap.yaml"] = (
        "- entry: always\n  part: fallback\n  tone: any\n  say: |\n    Goodbye. [recording goodbye.wav]\n"
    )
    recorded, _ = read(files)
    assert recorded is not None
    assert verbs(ElementTree.fromstring(fallback.as_document(recorded).encode())) == ["Say", "Hangup"]


def test_the_function_holds_no_markup_that_could_end_a_script(small: Book) -> None:
    given = fallback.as_function(small, URL).partition("const GIVEN = ")[2].partition("};\n")[0]
    assert "<" not in given
    assert "</script" not in given


@pytest.mark.parametrize("path", ["/voice/incoming", "/voice/wait", "/voice/wait/key", "/voice/bridging"])
def test_a_caller_not_yet_served_waits_on_without_our_addresses(ask: Ask, path: str) -> None:
    document = ask(f"{URL}{path}?queue=billing&locale=en-GB")
    assert verbs(document) == ["Say", "Enqueue", "Say", "Hangup"]
    enqueue = document[1]
    assert (enqueue.text, enqueue.attrib) == ("billing", {})


def test_a_caller_who_waits_for_taskrouter_waits_there_on(tmp_path: Path) -> None:
    workflow, other = "WW" + "1" * 32, "WW" + "2" * 32
    files = read_folder(BOOK)
    files["rules.yaml"] = files["rules.yaml"].replace(
        "  default:\n", f"  default:\n    workflow: {workflow}\n", 1
    )
    book, _ = read(files)
    assert book is not None
    file = tmp_path / "fallback.js"
    file.write_text(fallback.as_function(book, URL), "utf-8")
    for query, waits in (
        ("locale=en-US", workflow),
        (f"workflow={other}", other),
        ("workflow=%22", None),
        ("queue=unnamed", workflow),
    ):
        enqueue = run(file, f"{URL}/voice/incoming?{query}")[1]
        assert enqueue.get("workflowSid") == waits
        if waits:
            assert json.loads(enqueue[0].text or "")["queue"] == (
                "unnamed" if "queue" in query else "default"
            )


@pytest.mark.parametrize("path", ["/voice/agent", "/voice/agent/next"])
def test_an_agent_is_led_back_after_a_line_and_a_pause(ask: Ask, path: str) -> None:
    document = ask(f"{URL}{path}?queue=bill%20ing&call=CA1")
    assert verbs(document) == ["Say", "Pause", "Redirect"]
    led = document[2].text or ""
    assert led.startswith(f"{URL}{path}?queue=bill%20ing&")
    assert ("call=CA1" in led) == (path == "/voice/agent/next")
    assert led.endswith("mishap=1#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000")


@pytest.mark.parametrize(
    "error_url",
    [
        "",
        "not an address",
        "https://[",
        URL,
        f"{URL}/voice/farewell?call=CA1",
        f"{URL}/voice/queue-left?queue=default",
        f"{URL}/voice/agentless",
        f"{URL}/voice/agent?queue=default&mishap=1",
        f"{URL}/voice/incoming?mishap=0",
        f"{URL}/voice/fallback",
        "https://elsewhere.example.com/anything",
    ],
)
def test_everything_else_and_every_second_time_gets_the_goodbye(ask: Ask, error_url: str) -> None:
    assert verbs(ask(error_url)) == ["Say", "Hangup"]


def test_after_the_last_word_nothing_more_is_said(ask: Ask) -> None:
    assert verbs(ask(f"{URL}/voice/farewell/done?call=CA1&n=1&heard=goodbye")) == ["Hangup"]


@pytest.mark.parametrize("queue", ["constructor", "__proto__", "a%00b", "%3C%26%22", "%F0%9F%98%80" * 40])
def test_no_queues_name_breaks_the_document(ask: Ask, queue: str) -> None:
    document = ask(f"{URL}/voice/incoming?queue={queue}")
    assert verbs(document) == ["Say", "Enqueue", "Say", "Hangup"]
    assert 0 < len(document[1].text or "") <= 63


def test_an_american_hears_american_words_and_a_stranger_the_default(ask: Ask, small: Book) -> None:
    voices = {
        asked: ask(f"{URL}/voice/incoming?locale={asked}")[0].get("voice")
        for asked in ("en-US", "en-AU", "fr-FR", "")
    }
    default = small.voice("en-GB").voice
    assert voices == {"en-US": small.voice("en-US").voice, "en-AU": default, "fr-FR": default, "": default}


def test_a_service_below_a_path_is_answered_the_same(small: Book, tmp_path: Path) -> None:
    file = tmp_path / "fallback.js"
    file.write_text(fallback.as_function(small, f"{URL}/calls/"), "utf-8")
    led = run(file, f"{URL}/calls/voice/agent?queue=q")[2].text or ""
    assert led.startswith(f"{URL}/calls/voice/agent?queue=q&mishap=1#")


@pytest.mark.parametrize(
    "error_url",
    [
        f"{URL}/voice/incoming?queue=billing&locale=en-GB",
        f"{URL}/voice/wait?queue=billing&locale=en-US",
        f"{URL}/voice/agent?queue=billing",
        f"{URL}/voice/agent/next?call=CA1",
        f"{URL}/voice/farewell?call=CA1",
        f"{URL}/voice/farewell/done?call=CA1",
        f"{URL}/voice/agent?queue=billing&mishap=1",
        "",
    ],
)
async def test_the_function_answers_as_the_service_itself_would(
    twilio: Twilio, ask: Ask, error_url: str
) -> None:
    await answers_alike(twilio, ask, error_url)


@pytest.mark.parametrize(
    ("query", "result", "waits"),
    [("&front=1", "leave", True), ("", "leave", False), ("&front=1", "bridged", False)],
)
async def test_whoever_is_on_the_way_from_the_front_into_the_queue_waits_on(
    twilio: Twilio, ask: Ask, query: str, result: str, waits: bool
) -> None:
    error_url = f"{URL}/voice/queue-left?stay=1&queue=billing&locale=en-GB{query}"
    document = await answers_alike(twilio, ask, error_url, result)
    assert (document.findtext("Enqueue") == "billing") == waits


async def answers_alike(twilio: Twilio, ask: Ask, error_url: str, result: str = "") -> ElementTree.Element:
    """What the service answers, and the Function too."""
    ours = await twilio.document("/voice/fallback", ErrorUrl=error_url, QueueResult=result)
    theirs = ask(error_url, result)
    assert verbs(theirs) == verbs(ours)
    for mine, other in zip(ours, theirs, strict=True):
        assert other.attrib == mine.attrib
        if mine.tag != "Say":  # which of several wordings is spoken goes by the call
            assert other.text == mine.text
    return ours

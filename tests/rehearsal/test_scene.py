"""A call as a short YAML: reading it, playing it against a service of a few lines, and saying what was not so."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ivr.rehearsal.cast import moment_of
from ivr.rehearsal.document import Document
from ivr.rehearsal.expected import Expectations, SceneError
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.report import Report
from ivr.rehearsal.scene import ACCOUNT, Scene, play
from ivr.rehearsal.twiml.reading import parse
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Heard, Service

OPENING = "One moment more."
STEP = "We will send a new router."
CODE = 'Your code is A B,<break time="300ms"/> 4 7 1 9.'
GOODBYE = "Goodbye now, Ana."


def moment(name: str, onward: str, *lines: str) -> str:
    said = "".join(f'<Say voice="Polly.Amy-Neural" language="en-GB">{line}</Say>' for line in lines)
    key = f"/voice/farewell/key?at={name}"
    return (
        f'<Gather numDigits="1" finishOnKey="" timeout="1" action="{key}">{said}</Gather>'
        f"<Redirect>/voice/farewell/{onward}</Redirect>"
    )


def says(name: str, entry: str, text: str, **more: object) -> dict[str, object]:
    return {
        "moment": name,
        "entry": f"en-GB/{name}/{entry}",
        "variant": "abc123",
        "text": text,
        "seconds": 1.0,
        **more,
    }


class SmallLine:
    """The shape of our service in one table, telling its story as ours does. Nothing of it is ours."""

    def __init__(self) -> None:
        self.outcome = "none"
        self.noted: list[dict[str, Any]] = []
        self.rest: Any = None
        self.service = Service(
            {
                "/voice/incoming": '<Say>welcome</Say><Enqueue action="/voice/queue-left" waitUrl="/voice/wait">q</Enqueue>',
                "/voice/wait": '<Pause length="30"/>',
                "/voice/queue-left": lambda heard: (
                    self._farewell() if heard.form["QueueResult"] == "bridged" else ""
                ),
                "/voice/bridging": "",
                "/voice/agent": '<Dial action="/voice/agent/next" timeout="60"><Queue url="/voice/bridging">q</Queue></Dial>',
                "/voice/agent/next": "<Say>they have gone</Say>",
                "/voice/farewell": lambda _: self._farewell(),
                "/voice/farewell/next_steps": moment("next_steps", "goodbye", STEP, CODE),
                "/voice/farewell/goodbye": moment("goodbye", "done", GOODBYE),
                "/voice/farewell/key": self._key,
                "/voice/farewell/done": self._done,
                "/voice/fallback": "<Hangup/>",
                "/events/call": (204, None, ""),
            }
        )

    def _farewell(self) -> str:
        self.outcome = "left"
        return moment("opening", "next_steps", OPENING)

    def _key(self, heard: Heard) -> str:
        return (
            moment("next_steps", "goodbye", STEP, CODE)
            if heard.form["Digits"] == "1"
            else "<Redirect>/voice/farewell/goodbye</Redirect>"
        )

    def _done(self, heard: Heard) -> str:
        self.outcome = "heard"
        return "<Hangup/>"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for answer in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{answer}.complete"})
        elif scope["path"].startswith("/api/"):
            await self._api(scope, receive, send)
        else:
            await self.service(scope, receive, send)

    async def _api(self, scope: Any, receive: Any, send: Any) -> None:
        assert dict(scope["headers"])[b"authorization"] == b"Bearer the-token"
        body = (await receive()).get("body", b"")
        call = scope["path"].split("/")[3]
        told: dict[str, Any] = {"state": "started"}
        status = 202
        if scope["path"].endswith("/wrapup"):
            self.noted.append(json.loads(body))
            if self.noted[-1].get("start") != "when_agent_leaves":
                self.begin(call)
        elif scope["method"] == "GET":
            status, told = 200, self._story(call)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [(b"content-type", b"application/json")],
            }
        )
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    def begin(self, call: str) -> None:
        """The wrap-up has come: the caller's leg goes to its farewell."""
        self.rest.calls.update(call, {"Url": f"{PUBLIC_URL}/voice/farewell"})

    def _story(self, call: str) -> dict[str, Any]:
        return {
            "call": call,
            "story": {
                "wait": {"seconds": 750, "queue": 750, "hold": 0, "earlier": 0},
                "severity": "very_long",
                "calls_today": 1,
                "loose_ends": 0,
            },
            "caller": "gone",
            "agent": "gone",
            "moment": "goodbye",
            "outcome": self.outcome,
            "left_during": "next_steps" if self.outcome == "left" else None,
            "book": {"version": 1, "locale": "en-GB"},
            "promises": [{"kind": "text_note", "due": "2026-11-21T19:30:00+00:00", "body": "code 4719"}],
            "says": [
                says("opening", "aside", OPENING),
                says("next_steps", "what we will do", STEP, step=1),
                says("next_steps", "the code", "Your code is A B, 4 7 1 9.", step=1),
                says("goodbye", "by name", GOODBYE),
            ],
        }


async def played(scene: Scene, line: SmallLine | None = None) -> Report:
    line = line or SmallLine()

    def make_app(clock: Any, rest: Any) -> tuple[Any, str]:
        line.rest = rest
        return line, "the-token"

    return await play(scene, make_app, auth_token="12345")


HAPPENED = """
  09:00:00  queued       billing
  09:12:30  answered     agent
  09:20:00  wrapped up   name Ana; ours: send a router by 2026-11-28, reference AB-4719
"""


def scene(happened: str = HAPPENED, **rest: str) -> Scene:
    return Scene.from_text("\n".join(["happened: |" + happened, *rest.values()]), name="a scene")


# --- playing -----------------------------------------------------------------------------------------------


async def test_what_was_heard_is_told_line_by_line_with_what_the_service_says_of_it() -> None:
    report = await played(scene())
    told = report.to_json()
    assert list(told) == ["call", "story", "heard", "outcome", "left_during", "promises", "book", "requests"]
    assert [line["text"] for line in told["heard"]] == [OPENING, STEP, "Your code is A B, 4 7 1 9.", GOODBYE]
    first, second = told["heard"][:2]
    assert first["at"] == 0
    assert (
        second.items()
        >= {
            "by": "line",
            "moment": "next_steps",
            "entry": "en-GB/next_steps/what we will do",
            "variant": "abc123",
            "step": 1,
        }.items()
    )
    assert second["at"] == pytest.approx(first["seconds"] + 1, abs=0.1)
    assert told["outcome"] == "heard"
    assert told["promises"][0]["due"] == "2026-11-21T19:30:00Z"
    assert {"method": "POST", "path": "/voice/incoming", "status": 200}.items() <= told["requests"][0].items()
    assert report.faults == []


async def test_the_wait_in_the_queue_is_exactly_the_wanted_one_whatever_the_greeting_takes() -> None:
    line = SmallLine()
    await played(scene(), line)
    assert line.service.asked("/voice/bridging")[0].form["QueueTime"] == "750"
    assert line.service.asked("/voice/wait")[0].form["QueueTime"] == "0"


async def test_a_key_falls_halfway_through_its_moment_and_cuts_the_line() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller presses 1 during next_steps\n"))
    heard = report.to_json()["heard"]
    place = next(index for index, line in enumerate(heard) if line["by"] == "caller")
    assert heard[place] == {"at": heard[place]["at"], "by": "caller", "pressed": "1"}
    cut, again = heard[place - 1], heard[place + 1]
    assert heard[place]["at"] == pytest.approx(cut["at"] + cut["seconds"], abs=0.11)
    assert again["text"] == STEP
    assert again["step"] == 1
    assert report.outcome == "heard"


async def test_a_caller_who_hangs_up_during_a_moment_has_left() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller hangs up during next_steps\n"))
    assert report.outcome == "left"
    assert report.to_json()["left_during"] == "next_steps"
    assert report.faults == []


async def test_an_agent_who_hangs_up_leaves_the_caller_to_the_farewell() -> None:
    report = await played(
        scene(HAPPENED.replace("name Ana", "when agent leaves") + "  09:20:05  agent hangs up\n")
    )
    assert report.outcome == "heard"
    assert report.heard[0].entry == "en-GB/opening/aside"


async def test_a_moment_that_never_comes_is_a_fault_that_says_so() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller presses 0 during apology\n"))
    assert report.faults == [
        "“caller presses 0” never came about: apology was not spoken, or not long enough"
    ]


async def test_a_goodbye_the_service_only_claims_is_a_fault() -> None:
    line = SmallLine()
    line.service.documents["/voice/farewell/goodbye"] = "<Redirect>/voice/farewell/done</Redirect>"
    report = await played(scene(), line)
    assert report.faults == ["the service says that the goodbye was heard, but it was not played to its end"]


async def test_a_document_against_twilios_rules_ends_the_rehearsal() -> None:
    line = SmallLine()
    line.service.documents["/voice/bridging"] = "<Hangup/>"
    with pytest.raises(TwilioRefuses, match="14211"):
        await played(scene(), line)


async def test_the_same_scene_is_heard_the_same_way_twice() -> None:
    first, second = await played(scene()), await played(scene())
    assert first.heard == second.heard
    assert first.call == second.call


async def test_the_calls_id_is_a_hash_of_the_scenes_name() -> None:
    one = await played(scene())
    other = await played(Scene.from_text("happened: |" + HAPPENED, name="another"))
    assert one.call != other.call
    assert len(one.call) == 34


async def test_it_may_begin_at_another_time() -> None:
    line = SmallLine()
    begins = datetime(2027, 1, 2, 3, 4, tzinfo=UTC)
    await play(
        scene(), lambda clock, rest: (setattr(line, "rest", rest), (line, "the-token"))[1], begins=begins
    )
    assert line.service.asked("/events/call")[0].form["Timestamp"].startswith("Sat, 02 Jan 2027 03:")
    assert line.service.heard[0].form["AccountSid"] == ACCOUNT


async def test_real_lengths_take_the_place_of_the_estimates() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller presses 2 during opening\n"))
    before = report.to_json()["heard"]
    report.measured([2 * track.seconds for track in report.sounds if track.ssml])
    after = report.to_json()["heard"]
    assert [line["text"] for line in after if "text" in line] == [
        line["text"] for line in before if "text" in line
    ]
    assert after[0]["seconds"] == pytest.approx(2 * before[0]["seconds"], abs=0.15)
    assert after[1]["at"] == pytest.approx(after[0]["seconds"], abs=0.15)
    assert after[1]["pressed"] == "2"
    with pytest.raises(ValueError, match="lengths given"):
        report.measured([1.0])


async def test_a_cut_line_says_how_far_it_was_heard() -> None:
    report = await played(scene(HAPPENED + "  09:20:30  caller hangs up during goodbye\n"))
    assert report.sounds[-1].cut_after == pytest.approx(0.5, abs=0.02)
    assert report.sounds[0].cut_after is None
    assert {track.voice for track in report.sounds if track.ssml} == {"en-GB"}


async def test_flags_make_a_call_with_a_wait_a_hold_and_a_wrap_up() -> None:
    line = SmallLine()
    made = Scene.from_flags(
        wait=750, hold=120, wrapup={"name": "Ana"}, presses=[("1", "next_steps")], way="aside"
    )
    report = await played(made, line)
    assert line.noted == [{"name": "Ana", "way": "aside"}]
    assert [
        (asked.path.rpartition("/")[2], round(asked.at)) for asked in report.requests if "/api/" in asked.path
    ][:3] == [
        ("hold", 780),
        ("resume", 900),
        ("wrapup", 920),
    ]
    assert [line.pressed for line in report.heard if line.by == "caller"] == ["1"]


async def test_flags_for_an_agent_who_has_gone() -> None:
    line = SmallLine()
    report = await played(Scene.from_flags(wait=20, way="after", hang_up_at="goodbye"), line)
    assert line.noted == [{"way": "after", "start": "when_agent_leaves"}]
    assert report.outcome == "left"


async def test_a_start_that_fails_is_told_in_its_own_words() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        raise LookupError("no book")

    with pytest.raises(LookupError, match="no book"):
        await play(scene(), lambda clock, rest: (broken, ""))


# --- reading -----------------------------------------------------------------------------------------------


def test_a_wrap_up_is_read_as_the_api_takes_it() -> None:
    text = """
  09:00:00  queued
  09:01:00  answered
  09:02:00  wrapped up   name Ana; tone sober; unresolved; trouble; text note; slow
                         ours: send a new, faster router by 2026-11-28, reference AB-4719, to the old address
                         theirs: email a photo, to help@example.com; done: cancelled the second charge
                         gift new home theirs: in Leeds; held 120; same person; apologised
"""
    (wrapup,) = [happening.wrapup for happening in scene(text).happened if happening.does == "wrapped up"]
    assert wrapup == {
        "name": "Ana",
        "tone": "sober",
        "resolved": False,
        "trouble": True,
        "text_note": True,
        "pace": "slow",
        "steps": [
            {
                "who": "us",
                "what": "send a new, faster router",
                "by": "2026-11-28",
                "reference": "AB-4719",
                "to": "the old address",
            },
            {"who": "you", "what": "email a photo", "to": "help@example.com"},
            {"who": "done", "what": "cancelled the second charge"},
        ],
        "gifts": [{"kind": "new_home", "detail": "in Leeds", "whose": "theirs"}],
        "held_seconds": 120,
        "same_person": True,
        "apologised": True,
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("happened: [", "not YAML"),
        ("about: nothing", "needs `happened"),
        ("happened: |\n  09:00:00  queued\nherd: x", "unknown: herd"),
        ("happened: |\n  queued", "begin with a time"),
        ("happened: |\n  09:00:00  answered", "begins with the caller"),
        ("happened: |\n  09:00:00  queued\n  08:00:00  answered", "go backwards"),
        (
            "happened: |\n  09:00:00  queued\n  09:00:01  caller sings",
            "“caller sings” is nothing that can happen",
        ),
        ("happened: |\n  09:00:00  queued\n  09:00:01  wrapped up  cheerful", "nobody can note “cheerful”"),
        ("happened: |\n  09:00:00  queued\n  09:00:01  caller presses 1 during lunch", "lunch is no moment"),
        ("happened: |\n  09:00:00  queued\ndate: tomorrow", "tomorrow is not a date"),
        ("happened: |\n  09:00:00  queued\nstar: off", "star off: after the star key"),
        ("happened: |\n  09:00:00  queued\nheard: goodbye", "needs a moment before it"),
        ("happened: |\n  09:00:00  queued\nthen:\n  - weather: fine", "nobody can tell weather"),
        ("happened: |\n  09:00:00  queued\nthen:\n  - outcome", "is not a name and a value"),
    ],
)
def test_a_scene_that_cannot_be_read_says_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(SceneError, match=message.replace("`", ".")):
        Scene.from_text(text, name="a scene")


def test_a_file_is_named_when_it_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "gone.yaml"
    with pytest.raises(SceneError, match=r"gone\.yaml cannot be read"):
        Scene.read(file)
    file.write_text("about: x", encoding="utf-8")
    with pytest.raises(SceneError, match=r"gone\.yaml: a scene needs"):
        Scene.read(file)


def test_ways_and_moments_nobody_knows_are_refused_in_flags() -> None:
    with pytest.raises(SceneError, match="apart cannot be rehearsed"):
        Scene.from_flags(way="apart")
    with pytest.raises(SceneError, match="transfer hot cannot be rehearsed"):
        Scene.from_flags(transfer="hot")
    with pytest.raises(SceneError, match="glass is no house"):
        Scene.from_flags(house="glass")
    with pytest.raises(SceneError, match="lunch is no moment"):
        Scene.from_flags(presses=[("1", "lunch")])
    with pytest.raises(SceneError, match="lunch is no moment"):
        Scene.from_flags(says=[("no", "lunch")])


def test_what_is_said_and_a_cough_are_things_that_happen() -> None:
    text = "happened: |\n  09:00:00  queued\n  09:00:01  caller says “no, thank you” during question\n"
    made = Scene.from_text(f"{text}  09:00:02  caller coughs during question\n", name="a scene")
    assert [(one.does, one.what, one.during) for one in made.happened[1:]] == [
        ("says", "no, thank you", "question"),
        ("says", "", "question"),
    ]
    flags = Scene.from_flags(says=[("no", "question")]).happened[-1]
    assert (flags.does, flags.what, flags.during) == ("says", "no", "question")


def test_the_moment_of_a_document_stands_in_the_addresses_it_leads_to() -> None:
    def document(inner: str, url: str) -> Document:
        return Document(parse(f"<Response>{inner}</Response>".encode()), PUBLIC_URL + url)

    assert moment_of(document('<Gather action="/k?at=apology"/>', "/voice/farewell?call=1")) == "apology"
    assert moment_of(document("<Redirect>/d?heard=goodbye</Redirect>", "/voice/farewell/x")) == "goodbye"
    assert moment_of(document("", "/voice/farewell/next_steps_2")) == "next_steps_2"
    assert moment_of(document("<Hangup/>", "/voice/farewell/done"), "goodbye") == "goodbye"


# --- what was expected -----------------------------------------------------------------------------------------


async def test_expectations_by_entry_by_words_by_ellipsis_and_by_nothing() -> None:
    report = await played(scene())
    good = Expectations.read(
        "apology: nothing\nnext_steps: what we will do   # a remark\nnext_steps: …4 7 1 9.\ngoodbye: …\ncaller: nothing",
        ["sorry"],
        [
            {"outcome": "heard"},
            {"severity": "very long"},
            {"wait": "750"},
            {"text to caller": "4719"},
            {"asked": "/voice/wait"},
        ],
    )
    differences = [text for text in good.differences(report) if not text.startswith("caller")]
    assert differences == []


async def test_a_difference_shows_what_was_expected_and_what_was_heard() -> None:
    report = await played(scene())
    bad = Expectations.read(
        "opening: after\nnext_steps: what we will do\ngoodbye: nothing",
        ["router"],
        [{"outcome": "left"}, {"promise": "check_in"}],
    )
    opening, steps, goodbye, never, outcome, promise = bad.differences(report)
    assert opening == f"opening: expected\n    after\n  but heard was\n    [aside] {OPENING}"
    assert "[the code] Your code is A B, 4 7 1 9." in steps
    assert goodbye.startswith("goodbye: expected\n    nothing")
    assert never == f"“router” was said, and never should be:\n    [what we will do] {STEP}"
    assert outcome == "outcome: expected left, found heard"
    assert promise == "promise: expected “check_in”, found “text_note”"


async def test_moments_in_another_order_are_a_difference() -> None:
    report = await played(scene())
    (difference,) = Expectations.read("goodbye: …\nopening: …", [], []).differences(report)
    assert difference == "the moments came in another order: opening, goodbye"

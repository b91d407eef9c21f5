"""Scenes in TaskRouter's houses, against a service of a few lines: who hears what in a room, and who is left there."""

import json
from typing import Any

import pytest

from ivr.rehearsal.expected import Expectations
from ivr.rehearsal.playing import ACCOUNT
from ivr.rehearsal.report import Report
from ivr.rehearsal.scene import Scene
from ivr.rehearsal.scene_error import SceneError
from ivr.rehearsal.sids import sid
from ivr.rehearsal.taskrouter import TaskRouter
from ivr.rehearsal.wire import PUBLIC_URL
from tests.rehearsal.conftest import Heard
from tests.rehearsal.small_line import CODE, GOODBYE, OPENING, STEP, SmallLine, played

FLOW = sid("WW", ACCOUNT, "Flex Task Assignment")


def told(onward: str, *lines: str) -> str:
    said = "".join(f'<Say voice="Polly.Amy-Neural" language="en-GB">{line}</Say>' for line in lines)
    return f"{said}<Redirect>/voice/farewell/{onward}</Redirect>"


class SmallFlex(SmallLine):
    """A service that announces its farewell to the room, and ends the room when it has been heard."""

    def __init__(self, *, clears: bool = True, ends: bool = True) -> None:
        super().__init__()
        self.clears, self.ends = clears, ends
        self.service.documents |= {
            "/voice/incoming": f'<Say>welcome</Say><Enqueue workflowSid="{FLOW}" action="/voice/queue-left" '
            'waitUrl="/voice/wait"><Task>{"queue": "billing"}</Task></Enqueue>',
            "/events/taskrouter": (204, None, ""),
            "/events/conference": (204, None, ""),
            "/taskrouter/assignment": (
                200,
                "application/json",
                json.dumps(
                    {
                        "instruction": "conference",
                        "from": "+442079460000",
                        "end_conference_on_customer_exit": True,
                        "conference_status_callback": f"{PUBLIC_URL}/events/conference",
                        "conference_status_callback_event": "start end join leave mute hold",
                    }
                ),
            ),
            "/voice/farewell/announcement": self._announced,
            "/voice/farewell/announcement/done": self._heard_out,
        }

    def begin(self, call: str) -> None:
        room = self.room()
        for person in room.people if self.clears else ():
            self.rest.conferences.update_person(room.sid, person.leg.sid, {"Hold": "false"})
            self.rest.conferences.update_person(room.sid, person.leg.sid, {"EndConferenceOnExit": "false"})
        self.outcome = "left"
        if self.noted[-1].get("way") == "aside":
            super().begin(call)
        else:
            url = f"{PUBLIC_URL}/voice/farewell/announcement?at=opening"
            self.rest.conferences.update(room.sid, {"AnnounceUrl": url})

    def room(self) -> Any:
        return self.rest.exchange.rooms[-1]

    def _announced(self, heard: Heard) -> str:
        at = heard.query["at"]
        if at == "opening":
            return told("announcement?at=next_steps", OPENING)
        if at == "next_steps":
            return told("announcement?at=goodbye", STEP, CODE)
        return told("announcement/done", GOODBYE)

    def _heard_out(self, heard: Heard) -> str:
        """Heard, if the caller is still in the room it was said in."""
        if "CallSid" in heard.form or any(one.leg.direction == "inbound" for one in self.room().people):
            self.outcome = "heard"
        if self.ends:
            self.rest.conferences.update(self.room().sid, {"Status": "completed"})
        return ""

    def _done(self, heard: Heard) -> str:
        self._heard_out(heard)
        return "<Hangup/>"

    def asked(self, path: str) -> list[Heard]:
        return self.service.asked(path)

    def events(self) -> list[str]:
        return [heard.form["EventType"] for heard in self.asked("/events/taskrouter")]


HAPPENED = """
  09:00:00  queued       billing
  09:12:30  answered     agent
  09:20:00  wrapped up   way together; name Ana; ours: send a router
"""
PLUGIN = "house: flex with plugin"


def scene(happened: str = HAPPENED, *rest: str) -> Scene:
    return Scene.from_text("\n".join([*rest, "happened: |" + happened]), name="a scene in a room")


def finds(report: Report, **then: str) -> list[str]:
    wanted = [{name.replace("_", " ").replace("agents", "agent's"): value} for name, value in then.items()]
    return Expectations.read("", [], wanted).differences(report)


async def test_together_both_hear_the_farewell_in_the_room_and_are_let_go() -> None:
    line = SmallFlex()
    report = await played(scene(HAPPENED, PLUGIN), line)
    assert [line.text for line in report.heard] == [OPENING, STEP, "Your code is A B, 4 7 1 9.", GOODBYE]
    assert [line.moment for line in report.heard] == ["opening", "next_steps", "next_steps", "goodbye"]
    assert GOODBYE in report.agent_heard
    assert finds(report, outcome="heard", room="completed", task="wrapping", agents_call="let go") == []
    assert report.faults == []


async def test_the_wait_is_the_same_by_the_queues_time_and_by_the_tasks_age() -> None:
    line = SmallFlex()
    await played(scene(HAPPENED, PLUGIN), line)
    left = line.asked("/voice/queue-left")[0].form
    assert (left["QueueResult"], left["QueueTime"]) == ("redirected", "750")
    accepted = [
        h.form for h in line.asked("/events/taskrouter") if h.form["EventType"] == "reservation.accepted"
    ]
    entered = [
        h.form for h in line.asked("/events/taskrouter") if h.form["EventType"] == "task-queue.entered"
    ]
    assert accepted[0]["TaskAge"] == "750"
    assert int(accepted[0]["Timestamp"]) - int(entered[0]["Timestamp"]) == 750


async def test_our_own_number_brings_the_workflow_and_a_studio_flow_brings_only_the_task() -> None:
    line = SmallFlex()
    await played(scene(HAPPENED, PLUGIN, "locale: en-GB"), line)
    assert line.asked("/voice/incoming")[0].query == {"queue": "billing", "locale": "en-GB", "workflow": FLOW}
    line = SmallFlex()
    report = await played(scene(HAPPENED, "house: flex through studio"), line)
    assert not {asked.path for asked in report.requests} & {"/voice/incoming", "/voice/wait", "/events/call"}
    attributes = json.loads(line.asked("/events/taskrouter")[0].form["TaskAttributes"])
    assert (attributes["type"], attributes["queue"], attributes["call_sid"]) == (
        "inbound",
        "billing",
        report.call,
    )
    assert report.outcome == "heard"


async def test_only_with_the_plugin_are_we_told_of_the_room_and_of_holds() -> None:
    happened = HAPPENED.replace("  09:20:00", "  09:14:00  held\n  09:16:00  resumed\n  09:20:00")
    for house, wanted in (
        ("flex", []),
        ("flex with plugin", ["participant-hold", "participant-unhold"]),
        ("taskrouter", ["participant-hold", "participant-unhold"]),
    ):
        line = SmallFlex()
        report = await played(scene(happened, f"house: {house}"), line)
        heard = [h.form["StatusCallbackEvent"] for h in line.asked("/events/conference")]
        assert [event for event in heard if "hold" in event] == wanted
        assert not [asked for asked in report.requests if asked.path.endswith(("/hold", "/resume"))]
        assert report.faults == []


async def test_a_worker_on_a_telephone_is_rung_as_the_service_says() -> None:
    line = SmallFlex()
    report = await played(scene(HAPPENED, "house: taskrouter"), line)
    assert len(line.asked("/taskrouter/assignment")) == 1
    assert report.outcome == "heard"
    assert finds(report, task="wrapping", agents_call="let go", agent_hears=GOODBYE) == []


async def test_aside_the_caller_leaves_the_room_and_the_worker_waits_in_it() -> None:
    report = await played(scene(HAPPENED.replace("together", "aside"), PLUGIN), SmallFlex())
    assert report.outcome == "heard"
    assert report.agent_heard == ""
    assert finds(report, room="completed", agents_call="let go") == []
    assert report.faults == []


async def test_a_worker_who_hangs_up_in_an_uncleared_room_cuts_the_goodbye_and_the_report_says_so() -> None:
    happened = HAPPENED + "  09:20:30  agent hangs up during goodbye\n"
    report = await played(scene(happened, PLUGIN), SmallFlex(clears=False))
    assert "the room was ended under the caller before the last word had been played" in report.faults
    report = await played(scene(happened, PLUGIN), SmallFlex())
    assert report.goodbye_whole
    assert finds(report, agents_call="hung up") == []
    assert report.faults == []


async def test_a_caller_may_hang_up_during_a_moment_in_the_room() -> None:
    report = await played(
        scene(HAPPENED + "  09:20:30  caller hangs up during next steps\n", PLUGIN), SmallFlex()
    )
    assert report.outcome == "left"
    assert report.heard[-1].cut
    assert "+442079460999" not in " ".join(report.faults)


async def test_a_room_nobody_ends_after_the_goodbye_is_told_of() -> None:
    report = await played(scene(HAPPENED, PLUGIN), SmallFlex(ends=False))
    (open_line,) = [fault for fault in report.faults if "stayed open" in fault]
    assert open_line == "after the goodbye the line stayed open for 30 s, until the caller hung up"


async def test_a_worker_who_is_left_in_a_room_is_told_of() -> None:
    line = SmallFlex(ends=False)
    report = await played(scene(HAPPENED.replace("together", "aside"), PLUGIN), line)
    assert "client:sam was left on the line, with nobody there" in report.faults
    assert finds(report, agents_call="left behind") == []


async def test_a_caller_who_is_left_alone_in_a_room_is_told_of() -> None:
    happened = HAPPENED.replace("way together", "when agent leaves") + "  09:21:00  agent hangs up\n"
    report = await played(scene(happened, "house: taskrouter"), SmallFlex())
    assert "the caller was left alone in a room" in report.faults


@pytest.mark.parametrize(("how", "seconds"), [("warm", 0), ("cold", 60)])
async def test_a_caller_is_handed_on_and_the_farewell_is_heard_with_the_second_worker(
    how: str, seconds: int
) -> None:
    rows = "  09:14:00  transferred HOW to sales\n"
    rows += "  09:15:00  answered\n" if how == "cold" else ""
    line = SmallFlex()
    report = await played(
        scene(HAPPENED.replace("  09:20:00", rows.replace("HOW", how) + "  09:20:00"), PLUGIN), line
    )
    transfers = [event for event in line.events() if "transfer" in event]
    assert transfers == ["task.transfer-initiated", "task.transfer-completed"]
    accepted = [
        h.form["WorkerName"]
        for h in line.asked("/events/taskrouter")
        if h.form["EventType"] == "reservation.accepted"
    ]
    assert accepted == ["Sam", "Kim"]
    assert report.outcome == "heard"
    assert GOODBYE in report.agent_heard
    holds = [asked.at for asked in report.requests if asked.path == "/events/conference"]
    assert holds
    held = [
        h.form["StatusCallbackEvent"]
        for h in line.asked("/events/conference")
        if "hold" in h.form["StatusCallbackEvent"]
    ]
    assert held == (["participant-hold", "participant-unhold"] if seconds else [])
    assert report.faults == []


async def test_the_worker_completes_the_task() -> None:
    report = await played(scene(HAPPENED + "  09:21:30  agent completes the task\n", PLUGIN), SmallFlex())
    assert finds(report, task="completed") == []
    assert report.faults == []


async def test_a_caller_who_gives_up_leaves_a_cancelled_task() -> None:
    report = await played(scene("\n  09:00:00  queued\n  09:03:00  caller hangs up\n", PLUGIN), SmallFlex())
    assert finds(report, task="canceled", room="none", agents_call="none") == []


async def test_what_cannot_be_done_is_a_fault_that_says_so() -> None:
    happened = """
  09:00:00  queued
  09:00:10  held
  09:00:20  transferred warm
  09:00:30  agent completes the task
  09:00:40  caller hangs up
  09:00:50  answered
"""
    report = await played(scene(happened, PLUGIN), SmallFlex())
    assert report.faults[:4] == [
        "the caller was in no room to be put on hold in, or taken back",
        "nobody was with the caller who could hand them on",
        "there was no task that could be completed",
        "a worker came free, but nobody was waiting",
    ]


async def test_the_star_can_send_the_queued_caller_away() -> None:
    happened = """
  09:00:00  queued
  09:01:00  answered
  09:02:00  agent presses *
  09:03:00  caller hangs up
"""
    for star, ended in (("on", 4), ("away", 1)):
        line = SmallLine()
        line.service.documents["/voice/agent"] = str(line.service.documents["/voice/agent"]).replace(
            "<Dial", '<Dial hangupOnStar="true"'
        )
        report = await played(scene(happened, f"star: {star}"), line)
        farewell = [asked for asked in report.requests if asked.path.startswith("/voice/farewell")]
        assert bool(farewell) is (star == "on"), ended


async def test_flags_for_together_play_in_flex_and_a_house_can_be_named() -> None:
    made = Scene.from_flags(wait=750, way="together", transfer="cold")
    assert made.house == "flex with plugin"
    line = SmallFlex()
    report = await played(made, line)
    assert (report.outcome, report.faults) == ("heard", [])
    assert "task.transfer-completed" in line.events()
    assert Scene.from_flags(way="aside", house="taskrouter").house == "taskrouter"
    assert Scene.from_flags(way="aside").house == "queue"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("house: glass\nhappened: |\n  09:00:00  queued", "glass is no house: queue, flex"),
        ("star: up\nhappened: |\n  09:00:00  queued", "star up"),
        ("happened: |\n  09:00:00  queued\n  09:00:01  transferred warm", "in Flex only"),
        ("house: taskrouter\nhappened: |\n  09:00:00  queued\n  09:00:01  transferred cold", "in Flex only"),
        (
            "house: flex\nhappened: |\n  09:00:00  queued\n  09:00:01  transferred hot",
            "nothing that can happen",
        ),
        ("happened: |\n  09:00:00  queued\n  09:00:01  agent completes the task", "no task to be completed"),
    ],
)
def test_what_a_house_does_not_know_cannot_be_written(text: str, message: str) -> None:
    with pytest.raises(SceneError, match=message):
        Scene.from_text(text, name="a scene")


def test_the_workflow_is_the_pretend_twilios_own(world: Any) -> None:
    w = world({})
    assert TaskRouter(w.exchange, events_url=None).workflow == sid(
        "WW", w.wire.account_sid, "Flex Task Assignment"
    )

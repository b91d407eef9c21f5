"""A farewell in a conference that is not ours: together, aside and after; whoever leaves, and when."""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.line.conftest import CALL, NotingTelephone, StandingClock, Twilio, WaitingClock, address, words

WORKFLOW, TASK, WORKSPACE = "WW" + "a" * 32, "WT" + "b" * 32, "WS" + "c" * 32
ROOM, WORKER, SECOND = "CF" + "d" * 32, "CA" + "e" * 32, "CA" + "f" * 32
NOTED = {
    "name": "Ana",
    "resolved": True,
    "steps": [{"who": "us", "what": "send a form", "reference": "AB-4719"}],
}


class RoomTelephone(NotingTelephone):
    """Twilio's REST side with people in a room: what is changed of them is so from then on."""

    async def request(
        self, method: str, url: str, params: Any = None, data: Any = None, *rest: Any, **more: Any
    ) -> Any:
        _, person = self.answers.get(urlsplit(url).path.rsplit("/", 1)[-1], (200, {}))
        if method == "POST" and "/Participants/" in url:
            given = {name: str(value).lower() == "true" for name, value in (data or {}).items()}
            if (
                "EndConferenceOnExit" in given and not person["hold"]
            ):  # of somebody on hold nothing is changed
                person["end_conference_on_exit"] = given["EndConferenceOnExit"]
            person["hold"] = given.get("Hold", person["hold"])
        return await super().request(method, url, params, data, *rest, **more)


class House:
    """Flex's or TaskRouter's side of one call: what it tells the service, and what its rooms answer."""

    def __init__(self, twilio: Twilio) -> None:
        self.twilio = twilio
        self.sequence = 0
        self.people: dict[str, dict[str, Any]] = {}
        twilio.telephone.answers["Conferences.json"] = (
            200,
            {"conferences": [self._room()], "next_page_uri": None},
        )
        twilio.telephone.answers[f"{ROOM}.json"] = (200, self._room())
        self._tell_people()

    def _room(self) -> dict[str, Any]:
        return {"sid": ROOM, "friendly_name": TASK, "status": "in-progress"}

    def _tell_people(self) -> None:
        answers = self.twilio.telephone.answers
        answers["Participants.json"] = (
            200,
            {"participants": list(self.people.values()), "next_page_uri": None},
        )
        for leg, person in self.people.items():
            answers[f"{leg}.json"] = (200, person)

    def person(self, leg: str, *, ends: bool = False, hold: bool = False) -> None:
        """Somebody in the room, as REST tells of them."""
        self.people[leg] = {
            "call_sid": leg,
            "conference_sid": ROOM,
            "hold": hold,
            "muted": False,
            "end_conference_on_exit": ends,
            "label": None,
            "status": "connected",
        }
        self._tell_people()

    async def task(self, kind: str, reservation: str = "WR" + "1" * 32, **fields: str) -> int:
        attributes = {"call_sid": CALL, "from": "+447700900123", "to": "+442079460000", "queue": "flex"}
        answer = await self.twilio.post(
            "/events/taskrouter",
            EventType=kind,
            TaskSid=TASK,
            WorkspaceSid=WORKSPACE,
            ReservationSid=reservation,
            TaskAttributes=json.dumps(attributes),
            TaskAge="300",
            Timestamp=self.stamp,
        )
        return answer.status_code

    async def room(self, kind: str, leg: str | None = None, **fields: str) -> int:
        self.sequence += 1
        given = {"CallSid": leg} if leg else {"CallSid": ""}
        answer = await self.twilio.post(
            "/events/conference",
            ConferenceSid=ROOM,
            FriendlyName=TASK,
            StatusCallbackEvent=kind,
            SequenceNumber=str(self.sequence),
            Timestamp=self.stamp,
            **given,
            **fields,
        )
        return answer.status_code

    @property
    def stamp(self) -> str:
        return self.twilio.clock.now().strftime("%a, %d %b %Y %H:%M:%S +0000")

    async def talking(self, *, callbacks: bool = True) -> None:
        """The caller has waited five minutes and a worker talks to them in the room."""
        twilio = self.twilio
        document = await twilio.document(f"/voice/incoming?queue=flex&locale=en-GB&workflow={WORKFLOW}")
        enqueue = document.find("Enqueue")
        assert enqueue is not None
        assert enqueue.get("workflowSid") == WORKFLOW
        assert await self.task("task-queue.entered") == 204
        twilio.clock.forward(300)
        assert await self.task("reservation.accepted") == 204
        await twilio.document(
            address(document, "Enqueue", "action")[0] + "?stay=1&queue=flex",
            QueueResult="redirected",
            QueueTime="300",
        )
        self.person(WORKER)
        self.person(CALL)
        if callbacks:
            assert await self.room("participant-join", WORKER) == 204
            assert await self.room("participant-join", CALL) == 204
        twilio.clock.forward(60)

    def asked(self, part: str) -> list[dict[str, str]]:
        """What was asked of Twilio at addresses that end so."""
        return [
            form
            for method, path, form in self.twilio.telephone.asked
            if method == "POST" and path.endswith(part)
        ]

    async def settle(self, seconds: int = 4) -> None:
        """Let whatever was put off for later come about, a second at a time."""
        for _ in range(seconds):
            self.twilio.clock.forward(1)
            await asyncio.sleep(0.02)

    async def until(self, come: Callable[[], object], seconds: int = 30) -> None:
        """Let time pass until it has come about: however slow this machine is, and no longer than that."""
        for _ in range(seconds):
            if come():
                return
            await self.settle(1)
            await asyncio.sleep(0.1)
        raise AssertionError("it never came about")


@pytest.fixture
def clock() -> StandingClock:
    return WaitingClock()


@pytest.fixture
def telephone() -> NotingTelephone:
    return RoomTelephone()


@pytest.fixture
def house(twilio: Twilio) -> House:
    return House(twilio)


async def wrapped_up(house: House, **noted: Any) -> dict[str, Any]:
    answer = await house.twilio.api("POST", f"/api/calls/{CALL}/wrapup", {**NOTED, **noted})
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def announcement(house: House) -> str:
    url = house.asked(f"Conferences/{ROOM}.json")[-1]["AnnounceUrl"]
    return url.split("#", 1)[0].removeprefix("https://calls.example.com")


async def walked(house: House, path: str) -> list[str]:
    """The words of an announcement's documents, to its end."""
    heard = []
    for _ in range(20):
        document = await house.twilio.document(path, CallSid="", ConferenceSid=ROOM)
        assert {verb.tag for verb in document} <= {"Say", "Play", "Pause", "Redirect"}
        heard.append(words(document))
        house.twilio.clock.forward(8)
        redirect = document.find("Redirect")
        if redirect is None:
            return heard
        path = (redirect.text or "").split("#", 1)[0].removeprefix("https://calls.example.com")
    raise AssertionError("an announcement without an end")


async def story(house: House) -> dict[str, Any]:
    answer = await house.twilio.api("GET", f"/api/calls/{CALL}")
    told: dict[str, Any] = answer.json()
    return told


async def test_both_hear_it_together_and_the_room_ends_after_the_last_word(house: House) -> None:
    await house.talking()
    told = await wrapped_up(house)
    assert (told["state"], told["way"]) == ("started", "together")
    heard = await walked(house, announcement(house))
    assert len([said for said in heard if said]) >= 3
    assert (await story(house))["outcome"] == "heard"
    await house.until(lambda: house.asked(f"Conferences/{ROOM}.json")[-1] == {"Status": "completed"})


async def test_the_wait_is_taskrouters_and_is_apologised_for(house: House) -> None:
    await house.talking()
    await wrapped_up(house)
    heard = await walked(house, announcement(house))
    assert (await story(house))["story"]["wait"]["queue"] == 300
    assert any("sorry" in said.lower() for said in heard)


async def test_an_agents_leaving_no_longer_ends_the_room_and_a_caller_on_hold_comes_back_first(
    house: House,
) -> None:
    await house.talking()
    house.person(WORKER, ends=True)
    house.person(CALL, ends=True, hold=True)
    await wrapped_up(house)
    posts = [
        (path.rsplit("/", 1)[-1], form)
        for method, path, form in house.twilio.telephone.asked
        if method == "POST"
    ]
    unheld = [
        place
        for place, (what, form) in enumerate(posts)
        if what == f"{CALL}.json" and str(form.get("Hold")).lower() == "false"
    ]
    announced = [place for place, (what, form) in enumerate(posts) if "AnnounceUrl" in form]
    stays = [
        place
        for place, (what, form) in enumerate(posts)
        if what == f"{WORKER}.json" and "EndConferenceOnExit" in form
    ]
    assert unheld
    assert stays
    assert unheld[0] < announced[0]
    assert stays[0] < announced[0]


async def test_aside_leads_the_caller_out_and_zero_back_into_the_room_by_its_name(house: House) -> None:
    await house.talking()
    told = await wrapped_up(house, way="aside")
    assert (told["state"], told["way"]) == ("started", "aside")
    assert house.twilio.telephone.redirects()[-1] == (CALL, "/voice/farewell")
    await house.room("participant-leave", CALL)
    document = await house.twilio.document(f"/voice/farewell?call={CALL}&way=aside")
    while "next_steps" not in address(document, "Gather", "action")[1]["at"]:
        document = await house.twilio.document(next(document.iter("Redirect")).text or "")
    back = await house.twilio.document(next(document.iter("Gather")).get("action") or "", Digits="0")
    conference = back.find("Dial/Conference")
    assert conference is not None
    assert conference.text == TASK
    assert conference.get("endConferenceOnExit") == "true"
    told = await story(house)
    assert (told["outcome"], told["caller"]) == ("returned", "talking")


async def test_no_workers_leg_is_ever_touched(house: House) -> None:
    await house.talking()
    await wrapped_up(house, way="aside")
    await house.settle()
    assert not [
        path for method, path, _ in house.twilio.telephone.asked if "/Calls/" in path and WORKER in path
    ]


async def test_when_the_last_agent_leaves_the_caller_is_led_to_the_farewell(house: House) -> None:
    await house.talking()
    told = await wrapped_up(house, way="after")
    assert told["state"] == "kept"
    assert house.twilio.telephone.redirects() == []
    await house.room("participant-leave", WORKER)
    await house.until(house.twilio.telephone.redirects)
    assert house.twilio.telephone.redirects() == [(CALL, "/voice/farewell")]


async def test_an_agent_who_leaves_in_mid_announcement_leaves_the_rest_to_the_callers_own_leg(
    house: House,
) -> None:
    await house.talking()
    await wrapped_up(house)
    first = await house.twilio.document(announcement(house), CallSid="")
    await house.twilio.document(first.find("Redirect").text or "", CallSid="")  # type: ignore[union-attr]
    await house.room("participant-leave", WORKER)
    await house.until(house.twilio.telephone.redirects)
    assert house.twilio.telephone.redirects() == [(CALL, "/voice/farewell")]
    document = await house.twilio.document(f"/voice/farewell?call={CALL}&way=after")
    assert address(document, "Gather", "action")[1]["at"] == "apology"  # the opening was heard


async def test_a_caller_who_is_being_passed_on_is_left_to_whoever_comes(house: House) -> None:
    await house.talking()
    await house.task("task.transfer-initiated")
    await house.task("task-queue.entered")
    await house.task("reservation.wrapup")
    await house.room("participant-leave", WORKER)
    await house.settle()
    assert house.twilio.telephone.redirects() == []


async def test_without_the_rooms_callbacks_it_is_found_by_the_tasks_name(house: House) -> None:
    await house.talking(callbacks=False)
    told = await wrapped_up(house)
    assert (told["state"], told["way"]) == ("started", "together")
    await walked(house, announcement(house))
    assert (await story(house))["outcome"] == "heard"


async def test_a_room_that_cannot_be_found_is_none_to_speak_in_and_the_caller_is_led_out(
    house: House,
) -> None:
    await house.talking(callbacks=False)
    house.twilio.telephone.answers["Conferences.json"] = (200, {"conferences": [], "next_page_uri": None})
    house.twilio.telephone.answers[f"{TASK}.json"] = (404, {"code": 20404, "message": "none", "status": 404})
    told = await wrapped_up(house)
    assert told["state"] == "started"
    assert house.twilio.telephone.redirects() == [(CALL, "/voice/farewell")]


async def test_the_announcements_end_proves_the_last_words_where_their_own_proof_was_lost(
    house: House,
) -> None:
    await house.talking()
    await wrapped_up(house)
    path = announcement(house)
    for _ in range(10):
        document = await house.twilio.document(path, CallSid="")
        path = (document.find("Redirect").text or "").split("#", 1)[0]  # type: ignore[union-attr]
        house.twilio.clock.forward(15)
        if "announcement/done" in path:
            break
    assert (await story(house))["outcome"] != "heard"
    await house.room("announcement-end", AnnounceUrl="https://calls.example.com" + announcement(house))
    assert (await story(house))["outcome"] == "heard"


async def test_an_announcement_nobody_ever_fetched_is_heard_out_of_the_room_instead(house: House) -> None:
    await house.talking()
    await wrapped_up(house)
    await house.until(house.twilio.telephone.redirects)
    assert house.twilio.telephone.redirects() == [(CALL, "/voice/farewell")]


async def test_nothing_in_an_announcement_takes_a_minute(house: House) -> None:
    await house.talking()
    steps = [
        {"who": who, "what": what, "reference": f"AB-47{n}"}
        for n, (who, what) in enumerate(
            [
                ("us", "send a form"),
                ("us", "ring you back"),
                ("us", "refund the second charge"),
                ("you", "post a label"),
                ("you", "sign it and keep a copy"),
            ]
        )
    ]
    told = await wrapped_up(house, steps=steps)
    assert sum(line["seconds"] for line in told["says"]) > 60
    heard: list[str] = []
    for _ in range(10):
        begun = len(_announced(house))
        heard += await walked(house, announcement(house))
        if (await story(house))["outcome"] == "heard":
            break
        await house.until(lambda begun=begun: len(_announced(house)) > begun)
    assert len(_announced(house)) >= 2
    assert _letters(heard) == _letters(line["text"] for line in told["says"])


def _announced(house: House) -> list[dict[str, str]]:
    return [form for form in house.asked(f"Conferences/{ROOM}.json") if "AnnounceUrl" in form]


def _letters(lines: Iterable[str]) -> str:
    return "".join(letter for line in lines for letter in line if letter.isalnum())


async def test_taskrouter_is_told_to_connect_them_in_a_room_wired_to_us(house: House) -> None:
    answer = await house.twilio.post(
        "/taskrouter/assignment",
        CallSid="",
        TaskSid=TASK,
        WorkspaceSid=WORKSPACE,
        ReservationSid="WR" + "1" * 32,
        TaskAttributes=json.dumps({"call_sid": CALL, "to": "+442079460000", "queue": "flex"}),
    )
    told = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (told["instruction"], told["room_name"], told["from"]) == ("conference", TASK, "+442079460000")
    assert told["end_conference_on_exit"] is False
    assert urlsplit(told["conference_status_callback"]).path == "/events/conference"


async def test_a_task_we_connected_is_completed_once_the_call_is_over(house: House) -> None:
    await house.talking()
    await house.twilio.post(
        "/taskrouter/assignment",
        CallSid="",
        TaskSid=TASK,
        WorkspaceSid=WORKSPACE,
        ReservationSid="WR" + "1" * 32,
        TaskAttributes=json.dumps({"call_sid": CALL, "to": "+442079460000"}),
    )
    await house.task("task.wrapup")
    await house.settle()
    assert house.asked(f"Tasks/{TASK}") == []  # the caller still hears the goodbye
    await house.twilio.post("/events/call", CallStatus="completed")
    await house.until(lambda: house.asked(f"Tasks/{TASK}"))
    assert house.asked(f"Tasks/{TASK}")[-1]["AssignmentStatus"] == "completed"


async def test_a_task_of_flexs_is_left_to_its_worker(house: House) -> None:
    await house.talking()
    await house.task("task.wrapup")
    await house.twilio.post("/events/call", CallStatus="completed")
    await house.settle()
    assert house.asked(f"Tasks/{TASK}") == []


async def test_together_is_refused_where_there_is_no_room_to_hear_it_in(twilio: Twilio) -> None:
    await twilio.answered()
    answer = await twilio.api("POST", f"/api/calls/{CALL}/wrapup", {"way": "together"})
    assert answer.status_code == 422
    assert "together" in answer.text


async def test_where_we_cannot_be_reached_a_caller_still_waits_for_taskrouters_agents(house: House) -> None:
    failed = f"https://calls.example.com/voice/wait?queue=flex&workflow={WORKFLOW}"
    document = await house.twilio.document("/voice/fallback", ErrorUrl=failed)
    enqueue = document.find("Enqueue")
    assert enqueue is not None
    assert (enqueue.get("workflowSid"), enqueue.get("waitUrl")) == (WORKFLOW, None)

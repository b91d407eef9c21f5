"""Every request we make, held against Twilio's published OpenAPI: the real client, over real HTTP, to a mock.

The mock refuses what the documents do not allow: an unknown address, a sid of another kind, a value out of its
list, a missing field, an address that is none. Names nobody knows it lets pass, so they are looked up here.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from twilio.base.exceptions import TwilioException
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from ivr.line.phone import Found, Outcome, Participant, Phone, Task
from ivr.line.phone.wire import SILENT, OwnHttp, Wire
from tests.line import contract
from tests.line.contract import Documents, Sent
from tests.line.phone.questions import QUESTIONS, SPACE, TASK, outcome, public
from tests.line.phone.script import ACCOUNT, BASE, CALL, ROOM

pytestmark = [pytest.mark.xdist_group("contract"), pytest.mark.timeout(800)]

ACCOUNTS = "/2010-04-01/Accounts/{AccountSid}"
CALLS = f"{ACCOUNTS}/Calls/{{Sid}}.json"
QUEUES = f"{ACCOUNTS}/Queues.json"
ROOMS = f"{ACCOUNTS}/Conferences.json"
THE_ROOM = f"{ACCOUNTS}/Conferences/{{Sid}}.json"
PEOPLE = f"{ACCOUNTS}/Conferences/{{ConferenceSid}}/Participants.json"
PERSON = f"{ACCOUNTS}/Conferences/{{ConferenceSid}}/Participants/{{CallSid}}.json"
NUMBERS = f"{ACCOUNTS}/IncomingPhoneNumbers.json"
THE_NUMBER = f"{ACCOUNTS}/IncomingPhoneNumbers/{{Sid}}.json"
THE_TASK = "/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}"


@dataclass(frozen=True)
class Case:
    """A question, what it asks of Twilio in its order, and what it makes of the answers.

    `turns` changes fields of the mock's answers, one after another, so that the question goes the way it is
    to be tested on: the mock's examples are of calls that are over. LOST is an answer that does not come.
    """

    question: str
    asks: list[tuple[str, str]]
    comes_to: object = Outcome.DONE
    turns: list[dict[str, Any] | None] = field(default_factory=list)
    example: str | None = None  # which of the mock's examples, where the first will not do


LIVE = {"status": "in-progress"}
ENDS_IT, ON_HOLD, STAYS = (
    {"hold": False, "end_conference_on_exit": True},
    {"hold": True, "end_conference_on_exit": True},
    {"hold": False, "end_conference_on_exit": False},
)
LOST = None

CASES = [
    Case("to_farewell", [("POST", CALLS)]),
    Case("release", [("POST", CALLS)]),
    Case("redirect", [("POST", CALLS)]),
    Case("redirect", [("POST", CALLS), ("GET", CALLS), ("POST", CALLS)], turns=[LOST, LIVE]),
    Case("fetch", [("GET", CALLS)], "in-progress", [LIVE]),
    Case("end_of", [("GET", CALLS)]),
    Case("direction", [("GET", CALLS)], "outbound-api", [LIVE]),
    Case("create_queues", [("GET", QUEUES), ("POST", QUEUES), ("POST", QUEUES)]),
    Case("waiting_in", [("GET", QUEUES)]),
    Case("find_room", [("GET", ROOMS)]),
    Case("people", [("GET", PEOPLE)], example="readFull"),
    Case("people", [("GET", PEOPLE), ("GET", THE_ROOM)], Outcome.TOO_LATE, [{"participants": []}, {"status": "completed"}]),
    Case("stay_open", [("GET", PERSON), ("POST", PERSON), ("GET", PERSON)], turns=[ENDS_IT, {}, STAYS]),
    Case(
        "stay_open",
        [("GET", PERSON), ("POST", PERSON), ("POST", PERSON), ("GET", PERSON)],
        turns=[ON_HOLD, {}, {}, STAYS],
    ),
    Case("unhold", [("POST", PERSON)]),
    Case("unhold", [("POST", PERSON), ("GET", PERSON), ("POST", PERSON)], turns=[LOST, ON_HOLD]),
    Case("announce", [("POST", THE_ROOM)]),
    Case("announce", [("POST", THE_ROOM)], Outcome.TRY_AGAIN, [LOST]),
    Case("announce_to", [("POST", PERSON)]),
    Case("end_room", [("POST", THE_ROOM)]),
    Case("end_room", [("POST", THE_ROOM), ("GET", THE_ROOM), ("POST", THE_ROOM)], turns=[LOST, LIVE]),
    Case("task", [("GET", THE_TASK)]),
    Case("complete_task", [("POST", THE_TASK)]),
    Case(
        "complete_task",
        [("POST", THE_TASK), ("GET", THE_TASK), ("POST", THE_TASK)],
        turns=[LOST, {"assignment_status": "wrapping"}],
    ),
    Case("numbers", [("GET", NUMBERS)]),
    Case("point_number", [("POST", THE_NUMBER)]),
    Case("point_number", [("POST", THE_NUMBER), ("GET", NUMBERS)], Outcome.TOO_LATE, [LOST]),
]  # fmt: skip


class Listener(AsyncHttpClient):
    """Twilio's own HTTP side, listened in on; answers are changed by the turns given."""

    def __init__(self, *turns: dict[str, Any] | None, example: str | None = None) -> None:
        super().__init__(SILENT, True)
        self.http, self.sent = OwnHttp(logger=SILENT), list[Sent]()
        self.turns, self.prefer = list(turns), {"Prefer": f"example={example}"} if example else {}

    async def request(self, method: str, url: str, **given: Any) -> Response:
        given["headers"] = {**(given.get("headers") or {}), **self.prefer}
        answer = await self.http.request(method, url, **given)
        names = frozenset((given.get("params") or {}) | (given.get("data") or {}))
        self.sent.append(Sent(method, url, names, answer.status_code, answer.text))
        turn = self.turns.pop(0) if self.turns else {}
        if turn is None:
            raise OSError
        if answer.status_code >= 300:
            return answer
        body = json.loads(answer.text)
        if "next_page_uri" in body:
            body["next_page_uri"] = None  # the mock's lists have no end: every page is the first
        return Response(answer.status_code, json.dumps({**body, **turn}))


@pytest.fixture(scope="session")
def twilio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Documents]]:
    """The mock's address and its document; one for the whole run."""
    try:
        folder = contract.installed()
    except contract.Unavailable as why:
        pytest.skip(f"not held against Twilio's OpenAPI: {why}")
    with contract.mocked(folder, tmp_path_factory.mktemp("contract")) as mock:
        yield mock


@dataclass
class Line:
    """A telephone on the mock, and whoever listens in."""

    phone: Phone
    client: Client
    listener: Listener


@pytest.fixture
async def line(twilio: tuple[str, Documents]) -> AsyncIterator[Callable[..., Line]]:
    """A telephone that asks the mock."""
    opened = list[Line]()

    def dial(*turns: dict[str, Any] | None, example: str | None = None) -> Line:
        listener = Listener(*turns, example=example)
        given = {"public_url": BASE, "api_url": twilio[0], "http": listener, "seconds": 60.0}
        client = Client("SK1", "secret", ACCOUNT, http_client=Wire(listener, twilio[0], 60.0))
        opened.append(Line(Phone(ACCOUNT, "SK1", "secret", **given), client, listener))
        return opened[-1]

    yield dial
    for each in opened:
        await each.listener.http.close()


Dial = Callable[..., Line]


def test_every_question_has_its_case() -> None:
    assert {case.question for case in CASES} == public() == set(QUESTIONS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.question} in {len(case.asks)}")
async def test_twilio_has_nothing_against_what_we_ask(
    twilio: tuple[str, Documents], line: Dial, case: Case
) -> None:
    dialled = line(*case.turns, example=case.example)
    answer = await QUESTIONS[case.question](dialled.phone)
    sent, (_, documents) = dialled.listener.sent, twilio
    assert [complaint for each in sent for complaint in documents.complaints(each)] == []
    operations = [documents.operation(each.method, each.url) for each in sent]
    assert [(each.method, each.path) for each in operations if each] == case.asks
    assert outcome(answer) == case.comes_to


async def test_twilios_own_examples_are_understood(line: Dial) -> None:
    task = await line().phone.task(SPACE, TASK)
    assert task == Found(Outcome.DONE, Task("pending", {"body": "hello"}))
    people = await line(example="readFull").phone.people(ROOM)
    assert people == Found(
        Outcome.DONE,
        (
            Participant("CA" + "a" * 32, held=False, ends_room=False),
            Participant("CA" + "b" * 32, held=False, ends_room=False),
        ),
    )
    room = await line(example="readFull").phone.find_room("MyRoom")
    assert room == Found(Outcome.DONE, "CF" + "b" * 32)
    numbers = await line(example="readFull").phone.numbers()
    assert [number.sid[:2] for number in numbers.value or ()] == ["PN"]


# -------------------------------------------------------- it can say no
def raw(path: str, **form: object) -> Callable[[Client], Awaitable[Any]]:
    """A request the client has no words for."""
    address = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}{path}"
    return lambda client: client.request_async("POST", address, data=form)


WRONG: dict[tuple[str, int], Callable[[Client], Awaitable[Any]]] = {
    ("a sid of another kind", 422): lambda client: client.calls(ROOM).fetch_async(),
    ("a word that is not in the list", 422): lambda client: client.calls(CALL).update_async(status="over"),
    ("an address that is none", 422): lambda client: client.calls(CALL).update_async(url="farewell"),
    ("a method Twilio does not use", 422): lambda client: client.conferences(ROOM).update_async(
        announce_url=BASE, announce_method="SAY"
    ),
    ("a task left as no task is", 422): lambda client: (
        client.taskrouter.v1.workspaces(SPACE).tasks(TASK).update_async(assignment_status="done")
    ),
    ("a filter that is not in the list", 422): lambda client: client.conferences.list_async(
        status="over", limit=1
    ),
    ("a queue without a name", 422): raw("/Queues.json", MaxSize=1),
    ("a field nobody knows", 200): raw(f"/Calls/{CALL}.json", Url=BASE, CallbackUrl=BASE),
    ("an address nobody knows", 404): raw("/Farewells.json"),
}


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong[0])
async def test_what_is_deliberately_wrong_is_complained_about(
    twilio: tuple[str, Documents], line: Dial, wrong: tuple[str, int]
) -> None:
    dialled = line()
    try:
        await WRONG[wrong](dialled.client)
    except TwilioException:
        pass  # the client says no to a refusal too
    (sent,) = dialled.listener.sent
    assert sent.status == wrong[1]
    assert twilio[1].complaints(sent)


async def test_a_request_in_nobodys_name_is_refused(twilio: tuple[str, Documents], line: Dial) -> None:
    url = f"{twilio[0]}/2010-04-01/Accounts/{ACCOUNT}/Calls/{CALL}.json"
    assert (await line().listener.request("GET", url)).status_code == 401


async def test_a_refusal_of_the_mocks_is_one_to_the_telephone_too(line: Dial) -> None:
    dialled = line()
    assert await dialled.phone.redirect(ROOM, BASE) is Outcome.REFUSED
    assert [sent.status for sent in dialled.listener.sent] == [422]

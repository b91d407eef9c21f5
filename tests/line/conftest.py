"""The real service on both databases, rung as Twilio rings it, with a telephone that only notes down."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree

import httpx
import pytest
from twilio.http import AsyncHttpClient
from twilio.http.response import Response as TwilioResponse

from ivr.app import Guest, Service, create_app
from ivr.line.signature import sign
from ivr.settings import Settings

TOKEN = "12345"
ACCOUNT = "AC" + "a" * 32
URL = "https://calls.example.com"
AGENT = "+442079460012"
BOOK = (
    Path(__file__).parents[1] / "scenes" / "book"
)  # a small one, so that tuning the real words breaks nothing
CALL = "CA" + "1" * 32
AGENT_LEG = "CA" + "2" * 32


LONGEST_NAP = 30.0  # seconds


class StandingClock:
    """A clock that stands still until it is moved: short naps pass at once, and nobody wakes from a long sleep."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, 18, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.time

    def forward(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        if seconds > LONGEST_NAP:
            await asyncio.Event().wait()
        self.forward(seconds)


class NotingTelephone(AsyncHttpClient):  # type: ignore[misc]
    """Twilio's REST side: notes what is asked, answers as told, 200 unless told otherwise."""

    def __init__(self) -> None:
        super().__init__(None, False, None)  # type: ignore[no-untyped-call]
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.queues: list[dict[str, Any]] | None = []  # None: Twilio is too busy to say

    async def request(
        self, method: str, url: str, params: Any = None, data: Any = None, *_: Any, **__: Any
    ) -> Any:
        path = urlsplit(url).path
        self.asked.append((method, path, dict(data or params or {})))
        status, body = self.answers.get(
            path.rsplit("/", 1)[-1],
            (200, {"sid": path.rsplit("/", 1)[-1][:34], "status": "in-progress", "direction": "inbound"}),
        )
        if "Queues" in path:
            status, body = (201, {"sid": "QU" + "0" * 32})
            if method == "GET":
                there = {"queues": self.queues, "next_page_uri": None}
                status, body = (503, {}) if self.queues is None else (200, there)
        return TwilioResponse(status, json.dumps(body))

    def redirects(self) -> list[tuple[str, str]]:
        """(leg, path) of each live call that was sent elsewhere."""
        return [
            (path.rsplit("/", 1)[-1].removesuffix(".json"), urlsplit(form["Url"]).path)
            for method, path, form in self.asked
            if method == "POST" and "/Calls/" in path and "Url" in form
        ]


@dataclass
class Twilio:
    """Twilio, ringing the service: signed requests, and the documents that come back."""

    service: Service
    clock: StandingClock
    telephone: NotingTelephone
    api_token: str
    client: httpx.AsyncClient
    statuses: list[int] = field(default_factory=list)

    async def post(
        self, path: str, *, token: str = TOKEN, headers: dict[str, str] | None = None, **fields: str
    ) -> httpx.Response:
        fields.setdefault("CallSid", CALL)
        fields.setdefault("From", "+447700900123")
        fields.setdefault("To", "+442079460000")
        fields.setdefault("CallStatus", "in-progress")
        fields.setdefault("Direction", "inbound")
        path = path.split("#", 1)[0].removeprefix(URL)
        signature = sign(token, URL + path, list(fields.items()))
        given = {
            "content-type": "application/x-www-form-urlencoded",
            "x-twilio-signature": signature,
            **(headers or {}),
        }
        answer = await self.client.post(path, content=urlencode(fields).encode(), headers=given)
        self.statuses.append(answer.status_code)
        return answer

    async def document(self, path: str, **fields: str) -> ElementTree.Element:
        answer = await self.post(path, **fields)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("text/xml")
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "Response"
        return root

    async def api(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> httpx.Response:
        given = {"authorization": f"Bearer {token or self.api_token}", **headers}
        return await self.client.request(method, path, json=body, headers=given)

    async def answered(self, *, waited: int = 742, queue: str = "billing") -> None:
        """The call has been queued and an agent is talking to the caller."""
        await self.document(f"/voice/incoming?queue={queue}&locale=en-GB")
        self.clock.forward(waited)
        await self.document(
            f"/voice/bridging?queue={queue}",
            QueueTime=str(waited),
            DequeingCallSid=AGENT_LEG,
            QueueSid="QU" + "3" * 32,
        )
        self.clock.forward(300)

    async def walk(self, first: ElementTree.Element, *, most: int = 20) -> list[str]:
        """Follow redirects to the end of the call; the paths gone through."""
        paths, here = [], first
        for _ in range(most):
            redirect = here.find("Redirect")
            if redirect is None:
                break
            paths.append(urlsplit(redirect.text or "").path)
            self.clock.forward(10)
            here = await self.document(redirect.text or "")
        paths.append("Hangup" if here.find("Hangup") is not None else "…")
        return paths


def words(document: ElementTree.Element) -> str:
    """Everything a document says."""
    return " ".join(" ".join(" ".join(say.itertext()).split()) for say in document.iter("Say"))


def address(
    document: ElementTree.Element, verb: str, attribute: str | None = None
) -> tuple[str, dict[str, str]]:
    """(path, query) of the address in a document's verb."""
    element = next(document.iter(verb))
    parts = urlsplit((element.get(attribute) if attribute else element.text) or "")
    return parts.path, dict(parse_qsl(parts.query))


class WaitingClock(StandingClock):
    """A clock on which whoever sleeps waits until it has been moved far enough."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = asyncio.Event()

    def forward(self, seconds: float) -> None:
        super().forward(seconds)
        self._moved.set()
        self._moved = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        until = self.time + timedelta(seconds=seconds)
        while self.time < until:
            await self._moved.wait()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def telephone() -> NotingTelephone:
    return NotingTelephone()


@pytest.fixture
async def twilio(
    database_url: str, clock: StandingClock, telephone: NotingTelephone
) -> AsyncIterator[Twilio]:
    settings = Settings(
        _env_file=None,
        twilio_account_sid=ACCOUNT,
        twilio_auth_token=TOKEN,
        twilio_auth_token_secondary="67890",
        ivr_public_url=URL,
        ivr_database_url=database_url,
        ivr_prompts=BOOK,
        ivr_secret=("a secret",),
    )
    guest = Guest(token="the-api-token", address=AGENT, name="tests")
    service = create_app(settings, clock=clock, twilio_http=telephone, guest=guest)
    await service.start()
    transport = httpx.ASGITransport(app=service)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield Twilio(service, clock, telephone, guest.token, client)
    await service.stop()

"""A pretend HTTP side that answers from a script and keeps what it was asked."""

import asyncio
import json
from dataclasses import dataclass, field

from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from ivr.line.phone import Phone

ACCOUNT = "AC" + "0" * 32
CALL = "CA" + "1" * 32
AGENT = "CA" + "a" * 32
ROOM = "CF" + "5" * 32
BASE = "https://ivr.example.com"
API = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}"
VOICE = "#rc=1&rp=ct,rt,5xx&ct=2000&rt=4000&tt=9000"
EVENTS = "#rc=5&rp=all&rt=3000&tt=15000"


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    url: str
    form: dict[str, object]
    params: dict[str, object] | None
    auth: tuple[str, str] | None


Answer = Response | Exception | None
"""One answer of the script; None never comes."""


class Script(AsyncHttpClient):
    """A pretend HTTP side: one answer after another, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.is_async = True
        self.answers, self.asked = list(answers), list[Asked]()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        self.asked.append(Asked(method, url, data or {}, params, auth))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            await asyncio.Event().wait()
        if isinstance(answer, Exception):
            raise answer
        assert answer is not None
        return answer


@dataclass
class Line:
    """A telephone, the script behind it, and the pauses it made."""

    phone: Phone
    script: Script
    slept: list[float] = field(default_factory=list)

    @property
    def methods(self) -> list[str]:
        """GET for a look, POST for a wish, in their order."""
        return [asked.method for asked in self.script.asked]

    @property
    def wishes(self) -> list[dict[str, object]]:
        """What each POST carried."""
        return [asked.form for asked in self.script.asked if asked.method == "POST"]


def said(http: int = 200, /, **body: object) -> Response:
    """An answer with a body of JSON."""
    return Response(http, json.dumps(body))


def ok(**fields: object) -> Response:
    """A call."""
    return said(**{"sid": CALL, "status": "in-progress", "direction": "inbound", **fields})


def fault(status: int, code: int) -> Response:
    """A refusal, with a message that must go nowhere."""
    return said(status, code=code, message="To +18765551234 …", status=status)


BUSY = fault(429, 20429)
BROKEN = fault(503, 20503)
OVER = fault(400, 21220)
NOBODY = fault(404, 20404)
UNSURE: list[Answer] = [
    BROKEN,
    fault(500, 20500),
    TimeoutError(),
    OSError("connection reset"),
    Response(200, "<html>"),
    Response(200, "[1]"),
    Response(302, ""),
]
"""What leaves open whether Twilio did it."""

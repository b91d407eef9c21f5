"""A service of a few lines in the shape of ours, and a scene to be played against it."""

import json
from typing import Any

from ivr.rehearsal.playing import play
from ivr.rehearsal.report import Report
from ivr.rehearsal.scene import Scene
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
    """What is told of a scene, played against a small line."""
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

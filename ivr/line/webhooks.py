"""The addresses Twilio calls, as one small ASGI application.

Plain ASGI, since every request here has a caller behind it and a framework's routing, dependencies and form
parser cost four times what the answer does. Signed rightly, /voice/* always answers 200 with a document;
/events/* answers 204 once the event is kept and 503 when it is not; anything else is 403 and leaves no trace.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ivr import watch
from ivr.farewell.facts import line_facts
from ivr.line import translate, twiml
from ivr.line.agent import AgentDesk
from ivr.line.announcement import AnnouncementDesk
from ivr.line.assignment import AssignmentDesk
from ivr.line.callbacks import Callbacks
from ivr.line.counter import Ask, Counter
from ivr.line.farewell import FarewellDesk
from ivr.line.mishap import carried, resumed
from ivr.line.news import News
from ivr.line.queue import QueueDesk
from ivr.line.rooms import Rooms
from ivr.line.signature import Signature
from ivr.line.waiting import WaitingDesk

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

LARGEST_BODY = 256 * 1024  # bytes; a hundred times what Twilio sends
ANSWER_WITHIN = 2.5  # seconds, whatever the database does; the caller hears silence meanwhile
AGAIN_WITHIN = 1.9  # after a mishap, whose last second was silent too
MOST_MISHAPS = 4  # on one address, before the call is ended: half a minute of a database that is away
ASSIGNMENT = "/taskrouter/assignment"
_JSON = [(b"content-type", b"application/json")]
_XML = [(b"content-type", b"text/xml; charset=utf-8")]
_FORM = "application/x-www-form-urlencoded"


class Line:
    """Everything under /voice and /events."""

    def __init__(self, counter: Counter, signature: Signature | None) -> None:
        self._counter, self._signature = counter, signature
        self.rooms, agents = Rooms(counter), AgentDesk(counter)
        farewells, announcements = FarewellDesk(counter, self.rooms), AnnouncementDesk(counter, self.rooms)
        callers, waiting = QueueDesk(counter, farewells), WaitingDesk(counter)
        self._assignments = AssignmentDesk(counter)
        self._voice: dict[str, Callable[[Ask], Awaitable[bytes]]] = {
            "/voice/incoming": callers.incoming,
            "/voice/wait": waiting.wait,
            "/voice/wait/key": waiting.key,
            "/voice/queue-left": callers.queue_left,
            "/voice/bridging": callers.bridging,
            "/voice/agent": agents.agent,
            "/voice/agent/next": agents.next,
            "/voice/agent/announcement": agents.announcement,
            "/voice/farewell": farewells.farewell,
            "/voice/farewell/announcement": announcements.announcement,
            "/voice/farewell/announcement/done": announcements.done,
            "/voice/farewell/key": farewells.key,
            "/voice/farewell/back": farewells.way_back.back,
            "/voice/farewell/talked": farewells.way_back.talked,
            "/voice/farewell/queue-again": farewells.way_back.queue_again,
            "/voice/farewell/done": farewells.done,
        }
        self._moment = farewells.moment
        callbacks = Callbacks(
            counter,
            agents=agents,
            way_back=farewells.way_back,
            announcements=announcements,
            assignments=self._assignments,
            rooms=self.rooms,
        )
        self.news = News(
            counter, callers_alone=farewells.way_back.left_alone, gone=callbacks.gone, rooms=self.rooms
        )
        self._events: dict[str, Callable[[Ask], Awaitable[None]]] = {
            "/events/call": callbacks.call,
            "/events/conference": callbacks.conference,
            "/events/taskrouter": callbacks.taskrouter,
        }

    @staticmethod
    def owns(path: str) -> bool:
        """Whether an address is Twilio's rather than a person's."""
        return path.startswith(("/voice/", "/events/", "/taskrouter/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if scope["method"] not in ("GET", "POST", "HEAD"):
            await _answer(send, 405, [(b"allow", b"GET, POST")], b"")
            return
        body = await _body(receive)
        headers = dict(scope["headers"])
        if path == "/voice/fallback":
            await _answer(send, 200, _XML, self._fallback(translate.said(self._fields(scope, body or b""))))
            return
        params = self._trusted(scope, headers, body)
        if params is None:
            watch.REFUSED.inc()
            await _answer(send, 403, [], b"")
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        token = translate.token(headers.get(b"i-twilio-idempotency-token", b"").decode("latin-1"))
        said, token = resumed(query, params, token)
        ask = Ask(path, query, said, self._counter.clock.now(), token)
        if path.startswith("/voice/"):
            await _answer(send, 200, _XML, await self._spoken(ask))
        elif path == ASSIGNMENT:
            await _answer(send, 200, _JSON, await self._connected(ask))
        else:
            status = await self._recorded(ask)
            await _answer(send, status, [], b"")
            if status != 204:
                return
        self.news.of(ask)

    def _trusted(
        self, scope: Scope, headers: Mapping[bytes, bytes], body: bytes | None
    ) -> list[tuple[str, str]] | None:
        """The request's fields, if Twilio sent it; None if not, whatever it is instead."""
        if body is None or self._signature is None:
            return None
        try:
            post = scope["method"] == "POST"
            kind = headers.get(b"content-type", b"").decode("latin-1")
            form = post and (kind.startswith(_FORM) or not body)
            fields = translate.parse_form(body) if form else None
            raw_path = scope.get("raw_path") or scope["path"].encode()
            header = headers.get(b"x-twilio-signature", b"").decode("latin-1")
            if self._signature.ok(
                scope["method"], raw_path, scope["query_string"], fields, body, kind, header
            ):
                return fields if post and fields is not None else self._fields(scope, b"")
        except Exception as error:  # fails closed: what cannot be read is not Twilio's
            watch.log().info("unreadable request", error=type(error).__name__)
        return None

    @staticmethod
    def _fields(scope: Scope, body: bytes) -> list[tuple[str, str]]:
        return translate.parse_form(body) + translate.parse_form(scope["query_string"])

    # --- documents -----------------------------------------------------------------------------------

    async def _spoken(self, ask: Ask) -> bytes:
        """A document, always: the caller is never the one who hears that something went wrong with us."""
        try:
            async with asyncio.timeout(AGAIN_WITHIN if ask.number("mishap") else ANSWER_WITHIN):
                answer = self._voice.get(ask.path) or (
                    self._moment if ask.path.startswith("/voice/farewell/") else None
                )
                if answer is not None:
                    return await answer(ask)
                watch.log().warning("no such address", where="voice")
        except Exception as error:
            watch.log().error("mishap", where=_where(ask.path), error=type(error).__name__, call=ask.call)
        watch.MISHAPS.labels(_where(ask.path)).inc()
        return self._mishap(ask)

    def _mishap(self, ask: Ask) -> bytes:
        """What is heard when we fail: the truth, and then the way on. Needs no database."""
        counter, tries = self._counter, ask.number("mishap")
        queue = ask.query.get("queue") or "default"
        try:
            book = counter.book()
            locale = book.locale(ask.query.get("locale"))
            facts = line_facts(book, queue, ask.now, locale)
            varied = f"{ask.call}:{tries}"  # who hears of it again hears it in other words
            words = counter.spoken(locale, counter.line(locale, "mishap", "mishap", facts, varied))
            parting = counter.spoken(locale, counter.line(locale, "mishap", "fallback", facts, ask.call))
        except Exception as error:
            watch.log().error("no words for a mishap", error=type(error).__name__)
            locale, words, parting = "", [], []
        again = counter.url(ask.path, **carried(ask))
        if ask.path == "/voice/bridging":
            return twiml.EMPTY
        if ask.path == "/voice/incoming":
            return twiml.document(*words, counter.into_queue(queue, locale, stay=1))
        if ask.path == "/voice/wait":
            return twiml.document(twiml.pause(10), twiml.redirect(again))
        if ask.path in ("/voice/agent/announcement", "/voice/farewell/announcement/done"):
            return twiml.EMPTY  # nothing is left to say in the room
        if ask.path == "/voice/farewell/announcement":
            onward = [twiml.pause(1), twiml.redirect(again)] if tries < 2 else []
            return twiml.document(*(words if tries == 0 else []), *onward)  # a room knows no hang-up
        if ask.path == "/voice/wait/key":  # nothing was kept, so nothing is promised: they wait on
            waiting = counter.url("/voice/wait", **ask.query)
            return twiml.document(*words, twiml.pause(1), twiml.redirect(waiting))
        if ask.path.startswith("/voice/agent"):
            return twiml.document(twiml.pause(2), twiml.redirect(again) if tries < 20 else twiml.hangup())
        if ask.path == "/voice/farewell/done":
            return twiml.document(twiml.hangup())  # the goodbye has been heard: nothing is left to say
        if tries < MOST_MISHAPS:
            return twiml.document(*words, twiml.pause(1), twiml.redirect(again))
        return twiml.document(*parting, twiml.hangup())

    def _fallback(self, said: translate.Said) -> bytes:
        """Twilio could not fetch a document of ours. Needs no signature and no database, so it tells nothing."""
        failed = urlsplit(said.error_url)
        again = dict(parse_qsl(failed.query))
        counter, now = self._counter, self._counter.clock.now()
        try:
            book = counter.book()
            locale, queue = book.locale(again.get("locale")), again.get("queue") or "default"
            facts = line_facts(book, queue, now, locale)
            words = counter.spoken(
                locale, counter.line(locale, "mishap", "mishap", facts, said.call_sid or "")
            )
            parting = counter.spoken(
                locale, counter.line(locale, "mishap", "fallback", facts, said.call_sid or "")
            )
        except Exception as error:
            watch.log().error("no words for a fallback", error=type(error).__name__)
            queue, words, parting = "default", [], []
        second = "mishap" in again or failed.path == "/voice/fallback"
        if failed.path == "/voice/farewell/done":
            return twiml.document(twiml.hangup())  # the goodbye has been heard: nothing is left to say
        if not second and failed.path.startswith("/voice/agent"):
            # An agent whose caller hears the farewell goes on waiting for that caller, not for the next one.
            where = (
                {**again, "mishap": 1}
                if failed.path == "/voice/agent/next"
                else {"queue": queue, "mishap": 1}
            )
            return twiml.document(*words, twiml.pause(2), twiml.redirect(counter.url(failed.path, **where)))
        # From the front of a queue into the queue itself: they wait, as before.
        moved = failed.path == "/voice/queue-left" and "front" in again and said.queue_result == "leave"
        waits = ("/voice/incoming", "/voice/wait", "/voice/wait/key", "/voice/bridging")
        if not second and (moved or failed.path in waits):
            return twiml.document(*words, self._plain_queue(queue, again), *parting, twiml.hangup())
        return twiml.document(*parting, twiml.hangup())

    def _plain_queue(self, queue: str, asked: Mapping[str, str]) -> str:
        """Into the queue without an address of ours; where its agents are TaskRouter's, by its workflow."""
        workflow = translate.sid(asked.get("workflow"), "WW") or self._workflow(queue)
        if workflow is None:
            return twiml.enqueue(queue)
        return twiml.enqueue_task(workflow, {"queue": queue})

    def _workflow(self, queue: str) -> str | None:
        try:
            return self._counter.book().rules.queue(queue).workflow
        except Exception:  # no book: a plain queue is all there is
            return None

    # --- tasks ------------------------------------------------------------------------------------------

    async def _connected(self, ask: Ask) -> bytes:
        """How to connect a task: told within TaskRouter's five seconds, kept or not."""
        said: dict[str, Any] = {}
        try:
            said = self._assignments.instruction(ask)
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._assignments.keep(ask)
        except Exception as error:
            watch.log().error("assignment not kept", error=type(error).__name__, call=ask.call)
        return json.dumps(said).encode()

    # --- events ----------------------------------------------------------------------------------------

    async def _recorded(self, ask: Ask) -> int:
        record = self._events.get(ask.path)
        if record is None:
            return 404
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await record(ask)
        except Exception as error:
            watch.log().error("event not kept", where=_where(ask.path), error=type(error).__name__)
            return 503
        return 204


def _where(path: str) -> str:
    """An address's family, for counters: never anything a sender can choose freely."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[2] in _FAMILIES else "other"


_FAMILIES = frozenset(
    [
        "incoming",
        "wait",
        "queue-left",
        "bridging",
        "agent",
        "farewell",
        "fallback",
        "assignment",
        "call",
        "conference",
        "taskrouter",
    ]
)


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None where it is larger than anything Twilio sends."""
    message = await receive()
    body = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= LARGEST_BODY else None
    chunks, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= LARGEST_BODY:
            chunks.append(chunk)
    return b"".join(chunks) if size <= LARGEST_BODY else None


async def _answer(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    length = [] if status == 204 else [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})

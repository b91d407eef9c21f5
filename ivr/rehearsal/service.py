"""The service under rehearsal, in this process: started and stopped as a server does it, and asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import httpx

from ivr.rehearsal.clock import Clock

Message: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]


@asynccontextmanager
async def running(app: App, clock: Clock) -> AsyncIterator[App]:
    """An application between its start and its stop, as a server runs it; its state goes into each request."""
    asked: asyncio.Queue[Message] = asyncio.Queue()
    answered: asyncio.Queue[Message] = asyncio.Queue()
    state: dict[str, Any] = {}
    scope: Message = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
    task = asyncio.ensure_future(_lifespan(app, scope, asked.get, answered.put))
    clock.resident(task)  # it waits to be stopped
    await asked.put({"type": "lifespan.startup"})
    await _answer(task, answered, "start")
    try:
        yield lambda scope, receive, send: app({**scope, "state": dict(state)}, receive, send)
    finally:
        await asked.put({"type": "lifespan.shutdown"})
        await _answer(task, answered, "stop")
        await task


async def _lifespan(app: App, scope: Message, receive: Any, send: Any) -> None:
    await app(scope, receive, send)


async def _answer(task: "asyncio.Task[None]", answered: "asyncio.Queue[Message]", what: str) -> None:
    """Wait until the application has started or stopped. Raises what kept it from doing so."""
    getting = asyncio.ensure_future(answered.get())
    await asyncio.wait({task, getting}, return_when=asyncio.FIRST_COMPLETED)
    if not getting.done():
        getting.cancel()
        await task  # raises what ended it
        return
    message = getting.result()
    if message["type"].endswith(".failed"):
        await asyncio.wait({task})
        if task.exception() is not None:
            await task
        raise RuntimeError(f"the service did not {what}: {message.get('message', '')}")


async def nobody(scope: Message, receive: Any, send: Any) -> None:
    """What answers before the service is made."""
    raise AssertionError("the service has not been started")


class Inside(httpx.AsyncBaseTransport):
    """Asks an ASGI application in this process. httpx's own looks for another event loop with every request."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        scope: Message = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 123),
            "root_path": "",
        }
        bodies, answers = [await request.aread()], list[Message]()

        async def receive() -> Message:
            if not bodies:
                await asyncio.Event().wait()  # nobody hangs up while a service answers
            return {"type": "http.request", "body": bodies.pop(), "more_body": False}

        async def send(message: Message) -> None:
            answers.append(message)

        try:
            await self._app(scope, receive, send)
        except Exception:  # as a server does: whoever asked hears no more than this
            answers = [{"status": 500, "headers": []}]
        head, *rest = answers
        content = b"".join(message.get("body", b"") for message in rest)
        return httpx.Response(head["status"], headers=head["headers"], content=content, request=request)

"""A small load generator: so many connections, each asking again as soon as it was answered.

Requests are built and signed beforehand, so that the figure is the server's and not ours. Bounded: it stops
when the requests it was given are used up or the time is over.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ivr.line.signature import sign


@dataclass(frozen=True, slots=True)
class Result:
    """What a run came to."""

    answered: int
    seconds: float
    p50: float  # milliseconds
    p99: float
    statuses: dict[int, int]

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


def request(token: str, base: str, path: str, fields: dict[str, str]) -> bytes:
    """One signed POST, as bytes on the wire."""
    body = urlencode(fields).encode()
    host = base.split("://", 1)[1]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nContent-Length: {len(body)}\r\n"
        f"I-Twilio-Idempotency-Token: {fields['CallSid'][2:]}\r\n"
        f"X-Twilio-Signature: {sign(token, base + path, list(fields.items()))}\r\n\r\n"
    )
    return head.encode() + body


class _Caller(asyncio.Protocol):
    def __init__(self, requests: "_Requests") -> None:
        self._requests = requests
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        item = self._requests.take()
        if item is None:
            self._transport.close()
            return
        self._index, wire = item
        self._began = time.perf_counter()
        self._transport.write(wire)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length, at = 0, head.lower().find(b"content-length:")
        if at >= 0:
            length = int(head[at + 15 :].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        self._requests.answered(self._index, int(head[9:12]), time.perf_counter() - self._began)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._requests.left()


class _Requests:
    def __init__(self, wires: Sequence[bytes], connections: int, seconds: float) -> None:
        self._wires, self._next, self._open = wires, 0, connections
        self._until = time.perf_counter() + seconds
        self.times: list[float] = []
        self.statuses: dict[int, int] = {}
        self.acknowledged: list[int] = []
        self.done = asyncio.get_running_loop().create_future()

    def take(self) -> tuple[int, bytes] | None:
        if self._next >= len(self._wires) or time.perf_counter() > self._until:
            return None
        self._next += 1
        return self._next - 1, self._wires[self._next - 1]

    def answered(self, index: int, status: int, seconds: float) -> None:
        self.times.append(seconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status in (200, 204):
            self.acknowledged.append(index)

    def left(self) -> None:
        self._open -= 1
        if self._open == 0 and not self.done.done():
            self.done.set_result(None)


async def run(
    port: int, wires: Sequence[bytes], *, connections: int = 32, seconds: float = 20.0
) -> tuple[Result, list[int]]:
    """Send the requests; the result, and the indexes of those that were answered 200 or 204."""
    requests = _Requests(wires, connections, seconds)
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    for _ in range(connections):
        await loop.create_connection(lambda: _Caller(requests), "127.0.0.1", port)
    await asyncio.wait_for(requests.done, seconds + 30)
    took = time.perf_counter() - began
    times = sorted(requests.times) or [0.0]
    result = Result(
        len(requests.times),
        took,
        times[len(times) // 2] * 1000,
        times[min(len(times) - 1, int(len(times) * 0.99))] * 1000,
        requests.statuses,
    )
    return result, requests.acknowledged

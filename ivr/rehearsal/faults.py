"""What goes wrong between Twilio and a service: requests lost, late, doubled or shuffled; REST that fails.

A fault is one line that a supervisor can read:

    faults:
    - lost: the 7th request                 # of Twilio's, each try counted
    - answer lost: /voice/bridging          # the first request to that address; the service got it
    - timed out: the 2nd /voice/farewell    # the service got it, and Twilio no longer waited for the answer
    - answered 500: every /events/call      # by a proxy in between; the service got nothing
    - doubled: every request                # the same request once more, and the second answer counts
    - late: /events/call by 40s             # a callback comes so much later; a document so much later is heard
    - shuffled: events                      # every other callback comes after the one behind it
    - REST 429: 2                           # the first two requests of the service to Twilio; nothing is done
    - REST 500: the 2nd                     # nothing is done
    - REST times out: 1                     # nothing is done, and no answer comes
    - REST answer lost: 1                   # it is done, and no answer comes
    - REST lags: 3s                         # what it tells of calls, rooms and tasks is so old

Requests of programs are never disturbed, nor is what a service asks about its queues as it starts.
"""

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from twilio.http.response import Response  # type: ignore[import-untyped]  # twilio publishes no types

from ivr.rehearsal.clock import Clock

EVERY = 1_000_000
SHUFFLED_BY = 20.0  # seconds
REST_PATIENCE = 3.0  # seconds an asker waits for REST, where it does not say
_TOO_LONG = 20.0  # seconds: more than any of Twilio's time-outs

ON_THE_WAY = ("lost", "answer lost", "timed out", "answered 500", "doubled", "late", "shuffled")
OF_REST = ("REST 429", "REST 500", "REST times out", "REST answer lost")
LAGS = "REST lags"
KINDS = (*ON_THE_WAY, *OF_REST, LAGS)

_WHICH = re.compile(
    r"(?:(?P<every>every) |the (?P<nth>\d+)(?:st|nd|rd|th) |the first (?P<first>\d+) )?"
    r"(?P<what>requests?|events|/(?:voice|events|taskrouter)[a-z0-9_/-]*)"
    r"(?: by (?P<seconds>\d+(?:\.\d+)?)s)?"
)
_CALL = re.compile(rb"(?:^|&)CallSid=(CA[0-9a-f]{32})")
_HOW_MANY = re.compile(r"(?P<every>every)|the (?P<nth>\d+)(?:st|nd|rd|th)|(?P<first>\d+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, on the `first` to the `last` of the requests it is about."""

    kind: str
    what: str = ""  # an address's path, “events” for every callback, nothing for whatever is asked
    first: int = 1
    last: int = 1
    seconds: float = 0.0  # for what is late

    @classmethod
    def read(cls, kind: str, text: str) -> "Fault":
        """One line of a scene. Raises ValueError, which says how it is written."""
        if kind not in KINDS:
            raise ValueError(f"nothing can be “{kind}”; there are: {', '.join(KINDS)}")
        if kind == LAGS:
            if re.fullmatch(r"\d+(?:\.\d+)?s", text) is None:
                raise ValueError(f"“{kind}: {text}” cannot be read; write for how long, like 3s")
            return cls(kind, seconds=float(text[:-1]))
        of_rest = kind in OF_REST
        found = (_HOW_MANY if of_rest else _WHICH).fullmatch(text)
        if found is None:
            how = (
                "2, or the 2nd, or every"
                if of_rest
                else "the 7th request, /voice/bridging, every /events/call, …"
            )
            raise ValueError(f"“{kind}: {text}” cannot be read; write which: {how}")
        part = found.groupdict()
        seconds = float(part.get("seconds") or 0)
        if (kind == "late") is not bool(seconds) and kind != "shuffled":
            raise ValueError(f"“{kind}: {text}”: only what is late is so “by 40s”, and it has to be")
        what = (part.get("what") or "").removesuffix("s") if not of_rest else ""
        what = {"request": "", "event": "events"}.get(what, part.get("what") or "")
        first, last = 1, int(part["first"] or 1)
        if part["nth"]:
            first = last = int(part["nth"])
        if part["every"] or kind == "shuffled":
            last = EVERY
        return cls(kind, what, first, last, seconds or (SHUFFLED_BY if kind == "shuffled" else 0.0))

    def __str__(self) -> str:
        """As it is written in a scene."""
        if self.kind == LAGS:
            return f"{self.kind}: {self.seconds:g}s"
        if self.kind in OF_REST:
            return f"{self.kind}: {self._how_many() or 1}"
        if self.kind == "shuffled":
            return f"shuffled: events by {self.seconds:g}s"
        if self.what:
            which = " ".join(filter(None, [self._which(), self.what]))
        else:
            which = f"{self._which() or 'the 1st'} request"
        return f"{self.kind}: {which}" + (f" by {self.seconds:g}s" if self.seconds else "")

    def _which(self) -> str:
        if self.last >= EVERY:
            return "every"
        if self.first == self.last:
            return f"the {_nth(self.first)}" if self.first > 1 else ""
        return f"the first {self.last}"

    def _how_many(self) -> str:
        return self._which().removeprefix("the first ")

    def about(self, path: str) -> bool:
        """Whether a request to this address is one of those the fault counts."""
        return self.what in ("", path) or (self.what == "events" and path.startswith("/events/"))


def _nth(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


@dataclass(slots=True)
class Carried:
    """What became of one request of Twilio's, all its tries together."""

    path: str
    at: float  # simulated seconds since the rehearsal began
    call: str | None = None  # the leg it is about
    tries: int = 0
    delivered: int = 0  # how often the service got it
    answered: int = 0  # how often Twilio got the answer in time
    until: float = 0.0  # when the last try was over


class Faults:
    """The disturbed way between Twilio and a service, both ways. Its seams are those of Wire and RestSide.

    `on` carries a request that gets through.
    """

    def __init__(
        self,
        faults: Sequence[Fault],
        clock: Clock,
        on: Callable[[httpx.AsyncClient, httpx.Request], Awaitable[httpx.Response]],
    ) -> None:
        self._faults, self._clock, self._on = tuple(faults), clock, on
        self._seen: Counter[tuple[int, str]] = Counter()
        self.carried: dict[str, Carried] = {}  # by idempotency token
        self.refused = 0  # REST requests that were not done

    def _hits(self, seam: str, path: str, kinds: Sequence[str]) -> dict[str, Fault]:
        """The faults that this request meets; each counts what it is about, whether it meets it or not."""
        met = {}
        for number, fault in enumerate(self._faults):
            if fault.kind in kinds and fault.about(path):
                self._seen[number, seam] += 1
                if fault.first <= self._seen[number, seam] <= fault.last:
                    met[fault.kind] = fault
        return met

    # --- Twilio asks -------------------------------------------------------------------------------

    def held(self, url: str) -> float:
        """For how many seconds Twilio keeps back a request whose answer nobody waits for."""
        path = urlsplit(url).path
        met = self._hits("held", path, ("late", "shuffled"))
        seconds = met["late"].seconds if "late" in met else 0.0
        if (shuffled := met.get("shuffled")) is not None:
            number = self._faults.index(shuffled)
            seconds += shuffled.seconds if self._seen[number, "held"] % 2 else 0.0
        return seconds

    async def carry(self, client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
        """One try of a request, as a Carrier."""
        path = request.url.path
        token = request.headers.get("I-Twilio-Idempotency-Token")
        if token is None:
            return await self._on(client, request)
        one = self.carried.get(token)
        if one is None:
            call = _CALL.search(request.content)
            one = Carried(path, self._clock.monotonic(), call[1].decode() if call else None)
            self.carried[token] = one
        one.tries += 1
        try:
            return await self._carry(client, request, one, self._hits("carry", path, ON_THE_WAY))
        finally:
            one.until = self._clock.monotonic()

    async def _carry(
        self, client: httpx.AsyncClient, request: httpx.Request, one: Carried, met: dict[str, Fault]
    ) -> httpx.Response:
        if "lost" in met:
            raise httpx.ConnectTimeout("lost on the way", request=request)
        if "answered 500" in met:
            return httpx.Response(500, text="a proxy's own words", request=request)
        answer = await self._on(client, request)
        one.delivered += 1
        if "doubled" in met:
            answer = await self._on(client, request)
        if "late" in met and not one.path.startswith("/events/"):
            await self._clock.sleep(met["late"].seconds)
        if "timed out" in met:
            await self._clock.sleep(_TOO_LONG)
        if "answer lost" in met:
            raise httpx.ReadError("the answer was lost on the way", request=request)
        one.answered += 1
        return answer

    def never_delivered(self) -> list[Carried]:
        """The requests of which no try reached the service."""
        return [one for one in self.carried.values() if not one.delivered]

    @property
    def lag(self) -> float:
        """By how many seconds what REST tells is behind what has happened."""
        return max((fault.seconds for fault in self._faults if fault.kind == LAGS), default=0.0)

    # --- the service asks ----------------------------------------------------------------------------

    async def rest(
        self,
        path: str,
        timeout: float | None,  # noqa: ASYNC109 - by the simulated clock, which asyncio does not know
        answer: Callable[[], Response],
        refuse: Callable[[int], Response],
    ) -> Response:
        """One REST request: `answer` does it and answers, `refuse` answers with a status and does nothing."""
        met = {} if "/Queues" in path else self._hits("REST", "", OF_REST)
        for kind, status in (("REST 429", 429), ("REST 500", 500)):
            if kind in met:
                self.refused += 1
                return refuse(status)
        if "REST times out" in met:
            self.refused += 1
            await self._clock.sleep(timeout or REST_PATIENCE)
            raise TimeoutError
        given = answer()
        if "REST answer lost" in met:
            await self._clock.sleep(timeout or REST_PATIENCE)
            raise TimeoutError
        return given

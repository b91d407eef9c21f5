"""One leg of a call: it fetches documents, follows them verb by verb, and may be interrupted at any instant.

A leg is one task on the simulated clock. Whatever happens to it from outside (a key, a hang-up, a redirect
by REST, being taken from a queue, a room that ends) reaches it the next time it lets time pass, as an input
or as an `Interrupt`; whoever is nearest and concerned catches it, and everybody else cleans up behind.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime
from typing import Any, Protocol, TypeAlias
from urllib.parse import urldefrag, urlsplit

from httpx import AsyncClient

from ivr.rehearsal.clock import Bell, Clock
from ivr.rehearsal.document import Document, read
from ivr.rehearsal.interrupts import Interrupt, Over, Replaced
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.telephone import Input, Number, Sound
from ivr.rehearsal.twiml import Element, Place
from ivr.rehearsal.wire import Answer, Unanswered, Wire

Fields: TypeAlias = Mapping[str, str]
Verb: TypeAlias = "Callable[[Leg, Element, Document, Place], Awaitable[Document | None]]"

APPLICATION_ERROR = "We are sorry. An application error has occurred. Goodbye."
_MOST_AT_ONCE = 60  # documents that follow one another without any time passing: a loop


class Exchange(Protocol):
    """What a leg needs of the exchange it hangs on."""

    clock: Clock
    wire: Wire
    verbs: Mapping[str, Verb]
    strict: bool

    def saw(self, leg: "Leg", document: Document) -> None:
        """A leg begins to follow a document."""

    def spawn(self, coroutine: Coroutine[Any, Any, None], name: str) -> None:
        """Let something run beside the others."""

    def changed(self, thing: object) -> None:
        """A leg, a room or a task is no longer as it was."""

    def warn(self, error: TwilioRefuses) -> None:
        """Twilio would have written this into its debugger."""


@dataclass(eq=False)
class Leg:
    """One telephone's side of a call."""

    exchange: Exchange
    sid: str
    from_: str
    to: str
    number: Number
    direction: str = "inbound"
    status: str = "ringing"
    sounds: list[Sound] = field(default_factory=list)
    began: float = 0.0
    ended: float | None = None
    ended_by: str | None = None  # caller, agent, rest, room (somebody else ended it) or line
    opening: Document | None = (
        None  # what Twilio itself has it follow first, in place of the number's address
    )
    document: Document | None = None
    listens: frozenset[str] = frozenset()  # what a running <Gather> listens for: dtmf, speech

    def __post_init__(self) -> None:
        self.clock = self.exchange.clock
        self.fallback_url = self.number.fallback_url
        self.status_callback = self.number.status_callback
        self.client = self.exchange.wire.client()
        self._bell = Bell(self.clock, f"leg {self.sid[:6]}")
        self._interrupts: deque[Interrupt] = deque()
        self._inputs: deque[Input] = deque()
        self._latest_at, self._at_once = -1, 0
        self.put_out = False  # somebody else ended the room it was last in
        self.began = self.clock.monotonic()

    # --- what others do to it ----------------------------------------------------------------------

    def press(self, digit: str) -> None:
        """A key of this telephone."""
        self._input(Input("dtmf", digit))

    def speak(self, words: str) -> None:
        """Words said into this telephone."""
        self._input(Input("speech", words))

    def hang_up(self, by: str = "caller") -> None:
        """The telephone is put down, or REST ends the call."""
        if self.status != "completed":
            self.ended_by = self.ended_by or by
            self.status = "completed"
            self.exchange.changed(self)
            self.interrupt(Over(f"hung up by {by}"))

    def interrupt(self, why: Interrupt) -> None:
        """Tell the leg that what it does is over; a hang-up goes before everything else."""
        if isinstance(why, Over):
            self._interrupts.appendleft(why)
        else:
            self._interrupts.append(why)
        self._bell.ring()

    def forget(self, *kinds: type[Interrupt]) -> list[Interrupt]:
        """Take back what came too late for what the leg was doing; gives what was taken."""
        stale = [why for why in self._interrupts if isinstance(why, kinds)]
        self._interrupts = deque(why for why in self._interrupts if not isinstance(why, kinds))
        return stale

    def _input(self, what: Input) -> None:
        self._inputs.append(what)
        self._bell.ring()

    # --- letting time pass -----------------------------------------------------------------------------

    def check(self) -> None:
        """Raise the interrupt that is waiting, if one is."""
        if self._interrupts:
            raise self._interrupts.popleft()

    def deaf(self) -> None:
        """Forget what was pressed or said while nobody listened."""
        self._inputs.clear()

    async def wait(self, seconds: float | None = None) -> Input | None:
        """Let time pass: gives an input as soon as there is one, None when `seconds` are over."""
        until = None if seconds is None else self.clock.monotonic() + seconds
        while True:
            self.check()
            if self._inputs:
                return self._inputs.popleft()
            left = None if until is None else until - self.clock.monotonic()
            if left is not None and left <= 0:
                return None
            if not await self._bell.wait(left):
                self.check()
                return None

    async def hear(self, sound: Sound, cut_by: Collection[str] = ()) -> Input | None:
        """Play a sound to its end; an input of a kind in `cut_by` cuts it and is given back."""
        self.sounds.append(sound)
        began = self.clock.microseconds
        try:
            while (left := sound.whole - (self.clock.microseconds - began) / 1_000_000) > 0:
                given = await self.wait(left)
                if given is not None and given.kind in cut_by:
                    return given
            return None
        finally:
            sound.seconds = min(sound.whole, (self.clock.microseconds - began) / 1_000_000)

    # --- asking -----------------------------------------------------------------------------------------

    def common(self) -> dict[str, str]:
        """The parameters every voice request carries."""
        return {
            "CallSid": self.sid,
            "AccountSid": self.exchange.wire.account_sid,
            "From": self.from_,
            "To": self.to,
            "Caller": self.from_,
            "Called": self.to,
            "CallStatus": self.status,
            "Direction": self.direction,
            "ApiVersion": "2010-04-01",
        }

    async def fetch(
        self, url: str, method: str = "POST", fields: Fields | None = None, place: Place = "call"
    ) -> Document:
        """The document at an address, or the fallback's when it cannot be had.

        A wait, whisper or room document that fails takes the leg out of where it is: Replaced by the
        fallback. Without a fallback the caller hears Twilio's own sentence and the call ends.
        """
        try:
            return await self._read(url, method, fields or {}, place)
        except TwilioRefuses as refused:
            if self.exchange.strict and not isinstance(refused, Unanswered):
                raise
            self.exchange.warn(refused)
            fallback = await self._fall_back(refused, url)
        if place != "call":

            async def served() -> Document:
                return fallback

            raise Replaced(served, by_rest=False)
        return fallback

    async def tell(self, url: str, method: str = "POST", fields: Fields | None = None) -> None:
        """Ask an address whose answer nobody follows any more; nothing waits for one that is kept back."""
        seconds = self.exchange.wire.held_for(url)
        if seconds <= 0:
            await self._told(url, method, self._pairs(fields), self.client)
            return
        pairs = self._pairs(fields)  # as it was when it happened

        async def later() -> None:
            await self.clock.sleep(seconds)
            await self._told(url, method, pairs, None)

        self.exchange.spawn(later(), f"kept back {urlsplit(url).path}")

    async def _told(
        self, url: str, method: str, pairs: list[tuple[str, str]], client: AsyncClient | None
    ) -> None:
        try:
            await self.exchange.wire.ask(url, method, pairs, client=client, leg=self.sid)
        except Unanswered as refused:
            self.exchange.warn(refused)

    def _pairs(self, fields: Fields | None) -> list[tuple[str, str]]:
        return list((self.common() | dict(fields or {})).items())

    async def _ask(self, url: str, method: str, fields: Fields) -> Answer:
        return await self.exchange.wire.ask(
            url, method, self._pairs(fields), client=self.client, leg=self.sid
        )

    async def _read(self, url: str, method: str, fields: Fields, place: Place) -> Document:
        return read(await self._ask(url, method, fields), place)

    async def _fall_back(self, refused: TwilioRefuses, url: str) -> Document:
        """The fallback address, with what went wrong and where; asked once, since a fallback has no fallback."""
        if self.fallback_url and urldefrag(self.fallback_url)[0] != urldefrag(url)[0]:
            wrong = {"ErrorCode": str(refused.code or 11200), "ErrorUrl": urldefrag(url)[0]}
            try:
                return await self._read(self.fallback_url, "POST", wrong, "call")
            except TwilioRefuses as again:
                self.exchange.warn(again)
                if self.exchange.strict and not isinstance(again, Unanswered):
                    raise
        await self.hear(Sound(self.clock.monotonic(), 5.0, None, text=APPLICATION_ERROR))
        self.ended_by = "line"
        raise Over("application error")

    # --- living --------------------------------------------------------------------------------------------

    async def live(self) -> None:
        """From the first document to the end. Raises TwilioRefuses where the exchange is strict."""
        asks: Callable[[], Awaitable[Document]] = self._first
        try:
            while True:
                try:
                    document = await asks()
                    await self.follow(document, "call")
                    self.check()  # a redirect that came just as the last verb ended still counts
                    break
                except Replaced as other:
                    asks = other.fetch
        except Over:
            pass
        except BaseException:
            await self.client.aclose()
            raise
        await self._end()

    async def _first(self) -> Document:
        if self.opening is not None:
            return self.opening
        return await self.fetch(self.number.voice_url)

    async def follow(self, document: Document, place: Place) -> None:
        """A document and whatever it leads to, until nothing is left to do."""
        following: Document | None = document
        while following is not None:
            self._no_loop(following)
            following = await self.perform(following, place)

    async def perform(self, document: Document, place: Place) -> Document | None:
        """One document's verbs, in order; the document that takes its place, or None at its end."""
        self.sees(document)
        for verb in document.root:
            self.check()
            self.put_out = False
            if self.status == "ringing" and verb.tag != "Reject":
                self.status = "in-progress"
                self.exchange.changed(self)
            after = await self.exchange.verbs[verb.tag](self, verb, document, place)
            if after is not None:
                return after
        return None

    def sees(self, document: Document) -> None:
        """It begins to follow a document."""
        self.document = document
        self.exchange.saw(self, document)

    def _no_loop(self, document: Document) -> None:
        at = self.clock.microseconds
        self._at_once = self._at_once + 1 if at == self._latest_at else 1
        self._latest_at = at
        if self._at_once > _MOST_AT_ONCE:
            raise TwilioRefuses(
                None, f"{_MOST_AT_ONCE} documents followed one another in no time: a loop", document.url
            )

    async def _end(self) -> None:
        self.status = "completed"
        self.ended_by = self.ended_by or ("room" if self.put_out else "line")
        if self.ended is None:
            self.ended = self.clock.monotonic()
        self.exchange.changed(self)
        if self.status_callback:
            seconds = round(self.ended - self.began)
            await self.tell(
                self.status_callback,
                fields={
                    "CallDuration": str(seconds),
                    "Duration": str(-(-seconds // 60)),
                    "Timestamp": format_datetime(self.clock.now().astimezone(UTC)),
                    "CallbackSource": "call-progress-events",
                    "SequenceNumber": "0",
                },
            )
        await self.client.aclose()

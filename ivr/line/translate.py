"""What Twilio said → what happened.

A request's fields are read with tolerance: Twilio adds fields, omits them, repeats and garbles them, and
none of that may disturb a call. Where a field repeats, the first value counts. Control characters go when a
value is read, not before: the signature covers them. Times are Twilio's where it sent one, else ours; every
event says which clock it is by.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_plus

from ivr.calls.events import (
    Answered,
    Arrived,
    Clock,
    Ended,
    Event,
    Held,
    Joined,
    LeftQueue,
    Parted,
    Queued,
    Resumed,
)

FIELDS = 1_000  # no request of Twilio's has a tenth of this; a form of more is no form
_LONGEST = 2_048  # characters kept of one value: an address may be this long, nothing else is

_ANOTHER_DAY = timedelta(days=1)  # a time this far from ours was garbled on the way

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff\ud800-\udfff]+")
_SID = re.compile(r"[A-Za-z0-9]{34}")
_WHOLE = re.compile(r"\s*([0-9]{1,9})(?:\.[0-9]*)?\s*")
_KEYS = re.compile(r"[0-9*#]+")
_SHARE = re.compile(r"[01](?:\.[0-9]{1,20})?|\.[0-9]{1,20}")

NOBODY = "unknown"
"""The call of an event whose request named none: kept, so that nothing is refused, and joined to no call."""

FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""The call statuses after which nothing more happens on a leg."""


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """A form's fields in order, repeats and blanks kept; bytes that are not UTF-8 become U+FFFD.

    The same as urllib's parse_qsl, at half its cost. An absurd number of fields gives none at all.
    """
    if body.count(b"&") >= FIELDS:
        return []
    fields = []
    for pair in body.decode("utf-8", "replace").split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if "%" in name or "+" in name:
                name = unquote_plus(name)
            if "%" in value or "+" in value:
                value = unquote_plus(value)
            fields.append((name, value))
    return fields


def clean(text: str, longest: int = _LONGEST) -> str:
    """Text that may be kept and written into XML: no control characters, no halves of characters."""
    return (text if text.isprintable() else _CONTROL.sub("", text))[:longest]


def sid(text: str | None, prefix: str = "CA") -> str | None:
    """`text` where it is an identifier of Twilio's of that kind (two letters and 32 more), else None."""
    return text if text and text.startswith(prefix) and _SID.fullmatch(text) else None


def whole(text: str) -> int | None:
    """A number of seconds or a position, 0 to 999,999,999; a fraction is dropped. None for anything else."""
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found else None


def when(text: str) -> datetime | None:
    """A time as Twilio writes them, in UTC: RFC 2822, in newer products ISO 8601, and of TaskRouter also in
    seconds or milliseconds since 1970; None for anything else."""
    if not text:
        return None
    try:
        if text.isascii() and text.isdigit() and len(text) in (10, 13):
            return datetime.fromtimestamp(int(text) / 10 ** (len(text) - 10), UTC)
        time = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def said(params: Sequence[tuple[str, str]]) -> "Said":
    """The request's fields, for reading. Check its signature before."""
    return Said(params)


class Said:
    """What one request of Twilio's says: every field is there, blank or None where Twilio left it out."""

    __slots__ = ("_first",)

    def __init__(self, params: Sequence[tuple[str, str]]):
        self._first = dict(reversed(params))

    def text(self, name: str) -> str:
        """Any field by Twilio's name for it."""
        value = self._first.get(name)
        return clean(value) if value else ""

    def whole_text(self, name: str, longest: int) -> str:
        """A field that may be longer than others, blank where it is longer than even that."""
        value = self._first.get(name) or ""
        return clean(value, longest) if len(value) <= longest else ""

    @property
    def call_sid(self) -> str | None:
        return sid(self._first.get("CallSid"))

    @property
    def account_sid(self) -> str | None:
        return sid(self._first.get("AccountSid"), "AC")

    @property
    def queue_sid(self) -> str | None:
        return sid(self._first.get("QueueSid"), "QU")

    @property
    def conference_sid(self) -> str | None:
        return sid(self._first.get("ConferenceSid"), "CF")

    @property
    def from_(self) -> str:
        """The caller's address, or whatever word the carrier had for it."""
        return self.text("From").strip()

    @property
    def to(self) -> str:
        return self.text("To").strip()

    @property
    def direction(self) -> str:
        return self.text("Direction")

    @property
    def outbound(self) -> bool:
        return self.direction.startswith("outbound")

    @property
    def call_status(self) -> str:
        return self.text("CallStatus")

    @property
    def digits(self) -> str:
        """The one key pressed: 0-9, * or #. Blank for none, for several, and for anything else."""
        return keys if len(keys := self.keyed) == 1 else ""

    @property
    def keyed(self) -> str:
        """All keys pressed, at most 32; blank where one of them is not on a telephone."""
        keys = self.text("Digits").strip()
        return keys if len(keys) <= 32 and _KEYS.fullmatch(keys) else ""

    @property
    def speech(self) -> str | None:
        """What the caller said, as far as it was recognised: blank for a noise. None where no words were heard for.

        Kept nowhere and logged nowhere.
        """
        return None if "SpeechResult" not in self._first else self.text("SpeechResult")

    @property
    def confidence(self) -> float | None:
        """How sure the recogniser is, 0 to 1; None where it does not say."""
        text = self.text("Confidence").strip()
        return float(text) if _SHARE.fullmatch(text) else None

    @property
    def queue_result(self) -> str:
        return self.text("QueueResult")

    @property
    def queue_time(self) -> int | None:
        """Seconds in the queue."""
        return whole(self.text("QueueTime"))

    @property
    def avg_queue_time(self) -> int | None:
        """Seconds that those now in the queue have waited, on average."""
        return whole(self.text("AvgQueueTime"))

    @property
    def queue_position(self) -> int | None:
        return whole(self.text("QueuePosition"))

    @property
    def dequeueing_call_sid(self) -> str | None:
        """The agent's leg, at the bridge. Twilio spells it with one u fewer."""
        return sid(self._first.get("DequeingCallSid"))

    @property
    def dial_call_status(self) -> str:
        return self.text("DialCallStatus")

    @property
    def error_code(self) -> str:
        return self.text("ErrorCode")

    @property
    def error_url(self) -> str:
        """The address whose document failed, on a fallback request."""
        return self.text("ErrorUrl")

    @property
    def timestamp(self) -> datetime | None:
        return when(self.text("Timestamp"))

    @property
    def sequence(self) -> int | None:
        return whole(self.text("SequenceNumber"))

    @property
    def conference_event(self) -> str:
        """participant-join, participant-hold …"""
        return self.text("StatusCallbackEvent")

    @property
    def room(self) -> str:
        """The conference's name."""
        return self.text("FriendlyName")


def token(header: str | None) -> str | None:
    """Twilio's idempotency token, the same on every try of one request; None where there is none."""
    return (clean(header.strip(), 200) or None) if header else None


def arrived(
    said: Said,
    at: datetime,
    *,
    caller_key: str | None,
    key: str | None = None,
    verified: bool = False,
    locale: str | None = None,
) -> Arrived:
    """A call reached us. `caller_key` is the keyed hash of the caller's address, `key` the token."""
    ours = said.from_ if said.outbound else said.to
    return Arrived(
        call=said.call_sid or NOBODY,
        at=at,
        key=key or key_of(said.direction),  # a call arrives once
        caller=caller_key,
        called=ours[:128] or None,
        verified=verified,
        outbound=said.outbound,
        locale=locale,
    )


def queued(said: Said, at: datetime, *, queue: str, stay: int = 1, key: str | None = None) -> Queued:
    """The caller is being sent to wait, for the `stay`th time."""
    return Queued(call=said.call_sid or NOBODY, at=at, key=key or key_of(stay), queue=queue, stay=stay)


def left_queue(said: Said, at: datetime, *, stay: int = 1, key: str | None = None) -> LeftQueue:
    """A stay in the queue is over, or was never begun."""
    call, result, waited = said.call_sid or NOBODY, said.queue_result, said.queue_time
    made = key or key_of(said.queue_sid, result, waited, stay)
    return LeftQueue(call=call, at=at, key=made, result=result, waited=waited, stay=stay)


def answered(said: Said, at: datetime, *, key: str | None = None) -> Answered:
    """The caller is about to hear the agent who took them from the queue."""
    call, agent, waited = said.call_sid or NOBODY, said.dequeueing_call_sid, said.queue_time
    made = key or key_of(said.queue_sid, agent, waited)
    return Answered(call=call, at=at, key=made, agent=agent, waited=waited, source="bridging")


def ended(said: Said, at: datetime, *, key: str | None = None) -> Ended | None:
    """The leg is over; None while it is not. Who ended it, Twilio does not say."""
    call, status = said.call_sid, said.call_status
    if call is None or status not in FINAL:
        return None
    return Ended(call=call, at=at, key=key or key_of(status, said.sequence))


IN_ROOM = (Joined, Parted)
"""What a room tells of anybody's leg; a hold counts only for a caller's."""

_HOLDS: dict[str, type[Held] | type[Resumed]] = {"participant-hold": Held, "participant-unhold": Resumed}


def conference(said: Said, at: datetime) -> Event | None:
    """What a room's event means for the leg it names: it came, it left, a hold of it began or ended.

    None where it means nothing. The room's own sequence number is the key, not the token, since a room may
    report one event to several listeners.
    """
    call, room, sequence = said.call_sid, said.conference_sid, said.sequence or 0
    key, (at, clock) = key_of(room, said.sequence), time_of(said, at)
    if (hold := _HOLDS.get(said.conference_event)) is not None:
        return hold(call=call, at=at, key=key, clock=clock) if call is not None else None
    if room is None:
        return None
    if said.conference_event == "conference-end":
        return Parted(call=room, at=at, key=key, clock=clock, room=room, sequence=sequence, over=True)
    if call is not None and said.conference_event == "participant-join":
        return Joined(
            call=call, at=at, key=key, clock=clock, room=room, name=said.room or None, sequence=sequence
        )
    if call is not None and said.conference_event == "participant-leave":
        return Parted(call=call, at=at, key=key, clock=clock, room=room, sequence=sequence)
    return None


def time_of(said: Said, at: datetime) -> tuple[datetime, Clock]:
    """The request's own time and clock, where it sent one that can be; else ours."""
    theirs = said.timestamp
    if theirs is not None and abs(theirs - at) < _ANOTHER_DAY:
        return theirs, "twilio"
    return at, "ours"


def key_of(*parts: str | int | None) -> str:
    """An event's key from what Twilio sent with it."""
    return ":".join("" if part is None else str(part) for part in parts)[:200]

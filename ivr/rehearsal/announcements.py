"""Announcements: a document played into a room, once for everybody in it, or for one of them.

It is fetched once and followed once, whoever listens, and its requests name the room and no call. Who comes
late hears the rest from the next sentence on; who leaves, or is put on hold, hears no more of it. Whether
Twilio lets somebody on hold hear what the room is told is written nowhere: here they do not.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from ivr.rehearsal.document import Document
from ivr.rehearsal.interrupts import Interrupt, Over
from ivr.rehearsal.leg import Fields, Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.rooms import Person, Room
from ivr.rehearsal.telephone import Input, Number, Sound
from ivr.rehearsal.twiml import Place
from ivr.rehearsal.wire import Unanswered

Said = Literal["announcement-end", "announcement-fail"]


def announce(room: Room, url: str, method: str = "POST", only: Person | None = None) -> None:
    """Have a room, or one person in it, hear the document at an address. One that is running gives way."""
    room.exchange.spawn(Announcement(room, url, method, only).live(), "announcement")


class Announcement(Leg):
    """What a room is being told: it follows documents as a telephone does, and others hear them."""

    def __init__(self, room: Room, url: str, method: str, only: Person | None) -> None:
        super().__init__(room.exchange, room.sid, "", "", Number(url), status="in-progress")
        self.room, self.method, self.only = room, method, only
        self._hear: dict[Person, Sound] = {}

    def hearers(self) -> list[Person]:
        """Who would hear it now."""
        if self.only is not None:
            return [self.only] if self.only in self.room.people else []
        return [person for person in self.room.people if not person.held]

    def lost(self, person: Person) -> None:
        """Somebody hears no more of it."""
        sound = self._hear.pop(person, None)
        if sound is not None:
            sound.seconds = self._played(sound)

    # --- as a leg does ---------------------------------------------------------------------------------

    def common(self) -> dict[str, str]:
        """Its requests name the room."""
        return self.room.fields()

    async def fetch(
        self, url: str, method: str = "POST", fields: Fields | None = None, place: Place = "room"
    ) -> Document:
        """An announcement has no fallback: what cannot be had is not heard."""
        return await self._read(url, method, fields or {}, "room")

    def sees(self, document: Document) -> None:
        """Whoever hears it begins to hear this document."""
        self.document = document
        for person in self.hearers():
            self.exchange.saw(person.leg, document)

    async def hear(self, sound: Sound, cut_by: Collection[str] = ()) -> Input | None:
        """Each of them hears it, for as long as they are there."""
        began = self.clock.monotonic()
        self._hear = {person: replace(sound) for person in self.hearers()}
        for person, heard in self._hear.items():
            person.leg.sounds.append(heard)
        try:
            while (left := began + sound.whole - self.clock.monotonic()) > 0:
                await self.wait(left)
        finally:
            for heard in self._hear.values():
                heard.seconds = self._played(heard)
            self._hear = {}
        return None

    def _played(self, sound: Sound) -> float:
        return min(sound.whole, self.clock.monotonic() - sound.at)

    async def live(self) -> None:
        """From the first document to the last; the room is told how it ended, unless the room ended first."""
        said: Said = "announcement-end"
        try:
            first = await self.fetch(self.number.voice_url, self.method)
            if (before := self.room.voices.get(self.only)) is not None:
                before.interrupt(Over("another announcement"))
            if self.room.status == "completed":
                return
            self.room.voices[self.only] = self
            await self.follow(first, "room")
            self.check()
        except Interrupt:
            return
        except TwilioRefuses as refused:
            if self.exchange.strict and not isinstance(refused, Unanswered):
                raise
            self.exchange.warn(refused)
            said = "announcement-fail"
        finally:
            if self.room.voices.get(self.only) is self:
                del self.room.voices[self.only]
            await self.client.aclose()
        why = (
            {"ReasonAnnouncementFailed": "the document could not be had"}
            if said == "announcement-fail"
            else {}
        )
        there = self.only if self.only in self.room.people else None
        self.room.event("announcement", said, there, {"AnnounceUrl": self.number.voice_url} | why)

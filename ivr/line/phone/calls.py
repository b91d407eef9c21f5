"""Live calls: brought to their farewell or to another document, and looked at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ivr.line.phone.answers import Found, Outcome
from ivr.line.phone.asking import Asking
from ivr.line.translate import FINAL
from ivr.line.twiml import event_url, voice_url


@dataclass(frozen=True, slots=True)
class End:
    """Whether a call is over, and when it ended by Twilio's clock, where it says."""

    over: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Leg:
    status: str  # Twilio's word for it; blank where the answer does not say
    direction: str
    ended: datetime | None


def _read(call: Any) -> _Leg:
    ended = call.end_time  # text where it is no time that can be read
    at = ended if isinstance(ended, datetime) and ended.tzinfo else None
    return _Leg(str(call.status or ""), str(call.direction or ""), at)


class LiveCalls(Asking):
    """The legs of calls that are under way."""

    async def to_farewell(self, call: str, *, within: float | None = None) -> Outcome:
        """Bring a caller's leg, taken from its agent, to its farewell."""
        door = voice_url(self._base, "/voice/farewell", call=call, way="aside")
        return await self.redirect(call, door, within=within)

    async def release(self, agent: str, call: str, *, within: float | None = None) -> Outcome:
        """Have an agent's waiting leg look at once what became of `call`; when that is over it is let go."""
        return await self.redirect(
            agent, voice_url(self._base, "/voice/agent/next", call=call), within=within
        )

    async def redirect(self, call: str, url: str, *, within: float | None = None) -> Outcome:
        """Have a live leg go on with another document."""

        async def ask() -> Any:
            return await self._call(call).update_async(
                url=url,
                method="POST",
                fallback_url=self._fallback_url or voice_url(self._base, "/voice/fallback"),
                status_callback=event_url(self._base, "/events/call"),
            )

        async def look() -> Outcome | None:
            # Once: a Twilio that is away is not pressed while somebody hears silence.
            seen = await self._ask("fetch", lambda: self._call(call).fetch_async(), _read)
            if seen.outcome is Outcome.TOO_LATE or (seen.given and seen.given.status in FINAL):
                return Outcome.TOO_LATE
            return None if seen.given and seen.given.status else Outcome.TRY_AGAIN

        return await self._outcome("redirect", self._see_to("redirect", ask, look), within)

    async def fetch(self, call: str, *, within: float | None = None) -> str | None:
        """A call's status; None where Twilio knows no such call, blank where it could not be asked."""
        seen = await self._found("fetch", self._seen(call), within)
        if seen.outcome is Outcome.TOO_LATE:
            return None
        return seen.value.status if seen.value else ""

    async def end_of(self, call: str, *, within: float | None = None) -> Found[End]:
        """Whether a call is over; TOO_LATE where Twilio knows of no such call."""
        seen = await self._found("end_of", self._seen(call), within)
        leg = seen.value
        if leg is not None and leg.status:
            return Found(seen.outcome, End(leg.status in FINAL, leg.ended))
        return Found(Outcome.TRY_AGAIN if seen.outcome is Outcome.DONE else seen.outcome)

    async def direction(self, call: str, *, within: float | None = None) -> str | None:
        """inbound, outbound-api … of a call that is not over.

        None where Twilio knows of none, blank where it could not be asked.
        """
        seen = await self._found("direction", self._seen(call), within)
        if seen.outcome is Outcome.TOO_LATE or (seen.value and seen.value.status in FINAL):
            return None
        return seen.value.direction if seen.value else ""

    async def _seen(self, call: str) -> Found[_Leg]:
        return (await self._look("fetch", lambda: self._call(call).fetch_async(), _read)).found

    def _call(self, call: str) -> Any:
        return self._twilio().calls(call)

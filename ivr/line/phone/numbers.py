"""The account's telephone numbers: where each one's calls go, and pointing one at us."""

from dataclasses import dataclass
from typing import Any

from ivr.line.phone.answers import Answer, Found, Outcome
from ivr.line.phone.asking import Asking


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be rung, and what Twilio asks when it is."""

    sid: str
    number: str  # +44…
    name: str
    voice_url: str  # blank where nothing is set, as the others
    fallback_url: str
    status_callback: str
    voice_method: str
    fallback_method: str
    status_method: str
    elsewhere: str | None = (
        None  # the application (AP…) or trunk (TK…) that answers in place of the addresses
    )

    @property
    def posted(self) -> bool:
        """Whether all three are asked by POST."""
        return self.voice_method == self.fallback_method == self.status_method == "POST"


class Numbers(Asking):
    """The account's numbers, for whoever sets the line up."""

    async def numbers(self, *, within: float | None = None) -> Found[tuple[Number, ...]]:
        """Every number that can be rung."""

        async def look() -> Found[tuple[Number, ...]]:
            return (await self._numbers()).found

        return await self._found("numbers", look(), within)

    async def point_number(
        self,
        sid: str,
        *,
        voice_url: str,
        fallback_url: str,
        status_callback: str,
        within: float | None = None,
    ) -> Outcome:
        """Have a number's calls asked of these addresses, by POST. Too late where there is no such number.

        While the number is answered `elsewhere` Twilio keeps the addresses and does not use them.
        """

        async def ask() -> Any:
            return await (
                self._twilio()
                .incoming_phone_numbers(sid)
                .update_async(
                    voice_url=voice_url,
                    voice_method="POST",
                    voice_fallback_url=fallback_url,
                    voice_fallback_method="POST",
                    status_callback=status_callback,
                    status_callback_method="POST",
                )
            )

        async def look() -> Outcome | None:
            listed = await self._numbers()
            if listed.given is None:
                return listed.outcome
            there = next((number for number in listed.given if number.sid == sid), None)
            if there is None:
                return Outcome.TOO_LATE
            wished = (voice_url, fallback_url, status_callback, True)
            stands = (there.voice_url, there.fallback_url, there.status_callback, there.posted)
            return Outcome.DONE if stands == wished else None

        return await self._outcome("point_number", self._see_to("point_number", ask, look), within)

    async def _numbers(self) -> Answer[tuple[Number, ...]]:
        return await self._look_through("numbers", self._twilio().incoming_phone_numbers, _read)


def _read(numbers: list[Any]) -> tuple[Number, ...]:
    return tuple(_number(number) for number in numbers if _can_be_rung(number.capabilities))


def _can_be_rung(capabilities: Any) -> bool:
    return not isinstance(capabilities, dict) or capabilities.get("voice") is not False


def _number(number: Any) -> Number:
    return Number(
        sid=str(number.sid),
        number=str(number.phone_number),
        name=str(number.friendly_name or ""),
        voice_url=str(number.voice_url or ""),
        fallback_url=str(number.voice_fallback_url or ""),
        status_callback=str(number.status_callback or ""),
        voice_method=str(number.voice_method or ""),
        fallback_method=str(number.voice_fallback_method or ""),
        status_method=str(number.status_callback_method or ""),
        elsewhere=number.trunk_sid or number.voice_application_sid or None,  # a trunk wins over both
    )

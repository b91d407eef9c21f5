"""What came of asking Twilio, as whoever asked needs to know it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")


class Outcome(StrEnum):
    """How it went."""

    DONE = "done"
    TOO_LATE = "too_late"  # the call or the room is over, or never was: nothing more to ask
    TRY_AGAIN = "try_again"  # Twilio was busy or silent
    REFUSED = "refused"  # Twilio will never do this; its code is in the log


# Neither has slots: Python 3.11 cannot make a frozen, slotted generic by its full name, Found[str](…).
@dataclass(frozen=True)
class Found(Generic[T]):
    """How a look went, and what was seen: None where nothing was."""

    outcome: Outcome
    value: T | None = None


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came of one request."""

    outcome: Outcome
    given: T | None = None
    unsure: bool = False  # Twilio may have done it and not said so

    @property
    def found(self) -> Found[T]:
        """The same, for whoever need not know what Twilio may have done."""
        return Found(self.outcome, self.given)

"""What a telephone has: its number, what is heard in it, and what is pressed on it or said into it."""

from dataclasses import dataclass
from typing import Literal

from ivr.rehearsal.document import Document


@dataclass(frozen=True, slots=True)
class Number:
    """What a telephone number's owner told Twilio: what to ask when it rings, and whom to tell when it ends."""

    voice_url: str
    fallback_url: str | None = None
    status_callback: str | None = None


@dataclass(slots=True)
class Sound:
    """Something a leg heard. `seconds` is how long it really played, `whole` how long it would have."""

    at: float  # simulated seconds since the rehearsal began
    whole: float
    url: str | None  # the document it stood in
    text: str = ""
    ssml: str = ""
    voice: str = ""
    language: str = ""
    played: str | None = None  # the address of a <Play>
    seconds: float = 0.0
    document: Document | None = None

    @property
    def cut(self) -> bool:
        return self.seconds < self.whole


@dataclass(frozen=True, slots=True)
class Input:
    """A key pressed, or words spoken."""

    kind: Literal["dtmf", "speech"]
    text: str

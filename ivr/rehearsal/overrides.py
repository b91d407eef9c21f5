"""How long Twilio waits for an answer, and when it tries again: what an address's fragment says of it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ivr.rehearsal.refusals import TwilioRefuses


@dataclass(frozen=True, slots=True)
class Overrides:
    """A webhook's connection overrides, written into its address as a fragment; times in milliseconds."""

    rc: int = 1
    rp: frozenset[str] = frozenset({"ct"})
    ct: int = 5_000
    rt: int = 15_000
    tt: int = 15_000

    def retried(self, what: str) -> bool:
        return what in self.rp or "all" in self.rp

    def within(self, left: float) -> "Patience":
        """For how long one try is waited for, when so many seconds are left for all of them."""
        return Patience(min(self.ct / 1000, left), min(self.rt / 1000, left))


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that one try may take."""

    connecting: float
    answering: float


_RANGES = {"rc": (0, 5), "ct": (100, 10_000), "rt": (100, 15_000), "tt": (100, 15_000)}
_POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})


def overrides(url: str) -> Overrides:
    """Read an address's fragment. By default only a failed connection is tried again, once.

    Raises TwilioRefuses (11100) for a key or a value outside Twilio's table.
    """
    values: dict[str, Any] = {}
    for name, value in parse_qsl(urlsplit(url).fragment, keep_blank_values=True):
        if name == "rp":
            values["rp"] = frozenset(value.split(","))
            good = values["rp"] <= _POLICIES
        elif name in _RANGES:
            low, high = _RANGES[name]
            good = value.isdigit() and low <= int(value) <= high
            values[name] = int(value) if good else 0
        else:
            good = name in ("sni", "e")
        if not good:
            raise TwilioRefuses(11100, f"no such connection override: {name}={value}", url)
    return Overrides(**values)

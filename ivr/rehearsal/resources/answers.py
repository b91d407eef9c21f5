"""What every resource shares: how it refuses, how it checks what it was given, how it lists."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from ivr.rehearsal.clock import Clock
from ivr.rehearsal.twiml.values import address

Body: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, str]


class RestError(Exception):
    """What Twilio answers instead of a resource."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message

    def body(self) -> Body:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class Route:
    """One thing that can be asked: by which method, at which path, with which parameters."""

    method: str
    path: re.Pattern[str]
    known: frozenset[str]
    answer: Callable[..., Body]
    status: int = 200


class Resource(Protocol):
    """One kind of thing, and what can be asked of it."""

    def routes(self) -> Iterable[Route]: ...


def route(
    method: str, path: str, answer: Callable[..., Body], known: Collection[str] = (), *, status: int = 200
) -> Route:
    """A route whose path holds {} for each identifier."""
    pattern = "([^/]+)".join(re.escape(part) for part in path.split("{}"))
    return Route(method, re.compile(pattern), frozenset(known), answer, status)


LIST = frozenset({"PageSize", "Page", "PageToken"})


def not_found(what: str) -> RestError:
    """20404: there is no such thing, or it belongs to another account."""
    return RestError(404, 20404, f"The requested resource {what} was not found")


def one_of(given: Given, name: str, *values: str) -> None:
    """A parameter that takes a few words: 20001 for another."""
    if name in given and given[name] not in values:
        raise RestError(400, 20001, f"{name} must be one of: {', '.join(values)}")


_METHODS = (
    "Method",
    "FallbackMethod",
    "StatusCallbackMethod",
    "HoldMethod",
    "AnnounceMethod",
    "WaitMethod",
    "VoiceMethod",
    "VoiceFallbackMethod",
)


def addresses(given: Given, *names: str) -> None:
    """An address must be absolute: 21205; and its method one of two."""
    for name in names:
        if name in given and (not address(21205).fits(given[name]) or not urlsplit(given[name]).scheme):
            raise RestError(400, 21205, f"{name} is not an absolute address: {given[name]}")
    for name in _METHODS:
        one_of(given, name, "GET", "POST")


def moment(clock: Clock, seconds: float) -> datetime:
    """The time of day at which the rehearsal was so many seconds old, in UTC."""
    return (clock.now() - timedelta(seconds=clock.monotonic() - seconds)).astimezone(UTC)


def rfc(clock: Clock, seconds: float) -> str:
    """The same as mail writes it, and as the older half of Twilio's API does."""
    return format_datetime(moment(clock, seconds))


def iso(clock: Clock, seconds: float) -> str:
    """The same as the newer half writes it."""
    return moment(clock, seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def page(key: str, items: list[Body]) -> Body:
    """A list, whole on its first page."""
    return {
        key: items,
        "first_page_uri": "",
        "next_page_uri": None,
        "previous_page_uri": None,
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": max(0, len(items) - 1),
        "uri": "",
    }

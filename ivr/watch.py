"""Logs and counters. No number, name, gift or spoken word goes into either.

A log line is an event's name and a few fields from a short list; anything else is dropped before it is
written, so that a slip elsewhere cannot leak what a caller said.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

REGISTRY = CollectorRegistry()

REQUESTS = Counter("ivr_requests_total", "Requests answered.", ["address", "status"], registry=REGISTRY)
REFUSED = Counter("ivr_refused_total", "Requests whose signature was missing or wrong.", registry=REGISTRY)
MISHAPS = Counter("ivr_mishaps_total", "Callers who heard the mishap page.", ["where"], registry=REGISTRY)
FAREWELLS = Counter("ivr_farewells_total", "Farewells composed.", ["way", "tone"], registry=REGISTRY)
HEARD = Counter("ivr_goodbyes_heard_total", "Goodbyes heard to their end.", registry=REGISTRY)
LEFT_OUT = Counter("ivr_left_out_total", "Moments the book had no words for.", ["moment"], registry=REGISTRY)
ANSWERED = Counter(
    "ivr_answers_total", "Answers said aloud, by what was understood.", ["meaning"], registry=REGISTRY
)
LOOSE_ENDS = Counter("ivr_loose_ends_total", "Events that fit nowhere in their story.", registry=REGISTRY)
UNKEPT = Counter("ivr_events_unkept_total", "Events given up on after a minute of trying.", registry=REGISTRY)
ASKED = Counter(
    "ivr_asked_total", "What we asked of Twilio, by outcome.", ["what", "outcome"], registry=REGISTRY
)
LOOKED_UP = Counter(
    "ivr_calls_looked_up_total", "Calls without news, by what Twilio said of them.", ["is"], registry=REGISTRY
)
COMPOSING = Histogram(
    "ivr_composing_seconds",
    "Time to compose one farewell.",
    buckets=(0.00005, 0.0001, 0.00015, 0.0003, 0.001, 0.01),
    registry=REGISTRY,
)

LOGGED = frozenset({
    "event", "level", "timestamp", "call", "where", "what", "kind", "moment", "outcome", "status", "path",
    "version", "locale", "error", "seconds", "count", "setting", "port", "code", "queue", "reason",
})  # fmt: skip
"""The only fields a log line may have. `error` is a class name, never a message: messages quote numbers."""


def _only_what_may_be_logged(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in line.items() if name in LOGGED}


def set_up(level: str = "info") -> None:
    """Log as one JSON object a line on standard error, at `level` and above."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_what_may_be_logged,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def log() -> Any:
    """The logger: `log().info("farewell", call=sid, moment=name)`."""
    return structlog.get_logger()


def metrics() -> bytes:
    """Every counter, as Prometheus reads it."""
    return generate_latest(REGISTRY)

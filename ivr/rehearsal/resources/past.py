"""What things were like a while ago: Twilio's representations lag behind what happened.

Each change of a leg, a room or a task is kept as a copy; a GET is answered from the copy that was the newest
`lag` seconds ago. What is asked to change is changed at once, and answered as it is.
"""

import copy
from typing import Any, TypeVar

from ivr.rehearsal.exchange import Exchange
from ivr.rehearsal.rooms import Room

T = TypeVar("T")


class Past:
    """Remembers what can be looked at, for so many simulated seconds; none: everything is told as it is."""

    def __init__(self, exchange: Exchange, lag: float) -> None:
        self._clock, self._lag = exchange.clock, lag
        self._kept: dict[str, list[tuple[float, Any]]] = {}
        if lag:
            exchange.on_change.append(self._keep)

    def of(self, thing: T) -> T | None:
        """The thing as a GET sees it; None while it cannot be seen yet."""
        if not self._lag:
            return thing
        by = self._clock.monotonic() - self._lag
        seen = [state for at, state in self._kept.get(_sid(thing), []) if at <= by]
        return seen[-1] if seen else None

    def _keep(self, thing: Any) -> None:
        state = copy.copy(thing)
        if isinstance(state, Room):
            state.people = [copy.copy(person) for person in state.people]
        self._kept.setdefault(_sid(thing), []).append((self._clock.monotonic(), state))


def _sid(thing: Any) -> str:
    return str(thing.sid)

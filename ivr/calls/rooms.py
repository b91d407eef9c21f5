"""Joined and parted, in any order → who is in a room.

The room's own count decides what came last, since its clock tells whole seconds only. A leg that was looked
up rather than told of counts as nothing: whatever the room itself tells of it came later.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.calls.events import Event, Joined, Parted


@dataclass(frozen=True, slots=True)
class Room:
    """A conference that is not ours."""

    sid: str
    name: str | None = None  # its FriendlyName
    inside: tuple[str, ...] = ()  # the legs in there now, in the order of their names
    over: bool = False
    seen: tuple[str, ...] = ()  # every leg that ever was in there
    told: bool = False  # the room itself tells us who comes and goes

    def others(self, caller: str) -> tuple[str, ...]:
        """The legs in there besides the caller's: agents."""
        return () if self.over else tuple(leg for leg in self.inside if leg != caller)


def tell_room(room: str, events: Iterable[Event]) -> Room:
    """The room with this SID, from whatever was told of it and of others."""
    name: str | None = None
    latest: dict[str, tuple[int, bool]] = {}
    ended = -1
    for event in events:
        if not isinstance(event, Joined | Parted) or event.room != room:
            continue
        if isinstance(event, Joined):
            name = event.name or name
        elif event.over:
            ended = max(ended, event.sequence)
            continue
        news = (event.sequence, isinstance(event, Joined))
        latest[event.call] = max(latest.get(event.call, news), news)
    told = ended >= 0 or any(sequence > 0 for sequence, _ in latest.values())
    over = ended >= max((sequence for sequence, _ in latest.values()), default=0)
    inside = () if over else tuple(sorted(leg for leg, (_, there) in latest.items() if there))
    return Room(room, name, inside, over, tuple(sorted(latest)), told)

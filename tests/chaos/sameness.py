"""The law of the same story: whatever went wrong on the way, a call is told as on a clear way.

It is held of calls in which the same things came about at the same places: a fault costs seconds, and whoever
goes by the clock may press a key in another moment for it; that is another call, and no other story of it.
What the faults made impossible (news that never arrived, REST that refused for good) is left out, and nothing
is reckoned with tolerance: how long the queue really was is another law's.
"""

from collections.abc import Iterator
from typing import Any

from ivr.rehearsal.faults import LAGS
from tests.chaos.laws import fell_back, starred, undelivered, untold
from tests.chaos.witness import Played

OVERCOME = 2  # refusals of REST by faults that the service is to overcome
WHEREABOUTS = ("caller", "agent", "outcome", "left_during", "moment")


def differences(clear: Played, disturbed: Played) -> Iterator[str]:
    """How the stories differ that should be the same."""
    left_out = {"call"}
    looked_up_late = untold(disturbed) and any(fault.kind == LAGS for fault in disturbed.scene.faults)
    if undelivered(disturbed) or looked_up_late:
        left_out |= set(WHEREABOUTS)
    if any(one.path == "/events/conference" for one in undelivered(disturbed)):
        left_out.add("severity")  # nobody told of a hold
    if _told_late(disturbed):
        left_out |= {"says", "promises"}
    first, second = _story(clear), _story(disturbed)
    for name in first:
        if name not in left_out and first[name] != second[name]:
            yield f"{name}: on a clear way {first[name]}, on this one {second[name]}"


def comparable(clear: Played, disturbed: Played) -> bool:
    """Whether the same things came about, and everything that a document hung on was delivered."""
    if fell_back(clear) or fell_back(disturbed):
        return False  # a document that the caller hung on never came
    if starred(disturbed) and any(
        fault.kind.startswith("REST") or fault.what.startswith("/voice/agent")
        for fault in disturbed.scene.faults
    ):
        return (
            False  # the agent's key and the last word race, and Twilio's slowness decides, or the key is lost
        )
    if any("left alone in a room" in fault for fault in disturbed.report.faults):
        return False  # they hung up, since all news of the room came later than anybody would wait in it
    if not clear.report.told or not disturbed.report.told:
        return False
    return (
        not _refused_for_good(disturbed)
        and _came_about(clear) == _came_about(disturbed)
        and _figures(clear) == _figures(disturbed)
    )


def _refused_for_good(call: Played) -> bool:
    refusals = [fault for fault in call.scene.faults if fault.kind.startswith("REST")]
    return sum(min(fault.last - fault.first + 1, 10) for fault in refusals) > OVERCOME


def _told_late(call: Played) -> bool:
    """Whether news was late, and somebody left by themselves or handed the caller on: what is said then is said by
    what is known then, and a wait whose end nobody has told of yet is not known."""
    late = any(fault.kind in ("late", "shuffled") for fault in call.scene.faults)
    left = any(
        happening.does == "transferred"
        or (happening.who == "agent" and (happening.does == "hangs up" or happening.what == "#"))
        for _, happening in call.report.acted
    )
    return late and left


def _came_about(call: Played) -> list[tuple[str, ...]]:
    """Who did what, where the caller was, in order; no times."""
    return [
        (happening.who, happening.does, happening.what, call.witness.place(at))
        for at, happening in call.report.acted
    ]


def _figures(call: Played) -> list[int]:
    """The wait as it can be told: in whole minutes."""
    return [stay.seconds // 60 for stay in call.witness.stays]


def _story(call: Played) -> dict[str, Any]:
    """The service's account, without what only says when."""
    told = dict(call.report.told)
    story = dict(told.pop("story"))
    wait = story.pop("wait")
    promises = [{k: v for k, v in promise.items() if k != "due"} for promise in told.pop("promises")]
    known = [name for name in sorted(wait) if wait[name] is not None]
    return {**told, **story, "known of the wait": known, "promises": promises}

"""Who is in a room that is not ours, whatever the order in which it told us."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from ivr.calls.events import Event, Joined, Parted
from ivr.calls.rooms import tell_room
from tests.world import AGENT_LEG, CALL, OTHER_AGENT_LEG

ROOM = "CF" + "1" * 32
OTHER_ROOM = "CF" + "2" * 32
AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def joined(leg: str, sequence: int, room: str = ROOM) -> Event:
    at = AT + timedelta(seconds=sequence // 3)  # a room tells whole seconds: several things share one
    return Joined(call=leg, at=at, key=f"{room}:{sequence}", room=room, name="WT1", sequence=sequence)


def parted(leg: str, sequence: int, room: str = ROOM, *, over: bool = False) -> Event:
    at = AT + timedelta(seconds=sequence // 3)
    return Parted(call=leg, at=at, key=f"{room}:{sequence}", room=room, sequence=sequence, over=over)


def test_whoever_joined_and_did_not_leave_is_in_there():
    room = tell_room(ROOM, [joined(AGENT_LEG, 1), joined(CALL, 2), parted(AGENT_LEG, 3)])
    assert (room.inside, room.others(CALL), room.name) == ((CALL,), (), "WT1")


def test_a_leg_that_left_and_came_back_in_the_same_second_is_in_there():
    told = [joined(CALL, 3), parted(CALL, 4), joined(CALL, 5)]
    assert all(tell_room(ROOM, order).inside == (CALL,) for order in permutations(told))


def test_the_end_of_the_room_is_everybodys_though_their_leaving_was_lost():
    room = tell_room(ROOM, [joined(AGENT_LEG, 1), joined(CALL, 2), parted(ROOM, 5, over=True)])
    assert room.over
    assert room.others(CALL) == ()


def test_another_room_says_nothing_of_this_one():
    room = tell_room(ROOM, [joined(CALL, 1), parted(CALL, 9, OTHER_ROOM), joined(AGENT_LEG, 1, OTHER_ROOM)])
    assert room.inside == (CALL,)


def test_what_the_room_tells_counts_for_more_than_what_was_looked_up():
    found = Joined(call=AGENT_LEG, at=AT + timedelta(seconds=60), key="asked", room=ROOM, name="WT1")
    room = tell_room(ROOM, [found, joined(CALL, 2), parted(AGENT_LEG, 3)])
    assert room.inside == (CALL,)
    assert room.told
    assert not tell_room(ROOM, [found]).told


@given(
    st.lists(
        st.tuples(st.sampled_from([CALL, AGENT_LEG, OTHER_AGENT_LEG]), st.booleans()), max_size=8
    ).flatmap(
        lambda news: st.tuples(
            st.just(news), st.permutations(range(len(news))), st.lists(st.integers(0, 7), max_size=4)
        )
    )
)
def test_in_any_order_and_however_often_the_room_is_the_same(told: tuple) -> None:
    news, order, again = told
    events = [
        joined(leg, number) if comes else parted(leg, number) for number, (leg, comes) in enumerate(news, 1)
    ]
    shuffled = [events[place] for place in order] + [events[place] for place in again if place < len(events)]
    assert tell_room(ROOM, shuffled) == tell_room(ROOM, events)

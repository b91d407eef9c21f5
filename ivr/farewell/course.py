"""What comes next in a farewell: a table one can read aloud.

    in …                         0        1        2        any other key
    opening, apology             back     on       on       on
    next steps, more to come     back     restart  restart  restart
    the listening point          back     again    text     unclear
    the question                 back     unclear  unclear  unclear
    goodbye                      back     restart  restart  restart

    said aloud at …              more     done     again    text     anything else
    the listening point          back     on       again    text     unclear
    the question                 back     on       again    unclear  unclear

*back*     the caller goes back to the agent; when nobody is there that is said instead (*nobody*), twice a
           call at most
*again*    the moment once more, slower each time, five times at most; then on
*text*     the steps go by text where a text can be sent, and on (only on where one is promised already);
           where none can, *unclear*
*unclear*  once: a line that says the key, or the words, meant nothing, and the moment once more; then on
*restart*  the key cut the words: the moment once more, twice at most; then on
*on*       the moment counts as heard: after the goodbye the whole farewell does

A *yes* is *more* or *done* as the question in the moment has it, and a *no* is the other; where nothing was
asked a no is *done*, and a yes *unclear*. To lead back it is enough that an answer was heard among other words;
to lead on it must have been understood whole, since what else was said may be why they rang: else it is *unclear*.

Nothing a caller presses or says, or leaves unpressed, ends a call. Silence needs no row: a moment that has
been played leads on by itself.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ivr.farewell.answers import Answer
from ivr.farewell.moments import Farewell, page_of

Turn: TypeAlias = Literal["again", "unclear", "text", "back", "nobody", "restart", "on"]

_TABLE: dict[str, tuple[Turn, Turn, Turn]] = {
    #             1          2          any other key
    "leading": ("on", "on", "on"),
    "steps": ("restart", "restart", "restart"),
    "listening": ("again", "text", "unclear"),
    "question": ("unclear", "unclear", "unclear"),
    "goodbye": ("restart", "restart", "restart"),
}
_KEYS = {"1": 0, "2": 1}

_SAID: dict[str, dict[str, Turn]] = {
    "listening": {"more": "back", "done": "on", "again": "again", "text": "text"},
    "question": {"more": "back", "done": "on", "again": "again"},
}
_AS_KEYS: dict[Turn, str] = {"back": "0", "again": "1", "text": "2"}
_OTHER = {"more": "done", "done": "more"}

MOST_AGAIN = 5
MOST_RESTARTS = 2
MOST_UNCLEAR = 1
MOST_NOBODY = 2

_RATES = (100, 90, 82, 75, 69, 63)


@dataclass(frozen=True, slots=True)
class Go:
    """Where the farewell goes after a key, or an answer said aloud."""

    to: Turn
    moment: str | None = None  # the moment heard next; None: none is left, or the caller is with the agent
    again: int = 0  # how often that moment has now been asked for again
    strays: int = 0  # how many keys and answers in that moment have now meant nothing


def next_after(farewell: Farewell, proven: Collection[str]) -> str | None:
    """The first moment without proof that it was heard; None when all were."""
    return next((moment.name for moment in farewell.moments if moment.name not in proven), None)


def on_key(
    farewell: Farewell,
    moment: str,
    digit: str,
    *,
    agent_there: bool,
    again: int = 0,
    strays: int = 0,
    nobody: int = 0,
) -> Go:
    """Where a key leads that was pressed during `moment`.

    `again` and `strays` count what came before in this moment, `nobody` how often this call has already
    been told that nobody is there. A moment the farewell does not have leads on to the last one.
    """
    turn: Turn = "back" if digit == "0" else _TABLE[_kind(farewell, moment)][_KEYS.get(digit, 2)]
    return _go(farewell, moment, turn, agent_there, again, strays, nobody)


def on_answer(
    farewell: Farewell,
    moment: str,
    answer: Answer,
    *,
    agent_there: bool,
    again: int = 0,
    strays: int = 0,
    nobody: int = 0,
) -> Go:
    """Where an answer leads that was said aloud during `moment`; the rest is as for a key."""
    return _go(farewell, moment, _turn(farewell, moment, answer), agent_there, again, strays, nobody)


def as_key(farewell: Farewell, moment: str, answer: Answer) -> str:
    """The key that an answer said aloud is as good as; blank for none."""
    return _AS_KEYS.get(_turn(farewell, moment, answer), "")


def _turn(farewell: Farewell, moment: str, answer: Answer) -> Turn:
    kind, meaning, found = _kind(farewell, moment), str(answer.meaning), farewell.moment(moment)
    if meaning in ("yes", "no"):
        yes = {"back": "more", "on": "done"}.get(found.yes if found is not None else "", "")
        meaning = yes if meaning == "yes" else _OTHER.get(yes, "done")
    turn = _SAID.get(kind, {}).get(meaning, _TABLE[kind][2])
    return "unclear" if turn == "on" and not answer.whole and kind in _SAID else turn


def _go(
    farewell: Farewell, moment: str, turn: Turn, agent_there: bool, again: int, strays: int, nobody: int
) -> Go:
    if turn == "back":
        if agent_there:
            return Go("back")
        if nobody < MOST_NOBODY:
            return Go("nobody", moment)
        turn = _TABLE[_kind(farewell, moment)][2]
    if turn == "text" and not farewell.textable:
        turn = "unclear"
    elif turn == "text" and any(promise.kind == "text_note" for promise in farewell.promises):
        turn = "on"
    if turn == "again" and again < MOST_AGAIN:
        return Go("again", moment, again + 1, strays)
    if turn == "unclear" and strays < MOST_UNCLEAR:
        return Go("unclear", moment, again, strays + 1)
    if turn == "restart" and strays < MOST_RESTARTS:
        return Go("restart", moment, again, strays + 1)
    return Go("text" if turn == "text" else "on", following(farewell, moment))


def following(farewell: Farewell, moment: str) -> str | None:
    """The moment after this one; None after the last. After an unknown one: the last."""
    names = [each.name for each in farewell.moments]
    if moment not in names:
        return names[-1] if names else None
    return next(iter(names[names.index(moment) + 1 :]), None)


def rate(again: int) -> int:
    """Per cent of the ordinary speed at which a moment is spoken when asked for again: less each time."""
    return _RATES[min(max(again, 0), len(_RATES) - 1)]


SLOWEST = min(_RATES)
"""Per cent of the ordinary speed: slower than this nothing is ever said."""


def _kind(farewell: Farewell, moment: str) -> str:
    page = page_of(moment)
    if page == "next_steps":
        found = farewell.moment(moment)
        return "listening" if found is not None and found.listens else "steps"
    return page if page in _TABLE else "leading"

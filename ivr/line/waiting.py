"""While queued: a few words and music, round and round, and the key by which a caller asks to be rung back."""

from collections.abc import Sequence

from ivr.book.rules import Queue
from ivr.book.spoken import Value
from ivr.calls.events import Pressed, Spoke
from ivr.calls.story import CALL_BACK
from ivr.calls.waits import callers_key
from ivr.farewell.composer import say
from ivr.farewell.facts import line_facts
from ivr.farewell.moments import Line
from ivr.line import twiml
from ivr.line.counter import Ask, Counter
from ivr.store.ledger import Personal

# How long one round of music lasts before the caller is spoken to again, where a queue has no music of its
# own: Twilio asks for the next document as soon as this one has run out.
QUIET_SECONDS = 20
OFFERED_EVERY = 3  # rounds: in the second first, when it is plain that nobody comes at once
BREATH_SECONDS = 1  # after the music, for a key


class WaitingDesk:
    """Answers for a caller who waits in a queue. Wait documents hold only what Twilio plays there."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def wait(self, ask: Ask) -> bytes:
        """A few words, music, and round again. Records nothing but a figure it told."""
        times, (locale, queue) = ask.number("n"), self._where(ask)
        line = None
        if times == 0 and queue.told:
            line = await self._told(ask, locale, queue)
        elif times % OFFERED_EVERY == 1 and queue.call_back and _number(ask):
            line = self._line(ask, locale, queue, "call_back")
        words = line or self._line(ask, locale, queue, "waiting")
        return self._round(locale, queue, times, self._counter.spoken(locale, words))

    async def key(self, ask: Ask) -> bytes:
        """A key. Theirs asks to be rung back: they leave the queue once that is kept, and not before."""
        times, digit, (locale, queue) = ask.number("n"), ask.said.digits, self._where(ask)
        asked, number = bool(digit) and digit == queue.call_back, _number(ask)
        key = ask.token or f"waiting:{times}:{digit}"
        if asked and number:
            pressed = Pressed(call=ask.call, at=ask.now, key=key, digit=digit, moment=CALL_BACK)
            await self._counter.ledger.keep_call_back(
                pressed, Personal(ask.call, "number", "caller", ask.now, number)
            )
            words = self._line(ask, locale, queue, "key", asked=True, agreed=frozenset({CALL_BACK}))
            return twiml.document(*self._counter.spoken(locale, words), twiml.leave())
        await self._counter.keep([Pressed(call=ask.call, at=ask.now, key=key, digit=digit, moment="key")])
        words = self._line(ask, locale, queue, "key", asked=asked)
        return self._round(locale, queue, times, self._counter.spoken(locale, words))

    def _where(self, ask: Ask) -> tuple[str, Queue]:
        book, queue = self._counter.book(), ask.query.get("queue") or "default"
        return book.locale(ask.query.get("locale")), book.rules.queue(queue)

    def _round(self, locale: str, queue: Queue, times: int, words: Sequence[str]) -> bytes:
        """One round; where keys mean something they are listened for all the while, the music too."""
        where = {"queue": queue.name, "locale": locale}
        music = twiml.play(queue.music) if queue.music else twiml.pause(QUIET_SECONDS)
        heard = [*words, music]
        if queue.call_back:
            key = self._counter.url("/voice/wait/key", **where, n=times)
            heard = [twiml.gather(heard, key, timeout=BREATH_SECONDS)]
        again = self._counter.url("/voice/wait", **where, n=times + 1)
        return twiml.document(*heard, twiml.redirect(again))

    async def _told(self, ask: Ask, locale: str, queue: Queue) -> Line | None:
        """The one figure a caller is given in advance; that it was told is kept."""
        line = self._line(ask, locale, queue, "told")
        if line is not None:
            event = Spoke(call=ask.call, at=ask.now, key="0:told", moment="told", part=0, told=queue.told)
            await self._counter.keep([event])
        return line

    def _line(
        self,
        ask: Ask,
        locale: str,
        queue: Queue,
        part: str,
        *,
        asked: bool = False,
        agreed: frozenset[str] = frozenset(),
    ) -> Line | None:
        book = self._counter.book()
        facts: dict[str, Value] = line_facts(book, queue.name, ask.now, locale)
        facts["call_back.asked"] = asked
        if queue.call_back:
            facts["call_back.key"] = queue.call_back
        if part == "told" and queue.told:
            facts["wait.told"] = queue.told
        # Not the same words every round.
        seed = ask.call if part == "told" else f"{ask.call}:{ask.number('n')}"
        return say(book, locale, "waiting", part, facts, call=seed, agreed=agreed)


def _number(ask: Ask) -> str | None:
    """The number a caller can be rung back on; None for a withheld one, and for what is no telephone."""
    key = callers_key(ask.said.to if ask.said.outbound else ask.said.from_)
    return key if key is not None and key.startswith("+") else None

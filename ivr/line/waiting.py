"""While queued: a few words and music, round and round, and the key by which a caller asks to be rung back."""

from collections.abc import Sequence

from ivr.book.queues import Queue
from ivr.calls.events import Pressed, Spoke
from ivr.farewell.moments import Line
from ivr.line import twiml
from ivr.line.call_back import PROMISED, number_of, put_on_the_list, waiting_line
from ivr.line.counter import Ask, Counter

# How long one round of music lasts before the caller is spoken to again, where a queue has no music of its
# own: Twilio asks for the next document as soon as this one has run out.
QUIET_SECONDS = 20
OFFERED_EVERY = 3  # rounds: in the second first, when it is plain that nobody comes at once
BREATH_SECONDS = 1  # after the music, for a key
LOOKING_SECONDS = 1.0  # for asking Twilio while Twilio waits for our own answer


class WaitingDesk:
    """Answers for a caller who waits in a queue. Wait documents hold only what Twilio plays there."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    async def wait(self, ask: Ask) -> bytes:
        """A few words, music, and round again. Records nothing but a figure it told."""
        times, (locale, queue) = ask.number("n"), self._where(ask)
        if ask.number("front") and await self._only_in_front(queue):
            # an agent may be waiting in the queue itself, where nobody at its front is seen
            return twiml.document(twiml.leave())
        line = None
        if times == 0 and queue.told:
            line = await self._told(ask, locale, queue)
        elif times % OFFERED_EVERY == 1 and queue.call_back and number_of(ask):
            line = self._line(ask, locale, queue, "call_back")
        words = line or self._line(ask, locale, queue, "waiting")
        return self._round(ask, locale, queue, times, self._counter.spoken(locale, words))

    async def key(self, ask: Ask) -> bytes:
        """A key. Theirs asks to be rung back: they leave the queue once that is kept, and not before."""
        times, digit, (locale, queue) = ask.number("n"), ask.said.digits, self._where(ask)
        asked, number = bool(digit) and digit == queue.call_back, number_of(ask)
        key, agreed = ask.token or f"waiting:{times}:{digit}", PROMISED if asked and number else frozenset()
        if asked and number:
            await put_on_the_list(self._counter, ask, number, key=key)
        else:
            pressed = Pressed(call=ask.call, at=ask.now, key=key, digit=digit, moment="key")
            await self._counter.keep([pressed])
        line = waiting_line(self._counter, ask, locale, queue, "key", asked=asked, agreed=agreed)
        words = self._counter.spoken(locale, line)
        return (
            twiml.document(*words, twiml.leave()) if agreed else self._round(ask, locale, queue, times, words)
        )

    async def _only_in_front(self, queue: Queue) -> bool:
        """Whether Twilio says that nobody waits in the queue itself."""
        return (await self._counter.phone.waiting_in(queue.name, within=LOOKING_SECONDS)).value == 0

    def _where(self, ask: Ask) -> tuple[str, Queue]:
        book, queue = self._counter.book(), ask.query.get("queue") or "default"
        return book.locale(ask.query.get("locale")), book.rules.queue(queue)

    def _round(self, ask: Ask, locale: str, queue: Queue, times: int, words: Sequence[str]) -> bytes:
        """One round; where keys mean something they are listened for all the while, the music too."""
        where = {
            "queue": queue.name, "locale": locale,
            "workflow": ask.query.get("workflow"), "front": ask.query.get("front"),
        }  # fmt: skip
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

    def _line(self, ask: Ask, locale: str, queue: Queue, part: str) -> Line | None:
        return waiting_line(self._counter, ask, locale, queue, part)

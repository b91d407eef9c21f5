"""What the documents of a farewell have in common: their words, their addresses, and where they lead."""

from ivr.calls.events import Pressed, Spoke
from ivr.farewell import course
from ivr.farewell.facts import line_facts
from ivr.farewell.moments import Farewell, Moment, page_of
from ivr.line import twiml
from ivr.line.counter import Ask, Counter
from ivr.line.hearing import hearing
from ivr.standing import Standing

LISTENING_SECONDS = 6  # after the options; a little over Twilio's own 5, for somebody putting a pen down
BREATH_SECONDS = 1  # after any other moment
SPOKEN_SLOWER = 1.1  # than the book reckons: nothing counts as heard that may not have been
UNCLEAR_SECONDS = 5.0  # for saying that a key, or an answer, meant nothing


class Moments:
    """Writes the documents of a farewell."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def document(
        self,
        ask: Ask,
        standing: Standing,
        farewell: Farewell,
        moment: Moment,
        *,
        again: int = 0,
        strays: int = 0,
        first: list[str] | None = None,
    ) -> bytes:
        """One moment: its lines inside a Gather, slower each time they are asked for again, then the way on.

        Where an answer may be said aloud, only the question listens for words: what is read out before it is
        said back by whoever writes it down, and that is no answer.
        """
        kept = {"at": moment.name, "again": again or None, "strays": strays or None, "since": _instant(ask)}
        action = self.url(ask, "key", farewell, **kept)
        said = [*(first or []), *self._said(standing, farewell, moment, course.rate(again))]
        listens = moment.listens or moment.name == "question"
        hears = hearing(standing.book, standing.queue, farewell.locale) if listens else None
        told = len(first or []) + _told(moment) if hears is not None and _told(moment) else 0
        verbs = [twiml.gather(said[:told], action, timeout=BREATH_SECONDS)] if told else []
        timeout = LISTENING_SECONDS if listens else BREATH_SECONDS
        verbs.append(twiml.gather(said[told:], action, timeout=timeout, hearing=hears))
        return twiml.document(*verbs, twiml.redirect(self.onward(ask, farewell, moment.name)))

    def uncut(self, ask: Ask, standing: Standing, farewell: Farewell, moment: Moment) -> bytes:
        """One moment that keys have cut often enough: this time none is listened for."""
        said = self._said(standing, farewell, moment, course.rate(0))
        return twiml.document(*said, twiml.redirect(self.onward(ask, farewell, moment.name)))

    def _said(self, standing: Standing, farewell: Farewell, moment: Moment, rate: int) -> list[str]:
        return [self._counter.voiced(standing.book, farewell.locale, line, rate) for line in moment.lines]

    def question(
        self,
        ask: Ask,
        standing: Standing,
        farewell: Farewell,
        part: str,
        *,
        call_back_key: str | None = None,
        turn: int = 0,
    ) -> list[str]:
        """A line of the question page, as verbs. `call_back_key` is offered with it, where one is; `turn` counts
        the times it is said, so that it need not sound alike."""
        facts = line_facts(
            standing.book, standing.story.queue, ask.now, farewell.locale, textable=farewell.textable
        )
        facts["call.way"] = farewell.way
        facts["call_back.asked"] = standing.story.call_back
        if call_back_key is not None:
            facts["call_back.key"] = call_back_key
        if farewell.agent:
            facts["agent.name"] = farewell.agent
        line = self._counter.line(
            farewell.locale, "question", part, facts, ask.call, tone=farewell.tone, turn=turn
        )
        return self._counter.spoken(farewell.locale, line)

    def onward(self, ask: Ask, farewell: Farewell, heard: str) -> str:
        """The address after a moment: to come there proves that it was heard."""
        return self.url(ask, course.following(farewell, heard) or "done", farewell, heard=heard)

    def url(self, ask: Ask, below: str, farewell: Farewell, **query: object) -> str:
        """An address below /voice/farewell, in this part of it."""
        return self._counter.url(f"/voice/farewell/{below}", call=ask.call, n=farewell.part, **query)


def part_of(standing: Standing, part: int) -> Farewell | None:
    """A part of the farewell that was begun; None for one that never was."""
    return next((farewell for farewell in standing.record.farewells if farewell.part == part), None)


def _told(moment: Moment) -> int:
    """How many of its lines are told before its question is asked."""
    if page_of(moment.name) != "next_steps":
        return 0
    return sum(line.part != "keys" for line in moment.lines)


def spoke(ask: Ask, part: int, moment: str) -> Spoke:
    """The event of a moment that was heard."""
    return Spoke(call=ask.call, at=ask.now, key=f"{part}:{moment}", moment=moment, part=part)


def known(standing: Standing, pressed: Pressed) -> bool:
    """Whether this very key was kept before: the request is a repeat."""
    return any(event.kind == pressed.kind and event.key == pressed.key for event in standing.record.events)


def heard_out(ask: Ask, farewell: Farewell, at: str) -> bool:
    """Whether the steps had been told when a key was pressed beside them: a return does not tell them again.

    Reckoned from the lengths the book gives its lines, and rather too late than too soon.
    """
    moment, since = farewell.moment(at), ask.query.get("since", "")
    if moment is None or page_of(at) != "next_steps":
        return False
    if not (since.isascii() and since.isdigit() and len(since) <= 15):
        return False
    told = sum(line.seconds for line in moment.lines if line.part != "keys")
    seconds = told * SPOKEN_SLOWER * 100 / course.rate(ask.number("again"))
    if ask.number("strays"):
        seconds += UNCLEAR_SECONDS
    return _instant(ask) - int(since) >= seconds * 1000


def _instant(ask: Ask) -> int:
    """When the request came: milliseconds by our own clock."""
    return int(ask.now.timestamp() * 1000)

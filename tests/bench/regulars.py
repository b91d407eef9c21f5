"""Ten thousand generated callers who ring ten times each: is any goodbye repeated, and how long is it all?

Half of them are in another situation each time; the rest ring ten times with the same thing (a complaint, a
trouble, a matter that stays unsettled, nothing known at all), which is what uses a page up. What each heard
on every page is remembered as on the line: ten calls, this one left out.
"""

import random
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from ivr.book.book import Book, read
from ivr.calls.events import Answered, Arrived, Held, Queued, Resumed
from ivr.calls.story import Story
from ivr.calls.telling import tell
from ivr.calls.waits import weigh
from ivr.calls.wrapup import GENTLE_GIFTS, GIFTS, Gift, Step, Wrapup
from ivr.farewell.composer import Means, compose
from ivr.farewell.moments import Farewell, page_of
from ivr.store.shelf import read_folder
from tests.bench.served import ROOT

CALLERS, CALLS = 10_000, 10
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
STEP = {
    "en": ("send a replacement router", "send us the form"),
    "es": ("enviarle un router nuevo", "enviarnos el formulario"),
    "fr": ("vous envoyer un nouveau routeur", "nous envoyer le formulaire"),
    "pt": ("enviar um roteador novo", "enviar o formulário para a gente"),
}
NAMES = ("Ana", "Marie Claire", "João", "Sam", "Constance", None)
SAME = ("complaint", "trouble", "unsettled", "nothing known", "all is well", "holiday")
"""What half of the callers ring about every time."""


@dataclass(slots=True)
class Heard:
    """What the callers heard."""

    calls: int = 0
    repeats: Counter[str] = field(default_factory=Counter)  # locale and situation → goodbyes repeated
    lengths: dict[str, list[float]] = field(default_factory=dict)  # page, or farewell → seconds
    longest: dict[str, tuple[float, str]] = field(default_factory=dict)
    left_out: Counter[str] = field(default_factory=Counter)  # where the book had no words

    def add(self, page: str, seconds: float, what: str) -> None:
        self.lengths.setdefault(page, []).append(seconds)
        if seconds > self.longest.get(page, (0.0, ""))[0]:
            self.longest[page] = (seconds, what)

    def p95(self, page: str) -> float:
        """By nearest rank."""
        lengths = sorted(self.lengths[page])
        return round(lengths[-(-len(lengths) * 95 // 100) - 1], 1)


def ring(callers: int = CALLERS, seed: int = 1) -> Heard:
    """Everybody rings ten times."""
    book, faults = read(read_folder(ROOT / "prompts"))
    assert book is not None
    assert not [fault for fault in faults if fault.fault]
    chance, heard = random.Random(seed), Heard()
    locales = list(book.locales)
    for number in range(callers):
        locale = locales[number % len(locales)]
        same = chance.choice(SAME) if number % 2 else None
        _regular(book, locale, f"{number:05}", same, chance, heard)
    return heard


def _regular(
    book: Book, locale: str, number: str, same: str | None, chance: random.Random, heard: Heard
) -> None:
    name, at = chance.choice(NAMES), FIRST + timedelta(days=chance.randrange(200))
    remembered: deque[dict[str, tuple[str, ...]]] = deque(maxlen=CALLS)
    for call in range(CALLS):
        at += timedelta(hours=chance.randint(1, 200), minutes=chance.randint(0, 59))
        situation = same or chance.choice(SAME)
        story = _story(f"CA{number}{call:027}", at, chance)
        wrapup = _wrapup(situation, name, locale, at.date(), chance)
        before: dict[str, list[str]] = {}
        for earlier in reversed(remembered):
            for page, variants in earlier.items():
                before.setdefault(page, []).extend(variants)
        wait = weigh(story, book.rules.severities, zone=book.rules.timezone)
        way = chance.choice(("aside", "together", "after"))
        farewell = compose(
            story, wait, wrapup, book,
            now=at + timedelta(minutes=40),
            means=Means(way=way, textable=False),
            locale=locale,
            heard_before=before,
            first_time=call == 0,
        )  # fmt: skip
        _count(farewell, wrapup, before, f"{locale}, {situation}, {wait.severity}, {way}", heard)
        remembered.append(_spoken(farewell))


def _count(farewell: Farewell, wrapup: Wrapup, before: dict[str, list[str]], what: str, heard: Heard) -> None:
    heard.calls += 1
    heard.left_out.update(farewell.left_out)
    for moment in farewell.moments:
        page = moment.name
        if page == "apology" and ", extreme," in what:
            page = "apology, extreme"
        heard.add(page, moment.seconds, what)
    heard.add("farewell", farewell.seconds, f"{what}, {len(wrapup.steps)} steps")
    if farewell.tone != "gentle" and farewell.moments[-1].lines[-1].variant in before.get("goodbye", ()):
        heard.repeats[what.rpartition(", ")[0].rpartition(", ")[0]] += 1


def _spoken(farewell: Farewell) -> dict[str, tuple[str, ...]]:
    pages: dict[str, tuple[str, ...]] = {}
    for moment in farewell.moments:
        page = page_of(moment.name)
        pages[page] = (*(line.variant for line in reversed(moment.lines)), *pages.get(page, ()))
    return pages


def _story(call: str, at: datetime, chance: random.Random) -> Story:
    waited = chance.choice((5, 40, 90, 200, 280, 420, 750, 1_300, 3_000))
    events = [
        Arrived(call=call, at=at, key="1", caller="c"),
        Queued(call=call, at=at, key="1", queue="default"),
        Answered(call=call, at=at + timedelta(seconds=waited), key="1", agent="CA1", waited=waited),
    ]
    if chance.random() < 0.2:
        held = at + timedelta(seconds=waited + 30)
        until = held + timedelta(seconds=chance.choice((20, 120, 600)))
        events += [Held(call=call, at=held, key="1"), Resumed(call=call, at=until, key="1")]  # type: ignore[list-item]
    return tell(events)


def _wrapup(situation: str, name: str | None, locale: str, today: date, chance: random.Random) -> Wrapup:
    gifts: tuple[Gift, ...] = ()
    resolved: bool | None = True
    trouble: bool | None = False
    tone = "plain"
    if situation == "complaint":
        tone, resolved = "sober", chance.choice((True, False, None))
    elif situation == "trouble":
        trouble, resolved = True, chance.choice((True, None))
    elif situation == "unsettled":
        resolved = False
    elif situation == "nothing known":
        resolved = trouble = None
    elif situation == "holiday":
        kind = chance.choice([kind for kind in GIFTS if kind not in GENTLE_GIFTS])
        gifts = (Gift(kind=kind, whose=chance.choice(("caller", "theirs"))),)
    return Wrapup(
        name=name,
        agent=chance.choice(("Sam", None)),
        tone=tone,
        resolved=resolved,
        trouble=trouble,
        gifts=gifts,
        steps=tuple(_steps(locale, today, chance)),
    )


def _steps(locale: str, today: date, chance: random.Random) -> Iterator[Step]:
    """None, one as a rule, or two, one of them the caller's."""
    count = chance.choice((0, 0, 1, 1, 1, 2))
    what = STEP[locale.partition("-")[0]]
    for number in range(count):
        yield Step(
            who=("us", "you")[number],
            what=what[number],
            by=today + timedelta(days=chance.randint(2, 9)),
            reference="AB-4719" if number == 0 and chance.random() < 0.5 else None,
        )

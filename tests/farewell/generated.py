"""Stories, waits and wrap-ups of every kind, and a farewell composed of them."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ivr.book.book import Book
from ivr.calls.story import Story
from ivr.calls.waits import Severities, Wait
from ivr.calls.wrapup import GIFTS, TONES, WAYS, Gift, Step, Wrapup
from ivr.farewell.composer import Means, compose
from ivr.farewell.moments import Farewell

NOW = datetime(2026, 11, 21, 10, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=2)
LOCALE = "en-GB"


@dataclass(frozen=True)
class Situation:
    """Everything a farewell is composed of, but for the book."""

    story: Story
    wait: Wait
    wrapup: Wrapup
    means: Means
    first_time: bool | None = None

    def farewell(self, book: Book, locale: str = LOCALE, **more: Any) -> Farewell:
        return compose(
            self.story, self.wait, self.wrapup, book,
            now=NOW, means=self.means, locale=locale, first_time=self.first_time, **more,
        )  # fmt: skip


def wait_of(
    queue: int | None, hold: int = 0, earlier: int = 0, *, told: int | None = None, calls: int | None = None
) -> Wait:
    """A wait as it is weighed; None in the queue: nobody knows."""
    if queue is None:
        return Wait(None, 0, 0, 0, "unknown", None, calls, None)
    whole = queue + hold + earlier
    most = max((queue, "queue"), (hold, "hold"), (earlier, "earlier"), key=lambda pair: pair[0])
    told = told if told is not None and queue + hold <= told else None
    return Wait(whole, queue, hold, earlier, Severities().of(whole), most[1] if whole else None, calls, told)


def situation(
    wrapup: Wrapup | None = None, wait: Wait | None = None, *, way: str = "aside", textable: bool = False,
    queue: str | None = "default", call: str = "CA1", **story: Any,
) -> Situation:  # fmt: skip
    """An ordinary one, with what matters changed."""
    told = Story(call=call, queue=queue, **story)
    return Situation(told, wait or wait_of(20), wrapup or Wrapup(), Means(way, textable))


# What was typed is recognisable in what is spoken: each step and gift has words of its own.
_TYPED = (
    "\x00",
    "  ",
    "None",
    "{{ caller.name }}",
    "[name]",
    "${step}",
    "null",
    "\u202e\u200b",
    ".",
    "<b>bold</b>",
)
_names = st.sampled_from(
    ("Ana", "Siobhan", "ANA", "Dr Ana Maria Diaz", "Ana\x07", "", "None", "{{name}}", "Zoë", "A1", None)
)
_references = st.sampled_from(("AB-4719", "4417", "Q/88 2", "--", " ", "None", None, None))
_days = st.one_of(st.none(), st.dates(date(2026, 11, 20), date(2027, 2, 1)))
_places = st.sampled_from(("help@example.com", "12 High Street", "\x0b", None, None))


@st.composite
def steps(draw: st.DrawFn) -> tuple[Step, ...]:
    found = []
    for number in range(draw(st.integers(0, 7))):
        ready = draw(st.sampled_from((None, None, None, "refund", "no such step")))
        typed = draw(
            st.one_of(
                st.just(f"mend thing {number}x"), st.just(f"mend thing {number}x."), st.sampled_from(_TYPED)
            )
        )
        found.append(
            Step(
                who=draw(st.sampled_from(("done", "us", "you", "us", "you", "somebody"))),
                what=typed,
                by=draw(_days),
                reference=draw(_references),
                to=draw(_places),
                ready_made=ready,
                locale=draw(st.sampled_from((None, None, "en-US", "fr-FR", "EN_gb"))),
            )
        )
    return tuple(found)


gifts = st.lists(
    st.builds(
        Gift,
        kind=st.sampled_from((*GIFTS, "holiday", "holiday", "yacht")),
        detail=st.sampled_from(("gift one", "gift two", "gift three", "None", " ", None)),
        whose=st.sampled_from(("caller", "theirs", "nobody")),
    ),
    max_size=3,
).map(tuple)

wrapups = st.builds(
    Wrapup,
    name=_names,
    resolved=st.sampled_from((None, True, False)),
    trouble=st.sampled_from((None, True, False)),
    reason=st.sampled_from((None, "delivery", "upgrade", "\x00")),
    tone=st.sampled_from((*TONES, "plain", "jolly")),
    steps=steps(),
    gifts=gifts,
    agent=_names,
    text_note=st.booleans(),
    check_in=st.sampled_from((None, LATER, NOW - timedelta(days=2), LATER.replace(tzinfo=None))),
    same_person=st.booleans(),
    apologised=st.booleans(),
    pace=st.sampled_from(("normal", "slow")),
)

waits = st.builds(
    wait_of,
    st.one_of(
        st.none(), st.sampled_from((0, 59, 60, 179, 180, 299, 300, 899, 900, 5000)), st.integers(0, 4000)
    ),
    st.sampled_from((0, 0, 45, 200, 1000)),
    st.sampled_from((0, 0, 0, 600)),
    told=st.sampled_from((None, None, 300, 6000)),
    calls=st.sampled_from((None, 1, 2, 4)),
)

stories = st.builds(
    Story,
    call=st.integers(0, 10**6).map("CA{}".format),
    queue=st.sampled_from(("default", "quiet", "at_large", "wordless", "not in the rules", None)),
    verified=st.booleans(),
    apologised=st.sampled_from((False, False, True)),
    same_person=st.sampled_from((False, False, True)),
)

situations = st.builds(
    Situation,
    stories,
    waits,
    wrapups,
    st.builds(Means, st.sampled_from(WAYS), st.booleans()),
    st.sampled_from((None, True, False)),
)


def texts_of(farewell: Farewell, *pages: str) -> list[str]:
    """The words spoken, all or those of some moments."""
    return [
        line.text
        for moment in farewell.moments
        if not pages or moment.name in pages
        for line in moment.lines
    ]  # fmt: skip


def names_of(farewell: Farewell) -> list[str]:
    return [moment.name for moment in farewell.moments]


def without_steps(wrapup: Wrapup) -> Wrapup:
    return replace(wrapup, steps=())

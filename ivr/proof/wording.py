"""How it is said: what a locale's taste.yaml listens for, and the caller's name, line by line.

Words are listened to with their Liquid and SSML taken out, but every place kept.
"""

import re
from collections.abc import Iterator

from ivr.book.book import TONED, Book, Entry, Fault, Variant
from ivr.book.source import Words
from ivr.book.taste import Phrase, Taste
from ivr.proof.reading import Reading

UNCHEERED = ("sober", "gentle")
MOST_NAMED = 2  # times in one farewell

_VALUE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
_MARK = re.compile(r"\[[^\[\]]*\]|<[^<>]*>")
_NAMED = re.compile(r"\{\{\s*(caller\.name)\b")
_AFTER_THE_APOLOGY = ("opening", "next_steps", "question", "goodbye")
_WAITS = frozenset({"wait.seconds", "wait.queue", "wait.hold", "wait.earlier", "wait.told"})


def wording(reading: Reading, page: str) -> Iterator[Fault]:
    """What is said on one page that should not be said there."""
    for entry in reading.locale.pages[page]:
        # what is taken over was heard in its own locale; here only for the phrases that this one adds
        taste = reading.locale.taste if entry.locale == reading.name else reading.own_taste
        if wrong := [tone for tone in UNCHEERED if tone in entry.tones and entry.offer]:
            yield Fault(
                entry.place, f"something is sold on {_calls(wrong)}", "an offer is for plain calls alone"
            )
        for variant in entry.variants:
            if not variant.silent:
                yield from _named_twice(variant)
                if taste.phrases:
                    yield from _heard(entry, variant, taste, reading.locale.taste)


def ready_steps(reading: Reading) -> Iterator[Fault]:
    """The same for the steps worded in advance."""
    for step in reading.locale.steps.values():
        mine = step.place.file.startswith(f"{reading.name}/")
        taste = reading.locale.taste if mine else reading.own_taste
        for phrase, at in taste.heard(step.what):
            if phrase.kind in _NOWHERE:
                place = Words(step.what, ((0, step.place),)).at(at)
                yield Fault(
                    place, _NOWHERE[phrase.kind].format(phrase.written), _hint(phrase, reading.locale.taste)
                )


def bare(source: Words) -> str:
    """The words alone, every character still at its offset; a value parts the words around it."""
    text = source.text
    if "{" in text:
        text = _VALUE.sub(lambda found: "\0" * len(found[0]), text)
    if "[" in text or "<" in text:
        text = _MARK.sub(lambda found: " " * len(found[0]), text)
    return text


def _named_twice(variant: Variant) -> Iterator[Fault]:
    if variant.mentions.get("caller.name", 0) > 1:
        *_, last = _NAMED.finditer(variant.source.text)
        yield Fault(variant.source.at(last.start(1)), "the name twice in one line", "once is plenty")


_NOWHERE = {
    "forced": "“{}” is stale, and nobody believes it",
    "familiar": "“{}” is not how callers are addressed here",
    "gendered": "“{}” agrees with somebody's sex, and nobody here knows it",
}


def _heard(entry: Entry, variant: Variant, taste: Taste, whole: Taste) -> Iterator[Fault]:
    sorry = 0
    for phrase, offset in taste.heard(bare(variant.source)):
        place = variant.source.at(offset)
        if phrase.kind in _NOWHERE:
            yield Fault(place, _NOWHERE[phrase.kind].format(phrase.written), _hint(phrase, whole))
        elif phrase.kind in ("cheer", "invites"):
            if found := _uncheered(entry, phrase):
                yield Fault(place, *found)
        elif phrase.kind == "answer":
            if found := _answered(entry, variant, phrase):
                yield Fault(place, *found)
        elif phrase.kind == "sorry":
            sorry += 1
            if found := _sorry(entry, phrase, sorry):
                yield Fault(place, *found)


def _hint(phrase: Phrase, taste: Taste) -> str | None:
    if phrase.kind == "familiar":
        used = [each.written for each in taste.of("formal")[:3]]
        return f"the form used here: {', '.join(used)}" if used else "one form of address throughout"
    return "words that are free of it" if phrase.kind == "gendered" else "say it as a colleague would"


def _uncheered(entry: Entry, phrase: Phrase) -> tuple[str, str, bool] | None:
    """A cheerful word or an invitation where it would hurt."""
    what = "is cheerful" if phrase.kind == "cheer" else "asks them back"
    hint = "those calls need an entry of their own"
    if entry.page not in TONED and entry.page != "texts":
        return None  # before anything is known of the call, or to agents
    if wrong := [tone for tone in UNCHEERED if tone in entry.tones]:
        return f"“{phrase.written}” {what}, and may be heard on {_calls(wrong)}", hint, True
    asked = {str(condition) for condition in entry.when}
    for condition, told in (
        ("not call.resolved", "nothing is settled"),
        ("call.trouble", "something went wrong"),
    ):
        if condition in asked:
            return f"“{phrase.written}” {what}, where {told}", "plain words do here", False
    return None


def _calls(tones: list[str]) -> str:
    return f"{' and '.join(tones)} calls"


def _answered(entry: Entry, variant: Variant, phrase: Phrase) -> tuple[str, str, bool] | None:
    """Who waited on hold had been answered: only the wait in the queue ended in an answer."""
    waits = sorted(_WAITS & variant.says)
    if others := [fact for fact in waits if fact != "wait.queue"]:
        return f"“{phrase.written}” beside {' and '.join(others)}", "only wait.queue ended in an answer", True
    asked = {condition.fact for condition in entry.when}
    if entry.page == "apology" and not waits and not asked & {"wait.queue", "wait.mostly"}:
        hint = "ask whether wait.mostly is queue, or say it without"
        return f"“{phrase.written}”, and the wait may have been on hold", hint, False
    return None


def _sorry(entry: Entry, phrase: Phrase, times: int) -> tuple[str, str, bool] | None:
    if entry.page == "waiting":
        return (
            f"“{phrase.written}” while they wait",
            "the apology comes when the whole wait can be owned",
            True,
        )
    if times == 2:
        return f"“{phrase.written}” is the second apology in one line", "once, and meant", True
    if entry.page in _AFTER_THE_APOLOGY and all(c.fact != "apologised" for c in entry.when):
        hint = "apology.yaml says it once, for what was ours"
        return f"“{phrase.written}” may be the second apology of a farewell", hint, False
    return None


# ---- the name, over a whole farewell ----

_SPOKEN: dict[str, dict[str, int]] = {
    "opening": {"": 1},
    "apology": {"": 1},
    "next_steps": {"opening": 1, "done": 1, "ours": 3, "theirs": 2, "reference": 3, "rest": 1, "keys": 1},
    "question": {"ask": 1},
    "goodbye": {"": 1},
}
"""How often a part may be heard in one farewell; steps and a question are never in the same."""


def names(reading: Reading) -> Iterator[Fault]:
    """Whether a farewell can name the caller more often than twice, whatever its tone."""
    for tone in ("plain", *UNCHEERED):
        often = {page: _most_named(reading.book, reading.name, page, tone) for page in _SPOKEN}
        steps, question = often["next_steps"], often["question"]
        often["question" if steps >= question else "next_steps"] = 0
        if sum(often.values()) > MOST_NAMED:
            pages = [page for page, times in often.items() if times]
            naming = _naming(
                reading.book,
                reading.name,
                next(p for p in reversed(pages) if p != "goodbye" or len(pages) == 1),
                tone,
            )
            told = f"a {tone} farewell can say the name {sum(often.values())} times"
            hint = f"twice at most; it is on {', '.join(pages)}"
            yield Fault(naming.source.at(_at_name(naming)), told, hint)
            return


def _most_named(book: Book, locale: str, page: str, tone: str) -> int:
    return sum(times for part, times in _SPOKEN[page].items() if _first(book, locale, page, part, tone))


def _naming(book: Book, locale: str, page: str, tone: str) -> Variant:
    found = (_first(book, locale, page, part, tone) for part in _SPOKEN[page])
    return next(variant for variant in found if variant is not None)


def _first(book: Book, locale: str, page: str, part: str, tone: str) -> Variant | None:
    entries = book.entries(locale, page, part, tone)
    return next((v for entry in entries for v in entry.variants if "caller.name" in v.mentions), None)


def _at_name(variant: Variant) -> int:
    found = _NAMED.search(variant.source.text)
    return found.start(1) if found else 0

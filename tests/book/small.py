"""A book small enough to read in a test: one locale, the pages a test gives it, and nothing else."""

from datetime import date
from textwrap import dedent

from ivr.book.book import Book, Entry, Fault, read
from ivr.book.spoken import Speaker, Value, plain, speaker

RULES = "timezone: Europe/London\nlocale: en-GB\n"
VOICES = "en-GB:\n  voice: Polly.Amy-Neural\n  native_of: en-GB\n"
TODAY = date(2026, 11, 21)  # a Saturday


def files(**pages: str) -> dict[str, str]:
    """A book's files; `goodbye=` is en-GB/goodbye.yaml, `en_US_goodbye=` en-US/goodbye.yaml."""
    book = {"rules.yaml": RULES, "voices.yaml": VOICES}
    for name, text in pages.items():
        locale, page = (f"{name[:2]}-{name[3:5]}", name[6:]) if name[2:3] == "_" else ("en-GB", name)
        path = f"{name}.yaml" if name in ("rules", "voices") else f"{locale}/{page}.yaml"
        book[path] = dedent(text)
    return book


def book(**pages: str) -> Book:
    """A book without faults."""
    found, faults = read(files(**pages))
    assert not faults, "\n".join(map(str, faults))
    assert found is not None
    return found


def faults(**pages: str) -> list[Fault]:
    return read(files(**pages))[1]


def the_fault(**pages: str) -> Fault:
    """The one fault of a book that has one."""
    found = faults(**pages)
    assert len(found) == 1, "\n".join(map(str, found))
    return found[0]


def said_by(entry: Entry, number: int = 0, **facts: Value) -> str:
    """The SSML of one variant; `caller_name=` is the fact caller.name."""
    return entry.variants[number].template.render(named(**facts), english())


def heard_by(entry: Entry, number: int = 0, **facts: Value) -> str:
    return plain(said_by(entry, number, **facts))


def named(**facts: Value) -> dict[str, Value]:
    whole = ("calls_today", "first_time", "severity", "apologised", "texted", "textable")
    return {name if name in whole else name.replace("_", ".", 1): value for name, value in facts.items()}


def english() -> Speaker:
    return speaker("en-GB", TODAY)

"""A deliberately broken copy of our own book: each fault is found, where it is, alone and among all the others."""

from functools import cache

import pytest

from ivr.book.book import Book, Fault, read
from ivr.book.source import Place
from ivr.proof import proof, proof_page
from tests.proof.broken import BREAKS, LOCALES, Break, broken, sound

TOGETHER = [one for one in BREAKS if not one.alone]
OF_THE_WHOLE = ("the name three times in a farewell",)
"""Found only where every page is looked at."""
RECORDED = ("ho.wav", "name.wav")  # the files in recordings/


def found(faults: list[Fault], one: Break, place: Place) -> Fault | None:
    return next(
        (f for f in faults if f.place == place and one.says in f.message and f.fault is one.fault), None
    )


def told(faults: list[Fault], one: Break, place: Place) -> str:
    """What was found instead, for whoever reads the failed test."""
    near = [
        f
        for f in faults
        if f.place.file == place.file and (f.place.line == place.line or one.says in f.message)
    ]
    return f"{place}: {one.says!r}, but " + ("\n".join(map(str, near)) or "nothing")


@cache
def everything() -> tuple[list[Fault], dict[str, Place]]:
    files, places = broken(TOGETHER)
    return proof(files, RECORDED), places


@cache
def the_sound_book() -> Book:
    book, _ = read(sound())
    assert book is not None
    return book


def test_there_are_more_than_forty_faults():
    assert len(BREAKS) >= 40
    assert len({one.name for one in BREAKS}) == len(BREAKS)
    assert len({one.says for one in BREAKS}) >= 40


def test_the_copy_is_sound_before_it_is_broken():
    assert not [str(fault) for fault in proof(sound(), RECORDED) if fault.fault]


@pytest.mark.parametrize("one", TOGETHER, ids=lambda one: one.name)
def test_it_is_found_among_all_the_others(one: Break):
    faults, places = everything()
    fault = found(faults, one, places[one.name])
    assert fault is not None, told(faults, one, places[one.name])
    caret = str(fault).splitlines()
    assert len(caret) >= 3, "the line stands beneath, with a caret"
    assert caret[2].strip() == "^"


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.name)
def test_it_is_found_alone_and_nothing_else_is(one: Break):
    files, places = broken([one])
    locale, _, page = one.path.removesuffix(".yaml").partition("/")
    by_itself = locale in LOCALES and page in the_sound_book().locales[locale].pages
    faults = (
        proof_page(the_sound_book(), files, one.path, RECORDED)
        if by_itself and one.name not in OF_THE_WHOLE
        else proof(files, RECORDED)
    )
    place = places[one.name]
    assert found(faults, one, place), told(faults, one, place)
    if not one.more:
        others = [str(f) for f in faults if f.fault and (f.place != place or one.says not in f.message)]
        assert not others


def test_no_fault_is_told_twice():
    faults, _ = everything()
    assert len({(fault.place, fault.message) for fault in faults}) == len(faults)

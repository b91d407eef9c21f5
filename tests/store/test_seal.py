"""Sealing, opening, recognising."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.store.seal import Seal, SealError


@given(st.binary(max_size=300), st.binary(max_size=30))
def test_what_is_sealed_can_be_opened_and_cannot_be_read(plain: bytes, about: bytes) -> None:
    seal = Seal(["one"])
    sealed = seal.seal(plain, about)
    assert seal.open(sealed, about) == plain
    assert len(plain) < 4 or plain not in sealed


def test_the_same_words_are_sealed_differently_each_time() -> None:
    seal = Seal(["one"])
    assert seal.seal(b"Ana") != seal.seal(b"Ana")


def test_the_newest_secret_seals_and_all_of_them_open() -> None:
    old, both, new = Seal(["old"]), Seal(["new", "old"]), Seal(["new"])
    assert both.open(old.seal(b"Ana")) == b"Ana"
    assert new.open(both.seal(b"Ana")) == b"Ana"
    with pytest.raises(SealError, match="no longer in IVR_SECRET"):
        new.open(old.seal(b"Ana"))


def test_sealed_bytes_that_were_changed_or_moved_do_not_open() -> None:
    seal = Seal(["one"])
    sealed = seal.seal(b"Ana", b"CA1")
    for wrong in (
        sealed[:-1],
        sealed[:-1] + bytes([sealed[-1] ^ 1]),
        sealed[:20],
        b"",
        b"\x01",
        b"\x02" + sealed[1:],
    ):
        with pytest.raises(SealError):
            seal.open(wrong, b"CA1")
    with pytest.raises(SealError):
        seal.open(sealed, b"CA2")


def test_a_caller_has_one_key_for_each_secret_the_newest_first() -> None:
    (old,) = Seal(["old"]).caller_keys("+447700900123")
    keys = Seal(["new", "old"]).caller_keys("+447700900123")
    assert keys[1] == old != keys[0]
    assert [len(key) for key in keys] == [32, 32]
    assert Seal(["old"]).caller_keys("+447700900124") != (old,)


def test_hashes_made_for_different_purposes_never_meet() -> None:
    seal = Seal(["one"])
    assert seal.keys("agent", "+447700900123") != seal.caller_keys("+447700900123")


@pytest.mark.parametrize("secrets", [[], [""], ["one", " "]])
def test_there_is_no_seal_without_a_secret(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="secret"):
        Seal(secrets)

"""A book as a folder: written byte for byte, all of it or nothing, and never outside."""

import asyncio
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr.store.database import Database
from ivr.store.folder import (
    MARK,
    BookFolderError,
    left_alone,
    read_folder,
    unfit,
    unfit_name,
    write_folder,
    written_from,
)
from ivr.store.shelf import Shelf, digest
from tests.store.cast import NINE

NAMES = st.from_regex(r"(?:[a-z]{2}-[A-Z]{2}/)?[a-z_]{1,12}\.yaml", fullmatch=True)
# Whatever a page may hold: comments, notes, blank lines, any line end; only a mark at its very start is no text.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80).filter(
    lambda text: text[:1] != "\ufeff"
)
BOOKS = st.dictionaries(NAMES, TEXTS, min_size=1, max_size=6).filter(lambda book: unfit(book) is None)


@given(book=BOOKS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_a_version_exported_and_read_again_is_the_same_book_byte_for_byte(
    tmp_path_factory: pytest.TempPathFactory, book: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("out")

    async def kept() -> dict[str, str]:
        database = Database("sqlite://")
        database.start()
        try:
            shelf = Shelf(database)
            await shelf.keep_first(book, "Ana", "x", at=NINE)
            return await shelf.files(1) or {}
        finally:
            database.stop()

    write_folder(folder / "book", asyncio.run(kept()), mark=f"version 1 {digest(book)}\n")
    assert read_folder(folder / "book") == book
    assert digest(read_folder(folder / "book")) == digest(book)
    for path, text in book.items():
        assert (folder / "book" / path).read_bytes() == text.encode()
    assert written_from(folder / "book") == (1, digest(book))
    assert os.listdir(folder) == ["book"]


@given(st.text(max_size=30))
def test_no_name_that_is_allowed_leads_out_of_the_folder(name: str) -> None:
    if unfit_name(name) is None:
        whole = Path("/a/b").joinpath(name)
        assert Path(os.path.normpath(whole)) == whole
        assert whole.is_relative_to("/a/b")
        assert not any(part.startswith(".") for part in whole.parts)


@pytest.mark.parametrize("name", ["../x.yaml", "/tmp/x.yaml", "en-GB/../../x.yaml", "x.yaml/../y.yaml", "a//b.yaml", "x.sh", "nul\0.yaml", "x.yaml\n"])  # fmt: skip
def test_a_name_that_leads_elsewhere_is_never_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(BookFolderError, match="may be called"):
        write_folder(tmp_path / "out", {"rules.yaml": "x", name: "x"})
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_anything_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / ".hidden").write_text("mine")
    with pytest.raises(BookFolderError, match="not empty"):
        write_folder(tmp_path / "out", {"rules.yaml": "x"})
    assert [path.name for path in tmp_path.rglob("*")] == ["out", ".hidden"]
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with pytest.raises(BookFolderError, match="is no folder"):
        write_folder(tmp_path / "link", {"rules.yaml": "x"})


@contextmanager
def a_disk_with_room_for(bytes: int) -> Iterator[None]:
    """No file may grow beyond this, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_cannot_be_written_whole_leaves_nothing_behind(tmp_path: Path) -> None:
    book = {"a.yaml": "x", "b.yaml": "y" * 900_000}
    with (
        a_disk_with_room_for(500_000),
        pytest.raises(BookFolderError, match="cannot be written: File too large"),
    ):
        write_folder(tmp_path / "out", book)
    assert list(tmp_path.iterdir()) == []
    write_folder(tmp_path / "out", book)
    assert read_folder(tmp_path / "out") == book


def test_what_is_no_yaml_is_named_and_hidden_files_are_not(tmp_path: Path) -> None:
    for name in ("rules.yaml", "README.md", ".git/x", "recordings/a.wav", ".swp"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert left_alone(tmp_path) == ["README.md", "recordings/a.wav"]


@pytest.mark.parametrize(
    "said", [b"", b"version 1", b"version x " + b"0" * 64, b"\xff\xfe", b"version 1 " + b"g" * 64]
)
def test_a_mark_that_says_nothing_is_no_mark(tmp_path: Path, said: bytes) -> None:
    assert written_from(tmp_path) is None
    (tmp_path / MARK).write_bytes(said)
    assert written_from(tmp_path) is None


def test_an_exported_folder_is_as_open_as_any_that_is_made(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", {"rules.yaml": "x"})
    (tmp_path / "made").mkdir()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "made").stat().st_mode


def test_the_folder_one_stands_in_is_not_taken_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BookFolderError, match="where you stand"):
        write_folder(".", {"rules.yaml": ""})
    write_folder("new", {"rules.yaml": ""})

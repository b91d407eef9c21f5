"""The shelf of prompt books, and reading a folder as one."""

import asyncio
import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from ivr.book.book import Book, Fault, read
from ivr.store.database import Database, StoreError
from ivr.store.shelf import BookFolderError, Shelf, digest, read_folder
from ivr.store.tables import versions
from tests.store.cast import NINE

FILES = {
    "rules.yaml": "timezone: Europe/London\nlocale: en-GB\n",
    "voices.yaml": "en-GB:\n  voice: Polly.Amy\n",
    "en-GB/goodbye.yaml": "- entry: usual\n  say: |\n    Thank you for calling. Goodbye.\n",
}
OTHER = FILES | {"en-GB/goodbye.yaml": "- entry: usual\n  say: |\n    Take care. Goodbye.\n"}


async def test_an_empty_shelf_has_no_book(shelf: Shelf) -> None:
    assert await shelf.current() is None
    assert await shelf.versions() == []


async def test_the_first_book_is_version_one_and_is_kept_once(shelf: Shelf) -> None:
    assert await shelf.keep_first(FILES, "serve", "the first book", at=NINE) == 1
    assert await shelf.keep_first(OTHER, "serve", "the first book", at=NINE) == 1
    assert await shelf.files(1) == FILES
    book = await shelf.current()
    assert book is not None
    assert (book.version, book.digest) == (1, digest(FILES))


async def test_workers_that_start_together_put_one_first_book_on_the_shelf(
    database: Database, database_url: str
) -> None:
    other = Database(database_url, timeout=10.0)
    other.start()
    shelves = [Shelf(database), Shelf(other)]
    kept = [one.keep_first(FILES, f"worker {n}", "", at=NINE) for n in range(10) for one in shelves]
    assert set(await asyncio.gather(*kept)) == {1}
    assert len(await shelves[0].versions()) == 1
    other.stop()


async def test_what_is_published_is_in_force_at_once_and_every_version_stays(shelf: Shelf) -> None:
    await shelf.keep_first(FILES, "serve", "the first book", at=NINE)
    await shelf.current()
    assert await shelf.publish(OTHER, "Mo", "warmer", at=NINE + timedelta(days=1)) == 2
    book = await shelf.current()
    assert book is not None
    assert book.version == 2
    assert [await shelf.files(number) for number in (1, 2, 3)] == [FILES, OTHER, None]
    newest, first = await shelf.versions()
    assert (newest.version, newest.by, newest.note, newest.digest) == (2, "Mo", "warmer", digest(OTHER))
    assert (first.version, first.published_at) == (1, NINE)


async def test_machines_that_publish_at_once_get_versions_of_their_own(
    database: Database, database_url: str
) -> None:
    other = Database(database_url, timeout=10.0)
    other.start()
    shelves = [Shelf(database), Shelf(other)]
    numbers = await asyncio.gather(*(shelves[n % 2].publish(FILES, "Mo", f"{n}", at=NINE) for n in range(8)))
    assert sorted(numbers) == list(range(1, 9))
    other.stop()


async def test_a_version_published_elsewhere_comes_into_force_soon(database: Database) -> None:
    here, elsewhere = Shelf(database, look_every=0.0), Shelf(database)
    await here.keep_first(FILES, "serve", "", at=NINE)
    await here.current()
    await elsewhere.publish(OTHER, "Mo", "", at=NINE)
    async with asyncio.timeout(20):
        while (book := await here.current()) is None or book.version != 2:
            await asyncio.sleep(0.01)


async def test_the_book_at_hand_is_not_read_again(database: Database) -> None:
    times: list[int | None] = []

    def counted(files: Mapping[str, str], version: int | None) -> tuple[Book | None, list[Fault]]:
        times.append(version)
        return read(files, version)

    shelf = Shelf(database, counted)
    await shelf.keep_first(FILES, "serve", "", at=NINE)
    books = await asyncio.gather(*(shelf.current() for _ in range(20)))
    assert len({id(book) for book in books}) == 1
    assert times == [1]


async def test_while_the_database_is_away_the_book_at_hand_stays_in_force(database_url: str) -> None:
    database = Database(database_url, timeout=10.0)
    database.start()
    shelf = Shelf(database, look_every=0.0)
    await shelf.keep_first(FILES, "serve", "", at=NINE)
    book = await shelf.current()
    database.stop()
    for _ in range(3):
        assert await shelf.current() is book
        await asyncio.sleep(0.01)


async def test_a_first_book_that_cannot_be_read_is_said_to_be_so(shelf: Shelf) -> None:
    await shelf.keep_first({"en-GB/goodbye.yaml": "- entry: usual\n"}, "serve", "", at=NINE)
    with pytest.raises(StoreError, match=r"version 1 of the book cannot be read: rules\.yaml"):
        await shelf.current()


async def test_a_later_book_that_cannot_be_read_leaves_the_former_in_force(database: Database) -> None:
    shelf = Shelf(database, look_every=0.0)
    await shelf.keep_first(FILES, "serve", "", at=NINE)
    book = await shelf.current()
    with pytest.raises(StoreError, match="version 2"):
        await shelf.publish({"rules.yaml": "["}, "Mo", "", at=NINE)
    for _ in range(3):
        assert await shelf.current() is book
        await asyncio.sleep(0.01)


async def test_a_book_that_cannot_be_read_is_not_read_again_and_whatever_goes_wrong_looking_goes_on(
    database: Database,
) -> None:
    tried: list[int | None] = []

    def reads(files: Mapping[str, str], version: int | None) -> tuple[Book | None, list[Fault]]:
        tried.append(version)
        if version == 3:
            raise RuntimeError("a fault of ours")
        return read(files, version) if version != 2 else (None, [])

    writer, worker = Shelf(database), Shelf(database, reads, look_every=0.01)
    await writer.publish(FILES, "Ana", "first", at=NINE)
    await worker.current()
    looking = asyncio.ensure_future(worker.keep_looking())
    try:
        for number in (2, 3, 4):
            await writer.publish(
                FILES | {"rules.yaml": f"{FILES['rules.yaml']}# {number}\n"}, "Ana", "n", at=NINE
            )
            async with asyncio.timeout(10):
                while number not in tried:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
        assert worker.at_hand is not None
        assert worker.at_hand.version == 4
        assert tried.count(2) == 1
    finally:
        looking.cancel()


async def test_a_version_is_kept_small(database: Database, shelf: Shelf) -> None:
    long = FILES | {
        "en-GB/waiting.yaml": "- entry: usual\n  say: |\n" + "    You are still in the queue.\n" * 2000
    }
    await shelf.publish(long, "Mo", "", at=NINE)
    packed: Any = await database.look(
        lambda connection: connection.execute(select(versions.c.files)).scalar()
    )
    assert len(packed) < 2000
    assert await shelf.files(1) == long


@pytest.mark.parametrize("statement", ["update versions set note = 'better'", "delete from versions", "update changes set reason = ''", "delete from changes"])  # fmt: skip
async def test_what_was_published_and_who_changed_it_cannot_be_changed_even_by_hand(
    database: Database, shelf: Shelf, statement: str
) -> None:
    await shelf.publish(FILES, "Mo", "the first", at=NINE)
    before = await shelf.versions()
    with pytest.raises(StoreError):
        await database.change(lambda connection: connection.execute(text(statement)))
    assert await shelf.versions() == before
    assert await shelf.files(1) == FILES


async def test_a_database_in_memory_keeps_versions_as_they_are_too() -> None:
    database = Database("sqlite://")
    database.start()
    shelf = Shelf(database)
    await shelf.publish(FILES, "Mo", "the first", at=NINE)
    with pytest.raises(StoreError):
        await database.change(lambda connection: connection.execute(text("delete from versions")))
    assert await shelf.files(1) == FILES
    database.stop()


async def test_a_version_remembers_whose_yes_it_has_and_what_it_restores(shelf: Shelf) -> None:
    await shelf.publish(FILES, "Mo", "the first", at=NINE, approved_by="Kim")
    await shelf.publish(OTHER, "Mo", "warmer", at=NINE)
    await shelf.publish(FILES, "Mo", "back", at=NINE, restores=1)
    told = [(each.version, each.approved_by, each.restores) for each in await shelf.versions()]
    assert told == [(3, None, 1), (2, None, None), (1, "Kim", None)]


async def test_a_file_that_no_book_may_have_is_not_published(shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="may be called"):
        await shelf.publish(FILES | {"../x.yaml": ""}, "Mo", "", at=NINE)
    assert await shelf.versions() == []


async def test_a_version_published_elsewhere_is_at_hand_without_anybody_asking(database: Database) -> None:
    here, elsewhere = Shelf(database, look_every=0.05), Shelf(database)
    await here.keep_first(FILES, "serve", "", at=NINE)
    await here.current()
    looking = asyncio.create_task(here.keep_looking())
    await elsewhere.publish(OTHER, "Mo", "", at=NINE)
    async with asyncio.timeout(20):
        while here.at_hand is None or here.at_hand.version != 2:
            await asyncio.sleep(0.01)
    looking.cancel()


# Reading a folder.


def folder(tmp_path: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, page in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(page if isinstance(page, bytes) else page.encode())
    return tmp_path


def test_a_folder_is_read_as_path_to_text_and_what_is_not_yaml_is_left_alone(tmp_path: Path) -> None:
    others = {
        "README.md": "read me",
        "en-GB/.goodbye.yaml.swp": b"\xff",
        ".git/x.yaml": "",
        "recordings/a.wav": b"\xff",
    }
    assert read_folder(folder(tmp_path, FILES | others)) == FILES


def test_a_byte_order_mark_is_not_part_of_the_text(tmp_path: Path) -> None:
    assert read_folder(folder(tmp_path, {"rules.yaml": "\ufefflocale: en-GB"})) == {
        "rules.yaml": "locale: en-GB"
    }


def test_two_folders_with_the_same_files_have_one_digest(tmp_path: Path) -> None:
    assert digest(read_folder(folder(tmp_path, FILES))) == digest(dict(reversed(FILES.items())))
    assert digest(FILES) != digest(OTHER)
    book, _ = read(FILES)
    assert book is not None
    assert book.digest == digest(FILES)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "holds no .yaml file"),
        ({"rules.yaml": b"locale: en-GB\nnote: caf\xe9\n"}, r"rules.yaml:2: not UTF-8 \(byte 0xe9\)"),
        ({"rules.yaml": "x" * 1_000_001}, "rules.yaml has 1,000,001 bytes"),
        ({f"en-GB/{n}.yaml": "" for n in range(501)}, "more than 500"),
    ],
)
def test_a_folder_that_is_no_book_is_refused_with_the_reason(
    tmp_path: Path, files: dict[str, str | bytes], told: str
) -> None:
    with pytest.raises(BookFolderError, match=told):
        read_folder(folder(tmp_path, files))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BookFolderError, match=r"there is no folder .*nowhere"):
        read_folder(tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_named_rather_than_waited_at(tmp_path: Path) -> None:
    inside = folder(tmp_path / "book", FILES)
    os.mkfifo(inside / "rules2.yaml")
    with pytest.raises(BookFolderError, match=r"rules2\.yaml is no ordinary file"):
        read_folder(inside)


def test_a_link_may_lead_about_in_the_folder_but_not_out_of_it(tmp_path: Path) -> None:
    inside = folder(tmp_path / "book", FILES)
    (inside / "en-US").symlink_to("en-GB")
    assert read_folder(inside) == FILES | {"en-US/goodbye.yaml": FILES["en-GB/goodbye.yaml"]}
    (tmp_path / "secret.yaml").write_text("password")
    (inside / "fr-FR.yaml").symlink_to("../secret.yaml")
    with pytest.raises(BookFolderError, match=r"fr-FR\.yaml is a link that leads out"):
        read_folder(inside)


def test_links_that_lead_in_a_ring_come_to_an_end(tmp_path: Path) -> None:
    inside = folder(tmp_path, FILES)
    (inside / "en-GB" / "again").symlink_to("..")
    (inside / "lost.yaml").symlink_to("lost.yaml")
    with pytest.raises(BookFolderError, match="lost"):
        read_folder(inside)
    (inside / "lost.yaml").unlink()
    assert FILES.items() <= read_folder(inside).items()

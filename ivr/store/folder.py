"""A book as a folder of YAML files: read from one, and written as one."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

LARGEST_FILE = 1_000_000
"""Bytes of one file of a book."""
MOST_FILES = 500
MARK = ".exported"
"""The file that says which version a folder was written from. Its name begins with a dot: no page is called so."""

_DEEPEST = 3  # folders below the book's own: a locale's is one
_PATH = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,63}/){0,3}[A-Za-z0-9][A-Za-z0-9_-]{0,63}\.yaml")


class BookFolderError(Exception):
    """A folder that cannot be read as a book or written as one. The message says which file, where, and why."""


def unfit(files: Mapping[str, str]) -> str | None:
    """A sentence about the first file that no book may have: its name, its size or its text; None if all may."""
    if len(files) > MOST_FILES:
        return f"{len(files):,} files; a book has {MOST_FILES} at most"
    for path, text in files.items():
        if (sentence := unfit_name(path)) is not None:
            return sentence
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            return f"{path} holds half a character, which no file can"
        if size > LARGEST_FILE:
            return f"{path} has {size:,} bytes; a file of a book has {LARGEST_FILE:,} at most"
    return _twice(files)


def unfit_name(path: str) -> str | None:
    """A sentence about a name that no file of a book may have; None for one that may.

    Letters, digits, - and _, ending in .yaml, at most three folders deep: no name leads out of the folder, and
    each can be written on any machine.
    """
    if _PATH.fullmatch(path):
        return None
    return f"no file of a book may be called {path[:80]!r}; names are like en-GB/goodbye.yaml"


def _twice(paths: Iterable[str]) -> str | None:
    seen: dict[str, str] = {}
    for path in paths:
        other = seen.setdefault(path.casefold(), path)
        if other != path:
            return f"{other} and {path} are one file on many machines"
    return None


def read_folder(path: str | Path) -> dict[str, str]:
    """The files of a book: path below the folder, with forward slashes → text.

    Reads what ends in `.yaml`; hidden files and all others are left alone. Raises BookFolderError for a
    folder that is missing, holds no such file or too many, or a file too large, not UTF-8, or outside it.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise BookFolderError(f"there is no folder {folder}")
    files: dict[str, str] = {}
    for file in _yaml_files(folder, folder.resolve(), _DEEPEST):
        if len(files) == MOST_FILES:
            raise BookFolderError(f"{folder} holds more than {MOST_FILES} .yaml files; is it a book?")
        files[file.relative_to(folder).as_posix()] = _text(file)
    if not files:
        raise BookFolderError(f"{folder} holds no .yaml file")
    return files


def _yaml_files(folder: Path, root: Path, deepest: int) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise BookFolderError(f"{folder} cannot be read: {error.strerror}") from None
    for name in names:
        file = folder / name
        is_folder = file.is_dir()
        if name.startswith(".") or not (is_folder or name.endswith(".yaml")):
            continue
        if not Path(os.path.realpath(file)).is_relative_to(root):
            raise BookFolderError(f"{file} is a link that leads out of the folder")
        if not is_folder:
            if file.exists() and not file.is_file():  # a pipe would be waited at for ever
                raise BookFolderError(f"{file} is no ordinary file")
            yield file
        elif deepest:
            yield from _yaml_files(file, root, deepest - 1)


def _text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > LARGEST_FILE:
            raise BookFolderError(f"{file} has {size:,} bytes; a file of a book has {LARGEST_FILE:,} at most")
        raw = file.read_bytes()
    except OSError as error:
        raise BookFolderError(f"{file} cannot be read: {error.strerror}") from None
    try:
        return raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BookFolderError(
            f"{file}:{line}: not UTF-8 (byte 0x{raw[error.start]:02x}); save it as UTF-8"
        ) from None


def left_alone(path: str | Path) -> list[str]:
    """The other files of a folder, which are no book's: their paths below it, without hidden ones."""
    found = []
    for where, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(where, name).relative_to(path).as_posix()
            for name in names
            if not name.startswith(".") and not name.endswith(".yaml")
        ]
    return sorted(found)


def written_from(path: str | Path) -> tuple[int, str] | None:
    """The version a folder was written from and that version's digest; None where the folder does not say."""
    try:
        said = (Path(path) / MARK).read_bytes()[:200].decode("ascii", "replace")
    except OSError:
        return None
    found = re.fullmatch(r"version ([0-9]{1,9}) ([0-9a-f]{64})\s*", said)
    return (int(found[1]), found[2]) if found else None


def write_folder(path: str | Path, files: Mapping[str, str], *, mark: str | None = None) -> None:
    """Write a book as a folder, byte for byte: all of it, or nothing is left behind.

    `mark`: what MARK is to say. The folder is new, or there and empty. Raises BookFolderError for a folder that
    holds anything, a name no file of a book may have, and where nothing can be written.
    """
    folder = Path(os.path.abspath(path))
    if (sentence := unfit(files)) is not None:
        raise BookFolderError(sentence)
    _must_be_free(folder)
    made: Path | None = None
    try:
        # Beside the folder, so that the last step is a rename, which happens whole or not at all.
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        for name, text in files.items():
            file = made / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.encode())
        if mark is not None:
            (made / MARK).write_text(mark, encoding="ascii")
        made.chmod(0o777 & ~_umask())  # a temporary folder is its maker's alone; this one is not
        os.rename(made, folder)
    except OSError as error:
        # Somebody may have put a file into it meanwhile: a rename onto a folder that is not empty is refused.
        raise BookFolderError(f"{folder} cannot be written: {error.strerror}") from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _must_be_free(folder: Path) -> None:
    try:
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise BookFolderError(f"{folder} is there already, and is no folder")
        if folder.is_dir() and any(folder.iterdir()):
            raise BookFolderError(f"{folder} is not empty; name a new folder")
        if folder.is_dir() and folder.samefile("."):
            raise BookFolderError(f"{folder} is where you stand; name a new folder in it")
        if not folder.parent.is_dir():
            raise BookFolderError(f"there is no folder {folder.parent}")
    except OSError as error:
        raise BookFolderError(f"{folder} cannot be written: {error.strerror}") from None


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask

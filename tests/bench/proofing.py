"""What a prompt book of eight locales costs to read, to proofread, and to proofread as it is typed."""

import time
import tracemalloc
from collections.abc import Callable, Mapping

from ivr.book.book import read
from ivr.proof import proof, proof_page
from ivr.store.shelf import read_folder
from tests.bench.served import ROOT

LOCALES = 8
_COPIES = ("en-AU", "en-CA", "en-IE", "en-IN", "en-NZ", "en-SG", "en-ZA")


def the_book() -> dict[str, str]:
    """The book that the project ships; with fewer than eight locales, en-GB again under other names."""
    files = read_folder(ROOT / "prompts")
    book, _ = read(files)
    assert book is not None
    for name in _COPIES[: max(0, LOCALES - len(book.locales))]:
        own = {path: text for path, text in files.items() if path.startswith("en-GB/")}
        files |= {path.replace("en-GB", name): text for path, text in own.items()}
        files["voices.yaml"] += f"\n{name}:\n  voice: Polly.Amy-Neural\n"
    return files


def best(act: Callable[[], object], times: int) -> float:
    """Milliseconds of one core, the best of several runs."""
    took = []
    for _ in range(times):
        began = time.process_time()
        act()
        took.append(time.process_time() - began)
    return round(min(took) * 1000, 1)


def milliseconds() -> Mapping[str, float]:
    """Of reading the book, of proofreading it, and of proofreading its slowest page."""
    files = the_book()
    book, _ = read(files)
    assert book is not None
    pages = [path for path in files if path.startswith("en-GB/")]
    slowest = max(pages, key=lambda path: best(lambda: proof_page(book, files, path), 1))
    return {
        "read": best(lambda: read(files), 7),
        "proof": best(lambda: proof(files), 3),
        "page": best(lambda: proof_page(book, files, slowest), 7),
    }


def megabytes() -> float:
    """What the book takes up in memory, at most, while it is read."""
    files = the_book()
    read(files)  # whatever is imported on the way does not count
    tracemalloc.start()
    book, _ = read(files)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert book is not None
    return round(most / 1_000_000, 1)

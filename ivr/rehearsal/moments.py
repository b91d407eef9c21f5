"""Which moment of the farewell a document speaks."""

from urllib.parse import parse_qs, urlsplit

from ivr.farewell.moments import MOMENTS
from ivr.rehearsal.document import Document


def moment_of(document: Document, before: str | None = None) -> str | None:
    """The moment a document speaks: named where a key of it leads, where it will have been heard, in its own
    address, where it leads, or by its path; else as before."""
    keys = [gather.get("action", "") for gather in document.root.iter("Gather")]
    onward = [(redirect.text or "").strip() for redirect in document.root.iter("Redirect")]
    named = [
        *(_named(address, "at", "heard") for address in keys),
        *(_named(address, "heard") for address in onward),
        _named(document.url or "", "at"),
        *(_named(address, "at") for address in onward),
        document.path.rpartition("/")[2],
    ]
    return next((name for name in named if _is_moment(name)), before)


def _named(address: str, *names: str) -> str:
    query = parse_qs(urlsplit(address).query)
    return next((query[name][0] for name in names if name in query), "")


def _is_moment(name: str) -> bool:
    return name in MOMENTS or name.startswith("next_steps_")

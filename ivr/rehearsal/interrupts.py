"""What ends whatever a leg is doing: that it is over, or that another document takes its place.

Those of queues and of rooms stand with them: see `queues.py` and `rooms.py`.
"""

from collections.abc import Awaitable, Callable

from ivr.rehearsal.document import Document

# How long after a REST update the old leg parts, the old action is asked, and the new document is fetched;
# seconds, as measured on real calls by others (166, 320 and 651 ms).
PARTS_AFTER, OLD_ACTION_AFTER, NEW_DOCUMENT_AFTER = 0.166, 0.154, 0.331


class Interrupt(Exception):
    """Something that ends what a leg is doing."""


class Over(Interrupt):
    """The leg is ended: by its own telephone, by REST, or by <Hangup>."""


class Replaced(Interrupt):
    """Another document takes the place of the whole running one: by REST, or a fallback's."""

    def __init__(self, fetch: Callable[[], Awaitable[Document]], *, by_rest: bool = True) -> None:
        super().__init__("replaced by another document")
        self.fetch, self.by_rest = fetch, by_rest

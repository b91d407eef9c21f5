"""Documents: what an address answered, or what came by REST, as verbs to be followed."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.twiml import Element, Place
from ivr.rehearsal.twiml.reading import check, parse
from ivr.rehearsal.twiml.writing import child
from ivr.rehearsal.wire import Answer


@dataclass(frozen=True, slots=True)
class Document:
    """A document being followed. `url` is None for inline TwiML: nothing relative can stand in it."""

    root: Element
    url: str | None

    def address(self, relative: str) -> str:
        """An address in this document, absolute. Empty text means this document's own."""
        return urljoin(self.url or "", relative) if relative else self.url or ""

    @property
    def path(self) -> str:
        return urlsplit(self.url or "").path


def read(answer: Answer, place: Place) -> Document:
    """An answer as a document, by its content type.

    text/xml, application/xml and text/html are TwiML; text/plain is run when it is TwiML and else spoken;
    audio is played. No Content-Type counts as a failed retrieval (11200), any other type as 12300.
    """
    if answer.content_type is None:
        raise TwilioRefuses(
            11200, "the answer has no Content-Type: Twilio takes it for a failed retrieval", answer.url
        )
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind in ("text/xml", "application/xml", "text/html"):
        root = parse(answer.body, answer.url)
    elif kind == "text/plain":
        root = _plain(answer)
    elif kind.startswith("audio/"):
        root = Element("Response")
        child(root, "Play", answer.url)
    else:
        raise TwilioRefuses(12300, f"a document may not be {kind}", answer.url)
    check(root, place, answer.url)
    return Document(root, answer.url)


def read_inline(twiml: str) -> Document:
    """TwiML that came with a REST request. Raises TwilioRefuses."""
    root = parse(twiml.encode(), "inline TwiML")
    check(root, "call", "inline TwiML", inline=True)
    return Document(root, None)


def _plain(answer: Answer) -> Element:
    try:
        return parse(answer.body, answer.url)
    except TwilioRefuses:
        root = Element("Response")
        child(root, "Say", answer.body.decode("utf-8", "replace"))
        return root

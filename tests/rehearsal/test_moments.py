"""Which moment a document speaks."""

from ivr.rehearsal.document import Document
from ivr.rehearsal.moments import moment_of
from ivr.rehearsal.twiml.reading import parse
from ivr.rehearsal.wire import PUBLIC_URL


def test_the_moment_of_a_document_stands_in_the_addresses_it_leads_to() -> None:
    def document(inner: str, url: str) -> Document:
        return Document(parse(f"<Response>{inner}</Response>".encode()), PUBLIC_URL + url)

    assert moment_of(document('<Gather action="/k?at=apology"/>', "/voice/farewell?call=1")) == "apology"
    assert moment_of(document("<Redirect>/d?heard=goodbye</Redirect>", "/voice/farewell/x")) == "goodbye"
    assert moment_of(document("", "/voice/farewell/next_steps_2")) == "next_steps_2"
    assert moment_of(document("<Hangup/>", "/voice/farewell/done"), "goodbye") == "goodbye"

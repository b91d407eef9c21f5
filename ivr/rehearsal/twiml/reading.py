"""Reading a document, and holding it against the tables and the elements' own rules. Raises TwilioRefuses."""

from xml.etree import ElementTree

from ivr.rehearsal.refusals import NotPlayed, TwilioRefuses
from ivr.rehearsal.twiml import Element, Place
from ivr.rehearsal.twiml.elements import OWN_RULES, check_base
from ivr.rehearsal.twiml.shapes import ALLOWED, NOT_PLAYED, SHAPES

LARGEST = 64 * 1024  # bytes of a document
LONGEST_INLINE = 4_000  # characters of the REST parameter Twiml


def parse(body: bytes, where: str | None = None) -> Element:
    """A document's <Response>. Raises TwilioRefuses for what Twilio cannot read."""
    if not body.strip():
        raise TwilioRefuses(11770, "the body is empty; an answer with nothing to do is <Response/>", where)
    if len(body) > LARGEST:
        raise TwilioRefuses(11750, f"a document takes at most 64 kB; this one has {len(body)} bytes", where)
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - the service under rehearsal is our own, and its size is bounded
    except (ElementTree.ParseError, ValueError, LookupError) as broken:
        raise TwilioRefuses(12100, f"the document is not XML: {broken}", where) from broken
    if root.tag != "Response":
        raise TwilioRefuses(12200, f"the root must be <Response>, not <{root.tag}>", where)
    return root


def check(root: Element, place: Place, where: str | None = None, *, inline: bool = False) -> None:
    """Hold a parsed document against Twilio's rules for the place it runs in. Raises TwilioRefuses.

    `inline`: it came as the REST parameter Twiml, so that a relative address has nothing to stand on.
    """
    allowed, code, rule = ALLOWED[place]
    _check_element(root, where, inline)
    for position, verb in enumerate(root):
        if verb.tag not in allowed:
            raise TwilioRefuses(code, f"{rule}; found <{verb.tag}>", where)
        if verb.tag == "Reject" and position:
            raise TwilioRefuses(12200, "<Reject> may stand only before anything else", where)


def _check_element(element: Element, where: str | None, inline: bool) -> None:
    shape = SHAPES[element.tag]
    for name, value in element.attrib.items():
        name = name.replace("{http://www.w3.org/XML/1998/namespace}", "xml:")
        wanted = shape.attributes.get(name)
        if wanted is None:
            raise TwilioRefuses(12200, f"<{element.tag}> has no attribute {name}", where)
        if not wanted.fits(value):
            raise TwilioRefuses(
                wanted.code, f"{name} of <{element.tag}> {wanted.wants}; found {value!r}", where
            )
        if wanted.address:
            check_base(value, where, inline)
    if not shape.text and (
        (element.text or "").strip() or any((child.tail or "").strip() for child in element)
    ):
        raise TwilioRefuses(12200, f"<{element.tag}> takes no text of its own", where)
    for child in element:
        if child.tag not in shape.children:
            if child.tag in NOT_PLAYED:
                raise NotPlayed(f"<{child.tag}>", where)
            what = "may not stand in" if child.tag in SHAPES else "is no TwiML; found in"
            raise TwilioRefuses(
                13320 if element.tag == "Gather" else 12200, f"<{child.tag}> {what} <{element.tag}>", where
            )
        _check_element(child, where, inline)
    if (own := OWN_RULES.get(element.tag)) is not None:
        own(element, where, inline)

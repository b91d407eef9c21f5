"""The verbs that go elsewhere, or end the call: <Redirect>, <Hangup> and <Reject>."""

from ivr.rehearsal.document import Document
from ivr.rehearsal.interrupts import Over
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.refusals import TwilioRefuses
from ivr.rehearsal.twiml import Element, Place


async def redirect(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Redirect>: another document takes over; the verbs after it never run. Relative to the current one."""
    return await leg.fetch(
        document.address((verb.text or "").strip()), verb.get("method", "POST"), place=place
    )


async def hangup(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Hangup/>: ends the call. The words before it have been played to their end."""
    leg.status, leg.ended_by = "completed", leg.ended_by or "line"
    raise Over("<Hangup/>")


async def reject(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Reject>: does not answer; only as the very first verb."""
    if leg.status != "ringing":
        raise TwilioRefuses(12200, "<Reject> comes too late: the call has been answered", document.url)
    leg.status, leg.ended_by = "busy" if verb.get("reason") == "busy" else "completed", "line"
    raise Over("<Reject>")

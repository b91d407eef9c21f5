"""What Twilio takes for TwiML, of the verbs that are played here: elements, attributes, values, nesting.

Stricter than the real one on purpose: where Twilio would only warn and go on without the attribute, a
rehearsal refuses and names the rule, since nobody reads warnings.
"""

from typing import Literal
from xml.etree import ElementTree

Element = ElementTree.Element
Place = Literal["call", "wait", "whisper", "room"]
"""Where a document runs: a leg's own course, a queue's waitUrl, <Queue url>, or a conference's wait, hold or announcement."""

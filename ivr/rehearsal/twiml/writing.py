"""Documents that Twilio itself writes, which a leg follows without any address being asked."""

from collections.abc import Mapping
from xml.etree import ElementTree

from ivr.rehearsal.twiml import Element
from ivr.rehearsal.twiml.reading import check


def child(parent: Element, tag: str, text: str) -> None:
    """Put a verb with text into an element."""
    ElementTree.SubElement(parent, tag).text = text


def conference(name: str, attributes: Mapping[str, str]) -> Element:
    """A document that does nothing but put a leg into a room, as Twilio itself has it do."""
    root = Element("Response")
    noun = ElementTree.SubElement(ElementTree.SubElement(root, "Dial"), "Conference", dict(attributes))
    noun.text = name
    check(root, "call", "Twilio's own document", inline=True)
    return root


def enqueue(workflow: str, attributes: str) -> str:
    """A document that makes a leg a task, as a Studio flow does."""
    root = Element("Response")
    verb = ElementTree.SubElement(root, "Enqueue", {"workflowSid": workflow})
    ElementTree.SubElement(verb, "Task").text = attributes
    return ElementTree.tostring(root, "unicode")

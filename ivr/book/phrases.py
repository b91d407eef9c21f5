"""Phrases as answers.yaml and taste.yaml hold them: one a line beneath a key."""

from ivr.book.form import Form
from ivr.book.source import Findings, Place, Scalar

LONGEST = 100  # characters; Twilio takes no longer hint


def phrases(form: Form, key: str, findings: Findings) -> list[tuple[str, Place]] | None:
    """The phrases beneath a key, spaces tidied, each with its place; None where the key is not there, or is a fault."""
    node = form.take(key)
    if node is None:
        return None
    if not isinstance(node, Scalar) or not node.literal:
        findings.add(node.place, f"phrases stand beneath “{key}: |”, one a line")
        return None
    return [(" ".join(text.split()), place) for text, place in node.lines(findings) if text.strip()]

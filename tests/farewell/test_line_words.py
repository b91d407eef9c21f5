"""What a line says of itself, in the caller's language or not at all."""

from datetime import UTC, datetime

import pytest

from ivr.book.book import read
from ivr.farewell.facts import line_facts

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
RULES = """
timezone: Europe/London
locale: en-GB
queues:
  default:
    notice: Our Leeds office is closed today.
    line:
      name: the help line
      phone: "+442079460000"
      hours: eight to six
      es: {name: la línea de ayuda, event: El domingo abrimos las puertas.}
      fr: {name: le service clients, hours: de huit heures à dix-huit heures}
      fr-CA: {name: le service à la clientèle}
  billing:
    line: {name: the billing line}
  evenings: {told: 300}
  ayuda:
    locale: es-ES
    line: {name: la ayuda}
"""
VOICES = "en-GB: {voice: Polly.Amy-Neural}\nes-ES: {voice: Polly.Lucia-Neural}\n"


def told(queue: str | None, locale: str) -> dict[str, object]:
    book, faults = read({"rules.yaml": RULES, "voices.yaml": VOICES})
    assert book is not None
    assert not faults
    facts = line_facts(book, queue, NOW, locale)
    return {name.removeprefix("line."): value for name, value in facts.items() if name.startswith("line.")}


ENGLISH = {"name": "the help line", "hours": "eight to six", "notice": "Our Leeds office is closed today."}
PHONE = {"phone": "+442079460000"}


@pytest.mark.parametrize(
    ("queue", "locale", "known"),
    [
        (None, "en-GB", ENGLISH | PHONE),
        (None, "en-JM", ENGLISH | PHONE),
        (None, "es-MX", {"name": "la línea de ayuda", "event": "El domingo abrimos las puertas."} | PHONE),
        (None, "fr-FR", {"name": "le service clients", "hours": "de huit heures à dix-huit heures"} | PHONE),
        (None, "fr-CA", {"name": "le service à la clientèle", "hours": "de huit heures à dix-huit heures"} | PHONE),
        (None, "pt-BR", PHONE),
        ("evenings", "es-ES", {"name": "la línea de ayuda", "event": "El domingo abrimos las puertas."} | PHONE),
        # a name of its own, and nobody has written it in Spanish
        ("billing", "es-ES", PHONE),
        # what it would take over is in another language
        ("ayuda", "es-ES", {"name": "la ayuda"} | PHONE),
        ("ayuda", "en-GB", PHONE),
    ],
)  # fmt: skip
def test_a_line_speaks_of_itself_in_the_callers_language_or_not_at_all(queue, locale, known):
    assert told(queue, locale) == known


def test_words_in_a_language_that_is_none_are_a_fault():
    book, faults = read({"rules.yaml": RULES.replace("      es:", "      spanish:"), "voices.yaml": VOICES})
    assert [fault.message for fault in faults] == ["line has no “spanish”"]
    assert book is not None

"""The fallback, to be kept somewhere else: what is heard when Twilio cannot reach this service at all.

Written from a book, and complete in itself: it asks nobody, so it says nothing that passes, such as a notice
or the day. As a document it only takes leave. As a Twilio Function it looks at where the call was, as
/voice/fallback does, and lets a caller who has not been served yet wait on.
"""

import json
from pathlib import Path

from ivr.book.book import Book
from ivr.book.spoken import Value
from ivr.farewell.composer import say
from ivr.farewell.facts import line_words
from ivr.line import twiml

_FUNCTION = Path(__file__).with_name("fallback.js")
_GIVEN = "const GIVEN = {};"


def as_document(book: Book) -> str:
    """TwiML for a file, or a TwiML Bin: the mishap page's goodbye in the default locale, and no more."""
    return twiml.document(_spoken(book, "default", book.locale(None), "fallback"), twiml.hangup()).decode()


def as_function(book: Book, public_url: str) -> str:
    """A Twilio Function that answers by ErrorUrl. `public_url` is where agents' legs are led back to."""
    locales = [book.locale(None), *(name for name in book.locales if name != book.locale(None))]
    given = {
        "service": public_url.rstrip("/"),
        "overrides": twiml.VOICE_OVERRIDES,
        "locales": locales,
        "workflows": {
            name: queue.workflow for name, queue in book.rules.queues.items() if queue.workflow is not None
        },
        "words": {
            queue: {
                locale: {part: _spoken(book, queue, locale, part) for part in ("mishap", "fallback")}
                for locale in locales
            }
            for queue in book.rules.queues
        },
    }
    told = json.dumps(given, indent=2).replace("<", "\\u003c")  # fit for any place a script may stand in
    return _FUNCTION.read_text("utf-8").replace(_GIVEN, f"const GIVEN = {told};", 1)


def _spoken(book: Book, queue: str, locale: str, part: str) -> str:
    """The verbs that speak a line of the mishap page. A recording lies with us and could not be had: words."""
    line = say(book, locale, "mishap", part, _lasting_facts(book, queue, locale), call="")
    if line is None:
        return ""
    voice = book.voice(locale)
    return twiml.say(line.ssml, voice.voice, voice.language, plain=not voice.ssml)


def _lasting_facts(book: Book, queue: str, locale: str) -> dict[str, Value]:
    passing = ("line.notice", "line.event")
    known: dict[str, Value] = {"severity": "unknown", "textable": False, "call.queue": queue}
    return known | {
        name: said for name, said in line_words(book, queue, locale).items() if name not in passing
    }

"""A version that is published while calls are under way."""

import asyncio

import pytest

from ivr.book.book import Book, read
from ivr.line.hearing import hearing
from ivr.store.database import Database
from ivr.store.folder import read_folder
from ivr.store.shelf import Shelf
from tests.line.conftest import BOOK, CALL, Twilio, words
from tests.line.test_farewell import FAREWELL, WRAP_UP, WRAPUP, onward

FILES = read_folder(BOOK)
GREETING, GOODBYE = "en-GB/greeting.yaml", "en-GB/goodbye.yaml"
WELCOME = "Hello. Stay on the line, and somebody will be with you."
NEWER = FILES | {
    GREETING: FILES[GREETING].replace(WELCOME, "Welcome. You are in good hands."),
    "en-GB/apology.yaml": FILES["en-GB/apology.yaml"].replace("sorry", "ever so contrite"),
}


async def publish(twilio: Twilio, files: dict[str, str]) -> None:
    """Another process publishes; this service finds out by itself, within a second and what a busy machine adds."""
    database = Database(twilio.service.settings.ivr_database_url, timeout=30.0)
    database.start()
    number = await Shelf(database).publish(files, "Ana", "newer", at=twilio.clock.now())
    database.stop()
    async with asyncio.timeout(30):
        while twilio.service.book().version != number:
            await asyncio.sleep(0.02)


async def test_the_next_call_is_spoken_from_it_though_nobody_rang_in_between(twilio: Twilio) -> None:
    assert words(await twilio.document("/voice/incoming?queue=billing")).startswith(WELCOME)
    await publish(twilio, NEWER)
    told = words(await twilio.document("/voice/incoming?queue=billing", CallSid="CA" + "9" * 32))
    assert told.startswith("Welcome. You are in good hands.")


async def test_a_farewell_under_way_keeps_the_words_it_was_composed_of(twilio: Twilio) -> None:
    await twilio.answered()
    await twilio.api("POST", WRAP_UP, WRAPUP)
    opening = await twilio.document(FAREWELL)
    await publish(twilio, NEWER)
    twilio.clock.forward(10)
    apology = words(await onward(twilio, opening))
    assert "sorry" in apology
    assert "contrite" not in apology
    (farewell,) = (await twilio.service.ledger.read(CALL)).farewells
    assert farewell.version == 1


async def test_a_farewell_in_a_locale_that_the_new_version_lacks_is_heard_to_its_end(twilio: Twilio) -> None:
    await twilio.document("/voice/incoming?queue=billing&locale=en-US")
    twilio.clock.forward(742)
    await twilio.document("/voice/bridging?queue=billing", QueueTime="742", DequeingCallSid="CA" + "2" * 32, QueueSid="QU" + "3" * 32)  # fmt: skip
    await twilio.api("POST", WRAP_UP, WRAPUP | {"locale": "en-US"})
    here = await twilio.document(FAREWELL)
    british = {path: text for path, text in NEWER.items() if not path.startswith("en-US")}
    rules = british["rules.yaml"].replace("en-US", "en-GB")
    voices = british["voices.yaml"].splitlines()[0] + "\n"
    await publish(twilio, british | {"rules.yaml": rules, "voices.yaml": voices})
    paths = await twilio.walk(here)
    assert paths[-2:] == ["/voice/farewell/done", "Hangup"]


@pytest.fixture
def book() -> Book:
    found = read(FILES)[0]
    assert found is not None
    return found


def test_a_locale_no_longer_there_is_spoken_by_the_nearest_voice_and_listened_for_by_key_alone(
    book: Book,
) -> None:
    assert book.voice("en-AU") == book.voice("en-GB")
    assert hearing(book, book.rules.queue("billing"), "en-AU") is None

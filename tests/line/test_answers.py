"""Answers said aloud: which documents listen for words, what an answer does, and that the words stay nowhere."""

from typing import Any
from xml.etree import ElementTree

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from ivr import watch
from ivr.store.tables import metadata
from tests.line.conftest import AGENT_LEG, CALL, Twilio, address, words
from tests.line.test_farewell import FAREWELL, WRAP_UP, at, onward, told
from tests.line.twiml_table import faults

PLAIN = {"name": "Ana", "resolved": True}
STEPS = PLAIN | {"steps": [{"who": "us", "what": "send a form", "reference": "K7"}]}
HINTS = "yes,no,not really,I don't think so,actually,one more thing,no thank you,that's all,that's all good,bye,say that again,text me"


async def asked(twilio: Twilio, wrapup: dict[str, Any] = PLAIN, queue: str = "aloud") -> ElementTree.Element:
    """The document that asks: the question, or the listening point after the steps."""
    await twilio.answered(waited=5, queue=queue)
    await twilio.api("POST", WRAP_UP, wrapup)
    return await at(twilio, "next_steps" if "steps" in wrapup else "question")


async def answer(
    twilio: Twilio, here: ElementTree.Element, said: str, *, token: str = "", **fields: str
) -> ElementTree.Element:
    """Words said in the last Gather of a document."""
    twilio.clock.forward(1)
    headers = {"i-twilio-idempotency-token": token} if token else {}
    action = here.findall("Gather")[-1].get("action") or ""
    reply = await twilio.post(action, SpeechResult=said, headers=headers, **fields)
    assert reply.status_code == 200
    return ElementTree.fromstring(reply.content)


async def pressed(twilio: Twilio) -> list[tuple[str, str | None]]:
    """(key, meaning) of whatever the caller did."""
    record = await twilio.service.ledger.read(CALL)
    return [(event.digit, event.said) for event in record.events if event.kind == "pressed"]  # type: ignore[attr-defined]


# --- which documents listen -------------------------------------------------------------------------------


async def test_the_question_listens_for_words_in_its_language_and_knows_what_to_expect(
    twilio: Twilio,
) -> None:
    here = await asked(twilio)
    (gather,) = here.findall("Gather")
    assert gather.attrib | {"action": ""} == {
        "action": "",
        "timeout": "6",
        "numDigits": "1",
        "finishOnKey": "",
        "input": "dtmf speech",
        "language": "en-GB",
        "speechTimeout": "2",
        "speechModel": "phone_call",
        "hints": HINTS,
    }
    assert faults(ElementTree.tostring(here)) == []


async def test_without_speech_in_the_rules_the_question_listens_for_keys(twilio: Twilio) -> None:
    here = await asked(twilio, queue="billing")
    assert set(here.findall("Gather")[0].attrib) == {"action", "timeout", "numDigits", "finishOnKey"}


async def test_after_the_steps_only_the_question_is_answered_aloud(twilio: Twilio) -> None:
    """Whoever writes a reference down says it back: that is no answer, and must not cut it off."""
    here = await asked(twilio, STEPS)
    told, question = here.findall("Gather")
    assert (told.get("input"), question.get("input")) == (None, "dtmf speech")
    assert told.get("action") == question.get("action")
    assert "K 7" in words(here)
    assert "Your reference" not in "".join(question.itertext())
    assert "".join(question.itertext()).startswith("Press 1")
    assert (told.get("timeout"), question.get("timeout")) == ("1", "6")


async def test_nothing_but_the_question_listens_for_words(twilio: Twilio) -> None:
    await twilio.answered(waited=742, queue="aloud")
    await twilio.api("POST", WRAP_UP, PLAIN)
    here, inputs = await twilio.document(FAREWELL), {}
    while here.find("Gather") is not None:
        _, query = address(here, "Gather", "action")
        inputs[query["at"]] = here.findall("Gather")[-1].get("input")
        twilio.clock.forward(10)
        here = await onward(twilio, here)
    assert inputs == {"opening": None, "apology": None, "question": "dtmf speech", "goodbye": None}


# --- what an answer does -----------------------------------------------------------------------------------


async def test_a_yes_brings_the_agent_as_a_0_does(twilio: Twilio) -> None:
    here = await answer(twilio, await asked(twilio), "Yes.", Confidence="0.93")
    assert address(here, "Redirect")[0] == "/voice/farewell/back"
    assert [leg for leg, _ in twilio.telephone.redirects()].count(AGENT_LEG) == 1
    assert (await told(twilio))["caller"] == "returning"
    assert await pressed(twilio) == [("0", "yes")]


async def test_the_same_answer_sent_twice_brings_the_agent_once(twilio: Twilio) -> None:
    here = await asked(twilio)
    one, two = [await answer(twilio, here, "yes", token="same") for _ in range(2)]
    assert words(one) == words(two)
    assert [leg for leg, _ in twilio.telephone.redirects()].count(AGENT_LEG) == 1
    assert await pressed(twilio) == [("0", "yes")]


async def test_that_was_all_goes_on_to_the_goodbye_and_the_question_counts_as_heard(twilio: Twilio) -> None:
    here = await answer(twilio, await asked(twilio), "no thank you, that's all")
    assert address(here, "Redirect")[0] == "/voice/farewell/goodbye"
    assert await pressed(twilio) == [("", "done")]
    assert (await told(twilio))["moment"] == "goodbye"


@pytest.mark.parametrize(
    ("said", "confidence"),
    [
        ("", "0.0"),
        ("", ""),
        ("yes", "0.1"),
        ("four thousand and twelve", "0.9"),
        ("no, he never came", "0.9"),
    ],
)
async def test_what_is_not_understood_is_asked_once_more_and_then_leads_on(
    twilio: Twilio, said: str, confidence: str
) -> None:
    here = await asked(twilio)
    again = await answer(twilio, here, said, Confidence=confidence)
    assert words(again) == f"That was not clear. Once more. {words(here)}"
    assert again.findall("Gather")[-1].get("input") == "dtmf speech"
    on = await answer(twilio, again, said, Confidence=confidence)
    assert address(on, "Redirect")[0] == "/voice/farewell/goodbye"


@pytest.mark.parametrize("confidence", ["", "0.0", "1", "high", "-1", "0.9"])
async def test_an_answer_counts_whatever_the_recogniser_says_of_itself_unless_it_guessed(
    twilio: Twilio, confidence: str
) -> None:
    here = await answer(twilio, await asked(twilio), "that's all", Confidence=confidence)
    assert address(here, "Redirect")[0] == "/voice/farewell/goodbye"


async def test_a_key_counts_before_what_was_said_meanwhile(twilio: Twilio) -> None:
    here = await answer(twilio, await asked(twilio), "no", Digits="0")
    assert address(here, "Redirect")[0] == "/voice/farewell/back"
    assert await pressed(twilio) == [("0", None)]


async def test_said_again_after_the_steps_is_told_slower(twilio: Twilio) -> None:
    here = await asked(twilio, STEPS)
    again = await answer(twilio, here, "say that again")
    assert words(again) == words(here)
    assert next(again.iter("prosody")).get("rate") == "90%"
    assert len(again.findall("Gather")) == 2


async def test_where_the_agent_has_just_gone_that_is_said(twilio: Twilio) -> None:
    here = await asked(twilio)
    await twilio.post("/events/call", CallSid=AGENT_LEG, CallStatus="completed", SequenceNumber="0")
    nobody = await answer(twilio, here, "actually")
    assert "Your agent has left" in words(nobody)
    assert nobody.findall("Gather")[-1].get("input") is None  # a key chooses the queue
    assert "Goodbye" in words(await onward(twilio, nobody))


async def test_words_in_a_locale_without_phrases_change_nothing(twilio: Twilio) -> None:
    here = await asked(twilio)
    book = twilio.service.book()
    object.__setattr__(book.locales["en-GB"], "answers", None)
    assert words(await answer(twilio, here, "yes")) == words(here)
    assert await pressed(twilio) == []


# --- and the words themselves ------------------------------------------------------------------------------


async def test_what_was_said_is_kept_nowhere_and_logged_nowhere(twilio: Twilio) -> None:
    with capture_logs() as logged:
        await answer(twilio, await asked(twilio), "Zanzibar, and that's all")
        await answer(twilio, await at(twilio, "question"), "Zanzibar Zanzibar Zanzibar no")
    rows = await twilio.service.database.look(
        lambda db: [
            repr(tuple(row)) for table in metadata.tables.values() for row in db.execute(select(table))
        ]
    )
    seen = "\n".join([*rows, repr(logged), watch.metrics().decode(), *twilio.telephone.answers])
    assert CALL in seen
    assert "zanzibar" not in seen.casefold()

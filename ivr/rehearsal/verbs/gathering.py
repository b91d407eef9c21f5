"""The verb that listens, <Gather>: keys and words, with all that is said meanwhile."""

from ivr.rehearsal.document import Document
from ivr.rehearsal.leg import Leg
from ivr.rehearsal.telephone import Input
from ivr.rehearsal.twiml import Element, Place
from ivr.rehearsal.verbs.speaking import loops, pause_once, play_once, say_once


async def gather(leg: Leg, verb: Element, document: Document, place: Place) -> Document | None:
    """<Gather>: says its children while listening; the first key or word cuts them.

    `timeout` (5 s) starts when they end, or with each key. `numDigits` keys, or `finishOnKey` ("#", never
    part of the digits), end the entry at once. With an input the action is asked (the current address when
    there is none) and its document takes over; without one the next verb runs, unless actionOnEmptyResult.
    Inside a waitUrl the action's document is held to the same verbs.
    """
    leg.deaf()
    kinds = verb.get("input", "dtmf").split()
    leg.listens = frozenset(kinds)
    try:
        given = await _while_speaking(leg, verb, document, kinds)
        fields = await _entry(leg, verb, kinds, given)
    finally:
        leg.listens = frozenset()
    if fields is None and verb.get("actionOnEmptyResult") != "true":
        return None
    url = document.address(verb.get("action", ""))
    return await leg.fetch(url, verb.get("method", "POST"), fields or {"Digits": ""}, place)


async def _while_speaking(leg: Leg, verb: Element, document: Document, kinds: list[str]) -> Input | None:
    for child in verb:
        for _ in range(loops(child) if child.tag != "Pause" else 1):
            given: Input | None
            if child.tag == "Say":
                given = await say_once(leg, child, document, kinds)
            elif child.tag == "Play":
                given = await play_once(leg, child, document, kinds)
            else:
                given = await pause_once(leg, child, kinds)
            if given is not None:
                return given
    return None


async def _entry(leg: Leg, verb: Element, kinds: list[str], given: Input | None) -> dict[str, str] | None:
    """The whole entry, once its first key or word has come, or the time-out has passed without."""
    finish, most = verb.get("finishOnKey", "#"), int(verb.get("numDigits", "0"))
    seconds, digits = float(verb.get("timeout", "5")), ""
    while True:
        if given is None:
            given = await leg.wait(seconds)
            if given is not None and given.kind not in kinds:
                given = None
                continue
        if given is None:
            return {"Digits": digits} if digits else None
        if given.kind == "speech":
            return await _words(leg, verb, given.text)
        if finish and given.text == finish:
            return {"Digits": digits, "FinishedOnKey": finish} if digits else None
        digits, given = digits + given.text, None
        if most and len(digits) >= most:
            return {"Digits": digits, "FinishedOnKey": ""}


async def _words(leg: Leg, verb: Element, said: str) -> dict[str, str]:
    """What is said until `speechTimeout` seconds of silence (`auto`: one; else `timeout`). A noise is no words,
    and the confidence of nothing is nought."""
    silence = verb.get("speechTimeout", verb.get("timeout", "5"))
    while (more := await leg.wait(1.0 if silence == "auto" else float(silence))) is not None:
        if more.kind == "speech":
            said = f"{said} {more.text}".strip()
    return {"SpeechResult": said, "Confidence": "0.9" if said else "0.0"}

"""SSML → what an engine says in one breath, and the pauses between.

Only the rate, the pauses and the words are kept: pitch, volume and the rest are the telephone voice's own.
Pauses at punctuation: 250 ms at a comma, 500 ms at a full stop (IBM's guide to recorded prompts).
"""

import re
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from ivr.speech.voices import SpeechError

BREATH, COMMA, FULL_STOP, PARAGRAPH = 0.1, 0.25, 0.5, 0.75  # seconds
SLOWEST, FASTEST = 20, 200  # per cent, the range of SSML's rate at Amazon Polly
LONGEST_BREAK = 10.0  # seconds, likewise

_STRENGTHS = {
    "none": 0.0, "x-weak": 0.0, "weak": COMMA, "medium": COMMA, "strong": FULL_STOP, "x-strong": PARAGRAPH,
}  # fmt: skip
_RATES = {"x-slow": 60.0, "slow": 80.0, "medium": 100.0, "default": 100.0, "fast": 120.0, "x-fast": 140.0}
_SPELLED = {"characters", "spell-out", "digits", "telephone"}

_CODE = re.compile(r"(?<!\w)(?:[A-Z0-9] )+[A-Z0-9](?!\w)")
_LONE = re.compile(r"[A-Z0-9]")
_STARTS_WITH_A_STOP = re.compile(r"\s*[.,;:!?…]+")
_TIME = re.compile(r"\+?(\d*\.?\d+)(ms|s)")
_PERCENT = re.compile(r"([+-]?)(\d*\.?\d+)%")


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words said without a stop in between."""

    text: str
    rate: int  # per cent of the voice's own pace


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which nothing is said."""

    seconds: float


Piece = Utterance | Pause


def utterances(ssml: str, rate_percent: float = 100) -> tuple[Piece, ...]:
    """The pieces of one line, in order, ending in the pause that follows its last words.

    `ssml` is the inside of a <speak>: escaped text and elements; an unknown element is taken for its words.
    Raises SpeechError where it is no well-formed XML.
    """
    try:
        # Safe to parse: inside an element no document type, so no entity, can be declared.
        root = ET.fromstring(f'<speak xmlns:amazon="amazon">{ssml}</speak>')  # noqa: S314
    except ET.ParseError as error:
        line, column = error.position
        raise SpeechError(f"a line is not well-formed SSML (line {line}, column {column})") from error
    breath = _Breath()
    _walk(root, rate_percent, breath)
    return breath.pieces()


def spoken(text: str) -> str:
    """The words as an engine should read them: codes one character at a time, nothing it takes for markup."""
    text = " ".join(text.replace("[", " ").replace("]", " ").split())  # Piper reads [[…]] as phonemes
    # Piper stops dead at words without a sound in them, as the digits of other scripts are to it.
    text = "".join(str(unicodedata.digit(c, c)) if not c.isascii() else c for c in text)
    if _LONE.fullmatch(text):
        return text + "."  # "A" alone is the letter, not the article
    return _CODE.sub(lambda code: code[0].replace(" ", ", "), text)


class _Breath:
    """Gathers words until something makes them stop."""

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._text = ""
        self._rate = 100
        self._due = 0.0  # the pause that punctuation or a paragraph asks for
        self._breaks = 0.0  # the pauses written out, which add up

    def say(self, text: str, rate: float) -> None:
        percent = round(min(max(rate, SLOWEST), FASTEST))
        if percent != self._rate and text.strip():
            # "<prosody>4 7 1 9</prosody>. Then": the full stop belongs to the words before it.
            stop = _STARTS_WITH_A_STOP.match(text)
            if stop and self._text.strip():
                self._text += stop[0]
                text = text[stop.end() :]
            self._end_words()
            self._rate = percent
        self._text += text

    def rest(self, seconds: float) -> None:
        self._end_words()
        self._breaks += seconds

    def at_least(self, seconds: float) -> None:
        """Words end here, and a pause follows them if there were any."""
        self._end_words()
        if self._pieces:
            self._due = max(self._due, seconds)

    def pieces(self) -> tuple[Piece, ...]:
        self.at_least(FULL_STOP)
        self._pause()
        return tuple(self._pieces)

    def _end_words(self) -> None:
        text, self._text = spoken(self._text), ""
        if any(character.isalnum() for character in text):
            self._pause()
            self._pieces.append(Utterance(text, self._rate))
            self._due = _pause_after(text)

    def _pause(self) -> None:
        seconds = max(self._due, self._breaks)
        if seconds:
            self._pieces.append(Pause(seconds))
        self._due = self._breaks = 0.0


def _pause_after(text: str) -> float:
    last = text.rstrip("\"'”’»)")[-1:]
    if last in ".!?…":
        return FULL_STOP
    return COMMA if last in ",;:–—" else BREATH


def _walk(element: ET.Element, rate: float, breath: _Breath) -> None:
    """Says an element and what stands in it. What follows it (its tail) is its parent's to say."""
    tag = element.tag.rpartition("}")[2]
    if tag == "break":
        breath.rest(_break(element))
        return
    if tag == "sub" and element.get("alias"):
        breath.say(element.get("alias", ""), rate)
        return
    if tag == "say-as" and element.get("interpret-as") in _SPELLED:
        characters = (character for character in "".join(element.itertext()) if character.isalnum())
        breath.say(" ".join(characters).upper(), rate)
        return
    around = {"p": PARAGRAPH, "s": FULL_STOP}.get(tag)
    if around:
        breath.at_least(around)
    inside = rate * _rate(element.get("rate", "")) / 100 if tag == "prosody" else rate
    breath.say(element.text or "", inside)
    for child in element:
        _walk(child, inside, breath)
        breath.say(child.tail or "", inside)
    if around:
        breath.at_least(around)


def _break(element: ET.Element) -> float:
    """Seconds of a <break>; one that says nothing, or nothing we understand, is of medium strength."""
    time = _TIME.fullmatch(element.get("time", "").strip())
    if time:
        seconds = float(time[1]) / (1000 if time[2] == "ms" else 1)
        return min(seconds, LONGEST_BREAK)
    return _STRENGTHS.get(element.get("strength", "medium"), COMMA)


def _rate(value: str) -> float:
    """Per cent: "80%", "-20%" and "slow" are all eighty; what we do not understand is a hundred."""
    percent = _PERCENT.fullmatch(value.strip())
    if percent is None:
        return _RATES.get(value.strip(), 100.0)
    number = float(percent[2])
    return {"": number, "+": 100 + number, "-": 100 - number}[percent[1]]

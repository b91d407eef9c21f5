"""How much one <Say> can hold: a line too long for its voice is cut where a speaker would draw breath."""

import re
from collections.abc import Iterable
from urllib.parse import quote_plus

_LONGEST_SAY = 3_000  # characters of text, tags not counted: Polly's limit, the lowest of the voices'
_LONGEST_QUOTED = 4_500  # characters once URL-encoded, tags and all: Twilio's limit for any voice
_SURELY_SHORT = _LONGEST_QUOTED // 12  # no character takes more than twelve when URL-encoded

TAG = re.compile(r"""<(?:[^<>"']|"[^"]*"|'[^']*')*>""")
_SPACES = re.compile(r"\s+")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_SENTENCE_END = re.compile(r"[.!?…]\s*$")


def within_limits(ssml: str) -> list[str]:
    """SSML cut into pieces within the limits, at the ends of sentences where it can be, else between words.

    Elements open at a cut are closed before it and opened again after it.
    """
    if len(ssml) <= _SURELY_SHORT:
        return [ssml]
    parts = list(_parts(ssml))
    done: list[str] = []
    opened: list[str] = []  # the start tags we are inside of
    start = 0
    while start < len(parts):
        end = _reach(parts, start, opened)
        head, piece = "".join(opened), "".join(parts[start:end])
        opened = _open_after(opened, parts[start:end])
        done.append(head + piece + _closing(opened))
        start = end
    return done


def _reach(parts: list[str], start: int, opened: list[str]) -> int:
    """Where the piece ends that begins at `start`: after its last whole sentence, if there is one."""
    spent, text, sentence = _cost("".join(opened)), 0, 0
    for place, part in enumerate(parts[start:], start):
        opened = _open_after(opened, [part])
        spent += _cost(part)
        text += 0 if part.startswith("<") else len(part)
        if place > start and (text > _LONGEST_SAY or spent + _cost(_closing(opened)) > _LONGEST_QUOTED):
            return sentence or place
        if _SENTENCE_END.search(part):
            sentence = place + 1
    return len(parts)


def _open_after(opened: list[str], parts: Iterable[str]) -> list[str]:
    """The start tags still open after some more parts."""
    inside = list(opened)
    for part in parts:
        if part.startswith("</"):
            inside.pop()
        elif part.startswith("<") and not part.endswith("/>"):
            inside.append(part)
    return inside


def _closing(opened: list[str]) -> str:
    return "".join([f"</{tag[1:-1].split()[0]}>" for tag in reversed(opened)])


def _parts(ssml: str) -> Iterable[str]:
    """Tags and stretches of text that need not be cut again."""
    place = 0
    for tag in TAG.finditer(ssml):
        yield from _stretches(ssml[place : tag.start()])
        yield tag[0]
        place = tag.end()
    yield from _stretches(ssml[place:])


def _stretches(text: str) -> Iterable[str]:
    """Sentences; a sentence too long on its own in words; a word too long on its own in characters."""
    for sentence in _after(_SENTENCE, text):
        if _short(sentence):
            yield sentence
            continue
        for word in _after(_SPACES, sentence):
            yield from [word] if _short(word) else re.findall(r"&[#\w]+;|.", word, re.DOTALL)


def _after(gap: re.Pattern[str], text: str) -> Iterable[str]:
    """The text cut after each gap, the gap staying with what stands before it."""
    place = 0
    for found in gap.finditer(text):
        yield text[place : found.end()]
        place = found.end()
    if place < len(text):
        yield text[place:]


def _short(text: str) -> bool:
    """Well within the limits, so that a few open tags beside it do not matter."""
    return len(text) <= _LONGEST_SAY // 2 and _cost(text) <= _LONGEST_QUOTED // 2


def _cost(text: str) -> int:
    return len(quote_plus(text))

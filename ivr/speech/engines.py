"""The engines that speak, each in one class, each in a process of its own.

Piper is licensed under the GPL, so nothing here imports it. Its own command line is run as a program: text
goes in, a line each; a sound file comes out for each line; "Wrote <file>" on its error stream says when.
"""

import hashlib
import os
import queue
import re
import subprocess
import tempfile
import threading
import time
import wave
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ivr.speech.voices import Model, SpeechError, Voices, piper_command

PATIENCE = 60.0  # seconds for one utterance, the loading of the model included
AT_ONCE = 2  # processes; each holds about 300 MB
BETWEEN_SENTENCES = 0.3  # seconds, and about 0.2 of Piper's own

_WROTE = re.compile(r"Wrote (.+\.wav)$")

Progress = Callable[[int, int], None]
"""Called with (done, all), counting utterances."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """One utterance, and how it is said."""

    text: str
    voice: str  # a name or locale that Voices knows
    rate: int = 100  # per cent of the voice's own pace


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound as an engine made it: mono, 16-bit little-endian samples."""

    samples: bytes
    rate: int  # samples a second


class Engine(Protocol):
    """What audio needs of an engine."""

    def speak_all(
        self, wanted: Iterable[Spoken], progress: Progress | None = None
    ) -> Mapping[Spoken, Clip]: ...


class PiperEngine:
    """Piper's command line, one process for each voice and pace, started when first needed.

    A process that dies or falls silent is replaced once for an utterance. Nothing is said twice: clips are
    kept as long as the engine is open, and under `cache`, a folder, for the next one. Works offline.
    """

    def __init__(
        self,
        voices: Voices | None = None,
        *,
        cache: Path | None = None,
        command: Sequence[str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """`command` runs Piper; by default the one installed beside us. Raises VoiceMissing without it."""
        self._voices = voices or Voices()
        self._command = tuple(command or piper_command())
        self._patience = patience
        self._cache = cache
        self._clips: dict[Spoken, Clip] = {}
        self._processes: OrderedDict[tuple[str, int], _Piper] = OrderedDict()
        self._folder = tempfile.TemporaryDirectory(prefix="ivr-speech-")
        self._lock = threading.Lock()  # one caller at a time: a process answers in the order it is asked

    def __enter__(self) -> "PiperEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes running now."""
        return tuple(piper.pid for piper in self._processes.values())

    def close(self) -> None:
        """Ends the processes and removes what they wrote. May be called twice."""
        with self._lock:
            while self._processes:
                self._processes.popitem()[1].close()
            self._folder.cleanup()

    def speak_all(self, wanted: Iterable[Spoken], progress: Progress | None = None) -> dict[Spoken, Clip]:
        """A clip for each. Raises VoiceMissing without any voice, SpeechError when Piper fails twice."""
        with self._lock:
            order = list(dict.fromkeys(wanted))
            groups: dict[tuple[str, int], list[Spoken]] = {}
            for spoken in order:
                if self._kept(spoken) is None:
                    groups.setdefault((spoken.voice, spoken.rate), []).append(spoken)
            done = len(order) - sum(map(len, groups.values()))
            for voice, rate in list(groups)[:AT_ONCE]:
                self._process(voice, rate)  # they load side by side
            for group in groups.values():
                for spoken in group:
                    self._keep(spoken, self._speak(spoken))
                    done += 1
                    if progress:
                        progress(done, len(order))
            return {spoken: self._clips[spoken] for spoken in order}

    def _speak(self, spoken: Spoken) -> Clip:
        for last in (False, True):
            try:
                return self._process(spoken.voice, spoken.rate).speak(spoken.text, self._patience)
            except _Lost as lost:
                self._drop(spoken)
                if last:
                    raise SpeechError(f"the voice failed twice on the same words: {lost}") from lost
        raise AssertionError("unreachable")

    def _process(self, voice: str, rate: int) -> "_Piper":
        model = self._voices.model(voice)
        key = (str(model.path), rate)
        piper = self._processes.get(key)
        if piper is None:
            while len(self._processes) >= AT_ONCE:
                self._processes.popitem(last=False)[1].close()
            folder = tempfile.mkdtemp(dir=self._folder.name)
            piper = self._processes[key] = _Piper(self._command, model, rate, Path(folder))
        self._processes.move_to_end(key)
        return piper

    def _drop(self, spoken: Spoken) -> None:
        piper = self._processes.pop((str(self._voices.model(spoken.voice).path), spoken.rate), None)
        if piper:
            piper.close()

    def _kept(self, spoken: Spoken) -> Clip | None:
        if spoken not in self._clips and self._cache:
            try:
                self._clips[spoken] = read_clip(self._place(self._cache, spoken))
            except (OSError, EOFError, wave.Error):
                pass  # not there, or not whole: it is said again
        return self._clips.get(spoken)

    def _keep(self, spoken: Spoken, clip: Clip) -> None:
        self._clips[spoken] = clip
        if self._cache:
            self._cache.mkdir(parents=True, exist_ok=True)
            place = self._place(self._cache, spoken)
            unfinished = place.with_name(f"{place.name}.{os.getpid()}.part")
            try:
                write_clip(unfinished, clip)
                unfinished.replace(place)
            finally:
                unfinished.unlink(missing_ok=True)

    def _place(self, cache: Path, spoken: Spoken) -> Path:
        model = self._voices.model(spoken.voice)
        name = f"{model.name}\n{model.path.stat().st_size}\n{spoken.rate}\n{spoken.text}"
        return cache / f"{hashlib.sha256(name.encode()).hexdigest()}.wav"


def read_clip(path: Path) -> Clip:
    """The clip in a WAV file. Raises OSError, EOFError or wave.Error when it is no such thing."""
    with wave.open(str(path), "rb") as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            raise wave.Error("not mono with 16 bits")
        return Clip(file.readframes(file.getnframes()), file.getframerate())


def write_clip(path: Path, clip: Clip) -> None:
    """Writes the clip as a WAV file. Raises OSError."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, clip.rate, 0, "NONE", "not compressed"))
        file.writeframes(clip.samples)


class _Lost(Exception):
    """The process has died or does not answer."""


class _Piper:
    """One running Piper: one voice at one pace."""

    def __init__(self, command: Sequence[str], model: Model, rate: int, folder: Path) -> None:
        scale = model.length_scale * 100 / rate
        options = ["-m", str(model.path), "-d", str(folder), "--length-scale", f"{scale:.4f}",
                   "--sentence-silence", str(BETWEEN_SENTENCES)]  # fmt: skip
        try:
            self._process = subprocess.Popen(  # noqa: S603 -- our own interpreter; the words go in by stdin
                [*command, *options],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                cwd=folder, env=_environment(), text=True, encoding="utf-8", errors="replace",
            )  # fmt: skip
        except OSError as error:
            raise SpeechError(f"the voice could not be started: {error.strerror}") from error
        self.pid = self._process.pid
        self._wrote: queue.SimpleQueue[Path | None] = queue.SimpleQueue()  # None: it is gone
        self._complaint: deque[str] = deque(maxlen=1)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def speak(self, text: str, patience: float) -> Clip:
        """The sound of one line of text. Raises _Lost."""
        until = time.monotonic() + patience
        try:
            assert self._process.stdin
            self._process.stdin.write(text + "\n")
            self._process.stdin.flush()
            path = self._wrote.get(timeout=max(0.0, until - time.monotonic()))
            if path is None:
                raise _Lost(self._complaint[0] if self._complaint else "it stopped without a word")
            clip = read_clip(path)
            path.unlink()
        except queue.Empty:
            raise _Lost(f"no answer within {patience:g} seconds") from None
        except (OSError, ValueError, EOFError, wave.Error) as error:
            raise _Lost(self._complaint[0] if self._complaint else str(error)) from error
        return clip

    def close(self) -> None:
        """Ends the process: by the end of its input, or else by its id."""
        assert self._process.stdin
        assert self._process.stderr
        self._process.kill()  # it holds nothing worth saving, and a stuck one would not hear us
        self._process.wait()
        try:
            self._process.stdin.close()
        except OSError:
            pass  # the words it had not read are lost with it
        self._listener.join(timeout=5)
        self._process.stderr.close()

    def _listen(self) -> None:
        assert self._process.stderr
        for line in self._process.stderr:
            wrote = _WROTE.search(line.rstrip())
            if wrote:
                self._wrote.put(Path(wrote[1]))
            elif line.strip():
                self._complaint.append(line.strip())
        self._wrote.put(None)


def _environment() -> dict[str, str]:
    """Ours without the service's own settings and secrets, which a voice has no use for."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("IVR_", "TWILIO_"))}
    # Without the first, onnxruntime writes an id of this machine to disk.
    return {**ours, "ORT_DISABLE_TELEMETRY": "1", "PYTHONUTF8": "1"}

"""What callers answer aloud, in one locale: answers.yaml, a meaning and its phrases, one a line.

    done: |
      that's all
      no thank you

The meanings are a closed list. `fillers` mean nothing and are heard past; so are `thanks` beside other words,
while alone they mean that it was all. A locale adds its phrases to those of the locale it starts from; a
phrase that stands in both means what the locale itself says.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ivr.book.form import Form
from ivr.book.pages import ANSWERED, Entry
from ivr.book.phrases import LONGEST, phrases
from ivr.book.queues import Queue
from ivr.book.rules import Rules
from ivr.book.source import Findings, Node, Place

MEANINGS: Mapping[str, str] = {
    "yes": "a yes, to whatever was asked",
    "no": "a no, to whatever was asked",
    "more": "there is something else, or back to the agent, please",
    "done": "that was all",
    "again": "say it once more",
    "text": "send it as a text",
}
"""Everything an answer can mean, and what each is."""

THANKS, FILLERS = "thanks", "fillers"  # no meanings of their own

NEEDED = ("yes", "no", "more", "done")  # without these a question cannot be answered
MOST_PHRASES = 500  # and no more of them

_APOSTROPHES = re.compile("['’‘]")  # recognisers write “that's” and “thats”
_WORD = re.compile(r"[^\W_]+")

Phrase: TypeAlias = tuple[str, ...]
"""Its words as they are compared: small letters, no signs."""

Tree: TypeAlias = dict[str, Any]
"""Word → what may follow it in a phrase; under MEANS, what is meant when the phrase ends here."""

MEANS = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is understood in one locale."""

    phrases: Mapping[Phrase, str]  # → meaning, thanks or fillers
    hints: tuple[str, ...] = ()  # the phrases that mean something, as written: what the recogniser may expect
    fillers: frozenset[str] = field(
        init=False
    )  # of one word, thanks included: what may stand within a phrase
    tree: Tree = field(init=False, repr=False)

    def __post_init__(self) -> None:
        tree: Tree = {}
        for phrase, meaning in self.phrases.items():
            branch = tree
            for word in phrase:
                branch = branch.setdefault(word, {})
            branch[MEANS] = meaning
        alone = {
            phrase[0] for phrase, means in self.phrases.items() if means not in MEANINGS and len(phrase) == 1
        }
        object.__setattr__(self, "fillers", frozenset(alone))
        object.__setattr__(self, "tree", tree)


def words(text: str) -> list[str]:
    """The words of a text as they are compared, whoever wrote them and however."""
    return _WORD.findall(_APOSTROPHES.sub("", unicodedata.normalize("NFKC", text).upper().casefold()))


def read_answers(node: Node | None, parent: Answers | None, findings: Findings) -> Answers | None:
    """answers.yaml, laid over the parent's; None where neither has one."""
    if node is None:
        return parent
    form = Form(node, findings, "answers.yaml")
    own: dict[Phrase, str] = {}
    hints: list[str] = []
    for meaning in (*MEANINGS, THANKS, FILLERS):
        for written, place in phrases(form, meaning, findings) or ():
            phrase = tuple(words(written))
            if not phrase:
                findings.add(place, "a phrase has words")
            elif len(written) > LONGEST:
                findings.add(place, f"longer than {LONGEST} characters", "callers answer in a few words")
            elif phrase in own:
                findings.add(place, f"“{written}” stands under {own[phrase]} already", _ONE_MEANING)
            else:
                own[phrase] = meaning
                if meaning in MEANINGS:
                    hints.append(" ".join(written.replace(",", " ").split()))
    form.done()
    understood = {**(parent.phrases if parent else {}), **own}
    for meaning in NEEDED:
        if meaning not in understood.values():
            findings.add(
                form.table.place, f"no phrase means {meaning}", "yes, no, more and done have some each"
            )
    if len(understood) > MOST_PHRASES:
        findings.add(form.table.place, f"{len(understood)} phrases; there are {MOST_PHRASES} at most")
        return parent
    return Answers(understood, tuple(dict.fromkeys([*(parent.hints if parent else ()), *hints])))


_ONE_MEANING = "a phrase means one thing, and stands once"


def check_spoken(rules: Rules, locales: Mapping[str, Any], findings: Findings) -> None:
    """Where a queue listens for answers, its locale has the phrases, and its questions say where a yes leads."""
    listening = [queue for queue in rules.queues.values() if queue.speech]
    asked_in = {name: queue.name for queue in reversed(listening) for name in _locales_of(queue, rules)}
    for name, queue in asked_in.items():
        if name in locales and locales[name].answers is None:
            where = Place(f"{name}/answers.yaml")
            hint = "write that file, or say speech: off"
            findings.add(where, f"{queue} listens for answers, and {name} has no phrases", hint)
    if listening:
        understood = [each for each in locales.values() if each.answers is not None]
        for place in dict.fromkeys(place for each in understood for place in _unsaid(each.pages)):
            hint = "[yes goes back] to the agent or [yes goes on] to the goodbye, after the question"
            findings.add(place, "where answers are listened for, a question says where a yes leads", hint)


def _locales_of(queue: Queue, rules: Rules) -> Iterable[str]:
    """The locales a queue is heard in as the rules have it; what an address asks for is not among them."""
    usual = queue.locale or rules.locale
    numbers = [each for each in rules.numbers.values() if (each.queue or "default") == queue.name]
    return [usual, *(each.locale or usual for each in numbers)]


def _unsaid(pages: Mapping[str, tuple[Entry, ...]]) -> Iterable[Place]:
    """The questions that do not say where a yes leads."""
    for page, part in ANSWERED:
        for entry in pages[page]:
            if entry.part == part:
                yield from (each.place for each in entry.variants if _asks(each.words) and not each.yes)


def _asks(said: str) -> bool:
    return any(mark in said for mark in "?？؟")

"""What a caller meant who answered aloud: words against the phrases of their locale. Pure, and in linear time.

Reading from the left, the longest phrase that fits is taken, so that "no thank you" is one phrase and not a
no. Of several phrases the last counts, since people change their minds aloud: "no, wait, yes". A phrase of a
single word counts only where an answer may begin, first or after another phrase: in "there is no charge"
nobody has said no. Fillers are heard past, and thanks mean that it was all when nothing else was said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

from ivr.book.answers import FILLERS, MEANS, THANKS, Answers, words

Meaning: TypeAlias = Literal["yes", "no", "more", "done", "again", "text", "unclear"]

LEAST_CONFIDENCE = 0.4  # of 1; below it the recogniser is guessing
MOST_UNKNOWN = 1  # words nobody knows, in an answer that still counts as understood whole
MOST_SKIPPED = 3  # fillers in a row within a phrase: "no, er, well, thank you"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said, as far as it was understood. The words themselves are kept nowhere."""

    meaning: Meaning
    whole: bool = True  # next to nothing was said besides


def understood(said: str, answers: Answers, confidence: float | None = None) -> Answer:
    """The meaning of what was said; unclear for noise, for a guess, and for words nobody wrote down.

    `confidence` is the recogniser's, 0 to 1; None, or the 0 some of them always send, tells nothing.
    """
    guessed = confidence is not None and 0 < confidence < LEAST_CONFIDENCE
    heard = [] if guessed else words(said)
    meaning, unknown, thanked, place, begins = "unclear", 0, False, 0, True
    while place < len(heard):
        end, found = _longest(heard, place, answers)
        if found in (FILLERS, THANKS):
            thanked, place = thanked or found == THANKS, end
        elif found and (begins or end - place > 1):
            meaning, begins, place = found, True, end
        else:
            unknown, begins, place = unknown + 1, False, place + 1
    if meaning == "unclear" and thanked and not unknown:
        meaning = "done"
    return Answer(cast(Meaning, meaning), whole=unknown <= MOST_UNKNOWN)


def _longest(heard: Sequence[str], place: int, answers: Answers) -> tuple[int, str]:
    """Where the longest phrase ends that begins at a place, and what it means; blank where none does."""
    branch, at, skipped = answers.tree, place, 0
    end, found = place, ""
    while at < len(heard) and skipped <= MOST_SKIPPED:
        word = heard[at]
        if word in branch:
            branch, skipped = branch[word], 0
            if MEANS in branch:
                end, found = at + 1, branch[MEANS]
        elif at > place and word in answers.fillers:
            skipped += 1
        else:
            break
        at += 1
    return end, found

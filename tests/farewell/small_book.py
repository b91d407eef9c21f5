"""A book of few words, and many bad ones: for tests that must know exactly what a writer wrote."""

import random
from functools import lru_cache

from ivr.book.book import Book, read
from ivr.book.vocabulary import PARTS, SEVERITIES

RULES = """
timezone: Europe/London
locale: en-GB
moments: [opening, apology, next_steps, question, goodbye]
pace: {words_per_minute: 150, slow: 120}
queues:
  default: {question: likely_next, texts: allowed, line: {name: the help line, phone: "+442079460000"}}
  quiet: {question: none}
  at_large: {question: anything_else}
  wordless: {texts: never}
"""

VOICES = """
en-GB: {voice: Polly.Amy-Neural, language: en-GB, native_of: en-GB}
en-US: {from: en-GB, voice: Polly.Joanna-Neural, language: en-US}
"""

FILES: dict[str, str] = {
    "rules.yaml": RULES,
    "voices.yaml": VOICES,
    "en-GB/names.yaml": "Siobhan: Shivawn\n",
    "en-GB/steps.yaml": "refund: {who: us, what: refund you in full}\n",
    "en-GB/greeting.yaml": """
- entry: hello
  tone: any
  say: |
    Hello from {{ line.name }}.
""",
    "en-GB/opening.yaml": """
- entry: open
  tone: any
  say: |
    Before you go.
    One minute more.
""",
    "en-GB/apology.yaml": """
- entry: thanks
  tone: any
  when: severity is slight
  say: |
    Thank you for waiting a moment.

- entry: as announced
  tone: any
  when: |
    severity is long
    wait.told known
  say: |
    Thank you for waiting as long as we had said.

- entry: sorry
  tone: any
  say: |
    Sorry for {{ wait.seconds | spoken_wait }}.
    We kept you {{ wait.seconds | spoken_wait }}, and are sorry.
""",
    "en-GB/next_steps.yaml": """
- entry: opening
  part: opening
  tone: any
  say: |
    This comes next.

- entry: done
  part: done
  tone: any
  say: |
    We have {{ step.what | list }}.

- entry: ours
  part: ours
  tone: any
  say: |
    We will {{ step.what }}.
    We will {{ step.what }} by {{ step.by | spoken_date }}.
    Expect us to {{ step.what }} by {{ step.by | spoken_date }}.

- entry: theirs
  part: theirs
  tone: any
  say: |
    Please {{ step.what }}.
    Please {{ step.what }} to {{ step.to }}.

- entry: reference, texted
  part: reference
  tone: any
  when: texted
  say: |
    Your reference is {{ step.reference | spell }}.

- entry: reference
  part: reference
  tone: any
  say: |
    Quote {{ step.reference | spell }}. Again: {{ step.reference | spell | slowly }}.

- entry: rest
  part: rest
  tone: any
  say: |
    The rest is in a text.

- entry: keys
  part: keys
  tone: any
  say: |
    To hear that again, press 1.
""",
    "en-GB/question.yaml": """
- entry: about deliveries
  part: ask
  tone: any
  when: call.reason is delivery
  say: |
    Who will be in for the delivery?

- entry: ask
  part: ask
  tone: any
  say: |
    Is there anything else?

- entry: misheard
  part: misheard
  tone: any
  say: |
    That was not clear.

- entry: back
  part: back
  tone: any
  say: |
    Back to {{ agent.name }}.
    Back to the person you spoke to.
""",
    "en-GB/goodbye.yaml": """
- entry: holiday
  when: gift.kind is holiday
  say: |
    Have a good time {{ gift.detail }}, {{ caller.name }}.
    Enjoy the holiday.

- entry: promise
  when: texted
  say: |
    The text is on its way. Goodbye. [promise text_note]

- entry: sale
  offer: true
  when: call.reason is upgrade
  say: |
    Ask us about more. Goodbye.

- entry: by name
  when: caller.name known
  say: |
    Goodbye, {{ caller.name }}.
    Take care, {{ caller.name }}.

- entry: plainly
  tone: [plain, sober]
  say: |
    Goodbye.
    Thank you for calling.
    Thank you, and goodbye.

- entry: sorry for a loss
  tone: gentle
  when: gift.kind is loss
  say: |
    We are sorry about {{ gift.detail }}. Goodbye.

- entry: gently
  tone: gentle
  say: |
    Goodbye for now.
""",
    "en-GB/texts.yaml": """
- entry: note
  part: note
  tone: any
  say: |
    {% if line.name %}From {{ line.name }}: {% endif %}{{ step.what }}{% if step.by %} by {{ step.by | spoken_date }}{% endif %}.{% if step.reference %} Ref {{ step.reference }}.{% endif %}

- entry: check in
  part: check_in
  tone: any
  say: |
    Is it all in order?
""",
    "en-GB/mishap.yaml": """
- entry: mishap
  part: fallback
  tone: any
  say: |
    We have to stop here. Goodbye.
""",
}  # fmt: skip


def book_with(**pages: str) -> Book:
    """The small book with some British pages replaced by these (an empty text: a page without entries)."""
    files = FILES | {
        f"en-GB/{page}.yaml": text for page, text in pages.items() if page not in ("rules", "voices")
    }
    files |= {f"{page}.yaml": text for page, text in pages.items() if page in ("rules", "voices")}
    book, faults = read(files, version=7)
    assert book is not None
    assert not faults, "\n".join(map(str, faults))
    return book


@lru_cache(maxsize=1)
def small_book() -> Book:
    return book_with()


# ---- books nobody should have written ----

_WORDS: dict[str, tuple[str, ...]] = {
    "opening": ("Opening.", "{{ caller.name }}, a moment.", "{{ agent.name }} is here.", "[silence]"),
    "apology": (
        "Sorry.", "Sorry for {{ wait.seconds | spoken_wait }}.", "Sorry for {{ wait.hold | spoken_wait }} on hold.",
        "And {{ wait.earlier | spoken_wait }} earlier.", "Call {{ calls_today }} today.", "[silence]",
    ),
    "opening of next_steps": ("Next.", "{{ caller.name }}, next.", "[silence]"),
    "done": ("Done: {{ step.what | list }}.", "It is {{ step.what | list }}.", "It is done."),
    "ours": (
        "We {{ step.what }}.", "We {{ step.what }} by {{ step.by | spoken_date }}.", "We {{ step.what }} to {{ step.to }}.",
        "By {{ step.by | spoken_date }} we act.", "We act.", "[silence]",
    ),
    "theirs": ("You {{ step.what }}.", "You {{ step.what }} to {{ step.to | spoken_address }}.", "You act."),
    "reference": (
        "{{ step.reference | spell }}.", "{{ step.reference | spell }}; {{ step.reference | spell | slowly }}.",
        "Quote {{ step.reference | spell }}, {{ step.reference | spell | slowly }}. {{ step.what }}",
        "{{ step.reference | spell | slowly }}.",
    ),
    "rest": ("More in a text.", "[silence]"),
    "keys": ("Press 1.", "Press 2. [promise text_note]", "[silence]"),
    "ask": ("Anything else?", "Anything else, {{ caller.name }}?", "[silence]"),
    "goodbye": (
        "Goodbye.", "Bye, {{ caller.name }}.", "Enjoy {{ gift.detail }}.", "Well done on it, and goodbye.",
        "About {{ gift.detail }}: goodbye, {{ caller.name }}.", "A text comes. [promise text_note]",
        "We ring. [promise call_back]", "Until then. [promise check_in]", "See you on {{ day.date | spoken_day }}.",
        "[silence]",
    ),
    "note": ("{{ step.what }}", "{{ step.what }} {{ step.reference }}", "{% if step.by %}{{ step.by | spoken_date }}{% endif %}"),
    "check_in": ("All well?", "{{ caller.name }}, all well?"),
    "fallback": ("Stop.", "[silence]"),
    "mishap": ("Oh.",),
}  # fmt: skip

_CONDITIONS = (
    *(f"severity is {severity}" for severity in SEVERITIES), "call.resolved", "not call.resolved", "call.trouble",
    "caller.name known", "caller.name unknown", "calls_today at least 2", "first_time", "day.part is morning",
)  # fmt: skip


@lru_cache(maxsize=64)
def bad_book(seed: int) -> Book:
    """A book that a careless writer might have left: gaps, odd tones, offers and promises in odd places."""
    dice = random.Random(seed)
    files = {"rules.yaml": RULES, "voices.yaml": VOICES}
    for page in ("opening", "apology", "next_steps", "question", "goodbye", "texts", "mishap"):
        written = []
        for part in PARTS[page]:
            pool = _WORDS.get(f"{part} of {page}") or _WORDS.get(part or page)
            for number in range(dice.choice((0, 1, 1, 2, 3)) if pool else 0):
                written.append(_entry(dice, f"{part} {number}", part, pool or ()))
        dice.shuffle(written)
        files[f"en-GB/{page}.yaml"] = "\n".join(written)
    book, _ = read(files)
    assert book is not None
    return book


def _entry(dice: random.Random, name: str, part: str, pool: tuple[str, ...]) -> str:
    words = dice.sample(pool, min(len(pool), dice.randint(1, 3)))
    if "[silence]" in words:
        words = ["[silence]"]
    lines = [f"- entry: entry {name}", f"  tone: {dice.choice(('any', 'any', 'plain', 'sober', 'gentle'))}"]
    lines += [f"  part: {part}"] if part else []
    lines += [
        f"  offer: {dice.choice(('true', 'false'))}",
        f"  native_voice: {dice.choice(('true', 'false'))}",
    ]
    if dice.random() < 0.4:
        lines += [
            "  when: |",
            *(f"    {condition}" for condition in dice.sample(_CONDITIONS, dice.randint(1, 2))),
        ]
    return "\n".join([*lines, "  say: |", *(f"    {line}" for line in words), ""])

"""Faults to put into a copy of our own book, each with the place where it must be found: the mark ‸."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ivr.book.source import Place
from ivr.book.vocabulary import PAGES

LOCALES = ("en-GB", "en-US")
PROMPTS = Path(__file__).parents[2] / "prompts"
HERE = "‸"

TASTE = """\
sorry: |
  verily sorry
answer: |
  did answer thee
cheer: |
  yippee
invites: |
  come hither anon
forced: |
  thy custom is dear*
familiar: |
  thou
formal: |
  ye
gendered: |
  goodman
"""
"""Words that stand nowhere in our own book, so that only what is put in is heard."""


@dataclass(frozen=True)
class Break:
    """One fault: what is put where, and what the proof must say of it."""

    name: str
    path: str
    text: str  # a new entry at the top of a page, or lines at the end of any other file; ‸ where it is found
    says: str
    fault: bool = True
    whole: bool = False  # `text` is all that stands in the file
    alone: bool = False  # nothing else of the book can be proved beside it
    more: bool = False  # by itself it brings other faults with it


def entry(words: str, *lines: str, name: str = "broken", tone: str = "any") -> str:
    """An entry that is spoken nowhere: nobody's queue is called that."""
    head = "".join(f"  {line}\n" for line in lines)
    when = (
        "" if any("when:" in line or "wen:" in line for line in lines) else "  when: call.queue is nobody's\n"
    )
    return f"- entry: {name}\n  tone: {tone}\n{head}{when}  say: |\n    {words}\n    One way.\n    Another way.\n"


GB = "en-GB"

BREAKS: tuple[Break, ...] = (
    # -- what is said --
    Break("a fact nobody knows", f"{GB}/goodbye.yaml", entry("Bye, {{ ‸caller.nmae }}.", name="a"), "no fact is called “caller.nmae”"),
    Break("a fact of another page", f"{GB}/greeting.yaml", entry("Bye {{ ‸gift.detail }}.", name="a"), "gift.detail can never be known on the page greeting"),
    Break("a filter nobody knows", f"{GB}/goodbye.yaml", entry("{{ day.part | ‸spoken_prt }}", name="b"), "no filter is called “spoken_prt”"),
    Break("a filter of another fact", f"{GB}/goodbye.yaml", entry("{{ caller.name | ‸spell }}", name="c"), "spell takes a code"),
    Break("a bare wait", f"{GB}/apology.yaml", entry("You waited ‸{{ wait.seconds }}.", name="a"), "wait.seconds cannot be said as it stands"),
    Break("a code word", f"{GB}/goodbye.yaml", entry("It was ‸{{ severity }}.", name="d"), "severity is a code word"),
    Break("what is only asked about", f"{GB}/goodbye.yaml", entry("It was ‸{{ call.reason }}.", name="e"), "call.reason can be asked about, not said"),
    Break("braces left open", f"{GB}/goodbye.yaml", entry("Bye, ‸{{ caller.name.", name="f"), ""),
    Break("a condition among the words", f"{GB}/goodbye.yaml", entry("{% ‸if caller.name %}Bye.{% endif %}", name="g"), "this is not Liquid we can read"),
    Break("a reference said but once", f"{GB}/next_steps.yaml", entry("‸{{ step.reference | spell }} {{ step.reference | spell }}", "part: reference", name="a"), "a reference is said twice", more=True),
    Break("a reference elsewhere", f"{GB}/next_steps.yaml", entry("It's {{ ‸step.reference | spell }}.", "part: ours", name="b"), "the reference is said by the part"),
    # -- how it is marked --
    Break("an element nobody says", f"{GB}/goodbye.yaml", entry("‸<shout/> Bye.", name="h"), "<shout> is not an element"),
    Break("an element left open", f"{GB}/goodbye.yaml", entry('Now ‸<prosody rate="slow">bye.', name="i"), "<prosody> is never closed"),
    Break("ten hours of silence", f"{GB}/goodbye.yaml", entry('Bye. ‸<break time="10h"/>', name="j"), "“10h” is not a time of <break>"),
    Break("a value within a mark", f"{GB}/goodbye.yaml", entry('Bye ‸<sub alias="{{ caller.name }}">you</sub>', name="k"), "is not a whole SSML tag", more=True),
    Break("an element the voice does not know", f"{GB}/goodbye.yaml", entry('A ‸<emphasis level="strong">good</emphasis> day.', name="l"), "the voice does not know <emphasis>"),
    Break("a pitch the voice does not know", f"{GB}/goodbye.yaml", entry('A ‸<prosody pitch="high">good</prosody> day.', name="m"), "the voice does not know <prosody pitch>"),
    Break("a pause misspelt", f"{GB}/goodbye.yaml", entry("Bye. ‸[pauze]", name="n"), "[pauze] means nothing here"),
    Break("a promise nobody keeps", f"{GB}/goodbye.yaml", entry("We'll ring. ‸[promise rain]", name="o"), "is not a promise"),
    Break("silence beside words", f"{GB}/goodbye.yaml", entry("‸[silence] Bye.", name="p"), "[silence] stands alone"),
    Break("a yes where nobody asks", f"{GB}/goodbye.yaml", entry("Fine? ‸[yes goes on]", name="q"), "nobody answers here"),
    Break("a mark in a text", f"{GB}/texts.yaml", entry('Bye. ‸<break time="1s"/>', "part: note", name="a"), "is for the ear"),
    Break("a recording with a strange name", f"{GB}/goodbye.yaml", entry("Bye. ‸[recording ../bye.mp3]", name="r"), "is not a recording"),
    Break("a recording that is not there", f"{GB}/goodbye.yaml", entry("‸Bye from us. [recording gone.wav]", name="s"), "recordings/ has no gone.wav"),
    Break("a recording of what changes", f"{GB}/goodbye.yaml", entry("‸Bye {{ caller.name }}. [recording name.wav]", name="t"), "name.wav cannot hold caller.name"),
    Break("a recording beside the machine", f"{GB}/greeting.yaml", entry("Ho. [recording ho.wav]\n    ‸Hey.", name="b"), "its sister is recorded", fault=False),
    # -- when it is said --
    Break("a condition about nothing", f"{GB}/goodbye.yaml", entry("Bye.", "when: ‸gift.knd is holiday", name="u"), "no fact is called “gift.knd”"),
    Break("a value that never is", f"{GB}/goodbye.yaml", entry("Bye.", "when: gift.kind ‸is holyday", name="v"), "gift.kind is never “holyday”"),
    Break("no condition at all", f"{GB}/goodbye.yaml", entry("Bye.", "when: caller.name ‸maybe", name="w"), "is not something we can ask of caller.name"),
    Break("a number that is none", f"{GB}/goodbye.yaml", entry("Bye.", "when: steps.done ‸at least two", name="x"), "“two” is not a number"),
    Break("what never happens", f"{GB}/goodbye.yaml", entry("Bye.", "when: gift.kind is holiday", name="‸y", tone="gentle"), "“y” can never be reached", fault=False),
    Break("words that never serve", f"{GB}/next_steps.yaml", entry("‸Next, {{ step.what }}.", "part: opening", name="c"), "these words can never be used", fault=False),
    Break("a tone nobody takes", f"{GB}/goodbye.yaml", entry("Bye.", name="z", tone="‸sombre"), "no tone is called “sombre”"),
    Break("a part that is none", f"{GB}/question.yaml", entry("Bye?", "part: ‸aks", name="a"), "question has no part “aks”"),
    Break("a key nobody reads", f"{GB}/goodbye.yaml", entry("Bye.", "‸wen: call.resolved", name="aa"), "an entry has no “wen”"),
    Break("a name that stands twice", f"{GB}/waiting.yaml", entry("Wait.", name="a") + entry("Wait on.", name="‸a"), "an entry of this name stands on line"),
    Break("words that stand twice", f"{GB}/goodbye.yaml", entry("Bye.\n    ‸Bye.", name="bb"), "these words stand here twice"),
    Break("an entry that says nothing", f"{GB}/goodbye.yaml", "- ‸entry: cc\n  when: call.queue is nobody's\n", "this entry says nothing"),
    Break("a situation without words", "en-US/agent.yaml", "- entry: ‸who is this\n  part: pin\n  tone: any\n  when: call.queue is nobody's\n  say: |\n    A.\n    B.\n    C.\n", "en-US agent pin", whole=True),
    # -- how it sounds --
    Break("cheer on a gentle call", f"{GB}/goodbye.yaml", entry("That's ‸yippee.", name="dd", tone="gentle"), "“yippee” is cheerful"),
    Break("an invitation on a sober call", f"{GB}/goodbye.yaml", entry("Do ‸come hither, anon.", name="ee", tone="sober"), "“come hither anon” asks them back"),
    Break("cheer where nothing is settled", f"{GB}/goodbye.yaml", entry("‸Yippee.", "when: |", "  call.queue is nobody's", "  not call.resolved", name="ff", tone="plain"), "where nothing is settled", fault=False),
    Break("something sold on a sober call", f"{GB}/goodbye.yaml", entry("Buy it.", "offer: true", name="‸gg"), "something is sold on sober and gentle calls"),
    Break("sorry while they wait", f"{GB}/waiting.yaml", entry("We're ‸verily sorry.", name="hh"), "“verily sorry” while they wait"),
    Break("sorry twice", f"{GB}/apology.yaml", entry("We're verily sorry, ‸verily sorry.", name="hh"), "is the second apology in one line"),
    Break("sorry after the apology", f"{GB}/goodbye.yaml", entry("We're ‸verily sorry.", name="ii"), "may be the second apology of a farewell", fault=False),
    Break("a hold that was answered", f"{GB}/apology.yaml", entry("{{ wait.hold | spoken_wait }} till we ‸did answer thee.", name="jj"), "“did answer thee” beside wait.hold"),
    Break("an answer to a wait on hold", f"{GB}/apology.yaml", entry("Late we ‸did answer thee.", name="kk"), "the wait may have been on hold", fault=False),
    Break("stale words", f"{GB}/greeting.yaml", entry("Know that ‸thy custom is dearest to us.", name="ll"), "“thy custom is dear*” is stale"),
    Break("stale words on the next line", f"{GB}/greeting.yaml", entry("Know this.\n      And ‸thy custom is dear.", name="mm"), "“thy custom is dear*” is stale"),
    Break("two forms of address", f"{GB}/opening.yaml", entry("Art ‸thou there?", name="nn"), "“thou” is not how callers are addressed here"),
    Break("a word for one sex", f"{GB}/opening.yaml", entry("Hear, ‸Goodman.", name="oo"), "“goodman” agrees with somebody's sex"),
    Break("the name twice in a line", f"{GB}/goodbye.yaml", entry("{{ caller.name }}, bye, {{ ‸caller.name }}.", name="pp"), "the name twice in one line"),
    Break("the name three times in a farewell", f"{GB}/next_steps.yaml", entry("Now, {{ ‸caller.name }}.", "part: opening", name="qq") + entry("{{ caller.name }}, we act.", "part: ours", name="rr"), "a plain farewell can say the name"),
    # -- how long it is --
    Break("a goodbye of a minute", f"{GB}/goodbye.yaml", entry("‸" + "and so we say it once again " * 20, name="ss"), "this takes"),
    Break("a text of four segments", f"{GB}/texts.yaml", entry("‸" + "and so we write it once again " * 14, "part: note", name="tt"), "this text takes 3 segments"),
    Break("a quote that costs twice", f"{GB}/texts.yaml", entry("We‸’ll ring.", "part: note", name="uu"), "“’” alone makes this text cost twice", fault=False),
    Break("too few ways to say it", f"{GB}/goodbye.yaml", "- entry: ‸vv\n  when: call.queue is nobody's\n  say: |\n    Only this.\n", "only one way to say it", fault=False),
    # -- what goes with the pages --
    Break("what was never there is dropped", "en-US/apology.yaml", "- entry: ‸long ago\n  drop: true\n", "no entry of this name is there to be dropped"),
    Break("an override of what has gone", "en-US/opening.yaml", entry("A.", name="‸together, nobody nameed"), "replaces nothing in en-GB", fault=False),
    Break("a rule nobody follows", "rules.yaml", "‸colour: red\n", "rules.yaml has no “colour”"),
    Break("a zone that is nowhere", "rules.yaml", "timezone: ‸Europe/Lodnon\nlocale: en-GB\n", "timezone is a time zone", whole=True, alone=True),
    Break("a voice that is not there", "voices.yaml", "\nen-ZA:\n  from: en-GB\n  voice: ‸Polly.Ayanda-Nueral\n", "Twilio has no voice “Polly.Ayanda-Nueral”"),
    Break("marks for a voice that takes words", "voices.yaml", "\nen-AU:\n  from: en-GB\n  voice: ‸Google.en-AU-Chirp3-HD-Aoede\n", "takes plain words only"),
    Break("a voice of another place", "voices.yaml", "\nen-IN:\n  from: en-GB\n  voice: ‸Google.en-GB-Neural2-A\n", "does not speak en-IN"),
    Break("a locale that starts from nothing", "voices.yaml", "\nen-NZ:\n  from: ‸en-QQ\n  voice: Polly.Aria-Neural\n", "no locale “en-QQ” stands above", more=True),
    Break("a step without words", f"{GB}/steps.yaml", "\n‸nothing: {who: us}\n", "a step says who acts, and what"),
    Break("stale words in a step", f"{GB}/steps.yaml", "\nstale: {who: us, what: ‸thy custom is dear}\n", "“thy custom is dear*” is stale"),
    Break("a gift nobody gives", f"{GB}/gifts.yaml", "\n‸divorce: {detail: at last}\n", "no gift is called “divorce”"),
    Break("a name that is not said", f"{GB}/names.yaml", "\n‸Xanthe: \n", "a name as written"),
    Break("a phrase that means two things", "en-US/answers.yaml", "yes: |\n  verily\nno: |\n  ‸verily\n", "“verily” stands under yes already", whole=True),
    Break("a taste nobody has", f"{GB}/taste.yaml", "‸sory: |\n  pardon\n", "taste.yaml has no “sory”"),
    # -- files --
    Break("no YAML", "en-US/question.yaml", "- entry: a\n  part: ask\n ‸tone: any\n", "this is not YAML we can read", whole=True),
    Break("an alias", "en-US/mishap.yaml", "- ‸*everything\n", "aliases (*name) are not read", whole=True),
    Break("a tag", "en-US/texts.yaml", "- entry: ‸!!python/object:os.system x\n", "anchors (&name) and tags (!name) are not read", whole=True),
    Break("a character nobody types", "en-US/greeting.yaml", "- entry: a\n  say: |\n    By‸\x00e.\n", "a character that cannot be typed", whole=True),
    Break("a key that stands twice", "en-US/waiting.yaml", "- entry: a\n  part: waiting\n  ‸part: told\n  say: |\n    A.\n    B.\n    C.\n", "“part” stands here twice", whole=True),
    Break("a page nobody opens", "en-GB/goodby.yaml", "‸- entry: a\n", "no page is called goodby", whole=True),
    Break("a locale without a voice", "en-CA/goodbye.yaml", "‸- entry: a\n", "voices.yaml has no en-CA", whole=True),
)  # fmt: skip


@cache
def sound() -> dict[str, str]:
    """A copy of our own book, two locales of it, listening for words that stand nowhere."""
    files = {
        path.relative_to(PROMPTS).as_posix(): path.read_text("utf-8") for path in PROMPTS.rglob("*.yaml")
    }
    kept = {path: text for path, text in files.items() if path[:5] in LOCALES or "/" not in path}
    voices = re.split(r"^(?=[a-z]{2}-[A-Z]{2}:)", kept["voices.yaml"], flags=re.MULTILINE)
    kept["voices.yaml"] = "".join(c for c in voices if not re.match("[a-z]{2}-", c) or c[:5] in LOCALES)
    kept.pop("en-US/taste.yaml", None)
    kept["en-GB/taste.yaml"] = TASTE
    return kept


def broken(breaks: Iterable[Break]) -> tuple[dict[str, str], dict[str, Place]]:
    """The book with all of these faults in it, and by name the place where each must be found."""
    files, marks = dict(sound()), dict[str, tuple[str, str]]()
    for number, one in enumerate(breaks):
        mark = chr(0xE000 + number)
        marks[mark] = (one.name, one.path)
        files[one.path] = _put(files.get(one.path, ""), one.path, one.text.replace(HERE, mark), one.whole)
    places = {}
    for mark, (name, path) in marks.items():
        before = files[path].partition(mark)[0]
        line = _NEVER_TYPED.sub("", before.rpartition("\n")[2])
        places[name] = Place(path, before.count("\n") + 1, len(line) + 1)
    return {path: _NEVER_TYPED.sub("", text) for path, text in files.items()}, places


_NEVER_TYPED = re.compile("[\ue000-\uf8ff]")


def _put(text: str, path: str, added: str, whole: bool) -> str:
    page = path.removesuffix(".yaml").rpartition("/")[2]
    if whole or not text:
        return added
    first = re.search(r"^- entry:", text, re.MULTILINE) if page in PAGES else None
    return text[: first.start()] + added + "\n" + text[first.start() :] if first else text + added

"""The words: Liquid, held to a short list, with SSML that Twilio's <Say> accepts around it.

python-liquid reads a line once, when the book is read. What it read is checked (facts of the vocabulary,
filters of ours and no others, each on a value it fits) and turned into our own short pieces, so that
saying it later takes microseconds. Only texts may hold tags (`if`, `unless`, `case`); those are rendered
by python-liquid. Ranges, loops, assignments and arithmetic are refused: they could run for minutes.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import liquid
from liquid.ast import BlockNode
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    GeExpression,
    GtExpression,
    LeExpression,
    LogicalAndExpression,
    LtExpression,
)
from liquid.builtin.expressions.primitive import RangeLiteral, StringLiteral
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.case_tag import CaseNode, CaseTag, _AnyExpression
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.unless_tag import UnlessNode, UnlessTag
from liquid.context import RenderContext
from liquid.exceptions import LiquidError
from liquid.filter import with_context
from liquid.undefined import FalsyStrictUndefined

from ivr.book.source import Fault, Place, nearest
from ivr.book.spoken import Speaker, Value, escape
from ivr.book.ssml import Markup
from ivr.book.vocabulary import BY_NAME, Fact

LONGEST_LINE = 4_096  # characters of source
MOST_MARKS = 64  # of {{ and {% in a line: python-liquid's reader slows with their square
_GAP = re.compile(r"\s{101}")  # and with the square of every gap
LONGEST_OUTPUT = 3_000  # characters said; what one <Say> takes


class Unsayable(ValueError):
    """A value that would be said as nothing, or a line that has grown too long. Skip the variant."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter takes and gives."""

    takes: Callable[[Fact], bool]
    meaning: str
    ssml: bool = False  # gives SSML, which a text message cannot carry
    in_texts: str | None = None  # the speaker's for texts; None: not allowed there


_IS_WAIT = frozenset({"wait.seconds", "wait.queue", "wait.hold", "wait.earlier", "wait.told"})
_CODES = frozenset({"step.reference", "step.to", "line.phone"})

FILTERS: Mapping[str, Filter] = MappingProxyType({
    "spoken_wait": Filter(lambda f: f.name in _IS_WAIT, "seconds of waiting", in_texts="spoken_wait"),
    "spoken_date": Filter(lambda f: f.type == "date", "a date", in_texts="written_date"),
    "spoken_time": Filter(lambda f: False, "a time of day"),
    "spoken_day": Filter(
        lambda f: f.type == "date" or f.name == "day.weekday", "a date or a weekday", in_texts="spoken_day"
    ),
    "spoken_part": Filter(lambda f: f.name == "day.part", "a part of the day", in_texts="spoken_part"),
    "spoken_address": Filter(lambda f: f.name in _CODES, "an address"),
    "spell": Filter(lambda f: f.name in _CODES, "a code, never a name", ssml=True),
    "digits": Filter(lambda f: f.name in _CODES, "a telephone number", ssml=True),
    "slowly": Filter(lambda f: f.type == "text", "a text, said", ssml=True),
    "list": Filter(lambda f: f.name == "step.what", "several things", in_texts="list"),
})  # fmt: skip
"""Every filter a line may use; its name is the speaker's method."""

_CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def tidy(value: str) -> str:
    """A typed text without control characters and spare spaces. Raises Unsayable when nothing is left."""
    if not value.isprintable() or "  " in value:
        value = " ".join(_CONTROL.sub(" ", value).split())
    if not value or value.isspace():
        raise Unsayable("an empty text")
    return value


def _clean(value: Value) -> Value:
    if isinstance(value, str):
        return tidy(value)
    if isinstance(value, tuple):
        if not value:
            raise Unsayable("an empty list")
        return tuple(tidy(item) for item in value)
    return value


class Say:
    """One `{{ fact | filter }}`: called with facts and a speaker, it gives the words."""

    __slots__ = ("_escape_at", "_methods", "_text", "fact")

    def __init__(self, fact: str, filters: tuple[str, ...], *, text: bool) -> None:
        self.fact = fact
        self._text = text
        self._methods = tuple((FILTERS[name].in_texts or name) if text else name for name in filters)
        ssml = [number for number, name in enumerate(filters) if FILTERS[name].ssml]
        # what is still plain is escaped before `slowly` wraps it; `spell` and `digits` escape for themselves
        first = ssml[0] if ssml else len(filters)
        self._escape_at = first if first == len(filters) or filters[first] == "slowly" else -1

    def __call__(self, facts: Mapping[str, Value], speaker: Speaker) -> str:
        value: Any = facts[self.fact]
        if type(value) is str or type(value) is tuple:
            value = _clean(value)
        number = 0
        for method in self._methods:
            if number == self._escape_at:
                value = self._plain(value, speaker)
            value = getattr(speaker, method)(value)
            number += 1
        return self._plain(value, speaker) if number == self._escape_at else str(value)

    def _plain(self, value: Any, speaker: Speaker) -> str:
        if type(value) is int:
            return str(value) if self._text else speaker.number(value)
        if type(value) is not str:
            raise Unsayable(f"{self.fact} cannot be said as it stands")
        return value if self._text else escape(value)


class Template:
    """One line's words, ready to be said."""

    __slots__ = ("_pieces", "_text", "mentions", "needs", "says")

    def __init__(
        self,
        pieces: tuple[str | Say, ...] = (),
        needs: frozenset[str] = frozenset(),
        says: tuple[tuple[str, tuple[str, ...]], ...] = (),
        text: liquid.BoundTemplate | None = None,
    ) -> None:
        self._pieces = pieces
        self._text = text
        self.needs = needs  # facts that must be known
        self.says = says  # each fact printed, in order, with its filters
        names = [fact for fact, _ in says]
        self.mentions = MappingProxyType({fact: names.count(fact) for fact in names})

    def render(self, facts: Mapping[str, Value], speaker: Speaker) -> str:
        """The words with their values: SSML, or for a text message plain text.

        `facts` must hold every fact in `needs`. Raises Unsayable for a value that would be said as
        nothing, and for more than LONGEST_OUTPUT characters.
        """
        if self._text is not None:
            said = _render_text(self._text, facts, speaker)
        else:
            said = "".join(
                [piece if type(piece) is str else piece(facts, speaker) for piece in self._pieces]  # type: ignore[operator]
            )
        if len(said) > LONGEST_OUTPUT:
            raise Unsayable(f"longer than {LONGEST_OUTPUT} characters")
        return said


@dataclass(frozen=True, slots=True)
class Words:
    """A line of words, and where its characters stand in the file (continuation lines included)."""

    text: str
    starts: tuple[tuple[int, Place], ...]  # offset in `text` → place

    def at(self, offset: int) -> Place:
        start, place = next((pair for pair in reversed(self.starts) if pair[0] <= offset), self.starts[0])
        return Place(place.file, place.line, place.column + max(offset - start, 0))


def parse(words: Words, page: str, part: str = "", *, text: bool = False) -> Template | list[Fault]:
    """Read one line. `text`: a text message, where tags may stand and SSML may not. Never raises."""
    if len(words.text) > LONGEST_LINE:
        return [Fault(words.at(0), f"a line of {len(words.text):,} characters; {LONGEST_LINE:,} at most")]
    if words.text.count("{{") + words.text.count("{%") > MOST_MARKS:
        return [Fault(words.at(0), f"more than {MOST_MARKS} values in one line")]
    if gap := _GAP.search(words.text):
        return [Fault(words.at(gap.start()), "more than a hundred spaces in a row")]
    try:
        template = (_TEXTS if text else _PAGES).from_string(words.text)
        return _Reader(words, page, part, text).read(template)
    except LiquidError as error:
        offset = error.token.start_index if error.token else 0
        message = " ".join(str(error.message).split())
        hint = None
        if "tag" in message and not text:
            hint = "tags stand on the page texts only; conditions go into `when`"
        return [Fault(words.at(max(offset, 0)), f"this is not Liquid we can read: {message[:200]}", hint)]
    except RecursionError:
        return [Fault(words.at(0), "brackets within brackets, too deep to read")]
    except Exception as error:  # a foreign parser: whatever it raises about a line is a fault of that line
        return [Fault(words.at(0), f"this is not Liquid we can read ({type(error).__name__})")]


class _Reader:
    """Checks one parsed line and compiles it."""

    def __init__(self, words: Words, page: str, part: str, text: bool) -> None:
        self.words, self.page, self.part, self.text = words, page, part, text
        self.faults: list[Fault] = []
        self.pieces: list[str | Say] = []
        self.needs: set[str] = set()
        self.says: list[tuple[str, tuple[str, ...]]] = []
        self.markup = Markup(self._fault, text=text)
        self.tagged = False

    def read(self, template: liquid.BoundTemplate) -> Template | list[Fault]:
        self._nodes(template.nodes, frozenset(), RenderContext(template))
        self.markup.close()
        if self.faults:
            return self.faults
        bound = template if self.tagged else None
        return Template(_joined(self.pieces), frozenset(self.needs), tuple(self.says), bound)

    def _fault(self, offset: int, message: str, hint: str | None = None) -> None:
        self.faults.append(Fault(self.words.at(offset), message, hint))

    def _nodes(self, nodes: Any, known: frozenset[str], context: RenderContext) -> None:
        for node in nodes:
            if isinstance(node, ContentNode):
                self.pieces += self.markup.read(node.text, node.token.start_index)
            elif isinstance(node, OutputNode):
                self._output(node, known)
            else:
                self.tagged = self.tagged or not isinstance(node, BlockNode)
                asked = known
                for expression in node.expressions():
                    self._condition(expression)
                    if not isinstance(node, UnlessNode | CaseNode):
                        asked = asked | _implied(expression)
                for number, child in enumerate(node.children(context)):
                    # what a condition asks about is known in the block right under it, in no other
                    self._nodes([child], known if number else asked, context)

    # -- outputs --

    def _output(self, node: OutputNode, known: frozenset[str]) -> None:
        at = node.token.start_index
        expression: Any = node.expression
        if not isinstance(expression, FilteredExpression) or not isinstance(expression.left, Path):
            self._fault(at, "only a fact can be said: {{ fact }} or {{ fact | filter }}")
            return
        fact = self._fact(expression.left, at)
        if fact is None:
            return
        if fact.name not in known:
            self.needs.add(fact.name)
        names: list[str] = []
        for filter_ in expression.filters or ():
            if not self._filter(fact, filter_, names):
                return
            names.append(filter_.name)
        if problem := self._bare(fact, names):
            self._fault(at, *problem)
        elif self.markup.words_only and any(FILTERS[name].ssml for name in names):
            self._fault(at, f"<{self.markup.words_only}> holds words only; {names[-1]} gives more than words")
        else:
            self.says.append((fact.name, tuple(names)))
            self.pieces.append(Say(fact.name, tuple(names), text=self.text))

    def _fact(self, path: Path, at: int) -> Fact | None:
        at = path.token.start_index if path.token.start_index >= 0 else at
        name = _name(path)
        fact = BY_NAME.get(name)
        if fact is None:
            self._fault(at, f"no fact is called “{name[:60]}”", nearest(name, BY_NAME))
        elif fact.pages and self.page not in fact.pages:
            self._fault(at, f"{name} can never be known on the page {self.page}")
            fact = None
        elif name == "step.reference" and self.page == "next_steps" and self.part != "reference":
            self._fault(at, "the reference is said by the part `reference` alone")
            fact = None
        return fact

    def _filter(self, fact: Fact, filter_: Any, before: list[str]) -> bool:
        name, at = filter_.name, filter_.token.start_index
        spec = FILTERS.get(name)
        if spec is None:
            self._fault(at, f"no filter is called “{name[:40]}”", nearest(name, FILTERS))
        elif filter_.args:
            self._fault(at, f"{name} takes nothing after it")
        elif before and (name != "slowly" or "slowly" in before):
            self._fault(at, f"{name} cannot follow {before[-1]}", "one filter, and | slowly after it")
        elif not spec.takes(fact) and not (name == "slowly" and before):
            self._fault(at, f"{name} takes {spec.meaning}; {fact.name} is {_A[fact.type]}")
        elif self.text and spec.in_texts is None:
            self._fault(at, f"{name} is for the ear; in a text the value stands as it is")
        else:
            return True
        return False

    def _bare(self, fact: Fact, names: list[str]) -> tuple[str, str] | None:
        """What is wrong with saying a fact through these filters: message and hint."""
        if not fact.spoken or fact.type == "flag":
            return f"{fact.name} can be asked about, not said", f"write it into `when`: {fact.name} …"
        wanted = None
        if not names or names[0] == "slowly":
            if fact.name in _IS_WAIT:
                wanted = "spoken_wait"
            elif fact.type == "date":
                wanted = "spoken_date"
            elif fact.name in ("day.part", "day.weekday"):
                wanted = "spoken_part" if fact.name == "day.part" else "spoken_day"
            elif fact.type == "choice":
                return f"{fact.name} is a code word and is never said", "write entries for its values"
            elif fact.name == "step.what" and self.part == "done":
                wanted = "list"
        if wanted:
            return f"{fact.name} cannot be said as it stands", f"write {{{{ {fact.name} | {wanted} }}}}"
        return None

    def _condition(self, expression: Any) -> None:
        """Check the facts and values an `if` asks about."""
        at = expression.token.start_index
        if isinstance(expression, RangeLiteral):
            self._fault(at, "ranges (1..n) are not read")
            return
        if isinstance(expression, Path):
            self._fact(expression, at)
            return
        left = getattr(expression, "left", None)
        if isinstance(left, Path) and (fact := BY_NAME.get(_name(left))) and fact.type == "choice":
            for right in [getattr(expression, "right", None), *getattr(expression, "expressions", ())]:
                if isinstance(right, StringLiteral) and right.value not in fact.values:
                    hint = nearest(right.value, fact.values)
                    self._fault(at, f"{fact.name} is never “{right.value[:40]}”", hint)
        for child in expression.children():
            self._condition(child)


_A = {
    "choice": "one of a list of words", "flag": "a yes or no", "number": "a number", "text": "a text",
    "date": "a date", "list": "a list",
}  # fmt: skip


_COMPARISONS = (
    EqExpression, ContainsExpression, GeExpression, GtExpression, LeExpression, LtExpression, _AnyExpression,
)  # fmt: skip


def _implied(expression: Any) -> frozenset[str]:
    """Facts that must be known for a Liquid condition to be true."""
    if isinstance(expression, BooleanExpression):
        return _implied(expression.expression)
    if isinstance(expression, Path):
        return frozenset({_name(expression)})
    if isinstance(expression, LogicalAndExpression):
        return _implied(expression.left) | _implied(expression.right)
    if isinstance(expression, _COMPARISONS) and isinstance(expression.left, Path):
        return _implied(expression.left)
    return frozenset()


def _name(path: Path) -> str:
    """The fact a path names; one with an index in it names none."""
    return ".".join(segment if isinstance(segment, str) else f"[{segment}]" for segment in path.path)


def _joined(pieces: list[str | Say]) -> tuple[str | Say, ...]:
    """Neighbouring literals as one, spaces tidied."""
    joined: list[str | Say] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        else:
            joined.append(piece)
    joined = [re.sub(r"\s+", " ", piece) if isinstance(piece, str) else piece for piece in joined]
    if joined and isinstance(joined[0], str):
        joined[0] = joined[0].lstrip()
    if joined and isinstance(joined[-1], str):
        joined[-1] = joined[-1].rstrip()
    return tuple(piece for piece in joined if piece != "")


# ---- python-liquid, held to the list ----


class _Short(liquid.Environment):
    """An environment with our tags and filters and no others."""

    block_nesting_limit = 4
    output_stream_limit = 4 * LONGEST_OUTPUT

    def setup_tags_and_filters(self, **_: Any) -> None:
        for tag in (Literal, Output, Illegal):
            self.add_tag(tag)
        self.filters.update(
            {name: _in_texts(spec.in_texts) for name, spec in FILTERS.items() if spec.in_texts is not None}
        )


class _ShortWithTags(_Short):
    def setup_tags_and_filters(self, **_: Any) -> None:
        super().setup_tags_and_filters()
        for tag in (IfTag, UnlessTag, CaseTag):
            self.add_tag(tag)


def _in_texts(method: str) -> Callable[..., str]:
    @with_context
    def say(value: Any, *, context: RenderContext) -> str:
        speaker = context.globals[_SPEAKER]
        return str(getattr(speaker, method)(value))

    return say


_SPEAKER = "(the speaker)"  # no path of a template can be written like this
_PAGES = _Short(undefined=FalsyStrictUndefined)
_TEXTS = _ShortWithTags(undefined=FalsyStrictUndefined)


def _render_text(template: liquid.BoundTemplate, facts: Mapping[str, Value], speaker: Speaker) -> str:
    nested: dict[str, Any] = {_SPEAKER: speaker}
    for name, value in facts.items():
        head, _, tail = name.partition(".")
        try:
            value = _clean(value)
        except Unsayable:
            continue  # as if unknown
        if tail:
            nested.setdefault(head, {})[tail] = value
        else:
            nested[head] = value
    try:
        return " ".join(template.render(nested).split())
    except (LiquidError, TypeError, ValueError) as error:
        raise Unsayable("a fact this text prints is not known, or is not what it should be") from error

"""Reading a line's Liquid, held to a short list, with SSML that Twilio's <Say> accepts around it.

python-liquid reads a line once, when the book is read. What it read is checked (facts of the vocabulary,
filters of ours and no others, each on a value it fits) and turned into a Template. Only texts may hold tags
(`if`, `unless`, `case`); python-liquid renders those. Ranges, loops, assignments and arithmetic are refused:
they could run for minutes.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import liquid
from liquid.ast import BlockNode
from liquid.builtin.content import ContentNode, Literal
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path, logical
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

from ivr.book.source import Fault, Place, Words, nearest
from ivr.book.spoken import Speaker, Value
from ivr.book.ssml import MARKED, Markup
from ivr.book.template import FILTERS, LONGEST_OUTPUT, Say, Template, Unsayable, clean, filter_wanted, joined
from ivr.book.vocabulary import BY_NAME, Fact

LONGEST_LINE = 4_096  # characters of source
MOST_MARKS = 64  # of {{ and {% in a line: python-liquid's reader slows with their square
_GAP = re.compile(r"\s{101}")  # and with the square of every gap


def parse(words: Words, page: str, part: str = "", *, text: bool = False) -> Template | list[Fault]:
    """Read one line. `text`: a text message, where tags may stand and SSML may not. Never raises."""
    if len(words.text) > LONGEST_LINE:
        return [Fault(words.at(0), f"a line of {len(words.text):,} characters; {LONGEST_LINE:,} at most")]
    if gap := _GAP.search(words.text):
        return [Fault(words.at(gap.start()), "more than a hundred spaces in a row")]
    if not MARKED.search(words.text):  # words and nothing else
        return Template(joined([words.text]))
    if words.text.count("{{") + words.text.count("{%") > MOST_MARKS:
        return [Fault(words.at(0), f"more than {MOST_MARKS} values in one line")]
    if (values := _simple(words.text)) is not None:
        return _Reader(words, page, part, text).read_simple(values)
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


_VALUE = re.compile(r"\{\{\s*(?P<fact>[a-z_.]+)\s*(?P<filters>(?:\|\s*[a-z_]+\s*)*)\}\}")
_FILTER = re.compile(r"[a-z_]+")


def _simple(text: str) -> list[re.Match[str]] | None:
    """The values of a line in which nothing but facts and filters of ours stands between braces.

    Almost every line is one, and needs no parser. None for any other: python-liquid reads it, and says what is
    wrong with it.
    """
    braces = text.count("{") + text.count("}")
    if not braces:
        return []
    values = [*_VALUE.finditer(text)]
    if 4 * len(values) != braces or not all(value["fact"] in BY_NAME for value in values):
        return None
    named = [name for value in values for name in _FILTER.findall(value["filters"])]
    return values if all(name in FILTERS for name in named) else None


@lru_cache(maxsize=2048)  # a few hundred of them make up every line there is
def _said(fact: str, filters: tuple[str, ...], page: str, part: str, text: bool) -> Say | None:
    """A fact through its filters, in this place; None where something about it is wrong."""
    reader = _Reader(Words("", ((0, Place("")),)), page, part, text)
    reader._value(fact, 0, [(name, 0, False) for name in filters], 0, frozenset())
    (piece,) = reader.pieces or [""]
    return piece if isinstance(piece, Say) else None


class _Reader:
    """Checks one parsed line and compiles it."""

    def __init__(self, words: Words, page: str, part: str, text: bool) -> None:
        self.words, self.page, self.part, self.text = words, page, part, text
        self.faults: list[Fault] = []
        self.pieces: list[str | Say] = []
        self.named: set[str] = set()  # said or asked about
        self.needs: set[str] = set()
        self.says: list[tuple[str, tuple[str, ...]]] = []
        self.markup = Markup(self._fault, text=text)
        self.tagged = False

    def read(self, template: liquid.BoundTemplate) -> Template | list[Fault]:
        self._nodes(template.nodes, frozenset(), RenderContext(template))
        self.markup.close()
        if self.faults:
            return self.faults
        whole = partial(_render, template, frozenset(self.named)) if self.tagged else None
        return Template(joined(self.pieces), frozenset(self.needs), tuple(self.says), whole)

    def read_simple(self, values: list[re.Match[str]]) -> Template | list[Fault]:
        """The same for a line that needed no parser."""
        end, text = 0, self.words.text
        for value in values:
            self._literal(end, value.start())
            end, names = value.end(), tuple(_FILTER.findall(value["filters"]))
            said = _said(value["fact"], names, self.page, self.part, self.text)
            if said is not None and not self.markup.words_only:
                self.needs.add(said.fact)
                self.says.append((said.fact, names))
                self.pieces.append(said)
                continue
            filters = [
                (found[0], found.start(), False) for found in _FILTER.finditer(text, *value.span("filters"))
            ]
            self._value(value["fact"], value.start("fact"), filters, value.start(), frozenset())
        self._literal(end, len(text))
        self.markup.close()
        return self.faults or Template(joined(self.pieces), frozenset(self.needs), tuple(self.says))

    def _literal(self, start: int, end: int) -> None:
        literal = self.words.text[start:end]
        if MARKED.search(literal):
            self.pieces += self.markup.read(literal, start)
        elif literal:
            self.pieces.append(literal)

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
        path = expression.left
        filters = [(each.name, each.token.start_index, bool(each.args)) for each in expression.filters or ()]
        self._value(_name(path), self._at(path, at), filters, at, known)

    def _value(
        self, name: str, at: int, filters: list[tuple[str, int, bool]], braces: int, known: frozenset[str]
    ) -> None:
        """One fact through its filters; of each filter its name, where it stands and whether it is given more."""
        fact = self._fact(name, at)
        if fact is None:
            return
        if fact.name not in known:
            self.needs.add(fact.name)
        names: list[str] = []
        for filter_, where, given in filters:
            if not self._filter(fact, filter_, where, given, names):
                return
            names.append(filter_)
        if problem := self._bare(fact, names):
            self._fault(braces, *problem)
        elif self.markup.words_only and any(FILTERS[name].ssml for name in names):
            self._fault(
                braces, f"<{self.markup.words_only}> holds words only; {names[-1]} gives more than words"
            )
        else:
            self.says.append((fact.name, tuple(names)))
            self.pieces.append(Say(fact.name, tuple(names), text=self.text))

    def _at(self, path: Path, otherwise: int) -> int:
        return path.token.start_index if path.token.start_index >= 0 else otherwise

    def _fact(self, name: str, at: int) -> Fact | None:
        self.named.add(name)
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

    def _filter(self, fact: Fact, name: str, at: int, given: bool, before: list[str]) -> bool:
        spec = FILTERS.get(name)
        if spec is None:
            self._fault(at, f"no filter is called “{name[:40]}”", nearest(name, FILTERS))
        elif given:
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
        if names and names[0] != "slowly":
            return None
        if wanted := filter_wanted(fact, self.part):
            return f"{fact.name} cannot be said as it stands", f"write {{{{ {fact.name} | {wanted} }}}}"
        if fact.type == "choice":
            return f"{fact.name} is a code word and is never said", "write entries for its values"
        return None

    def _condition(self, expression: Any) -> None:
        """Check the facts and values an `if` asks about."""
        at = expression.token.start_index
        if isinstance(expression, RangeLiteral):
            self._fault(at, "ranges (1..n) are not read")
            return
        if isinstance(expression, Path):
            self._fact(_name(expression), self._at(expression, at))
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
    logical.EqExpression, logical.ContainsExpression, logical.GeExpression, logical.GtExpression,
    logical.LeExpression, logical.LtExpression, _AnyExpression,
)  # fmt: skip


def _implied(expression: Any) -> frozenset[str]:
    """Facts that must be known for a Liquid condition to be true."""
    if isinstance(expression, BooleanExpression):
        return _implied(expression.expression)
    if isinstance(expression, Path):
        return frozenset({_name(expression)})
    if isinstance(expression, logical.LogicalAndExpression):
        return _implied(expression.left) | _implied(expression.right)
    if isinstance(expression, _COMPARISONS) and isinstance(expression.left, Path):
        return _implied(expression.left)
    return frozenset()


def _name(path: Path) -> str:
    """The fact a path names; one with an index in it names none."""
    return ".".join(segment if isinstance(segment, str) else f"[{segment}]" for segment in path.path)


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


def _render(
    template: liquid.BoundTemplate, named: frozenset[str], facts: Mapping[str, Value], speaker: Speaker
) -> str:
    nested: dict[str, Any] = {_SPEAKER: speaker}
    for name in named & facts.keys():
        head, _, tail = name.partition(".")
        try:
            value = clean(facts[name])
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

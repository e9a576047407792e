"""Prompts from templates that a person edits: Jinja, cut down to what a prompt needs.

A template may come from anybody who can send a change, and what it is filled with was written by
models and strangers. So it is a list of places to fill in and no program: it prints variables,
loops over them and asks simple questions. It calls nothing, reads no file, and has no loader.
Whatever it may not do is refused with its file and line, before anything is asked or paid.
"""

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError
from jinja2.runtime import LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

MAX_TEMPLATE_CHARS = 20_000
MAX_PROMPT_CHARS = 60_000  # a prompt above it would not be sent either (llm_budget)
MAX_ROUNDS = 20_000  # of all loops of one prompt together; twelve links in four nested loops
MAX_SECONDS = 2.0  # for one prompt, which mostly takes a tenth of a millisecond

_LOOP = frozenset({"index", "index0", "revindex", "first", "last", "length"})
_FILTERS = frozenset(
    {"capitalize", "default", "first", "join", "last", "length", "lower", "title", "trim", "upper"}
)
_TESTS = frozenset({"defined", "undefined", "none", "odd", "even", "eq", "ne", "lt", "gt", "in"})
_ALLOWED = (
    nodes.Template,
    nodes.TemplateData,
    nodes.Output,
    nodes.Name,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Const,
    nodes.For,
    nodes.If,
    nodes.CondExpr,
    nodes.Filter,
    nodes.Test,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Add,
    nodes.Sub,
    nodes.Concat,
    nodes.List,
    nodes.Tuple,
    nodes.Assign,
)
_NAMES = {  # of what people try, as it is written in a template
    nodes.Call: "a call",
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Macro: "macro",
    nodes.CallBlock: "call",
    nodes.For: "a recursive loop",
    nodes.Scope: "autoescape",
}


class PromptError(Exception):
    """A template cannot be used; the message is one line: file, line number, and what is wrong."""


class Prompt:
    """A template that was checked, to be rendered as often as needed.

    file: its name in error messages. Raises PromptError where the template breaks a rule.
    """

    def __init__(self, source: str, file: str) -> None:
        self.file = file
        if len(source) > MAX_TEMPLATE_CHARS:
            raise PromptError(f"{file}:1: longer than {MAX_TEMPLATE_CHARS:,} characters")
        self._environment = _Environment()
        try:
            tree = self._environment.parse(source, name=file, filename=file)
            _check(tree, file)
            tree = _Counting().visit(tree).set_environment(self._environment)
            code = self._environment.compile(tree, name=file, filename=file)
        except TemplateSyntaxError as error:
            raise PromptError(f"{file}:{error.lineno}: {_line(error.message)}") from None
        except (TemplateError, RecursionError) as error:
            raise PromptError(f"{file}:1: {_line(error)}") from None
        self._template = Template.from_code(self._environment, code, {})

    def render(self, values: Mapping[str, Any]) -> str:
        """Return the prompt with the values filled in, blank lines in a row made one.

        values: texts, numbers, and lists and mappings of them. Raises PromptError for a name that
        is not there, and for a prompt that is empty, too long, or takes too long.
        """
        parts: list[str] = []
        size = 0
        self._environment.begin()
        try:
            for part in self._template.generate(dict(values)):
                size += len(part)
                if size > MAX_PROMPT_CHARS:
                    raise SecurityError(
                        f"the prompt is longer than {MAX_PROMPT_CHARS:,} characters"
                    )
                parts.append(part)
        except Exception as error:
            raise PromptError(f"{self.file}:{self._where(error)}: {_line(error)}") from None
        text = re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip()
        if not text:
            raise PromptError(f"{self.file}:1: the prompt is empty")
        return text

    def _where(self, error: BaseException) -> int:
        """Return the line of the template at which an error arose."""
        line, frame = 1, error.__traceback__
        while frame is not None:
            if frame.tb_frame.f_code.co_filename == self.file:
                line = frame.tb_lineno
            frame = frame.tb_next
        return line


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja's sandbox with fewer things in it; counts what one rendering does."""

    intercepted_binops = frozenset({"+", "-"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            finalize=_printable,
            loader=None,
            cache_size=0,
            trim_blocks=True,
            lstrip_blocks=True,
            autoescape=False,
        )
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}
        self.filters |= {"join": self._join, "_rounds": self._rounds}
        self.tests = {name: self.tests[name] for name in _TESTS}
        self.begin()

    def begin(self) -> None:
        """Start to count anew."""
        self._left, self._end = MAX_ROUNDS, time.monotonic() + MAX_SECONDS

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an entry of a mapping or a fact about a loop; objects have no other attributes."""
        if isinstance(obj, StrictUndefined):
            str(obj)  # raises, naming what was undefined first
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        if isinstance(obj, LoopContext) and attribute in _LOOP:
            return getattr(obj, attribute)
        return self.undefined(obj=None, name=attribute, hint=f"{attribute!r} is undefined")

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return an entry of a mapping or list."""
        if isinstance(obj, Mapping) or isinstance(argument, str):
            return self.getattr(obj, str(argument))
        return super().getitem(obj, argument)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Add and subtract numbers, and nothing else."""
        if not isinstance(left, int | float) or not isinstance(right, int | float):
            raise SecurityError(f"{operator} is for numbers: use ~ for texts")
        return super().call_binop(context, operator, left, right)

    def _rounds(self, values: Iterable[Any]) -> Iterator[Any]:
        """Count the rounds of a loop, and stop when there are too many or time is up."""
        if isinstance(values, str):
            raise SecurityError("a loop goes over a list, not over the letters of a text")
        for value in values:
            self._left -= 1
            if self._left < 0:
                raise SecurityError(f"the loops have more than {MAX_ROUNDS:,} rounds")
            if time.monotonic() > self._end:
                raise SecurityError(f"it takes more than {MAX_SECONDS:g} s")
            yield value

    def _join(self, values: Iterable[Any], by: str = "") -> str:
        texts: list[str] = []
        size = 0
        for value in self._rounds(values):
            texts.append(str(_printable(value)))
            size += len(texts[-1]) + len(by)
            if size > MAX_PROMPT_CHARS:
                raise SecurityError(f"a text is longer than {MAX_PROMPT_CHARS:,} characters")
        return by.join(texts)


def _printable(value: Any) -> Any:
    """Let texts and numbers through; how Python shows anything else belongs into no prompt."""
    if isinstance(value, StrictUndefined):
        return str(value)  # which says what is undefined
    if isinstance(value, str | int | float):
        return value
    raise TemplateRuntimeError(f"a {type(value).__name__} cannot be printed: print its parts")


def _check(node: nodes.Node, file: str, line: int = 1) -> None:
    """Refuse whatever is not known to be harmless."""
    line = node.lineno or line
    if not isinstance(node, _ALLOWED) or (isinstance(node, nodes.For) and node.recursive):
        what = _NAMES.get(type(node), type(node).__name__.lower())
        raise PromptError(f"{file}:{line}: {what} is not allowed in a prompt")
    for kind, known in ((nodes.Filter, _FILTERS), (nodes.Test, _TESTS)):
        if isinstance(node, kind) and node.name not in known:
            raise PromptError(
                f"{file}:{line}: {kind.__name__.lower()} {node.name!r} is not allowed in a prompt: "
                f"there is {', '.join(sorted(known))}"
            )
    for child in node.iter_child_nodes():
        _check(child, file, line)


class _Counting(NodeTransformer):
    """Puts a counter into each loop, and a limit on texts that are put together."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's names
        """Let the loop go through `_rounds`."""
        self.generic_visit(node)
        node.iter = _filtered(node.iter, "_rounds")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Let `_join` put the texts together."""
        self.generic_visit(node)
        return _filtered(nodes.List(node.nodes, lineno=node.lineno), "join")


def _filtered(node: nodes.Expr, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _line(error: object) -> str:
    if isinstance(error, UndefinedError):
        error = error.message
    return " ".join(str(error).split())[:300] or type(error).__name__

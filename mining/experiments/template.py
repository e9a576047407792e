"""Prompts from templates: Jinja in its immutable sandbox, with strict names and bounds on size.

Templates are the project's own files, reviewed like code. What they are filled with was written by
models and strangers: it is text, never read as a template. So the sandbox keeps a template from the
inside of Python, and the bounds here keep a slip of the pen from filling the memory or the bill.
docs/decisions/experiments.md says what is left.
"""

import re
import time
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError, TemplateRuntimeError, UndefinedError
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range

MAX_TEMPLATE_CHARS = 20_000
MAX_PROMPT_CHARS = 60_000  # a prompt above it would not be sent either (llm/budget.py)
MAX_SECONDS = 2.0  # for one prompt, which mostly takes a tenth of a millisecond
# Filters that neither take a width of any size nor give something else each time.
_FILTERS = ("capitalize", "default", "first", "join", "last", "length", "lower", "replace", "sort")
_FILTERS += ("title", "trim", "unique", "upper")
# A prompt is one file: what another file says would be asked without being seen as a change.
_OTHER_FILES = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class PromptError(Exception):
    """A template cannot be used; the message is one line: file, line number, and what is wrong."""


class Prompt:
    """A template that was compiled, to be rendered as often as needed.

    file: its name in error messages. Raises PromptError where the template is no Jinja.
    """

    def __init__(self, source: str, file: str) -> None:
        self.file = file
        if len(source) > MAX_TEMPLATE_CHARS:
            raise PromptError(f"{file}:1: longer than {MAX_TEMPLATE_CHARS:,} characters")
        environment = _Environment()
        try:
            tree = environment.parse(source, name=file, filename=file)
            for node in tree.find_all(_OTHER_FILES):
                statement = type(node).__name__.lower()
                raise PromptError(f"{file}:{node.lineno}: {statement} is not allowed in a prompt")
            code = environment.compile(tree, name=file, filename=file)
        except TemplateSyntaxError as error:
            raise PromptError(f"{file}:{error.lineno}: {_line(error.message)}") from None
        except (TemplateError, RecursionError, SyntaxError, MemoryError) as error:
            raise PromptError(f"{file}:1: {_line(error)}") from None
        self._template = environment.template_class.from_code(
            environment, code, environment.globals
        )

    def render(self, values: Mapping[str, Any]) -> str:
        """Return the prompt with the values filled in, blank lines in a row made one.

        values: texts, numbers, and lists and mappings of them. Raises PromptError for a name that
        is not there, and for a prompt that is empty, too long, or takes too long.
        """
        parts: list[str] = []
        size, end = 0, time.monotonic() + MAX_SECONDS
        try:
            for part in self._template.generate(dict(values)):
                size += len(part)
                if size > MAX_PROMPT_CHARS:
                    most = f"{MAX_PROMPT_CHARS:,} characters"
                    raise SecurityError(f"the prompt is longer than {most}")
                if time.monotonic() > end:
                    raise SecurityError(f"it takes more than {MAX_SECONDS:g} s")
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
    """Jinja's sandbox, in which no single step makes a text larger than a prompt by much."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined, finalize=_printable, trim_blocks=True, lstrip_blocks=True
        )
        self.globals = {"range": safe_range}
        self.filters = {name: self.filters[name] for name in _FILTERS}

    def is_safe_callable(self, obj: Any) -> bool:
        """Allow range(), which is bounded, and nothing else: methods of texts can fill a memory."""
        return obj is safe_range or isinstance(obj, StrictUndefined)  # which says its name

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse powers, and to repeat or fill a text."""
        if operator == "**" or not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} is for numbers, and ** for nothing")
        return super().call_binop(context, operator, left, right)


def _printable(value: Any) -> Any:
    """Let texts and numbers through; how Python shows anything else belongs into no prompt."""
    if isinstance(value, StrictUndefined):
        return str(value)  # which says what is undefined
    if isinstance(value, str | int | float):
        return value
    raise TemplateRuntimeError(f"a {type(value).__name__} cannot be printed: print its parts")


def _line(error: object) -> str:
    if isinstance(error, UndefinedError):
        error = error.message
    return " ".join(str(error).split())[:300] or type(error).__name__

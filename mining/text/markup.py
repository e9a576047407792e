"""Markdown, HTML and plain text to paragraphs: one pass over tokens, no tree.

A tree of HTML costs the square of its depth to build, and recursion to walk. Neither happens here:
all that is kept of the nesting is what is being skipped, and how deep in it we are.
"""

import re
from collections.abc import Iterator

import pyromark
import turbohtml
from turbohtml import Token, TokenType

from assay.mining.text.lines import BOLD_HEADING, Paragraph

_MARKDOWN = pyromark.Markdown(
    options=pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
)

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCK_NAMES = """address article body center dd details div dl dt fieldset figcaption figure footer
    form header hr html li main nav ol p section table tbody tfoot thead tr ul"""
_BLOCKS = frozenset(_BLOCK_NAMES.split()) | frozenset(_HEADINGS)
_CELLS = frozenset({"td", "th"})
_BOLD = frozenset({"b", "strong"})
_STRUCK = frozenset({"del", "s", "strike"})
# Skipped with all they hold. A quote or a code block without an end goes on to the end of the post,
# as it does in a browser; of the others, a tag that no end follows is a word: "I render <Title>".
_HIDDEN_NAMES = "aside iframe noembed noframes noscript script style summary textarea title xmp"
_HIDDEN = frozenset(_HIDDEN_NAMES.split())
_SKIPPED = _HIDDEN | {"blockquote", "listing", "pre"}
_NEEDS_END = "|".join(sorted(_HIDDEN | _STRUCK | {"plaintext"}))
_CLOSED_TAG = re.compile(rf"<(/?)({_NEEDS_END})(?=[\s/>])", re.I)
_MAX_BOLD_HEADING = 80
_STATEMENT = re.compile(r"\s*(?:I|My|This)\b")


def from_markdown(text: str) -> list[Paragraph]:
    """Return the paragraphs of GitHub-flavoured Markdown with HTML in it.

    text: without lone surrogates. Raises UnicodeEncodeError where it has some.
    """
    return from_html(_MARKDOWN.html(text))


def from_html(text: str) -> list[Paragraph]:
    """Return the paragraphs of HTML, without code blocks, quotes, struck and hidden text."""
    reader = _Reader()
    text_kind, start_kind, end_kind = TokenType.TEXT, TokenType.START_TAG, TokenType.END_TAG
    tokens = turbohtml.tokenize(_with_words_for_open_tags(text))
    for token in tokens:
        kind = token.type
        if kind is text_kind:
            reader.text(token.data)
        elif kind is start_kind:
            if token.tag in _SKIPPED:
                reader.end_paragraph()
                _skip(tokens, token.tag)
            else:
                reader.start(token)
        elif kind is end_kind:
            reader.end(token.tag)
    reader.end_paragraph()
    return reader.paragraphs


def _skip(tokens: Iterator[Token], tag: str) -> None:
    """Read on until the element that `tag` began has ended."""
    depth = 1
    for token in tokens:
        if token.tag == tag:
            depth += 1 if token.type is TokenType.START_TAG else -1
            if not depth:
                return


def from_plain(text: str) -> list[Paragraph]:
    """Return the paragraphs of plain text: what stands between empty lines."""
    reader = _Reader()
    for line in text.split("\n"):
        if line.strip():
            reader.text(line + "\n")
        else:
            reader.end_paragraph()
    reader.end_paragraph()
    return reader.paragraphs


class _Reader:
    """The paragraph being read, and those before it."""

    def __init__(self) -> None:
        self.paragraphs: list[Paragraph] = []
        self._parts: list[str] = []
        self._heading = 0
        self._bold = False
        self._all_bold = True
        self._bolds: set[int] = set()  # places of the parts that are bold
        self._struck = False
        self._box = ""

    def text(self, data: str) -> None:
        if self._struck:
            return
        if self._bold:
            self._bolds.add(len(self._parts))
        self._parts.append(data)
        if not self._bold and self._all_bold and data.strip(": \n"):
            self._all_bold = False

    def start(self, token: Token) -> None:
        tag = token.tag
        if tag in _BLOCKS:
            self.end_paragraph()
            self._heading = _HEADINGS.get(tag, 0)
        elif tag == "br":
            self._parts.append("\n")
        elif tag in _CELLS:
            self._parts.append(" ")
        elif tag in _BOLD:
            self._bold = True
        elif tag in _STRUCK:
            self._struck = True
        elif tag == "input":
            attributes = dict(token.attrs)
            if attributes.get("type") == "checkbox":
                self._box = "full" if "checked" in attributes else "empty"

    def end(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.end_paragraph()
            self._heading = 0
        elif tag in _BOLD:
            self._bold = False
        elif tag in _STRUCK:
            self._struck = False

    def end_paragraph(self) -> None:
        """Keep what was read, unless it is a box that the author did not tick or a form's vow."""
        if self._parts:
            text = "".join(self._parts)
            vow = self._box == "full" and _STATEMENT.match(text)
            if self._box != "empty" and not vow and not text.isspace():
                mixed = self._bolds and not self._all_bold and "\n" in text.strip()
                if mixed and not self._heading:
                    self._keep_bold_lines()
                else:
                    self._keep(text.split("\n"), self._heading or self._bold_heading(text))
            self._parts = []
        # Struck text ends with its block, or one "Vec<s>" would take the rest of the post.
        self._bold, self._all_bold, self._struck, self._box = False, True, False, ""
        self._bolds.clear()

    def _keep(self, lines: list[str], heading: int) -> None:
        if lines := [line for line in lines if line and not line.isspace()]:
            self.paragraphs.append(Paragraph(lines, heading, ticked=self._box == "full"))

    def _keep_bold_lines(self) -> None:
        """Keep a paragraph of which whole lines are bold: these are headings of the lines below, as
        in forms whose questions and answers no empty line divides."""
        lines, bold = [""], [True]
        for place, part in enumerate(self._parts):
            for number, piece in enumerate(part.split("\n")):
                if number:
                    lines.append("")
                    bold.append(True)
                lines[-1] += piece
                bold[-1] = bold[-1] and (place in self._bolds or not piece.strip(": "))
        answer: list[str] = []
        for line, is_bold in zip(lines, bold, strict=True):
            if is_bold and line.strip(": ") and len(line) <= _MAX_BOLD_HEADING:
                self._keep(answer, 0)
                self._keep([line], BOLD_HEADING)
                answer = []
            else:
                answer.append(line)
        self._keep(answer, 0)

    def _bold_heading(self, text: str) -> int:
        short = len(text) <= _MAX_BOLD_HEADING and "\n" not in text.strip()
        return BOLD_HEADING if self._all_bold and short else 0


def _with_words_for_open_tags(text: str) -> str:
    """Turn tags that would hide the rest of the post, since no end follows, into words."""
    tags = list(_CLOSED_TAG.finditer(text))
    if not tags:
        return text
    ends = {tag[2].lower(): tag.start() for tag in tags if tag[1]}

    def word(tag: re.Match[str]) -> str:
        return tag[0] if tag[1] or tag.start() < ends.get(tag[2].lower(), -1) else f"&lt;{tag[2]}"

    return _CLOSED_TAG.sub(word, text)

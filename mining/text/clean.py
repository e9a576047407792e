"""Posts as the plain text that is embedded, clustered and summarized.

What is wanted is what the author says, in sentences: code, quotes, dumps, forms, signatures and
later additions say the same in every post, or what somebody else said. What a form asks of a person
and what opens a door is masked first. The rules and their reasons are in
docs/decisions/cleaning-posts.md, of forms in form-text.md, of masks in nobodys-name.md.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from assay.common.post_sources import POST_SOURCES, BodyFormat
from assay.common.redaction import redacted
from assay.mining.text.dumps import without_dumps
from assay.mining.text.forms import NOTHING_LEARNED, Form, Unit, hashed, key, units, without_form
from assay.mining.text.lines import (
    SIGNATURE_REACH,
    Paragraph,
    as_text,
    without_noise,
    without_quoted_lines,
)
from assay.mining.text.markup import from_html, from_markdown, from_plain

CLEANING_VERSION = "3"
"""Raise it when the rules change: stored rows are then cleaned again."""

MAX_BODY = 200_000
"""Characters of a body that are read. GitHub takes 65,536, the others less."""

_NO_BODY = frozenset({"[deleted]", "[removed]"})  # what Reddit leaves of a post that is gone

# Controls, zero-width and bidirectional marks, fillers, variation selectors, tags, half characters
# and non-characters: nothing that a reader sees, and what hidden text is made of.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CALENDAR = re.compile(
    r"\b(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|jan(?:uary)?|feb(?:ruary)?"
    r"|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)\b"
)
_NUMBERED = re.compile(r"\w*0\w*")  # numbers, versions, ids: digits of a key are all 0
# Sorting the marks on one letter takes the square of their number, so words go in pieces.
_WORD = re.compile(r"\S{1,256}")


@dataclass(frozen=True)
class Cleaned:
    """A post as text.

    title: one line. text: the body, one paragraph a line, "" when nothing is left. Neither is
    longer than what it was made of; both encode as UTF-8 and have no control character but the line
    ends of text. cut: the body was longer than MAX_BODY and only its start was read.
    """

    title: str
    text: str
    cut: bool


def clean(
    source: str, title: str | None, body: str | None, form: Form = NOTHING_LEARNED
) -> Cleaned:
    """Return a post's title and body as plain text; None counts as empty.

    source: whose posts are in the form that common/post_sources.py names; any other name means
    plain text. form: what was learned of the form of the post's place. Raises nothing, whatever the
    text. Time is linear in the length of title and body.
    """
    whole = body or ""
    read = redacted(whole[:MAX_BODY])
    kept = without_noise(without_form(_paragraphs(source, read), form))
    text = _composed(as_text(kept), len(read))
    return Cleaned(_title(redacted(title or "")), text, len(whole) > MAX_BODY)


def form_units(source: str, body: str | None) -> list[Unit]:
    """Return what of a post's body may be a form's, for counting (forms.units)."""
    return units(_paragraphs(source, body[:MAX_BODY])) if body else []


def title_key(title: str) -> int:
    """Return 63 bits that titles have in common which differ in numbers, dates, case and signs."""
    return hashed(_NUMBERED.sub("0", _CALENDAR.sub("0", key(_visible(title)))))


def _title(title: str) -> str:
    """Bronze has no escapes of a source: `&lt;` and `<T>` are what the author wrote."""
    return _composed(" ".join(_visible(title).split()), len(title))


def _paragraphs(source: str, body: str) -> list[Paragraph]:
    """Return a body's paragraphs without traces and logs, blanks made single."""
    text = _visible(body)
    if text.strip() in _NO_BODY:
        return []
    paragraphs = _reader(source)(text)
    if "&" in text:  # once more, since `&#8203;` becomes a character when mark-up is read
        for paragraph in paragraphs:
            paragraph.lines = [_visible(line) for line in paragraph.lines]
    for paragraph in paragraphs:
        paragraph.lines = [" ".join(line.split()) for line in paragraph.lines]
    return without_dumps(paragraphs)


def _plain(text: str) -> list[Paragraph]:
    return without_quoted_lines(from_plain(_unsigned(text)))


def _markdown(text: str) -> list[Paragraph]:
    return from_markdown(_unsigned(text))


def _html_with_mail_quotes(text: str) -> list[Paragraph]:
    """Where there is no mark-up for quotes, people write `>` as in mail."""
    return without_quoted_lines(from_html(text))


_READERS: dict[BodyFormat, Callable[[str], list[Paragraph]]] = {
    "markdown": _markdown,
    "html": from_html,
    "html_with_mail_quotes": _html_with_mail_quotes,
}


def _reader(source: str) -> Callable[[str], list[Paragraph]]:
    known = POST_SOURCES.get(source)
    return _READERS[known.body] if known else _plain


def _visible(text: str) -> str:
    return _INVISIBLE.sub("", _LINE_END.sub("\n", text))


def _unsigned(text: str) -> str:
    """Cut a mail signature off; to Markdown its "-- " is the underline of a heading."""
    head, tail = text[:-SIGNATURE_REACH], text[-SIGNATURE_REACH:]
    found = re.search(r"\n-- ?\n", tail)
    if not found or "```" in tail[found.end() :] or not (head or tail[: found.start()]).strip():
        return text
    return head + tail[: found.start()]


def _composed(text: str, most: int) -> str:
    """Return the text in NFC, or as it is where that would be longer than `most` characters."""
    if text.isascii():
        return text
    composed = _WORD.sub(lambda word: unicodedata.normalize("NFC", word[0]), text)
    return composed if len(composed) <= most else text

"""The words of a form that a place gives to those who post there, told from those of a reporter.

A form is known by what comes back. `units` names what a post has of headings and of lines below
them; the model int_post_forms counts in how many posts of a place each comes back, and
`without_form` takes off a post what was found to be the form's. What is shipped is a prior for the
first day, when nothing has come back yet: the questions that most forms ask, and what shows that a
post is a form at all. Reasons and figures: docs/decisions/form-text.md.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from assay.mining.text.dumps import is_raised
from assay.mining.text.lines import Paragraph

FORMS_VERSION = "1"
"""Raise it when units change: those of all posts are then taken again."""

MAX_UNITS = 150
"""Lines of a post that are counted; what comes later is rarely a form's."""

_SHORT = 300
SENTENCE_WORDS = 6
"""An answer of so many words tells something; so does a shorter sentence with its full stop."""
_MIN_SENTENCE = 4
_MIN_HEADINGS = 3  # of one level: fewer are somebody's own
_FEW_WORDS = 3

# Questions of issue forms: every issue of a project has them, whatever it is about.
_FORMS = """
actual behavior
actual behaviour
actual results
additional context
additional information
alternatives
anything else
bug description
checklist
contact details
current behavior
describe alternatives you've considered
describe the bug
describe the solution you'd like
description
environment
environment info
expected behavior
expected behaviour
expected results
feature request
information
is your feature request related to a problem
is your feature request related to a problem? please describe
logs
minimal reproduction
motivation
operating system
possible solution
relevant log output
reproducible example
reproduction
screenshots
steps to reproduce
steps to reproduce the bug
summary
system info
tasks
to reproduce
version
what happened
who can help
your contribution
"""
_FORM_HEADINGS = frozenset(_FORMS.strip().split("\n"))
_ENVIRONMENT = frozenset(
    {"environment", "environment info", "environment information", "system info"}
)
# What a question asks for, where a post is a form and nothing is learned yet.
_ASKS_TO_TELL = re.compile(
    r"happen|descri|problem|bug|issue|expect|actual|behaviou?r|wrong|instead|summary|context"
    r"|motivation|feature|request|reproduc|steps|solution|proposal|alternativ|error|why\b|how\b",
    re.I,
)
_ASKS_FOR_FACTS = re.compile(
    r"\b(?:versions?|os|operating|platform|environment|browser|runtime|device|hardware|arch\w*"
    r"|deployment|installation|installed|client|which|where|regression|severity|priority"
    r"|kubernetes|python|node|system|checklist|conduct|willing|submit|patch|contribut\w+)\b",
    re.I,
)
# Lines of the templates that GitHub and GitLab offer to every repository.
_INSTRUCTION = re.compile(
    r"(?:a clear and concise description|if applicable, (?:add|provide)|add any other context"
    r"|steps to reproduce the behaviou?r:|explain what you expect|please (?:describe|provide|fill"
    r"|make sure|complete|read|check|search|include|replace|delete|attach)\b)",
    re.I,
)
_EXAMPLE = re.compile(r"\W{0,3}(?:[\w ]{1,30}: ?)?[\[(]e\.g\.", re.I)
_FACT = re.compile(r"[\w .()`/-]{1,50}(?::|==|=) ?\S{1,120}(?: \S+){0,6}$")
_NO_ANSWER = re.compile(
    r"[\W_]*(?:no response|n/?a|none|no|yes|not applicable|redacted)[\W_]*", re.I
)
_YES_OR_NO = re.compile(r"(?:yes|no|nope|yep)\b", re.I)
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2}|\w+(?:['.-]\w+)*")
_DIGITS = re.compile(r"\d+")
_SIGNS = re.compile(r"[\W_]+")
_FULL_STOP = (".", "!", "?", "…", "。", "\uff01", "\uff1f")


@dataclass(frozen=True)
class Unit:
    """A part of a post that may be a form's. section: what heading it stands below, 0 for none.

    line: which line, 0 for the section itself. words: how many words of the line tell something.
    Both are 63 bits of a hash of the text without case, signs and numbers.
    """

    section: int
    line: int
    words: int


@dataclass(frozen=True)
class Form:
    """What was learned of a place's form, as `section` and `line` of its units.

    headings: the form's questions. facts: those of them whose answers tell nothing. lines: of a
    section, the lines that come back.
    """

    headings: Collection[int] = field(default_factory=frozenset)
    facts: Collection[int] = field(default_factory=frozenset)
    lines: Collection[int] = field(default_factory=frozenset)


NOTHING_LEARNED = Form()


def units(paragraphs: list[Paragraph]) -> list[Unit]:
    """Return the units of a post in their order, each once and MAX_UNITS at most."""
    found: dict[tuple[int, int], Unit] = {}
    for heading, members in _sections(paragraphs):
        section = _section(heading)
        if section:
            found.setdefault((section, 0), Unit(section, 0, 0))
        for member in members:
            for line in member.lines:
                if plain := key(line):
                    # What a program said comes back where many have one problem: it is no form's.
                    number = 0 if is_raised(line) else hashed(f"{section} {plain}")
                    place = (section, number or -1 - len(found))
                    found.setdefault(place, Unit(section, number or -1, _telling(member, line)))
        if len(found) > MAX_UNITS:
            break
    return list(found.values())[:MAX_UNITS]


def without_form(paragraphs: list[Paragraph], form: Form = NOTHING_LEARNED) -> list[Paragraph]:
    """Return the paragraphs without what is the form's; its headings are marked (`asks`)."""
    level = _level_of_form(paragraphs)
    kept: list[Paragraph] = []
    for heading, members in _sections(paragraphs):
        section = _section(heading)
        question = _question(heading) if heading else ""
        is_form = bool(heading) and heading.heading == level
        if heading:
            speaks = heading.lines[0].endswith(("!", "."))
            known = question in _FORM_HEADINGS or section in form.headings
            heading.asks = known or (is_form and not speaks)
            kept.append(heading)
        if section not in form.facts:
            kept += _answers(members, section, question, form, is_form=is_form)
    return [paragraph for paragraph in kept if paragraph.lines]


def _answers(
    members: list[Paragraph], section: int, question: str, form: Form, *, is_form: bool
) -> list[Paragraph]:
    """Return what is the reporter's below one heading."""
    facts_asked = question in _ENVIRONMENT or (is_form and _facts_asked(question))
    for member in members:
        if is_form and member.ticked:
            member.lines = []
        member.lines = [
            line
            for line in member.lines
            if not _is_forms(line[:_SHORT], section, form, facts_asked=facts_asked)
        ]
    if is_form and question and section not in form.headings:
        few = _FEW_WORDS if not _facts_asked(question) else SENTENCE_WORDS - 1
        told = sum(_telling(member, line) for member in members for line in member.lines)
        if not _ASKS_TO_TELL.search(question) and told <= few:
            return []
    return members


def _is_forms(line: str, section: int, form: Form, *, facts_asked: bool) -> bool:
    if _INSTRUCTION.match(line) or (_EXAMPLE.match(line) and len(line) < 80):
        return True
    if facts_asked and _FACT.match(line):
        return True
    return bool(form.lines) and hashed(f"{section} {key(line)}") in form.lines


def _facts_asked(question: str) -> bool:
    return bool(_ASKS_FOR_FACTS.search(question)) and not _ASKS_TO_TELL.search(question)


def _level_of_form(paragraphs: list[Paragraph]) -> int:
    """Return the level of the headings of a post that shows by itself that it is a form, else -1.

    It has many headings of one level, and answers as no one writes them by hand.
    """
    levels = [paragraph.heading for paragraph in paragraphs if paragraph.heading]
    level = max(levels, key=lambda one: (levels.count(one), -one), default=-1)
    if levels.count(level) < _MIN_HEADINGS:
        return -1
    known = sum(_question(one) in _FORM_HEADINGS for one in paragraphs if one.heading)
    is_form = known > 1 or any(
        paragraph.ticked or no_answer(paragraph.lines[0]) for paragraph in paragraphs
    )
    return level if is_form else -1


def no_answer(line: str) -> bool:
    """Say whether a line is what stands where nobody answered."""
    return _NO_ANSWER.fullmatch(line[:_SHORT]) is not None


def _sections(paragraphs: list[Paragraph]) -> Iterator[tuple[Paragraph | None, list[Paragraph]]]:
    """Yield each heading with what stands between it and the next one."""
    heading, members = None, []
    for paragraph in paragraphs:
        if paragraph.heading:
            if heading or members:
                yield heading, members
            heading, members = paragraph, []
        else:
            members.append(paragraph)
    if heading or members:
        yield heading, members


def _question(heading: Paragraph) -> str:
    return heading.lines[0][:_SHORT].strip(" *:_.?").lower()


def _section(heading: Paragraph | None) -> int:
    plain = key(heading.lines[0]) if heading else ""
    return hashed(plain) if plain else 0


def key(line: str) -> str:
    """Return a line without case, signs and numbers; "" for one of signs alone."""
    plain = _SIGNS.sub(" ", line[:_SHORT].casefold()).strip()
    return _DIGITS.sub("0", plain)


def hashed(text: str) -> int:
    """Return 63 bits: a number that every database takes, and never 0 or less."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 1) or 1


def _telling(paragraph: Paragraph, line: str) -> int:
    """Return how many words of an answer tell something, SENTENCE_WORDS at least for a sentence."""
    start = line[:_SHORT]
    if paragraph.ticked or no_answer(start) or _FACT.match(start) or _YES_OR_NO.match(start):
        return 0
    words = len(_WORD.findall(start))
    is_sentence = words >= _MIN_SENTENCE and start.endswith(_FULL_STOP)
    return max(words, SENTENCE_WORDS) if is_sentence else words

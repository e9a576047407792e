"""What is left out of a post's paragraphs because of what its lines say, whatever the mark-up was.

Every rule looks at a bounded part of a line, so that time stays linear in the length of a post.
"""

import re
from dataclasses import dataclass

BOLD_HEADING = 7
"""The level of a paragraph that is one bold line: below <h6>."""

_URL = re.compile(
    r"(?:(?:https?|ftp)://|\bwww\.)(?:[^\s/?#@<>\"]{0,64}@)?(\w[\w.-]*)[^\s<>\"]*", re.I
)
_TICKED = re.compile(r"`([^\s`](?:[^`\n]*[^\s`])?)`")
_SHORT = 300
_LAST_HEADING = 6
_MAX_SIGNATURE_LINES = 8
SIGNATURE_REACH = 400
"""Characters: what is longer below a line "--" is no signature."""

_EDIT = re.compile(
    r"[\W_]{0,6}(?:edit(?:ed)?|update[sd]?|upd)(?![a-z])[\s#]{0,3}\d{0,3}\s{0,3}(?:\([^()]{0,40}\))?\s{0,3}"
    r"(?:[:\])]|[-\u2013\u2014]\s|[\W_]{0,3}$)",
    re.I,
)

# Questions of issue forms: every issue of a project has them, whatever it is about.
_FORMS = """
actual behavior
actual results
additional context
additional information
bug description
checklist
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
logs
minimal reproduction
motivation
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
what happened
who can help
your contribution
"""
_FORM_HEADINGS = frozenset(_FORMS.strip().split("\n"))
_ENVIRONMENT = frozenset(
    {"environment", "environment info", "environment information", "system info"}
)
_FACT = re.compile(r"[\w .()`/-]{1,50}(?::|==|=) ?\S{1,120}(?: \S+){0,6}$")
_NO_ANSWER = re.compile(r"[\W_]*(?:no response|n/?a|none)[\W_]*", re.I)

_POLITE = re.compile(
    r"(?:^|(?<=[.!?…)\]]) )(?:"
    r"(?:(?:many|much|big|huge|tons of|and|so)[ ,])?"
    r"(?:thanks?(?: ?(?:you|u))?|thx|thnx|tia|cheers)(?:,? (?:a|advance|advice|again|all|and|"
    r"answers?|any|anyone|assistance|bunch|everybody|everyone|feedback|folks|for|guidance|guys|"
    r"help|helping|ideas?|in|input|insights?|kind|looking|lot|lots|me|million|much|of|or|patience|"
    r"pointers?|reading|replies|so|suggestions?|support|team|the|thoughts|time|tips?|ton|very|"
    r"you|your|😊|🙏))*"
    r"|any (?:\w+ ){1,6}(?:greatly |much |highly |really |very )?appreciated"
    r"|(?:please )?(?:help|advise)|sent from (?:my|a) \w+(?: \w+){0,3}|get outlook for \w+"
    r"|(?:best|kind|warm|kindest)(?: (?:regards|wishes))?|regards|sincerely|yours(?: \w+)?"
    r")(?:[\W_]{0,6}|[:;]-?[)DP])$",
    re.I,
)
_CLOSING = re.compile(
    r"(?:(?:with )?(?:best|kind|warm|kindest|many)(?: (?:regards|wishes|thanks))?|regards|"
    r"sincerely|cheers|yours(?: \w+)?|thanks(?: in advance)?|thank you|thx|br)"
    r"(?:[,.!]+|(?<=regards))",
    re.I,
)
_NAME_WORD = r"[^\W\d_][\w.'\u2019-]{0,20}"
_NAME = re.compile(rf"[-\u2013\u2014 ]{{0,3}}{_NAME_WORD}(?: {_NAME_WORD}){{0,2}}")

_FRAME = re.compile(
    r"at (?:async |new )?(?:"
    r"[^\s(]+ ?\([^()]*(?::\d+|Native Method|Unknown Source|<anonymous>|\.java|\.kt)\)"
    r"|[^\s(]+\.[^\s(.]+\([^()]*\)(?: in .+:line \d+)?|\S+:\d+:\d+)$"
    r"|\.\.\. \d+ (?:more|common frames omitted)$"
    r"|#?\d+:? +0x[0-9a-f]{4,}\b|goroutine \d+ \[|[~^]{3,}$",
    re.I,
)
_PYTHON_FRAME = re.compile(r'File "[^"]*", line \d+')
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Failed)\b")
_LOGGED = re.compile(
    r"[\[(]?(?:\d{4}-\d\d-\d\d[T ,]|[A-Z][a-z]{2} +\d{1,2} )?\d\d:\d\d:\d\d"
    r"|[\[(]?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)\b[\])]?[: ]"
)
_MIN_LOGGED = 3


@dataclass(slots=True)
class Paragraph:
    """lines: never empty ones. heading: 1 to 6, BOLD_HEADING, or 0 for a paragraph of text."""

    lines: list[str]
    heading: int = 0


def without_noise(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs without dumps, signature, additions, thanks and empty headings."""
    kept = _with_lines(_without_versions(_with_lines(_without_dumps(paragraphs))))
    kept = _with_lines(_without_edits(_without_signature(kept)))
    return _without_empty_headings(_with_lines(_without_thanks(kept)))


def without_quoted_lines(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs without the lines that begin with ">", as quotes in mail do."""
    for paragraph in paragraphs:
        paragraph.lines = [x for x in paragraph.lines if not x.lstrip().startswith(">")]
    return _with_lines(paragraphs)


def as_text(paragraphs: list[Paragraph]) -> str:
    """Return one line for each paragraph; of a bare URL its host stays, but no line of URLs."""
    texts = (" ".join(filter(None, map(_without_urls, p.lines))).strip() for p in paragraphs)
    whole = "\n".join(text for text in texts if _says_something(text))
    return _TICKED.sub(r"\1", whole)


def _without_urls(line: str) -> str:
    if "://" not in line and "www." not in line.lower():
        return line
    return _URL.sub(_host, line) if _says_something(_URL.sub("", line)) else ""


def _host(url: re.Match[str]) -> str:
    """A host says which product is meant; the rest of an address says nothing in a sentence."""
    whole = url[0]
    after = whole[len(whole.rstrip(".,;:!?)]}'*_")) :]
    host = url[1].rstrip(".-_")
    host = host.lower() if host.isascii() else host  # "İ" in lower case is two characters
    return (host.removeprefix("www.") or host) + after


def _says_something(text: str) -> bool:
    return re.search(r"[^\W_]", text) is not None


def _with_lines(paragraphs: list[Paragraph]) -> list[Paragraph]:
    return [paragraph for paragraph in paragraphs if paragraph.lines]


def _without_dumps(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Drop stack traces but for the error they end with, and runs of log lines."""
    in_trace = False
    for paragraph in paragraphs:
        kept, logged = [], []
        for line in [*paragraph.lines, ""]:
            start = line[:_SHORT]
            if _LOGGED.match(start):
                logged.append(line)
                continue
            kept += logged if len(logged) < _MIN_LOGGED else []
            logged = []
            if start.startswith("Traceback (most recent call last"):
                in_trace = True
            elif in_trace and _RAISED.match(start):
                in_trace = False
                kept.append(line)
            elif _PYTHON_FRAME.match(start):
                in_trace = True
            elif line and not in_trace and not (len(line) < _SHORT and _FRAME.match(line)):
                kept.append(line)
        in_trace = False
        paragraph.lines = kept
    return paragraphs


def _without_signature(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Cut at a line "--" among the last lines, as mail programs write before a signature."""
    lines_below, characters_below = 0, 0
    for place in range(len(paragraphs) - 1, -1, -1):
        lines = paragraphs[place].lines
        for number in range(len(lines) - 1, -1, -1):
            if lines[number] in ("--", "—") and (place or number):
                return [*paragraphs[:place], Paragraph(lines[:number], paragraphs[place].heading)]
            lines_below += 1
            characters_below += len(lines[number])
            if lines_below > _MAX_SIGNATURE_LINES or characters_below > SIGNATURE_REACH:
                return paragraphs
    return paragraphs


def _without_edits(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Cut from a line that begins "Edit:" or the like, if text stands before it.

    The cut goes to the end of the post, or of the section in a post that has headings, since people
    add to a form's first answer as well. "(Edit: ...)" in brackets ends with its line.
    """
    kept: list[Paragraph] = []
    has_text = False
    cutting = 0  # the level of the headings that end the cut, 0 when nothing is being cut
    for paragraph in paragraphs:
        if cutting and 0 < paragraph.heading <= cutting:
            cutting = 0
        lines = []
        for line in paragraph.lines:
            if cutting:
                break
            if has_text and _EDIT.match(line[:_SHORT]):
                inserted = line[0] + line[-1] in ("()", "[]")
                cutting = 0 if inserted else paragraph.heading or _LAST_HEADING
            else:
                lines.append(line)
                has_text = has_text or (not paragraph.heading and _says_something(line))
        kept.append(Paragraph(lines, paragraph.heading))
    return kept


def _without_thanks(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Take thanks, greetings and the name below them off the end."""
    while paragraphs:
        lines = paragraphs[-1].lines
        last = lines[-1]
        above = paragraphs[-2].lines if len(paragraphs) > 1 else [""]
        before = lines[-2] if len(lines) > 1 else above[-1]
        polite = _POLITE.search(last[-_SHORT:])
        named = _NAME.fullmatch(last) and len(before) < _SHORT and _CLOSING.fullmatch(before)
        if named or not _says_something(last):
            lines.pop()
        elif polite and (polite.start() or len(last) <= _SHORT):
            lines[-1] = last[: len(last) - len(polite[0])].rstrip()
            if not lines[-1]:
                lines.pop()
        else:
            return paragraphs
        if not lines:
            paragraphs.pop()
    return paragraphs


def _without_versions(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Drop "Python version: 3.11" and the like, but only below a form's question for them."""
    asked = False
    for paragraph in paragraphs:
        if paragraph.heading:
            asked = _question(paragraph) in _ENVIRONMENT
        elif asked:
            paragraph.lines = [line for line in paragraph.lines if not _FACT.match(line[:_SHORT])]
    return paragraphs


def _question(heading: Paragraph) -> str:
    return heading.lines[0][:_SHORT].strip(" *:_.?").lower()


def _without_empty_headings(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Drop a form's own words, and headings above nothing or above another of their level."""
    kept: list[Paragraph] = []
    text = BOLD_HEADING + 1
    below = 0  # the level of what comes next: `text`, a heading's, or 0 for the end
    for paragraph in reversed(paragraphs):
        line = paragraph.lines[0]
        level = paragraph.heading
        if not level and _NO_ANSWER.fullmatch(line[:_SHORT]):
            continue
        asks = level and _question(paragraph) in _FORM_HEADINGS
        speaks = not asks and (not level or line.endswith(("?", "!", ".")))
        if speaks or below > level:
            kept += [] if asks else [paragraph]
            below = text if speaks else level
    return kept[::-1]

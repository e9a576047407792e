"""What is left out of a post's paragraphs because of what its lines say, whatever the mark-up was.

Every rule looks at a bounded part of a line, so that time stays linear in the length of a post.
"""

import re
from dataclasses import dataclass, replace

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

_NO_ANSWER = re.compile(r"[\W_]*(?:no response|n/?a|none|redacted)[\W_]*", re.I)

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


@dataclass(slots=True)
class Paragraph:
    """lines: never empty ones. heading: 1 to 6, BOLD_HEADING, or 0 for a paragraph of text.

    ticked: it is a ticked box. asks: it is a heading that is a form's and not the author's.
    """

    lines: list[str]
    heading: int = 0
    ticked: bool = False
    asks: bool = False


def without_noise(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs without signature, additions, thanks, a form's questions and headings
    above nothing."""
    kept = _with_lines(_without_edits(_without_signature(paragraphs)))
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


def _without_signature(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Cut at a line "--" among the last lines, as mail programs write before a signature."""
    lines_below, characters_below = 0, 0
    for place in range(len(paragraphs) - 1, -1, -1):
        lines = paragraphs[place].lines
        for number in range(len(lines) - 1, -1, -1):
            if lines[number] in ("--", "—") and (place or number):
                return [*paragraphs[:place], replace(paragraphs[place], lines=lines[:number])]
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
        kept.append(replace(paragraph, lines=lines))
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


def _without_empty_headings(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Drop a form's own words, and headings above nothing or above another of their level."""
    kept: list[Paragraph] = []
    text = BOLD_HEADING + 1
    below = 0  # the level of what comes next: `text`, a heading's, or 0 for the end
    for paragraph in reversed(paragraphs):
        line = paragraph.lines[0]
        level = paragraph.heading
        if not level and len(paragraph.lines) == 1 and _NO_ANSWER.fullmatch(line[:_SHORT]):
            continue
        asks = paragraph.asks
        speaks = not asks and (not level or line.endswith(("?", "!", ".")))
        if speaks or below > level:
            kept += [] if asks else [paragraph]
            below = text if speaks else level
    return kept[::-1]

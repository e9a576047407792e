"""Text into sentences, for text as developers write it.

A period ends nothing in `foo.bar()`, `config.py`, `v2.0.1` or an address, for want of a blank
behind it. What is left are abbreviations, initials, the numbers of lists, and sentences that begin
in lower case. The rules lean towards too few ends: half a sentence is worse to read than two.

Beside nupunkt, pysbd, sentencex, blingfire and others in docs/decisions/summaries.md.
"""

import re
from itertools import pairwise


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# A run of marks is tried once, so the time is linear: (?<!...) lets no match start within a run,
# and ++ gives nothing of it back. The second line has the marks of Chinese and Japanese.
_END = re.compile(
    r"(?<![.!?…])(?P<marks>[.!?…]++)(?P<closing>[\"'\u201d\u2019»)\]}*_`]*+)\s++"
    r"|[。\uff01\uff1f]++[」』\uff09\u201d]*+\s*+"
)
_BULLET = re.compile(r"\s*(?:[-*•‣◦·\u2013]\s+|\(?\d{1,2}[.)]\s+)+")
_HAS_WORD = re.compile(r"[^\W_]")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")  # U.S, a.m, z.B
_OPENING = "\"'\u201c\u2018«([{*_`¿¡-\u2013— "
_CLOSING = "\"'\u201d\u2019»)]}*_`"
_GOES_ON = tuple(",;:.)]}|")  # what a sentence never begins with
_REACH = 24  # characters looked at on either side of an end

_TITLES = _words("Mr Mrs Ms Dr Prof St Mt Rep Sen Gov Gen Lt Sgt Capt Hon Rev Messrs")
_NEVER_LAST = _words(
    "e.g eg i.e ie vs v cf viz approx ca resp incl esp sq fig figs eq ver vers z.b bzw d.h"
)
_MONTHS = _words("jan feb mar apr jun jul aug sep sept oct nov dec")
_BEFORE_NUMBER = _MONTHS | _words("no nos nr sec par p pp ch vol")
_SELDOM_LAST = _MONTHS | _words(
    "etc inc ltd corp co llc dept est al nr sec par p pp ch vol min max avg hr hrs mo yr yrs wk ext"
    " lib temp"
)
_ABBREVIATIONS = _NEVER_LAST | _SELDOM_LAST
# Behind U.S., a.m. or an initial only these begin a sentence; other capitals begin a name.
_STARTERS = _words(
    "A An And Any As At But Can Did Do Does For Have Here How However I If In Is It My No Nobody"
    " Not On One Our She So That The Their Then There These They This We What When Where Why You"
)


def split(text: str) -> list[str]:
    """Return the sentences of a text in their order, blanks within them made single.

    A line break ends a sentence, and the mark of a list item is taken off. Every sentence has a
    letter or a digit; signs that stand alone go to the sentence before them on their line. However
    long it is, what has no end is one sentence: summarize leaves it out. Linear in the text.
    """
    sentences = []
    for line in filter(None, text.splitlines()):
        marker = _BULLET.match(line)
        sentences += _split_line(line[marker.end() :] if marker else line)
    return sentences


def _split_line(line: str) -> list[str]:
    edges = [0]
    for end in _END.finditer(line):
        if _is_end(line, edges[-1], end):
            edges.append(end.end())
    spans: list[tuple[int, int]] = []
    for start, stop in pairwise([*edges, len(line)]):
        if spans and not _HAS_WORD.search(line, start, stop):
            spans[-1] = (spans[-1][0], stop)
        else:
            spans.append((start, stop))
    pieces = (line[first:last] for first, last in spans)
    return [" ".join(piece.split()) for piece in pieces if _HAS_WORD.search(piece)]


def _is_end(line: str, start: int, end: re.Match[str]) -> bool:
    """Say whether a sentence that began at `start` ends with these marks."""
    marks = end["marks"]
    if marks is None or end.end() == len(line):
        return True
    if line.startswith(_GOES_ON, end.end()):
        return False
    following = line[end.end() : end.end() + _REACH].lstrip(_OPENING)
    if "?" in marks or "!" in marks:
        return not following[:1].islower() or ("?" in marks and not end["closing"])
    if marks != ".":
        return following[:1].isupper()  # an ellipsis
    return _period_ends(line, start, end, following)


def _period_ends(line: str, start: int, end: re.Match[str], following: str) -> bool:
    before = line[max(start, end.start() - _REACH) : end.start()]
    token = before.split()[-1] if before[-1:].strip() else ""
    closed = token[-1:] in _CLOSING  # or there is no token
    if following[:1].islower():
        return len(token) > 1 and not end["closing"] and (closed or _is_plain(token))
    if closed or end["closing"]:
        return True
    is_first = not line[start : max(start, end.start() - len(token))].strip()
    return _word_may_end(token.lstrip(_OPENING), following, is_first)


def _is_plain(token: str) -> bool:
    """Say whether it is an ordinary word, behind which a sentence in lower case may begin."""
    word = token.lstrip(_OPENING)
    return word.isalpha() and word.lower() not in _ABBREVIATIONS and word not in _TITLES


def _word_may_end(token: str, following: str, is_first: bool) -> bool:
    """Say whether token and period end a sentence, what follows not being in lower case."""
    known = token.lower()
    if known in _NEVER_LAST or token in _TITLES:
        return False
    if known in _BEFORE_NUMBER and following[:1].isdigit():
        return False
    if is_first and (len(token) == 1 or (token.isdigit() and len(token) < 4)):
        return False  # the number of a list item
    if _DOTTED.fullmatch(token) or (len(token) == 1 and token.isupper()):
        return re.split(r"\W", following, maxsplit=1)[0] in _STARTERS
    return known not in _SELDOM_LAST or following[:1].isupper()

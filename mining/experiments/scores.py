"""The score in what a judge wrote: one number from 0 to 10, or the reason why there is none.

Judges are told to end with `SCORE: 7`, and write `**Score: 7/10**`, `Overall - 7.5`, `I would give
it 8 out of 10`, a line per criterion, or all of it. The last lines count first, since judges think
aloud before they decide, and repeat the question's own examples before they think.
"""

import re
import unicodedata
from dataclasses import dataclass

SCORES_VERSION = "1"
LOWEST, HIGHEST = 0.0, 10.0
_MAX_CHARS = 20_000  # of the end of a text; judges are cut off long before
_MAX_LINE = 400

_DIGITS = r"\d{1,4}(?:\.\d{1,3}|,\d{1,2})?"
_NUMBER = rf"(?P<value>[-+]?{_DIGITS})(?![\d.,]*\d|e\d)"
_SCALE = r"(?:\s*(?:/|out\s+of|of)\s*(?P<most>\d{1,4})(?!\d)|\s*(?P<percent>%|percent\b))?"
_UP_TO = rf"(?:\s*(?:-|to)\s*(?P<high>{_DIGITS})(?=\s*(?:/|out\s+of|$|\())(?!\d))?"
_WHOLE = r"(?:final|overall|total|average|mean|combined|aggregate|global)"
_KIND = r"(?:score|rating|grade|mark|assessment|verdict|evaluation|result)"
_OF = r"(?:\s+(?:of|for)\s+(?:the|this|all)(?:\s+[a-z]+){1,3})?"  # the average of the four
_TEXT = r"(?:\s+(?:of|for)\s+th\w+\s+(?:essay|text))?"
_LABEL = rf"(?:(?:{_WHOLE}\s+){{0,2}}(?:essay\s+)?{_KIND}{_TEXT}|{_WHOLE}{_OF})"
_SIGN = r"\s*(?::|=|\bis\b|-(?=\s|\d))\s*(?:[\d\s()+/.]{1,80}=\s*)?"  # (7 + 8) / 2 = 7.5

# `Overall score (average): 7.5/10`, also behind other words on its line.
_VERDICT = re.compile(
    rf"(?:^|[\s,;.])(?:{_LABEL}\s*(?:\([^()]{{0,60}}\))?{_SIGN}|(?:score|rating|grade)\s+(?=\d))"
    rf"{_NUMBER}{_UP_TO}{_SCALE}",
    re.IGNORECASE,
)
_BARE = re.compile(rf"^{_NUMBER}{_UP_TO}{_SCALE}(?:\s*points?)?\s*[.!]?$", re.IGNORECASE)
_CRITERION = re.compile(
    rf"^(?:\d{{1,2}}[.)]\s+|-\s+)?(?P<label>[^\W\d][^:=]{{0,60}}?)\s*(?::|=|\(|\s-(?=\s))\s*"
    rf"{_NUMBER}{_UP_TO}{_SCALE}(?!\s*(?:words|sentences|paragraphs))",
    re.IGNORECASE,
)
_SAID = re.compile(
    rf"(?P<value>{_DIGITS})(?P<high>(?!))?\s*(?:/|out\s+of)\s*(?P<most>\d{{1,4}})(?!\d)"
    r"(?P<percent>(?!))?",
    re.IGNORECASE,
)
# What was asked, said again: "a score from 0 to 10", "(on a scale of 1-10)".
_RANGE = re.compile(
    r"(?:\bon\s+a\s+)?\b(?:scale\s+(?:of|from)|from|between)\s+[01]\s*(?:to|and|-)\s*10\b", re.I
)


@dataclass(frozen=True)
class Score:
    """What was read. value: LOWEST to HIGHEST, None with a reason.

    form: how it was written: labelled, bare, sentence or criteria (their mean).
    """

    value: float | None
    form: str | None = None
    reason: str | None = None


def parse_score(text: str) -> Score:
    """Return the score that a judge's text gives; never raises.

    A number on another scale is brought to this one (`35/50` is 7, `80%` is 8); one outside its
    scale is no score. Without an overall score, two or more criteria give their mean.
    """
    lines = _lines(text)
    criteria = _criteria(lines)
    for line in reversed(lines):
        if found := list(_VERDICT.finditer(line)):
            return _verdict(found[-1], criteria)
        if line is lines[-1] and (bare := _BARE.match(line)):
            return _score(bare, "bare")
    if len(criteria) > 1:
        return Score(round(sum(criteria) / len(criteria), 3), "criteria")
    said = [one for line in lines for one in _SAID.finditer(line)]
    if said:
        return _score(said[-1], "sentence")
    if criteria:
        return Score(criteria[0], "criteria")
    why = "no number stands where a score could be" if lines else "there is no number in it"
    return Score(None, reason=why)


def _verdict(match: "re.Match[str]", criteria: list[float]) -> Score:
    """Return an overall score; a total without its scale is taken as the sum of the criteria."""
    read = _score(match, "labelled")
    if read.value is None and len(criteria) > 1 and match["most"] is None:
        total = _number(match["value"])
        if abs(total - sum(criteria)) < 0.01:
            return Score(round(total / len(criteria), 3), "criteria")
    return read


def _score(match: "re.Match[str]", form: str) -> Score:
    """Return a number as a score on our scale, or why it is none."""
    value, most = _number(match["value"]), match["most"]
    if match["high"]:  # 7-8/10
        value = (value + _number(match["high"])) / 2
    scale = 100.0 if match["percent"] else float(most) if most else HIGHEST
    if not 0 <= value <= scale or scale == 0:
        shown = f"{value:g}{f' of {most}' if most else ''}"
        return Score(None, reason=f"{shown} is outside its scale of 0 to {scale:g}")
    return Score(round(value * HIGHEST / scale, 3), form)


def _criteria(lines: list[str]) -> list[float]:
    """Return the scores of lines such as `Clarity: 7/10`, the last of each name."""
    found: dict[str, float] = {}
    for line in lines:
        match = _CRITERION.match(line)
        if match is None or _VERDICT.match(line):
            continue
        value = _score(match, "criteria").value
        if value is not None:
            found[match["label"].casefold()] = value
    return list(found.values())


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _lines(text: str) -> list[str]:
    """Return the lines that hold anything, without marks of Markdown, JSON and tables."""
    plain = unicodedata.normalize("NFKC", text[-_MAX_CHARS:].replace("½", ".5"))
    plain = re.sub(r"[\u2010-\u2015\u2212]", "-", plain.replace("\u2044", "/"))
    plain = re.sub(r"\\(?:boxed|text\w*|frac)\b|[*_`#>\"'{}$\\]|<[^<>\n]{0,40}>", " ", plain)
    lines = []
    for raw in plain.splitlines():
        line = re.sub(r"\s+", " ", _RANGE.sub(" ", raw)).strip(" |,;\u2022\u25cf")
        line = re.sub(r"\s*\|\s*", ": ", line)  # the cells of a table
        if any(char.isdigit() for char in line):
            lines.append(line[-_MAX_LINE:])
    return lines

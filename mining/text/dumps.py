"""Stack traces and logs that stand in a post as text, without a code block around them."""

import re

from assay.mining.text.lines import Paragraph

_SHORT = 300
_FRAME = re.compile(
    r"at (?:async |new )?(?:"
    r"[^\s(]+ ?\([^()]*(?::\d+|Native Method|Unknown Source|<anonymous>|\.java|\.kt)\)"
    r"|[^\s(]+\.[^\s(.]+\([^()]*\)(?: in .+:line \d+)?|\S+:\d+:\d+)$"
    r"|\.\.\. \d+ (?:more|common frames omitted)$"
    r"|#?\d+:? +0x[0-9a-f]{4,}\b|goroutine \d+ \[|[~^]{3,}$"
    r"|from \S+:\d+:in |#\d+ \S+\(\d+\): |\S+\.(?:go|rs):\d+(?::\d+| \+0x[0-9a-f]+)$"
    r"|\d+: +[\w<>{}$]+(?:::[\w<>{}$#]+)+$",
    re.I,
)
_PYTHON_FRAME = re.compile(r'File "[^"]*", line \d+')
_RAISED = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Interrupt|Exit|Failed)\b")
_LOGGED = re.compile(
    r"[\[(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ,]|[A-Z][a-z]{2} +\d{1,2} )?\d\d:\d\d:\d\d"
    r"|[\[(]?(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR|FATAL|CRITICAL)\b[\])]?[: ]"
    r"|[EWIF]\d{4} \d\d:\d\d:|npm (?:ERR!|WARN|error|warn)|\[ *\d+\.\d{3,}\]"
    r'|(?:ts|time|level)=\S|\{"(?:ts|time|timestamp|level|msg)":'
)
_MIN_LOGGED = 3


def without_dumps(paragraphs: list[Paragraph]) -> list[Paragraph]:
    """Drop stack traces but for the error they end with, and runs of log lines."""
    for paragraph in paragraphs:
        paragraph.lines = _without_dump(paragraph.lines)
    return [paragraph for paragraph in paragraphs if paragraph.lines]


def is_raised(line: str) -> bool:
    """Say whether a line is what a trace ends with: the name of an exception and its message."""
    return _RAISED.match(line[:_SHORT]) is not None


def _without_dump(lines: list[str]) -> list[str]:
    in_trace = False
    kept, logged = [], []
    for line in [*lines, ""]:
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
    return kept

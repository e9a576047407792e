"""The query language of GitHub's issue search: `repo:o/n is:issue created:A..B "free words"`.

https://docs.github.com/search-github/searching-on-github/searching-issues-and-pull-requests.
Logical operators and qualifiers which the items cannot answer are refused with 422: refusing is
better than not filtering.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from assay.sample.server.wire import ApiError, Response, dumps

KINDS = {"issue": "issue", "pr": "pull-request", "pull-request": "pull-request"}
DATES = ("created", "updated", "closed")
MAX_TEXT = 256  # characters of q beside its qualifiers
SEARCH_DOCS = "https://docs.github.com/v3/search/"
BAD_SYNTAX = "The search query contains invalid syntax."
NO_DATE = (
    '"{}" is not a recognized date/time format. Please provide an ISO 8601 date/time value, such'
    " as YYYY-MM-DD."
)
TOKEN = re.compile(r'(-?)(?:([A-Za-z-]+):)?((?:"[^"]*"|[^\s"])+)')
VALUE = re.compile(r'"([^"]*)"|([^",]+)')
MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?P<seconds>:\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)


class Term(NamedTuple):
    """One part of q: a qualifier with its values, any of which may hold, or free words."""

    negative: bool
    qualifier: str | None
    values: tuple[str, ...]


def error(status: int, message: str, docs: str, **more: Any) -> Response:
    """An error as GitHub words them since 2024: the status is in the body too, as a string."""
    body = {"message": message, **more, "documentation_url": docs, "status": str(status)}
    return Response(status, dumps(body))


def invalid(message: str) -> ApiError:
    """422 for a q that cannot be searched."""
    errors = [{"message": message, "resource": "Search", "field": "q", "code": "invalid"}]
    return ApiError(error(422, "Validation Failed", SEARCH_DOCS, errors=errors))


def parse(q: str | None) -> list[Term]:
    """The terms of q. Raises ApiError for what GitHub refuses.

    Without a kind that is 422 since autumn 2025, in the words reported in
    https://github.com/github/github-mcp-server/issues/462.
    """
    if not q or not q.strip():
        errors = [{"resource": "Search", "field": "q", "code": "missing"}]
        raise ApiError(error(422, "Validation Failed", SEARCH_DOCS, errors=errors))
    terms = [_term(bool(sign), name.lower(), text) for sign, name, text in TOKEN.findall(q)]
    if sum(len(term.values[0]) for term in terms if term.qualifier is None) > MAX_TEXT:
        raise invalid(f"The search is longer than {MAX_TEXT} characters.")
    if not any(term.qualifier == "kind" for term in terms):
        message = "Query must include 'is:issue' or 'is:pull-request'"
        raise ApiError(error(422, message, SEARCH_DOCS))
    return _joined(terms)


def _term(negative: bool, name: str, text: str) -> Term:
    """One term in the words of the index."""
    values = tuple(quoted or plain for quoted, plain in VALUE.findall(text))
    value = values[0].lower() if values else ""
    if not name and values and text not in ("AND", "OR", "NOT") and text[0] not in "()":
        return Term(negative, None, (text.strip('"'),))
    if name in ("is", "type") and value in KINDS:
        return Term(negative, "kind", (KINDS[value],))
    if name in ("is", "state") and value in ("open", "closed"):
        return Term(negative, "state", (value,))
    if name in ("user", "org") and values:
        return Term(negative, "owner", values)
    if name == "in" and values and set(values) <= {"title", "body"}:
        return Term(negative, "in", values)
    if name in (*DATES, "comments", "repo", "label", "author") and values:
        return Term(negative, name, values)
    raise invalid(BAD_SYNTAX)


def _joined(terms: list[Term]) -> list[Term]:
    """Several repositories, owners or kinds become one term: any of them may hold."""
    together: dict[str, list[str]] = {}
    rest = []
    for term in terms:
        if term.qualifier in ("repo", "owner", "kind") and not term.negative:
            together.setdefault(term.qualifier, []).extend(term.values)
        else:
            rest.append(term)
    return [*(Term(False, name, tuple(values)) for name, values in together.items()), *rest]


def within(column: np.ndarray, text: str, read: Callable[[str], tuple[float, float]]) -> np.ndarray:
    """Which numbers lie in `A..B`, `>=A`, `<=A`, `>A`, `<A` or `A`; `read` gives A's [from, to).

    Both ends of a range belong to it.
    """
    low, dots, high = text.partition("..")
    if dots:
        least = -math.inf if low == "*" else read(low)[0]
        below = math.inf if high == "*" else read(high)[1]
        return (column >= least) & (column < below)
    bare = text.lstrip("<>=")
    sign, (start, end) = text.removesuffix(bare), read(bare)
    if sign == ">=":
        return column >= start
    if sign == "<=":
        return column < end
    if sign == ">":
        return column >= end
    if sign == "<":
        return column < start
    if sign:
        raise invalid(BAD_SYNTAX)
    return (column >= start) & (column < end)


def span(text: str) -> tuple[float, float]:
    """The seconds that a day, a minute or a second covers, as [from, to) since 1970; UTC."""
    found = MOMENT.fullmatch(text)
    try:
        at = datetime.fromisoformat(text) if found else None
    except ValueError:
        at = None
    if found is None or at is None:
        raise invalid(NO_DATE.format(text))
    start = at.replace(microsecond=0, tzinfo=at.tzinfo or UTC).timestamp()
    return start, start + (86_400 if len(text) == 10 else 1 if found["seconds"] else 60)


def integer(text: str) -> tuple[float, float]:
    """A number of comments, as [from, to)."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid(BAD_SYNTAX)
    return int(text), int(text) + 1

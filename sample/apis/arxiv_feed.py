"""Atom as arXiv writes it, in the form before and the form since the rewrite of November 2025."""

from __future__ import annotations

import base64
import hashlib
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape, quoteattr

ATOM = "http://www.w3.org/2005/Atom"
ARXIV = "http://arxiv.org/schemas/atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
WIDTH = 79  # of the lines that the old form broke titles into

# What XML 1.0 cannot hold, not even escaped.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Form(NamedTuple):
    """Where the two forms differ beyond how they are written."""

    name: str
    scheme: str
    malformed_status: int
    slices_ids: bool


FORMS = {
    "old": Form("old", "http", malformed_status=200, slices_ids=True),
    "new": Form("new", "https", malformed_status=400, slices_ids=False),
}


@dataclass(frozen=True, slots=True)
class Feed:
    """One page: the query as asked, opensearch's numbers and the items, or one error."""

    query: list[tuple[str, str]]
    total: int = 1
    start: int = 0
    size: int = 1
    items: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


def render(form: Form, feed: Feed) -> bytes:
    """The feed as UTF-8."""
    head, entry = (_head_old, _entry_old) if form.name == "old" else (_head_new, _entry_new)
    entries = [_error_entry(feed.error)] if feed.error else map(entry, feed.items)
    lines = [*head(feed), *(line for one in entries for line in ("  <entry>", *one, "  </entry>"))]
    return "\n".join([*lines, "</feed>", ""]).encode()


def _text(value: Any) -> str:
    return escape(_NO_XML.sub("", str(value)))


def _attribute(value: Any) -> str:
    return quoteattr(_NO_XML.sub("", str(value)))


def _asked(feed: Feed) -> tuple[str, str]:
    """The query as the feed's title tells it, and an id that is the same for the same query."""
    asked = dict(feed.query)
    names = ("search_query", "id_list", "start", "max_results")
    told = "&".join(f"{name}={asked[name]}" for name in names if name in asked)
    digest = hashlib.sha1(told.encode("utf-8", "surrogatepass"), usedforsecurity=False).digest()
    return told, base64.b64encode(digest).decode().rstrip("=")


def _head_new(feed: Feed) -> Iterator[str]:
    told, query_id = _asked(feed)
    link = _attribute(f"https://arxiv.org/api/query?{_urlencoded(feed)}")
    yield "<?xml version='1.0' encoding='UTF-8'?>"
    yield f'<feed xmlns:opensearch="{OPENSEARCH}" xmlns:arxiv="{ARXIV}" xmlns="{ATOM}">'
    yield f"  <id>https://arxiv.org/api/{query_id}</id>"
    yield f"  <title>arXiv Query: {_text(told)}</title>"
    yield f"  <updated>{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}</updated>"
    yield f'  <link href={link} type="application/atom+xml"/>'
    yield f"  <opensearch:itemsPerPage>{feed.size}</opensearch:itemsPerPage>"
    yield f"  <opensearch:totalResults>{feed.total}</opensearch:totalResults>"
    yield f"  <opensearch:startIndex>{feed.start}</opensearch:startIndex>"


def _head_old(feed: Feed) -> Iterator[str]:
    told, query_id = _asked(feed)
    link = _attribute(f"http://arxiv.org/api/query?{quote(told.encode('utf-8', 'replace'))}")
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<feed xmlns="{ATOM}">'
    yield f'  <link href={link} rel="self" type="application/atom+xml"/>'
    yield f'  <title type="html">ArXiv Query: {_text(told)}</title>'
    yield f"  <id>http://arxiv.org/api/{query_id}</id>"
    yield f"  <updated>{datetime.now(UTC):%Y-%m-%dT00:00:00-05:00}</updated>"
    numbers = {"totalResults": feed.total, "startIndex": feed.start, "itemsPerPage": feed.size}
    for name, value in numbers.items():
        yield f'  <opensearch:{name} xmlns:opensearch="{OPENSEARCH}">{value}</opensearch:{name}>'


def _urlencoded(feed: Feed) -> str:
    return urlencode(feed.query, safe=":,/", errors="replace")


def _entry_new(item: dict[str, Any]) -> Iterator[str]:
    name = f"{item['name']}v{item['version']}"
    yield f"    <id>http://arxiv.org/abs/{name}</id>"
    yield f"    <title>{_text(item.get('title') or '')}</title>"
    yield f"    <updated>{_text(item['updated'])}</updated>"
    yield f'    <link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>'
    yield (
        f'    <link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf"'
        ' title="pdf"/>'
    )
    yield f"    <summary>{_text(item.get('summary') or '')}</summary>"
    for term in _list(item, "categories"):
        yield f'    <category term={_attribute(term)} scheme="{ARXIV}"/>'
    yield f"    <published>{_text(item['published'])}</published>"
    for tag in ("comment", "journal_ref", "doi"):
        if item.get(tag):
            yield f"    <arxiv:{tag}>{_text(item[tag])}</arxiv:{tag}>"
    yield f"    <arxiv:primary_category term={_attribute(_primary(item))}/>"
    for author in _list(item, "authors"):
        yield f"    <author>\n      <name>{_text(author)}</name>\n    </author>"
    if item.get("doi"):
        yield f'    <link rel="related" href={_doi(item)} title="doi"/>'


def _entry_old(item: dict[str, Any]) -> Iterator[str]:
    name = f"{item['name']}v{item['version']}"
    own = f'xmlns:arxiv="{ARXIV}"'
    yield f"    <id>http://arxiv.org/abs/{name}</id>"
    yield f"    <updated>{_text(item['updated'])}</updated>"
    yield f"    <published>{_text(item['published'])}</published>"
    words = _NO_XML.sub("", str(item.get("title") or ""))
    broken = textwrap.wrap(words, WIDTH, break_long_words=False, break_on_hyphens=False)
    title = "\n  ".join(broken)
    yield f"    <title>{_text(title)}</title>"
    yield f"    <summary>  {_text(item.get('summary') or '')}\n</summary>"
    for author in _list(item, "authors"):
        yield f"    <author>\n      <name>{_text(author)}</name>\n    </author>"
    if item.get("doi"):
        yield f"    <arxiv:doi {own}>{_text(item['doi'])}</arxiv:doi>"
        yield f'    <link title="doi" href={_doi(item)} rel="related"/>'
    for tag in ("comment", "journal_ref"):
        if item.get(tag):
            yield f"    <arxiv:{tag} {own}>{_text(item[tag])}</arxiv:{tag}>"
    yield f'    <link href="http://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>'
    yield (
        f'    <link title="pdf" href="http://arxiv.org/pdf/{name}" rel="related"'
        ' type="application/pdf"/>'
    )
    primary = _attribute(_primary(item))
    yield f'    <arxiv:primary_category {own} term={primary} scheme="{ARXIV}"/>'
    for term in _list(item, "categories"):
        yield f'    <category term={_attribute(term)} scheme="{ARXIV}"/>'


def _error_entry(message: str) -> Iterator[str]:
    url = f"http://arxiv.org/api/errors#{message.replace(' ', '_')}"
    yield f"    <id>{_text(url)}</id>"
    yield "    <title>Error</title>"
    yield f"    <summary>{_text(message)}</summary>"
    yield f"    <updated>{datetime.now(UTC):%Y-%m-%dT00:00:00-05:00}</updated>"
    yield f'    <link href={_attribute(url)} rel="alternate" type="text/html"/>'
    yield "    <author>\n      <name>arXiv api core</name>\n    </author>"


def _list(item: dict[str, Any], name: str) -> list[Any]:
    value = item.get(name)
    return value if isinstance(value, list) else []


def _primary(item: dict[str, Any]) -> str:
    return item.get("primary_category") or next(iter(_list(item, "categories")), "")


def _doi(item: dict[str, Any]) -> str:
    scheme = "https" if "/" in str(item["doi"]) else "http"
    return _attribute(f"{scheme}://doi.org/{item['doi']}")

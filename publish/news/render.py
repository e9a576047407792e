"""A digest as Markdown and as HTML, and the Atom feed: files that need no server."""

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from assay.publish.issue_report import address
from assay.publish.news import words
from assay.publish.news.happenings import MOVER, NEW, REOPENED, RISING, Happening, News

MOST = 10  # things of one kind
ATOM = "http://www.w3.org/2005/Atom"
# An id is for ever, and no address: https://www.rfc-editor.org/rfc/rfc4151
TAG = "tag:assay.invalid,2026:"
SECTIONS = (
    (NEW, "New", "No problem is new."),
    (RISING, "Rising", "None is hotter than before."),
    (REOPENED, "Back again", "None came back."),
    (MOVER, "Models on the move", "No listing of the catalog can be compared yet."),
)
KIND_NAMES = {NEW: "New", RISING: "Rising", REOPENED: "Back again", MOVER: "Model"}


def digest(news: News, span: int) -> tuple[str, str]:
    """Return the digest of a span of days as (Markdown, HTML)."""
    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).resolve().parents[1]),
        # What is in Markdown goes through `words`, which leaves no mark of it.
        autoescape=select_autoescape(["html.j2"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters |= {"words": words.in_markdown, "target": _target}
    jinja.globals |= {"address": address, "most": MOST, "text_most": words.TEXT_MOST}
    heading = "What is new" if news.day is None else f"What is new, {news.day}"
    given = {"news": news, "heading": heading, "about": _about(news, span), "sections": SECTIONS}
    markdown = jinja.get_template("digest.md.j2").render(given)
    html = jinja.get_template("digest.html.j2").render(given)
    return re.sub(r"\n{3,}", "\n\n", markdown).strip() + "\n", html + "\n"


def _about(news: News, span: int) -> str:
    if news.day is None:
        return ""
    days = f"The {span} days from {news.first} to" if span > 1 else "The day"
    counts = [f"{len(news.of(kind))} {name.lower()}" for kind, name, _ in SECTIONS[:3]]
    told = f"{days} {news.day} (UTC): {', '.join(counts)}."
    if news.history_since and news.first and news.history_since >= news.first:
        told += f" History begins on {news.history_since}: nobody knows what was new that day."
    return told


def _target(url: str) -> str:
    """Return an address as the target of a link in Markdown, which no character of it can end."""
    return quote(url, safe=":/?#@!$&'*+,;=%-._~")


def feed(news: News) -> str:
    """Return what is new, rising, back again or moved as an Atom feed (RFC 4287).

    The same things give the same bytes; an entry's id stays when its words change.
    """
    ET.register_namespace("", ATOM)
    root = ET.Element(f"{{{ATOM}}}feed")
    _part(root, "title", "Assay: problems that developers have, and models on the move")
    _part(root, "id", f"{TAG}feed")
    _part(root, "updated", _moment(news.day or date(2026, 1, 1)))
    _part(_part(root, "author"), "name", "Assay")
    for one in sorted(news.happenings, key=lambda one: (one.occasion, one.heat), reverse=True):
        _entry(root, one)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _entry(root: ET.Element, one: Happening) -> None:
    entry = _part(root, "entry")
    _part(entry, "title", f"{KIND_NAMES[one.kind]}: {words.in_xml(one.title, words.TITLE_MOST)}")
    subject = quote(one.subject, safe="")
    _part(entry, "id", f"{TAG}{one.kind}/{subject}/{one.occasion}")
    _part(entry, "updated", _moment(one.occasion))
    for term in filter(None, (one.kind, one.category)):
        _part(entry, "category", term=term)
    lines = [words.in_xml(one.description)]
    if one.people:
        lines.append(f"{one.people} people, {one.posts} posts on {', '.join(one.sources)}")
    if one.models:
        lines.append(f"Speaks of: {words.in_xml(', '.join(one.models))}")
    _part(entry, "content", "\n".join(filter(None, lines)), type="text")
    for _, title, url in one.evidence:
        if found := address(words.in_xml(url, len(url))):
            _part(entry, "link", rel="related", href=found, title=words.in_xml(title))


def _part(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    part = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    part.text = text or None
    return part


def _moment(day: date) -> str:
    return datetime.combine(day, time(), UTC).isoformat()

"""The bodies of posts as sites keep them that turn Markdown into HTML.

Of Markdown only what the posts under posts/ use.
"""

from __future__ import annotations

import html
import re

FENCE = re.compile(r"^```(.*\n(?:.*\n)*?)```$", re.MULTILINE)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
LISTS = ((re.compile(r"[-*] "), "ul"), (re.compile(r"\d+\. "), "ol"))


def inline(text: str) -> str:
    """Escaped text with code spans, links and emphasis."""
    parts = re.split(r"`([^`]+)`", text)
    for number, part in enumerate(parts):
        escaped = html.escape(part, quote=False)
        if number % 2:
            parts[number] = f"<code>{escaped}</code>"
            continue
        escaped = LINK.sub(r'<a href="\2" rel="nofollow noreferrer">\1</a>', escaped)
        escaped = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escaped)
        parts[number] = re.sub(r"(?<![\w*])\*(\S.*?)\*(?![\w*])", r"<em>\1</em>", escaped)
    return "".join(parts)


def block(text: str) -> str:
    """One paragraph, list, heading or quote as HTML."""
    lines = text.split("\n")
    for marker, tag in LISTS:
        if all(marker.match(line) for line in lines):
            items = "".join(f"<li>{inline(marker.sub('', line, count=1))}</li>\n" for line in lines)
            return f"<{tag}>\n{items}</{tag}>\n"
    if all(line.startswith(">") for line in lines):
        quote = "\n".join(line[1:].strip() for line in lines)
        return f"<blockquote>\n<p>{inline(quote)}</p>\n</blockquote>\n"
    if heading := re.fullmatch(r"(#{1,6}) (.*)", text):
        level = len(heading[1])
        return f"<h{level}>{inline(heading[2])}</h{level}>\n"
    return f"<p>{inline(text)}</p>\n"


def markdown(body: str) -> str:
    """Markdown as HTML."""
    result = ""
    for number, part in enumerate(FENCE.split(body)):
        if number % 2:
            language, _, code = part.partition("\n")
            kind = f' class="lang-{language} prettyprint-override"' if language else ""
            result += f"<pre{kind}><code>{html.escape(code, quote=False)}</code></pre>\n"
        else:
            result += "".join(block(text) for text in re.split(r"\n{2,}", part.strip()) if text)
    return result

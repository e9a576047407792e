"""One report in two forms: Markdown for a file, aligned plain text for a terminal.

Cells may hold what strangers wrote. It is shown as text: markup is escaped, controls and marks of
direction are written out, and what is too long is cut. Only `TrustedText`, text of our own modules,
stands as it is.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from textwrap import wrap
from typing import Any

from assay.common.show import table
from assay.common.text import escape_control_chars, shorten

NOTHING = "-"
MAX_CHARACTERS = 80
Rows = Sequence[Sequence[Any]]


class TrustedText(str):
    """Text of our own modules: it is shown as it stands."""

    __slots__ = ()


@dataclass(frozen=True)
class Block:
    """One part of the report, ready for either form: what to say, a table or a picture, its origin.

    alarms: what a reader must not miss.
    """

    title: str
    about: str
    columns: Sequence[str]
    rows: Rows
    source: str
    picture: str = ""
    alarms: tuple[str, ...] = ()


def markdown(blocks: Sequence[Block]) -> str:
    """Return the report as Markdown."""
    lines = ["# Hugging Face catalog: ingestion report", ""]
    lines += [f"> **ATTENTION: {alarm}**\n" for alarm in alarms_of(blocks)]
    for block in blocks:
        lines += [f"## {block.title}", "", block.about, ""]
        if block.picture:
            lines += [f"![{block.title}]({block.picture})", ""]
        elif block.rows:
            lines += [*_markdown_table(block), ""]
        else:
            lines += ["Nothing.", ""]
        lines += [block.source, ""] if block.source else []
    return "\n".join(lines)


def _markdown_table(block: Block) -> Iterator[str]:
    rule = ["---:" if right else "---" for right in _right(block)]
    for row in (block.columns, rule, *block.rows):
        cells = row if row is rule else map(in_markdown, row)
        yield f"| {' | '.join(cells)} |"


def plain(blocks: Sequence[Block]) -> str:
    """Return the report as aligned text for a terminal, without the queries."""
    lines = ["Hugging Face catalog: ingestion report"]
    lines += [f"!!! ATTENTION: {alarm}" for alarm in alarms_of(blocks)]
    for block in blocks:
        lines += ["", block.title, "-" * len(block.title), *wrap(block.about, 100)]
        if block.picture:
            lines.append(f"Picture: {block.picture}")
        elif block.rows:
            lines += ["", *_plain_table(block)]
        else:
            lines.append("Nothing.")
    return "\n".join([*lines, "", "The query of each number is in the Markdown.", ""])


def _plain_table(block: Block) -> Iterator[str]:
    rows = [[shown(value) for value in row] for row in (block.columns, *block.rows)]
    align = "".join(">" if right else "<" for right in _right(block))
    return table(rows, align, indent="  ")


def _right(block: Block) -> list[bool]:
    """Say of each column whether it holds numbers and nothing else: those are set to the right."""
    return [
        all(isinstance(value, int | float | Decimal | None) for value in column)
        and any(value is not None for value in column)
        for column in zip(*block.rows, strict=True)
    ]


def alarms_of(blocks: Sequence[Block]) -> list[str]:
    """Return what a reader must not miss, in order."""
    return [alarm for block in blocks for alarm in block.alarms]


def shown(value: Any) -> str:
    """Return a value as a reader wants it: one line, no control characters, not endless."""
    if value is None:
        return NOTHING
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, float | Decimal):
        whole = isinstance(value, Decimal) and value.as_tuple().exponent == 0
        return f"{value:,.0f}" if whole else f"{value:,.1f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    text = shorten(escape_control_chars(str(value)), MAX_CHARACTERS, tail=20)
    return text if text.strip() else "(blank)"


def in_markdown(value: Any) -> str:
    """Return a value as a cell of a table; text from outside is code, and nothing in it can act."""
    text = shown(value)
    if not isinstance(value, str) or isinstance(value, TrustedText):
        return text
    if not re.search(r"[|<>&`\\]", text):
        return f"`{text}`"
    # An entity stands for its character and never for markup, not even for a table's bar.
    escaped = re.sub(r"[^\w ./…-]|_", lambda match: f"&#{ord(match[0])};", text)
    return f"<code>{escaped}</code>"

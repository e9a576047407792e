"""Rows of gold as records of PocketBase: what is sent, under which id, and its hash."""

import hashlib
import math
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

import duckdb
import orjson

from assay.publish.pocketbase.schema import EVIDENCE, FIELDS, ISSUES, POST_TITLE_MOST, TEXT_MOST
from assay.publish.pocketbase.schema import TITLE_MOST as ISSUE_TITLE_MOST

ID_CHARACTERS = 15  # what PocketBase's ids have: 75 bits of the sha256
ROWS_AT_ONCE = 1000
MARK = "…"

Key = tuple[Any, ...]  # (cluster_date, cluster_id), for evidence with url_hash

# Of what people muted or found to be no problem, which is not published, no post is either.
_EVIDENCE = """(
    select evidence.*
    from gold.issue_evidence as evidence
    inner join gold.issues as issue using (cluster_date, cluster_id)
    where issue.standing = 'open'
)"""
_TABLES = {ISSUES: "gold.published_issues", EVIDENCE: _EVIDENCE}
_KEYS = {ISSUES: "cluster_date, cluster_id", EVIDENCE: "cluster_date, cluster_id, url_hash"}
# Texts that are cut when too long; a cut address or id would be a wrong one.
_CUT = {
    ISSUES: {"canonical_title": ISSUE_TITLE_MOST, "description": TEXT_MOST},
    EVIDENCE: {"title": POST_TITLE_MOST, "body": TEXT_MOST},
}


@dataclass(frozen=True)
class Record:
    """One record as PocketBase is to have it.

    fields: everything but id and content_hash, in the form in which PocketBase gives it back.
    """

    collection: str
    key: Key
    issue_id: str
    fields: dict[str, Any]

    @cached_property
    def id(self) -> str:
        """Return the record's id."""
        return record_id(self.collection, self.key)

    @cached_property
    def content_hash(self) -> str:
        """Return the hash of the fields."""
        return content_hash(self.collection, self.fields)

    @property
    def body(self) -> dict[str, Any]:
        """Return what is sent."""
        return {"id": self.id, **self.fields, "content_hash": self.content_hash}


def records(cursor: duckdb.DuckDBPyConnection, collection: str) -> Iterator[Record]:
    """Yield what a collection is to hold, newest day first, from gold.

    Raises duckdb.CatalogException when gold is not built.
    """
    newest_first = _KEYS[collection].replace("cluster_date", "cluster_date desc")
    cursor.execute(f"select * from {_TABLES[collection]} order by {newest_first}")  # noqa: S608
    names = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        for row in rows:
            yield _record(collection, dict(zip(names, row, strict=True)))


def keys(cursor: duckdb.DuckDBPyConnection, collection: str) -> Iterator[Key]:
    """Yield the keys of all records that a collection is to hold, without making the records."""
    cursor.execute(f"select {_KEYS[collection]} from {_TABLES[collection]}")  # noqa: S608
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield from rows


def record_id(collection: str, key: Key) -> str:
    """Return the id of a record: 15 characters a-z and 2-7, the same for the same key always."""
    text = "|".join([collection, *map(str, key)])
    return b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:ID_CHARACTERS]


def content_hash(collection: str, fields: dict[str, Any]) -> str:
    """Return the hash (32 hexadecimal digits) of our fields of a record, ours or the server's."""
    ours = {
        field["name"]: _plain(fields.get(field["name"]))
        for field in FIELDS[collection]
        if field["name"] != "content_hash"
    }
    return hashlib.sha256(orjson.dumps(ours, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` characters, cut at a word and marked where it was longer."""
    if len(text) <= most:
        return text
    head = text[:most]  # one more than there is room for: it may end exactly with a word
    ends = len(head)
    while ends and not head[ends - 1].isspace():
        ends -= 1
    words = head[:ends]
    # A last "word" of most of the text is none; then the cut is where the room ends.
    kept = words if 3 * len(words) >= most else head
    return kept.rstrip()[: most - len(MARK)] + MARK


def _record(collection: str, row: dict[str, Any]) -> Record:
    cuts = _CUT[collection]
    key: Key = (row["cluster_date"], row["cluster_id"])
    if collection == EVIDENCE:
        row["issue"] = record_id(ISSUES, key)
        key = (*key, row["url_hash"])
    fields = {}
    for field in FIELDS[collection]:
        name = field["name"]
        if name != "content_hash":
            value = _value(field["type"], row[name])
            fields[name] = cut(value, cuts[name]) if name in cuts else value
    return Record(collection, key, row.get("issue_id", ""), fields)


def _value(kind: str, value: Any) -> Any:
    """Return a value of gold as PocketBase keeps it, which knows no null outside JSON."""
    if kind == "number":
        return _plain(value) if value is not None and math.isfinite(value) else 0
    if kind == "bool":
        return bool(value)
    if kind == "date":
        return _moment(value) if value is not None else ""
    if kind == "json":
        return _entry(value) if isinstance(value, dict) else [_entry(one) for one in value or []]
    return "" if value is None else str(value)


def _entry(entry: Any) -> Any:
    """Return one source, quote or day of a trend, or the reasons of the fields, as JSON has it."""
    if not isinstance(entry, dict):
        return entry
    return {
        name: str(value) if isinstance(value, date) else _plain(value)
        for name, value in entry.items()
    }


def _plain(value: Any) -> Any:
    """Write 12.0 as 12, wherever it is: so does PocketBase, and hashes are compared."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _plain(entry) for name, entry in value.items()}
    return value


def _moment(value: datetime) -> str:
    """Return a moment as PocketBase writes it: UTC, to the millisecond."""
    utc = value.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S}.{utc.microsecond // 1000:03d}Z"

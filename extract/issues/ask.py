"""Asking sources one by one for posts that may have been taken back.

Two kinds may have been: posts that a later, complete reading of their day did not show, and posts
on the page that nobody asked for since `issues.ask_again_days`. What a source shows again is
stored anew, with its counters; what it says it does not have any more gets a tombstone. No silence
is taken for an answer: an API that fails takes back nothing.
"""

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract import settings
from assay.extract.http.transport import SourceRefusedError, SourceUnavailableError
from assay.extract.landing.run_folder import RunFolder
from assay.extract.posts.api import NotConfiguredError, open_source
from assay.extract.posts.bronze import POSTS, REMOVED, load_posts
from assay.extract.posts.lines import DayLines, LineWriter
from assay.extract.posts.post import Known, Post, QueryRefusedError, Removed, Source

log = logging.getLogger(__name__)

_COLUMNS = """
    post.url_hash, post.native_id, post.url, post.query, post.collection_date,
    epoch(post.created_at)::bigint as created_at, post.raw::varchar as raw
"""
# Read whole since, and not among what came.
_MISSED_SQL = f"""
    select {_COLUMNS}
    from bronze.raw_items as post
    where post.source = $source and exists (
        from bronze.collected_windows as seen
        where seen.source = post.source and seen.query = post.query
            and seen.is_final and not seen.truncated and seen.run_id <> post.run_id
            and seen.collected_at > post.collected_at
            and post.created_at >= seen.window_start and post.created_at < seen.window_end
    )
    order by post.collected_at, post.url_hash limit $most
"""  # noqa: S608 - names of our own
_SHOWN_SQL = f"""
    select {_COLUMNS}
    from bronze.raw_items as post
    where post.source = $source and post.collected_at < $before::timestamptz
        and post.url_hash in (select url_hash from gold.issue_evidence)
    order by post.collected_at, post.url_hash limit $most
"""  # noqa: S608 - names of our own


@dataclass(frozen=True)
class Bounds:
    """How many posts of a source one run asks for at most, and after how many days it asks again
    for what is on the page; 0 days: never."""

    most: int
    days: int


def bounds() -> Bounds:
    """Read issues.ask_again_most and issues.ask_again_days. Raises SettingError."""
    return Bounds(
        settings.number("issues.ask_again_most", int, 0, 100_000, 200),
        settings.number("issues.ask_again_days", int, 0, 3660, 30),
    )


def ask_again(
    names: list[str], parent: Path, limits: Bounds, *, salt: bytes, now: int, progress: Collector
) -> Counter[str]:
    """Ask these sources for what may have been taken back, and load what they say.

    parent: of the run folders. now: seconds since the epoch. Returns how many posts are there and
    how many were taken back.
    """
    waiting = {name: found for name in names if (found := _waiting(name, limits, now))}
    if not waiting:
        return Counter()
    days = sorted({str(post.day) for found in waiting.values() for post in found})
    folder = RunFolder.create(parent, {"sources": list(waiting), "days": days, "again": True})
    lines = LineWriter(folder.run_id, salt, 0, now)
    said, counts = DayLines(), Counter[str]()
    for name, posts in waiting.items():
        _ask(name, posts, lines, said, counts)
    for beginning, records in ((REMOVED, said.removed), (POSTS, said.posts)):
        with folder.records(f"{beginning}0001.json") as out:
            for record in records:
                out.write(record)
    folder.finish("extracted")
    load_posts(folder, progress)
    folder.finish("loaded")
    log.info(
        "asked again for %d posts: %d are there, %d were taken back, %d nobody could tell",
        sum(map(len, waiting.values())),
        counts["there"],
        counts["taken back"],
        counts["unknown"],
    )
    return counts


def _waiting(source: str, limits: Bounds, now: int) -> list[Known]:
    """Return the posts to ask for, those first that a reading missed."""
    with warehouse.duckdb_file(writing=False) as db:
        found = _rows(db, _MISSED_SQL, source=source, most=limits.most)
        if limits.days and _has_evidence(db):
            before = datetime.fromtimestamp(now, UTC) - timedelta(days=limits.days)
            shown = {"source": source, "most": limits.most, "before": before}
            found += _rows(db, _SHOWN_SQL, **shown)
    return list({post.url_hash: post for post in found}.values())[: limits.most]


def _rows(db: duckdb.DuckDBPyConnection, sql: str, **values: object) -> list[Known]:
    return [Known(*row) for row in db.execute(sql, values).fetchall()]


def _has_evidence(db: duckdb.DuckDBPyConnection) -> bool:
    sql = "select 1 from duckdb_tables() where schema_name = 'gold' and table_name = $1"
    return bool(db.execute(sql, ["issue_evidence"]).fetchall())


def _ask(
    name: str, posts: list[Known], lines: LineWriter, said: DayLines, counts: Counter[str]
) -> None:
    """Ask one source; what it does not answer is asked by a later run."""
    told = 0
    try:
        source: Source = open_source(name)
    except (NotConfiguredError, settings.SettingError):
        return
    try:
        for known, reading in source.look_up(posts):
            told += 1
            if isinstance(reading, Post | Removed):
                lines.again(name, known, reading, said)
            kinds = {Post: "there", Removed: "taken back"}
            counts[kinds.get(type(reading), "unknown")] += 1
    except (QueryRefusedError, SourceRefusedError, SourceUnavailableError) as error:
        why = warehouse.first_line(error)
        log.warning("%s was not asked again for %d posts: %s", name, len(posts) - told, why)
    finally:
        source.api.close()

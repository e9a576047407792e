"""Taking what was made of posts out of the files beside the warehouse.

data: the data folder, or the folder into which a back-up was unpacked. A file that is not there has
nothing of anybody.
"""

import html
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb

from assay import warehouse
from assay.warehouse.compute import blocks_dir

REPORT = "issues.html"
DIGESTS = ("digest.md", "digest.html", "issues.atom")  # with titles in the words of posts
COMPLAINTS = "catalog/catalog-data/*/complaints.parquet"  # likewise; the page does without it
# Answers to questions about labels (mining/label/prompt.py), by the groups that they were about.
_ANSWERS = """
    delete from answers where prompt_hash in (
        select prompt_hash from calls where purpose = 'issue_labels' and task_key in ({marks})
    )
"""
# The cache of a lake (assay/dbt/lake_cache.py), and what blocks of texts leave behind when whoever
# computed them was killed (assay/mining/compute/blocks.py).
LAKE_VECTORS = "ops.embedding_cache"
BLOCKS = ("*/*.parquet", "*/.*.partial")
LOOK_UP = 500  # values per statement
WAIT_SECONDS = 60.0


def vectors(data: Path, texts: Sequence[str]) -> int:
    """Delete the vectors of texts from the cache of embeddings; return how many."""
    from assay.mining.embed.cache import hashes_of  # noqa: PLC0415 - numpy, and mostly not needed

    keys = [bytes.fromhex(key) for text in texts for key in hashes_of(text)]
    path = data / "embeddings" / "cache.sqlite"
    return _delete(path, "vectors", "delete from vectors where text_hash in ({marks})", keys)


def lake_vectors(db: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> int:
    """Delete the vectors of texts from the cache of a lake; return how many."""
    from assay.mining.embed.cache import hashes_of  # noqa: PLC0415 - as above

    there = db.execute(
        "select 1 from information_schema.tables where table_catalog = current_database() "
        "and table_schema || '.' || table_name = $1",
        [LAKE_VECTORS],
    ).fetchall()
    if not there:
        return 0
    keys = [bytes.fromhex(key) for text in texts for key in hashes_of(text)]
    sql = f"delete from {LAKE_VECTORS} where text_hash in (select unnest($1::blob[]))"  # noqa: S608
    [(count,)] = db.execute(sql, [keys]).fetchall()
    return int(count)


def blocks(data: Path | None) -> int:
    """Delete the files of blocks that a killed build left, which do not say whose texts they have;
    return how many. data: as above, None for where this environment has them."""
    folder = blocks_dir() if data is None else data / "embeddings" / "blocks"
    left = [path for pattern in BLOCKS for path in folder.glob(pattern)]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def answers(data: Path, fingerprints: Sequence[str]) -> int:
    """Delete a language model's answers, and its failures, about groups of posts; return how many.
    What was paid for them stays in the record of calls, which has no words."""
    path = data / "llm.sqlite"
    count = _delete(path, "answers", _ANSWERS, fingerprints)
    _delete(path, "failures", "delete from failures where task_key in ({marks})", fingerprints)
    _delete(
        path, "calls", "update calls set error = null where task_key in ({marks})", fingerprints
    )
    return count


def report(reports: Path, urls: Sequence[str]) -> int:
    """Delete the report on issues when it shows one of these addresses, and digests and what the
    catalog's page has of complaints, which do not say whose words they have; return how many files.
    Each is made again by its command."""
    gone = [*(reports / name for name in DIGESTS), *reports.glob(COMPLAINTS)]
    path = reports / REPORT
    if path.is_file():
        shown = path.read_text(encoding="utf-8")
        if any(url in shown or html.escape(url) in shown for url in urls):
            gone.append(path)
    there = [path for path in gone if path.is_file()]
    for path in there:
        path.unlink()
    return len(there)


def backups() -> int:
    """Return how many back-ups there are, which hold what they held."""
    return len(list((warehouse.data_dir() / "backups").glob("assay-*.tar")))


def _delete(path: Path, table: str, sql: str, values: Sequence[object]) -> int:
    """Run a statement over values; where the file or its table is missing, nothing is there."""
    if not values or not path.is_file():
        return 0
    count = 0
    with closing(sqlite3.connect(path, timeout=WAIT_SECONDS)) as db, db:
        if not db.execute("select 1 from sqlite_master where name = ?", (table,)).fetchall():
            return 0
        db.execute("pragma secure_delete = on")  # what is deleted is overwritten
        for start in range(0, len(values), LOOK_UP):
            part = values[start : start + LOOK_UP]
            marks = ", ".join("?" * len(part))
            count += db.execute(sql.format(marks=marks), part).rowcount
    return count

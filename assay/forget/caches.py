"""Taking what was made of posts out of the files beside the warehouse.

data: the data folder, or the folder into which a back-up was unpacked. A file that is not there has
nothing of anybody.
"""

import html
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from assay import warehouse

REPORT = "issues.html"
DIGESTS = ("digest.md", "digest.html", "issues.atom")  # with titles in the words of posts
COMPLAINTS = "catalog/catalog-data/*/complaints.parquet"  # likewise; the page does without it
# Answers to questions about labels (mining/label/prompt.py), by the groups that they were about.
_ANSWERS = """
    delete from answers where prompt_hash in (
        select prompt_hash from calls where purpose = 'issue_labels' and task_key in ({marks})
    )
"""
LOOK_UP = 500  # values per statement
WAIT_SECONDS = 60.0


def vectors(data: Path, texts: Sequence[str]) -> int:
    """Delete the vectors of texts from the cache of embeddings; return how many."""
    from assay.mining.embed.cache import hashes_of  # noqa: PLC0415 - numpy, and mostly not needed

    keys = [bytes.fromhex(key) for text in texts for key in hashes_of(text)]
    path = data / "embeddings" / "cache.sqlite"
    return _delete(path, "vectors", "delete from vectors where text_hash in ({marks})", keys)


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

"""`make lake-compact`, and what an erasure leaves in the files of a lake."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from assay import forget, warehouse
from assay.runs import compact
from assay.warehouse import lake

WORDS = "words that nobody may read any more"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Make a lake the warehouse of every area; return the folder of its files."""
    monkeypatch.setenv("ASSAY_TARGET", lake.TARGET)
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv(lake.CATALOG, str(tmp_path / "lake.sqlite"))
    monkeypatch.setenv(lake.DATA, str(tmp_path / "files"))
    with duckdb.connect() as connection:
        lake.attach(connection, warehouse.where_is_lake())
        connection.execute("use lake; create schema bronze")
        connection.execute(
            "create table bronze.raw_items (url_hash varchar, url varchar, title varchar, "
            "author_hash varchar, source varchar, native_id varchar, collection_date date, "
            "created_at timestamptz)"
        )
        for number in range(3):
            connection.execute(
                "insert into bronze.raw_items "
                "select 'h' || i, 'https://example.org/' || i, $1, 'a', 'reddit', i::varchar, "
                "date '2026-01-01', timestamptz '2026-01-01 00:00:00Z' from range($2, $3) t(i)",
                [WORDS if number == 1 else "a title", number * 100, number * 100 + 100],
            )
    yield tmp_path / "files"


def is_in_files(folder: Path, words: str) -> bool:
    """Tell whether a file has these words, whether the catalog knows the file or not."""
    return any(words in str(pq.read_table(path).to_pylist()) for path in folder.rglob("*.parquet"))


def titles() -> list[tuple]:
    with warehouse.connect(lake.TARGET) as db:
        return db.rows("select title, count(*) from bronze.raw_items group by 1 order by 1")


def test_compacting_leaves_the_rows_and_the_history_that_is_to_be_kept(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with warehouse.connect(lake.TARGET) as db:
        [(first,)] = db.rows("select min(snapshot_id) from ducklake_snapshots('lake')")
    rows = titles()
    assert compact.main(["--keep-days", "1"]) == 0
    with warehouse.connect(lake.TARGET) as db:
        assert db.rows("select min(snapshot_id) from ducklake_snapshots('lake')") == [(first,)]
    assert compact.main(["--keep-days", "0"]) == 0
    with warehouse.connect(lake.TARGET) as db:
        assert db.rows("select count(*) from ducklake_snapshots('lake')")[0][0] < 5
    assert titles() == rows == [("a title", 200), (WORDS, 100)]
    assert "snapshots of the last 0 days are kept" in capsys.readouterr().out


def test_what_is_erased_is_in_no_file_and_no_snapshot(files: Path) -> None:
    assert is_in_files(files, WORDS)
    gone = [
        forget.Removal(forget.POST, f"h{number}", "reddit", None, "deleted", False, _now())
        for number in range(100, 200)
    ]
    with warehouse.duckdb_file(writing=True) as db:
        forget.prepare(db)
        forget.add(db, gone)
        found = forget.erase_pending(db)
    assert len(found.url_hashes) == 100
    assert titles() == [("a title", 200)]
    assert is_in_files(files, "a title")
    assert not is_in_files(files, WORDS)


def test_there_is_nothing_to_compact_where_there_is_no_lake(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ASSAY_TARGET", raising=False)
    assert compact.main([]) == 1
    assert "nothing to compact" in capsys.readouterr().err


def _now() -> datetime:
    return datetime(2026, 2, 1, tzinfo=UTC)

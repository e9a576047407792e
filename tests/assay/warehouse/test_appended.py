"""What counts of rows that several runs added to a lake: by what they say, in whatever order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from assay.warehouse import appended, lake

pytestmark = pytest.mark.ci("what counts of a lake's rows is told by the rows, in any order")

POSTS = "url_hash varchar, collection_date date, collected_at timestamptz, run_id varchar"
WINDOWS = (
    "source varchar, query varchar, collection_date date, window_start timestamptz, "
    "window_end timestamptz, collected_at timestamptz, run_id varchar"
)
DATA_SETS = "dataset_id varchar, observed_at timestamptz, fetched_at timestamptz, run_id varchar"
REFERENCES = (
    "model_id varchar, dataset_id varchar, is_gone boolean, observed_at timestamptz, "
    "run_id varchar, _dlt_load_id varchar"
)
ENTITY, MAPPING = appended.BY_NAME["hf_datasets"], appended.BY_NAME["hf_model_datasets"]
SHOWN = "select * from bronze.{} order by all"


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a lake with some of the tables, as a loader makes them, and their views."""
    monkeypatch.setenv(lake.CATALOG, str(tmp_path / "lake.duckdb"))
    monkeypatch.setenv(lake.DATA, str(tmp_path / "files"))
    with duckdb.connect() as connection:
        lake.attach(connection, lake.lake(tmp_path))
        connection.execute("use lake; set timezone = 'UTC'; create schema bronze")
        connection.execute(f"create table bronze.{appended.ITEMS.table} ({POSTS})")
        connection.execute(f"create table bronze.{appended.WINDOWS.table} ({WINDOWS})")
        connection.execute(f"create table bronze.{ENTITY.table} ({DATA_SETS})")
        connection.execute(f"create table bronze.{MAPPING.table} ({REFERENCES})")
        appended.prepare(connection)
        yield connection


def add(db: duckdb.DuckDBPyConnection, one: appended.Appended, rows: list[tuple]) -> None:
    marks = ", ".join(["(" + ", ".join("?" * len(rows[0])) + ")"] * len(rows))
    values = [value for row in rows for value in row]
    db.execute(f"insert into bronze.{one.table} values {marks}", values)


def orders(runs: list) -> list[list]:
    return [runs, runs[::-1], [*runs[1:], runs[0]]]


def shown(db: duckdb.DuckDBPyConnection, one: appended.Appended) -> list[tuple]:
    return db.execute(SHOWN.format(one.name)).fetchall()


def post(key: str, day: int, hour: int, run: str) -> tuple:
    return (key, date(2026, 3, day), moment(5, hour), run)


def window(day: int, start: int, end: int, hour: int, run: str) -> tuple:
    of_day = [moment(day, start), moment(day, end)]
    return ("reddit", "r/a", date(2026, 3, day), *of_day, moment(5, hour), run)


def moment(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC) + timedelta(hours=hour)


# Run 1 and 2 read the same days, of which run 2 saw them last; run 3 read a later day, in which one
# of the posts turned up again; run 4 read it at the same moment as run 3.
RUNS = [
    [post("a", 1, 8, "run-1"), post("b", 1, 8, "run-1"), post("c", 1, 8, "run-1")],
    [post("a", 1, 9, "run-2"), post("b", 1, 9, "run-2")],
    [post("b", 2, 7, "run-3")],
    [post("b", 2, 7, "run-4")],
]


def test_a_post_is_as_it_was_on_its_latest_day_in_whatever_order_runs_commit(
    db: duckdb.DuckDBPyConnection,
) -> None:
    wanted = None
    for order in orders(RUNS):
        db.execute(f"delete from bronze.{appended.ITEMS.table}")
        for rows in order:
            add(db, appended.ITEMS, rows)
        found = shown(db, appended.ITEMS)
        wanted = wanted or found
        assert found == wanted, order
    assert [(key, run) for key, *_, run in wanted] == [
        ("a", "run-2"),
        ("b", "run-4"),
        ("c", "run-1"),
    ]


def test_a_day_has_the_windows_of_the_run_that_looked_last(db: duckdb.DuckDBPyConnection) -> None:
    runs = [
        [window(1, 0, 24, 8, "run-1"), window(2, 0, 24, 8, "run-1")],
        [window(1, 0, 12, 10, "run-2"), window(1, 12, 24, 9, "run-2")],  # cut otherwise
        [window(2, 0, 24, 11, "run-1")],  # looked at again, and what run 1 found stays
    ]
    for order in orders(runs):
        db.execute(f"delete from bronze.{appended.WINDOWS.table}")
        for rows in order:
            add(db, appended.WINDOWS, rows)
        assert shown(db, appended.WINDOWS) == sorted(runs[1] + runs[2]), order


def test_an_entity_is_as_its_source_answered_last(db: duckdb.DuckDBPyConnection) -> None:
    runs = [
        [("a", moment(1, 1), moment(1, 2), "run-1"), ("b", moment(1, 1), moment(1, 2), "run-1")],
        [("a", moment(2, 1), None, "run-2")],  # not answered, which is known later
        [("a", moment(1, 3), moment(1, 4), "run-3"), ("b", moment(2, 3), moment(2, 3), "run-3")],
    ]
    for order in orders(runs):
        db.execute(f"delete from bronze.{ENTITY.table}")
        for rows in order:
            add(db, ENTITY, rows)
        assert shown(db, ENTITY) == [*runs[1], runs[2][1]], order


def test_a_model_refers_to_what_the_run_that_looked_last_found(
    db: duckdb.DuckDBPyConnection,
) -> None:
    def pair(model: str, data_set: str, hour: int, run: str, load: str) -> tuple:
        return (model, data_set, data_set == "", moment(1, hour), run, load)

    runs = [
        [pair("m", "a", 1, "run-1", "1"), pair("m", "b", 1, "run-1", "1")],
        [pair("m", "b", 2, "run-2", "2"), pair("m", "c", 2, "run-2", "2")],
        [pair("m", "b", 2, "run-2", "3"), pair("m", "c", 2, "run-2", "3")],  # the same, again
        [pair("n", "", 2, "run-2", "2")],  # refers to nothing
        [pair("n", "a", 1, "run-1", "1")],
    ]
    for order in orders(runs):
        db.execute(f"delete from bronze.{MAPPING.table}")
        for rows in order:
            add(db, MAPPING, rows)
        for _ in range(2):
            wanted = [("m", "b", "run-2"), ("m", "c", "run-2")]
            assert [(one[0], one[1], one[4]) for one in shown(db, MAPPING)] == wanted, order
            appended.drop_outdated(db)
        add(db, MAPPING, runs[4])
        assert len(shown(db, MAPPING)) == 2, "what was read before n referred to nothing"


def test_a_run_that_was_loaded_twice_counts_once(db: duckdb.DuckDBPyConnection) -> None:
    windows = [window(1, 0, 12, 8, "run-1"), window(1, 12, 24, 8, "run-1")]
    for _ in range(2):
        add(db, appended.ITEMS, RUNS[0])
        add(db, appended.WINDOWS, windows)
    assert len(shown(db, appended.ITEMS)) == len(RUNS[0])
    assert len(shown(db, appended.WINDOWS)) == len(windows)


def test_what_counts_for_nothing_can_be_dropped_and_nothing_else(
    db: duckdb.DuckDBPyConnection,
) -> None:
    for rows in RUNS:
        add(db, appended.ITEMS, rows)
    before = shown(db, appended.ITEMS)
    assert appended.drop_outdated(db) == sum(map(len, RUNS)) - len(before)
    assert shown(db, appended.ITEMS) == before
    assert appended.drop_outdated(db) == 0


def test_a_table_of_the_version_before_becomes_the_first_of_the_runs(
    db: duckdb.DuckDBPyConnection,
) -> None:
    for one in (appended.ITEMS, appended.WINDOWS):
        db.execute(f"drop view bronze.{one.name}; drop table bronze.{one.table}")
    db.execute(f"create table bronze.raw_by_run ({POSTS})")
    add(db, replace(appended.ITEMS, name="raw"), RUNS[0])
    db.execute("alter table bronze.raw_by_run rename to raw_items")
    appended.prepare(db)
    appended.prepare(db)
    assert [key for key, *_ in shown(db, appended.ITEMS)] == ["a", "b", "c"]
    add(db, appended.ITEMS, RUNS[1])
    assert ("c", "run-1") in [(key, run) for key, *_, run in shown(db, appended.ITEMS)]
    assert len(shown(db, appended.ITEMS)) == 3


def test_a_view_gets_the_columns_that_a_later_version_adds(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(f"alter table bronze.{appended.ITEMS.table} add column language varchar")
    appended.prepare(db)
    assert "language" in [name for name, *_ in db.execute("describe bronze.raw_items").fetchall()]


def test_the_view_is_read_through_a_lake_that_is_attached_by_another_name(
    db: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    add(db, appended.ITEMS, RUNS[0])
    db.execute("use memory; detach lake")
    with duckdb.connect() as other:
        lake.attach(other, lake.lake(tmp_path), alias="warehouse", make=False)
        [(count,)] = other.execute("select count(*) from warehouse.bronze.raw_items").fetchall()
    assert count == len(RUNS[0])

"""When a source that was loaded again holds nothing new."""

from pathlib import Path

import duckdb
import pytest

from assay.refresh import contents

POSTS = {
    "source_name": "bronze",
    "name": "posts",
    "schema": "bronze",
    "identifier": "posts",
    "meta": {"ignore_changes": ["read_at"]},
}
READ_AGAIN = "update bronze.posts set read_at = read_at + 1, _dlt_load_id = 'next'"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a warehouse with three posts."""
    file = tmp_path / "assay.duckdb"
    monkeypatch.setenv("DUCKDB_PATH", str(file))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))
    execute(
        file,
        "create schema bronze",
        """create table bronze.posts as select * from (values
            (1, 'one', [1.5], 10, 'first'), (2, 'two', [2.5], 10, 'first'),
            (3, null, null, 10, 'first')
        ) as post (id, title, vector, read_at, _dlt_load_id)""",
    )
    return file


def execute(file: Path, *statements: str) -> None:
    with duckdb.connect(file) as connection:
        for statement in statements:
            connection.execute(statement)


def test_only_sources_that_name_columns_without_news_are_read(database: Path) -> None:
    assert contents.of_sources([POSTS | {"meta": {}}]) == {}
    assert contents.of_sources([POSTS | {"identifier": "not_loaded"}]) == {}
    assert list(contents.of_sources([POSTS])) == ["bronze.posts"]


def test_what_may_be_missing_is_the_same_missing_or_empty(database: Path) -> None:
    may = POSTS | {"meta": POSTS["meta"] | {"empty_where_missing": True}}
    missing = contents.of_sources([may | {"identifier": "not_loaded"}])
    assert missing == {"bronze.posts": contents.EMPTY} != contents.of_sources([may])
    execute(database, "delete from bronze.posts")
    assert contents.of_sources([may]) == missing


@pytest.mark.parametrize(
    "statement",
    [
        READ_AGAIN,
        "create or replace table bronze.posts as select * from bronze.posts order by id desc",
    ],
)
def test_another_reading_or_order_is_nothing_new(database: Path, statement: str) -> None:
    before = contents.of_sources([POSTS])
    execute(database, statement)
    assert contents.of_sources([POSTS]) == before


@pytest.mark.parametrize(
    "statement",
    [
        "update bronze.posts set title = 'three' where id = 3",
        "update bronze.posts set vector = [2.25] where id = 2",
        "update bronze.posts set title = case id when 1 then 'two' else 'one' end where id < 3",
        "delete from bronze.posts where id = 1",
        "insert into bronze.posts select * from bronze.posts where id = 1",
        "alter table bronze.posts add column score integer",
        "alter table bronze.posts rename title to heading",
    ],
)
def test_anything_else_is_something_new(database: Path, statement: str) -> None:
    before = contents.of_sources([POSTS])
    execute(database, statement)
    assert contents.of_sources([POSTS]) != before

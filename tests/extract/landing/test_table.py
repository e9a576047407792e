"""A bronze table's columns are what it declares: no more come in, and later ones are added."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from assay import warehouse
from assay.extract.landing import bronze
from assay.extract.landing.table import BronzeTable
from tests.extract.helpers import NoProgress

FIRST = BronzeTable(
    "things",
    pa.schema([pa.field("thing_id", pa.string(), nullable=False), pa.field("size", pa.int64())]),
    primary_key=("thing_id",),
    newest_by="size",
)
LATER = BronzeTable("things", FIRST.schema.append(pa.field("colour", pa.string())), ("thing_id",))
Load = Callable[[Any], list[tuple[Any, ...]]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a resource into a warehouse of this test's own; return what the table then holds."""
    monkeypatch.chdir(warehouse.ROOT)
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "assay.duckdb"))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "data" / "dlt"))

    def into_bronze(resource: Any) -> list[tuple[Any, ...]]:
        pipeline = bronze.open_pipeline("things", "duckdb", NoProgress())
        bronze.run(pipeline, resource, "duckdb")
        with warehouse.connect("duckdb") as connection:
            return connection.rows("select * from bronze.things order by 1")

    return into_bronze


def test_rows_replace_those_with_the_same_key(load: Load) -> None:
    first = FIRST.of([{"thing_id": "a", "size": 1}, {"thing_id": "b"}])
    assert load(FIRST.resource([FIRST.empty(), first])) == [("a", 1), ("b", None)]
    assert load(FIRST.resource([FIRST.of([{"thing_id": "a", "size": 2}])])) == [
        ("a", 2),
        ("b", None),
    ]


def test_a_table_of_an_earlier_version_gets_the_columns_of_this_one(load: Load) -> None:
    load(FIRST.resource([FIRST.of([{"thing_id": "a", "size": 1}])]))
    red = LATER.of([{"thing_id": "b", "size": 2, "colour": "red"}])
    assert load(LATER.resource([red])) == [("a", 1, None), ("b", 2, "red")]


def test_a_column_that_nobody_declared_is_refused_by_name(load: Load) -> None:
    load(FIRST.resource([FIRST.of([{"thing_id": "a", "size": 1}])]))
    rows = [{"thing_id": "b", "size": 2, "author": "Ann"}]
    with pytest.raises(PipelineStepFailed, match="author"):
        load(dlt.resource(rows, **FIRST.hints(arrow=False)))


def test_of_rows_that_dlt_reads_with_one_key_the_newest_stays(load: Load) -> None:
    rows = [{"thing_id": "a", "size": size} for size in (1, 3, 2)]
    [row] = load(dlt.resource(rows, **FIRST.hints(arrow=False)))
    assert row[:2] == ("a", 3)


def test_what_an_earlier_version_merged_by_its_key_is_deleted_by_one_key_alone(load: Load) -> None:
    disposition = {"disposition": "merge", "strategy": "delete-insert"}
    rows = FIRST.of([{"thing_id": "a", "size": 1}])
    load(dlt.resource([rows], name="things", write_disposition=disposition, merge_key="thing_id"))
    load(FIRST.resource([FIRST.of([{"thing_id": "a", "size": 2}])]))
    pipeline = dlt.attach("things")
    column = pipeline.default_schema.tables["things"]["columns"]["thing_id"]
    assert (column["primary_key"], column["merge_key"]) == (True, False)

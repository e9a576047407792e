"""What dlt is told of a bronze table."""

from pathlib import Path

import dlt
import pyarrow as pa
import pytest

from assay.extract.landing.table import BronzeTable

TABLE = BronzeTable(
    "things",
    pa.schema([pa.field("id", pa.string(), nullable=False), pa.field("size", pa.int64())]),
    primary_key=["id"],
)


def test_a_table_that_an_earlier_version_merged_by_its_key_is_deleted_from_by_one_key_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pipeline = dlt.pipeline("p", destination="duckdb", pipelines_dir=str(tmp_path / "state"))
    rows = TABLE.of([{"id": "a", "size": 1}])
    disposition = {"disposition": "merge", "strategy": "delete-insert"}
    earlier = dlt.resource([rows], name="things", write_disposition=disposition, merge_key="id")
    pipeline.run(earlier)
    pipeline.run(TABLE.resource([TABLE.of([{"id": "a", "size": 2}])]))
    column = pipeline.default_schema.tables["things"]["columns"]["id"]
    assert (column["primary_key"], column["merge_key"]) == (True, False)
    with pipeline.sql_client() as client:
        assert client.execute_sql("select id, size from things") == [("a", 2)]

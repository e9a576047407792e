"""The Hub's sources as somebody uses them who has a pipeline of their own and nothing else of ours.

Each runs in a process of its own, in an empty folder: what dlt remembers of this project must not
help.
"""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.support import ROOT, SAMPLE

TASKS = ["fill-mask", "text-classification"]
CATALOG = {"hf_tasks", "hf_models", "hf_task_listings", "hf_task_pages", "hf_withdrawn"}
CALLS = {
    "hub_catalog": {"tasks": TASKS, "limit_per_task": 20, "min_interval_seconds": 0},
    "hub_enrichment": {
        "tasks": TASKS,
        "limit_per_task": 20,
        "min_interval_seconds": 0,
        "entities": ["licenses", "datasets"],
    },
}
MAY_BE_EMPTY = {"hf_withdrawn"}  # the sample has nothing private
ENRICHMENT = {
    "hf_licenses",
    "hf_model_licenses",
    "hf_datasets",
    "hf_model_datasets",
    "hf_without_references",
}
PROGRAM = """
import json, sys
import dlt
from assay import extract

name, call, destination, times = json.loads(sys.argv[1])
if destination == "filesystem":
    destination = dlt.destinations.filesystem("lake")
pipeline = dlt.pipeline("mine", destination=destination, dataset_name="lake", pipelines_dir="state")
for _ in range(times):
    info = pipeline.run(getattr(extract, name)(**call))
    info.raise_on_failed_jobs()
tables = pipeline.default_schema.tables

def columns(table, hint):
    return [name for name, column in tables[table]["columns"].items() if column.get(hint)]

print(json.dumps({
    table: {
        "keys": columns(table, "primary_key"),
        "merged_by": columns(table, "merge_key"),
        "disposition": tables[table]["write_disposition"],
        "contract": tables[table]["schema_contract"],
    }
    for table in pipeline.default_schema.data_table_names()
}))
"""


@pytest.fixture(scope="module")
def server() -> Any:
    """Return a replay server of the sample without limits."""
    with ReplayServer(SAMPLE, quota=0) as running:
        yield running


def start(
    folder: Path, address: str, name: str, destination: str, times: int = 1, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run a source so often in a pipeline in an empty folder."""
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
    environment = kept | {
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "HF_ENDPOINT": address,
        "ARXIV_ENDPOINT": address,
        "RUNTIME__DLTHUB_TELEMETRY": "false",
        **more,
    }
    (folder / "work").mkdir()
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([name, CALLS[name], destination, times])],
        cwd=folder / "work",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def load(
    folder: Path, server: ReplayServer, name: str, destination: str, times: int = 1, **more: str
) -> dict[str, Any]:
    """Run a source so often in an empty folder; return what dlt knows of its tables."""
    ended = start(folder, server.url, name, destination, times, **more)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return json.loads(ended.stdout.splitlines()[-1])


def counts(folder: Path, tables: set[str]) -> dict[str, int]:
    with duckdb.connect(folder / "work" / "mine.duckdb", read_only=True) as connection:
        return {
            table: connection.execute(f"select count(*) from lake.{table}").fetchone()[0]
            for table in sorted(tables)
        }


def test_the_catalog_loads_into_any_duckdb_and_a_second_run_changes_no_count(
    tmp_path: Path, server: ReplayServer
) -> None:
    tables = load(tmp_path, server, "hub_catalog", "duckdb", times=2)
    assert counts(tmp_path, CATALOG | {"hf_rejected"}) == {
        "hf_models": 40,
        "hf_rejected": 0,
        "hf_task_listings": 2,
        "hf_task_pages": 47,
        "hf_tasks": 2,
        "hf_withdrawn": 0,
    }
    assert {name: table["keys"] for name, table in tables.items()} == {
        "hf_models": [],
        "hf_tasks": ["task_id"],
        "hf_task_listings": ["task_id"],
        "hf_task_pages": ["task_id"],
        "hf_withdrawn": ["digest"],
        "hf_rejected": ["reject_id"],
    }
    assert tables["hf_models"]["merged_by"] == ["task_id"]
    assert {table["disposition"] for table in tables.values()} == {"merge"}
    assert all(table["contract"] == {"columns": "freeze"} for table in tables.values())
    left = {path.name for path in (tmp_path / "work").iterdir()}
    assert left == {"mine.duckdb", "state"}, "no run folder, no lock, no journal"


def test_what_models_refer_to_loads_into_any_duckdb_and_points_at_nothing_missing(
    tmp_path: Path, server: ReplayServer
) -> None:
    tables = load(tmp_path, server, "hub_enrichment", "duckdb", times=2)
    assert set(tables) == ENRICHMENT
    assert tables["hf_licenses"]["keys"] == ["license_id"]
    assert tables["hf_model_licenses"]["merged_by"] == ["model_id"]
    with duckdb.connect(tmp_path / "work" / "mine.duckdb", read_only=True) as connection:
        for entity, key in (("licenses", "license_id"), ("datasets", "dataset_id")):
            named, known, missing = connection.execute(
                f"select count(*), count(distinct {key}), count(*) filter (where {key} not in "
                f"(select {key} from lake.hf_{entity})) from lake.hf_model_{entity}"
            ).fetchone()
            assert (named > known > 0, missing) == (True, 0)
            assert connection.execute(
                f"select count(*), count(distinct {key}) from lake.hf_{entity}"
            ).fetchone() == (known, known)
        assert connection.execute(
            "select spdx_id, enriched, reason from lake.hf_licenses where license_id = 'mit'"
        ).fetchall() == [("MIT", True, None)]
    assert {path.name for path in (tmp_path / "work").iterdir()} == {"mine.duckdb", "state"}


@pytest.mark.slow("the sources of the Hub load into files")
@pytest.mark.parametrize(
    ("name", "tables"), [("hub_catalog", CATALOG), ("hub_enrichment", ENRICHMENT)]
)
def test_they_load_into_a_folder_of_files(
    tmp_path: Path, server: ReplayServer, name: str, tables: set[str]
) -> None:
    load(tmp_path, server, name, "filesystem")
    lake = tmp_path / "work" / "lake" / "lake"
    for table in tables - MAY_BE_EMPTY:
        [file] = (lake / table).glob("*.parquet")
        assert duckdb.execute(f"select count(*) > 0 from '{file}'").fetchone() == (True,)


@pytest.mark.slow("the sources of the Hub load into somebody's Postgres")
@pytest.mark.parametrize(
    ("name", "tables"), [("hub_catalog", CATALOG), ("hub_enrichment", ENRICHMENT)]
)
def test_they_load_into_postgres(
    tmp_path: Path, server: ReplayServer, postgres_host: str, name: str, tables: set[str]
) -> None:
    with empty_postgres(tmp_path / "project", postgres_host):
        address = f"postgresql://postgres:none@localhost/assay?host={postgres_host}"
        load(
            tmp_path, server, name, "postgres", times=2, DESTINATION__POSTGRES__CREDENTIALS=address
        )
        with (
            closing(
                psycopg2.connect(host=postgres_host, user="postgres", dbname="assay")
            ) as connection,
            connection.cursor() as cursor,
        ):
            for table in sorted(tables - MAY_BE_EMPTY):
                cursor.execute(f"select count(*) > 0 from lake.{table}")
                assert cursor.fetchone() == (True,), table


def test_a_token_comes_from_the_environment_and_is_written_nowhere(tmp_path: Path) -> None:
    token = {"HF_TOKEN": "hf_a_secret"}
    ended = start(tmp_path, "http://hub.invalid", "hub_catalog", "duckdb", **token)
    assert ended.returncode == 1
    assert "HF_TOKEN would go to http://hub.invalid unencrypted" in ended.stderr
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert token["HF_TOKEN"].encode() not in written + (ended.stdout + ended.stderr).encode()


def test_an_entity_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    from assay.extract import hub_enrichment

    with pytest.raises(ValueError, match="no entity 'licences', choose datasets, articles"):
        hub_enrichment(entities=["licences"])

"""`make run` on a lake: every data test passes, and every table is that of the default.

The catalog is a Postgres, for which lakes are. With one in a file of SQLite or DuckDB only other
extensions are attached, which tests/assay/warehouse/test_lake.py tries.
"""

import re
import sys
from pathlib import Path

import duckdb
import pytest

from tests.docs import pages
from tests.faults import compare
from tests.lake import lakes
from tests.sample_run import only_run, the_run


@pytest.mark.slow("the whole sample on a lake, table by table beside the default's; a refresh")
@pytest.mark.parametrize("compute", ["", "daft"])
def test_every_table_of_the_sample_equals_the_defaults(
    compute: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, postgres_host: str
) -> None:
    default = the_run(tmp_path_factory)
    with lakes.database(postgres_host):
        project = lakes.on_postgres(tmp_path, postgres_host, tmp_path / "files")
        own = {
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "ASSAY_STATE_DIR": str(tmp_path / "state"),
            "COMPUTE": compute,
        }
        with only_run(tmp_path_factory):
            project.run(sys.executable, "-m", "assay.runs.run", **own)
        wanted = default.folder / "data" / "assay.duckdb"
        with duckdb.connect(str(wanted), read_only=True) as first, project.lake() as second:
            first.execute("set timezone = 'UTC'")
            assert compare.different(first, second) == []
        steps = project.rows("select status, count(*) from gold.pipeline_runs group by 1")
        assert steps == [("done", 6)]
        snapshots, as_it_was = pages.queries_of_lakes()
        _, last, _ = project.rows(snapshots)[0]
        assert project.rows(as_it_was.replace("42", str(last))) == project.rows(
            "select heat_rank, canonical_title from gold.top_issues"
        )
        told = project.run(sys.executable, "-m", "assay.refresh", **own)
        assert re.search("^refresh: built (no table|0 of )", told, re.MULTILINE), told

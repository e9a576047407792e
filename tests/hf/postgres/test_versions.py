"""The whole catalog on the versions of Postgres that docs/postgres.md names.

`make postgres-versions` runs it on each, `make test-night` on those that a package of Python has.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.hf.postgres.binaries import others, version
from tests.postgres_server import postgres
from tests.support import SAMPLE, STAGE, Project

pytestmark = pytest.mark.slow("load, enrichment and every model on other versions of Postgres")

# What a table held before a build that says something else: values, a missing and a strange row.
DISTURBED = """
update hf.model_profile set downloads = -1, author = 'nobody';
delete from hf.model_lineage where depth = (select max(depth) from hf.model_lineage);
insert into hf_staging.stg_hf__task_listings
    select * from hf_staging.stg_hf__task_listings limit 1;
"""
TABLES = """
    select format('%I.%I', schemaname, tablename) from pg_tables
    where schemaname in ('hf', 'hf_staging') order by 1
"""


@pytest.fixture(params=others(), ids=version)
def on_version(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Project]:
    folder = STAGE / f"postgres-{version(request.param)}"
    with postgres(folder, request.param) as host, empty_postgres(tmp_path, host) as project:
        yield project


def held(project: Project) -> dict[str, list[tuple]]:
    """Return every table that dbt made, as text."""
    return {
        table: project.rows(f"select cast(held as text) from {table} as held order by 1")
        for (table,) in project.rows(TABLES)
    }


def test_the_catalog_is_built_and_built_again(on_version: Project) -> None:
    project = on_version
    with ReplayServer(SAMPLE, quota=0) as server:
        there = {"HF_ENDPOINT": server.url, "ARXIV_ENDPOINT": server.url}
        project.load(server.url)
        project.run("dlt", "pipeline", "hf_enrichment", "run", **there)
    project.build()  # with all data tests
    first = held(project)
    assert len(first["hf.models"]) > 500 and len(first["hf.model_lineage"]) > 50
    project.execute(DISTURBED)
    assert held(project) != first
    project.build()
    assert held(project) == first

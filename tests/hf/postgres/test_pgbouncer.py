"""Load, build and status through a real PgBouncer in transaction mode."""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.hf.postgres.pgbouncer import PGBOUNCER, pooled
from tests.support import SAMPLE, Project

pytestmark = pytest.mark.slow("a real PgBouncer in transaction mode before Postgres")


@pytest.fixture
def port(postgres_host: str) -> Iterator[int]:
    """Start PgBouncer; without one the tests fail and say what to do."""
    if missing := PGBOUNCER.missing():
        pytest.fail(missing, pytrace=False)
    with pooled(postgres_host) as port:
        yield port


def transactions(port: int) -> int:
    """Return how many transactions PgBouncer has handed to Postgres for the project's database.

    It hands out a connection for a transaction only, or the test is of something else.
    """
    settings = {"host": "127.0.0.1", "port": port, "user": "postgres", "dbname": "pgbouncer"}
    with closing(psycopg2.connect(**settings)) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("show config")
            assert ("pool_mode", "transaction") in {row[:2] for row in cursor.fetchall()}
            cursor.execute("show stats")
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return sum(row["total_xact_count"] for row in rows if row["database"] == "assay")


def test_the_catalog_is_loaded_built_and_told_of_through_a_transaction_pooler(
    tmp_path: Path, postgres_host: str, port: int
) -> None:
    with empty_postgres(tmp_path, postgres_host) as direct:
        through = {"POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(port)}
        project = Project(tmp_path, "postgres", (*direct.more, *through.items()))
        with ReplayServer(SAMPLE, quota=0) as server:
            there = {"HF_ENDPOINT": server.url, "ARXIV_ENDPOINT": server.url}
            project.load(server.url, "--max-tasks", "4", "--limit-per-task", "50")
            project.run("dlt", "pipeline", "hf_enrichment", "run", **there)
            project.build()
            loaded = transactions(port)
            # Again, over tables that are there: rows change in the tables themselves.
            project.load(server.url, "--max-tasks", "4", "--limit-per-task", "50")
            project.build()
        said = project.run(sys.executable, "-m", "assay.runs.status")
        assert transactions(port) > loaded > 100
        [(models,)] = direct.rows("select count(*) from hf.models")
        assert models > 20
        assert ["hf.models", str(models)] in [line.split() for line in said.splitlines()]

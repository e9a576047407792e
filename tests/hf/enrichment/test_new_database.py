"""A data folder may meet a database that it has never loaded: a new one, or one made anew."""

from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.hf.enrichment.workshop import TABLES, Workshop, models_of
from tests.support import SAMPLE

pytestmark = pytest.mark.slow("a data folder that meets a database it never loaded")

TABLES_OF_ALL = {table for pair in TABLES.values() for table in pair}


def test_a_duckdb_file_that_was_removed_is_loaded_anew(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    workshop.server = sample_server.url
    workshop.catalog(models_of(SAMPLE, 50))
    assert workshop.run() is None
    before = workshop.content()
    (workshop.folder / "assay.duckdb").unlink()
    assert workshop.run() is None
    assert workshop.content() == before
    assert workshop.tables() == TABLES_OF_ALL


def test_a_postgres_database_that_was_made_anew_is_loaded_anew(
    workshop: Workshop, sample_server: ReplayServer, postgres_host: str, tmp_path: Path
) -> None:
    workshop.server = sample_server.url
    workshop.more = {
        "POSTGRES_HOST": postgres_host,
        "POSTGRES_USER": "postgres",
        "POSTGRES_DB": "assay",
    }
    workshop.catalog(models_of(SAMPLE, 50))
    counts = []
    for schemas in ([], ["bronze", "bronze_staging"], ["bronze", "bronze_staging"]):
        with empty_postgres(tmp_path / "unused", postgres_host) as project:
            with project.postgres() as connection, connection.cursor() as cursor:
                for schema in schemas:  # as docs/postgres.md makes them
                    cursor.execute(f"create schema {schema}")
            assert workshop.run(target="postgres") is None
            counts.append(
                [
                    workshop.rows(f"select count(*) from bronze.{table}", "postgres")
                    for table in sorted(TABLES_OF_ALL)
                ]
            )
    assert counts[0] == counts[1] == counts[2] and [(0,)] not in counts[0]

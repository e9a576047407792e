"""The same tables on a real Postgres, with the same values."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.hf.enrichment.workshop import TABLES, Workshop, models_of
from tests.support import SAMPLE

pytestmark = pytest.mark.slow("enrichment on Postgres equals that on DuckDB")


@pytest.fixture
def postgres(tmp_path: Path, postgres_host: str) -> Iterator[dict[str, str]]:
    with empty_postgres(tmp_path / "unused", postgres_host):
        yield {"POSTGRES_HOST": postgres_host, "POSTGRES_USER": "postgres", "POSTGRES_DB": "assay"}


def test_postgres_holds_what_duckdb_holds_after_first_and_second_run(
    workshop: Workshop, sample_server: ReplayServer, postgres: dict[str, str]
) -> None:
    workshop.server, workshop.more = sample_server.url, postgres
    workshop.catalog(models_of(SAMPLE, 200))
    assert workshop.run("--depth", "2") is None
    asked = len(sample_server.requests)
    for _ in range(2):
        assert workshop.run("--depth", "2", target="postgres") is None
    assert len(sample_server.requests) == asked, "what is known is known for every destination"
    for table in (table for pair in TABLES.values() for table in pair):
        columns = [
            name
            for (name,) in workshop.rows(
                "select column_name from duckdb_columns() where schema_name = 'bronze' "
                f"and table_name = '{table}'"
            )
        ]
        texts = ", ".join(
            f"cast({name} as text)"
            for name in columns
            if name not in ("tags", "croissant", "authors", "categories")
        )
        query = f"select {texts} from bronze.{table}"
        there = workshop.rows(query, "postgres")
        here = workshop.rows(query)
        assert sorted(there, key=repr) == sorted(here, key=repr), table
        assert len(there) > 5, table
    types = workshop.rows(
        "select column_name, data_type from information_schema.columns where table_schema = "
        "'bronze' and data_type = 'jsonb' order by 1",
        "postgres",
    )
    assert sorted({name for name, _ in types}) == ["authors", "categories", "croissant", "tags"]
    first = "from bronze.arxiv_articles where enriched order by arxiv_id limit 3"
    assert workshop.rows(f"select authors ->> 0 {first}", "postgres") == (
        workshop.rows(f"select authors ->> 0 {first}")
    )

"""The files of the catalog's page are the same from a Postgres."""

from contextlib import closing

import psycopg2
import pytest
from psycopg2 import sql
from psycopg2.extras import execute_values

from tests.publish.catalog.made import Exported, exported
from tests.publish.catalog.test_versions import sums

__all__ = ["exported"]  # a fixture

TYPES = {
    "VARCHAR": "text",
    "JSON": "jsonb",
    "DOUBLE": "double precision",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}


def copy_into(exported: Exported, host: str) -> None:
    """Make the same tables in a database of its own."""
    with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as admin:
        admin.autocommit = True
        admin.cursor().execute("drop database if exists catalog_page")
        admin.cursor().execute("create database catalog_page")
    tables = exported.ask(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema in ('hf', 'hf_staging')"
    )
    with (
        closing(psycopg2.connect(host=host, user="postgres", dbname="catalog_page")) as db,
        db,
        db.cursor() as cursor,
    ):
        cursor.execute("create schema hf; create schema hf_staging")
        for schema, name in tables:
            where = sql.Identifier(schema, name)
            columns = exported.ask(
                f"select column_name, column_type from (describe {schema}.{name})"
            )
            typed = [
                sql.SQL("{} {}").format(sql.Identifier(one), sql.SQL(TYPES.get(kind, kind)))
                for one, kind in columns
            ]
            fields = sql.SQL(", ").join(typed)
            cursor.execute(sql.SQL("create table {} ({})").format(where, fields))
            rows = exported.ask(f"select * from {schema}.{name}")
            insert = sql.SQL("insert into {} values %s").format(where)
            execute_values(cursor, insert.as_string(cursor), rows, page_size=1000)


def test_the_files_are_those_of_duckdb_and_complaints_come_from_beside_it(
    exported: Exported, postgres_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported.export()
    copy_into(exported, postgres_host)
    for name, value in (("HOST", postgres_host), ("USER", "postgres"), ("DB", "catalog_page")):
        monkeypatch.setenv(f"POSTGRES_{name}", value)
    out = exported.out.with_name("from_postgres")
    assert exported.export("--target", "postgres", out=out) == 0
    assert sums(out) == sums(exported.out)
    assert list(out.rglob("complaints.parquet"))
    exported.warehouse.unlink()
    assert exported.export("--target", "postgres", out=out) == 0
    assert list(out.rglob("complaints.parquet")) == []

"""A project on a lake, its catalog in a file or in a Postgres."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2

from assay.warehouse import lake
from tests.support import Project


def on_file(folder: Path, name: str = "lake.sqlite") -> Project:
    """Return a project whose lake has its catalog in a file: SQLite's, or else DuckDB's."""
    data = folder / "data"
    return Project(
        folder, lake.TARGET, ((lake.CATALOG, str(data / name)), (lake.DATA, str(data / "lake")))
    )


def on_postgres(folder: Path, host: str, files: Path, database: str = "lake") -> Project:
    """Return a project on the lake of a Postgres. files: the lake's own, which projects share."""
    address = f"postgresql:///{database}?host={host}&user=postgres"
    return Project(folder, lake.TARGET, ((lake.CATALOG, address), (lake.DATA, str(files))))


@contextmanager
def database(host: str, name: str = "lake") -> Iterator[None]:
    """Make an empty database for a catalog, and drop it afterwards."""
    with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as admin:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(f"create database {name}")
            try:
                yield
            finally:
                cursor.execute(f"drop database {name} with (force)")

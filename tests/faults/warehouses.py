"""The two warehouses that a fault day can run on: a DuckDB file, or a lake.

Both are told apart by what they are asked here alone: what the commands are told of them, how a run
begins with nothing in them, how what is there is kept, and how it is compared with what was kept.
"""

import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import duckdb
import psycopg2

from assay.warehouse import lake
from tests.faults import compare
from tests.postgres_server import cluster, served

DUCKDB = "duckdb"
TARGETS = (DUCKDB, lake.TARGET)


class File:
    """The default: one DuckDB file in the folder of the run."""

    target = DUCKDB
    settings: tuple[tuple[str, str], ...] = ()
    name = "the DuckDB file"

    def __init__(self, home: Path) -> None:
        """home: the folder of the run."""
        self.path = home / "data" / "assay.duckdb"

    def empty(self) -> None:
        """Nothing: the file goes with the folder of the run."""

    def keep(self, copy: Path) -> None:
        """Keep all that is there in a DuckDB file; its views name it by its file."""
        shutil.copy(self.path, copy)

    def differences(self, reference: Path, *, several_days: bool) -> list[str]:
        """Return a line for each table that is not as in the file of an earlier `keep`."""
        return compare.warehouses(reference, self.path, several_days=several_days)

    def close(self) -> None:
        """Nothing is open."""


class OnLake:
    """A lake: its files in the folder of the run, its catalog in a real Postgres.

    The server stands outside the run's disk and clock, as one on another machine does: a full disk
    strikes the lake's files, a jump those who load and build.
    """

    target = lake.TARGET
    name = "a lake, its catalog in Postgres"

    def __init__(self, home: Path, server: Path) -> None:
        """home: the folder of the run; server: a new folder for the Postgres, elsewhere."""
        self._files = (home / "lake").resolve()
        self._cluster = cluster(server)
        self._running = ExitStack()
        self.start()

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """What tells a command where the lake is."""
        address = f"postgresql:///{lake.NAME}?host={self._cluster.pgdata}&user=postgres"
        return ((lake.CATALOG, address), (lake.DATA, str(self._files)))

    def start(self) -> None:
        """Start the catalog's server, which repairs what a crash left; return when it answers."""
        self._process = self._running.enter_context(served(self._cluster))

    def crash(self) -> None:
        """End the catalog's server and all its sessions at once, with nothing written first.

        That is Postgres's immediate shutdown. SIGKILL to the first process alone would leave the
        sessions at work for a while, and a server that refuses to start beside them.
        """
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait()
        self._running.close()

    def empty(self) -> None:
        """Make the catalog's database anew; the files go with the folder of the run."""
        host = str(self._cluster.pgdata)
        with closing(psycopg2.connect(host=host, user="postgres", dbname="postgres")) as admin:
            admin.autocommit = True
            with admin.cursor() as cursor:
                cursor.execute(f"drop database if exists {lake.NAME} with (force)")
                cursor.execute(f"create database {lake.NAME}")

    def keep(self, copy: Path) -> None:
        """Keep the rows of every table and view that is compared as tables of a DuckDB file.

        The lake itself cannot be copied: its catalog says in which folder its files lie.
        """
        with self._opened() as db:
            compare.copy_rows(db, copy)

    def differences(self, reference: Path, *, several_days: bool) -> list[str]:
        """Return a line for each table that is not as in the file of an earlier `keep`."""
        with compare.opened(reference) as wanted, self._opened() as found:
            return compare.different(wanted, found, several_days=several_days)

    def close(self) -> None:
        """Stop the server."""
        self._running.close()

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        catalog = f"host={self._cluster.pgdata} user=postgres dbname={lake.NAME}"
        where = lake.Lake(lake.POSTGRES, catalog, "", str(self._files))
        with duckdb.connect() as db:
            lake.attach(db, where, make=False)
            db.execute(f"use {lake.NAME}; set timezone = 'UTC'")
            yield db


def opened(target: str, home: Path, server: Path) -> File | OnLake:
    """Return the warehouse of a target for the runs in a folder, ready to be used.

    server: a new folder outside of it, for a server where the target has one.
    """
    return OnLake(home, server) if target == lake.TARGET else File(home)

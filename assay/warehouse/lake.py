"""The warehouse as a lake: Parquet files and a catalog that many processes write to at once.

DuckLake keeps tables as files (DUCKLAKE_DATA) and what it knows of them in a database
(DUCKLAKE_CATALOG). Every connection is an empty DuckDB in memory that has the lake attached as
`lake`; dbt, dlt and our own commands attach it by the statements made here. The extensions come
from packages (`pip install 'assay[lake]'`), so that nothing is downloaded at run time.
"""

import importlib.util
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from assay.common.text import escape_control_chars

NAME = "lake"  # what the lake is attached as, and the schema of the catalog in Postgres
TARGET = "ducklake"  # of profiles.yml
CATALOG, DATA = "DUCKLAKE_CATALOG", "DUCKLAKE_DATA"
CONNECT_SECONDS = 15
GUIDE = "see docs/lake.md"
POSTGRES, SQLITE, DUCKDB = "postgres", "sqlite", "duckdb"
# Which snapshot a step of a run left; dbt's hooks write it too (macros/journal.sql).
SNAPSHOTS_DDL = """
create schema if not exists ops;
create table if not exists ops.run_snapshots (
    run_id varchar not null,
    step_id varchar not null,
    snapshot_id bigint not null,
    taken_at timestamptz not null
);
"""
_MAKING = 0x61737362  # an advisory lock of Postgres, while a lake is made
_TRIES, _PAUSE = 20, 0.2  # seconds, and up to as much more
_SCANNERS = {POSTGRES: "postgres_scanner", SQLITE: "sqlite_scanner"}
_REMOTE = re.compile(r"(s3|r2|gs|gcs|az|abfss|https?)://", re.IGNORECASE)
_PRIMARY_KEY = re.compile(r",?\s*primary key(\s*\([^)]*\))?", re.IGNORECASE)
# What opening or writing a lake fails with, and what to do.
_CURES = (
    ("password authentication failed", f"check the user and password in {CATALOG}"),
    ("no password supplied", f"put the password into {CATALOG}"),
    ("version mismatch", "another DuckLake made this catalog"),
    ("data_path", f"{DATA} must name the folder that the catalog was made with"),
    ("read-only", f"let this user write to {DATA}"),
    ("permission denied", f"let this user write to {DATA} and {CATALOG}"),
    ("unable to connect to postgres", f"check {CATALOG}, and whether the server runs"),
    ("connection to server", f"check {CATALOG}, and whether the server runs"),
    ("", f"check {CATALOG} and {DATA}"),
)


class LakeError(Exception):
    """The lake cannot be opened; the message says why and what to do, in one line."""


@dataclass(frozen=True)
class Lake:
    """Where a lake is. kind: of the catalog. catalog: a file, or libpq's form without password.

    data: a folder or the address of an object store.
    """

    kind: str
    catalog: str
    password: str
    data: str

    @property
    def file(self) -> Path | None:
        """The file of the catalog; None where it is in Postgres."""
        return None if self.kind == POSTGRES else Path(self.catalog)

    @property
    def is_remote(self) -> bool:
        """Whether the data are in an object store."""
        return bool(_REMOTE.match(self.data))


def lake(root: Path) -> Lake:
    """Return the lake that the environment names. root: what relative paths begin at.

    Raises LakeError for a catalog that is none.
    """
    named = os.environ.get(CATALOG) or "data/lake.sqlite"
    data = os.environ.get(DATA) or "data/lake"
    if not _REMOTE.match(data):
        data = str((root / data.removeprefix("file://")).resolve())
    if re.match(r"postgres(ql)?://", named) or re.search(r"\b(host|dbname)\s*=", named):
        try:
            found = parse_dsn(named)
        except psycopg2.ProgrammingError as error:
            # Not what libpq says: it quotes what it could not read, which may hold the password.
            raise LakeError(f"{CATALOG} is no address of a Postgres: {GUIDE}") from error
        password = found.pop("password", "")
        found = {"connect_timeout": str(CONNECT_SECONDS)} | found
        return Lake(POSTGRES, make_dsn(**found), password, data)
    path = str((root / named).resolve())
    kind = SQLITE if path.endswith((".sqlite", ".sqlite3", ".db")) else DUCKDB
    return Lake(kind, path, "", data)


def exists(where: Lake) -> bool:
    """Tell whether there is a catalog. Raises LakeError where its server does not answer."""
    if where.file:
        return where.file.exists()
    with closing(connect(where, "assay")) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass(%s) is not null", (f"{NAME}.ducklake_metadata",))
        return bool(cursor.fetchone()[0])


def connect(where: Lake, name: str) -> Any:
    """Open a connection to the Postgres of a catalog. name: what it calls itself there.

    Raises LakeError when it is not to be had.
    """
    password = {"password": where.password} if where.password else {}
    try:
        return psycopg2.connect(where.catalog, application_name=name, **password)
    except psycopg2.OperationalError as error:
        raise LakeError(explained(error, where)) from None


def statements(where: Lake, *, alias: str = NAME, make: bool = True) -> list[str]:
    """Return the SQL by which a DuckDB in memory attaches a lake.

    make: a lake that is not there yet is made. Raises LakeError where an extension is missing.
    """
    lines = ["set autoinstall_known_extensions = false", *_loads(where), *_secrets(where)]
    # A few rows would go into the catalog, as text from which DuckLake 1.5.5 takes apostrophes and
    # backslashes where they stand in a struct.
    options = {"data_path": where.data, "create_if_not_exists": make, "data_inlining_row_limit": 0}
    path = f"ducklake:{where.catalog}"
    if where.kind == POSTGRES:
        path = f"ducklake:postgres:{where.catalog}"
        options |= {"metadata_schema": NAME}
        if where.password:
            options |= {"meta_secret": "lake_catalog"}
    elif where.kind == SQLITE:
        # Several processes of one machine take turns at such a file.
        path = f"ducklake:sqlite:{where.catalog}"
        options |= {"meta_journal_mode": "WAL", "meta_busy_timeout": 10_000}
    given = ", ".join(f"{name} {_literal(value)}" for name, value in options.items())
    return [*lines, f"attach if not exists {_literal(path)} as {alias} ({given})"]


def attach(
    connection: duckdb.DuckDBPyConnection, where: Lake, *, alias: str = NAME, make: bool = True
) -> None:
    """Attach a lake to a DuckDB in memory, which then spills to a folder of this process alone.

    Raises LakeError when it is not to be had.
    """
    connection.execute(f"set temp_directory = {_literal(spill_folder())}")
    if make:
        _make_folders(where)
    with _made_once(where) if make else nullcontext():
        try:
            for statement in statements(where, alias=alias, make=make):
                connection.execute(statement)
        except duckdb.Error as error:
            raise LakeError(explained(error, where)) from None


@contextmanager
def _made_once(where: Lake) -> Iterator[None]:
    """Let one process at a time make a lake that is not there yet; two would fail each other."""
    if where.file or exists(where):
        yield
        return
    with closing(connect(where, "assay")) as connection, connection.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", (_MAKING,))
        yield


def spill_folder() -> str:
    """Return where a DuckDB of this process spills to: two that share one break each other."""
    return str(Path(tempfile.gettempdir()) / f"assay-duckdb-{os.getpid()}")


def cursor(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return a cursor on which names mean the lake's tables, where the connection has a lake."""
    made = connection.cursor()
    there = "select 1 from duckdb_databases() where database_name = $1"
    if made.execute(there, [NAME]).fetchall():
        made.execute(f"use {NAME}")
    return made


def lacking(connection: duckdb.DuckDBPyConnection, where: Lake) -> str | None:
    """Return one line about why the files of a lake cannot be written, None when they can."""
    if where.is_remote:
        return None
    try:
        with tempfile.NamedTemporaryFile(dir=where.data):
            pass
    except OSError as error:
        return f"{where.data} cannot be written: {error.strerror}: check {DATA} ({GUIDE})"
    return None


def drop_deleted(connection: duckdb.DuckDBPyConnection) -> None:
    """Write files anew without what was deleted from them, and forget all earlier snapshots, which
    still have it. What was there before cannot be asked any more."""
    # A lake of an earlier version has some rows in its catalog.
    connection.execute(f"call ducklake_flush_inlined_data('{NAME}')")
    connection.execute(f"call ducklake_rewrite_data_files('{NAME}', delete_threshold => 0)")
    connection.execute(f"call ducklake_expire_snapshots('{NAME}', older_than => now())")
    connection.execute(f"call ducklake_cleanup_old_files('{NAME}', cleanup_all => true)")


def mark_snapshot(connection: duckdb.DuckDBPyConnection, run_id: str, step_id: str) -> None:
    """Write down which snapshot a step of a run left, by which its tables can be asked again."""
    connection.execute(
        "insert into ops.run_snapshots "
        "select $1, $2, max(snapshot_id), now() from ducklake_snapshots($3)",
        [run_id, step_id, NAME],
    )


def without_keys(ddl: str) -> str:
    """Return DDL without primary keys, which a lake does not have."""
    return _PRIMARY_KEY.sub("", ddl)


_MADE_TWICE = "already exists"


def is_conflict(error: BaseException | None) -> bool:
    """Tell whether something failed because another process had changed the same table, or made
    the same schema or table at that moment: nothing of it is there, and doing it again is right."""
    while error is not None:
        said = str(error).lower()
        if "transaction conflict" in said or ("catalog error" in said and _MADE_TWICE in said):
            return True
        error = error.__cause__ or error.__context__
    return False


def again_after_conflicts(write: Callable[[], object]) -> None:
    """Do a small write again while other processes are in its way; raises what it raises."""
    for left in reversed(range(_TRIES)):
        try:
            write()
        except duckdb.Error as error:
            if not left or not is_conflict(error):
                raise
            time.sleep(random.uniform(_PAUSE, 2 * _PAUSE))  # noqa: S311 - that two do not meet again
        else:
            return


def explained(error: BaseException, where: Lake) -> str:
    """Return one line that says why there is no lake and what to do, without the password."""
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    cure = next(cure for words, cure in _CURES if words in text.lower())
    # Of a server that does not answer, libpq's own words.
    line = line[max(line.find("connection to server"), 0) :]
    said = line.replace(where.password, "***") if len(where.password) > 3 else line
    return escape_control_chars(f"the lake cannot be opened: {said}: {cure} ({GUIDE})")


def _make_folders(where: Lake) -> None:
    if where.file:
        where.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not where.is_remote:
        try:
            Path(where.data).mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LakeError(f"{DATA} cannot be made: {error} ({GUIDE})") from error


def _loads(where: Lake) -> list[str]:
    needed = ["ducklake", *filter(None, [_SCANNERS.get(where.kind)])]
    if where.is_remote:
        needed.append("azure" if where.data.lower().startswith(("az", "abfss")) else "httpfs")
    return [f"load {_literal(str(_extension(name)))}" for name in needed]


def _extension(name: str) -> Path:
    """Return the file of an extension in its package, of the version of this DuckDB."""
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    version = f"v{duckdb.__version__}"
    for folder in (found and found.submodule_search_locations) or ():
        path = Path(folder) / "extensions" / version / f"{name}.duckdb_extension"
        if path.is_file():
            return path
    package = f"duckdb-extension-{name.replace('_', '-')}"
    raise LakeError(
        f"a lake needs the package {package}=={duckdb.__version__}: "
        f"pip install 'assay[lake]' ({GUIDE})"
    )


def _secrets(where: Lake) -> list[str]:
    """Return what keeps passwords out of addresses, which errors quote."""
    made = []
    if where.password:
        made.append(
            f"create or replace secret lake_catalog (type postgres, "
            f"password {_literal(where.password)})"
        )
    if where.is_remote and (store := _store_secret(where)):
        made.append(store)
    return made


def _store_secret(where: Lake) -> str | None:
    """Return the secret of an S3 by the variables that its own tools read."""
    key = os.environ.get("AWS_ACCESS_KEY_ID")
    if not where.data.lower().startswith("s3://") or not key:
        return None
    given: dict[str, Any] = {"key_id": key, "secret": os.environ.get("AWS_SECRET_ACCESS_KEY", "")}
    if token := os.environ.get("AWS_SESSION_TOKEN"):
        given["session_token"] = token
    if region := os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"):
        given["region"] = region
    if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        scheme, _, host = endpoint.rpartition("://")
        given |= {"endpoint": host.rstrip("/"), "url_style": "path", "use_ssl": scheme != "http"}
    parts = ", ".join(f"{name} {_literal(value)}" for name, value in given.items())
    return f"create or replace secret lake_store (type s3, {parts})"


def _literal(value: str | bool | int) -> str:
    """Write a setting of our own as an SQL literal; these statements take no bound parameters."""
    if isinstance(value, bool | int):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'"

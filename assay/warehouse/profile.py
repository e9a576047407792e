"""Where the warehouse is, for everything that is not dbt.

profiles.yml is the one place that knows; dlt and the reports read it here, so that an extraction,
a `dbt build` and a report can never look at different databases.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg2
import yaml
from jinja2 import Environment, StrictUndefined

from assay.warehouse import postgres, writer

if TYPE_CHECKING:
    from assay.warehouse.lake import Lake

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("duckdb", "postgres", "ducklake")
MEMORY = writer.MEMORY
CONNECT_SECONDS = 15  # as dlt
PREFIX = "POSTGRES_SCHEMA_PREFIX"
ORIGIN = "origin.txt"  # in the data folder: where its numbers come from
# What the databases raise for tables and columns that no build has made yet.
# What libpq says, through DuckDB, of a server that is gone.
_CATALOG_LOST = ("server closed the connection", "terminating connection", "connection to server")
_LAKE_HELP = " (see docs/lake.md)"
_NOT_BUILT = (
    duckdb.CatalogException,
    duckdb.BinderException,
    psycopg2.errors.UndefinedTable,
    psycopg2.errors.UndefinedColumn,
)


class WarehouseError(Exception):
    """The warehouse cannot be reached; the message says why and what to do, in one line."""


def data_dir() -> Path:
    """Return the folder of everything the project writes (ASSAY_DATA_DIR, default `data`)."""
    return (ROOT / os.environ.get("ASSAY_DATA_DIR", "data")).resolve()


def reports_dir() -> Path:
    """Return the folder of reports (ASSAY_REPORTS_DIR, default `reports`)."""
    return (ROOT / os.environ.get("ASSAY_REPORTS_DIR", "reports")).resolve()


def target_name() -> str:
    """Return the target of commands that are told none (ASSAY_TARGET, default duckdb)."""
    output()
    return os.environ.get("ASSAY_TARGET", "duckdb")


def main_target() -> str:
    """Return the target that holds every area: duckdb, or ducklake where ASSAY_TARGET says so.

    Postgres has the catalog alone; beside it the rest is in DuckDB.
    """
    return "ducklake" if os.environ.get("ASSAY_TARGET") == "ducklake" else "duckdb"


def is_lake(settings: dict[str, Any]) -> bool:
    """Tell whether the settings of a target are those of a lake."""
    return settings["type"] == "duckdb" and bool(settings.get("attach"))


def _env_var(name: str, default: str | None = None) -> str:
    """Stand in for dbt's `env_var`, by the same rules: set, else the default, else an error."""
    value = os.environ.get(name, default)
    if value is None:
        raise WarehouseError(f"{name} is not set: profiles.yml needs it, see .env.example")
    return value


def _as_number(text: str) -> int:
    if not text.strip().isdigit():
        raise WarehouseError(f"POSTGRES_PORT is {text!r}: it must be a number")
    return int(text)


def output(target: str | None = None) -> dict[str, Any]:
    """Return the settings of one target of profiles.yml, with the environment filled in.

    Raises WarehouseError for a target that profiles.yml does not have.
    """
    text = (ROOT / "profiles.yml").read_text(encoding="utf-8")
    jinja = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701 - YAML, our own
    jinja.filters["as_number"] = _as_number  # dbt's own filter
    # Rendered value by value, as dbt does: a password full of YAML syntax stays one string.
    profile = _rendered(yaml.safe_load(text)["assay"], jinja)
    name = target or profile["target"]
    if name not in profile["outputs"]:
        raise WarehouseError(f"unknown target {name!r}: choose one of {', '.join(TARGETS)}")
    settings = profile["outputs"][name]
    if settings["type"] == "duckdb" and settings["path"] != MEMORY:
        settings["path"] = str((ROOT / settings["path"]).resolve())
    return settings


def main_file() -> Path | None:
    """Return the file that tells whether there is a warehouse, and who has its turn: of DuckDB, or
    of a lake's catalog; None where that is in Postgres, which takes any number at once.

    Raises WarehouseError where the environment names no lake.
    """
    settings = output(main_target())
    return where_is_lake().file if is_lake(settings) else Path(settings["path"])


def exists(target: str | None = None) -> bool:
    """Tell whether there is a warehouse of every area. target: duckdb or ducklake (default:
    main_target). Raises WarehouseError when that cannot be told."""
    settings = output(target or main_target())
    if not is_lake(settings):
        return Path(settings["path"]).exists()
    from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

    try:
        return lake.exists(where_is_lake())
    except lake.LakeError as error:
        raise WarehouseError(str(error)) from error


def where_is_lake() -> "Lake":
    """Return the lake of the environment. Raises WarehouseError where it names none."""
    from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

    try:
        return lake.lake(ROOT)
    except lake.LakeError as error:
        raise WarehouseError(str(error)) from error


def _rendered(node: Any, jinja: Environment) -> Any:
    if isinstance(node, dict):
        return {key: _rendered(value, jinja) for key, value in node.items()}
    if isinstance(node, list):
        return [_rendered(value, jinja) for value in node]
    if isinstance(node, str) and "{{" in node:
        return jinja.from_string(node).render(env_var=_env_var)
    return node


def schema(name: str, target: str | None = None) -> str:
    """Return what a schema is called in a target: in Postgres POSTGRES_SCHEMA_PREFIX is before it.

    Raises WarehouseError when the prefix is no beginning of a name.
    """
    prefix = os.environ.get(PREFIX, "")
    if not prefix or output(target)["type"] != "postgres":
        return name
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,39}", prefix) or prefix.startswith("pg_"):
        raise WarehouseError(
            f"{PREFIX} is {prefix!r}: it must be small letters, digits and _, and not begin with "
            "a digit or pg_ (`dev_`)"
        )
    return f"{prefix}{name}"


def libpq(settings: dict[str, Any]) -> dict[str, str]:
    """Return what libpq needs to know of a postgres target, by libpq's own names.

    No URL, in which every library escapes in its own way. A host that is a folder is the place of a
    Unix socket.
    """
    found = {
        "host": str(settings["host"]).strip("[]"),  # of an IPv6 address in brackets
        "port": str(settings["port"]),
        "connect_timeout": str(CONNECT_SECONDS),
        **{name: str(settings[name]) for name in ("user", "password", "dbname")},
        **{name: str(settings.get(name) or "") for name in ("sslmode", "sslrootcert")},
    }
    return {name: value for name, value in found.items() if value}


@contextmanager
def connect(target: str | None = None) -> Iterator["Warehouse"]:
    """Open the warehouse for reading and close it again. All that is read is of one moment.

    Raises WarehouseError when there is none yet, when it is not to be had, or does not answer.
    """
    settings = output(target)
    if settings["type"] == "duckdb":
        with duckdb_file(writing=False, target=target) as connection:
            yield Warehouse(connection, is_lake=is_lake(settings))
        return
    prefix = schema("", target)
    connection = _postgres(settings)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        yield Warehouse(connection, prefix)
    finally:
        connection.close()


def _postgres(settings: dict[str, Any]) -> Any:
    try:
        return psycopg2.connect(**libpq(settings), options="-c timezone=UTC")
    except psycopg2.OperationalError as error:
        # Not `from error`: a traceback would show what was connected to, and how.
        raise WarehouseError(postgres.explained(error, str(settings["password"]))) from None


def check_access(target: str, schemas: Sequence[str]) -> None:
    """Raise WarehouseError unless these schemas of a Postgres can be written, or the files of a
    lake; DuckDB has no roles.

    A run asks before it reads its source, which may take hours.
    """
    settings = output(target)
    if settings["type"] == "postgres":
        with closing(_postgres(settings)) as connection:
            if lacking := postgres.lacking(connection, [schema(one, target) for one in schemas]):
                raise WarehouseError(lacking)
    elif is_lake(settings):
        from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

        with _lake(writing=True, wait=None) as connection:
            if lacking := lake.lacking(connection, where_is_lake()):
                raise WarehouseError(lacking)


@contextmanager
def duckdb_file(
    *, writing: bool, wait: float | None = None, target: str | None = None
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open the warehouse of every area when it is this process's turn (writer.py), and close it.

    wait: seconds, by default as long as ASSAY_WAIT_SECONDS says. target: duckdb or ducklake
    (default: main_target). Raises WarehouseError when there is none yet, or it is not to be had.
    """
    settings = output(target or main_target())
    if is_lake(settings):
        with _lake(writing=writing, wait=wait, make=False) as connection:
            _bound(connection, settings)
            yield connection
        return
    path = settings["path"]
    if not Path(path).exists():
        raise WarehouseError(f"no warehouse at {path}: run `make run` first")
    with ExitStack() as stack:
        try:
            stack.enter_context(writer.exclusive(path, wait=wait))
            connection = stack.enter_context(duckdb.connect(path, read_only=not writing))
        except (writer.BusyError, duckdb.IOException) as error:
            raise WarehouseError(first_line(error)) from error
        _bound(connection, settings)
        yield connection


@contextmanager
def _lake(
    *, writing: bool, wait: float | None, make: bool = True
) -> Iterator["duckdb.DuckDBPyConnection"]:
    """Open the lake, when it is this process's turn where its catalog is a file."""
    from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

    where = where_is_lake()
    if not make and not exists("ducklake"):
        raise WarehouseError(f"no lake at {where.file or where.catalog}: run `make run` first")
    with ExitStack() as stack:
        try:
            if where.file:
                where.file.parent.mkdir(parents=True, exist_ok=True)
                stack.enter_context(writer.exclusive(where.file, wait=wait))
            connection = stack.enter_context(duckdb.connect())
            lake.attach(connection, where, make=make)
        except (writer.BusyError, lake.LakeError) as error:
            raise WarehouseError(first_line(error)) from error
        connection.execute(f"use {lake.NAME}")
        yield connection


def _bound(connection: "duckdb.DuckDBPyConnection", settings: dict[str, Any]) -> None:
    connection.execute("set timezone = 'UTC'")
    connection.execute("set memory_limit = $1", [settings["settings"]["memory_limit"]])


def cursor(
    connection: "duckdb.DuckDBPyConnection", *, is_lake: bool | None = None
) -> "duckdb.DuckDBPyConnection":
    """Return a cursor on which names mean what they mean on the connection."""
    if not (main_target() != "duckdb" if is_lake is None else is_lake):
        return connection.cursor()
    from assay.warehouse import lake  # noqa: PLC0415 - only who sets a lake needs its part

    return lake.cursor(connection)


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, which is the one that names the cause, and what
    to do where a lake lost its catalog in the middle of something."""
    text = str(error).strip()
    line = text.splitlines()[0] if text else type(error).__name__
    if "docs/lake.md" in line or main_target() == "duckdb":
        return line
    if any(words in text for words in _CATALOG_LOST):
        return f"{line}: check DUCKLAKE_CATALOG, and whether its server runs{_LAKE_HELP}"
    return line


def why(error: BaseException, what: str) -> str:
    """Return the first line of an error, and what to do where tables that it asks for are missing.

    what: whose tables they are, as `issues are` or `the catalog is`.
    """
    cure = f"; {what} not built: run `make run`" if isinstance(error, _NOT_BUILT) else ""
    return first_line(error) + cure


class Warehouse:
    """Rows out of DuckDB or Postgres by the same call.

    prefix: what stands before the names of schemas there. is_lake: whether the connection is a
    DuckDB with a lake (default: by main_target).
    """

    def __init__(self, connection: Any, prefix: str = "", *, is_lake: bool | None = None) -> None:
        self._connection = connection
        self.prefix = prefix
        self._is_lake = main_target() != "duckdb" if is_lake is None else is_lake

    def named(self, sql: str) -> str:
        """Return SQL over hf and bronze with the names that these schemas have here."""
        if not self.prefix:
            return sql
        return _SQL_SCHEMAS.sub(
            lambda part: f"{self.prefix}{part[0]}" if part["schema"] else part[0], sql
        )

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run one query and return all its rows.

        sql: parameters are bound as %s; whatever stands in quotes or comments is text, %s as well.
        """
        sql = self.named(sql)
        if isinstance(self._connection, duckdb.DuckDBPyConnection):
            asked = cursor(self._connection, is_lake=self._is_lake)
            sql = _with_marks(sql, "?")
        else:
            asked = self._connection.cursor()
            if parameters:  # without any, psycopg2 looks at no percent sign
                sql = _with_marks(sql, "%s", percent="%%")
        asked.execute(sql, parameters or None)
        return asked.fetchall()


# What is quoted, what is a comment, and the marks of parameters between them.
_SQL_PARTS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | %s | %""", re.DOTALL | re.VERBOSE
)

# The same for names of schemas, which stand before a point and belong to no other name.
_SQL_SCHEMAS = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/
    | (?<![\w.])(?P<schema>(?:hf|bronze)(?:_staging)?)(?=\.)""",
    re.DOTALL | re.VERBOSE,
)


def _with_marks(sql: str, mark: str, percent: str = "%") -> str:
    """Return SQL with another mark for parameters, and percent signs of its text spelled so."""
    return _SQL_PARTS.sub(
        lambda part: mark if part[0] == "%s" else part[0].replace("%", percent), sql
    )

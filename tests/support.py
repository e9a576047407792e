"""What the end-to-end tests share: running the project's commands and reading its tables."""

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psycopg2
import pytest

from assay import warehouse
from assay.runs import recorded
from assay.warehouse import lake
from tests import forks

ROOT = warehouse.ROOT
SAMPLE = ROOT / "sample" / "items"
# Every project is reached under this one path, a link that moves: dbt can then keep its parsed
# project from test to test, as it does for a person whose paths do not change either.
STAGE = Path(tempfile.mkdtemp(prefix="assay-tests-"))
atexit.register(shutil.rmtree, STAGE, ignore_errors=True)
RECORDED = ROOT.parent / "shared" / "recorded"
SALT = "salt of the tests"
BIN = Path(sys.executable).parent
# Writing down what no test reads is a quarter of a small build.
QUICK = ("--no-write-json",)
UNTESTED = ("--exclude-resource-type", "test", "unit_test")

# The tables beside the catalog that only enrichment needs.
ENRICHMENT = (
    "int_hf__ancestors",
    "int_hf__identified",
    "int_hf__loops",
    "int_hf__parents",
    "int_hf__upper_steps",
)
CATALOG = ("path:models/hf", "--exclude", "path:models/hf/enrichment", *ENRICHMENT)
POSTS = ("bronze.raw_items", "bronze.collected_windows")

# What a run leaves that another run of the same input would leave too.
CONTENT = {
    "hf.tasks": "task_id, task_label",
    "hf.models": (
        "model_id, license, likes, downloads, last_modified, cast(tags as text), pipeline_tag, "
        "library_name, author, gated, hub_created_at"
    ),
    "hf.model_tasks": "model_id, task_id, rank_in_task",
    "hf.model_stats_daily": "model_id, observed_on, likes, downloads",
}


def folders_of_items() -> list[Path]:
    """Return the folders that a replay server can serve: the sample, and recorded data if there."""
    return [SAMPLE, *([RECORDED] if (RECORDED / "hf_models.jsonl").is_file() else [])]


def any_items() -> list:
    """Return the same as cases of a parameter, for tests that run commands over each."""
    real = pytest.mark.slow("items of the real APIs, where they lie beside the checkout")
    return [SAMPLE, *(pytest.param(folder, marks=real) for folder in folders_of_items()[1:])]


@dataclass
class Project:
    """The project with a data folder and a warehouse of its own, as a person would have it."""

    folder: Path
    target: str = "duckdb"
    more: tuple[tuple[str, str], ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of the project's commands, apart from the person's own."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "PATH": f"{BIN}:{kept.get('PATH', '')}",
            "HOME": str(STAGE / "now" / "home"),
            "ASSAY_DATA_DIR": str(STAGE / "now" / "data"),
            "ASSAY_REPORTS_DIR": str(STAGE / "now" / "reports"),
            "ASSAY_TARGET": self.target,
            "DUCKDB_PATH": str(STAGE / "now" / "data" / "assay.duckdb"),
            "DBT_TARGET_PATH": str(STAGE / f"target-{self.target}"),
            "DBT_LOG_PATH": str(STAGE / "logs"),
            "HF_HUB_OFFLINE": "1",
            "AUTHOR_SALT": SALT,
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            "HTTP__BACKOFF_SECONDS": "[0.01, 0.01, 0.01, 0.01, 0.01]",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            **dict(self.more),
        }

    def start(self, *command: str, **more: str) -> "subprocess.Popen[str] | forks.Forked":
        """Start one command in the project's root."""
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        moved = STAGE / "next"
        moved.symlink_to(self.folder)
        moved.rename(STAGE / "now")
        if "--vars" in command:
            # dbt parses the whole project again when the vars are others than the last time.
            given = hashlib.sha256(command[command.index("--vars") + 1].encode()).hexdigest()[:8]
            more = {"DBT_TARGET_PATH": str(STAGE / f"target-{self.target}-{given}")} | more
        return forks.start(command, ROOT, self.environment | more)

    def run(self, *command: str, **more: str) -> str:
        """Run one command to its good end and return what it printed."""
        process = self.start(*command, **more)
        output, _ = process.communicate(timeout=900)
        assert process.returncode == 0, f"{' '.join(command)}: exit {process.returncode}\n{output}"
        return output

    def load(self, endpoint: str, *options: str) -> str:
        """Run the hf_catalog pipeline against a server."""
        return self.run(
            "dlt",
            "pipeline",
            "hf_catalog",
            "run",
            "--destination",
            self.target,
            *options,
            HF_ENDPOINT=endpoint,
        )

    def collect(self, folder: Path, server: str, *options: str, **more: str) -> str:
        """Run the issues pipeline against a replay of a folder, for all days the folder has."""
        environment = recorded.environment(folder, server) | more
        return self.run(*collecting(folder, *options), **environment)

    def build_catalog(self, *, tested: bool = True) -> str:
        """Run dbt's models of the catalog, without what its models point at, and their tests."""
        return self.run("dbt", "build" if tested else "run", *QUICK, "--select", *CATALOG)

    def build_documents(self) -> str:
        """Run dbt's models and tests of posts up to silver.documents, without the mining."""
        return self.run("dbt", "build", *QUICK, "--select", "+documents")

    def copy(self, folder: Path) -> "Project":
        """Return a project with the same data on DuckDB, to be changed."""
        shutil.copytree(self.folder / "data", folder / "data")
        return Project(folder)

    def build(self, tag: str = "hf") -> str:
        """Run dbt's models and tests of one area."""
        return self.run("dbt", "build", *QUICK, "--select", f"tag:{tag}")

    def rows(self, sql: str) -> list[tuple]:
        """Return all rows of one query on the warehouse."""
        if self.target == "duckdb":
            with duckdb.connect(
                self.folder / "data" / "assay.duckdb", read_only=True
            ) as connection:
                connection.execute("set timezone = 'UTC'")
                return connection.execute(sql).fetchall()
        if self.target == "ducklake":
            with self.lake() as connection:
                return connection.execute(sql).fetchall()
        with self.postgres() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    @contextmanager
    def lake(self, *, make: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the project's lake, as a DuckDB in memory whose names mean the lake's."""
        with pytest.MonkeyPatch.context() as patch, duckdb.connect() as connection:
            for name, value in self.more:
                patch.setenv(name, value)
            lake.attach(connection, lake.lake(ROOT), make=make)
            connection.execute("use lake; set timezone = 'UTC'")
            yield connection

    def execute(self, statements: str) -> None:
        """Run SQL in the project's Postgres, as somebody else who uses it."""
        with closing(self.postgres()) as connection, connection, connection.cursor() as cursor:
            cursor.execute(statements)

    def posts(self, *, moments: bool = False) -> dict[str, list[tuple]]:
        """Return the tables that hold posts, value by value; `moments`: with when and by which run
        each row was read, in which two runs over the same input differ."""
        columns = "*" if moments else "* exclude (collected_at, run_id)"
        return {
            table: self.rows(
                f"select columns(*)::varchar from (select {columns} from {table}) order by all"
            )
            for table in POSTS
        }

    def postgres(self) -> "psycopg2.extensions.connection":
        """Open the project's Postgres."""
        env = dict(self.more)
        return psycopg2.connect(
            host=env["POSTGRES_HOST"], user=env["POSTGRES_USER"], dbname=env["POSTGRES_DB"]
        )

    def content(self) -> dict[str, list[tuple]]:
        """Return the catalog without the moments at which it was loaded."""
        return {
            table: sorted(self.rows(f"select {columns} from {table}"), key=repr)
            for table, columns in CONTENT.items()
        }


def collecting(folder: Path, *options: str) -> list[str]:
    """Return the command that collects all days a folder of items has; later options win."""
    first, last = map(str, recorded.span(folder))
    return ["dlt", "pipeline", "issues", "run", "--start", first, "--end", last, *options]


def under(command: list[str], *circumstances: str) -> list[str]:
    """Return a `dlt` command to be run under circumstances of tests/issues/circumstances.py."""
    return [sys.executable, "-m", "tests.issues.circumstances", *circumstances, *command[1:]]


def copy_items(folder: Path, into: Path) -> Path:
    """Copy the Hub's files of a folder of items, for a test that will change them."""
    into.mkdir(parents=True)
    for name in ("hf_tasks.json", "hf_models.jsonl"):
        shutil.copy(folder / name, into / name)
    return into

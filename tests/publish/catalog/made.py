"""A warehouse with a made catalog, exported, and its files as a reader of Parquet has them."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from assay.publish.catalog import command
from benchmarks.hub import made_catalog

MODELS, DAYS = 300, 31


class Exported:
    """A warehouse and the folder into which it is exported."""

    def __init__(self, folder: Path) -> None:
        self.warehouse, self.out = folder / "assay.duckdb", folder / "out"

    @contextmanager
    def db(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("set timezone = 'UTC'")
            yield connection

    def ask(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.db() as connection:
            return connection.execute(sql, parameters).fetchall()

    def export(self, *options: str, out: Path | None = None) -> int:
        return command.main(["--out", str(out or self.out), *options])

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self.out / "catalog-data" / "manifest.json").read_text())

    @property
    def data(self) -> Path:
        return self.out / "catalog-data" / self.manifest["version"]

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Return the rows of a file, or of all files of a folder in their order."""
        path = self.data / name
        paths = sorted(path.glob("*.parquet")) if path.is_dir() else [path.with_suffix(".parquet")]
        found = [row for one in paths for row in pq.read_table(one).to_pylist()]
        return [tuple(row[name] for name in columns or row) for row in found]

    def names(self) -> list[str]:
        return [name for (name,) in self.rows("models", "model_id")]


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return a warehouse with 300 models, exported; no test changes it."""
    made = Exported(tmp_path_factory.mktemp("once"))
    shutil.copy(warehouse_of_300(), made.warehouse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DUCKDB_PATH", str(made.warehouse))
        patch.delenv("ASSAY_TARGET", raising=False)
        assert made.export() == 0
    return made


@pytest.fixture
def exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exported:
    """Return a warehouse with 300 models, not exported yet."""
    made = Exported(tmp_path)
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSAY_REPORTS_DIR", str(tmp_path / "reports"))
    monkeypatch.setenv("DUCKDB_PATH", str(made.warehouse))
    monkeypatch.delenv("ASSAY_TARGET", raising=False)
    shutil.copy(warehouse_of_300(), made.warehouse)
    return made


@cache
def warehouse_of_300() -> Path:
    """Return a file with the made catalog, which nobody changes."""
    folder = Path(tempfile.mkdtemp(prefix="assay-catalog-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with duckdb.connect(str(folder / "assay.duckdb")) as connection:
        made_catalog.make(connection, MODELS, DAYS)
    return folder / "assay.duckdb"

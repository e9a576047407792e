"""What the tests of enrichment share: a catalog's run folder, and the pipeline in this process."""

import json
import os
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson
import psycopg2
import pytest
from dlt.common.runtime.collector import NullCollector

from assay.extract.enrichment.bronze import WITHOUT_REFERENCES
from assay.extract.enrichment.command import HF_ENRICHMENT
from assay.extract.enrichment.entities import ENTITIES
from assay.extract.options import parse
from tests.extract.helpers import catalog_folder

TABLES = {
    "datasets": ("hf_model_datasets", "hf_datasets"),
    "articles": ("hf_model_articles", "arxiv_articles"),
    "base_models": ("hf_model_base_models", "hf_base_models"),
    "keywords": ("hf_model_keywords", "hf_keywords"),
    "licenses": ("hf_model_licenses", "hf_licenses"),
}
FILES = {name: entity.file for name, entity in ENTITIES.items()}
MOMENTS = "run_id, observed_at"  # in which two runs over the same input differ


def models_of(folder: Path, most: int | None = None) -> list[dict[str, Any]]:
    """Return the models of a folder of items."""
    lines = (folder / "hf_models.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines[:most]]


@dataclass
class Workshop:
    """A data folder with a catalog, a warehouse, and the pipeline to run on them."""

    folder: Path
    server: str
    patch: pytest.MonkeyPatch
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Return what the pipeline sees."""
        return {
            "ASSAY_DATA_DIR": str(self.folder / "data"),
            "DUCKDB_PATH": str(self.folder / "assay.duckdb"),
            "HF_ENDPOINT": self.server,
            "ARXIV_ENDPOINT": self.server,
            "HF_HUB_OFFLINE": "1",
            "HTTP__MIN_INTERVAL_SECONDS": "0",
            "HTTP__BACKOFF_SECONDS": "[0.01, 0.01, 0.01, 0.01, 0.01]",
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            **self.more,
        }

    @property
    def runs(self) -> Path:
        """The folder of run folders."""
        return self.folder / "data" / "raw" / "hf"

    def catalog(self, models: list[dict[str, Any]], task: str = "any") -> Path:
        """Write the run folder of a catalog that lists these models."""
        return catalog_folder(self.runs, {task: models}).path

    def run(self, *options: str, target: str = "duckdb") -> str | None:
        """Run the pipeline; return None, or the line with which it failed."""
        for name, value in self.environment.items():
            self.patch.setenv(name, value)
        args = parse([HF_ENRICHMENT], [*options, "--destination", target])
        HF_ENRICHMENT.check(args)
        try:
            HF_ENRICHMENT.run(args, NullCollector())
        except Exception as error:
            return str(error).splitlines()[0]
        return None

    def rows(self, sql: str, target: str = "duckdb") -> list[tuple[Any, ...]]:
        """Return the rows of one query."""
        if target == "duckdb":
            with duckdb.connect(self.folder / "assay.duckdb", read_only=True) as connection:
                connection.execute("set timezone = 'UTC'")
                return connection.execute(sql).fetchall()
        host = self.more["POSTGRES_HOST"]
        with (
            closing(psycopg2.connect(host=host, user="postgres", dbname="assay")) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute("set timezone = 'UTC'")
            cursor.execute(sql)
            return cursor.fetchall()

    def tables(self) -> set[str]:
        """Return the bronze tables of entities and of what refers to them that there are."""
        names = self.rows("select table_name from duckdb_tables() where schema_name = 'bronze'")
        found = {name for (name,) in names if not name.startswith("_dlt")}
        return found - {WITHOUT_REFERENCES.name}

    def content(self, *entities: str) -> dict[str, list[tuple[Any, ...]]]:
        """Return the tables of entities, value by value, without when and by which run."""
        return {
            table: self.rows(
                f"select columns(*)::varchar from (select * exclude ({MOMENTS}"
                f"{'' if table.startswith('hf_model_') else ', fetched_at'}) from bronze.{table}) "
                "order by all"
            )
            for entity in entities or TABLES
            for table in TABLES[entity]
        }

    def reasons(self, entity: str) -> Counter[str | None]:
        """Return how many ids of an entity are enriched (None) or not, and why."""
        table = TABLES[entity][1]
        return Counter(reason for (reason,) in self.rows(f"select reason from bronze.{table}"))


def files_of(folder: Path) -> set[str]:
    """Return the entities whose files are in a run folder, each whole and as the manifest says."""
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    found = {entity for entity, name in FILES.items() if (folder / name).exists()}
    for entity in found:
        assert manifest["files"][FILES[entity]]["records"] == len(
            orjson.loads((folder / FILES[entity]).read_bytes())
        )
    assert not list(folder.glob("*.partial"))
    return found


def process_environment(workshop: Workshop) -> dict[str, str]:
    """Return the environment for a process of its own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(workshop.folder)} | workshop.environment

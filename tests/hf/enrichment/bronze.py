"""Bronze as the pipelines leave it, made by hand: for the tests of what dbt builds from it."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from tests.support import Project

READ = datetime(2026, 11, 15, 6, tzinfo=UTC)  # when the run of the catalog began
FETCHED = READ + timedelta(hours=1)
NEXT = READ + timedelta(days=1)

_RUN = "run_id text not null, observed_at timestamptz not null"
_PAIR = f"is_gone boolean, {_RUN}"
_ENTITY = f"enriched boolean not null, reason text, fetched_at timestamptz, {_RUN}"
_HUB = (
    "author text, license text, gated text, downloads bigint, likes bigint, is_private boolean, "
    "is_disabled boolean, hub_created_at timestamptz, last_modified timestamptz, tags {json}"
)
CATALOG = {
    "hf_tasks": f"task_id text not null, task_label text, summary text, raw {{json}}, {_RUN}",
    "hf_task_listings": (
        "task_id text not null, models bigint, limit_per_task bigint, pages bigint, "
        "readings bigint, repeats bigint, late bigint, asked bigint, skipped bigint, "
        f"settled boolean, {_RUN}"
    ),
    "hf_models": (
        "task_id text not null, model_id text not null, author text, pipeline_tag text, "
        "library_name text, gated text, tags {json}, likes bigint, downloads bigint, seq bigint, "
        "is_listed boolean, is_private boolean, hub_created_at timestamptz, "
        f"last_modified timestamptz, {_RUN}"
    ),
}
ENRICHMENT = {
    "hf_model_datasets": f"model_id text not null, dataset_id text not null, {_PAIR}",
    "hf_model_articles": (
        "model_id text not null, arxiv_id text not null, is_template_leftover boolean not null, "
        f"{_PAIR}"
    ),
    "hf_model_base_models": (
        "model_id text not null, base_model_id text not null, relation text not null, " + _PAIR
    ),
    "hf_model_keywords": (
        f"model_id text not null, keyword_id text not null, kind text not null, {_PAIR}"
    ),
    "hf_model_licenses": f"model_id text not null, license_id text not null, {_PAIR}",
    "hf_datasets": (
        "dataset_id text not null, resolved_id text, description text, croissant {json}, "
        f"{_HUB}, {_ENTITY}"
    ),
    "arxiv_articles": (
        "arxiv_id text not null, is_template_leftover boolean not null, title text, summary text, "
        "authors {json}, primary_category text, categories {json}, doi text, journal_ref text, "
        "comment text, version bigint, published_at timestamptz, updated_at timestamptz, "
        f"{_ENTITY}"
    ),
    "hf_base_models": (
        "model_id text not null, resolved_id text, pipeline_tag text, library_name text, "
        f"parameters bigint, depth bigint not null, {_HUB}, {_ENTITY}"
    ),
    "hf_keywords": (
        f"keyword_id text not null, kind text not null, label text, description text, {_ENTITY}"
    ),
    "hf_licenses": (
        "license_id text not null, spdx_id text, name text, family text, url text, "
        f"is_osi_approved boolean, {_ENTITY}"
    ),
}
KEYS = {
    "hf_datasets": "dataset_id",
    "arxiv_articles": "arxiv_id",
    "hf_base_models": "model_id",
    "hf_keywords": "keyword_id",
    "hf_licenses": "license_id",
}
FLAGS = {"arxiv_articles": {"is_template_leftover": False}, "hf_base_models": {"depth": 1}}


class Bronze:
    """The bronze tables of one project, as the pipelines would have made and filled them."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.execute("create schema if not exists bronze")
        self.make(CATALOG)

    def make(self, tables: dict[str, str]) -> None:
        """Make tables: those of the catalog, or those of its enrichment."""
        json_type = "jsonb" if self._project.target == "postgres" else "json"
        for name, columns in tables.items():
            self.execute(f"create table bronze.{name} ({columns.format(json=json_type)})")

    def execute(self, sql: str, rows: Sequence[Sequence[Any]] = ()) -> None:
        """Run one statement, once per row of bound values."""
        if self._project.target != "postgres":
            with self._duckdb() as connection:
                connection.execute("set timezone = 'UTC'")
                for row in rows or [()]:
                    connection.execute(sql.replace("%s", "?"), row)
            return
        with self._project.postgres() as connection, connection.cursor() as cursor:
            for row in rows or [()]:
                cursor.execute(sql, row or None)

    def _duckdb(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        if self._project.target == "ducklake":
            return self._project.lake()
        path = self._project.folder / "data" / "assay.duckdb"
        path.parent.mkdir(parents=True, exist_ok=True)
        return duckdb.connect(path)

    def add(self, table: str, *rows: dict[str, Any], observed_at: datetime = READ) -> None:
        """Add rows by column name, of the run that began at `observed_at`."""
        run = {"run_id": f"{observed_at:%Y-%m-%d_%H}", "observed_at": observed_at}
        for row in rows:
            values = run | row
            names, marks = ", ".join(values), ", ".join(["%s"] * len(values))
            self.execute(
                f"insert into bronze.{table} ({names}) values ({marks})",
                [[_bound(value) for value in values.values()]],
            )

    def list(self, task: str, *model_ids: str, observed_at: datetime = READ, **more: Any) -> None:
        """Replace a task's listing: these models, most downloaded first."""
        for name in CATALOG:
            self.execute(f"delete from bronze.{name} where task_id = %s", [[task]])
        at = {"observed_at": observed_at}
        self.add("hf_tasks", {"task_id": task, "task_label": task.title()}, **at)
        listing = {"task_id": task, "models": len(model_ids), "limit_per_task": 1000}
        self.add("hf_task_listings", listing, **at)
        for number, model_id in enumerate(model_ids):
            self.add("hf_models", _model(task, model_id, number) | more, **at)

    def pair(self, table: str, *pairs: tuple[Any, ...], observed_at: datetime = READ) -> None:
        """Replace the pairs of the models that these name; a pair of a model and None is none."""
        columns = [part.split()[0] for part in ENRICHMENT[table].split(", ")]
        for model_id in dict.fromkeys(pair[0] for pair in pairs):
            self.execute(f"delete from bronze.{table} where model_id = %s", [[model_id]])
        rows = [dict(zip(columns, pair, strict=False)) for pair in pairs if pair[1] is not None]
        self.add(table, *({"is_gone": False} | row for row in rows), observed_at=observed_at)

    def know(self, table: str, *rows: dict[str, Any], observed_at: datetime = READ) -> None:
        """Replace entities: enriched, unless a row gives the reason why not."""
        key = KEYS[table]
        for row in rows:
            self.execute(f"delete from bronze.{table} where {key} = %s", [[row[key]]])
            known = {"enriched": "reason" not in row, "fetched_at": FETCHED}
            self.add(table, known | FLAGS.get(table, {}) | row, observed_at=observed_at)


def _model(task: str, model_id: str, number: int) -> dict[str, Any]:
    return {
        "task_id": task,
        "model_id": model_id,
        "author": model_id.partition("/")[0],
        "pipeline_tag": task,
        "library_name": "transformers",
        "gated": "false",
        "tags": ["license:mit"],
        "likes": 10,
        "downloads": 1000 - number,
        "seq": number,
        "is_listed": True,
        "is_private": False,
    }


def _bound(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list | dict) else value

"""How long dbt takes to build what models point at, what memory that takes, and how both grow.

    python -m benchmarks.hub.enrichment_build
    python -m benchmarks.hub.enrichment_build --models 100000 1000000 --work-dir /big/disk

Bronze is made by SQL, about eight tags a model and base models up to a dozen generations deep, in
an empty database per size. The build is run twice, the second time over the same bronze; then the
tables are counted, and a wrong count ends the benchmark. DuckDB's memory limit is that of
profiles.yml.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from benchmarks.measure import BenchmarkError, Cost, run

SEED = 0.42
TASKS = 47
RUN = "'run-1' as run_id, timestamptz '2026-11-15 06:00:00+00' as observed_at"
FOUND = "true as enriched, null::text as reason, timestamptz '2026-11-15 07:00:00+00' as fetched_at"
# A few things are named by many models: the n-th of N with a chance that falls with n.
CATALOG = {
    "hf_tasks": (
        "select 'task-' || n as task_id, 'Task ' || n as task_label, null::text as summary, "
        f"null::json as raw, {RUN} from range({TASKS}) as tasks (n)"
    ),
    "hf_models": (
        f"select 'task-' || n % {TASKS} as task_id, model_id, 'owner' as author, "
        "'task-0' as pipeline_tag, 'transformers' as library_name, 'false' as gated, "
        "json_array('license:mit', 'region:us', 'task-0') as tags, (n % 100)::bigint as likes, "
        "n::bigint as downloads, n as seq, true as is_listed, false as is_private, "
        "null::timestamptz as hub_created_at, null::timestamptz as last_modified, "
        f"{RUN} from models"
    ),
    "hf_task_listings": (
        "select task_id, count(*) as models, 1000000000 as limit_per_task, 1 as pages, "
        "1 as readings, 0 as repeats, 0 as late, 0 as asked, 0 as skipped, true as settled, "
        f"{RUN} from bronze.hf_models group by task_id"
    ),
}
PAIRS = {
    "hf_model_datasets": (
        "model_id, 'owner/dataset-' || floor({ids} * random() ** 4)::bigint as dataset_id",
        "random() < 0.5",
    ),
    "hf_model_articles": (
        "model_id, '2301.' || floor({ids} * random() ** 4)::bigint as arxiv_id, "
        "false as is_template_leftover",
        "random() < 0.3",
    ),
    "hf_model_base_models": (
        "model_id, 'owner-' || older % 1000 || '/a-model-of-the-hub-' || older as base_model_id, "
        "'finetune' as relation",
        "random() < 0.6 and n > 20",
    ),
    "hf_model_keywords": (
        "model_id, 'keyword-' || unnest([floor(5000 * random() ** 4)::bigint + 5000 * k "
        "for k in range(6)]) as keyword_id, 'tag' as kind",
        "true",
    ),
    "hf_model_licenses": ("model_id, 'license-' || n % 80 as license_id", "random() < 0.7"),
}
ENTITIES = {
    "hf_datasets": (
        "dataset_id",
        "hf_model_datasets",
        "dataset_id as resolved_id, 'owner' as author, 'mit' as license, 'false' as gated, "
        "repeat('what it holds ', 30) as description, 1::bigint as downloads, 1::bigint as likes, "
        "false as is_private, false as is_disabled, null::timestamptz as hub_created_at, "
        "null::timestamptz as last_modified, '[]'::json as tags, "
        "json_object('name', dataset_id, 'recordSet', repeat('x', 2000)) as croissant",
    ),
    "arxiv_articles": (
        "arxiv_id",
        "hf_model_articles",
        "false as is_template_leftover, 'A title' as title, repeat('abstract ', 100) as summary, "
        "'[\"A. Author\"]'::json as authors, 'cs.CL' as primary_category, "
        "'[\"cs.CL\"]'::json as categories, null::text as doi, null::text as journal_ref, "
        "null::text as comment, 1::bigint as version, null::timestamptz as published_at, "
        "null::timestamptz as updated_at",
    ),
    "hf_base_models": (
        "base_model_id",
        "hf_model_base_models",
        "base_model_id as resolved_id, 'owner' as author, null::text as pipeline_tag, "
        "null::text as library_name, 'mit' as license, 'false' as gated, 1::bigint as downloads, "
        "1::bigint as likes, 1::bigint as parameters, 1::bigint as depth, "
        "false as is_private, false as is_disabled, "
        "null::timestamptz as hub_created_at, null::timestamptz as last_modified, "
        "'[]'::json as tags",
    ),
    "hf_keywords": (
        "keyword_id",
        "hf_model_keywords",
        "'tag' as kind, null::text as label, null::text as description",
    ),
    "hf_licenses": (
        "license_id",
        "hf_model_licenses",
        "null::text as spdx_id, 'A licence' as name, 'own' as family, null::text as url, "
        "false as is_osi_approved",
    ),
}
MAPPINGS = ("datasets", "articles", "base_models", "keywords", "licenses")


def make_bronze(database: Path, models: int) -> None:
    """Write the bronze tables of so many models; the same number gives the same tables."""
    with duckdb.connect(database) as connection:
        connection.execute("set threads = 1; set timezone = 'UTC'; create schema bronze")
        connection.execute(f"select setseed({SEED})")
        connection.execute(
            "create temp table models as select n, floor(n * random() ** 3)::bigint as older, "
            "'owner-' || n % 1000 || '/a-model-of-the-hub-' || n as model_id "
            f"from range({models}) as numbers (n)"
        )
        for table, query in CATALOG.items():
            connection.execute(f"create table bronze.{table} as {query}")
        for table, (columns, condition) in PAIRS.items():
            named = columns.format(ids=max(models // 5, 10))
            connection.execute(
                f"create table bronze.{table} as "
                f"select distinct *, false as is_gone, {RUN} "
                f"from (select {named} from models where {condition})"
            )
        for table, (key, pairs, columns) in ENTITIES.items():
            name = "model_id" if table == "hf_base_models" else key
            connection.execute(
                f"create table bronze.{table} as "
                f"select {key} as {name}, {columns}, {FOUND}, {RUN} "
                f"from (select distinct {key} from bronze.{pairs})"
            )


def build(folder: Path) -> Cost:
    """Run dbt's models and tests of the catalog and its enrichment."""
    environment = {
        "ASSAY_TARGET": "duckdb",
        "DUCKDB_PATH": str(folder / "catalog.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    }
    command = [str(Path(sys.executable).parent / "dbt"), "build", "--quiet", "--select", "tag:hf"]
    return run(command, environment, folder / "build.log")


def check(database: Path) -> dict[str, int]:
    """Return the rows of each mapping and of lineage.

    Raises BenchmarkError unless the mappings have as many as bronze.
    """
    with duckdb.connect(database, read_only=True) as connection:
        rows = {}
        for name in MAPPINGS:
            for schema, table in (("bronze", f"hf_model_{name}"), ("hf", f"model_{name}")):
                [(count,)] = connection.execute(f"select count(*) from {schema}.{table}").fetchall()
                rows[f"{schema}.{table}"] = count
            if rows[f"bronze.hf_model_{name}"] != rows[f"hf.model_{name}"]:
                raise BenchmarkError(f"hf.model_{name} has other than bronze's rows: {rows}")
        [row] = connection.execute("select count(*), max(depth) from hf.model_lineage").fetchall()
    mappings = sum(rows[f"hf.model_{name}"] for name in MAPPINGS)
    return {"pairs": mappings, "ancestors": row[0], "generations": row[1]}


def measure(models: int, folder: Path) -> tuple[Cost, Cost, dict[str, int]]:
    """Make bronze, build twice, and count."""
    database = folder / "catalog.duckdb"
    started = time.monotonic()
    make_bronze(database, models)
    sys.stderr.write(f"bronze of {models:,} models made in {time.monotonic() - started:.1f} s\n")
    first, again = build(folder), build(folder)
    return first, again, check(database)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.hub.enrichment_build",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--models", type=int, nargs="+", default=[20_000, 100_000], metavar="N")
    add("--work-dir", type=Path, help="where the databases go (default: temporary)")
    args = parser.parse_args()
    out = sys.stdout.write
    out(
        f"{'models':>10} {'pairs':>11} {'ancestors':>10} {'deepest':>8} {'first build':>12} "
        f"{'again':>9} {'peak MB':>8} {'models/s':>9}\n"
    )
    for models in sorted(args.models):
        with tempfile.TemporaryDirectory(prefix="assay-bench-", dir=args.work_dir) as work:
            first, again, rows = measure(models, Path(work))
        out(
            f"{models:>10,} {rows['pairs']:>11,} {rows['ancestors']:>10,} "
            f"{rows['generations']:>8} {first.seconds:>10.1f} s {again.seconds:>7.1f} s "
            f"{max(first.peak_mb, again.peak_mb):>8,.0f} "
            f"{models / first.seconds:>9,.0f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Two ways in which a person would otherwise load the Hub's listings, each to the same tables.

    python -m benchmarks.hub.peers row-by-row http://127.0.0.1:8000 catalog.duckdb

Both ask through our own Hub client and read each listing once. Neither is held back: the driver
prepares each statement once a page, and dlt runs with the settings that it comes with.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
import duckdb
import orjson

from assay.extract.http.transport import RetryPolicy
from assay.extract.hub.client import PAGE_CAP, Hub

_TABLES = """
    create schema if not exists hf;
    create table if not exists hf.tasks (task_id varchar primary key, task_label varchar);
    create table if not exists hf.models (
        model_id varchar primary key, license varchar, likes bigint, downloads bigint,
        last_modified timestamptz, tags json, pipeline_tag varchar, library_name varchar,
        author varchar, gated varchar, hub_created_at timestamptz
    );
    create table if not exists hf.model_tasks (
        model_id varchar, task_id varchar, rank_in_task bigint, primary key (model_id, task_id)
    );
"""
_UPSERT_TASK = """
    insert into hf.tasks values (?, ?)
    on conflict (task_id) do update set task_label = excluded.task_label
"""
_UPSERT_MODEL = """
    insert into hf.models values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (model_id) do update set
        license = excluded.license, likes = excluded.likes, downloads = excluded.downloads,
        last_modified = excluded.last_modified, tags = excluded.tags,
        pipeline_tag = excluded.pipeline_tag, library_name = excluded.library_name,
        author = excluded.author, gated = excluded.gated, hub_created_at = excluded.hub_created_at
"""
_UPSERT_RANK = """
    insert into hf.model_tasks values (?, ?, ?)
    on conflict (model_id, task_id) do update set rank_in_task = excluded.rank_in_task
"""
# From the tables that dlt makes of dictionaries: listings, its child listings__tags, and tasks.
_MART_OF_DICTIONARIES = """
    create or replace table hf.tasks as
    select id as task_id, label as task_label from bronze.tasks;

    create or replace table hf.model_tasks as
    select id as model_id, task_id, rank_in_task from bronze.listings;

    create or replace table hf.models as
    with latest as (
        select * from bronze.listings
        qualify row_number() over (partition by id order by task_id desc) = 1
    ),
    tags as (
        select
            _dlt_parent_id as parent_id,
            to_json(list(value order by _dlt_list_idx)) as tags,
            arg_min(value[9:], _dlt_list_idx) filter (starts_with(value, 'license:')) as license
        from bronze.listings__tags
        group by all
    )
    select
        id as model_id, license, likes, downloads, last_modified, tags, pipeline_tag,
        library_name, author, gated, created_at as hub_created_at
    from latest
    left join tags on latest._dlt_id = tags.parent_id
"""


def row_by_row(endpoint: str, database: str) -> None:
    """Upsert one record at a time through DuckDB's driver, in a transaction per page."""
    with duckdb.connect(database) as connection, _hub(endpoint) as hub:
        connection.execute(_TABLES)
        for task, page in hub.tasks().items():
            connection.execute(_UPSERT_TASK, [task, page["label"]])
            rank = 0
            for records in hub.model_pages(task, PAGE_CAP):
                if not records:
                    break
                ranks = range(rank + 1, rank + 1 + len(records))
                rank += len(records)
                connection.begin()
                connection.executemany(_UPSERT_MODEL, [_row(record) for record in records])
                connection.executemany(
                    _UPSERT_RANK,
                    [(r["id"], task, at) for r, at in zip(records, ranks, strict=True)],
                )
                connection.commit()


def _row(record: dict[str, Any]) -> tuple[Any, ...]:
    licenses = (tag[8:] for tag in record["tags"] if tag.startswith("license:"))
    gated = record["gated"]
    return (
        record["id"],
        next(licenses, None),
        record["likes"],
        record["downloads"],
        record["lastModified"],
        orjson.dumps(record["tags"]).decode(),
        record.get("pipeline_tag"),
        record.get("library_name"),
        record["author"],
        gated if isinstance(gated, str) else str(gated).lower(),
        record["createdAt"],
    )


def dictionaries(endpoint: str, database: str) -> None:
    """Yield dictionaries to dlt, whose defaults do the rest, then make the tables with SQL."""
    with _hub(endpoint) as hub:
        pipeline = dlt.pipeline(
            "dictionaries",
            destination=dlt.destinations.duckdb(database),
            dataset_name="bronze",
            pipelines_dir=str(Path(database).parent),
        )
        tasks = [{"id": task, "label": page["label"]} for task, page in hub.tasks().items()]
        pipeline.run(
            [
                dlt.resource(tasks, name="tasks", write_disposition="merge", primary_key="id"),
                dlt.resource(
                    _listings(hub, [task["id"] for task in tasks]),
                    name="listings",
                    write_disposition="merge",
                    primary_key=["task_id", "id"],
                ),
            ]
        )
    with duckdb.connect(database) as connection:
        connection.execute("create schema if not exists hf")
        connection.execute(_MART_OF_DICTIONARIES)


def _listings(hub: Hub, tasks: list[str]) -> Iterator[list[dict[str, Any]]]:
    for task in tasks:
        rank = 0
        for page in hub.model_pages(task, PAGE_CAP):
            for record in page:
                rank += 1
                record |= {"task_id": task, "rank_in_task": rank}
                record["gated"] = str(record["gated"]).lower()  # else dlt makes two columns of it
            yield page


def _hub(endpoint: str) -> Hub:
    return Hub(endpoint, None, RetryPolicy(min_interval=0.0))


CONTESTANTS = {"row-by-row": row_by_row, "dlt-dictionaries": dictionaries}


def main() -> None:
    """Run one contestant."""
    parser = argparse.ArgumentParser("python -m benchmarks.hub.peers", description=__doc__)
    parser.add_argument("contestant", choices=CONTESTANTS)
    parser.add_argument("endpoint")
    parser.add_argument("database")
    args = parser.parse_args()
    CONTESTANTS[args.contestant](args.endpoint, args.database)


if __name__ == "__main__":
    main()

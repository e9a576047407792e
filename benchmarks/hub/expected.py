"""Whether a contestant's tables are right: their rows against a count of the Hub's own file.

    python -m benchmarks.hub.expected HUB_FOLDER catalog.duckdb --limit-per-task 1000

Counts without the replay server, the pipeline or SQL. Exit code 1 and one line when a table is not
right. The count is kept beside the Hub's file for the next contestant.
"""

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import duckdb
import orjson

TABLES = ("tasks", "models", "model_tasks")


def counts(hub: Path, limit_per_task: int) -> dict[str, int]:
    """Return the rows that each table must have when each task lists so many models at most."""
    kept = hub / f"expected_{limit_per_task}.json"
    if not kept.exists():
        kept.write_bytes(orjson.dumps(_count(hub, limit_per_task)))
    return orjson.loads(kept.read_bytes())


def _count(hub: Path, limit_per_task: int) -> dict[str, int]:
    tasks = orjson.loads((hub / "hf_tasks.json").read_bytes())
    listings: dict[str, list[tuple[int, str]]] = defaultdict(list)
    with (hub / "hf_models.jsonl").open("rb") as lines:
        for line in lines:
            model = orjson.loads(line)
            for task in tasks.keys() & model["tags"]:
                listings[task].append((-model["downloads"], model["id"]))
    for listing in listings.values():
        listing.sort()
        del listing[limit_per_task:]
    return {
        "tasks": len(tasks),
        "models": len({model_id for listing in listings.values() for _, model_id in listing}),
        "model_tasks": sum(map(len, listings.values())),
    }


def found(database: Path) -> dict[str, int]:
    """Return the rows of each table of schema hf."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return {
            table: connection.sql(f"select count(*) from hf.{table}").fetchall()[0][0]
            for table in TABLES
        }


def main() -> None:
    """Compare, and fail loudly."""
    parser = argparse.ArgumentParser("python -m benchmarks.hub.expected", description=__doc__)
    parser.add_argument("hub", type=Path)
    parser.add_argument("database", type=Path)
    parser.add_argument("--limit-per-task", type=int, default=1_000_000)
    args = parser.parse_args()
    expected, rows = counts(args.hub, args.limit_per_task), found(args.database)
    if rows != expected:
        sys.exit(f"wrong tables in {args.database}: {rows}, but the Hub has {expected}")


if __name__ == "__main__":
    main()

"""What somebody writes who installed the wheel and knows dlt: posts of a day into a warehouse.

    python stranger.py DESTINATION SERVER [SOURCE ...]

Run from an empty folder; SERVER is a replay server. Prints how many rows each table of each source
holds, as JSON.
"""

import json
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

import dlt

import assay
from assay.extract import github_issues, hackernews, reddit, stackoverflow

DAY = date(2026, 11, 10)


def sources(server: str) -> dict[str, Callable[[], Any]]:
    """Return what opens each source, as its page of the documentation says."""
    day = {"since": DAY, "until": DAY, "requests_per_minute": 0}
    return {
        "github": lambda: github_issues(["brick-kiln/kiln"], endpoint=f"{server}/github", **day),
        "stackoverflow": lambda: stackoverflow(endpoint=f"{server}/stackexchange", **day),
        "reddit": lambda: reddit(
            ["devops", "webdev"],
            endpoint=f"{server}/reddit/oauth",
            token_endpoint=f"{server}/reddit/www",
            **day,
        ),
        "hackernews": lambda: hackernews(endpoint=f"{server}/hackernews", **day),
    }


def read(pipeline: dlt.Pipeline, table: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    with pipeline.sql_client() as client:
        sql = f"select * from {client.make_qualified_table_name(table)}"
        with client.execute_query(sql) as cursor:
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def main() -> None:
    """Load the sources twice, each into a dataset of its own."""
    destination, server, *wanted = sys.argv[1:]
    counts: dict[str, Any] = {"assay": assay.__file__}
    for name, opened in sources(server).items():
        if wanted and name not in wanted:
            continue
        for _ in range(2):
            pipeline = dlt.pipeline(
                f"my_{name}", destination=destination, dataset_name=f"{name}_posts"
            )
            pipeline.run(opened())
        tables: dict[str, Any] = {}
        for table in ("raw_items", "collected_windows"):
            rows = read(pipeline, table)
            tables[table] = [len(rows), sorted(rows[0])]
            if table == "raw_items":
                tables["url_hashes"] = sorted(row["url_hash"] for row in rows)
                tables["authors"] = len({row["author_hash"] for row in rows} - {None})
        counts[name] = tables
    sys.stdout.write(json.dumps(counts))


if __name__ == "__main__":
    main()

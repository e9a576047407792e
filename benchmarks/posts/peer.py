"""How posts would otherwise be loaded and cleaned.

    python -m benchmarks.posts.peer FOLDER DATABASE

dlt with Python dictionaries, as its tutorials begin, merged by primary key; then every body through
the standard library's HTML parser, row by row, into a table. No duplicates are looked for.
"""

import json
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dlt
import duckdb


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def _posts(folder: Path) -> Iterator[dict[str, Any]]:
    for file in sorted(folder.glob("posts_*.json")):
        yield from json.loads(file.read_bytes())


def main(folder: Path, database: Path) -> None:
    """Load and clean."""
    pipeline = dlt.pipeline(
        "peer",
        destination=dlt.destinations.duckdb(str(database)),
        dataset_name="bronze",
        pipelines_dir=str(database.parent),
    )
    resource = dlt.resource(
        _posts(folder),
        name="raw_items",
        primary_key="url_hash",
        write_disposition="merge",
        max_table_nesting=0,
    )
    pipeline.run(resource).raise_on_failed_jobs()
    with duckdb.connect(str(database)) as connection:
        rows = connection.execute("select url_hash, title, body from bronze.raw_items").fetchall()
        connection.execute("create table documents (url_hash varchar, title varchar, text varchar)")
        cleaned = []
        for key, title, body in rows:
            parser = _Text()
            parser.feed(body or "")
            cleaned.append((key, title, " ".join("".join(parser.parts).split())))
        connection.executemany("insert into documents values (?, ?, ?)", cleaned)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

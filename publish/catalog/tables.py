"""What the warehouse says of the catalog, as the tables that the page reads.

The queries are files of sql/ and run unchanged on DuckDB and Postgres. A model is a row of the
present (hf.current_models) that everybody may see, most downloaded first; the other tables name it
by its place in that order, which needs four bytes instead of a name.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assay import warehouse
from assay.common.text import shorten

SQL = Path(__file__).parent / "sql"
MOVERS_MOST = 50  # of a task, a span and a direction
AUTHORS_MOST = 4  # of a paper that are named
ISSUES_MOST = 10  # of a model that are named
TITLE_MOST = 300  # characters of an issue's title

TEXT = pa.string()
SMALL, NUMBER, DAY = pa.int32(), pa.float64(), pa.date32()  # a browser has no 64-bit integers
Rows = list[tuple[Any, ...]]

MODELS = pa.schema(
    [(name, TEXT) for name in ("model_id", "author", "pipeline_tag", "library_name", "license")]
    + [("license_family", TEXT), ("license_terms", TEXT), ("strictness", SMALL)]
    + [(f"strictest_{name}", TEXT) for name in ("ancestor", "license", "terms")]
    + [("strictest_strictness", SMALL), ("gated", TEXT), ("best_task", TEXT), ("best_rank", SMALL)]
    + [(name, NUMBER) for name in ("downloads", "likes", "downloads_all_time", "parameters")]
    + [(f"{name}_count", SMALL) for name in ("task", "dataset", "article", "parent", "child")]
    + [(f"gained_{span}", NUMBER) for span in (1, 7, 30)]
    + [(f"places_{span}", SMALL) for span in (1, 7, 30)]
    + [(f"growth_{span}", NUMBER) for span in (1, 7, 30)]
    + [("created_on", DAY), ("modified_on", DAY)]
)
TASKS = pa.schema(
    [("task_id", TEXT), ("task_label", TEXT), ("models", SMALL), ("downloads", NUMBER)]
)
MODEL_TASKS = pa.schema([("task", SMALL), ("model", SMALL), ("rank_in_task", SMALL)])
DATASETS = pa.schema(
    [(name, TEXT) for name in ("dataset_id", "author", "license", "license_terms", "gated")]
    + [("reason", TEXT), ("description", TEXT), ("downloads", NUMBER), ("likes", NUMBER)]
    + [("modified_on", DAY), ("models", SMALL), ("models_downloads", NUMBER)]
)
PAPERS = pa.schema(
    [(name, TEXT) for name in ("arxiv_id", "title", "authors", "primary_category", "doi")]
    + [("reason", TEXT), ("summary", TEXT), ("published_on", DAY)]
    + [("models", SMALL), ("models_downloads", NUMBER)]
)
PAIRS = pa.schema([("thing", SMALL), ("model", SMALL)])
LINEAGE = pa.schema(
    [("model", SMALL), ("ancestor", SMALL), ("depth", SMALL)]
    + [(name, TEXT) for name in ("ancestor_id", "parent_id", "relation", "license")]
    + [("license_terms", TEXT)]
)
MOVERS = pa.schema(
    [("task_id", TEXT), ("span_days", SMALL), ("model_id", TEXT), ("model", SMALL)]
    + [("movement", TEXT), ("rank_in_task", SMALL), ("rank_before", SMALL)]
    + [(name, NUMBER) for name in ("downloads", "downloads_before", "likes", "likes_before")]
    + [("growth", NUMBER), ("observed_on", DAY), ("compared_with", DAY)]
)
COMPLAINTS = pa.schema(
    [(name, SMALL) for name in ("model", "posts", "problem_posts", "people")]
    + [("last_posted_on", DAY), ("issue_id", TEXT), ("title", TEXT)]
    + [(name, SMALL) for name in ("issue_posts", "issue_people")]
)
HISTORY = pa.schema(
    {"model": SMALL, "model_id": TEXT, "observed_on": DAY, "downloads": NUMBER}
    | {"likes": NUMBER, "best_rank": SMALL}
)


@dataclass(frozen=True)
class Models:
    """The models, in the order in which the page knows them.

    as_of: the last moment at which a run read one of them. of: how many there are, of which these
    are the most downloaded.
    """

    table: pa.Table
    as_of: datetime | None
    of: int
    places: dict[str, int]

    def place(self, model_id: str) -> int | None:
        """Return a model's place; None for one that is not there."""
        return self.places.get(model_id)


def models(db: warehouse.Warehouse, most: int) -> Models:
    """Read the models of the present, at most so many: the most downloaded."""
    rows = ask(db, "models")
    kept = [row[:-1] for row in rows[:most]]
    as_of = max((row[-1] for row in rows if row[-1]), default=None)
    return Models(table(MODELS, kept), as_of, len(rows), {row[0]: n for n, row in enumerate(kept)})


def relations(db: warehouse.Warehouse, of: Models) -> dict[str, pa.Table]:
    """Read tasks, data sets, papers, ancestors and movers; by the names of their files."""
    downloads = of.table["downloads"].to_pylist()
    ranked = [row for row in ask(db, "model_tasks") if row[1] in of.places]
    found = _pairs(ask(db, "tasks"), ranked, of, downloads)
    tasks, places = found.things, found.places
    in_tasks = [(places[t], of.places[m], rank) for t, m, rank in ranked if t in places]
    made = {
        "tasks": table(TASKS, tasks),
        "model_tasks": table(MODEL_TASKS, sorted(in_tasks, key=lambda row: (row[0], row[2]))),
    }
    data = _pairs(ask(db, "datasets"), ask(db, "model_datasets"), of, downloads, only_named=True)
    made |= {"datasets": table(DATASETS, data.things), "model_datasets": table(PAIRS, data.pairs)}
    papers = [(*row[:2], _authors(row[2]), *row[3:]) for row in ask(db, "papers")]
    cited = _pairs(papers, ask(db, "model_papers"), of, downloads, only_named=True)
    made |= {"papers": table(PAPERS, cited.things), "model_papers": table(PAIRS, cited.pairs)}
    made["lineage"] = table(
        LINEAGE,
        sorted(
            (
                (of.places[model], of.place(ancestor), depth, ancestor, *rest)
                for model, ancestor, depth, *rest in ask(db, "lineage")
                if model in of.places
            ),
            key=lambda row: row[:1] + row[2:4],
        ),
    )
    movers = ask(db, "movers", (MOVERS_MOST,) * 3)
    made["movers"] = table(MOVERS, [(*row[:3], of.place(row[2]), *row[3:]) for row in movers])
    return made


def complaints(gold: warehouse.Warehouse | None, of: Models) -> pa.Table | None:
    """Read what posts say of models, a row per issue and one for a model without; None where
    nobody mined posts."""
    if gold is None:
        return None
    try:
        rows = ask(gold, "complaints")
    except duckdb.CatalogException:
        return None
    found = []
    for model_id, *counts, issues in rows:
        if (place := of.place(model_id)) is None:
            continue
        told = json.loads(issues or "[]")[:ISSUES_MOST] or [{}]
        found += [
            (place, *counts, one.get("issue_id"), _title(one), one.get("posts"), one.get("people"))
            for one in told
        ]
    return table(COMPLAINTS, sorted(found, key=lambda row: row[0]))


def histories(
    db: warehouse.Warehouse, of: Models, days: int, chunk: int
) -> Iterator[tuple[int, pa.Table]]:
    """Yield the last days of so many models at a time, with the place of the first of them.

    days: as many before the last day that there is. A row per model and day, in their order.
    """
    [(last,)] = ask(db, "last_day")
    first = (last or date.min + timedelta(days)) - timedelta(days=days)
    for start in range(0, of.table.num_rows, chunk):
        rows = ask(db, "history", (start, min(start + chunk, of.table.num_rows), first))
        found = sorted(
            ((of.places[row[0]], *row) for row in rows), key=lambda row: (row[0], row[2])
        )
        yield start, table(HISTORY, found)


def ask(db: warehouse.Warehouse, name: str, parameters: Sequence[Any] = ()) -> Rows:
    """Run a query of sql/ and return its rows."""
    return db.rows((SQL / f"{name}.sql").read_text(encoding="utf-8"), tuple(parameters))


def table(schema: pa.Schema, rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Make a table of rows whose values stand in the order of the schema."""
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [
        pa.array(map(_storable, column) if field.type == TEXT else column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


@dataclass(frozen=True)
class _Pairs:
    """things: rows with how many models name each, and their downloads; pairs: places of both."""

    things: Rows
    pairs: list[tuple[int, int]]
    places: dict[str, int]


def _pairs(
    things: Rows, named: Rows, of: Models, downloads: Sequence[float], *, only_named: bool = False
) -> _Pairs:
    models_of: dict[str, list[int]] = {row[0]: [] for row in things}
    for thing, model, *_ in named:
        if thing in models_of and model in of.places:
            models_of[thing].append(of.places[model])
    kept = [row for row in things if models_of[row[0]] or not only_named]
    places = {row[0]: place for place, row in enumerate(kept)}
    counted = [
        (*row, len(found), float(sum(downloads[one] or 0 for one in found)))
        for row in kept
        for found in [models_of[row[0]]]
    ]
    pairs = sorted((places[thing], one) for thing in places for one in models_of[thing])
    return _Pairs(counted, pairs, places)


def _authors(text: str | None) -> str | None:
    names = json.loads(text) if text else None
    if not isinstance(names, list) or not names:
        return None
    more = len(names) - AUTHORS_MOST
    said = ", ".join(map(str, names[:AUTHORS_MOST]))
    return f"{said} and {more} more" if more > 0 else said


def _title(issue: dict[str, Any]) -> str | None:
    title = issue.get("title")
    return None if title is None else shorten(str(title), TITLE_MOST)


def _storable(text: str | None) -> str | None:
    """Return text without halves of surrogate pairs, which no file of UTF-8 can have."""
    if text is None or text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")

"""A loader that loads round after round, each when it is told to: what a machine of several does.

    python -m tests.lake.loader NAME FIRST ROUNDS ROWS

It loads the rounds from FIRST up to ROUNDS, counted from 0. Before each it says `ready` and waits
for a line. A round brings ROWS posts of a day that is its own, the window that says so, a listing
of the Hub, and what its models refer to: all by the path of the pipelines.
"""

import sys
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
from dlt.common.runtime.collector import NullCollector

from assay.extract.enrichment.bronze import entity_table, mapping_table
from assay.extract.enrichment.entities import ENTITIES
from assay.extract.hub.bronze import LISTINGS, MODELS
from assay.extract.landing import bronze
from assay.extract.posts.bronze import make_tables
from assay.extract.posts.tables import COLLECTED_WINDOWS, RAW_ITEMS
from assay.warehouse import lake

NAMES = ("github", "reddit")
FIRST, AT = date(2026, 1, 1), datetime(2026, 6, 1, tzinfo=UTC)


def main() -> None:
    """Load the rounds that the command says."""
    name, first, rounds, rows = sys.argv[1], *map(int, sys.argv[2:])
    make_tables(NullCollector())
    for number in range(first, rounds):
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        load(name, number, rows)
    sys.stdout.write("done\n")


def load(name: str, number: int, rows: int) -> None:
    """Load one round: the posts of a day and its window, with those of the round before, which
    replace what is there of them; a post that every loader brings; a listing; and data sets, of
    which every loader brings one, that models refer to."""
    again = range(max(0, number - 1), number + 1)
    issues = bronze.open_pipeline("issues", lake.TARGET, NullCollector())
    posts = [RAW_ITEMS.of(_posts(name, one, rows)) for one in again]
    posts.append(RAW_ITEMS.of([_shared(name, number)]))
    windows = [COLLECTED_WINDOWS.of([_window(name, one, rows)]) for one in again]
    both = [RAW_ITEMS.resource(posts), COLLECTED_WINDOWS.resource(windows)]
    bronze.run(issues, both, lake.TARGET)
    catalog = bronze.open_pipeline("hf_catalog", lake.TARGET, NullCollector())
    bronze.run(catalog, _listing(f"{name}-{number}", rows), lake.TARGET)
    enrichment = bronze.open_pipeline("hf_enrichment", lake.TARGET, NullCollector())
    bronze.run(enrichment, _references(name, number, rows), lake.TARGET)


def _posts(name: str, number: int, rows: int) -> list[dict]:
    run_id = f"{name}-{number}"
    common = {"source": name, "query": "q", "collection_date": FIRST + timedelta(days=number)}
    common |= {"run_id": run_id, "created_at": AT, "collected_at": AT}
    return [
        common
        | {
            "url_hash": f"{run_id}-{row}",
            "native_id": str(row),
            "url": f"https://example.org/{run_id}/{row}",
            "title": f"post {row}",
        }
        for row in range(rows)
    ]


def _shared(name: str, number: int) -> dict:
    """Return a post as this loader saw it: of two, the one whose name is later saw it last."""
    [post] = _posts(name, number, 1)
    key = f"shared-{number}"
    return post | {"url_hash": key, "source": "shared", "collected_at": _seen(name)}


def _seen(name: str) -> datetime:
    return AT + timedelta(minutes=NAMES.index(name))


def _window(name: str, number: int, rows: int) -> dict:
    return {
        "source": name,
        "query": "q",
        "collection_date": FIRST + timedelta(days=number),
        "window_start": AT,
        "window_end": AT,
        "items": rows,
        "dropped": 0,
        "truncated": False,
        "is_final": True,
        "collected_at": AT,
        "run_id": f"{name}-{number}",
    }


def _listing(run_id: str, rows: int) -> list:
    common = {"task_id": "text-generation", "run_id": run_id, "observed_at": AT}
    models: pa.Table = MODELS.of(
        [common | {"model_id": f"{run_id}/{row}", "seq": row} for row in range(rows)]
    )
    listings = LISTINGS.of([common | {"models": rows}])
    return [MODELS.per_run().resource([models]), LISTINGS.per_run().resource([listings])]


def _references(name: str, number: int, rows: int) -> list:
    """Return data sets and who refers to them: each model of the round to its own, and one model
    that all loaders look at to another one in each."""
    run_id = f"{name}-{number}"
    common = {"run_id": run_id, "observed_at": _seen(name)}
    own = [f"{run_id}/{row}" for row in range(rows)]
    shared = f"shared-{number}"
    entity, mapping = (make(ENTITIES["datasets"]) for make in (entity_table, mapping_table))
    said = {"enriched": True, "fetched_at": _seen(name)} | common
    found = entity.of([said | {"dataset_id": key} for key in [*own, shared]])
    pairs = [(key, key) for key in own] + [(shared, f"{shared}-of-{name}")]
    refer = mapping.of(
        [common | {"model_id": a, "dataset_id": b, "is_gone": False} for a, b in pairs]
    )
    return [entity.resource([found]), mapping.resource([refer])]


if __name__ == "__main__":
    main()

"""From a run folder into the bronze tables of enrichment: what models point at, and the things.

Things are loaded before the pairs that point at them: a run killed in between leaves no pair that
points at nothing.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa
from dlt.common.runtime.collector_base import Collector

from assay.extract.enrichment.enrich import FILES
from assay.extract.enrichment.identify import TEMPLATE_LEFTOVER, Pointers
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import MAX_RECORD, RunFolder

log = logging.getLogger(__name__)

_TEXT, _NUMBER, _FLAG, _TIME = pa.string(), pa.int64(), pa.bool_(), bronze.UTC_TIME
_COMMON = {"run_id": _TEXT, "observed_at": _TIME}
_REPOSITORY = {
    "author": ("author", _TEXT),
    "gated": ("gated", _TEXT),
    "downloads": ("downloads", _NUMBER),
    "likes": ("likes", _NUMBER),
    "is_private": ("private", _FLAG),
    "is_disabled": ("disabled", _FLAG),
    "hub_created_at": ("createdAt", _TIME),
    "last_modified": ("lastModified", _TIME),
    "tags": ("tags", None),
}
# By entity: the table, its key, columns outside of the answer, and columns by their place in it;
# a type of None is JSON.
_THINGS: dict[str, tuple[str, str, dict[str, pa.DataType], dict[str, tuple[str, Any]]]] = {
    "datasets": (
        "hf_datasets",
        "dataset_id",
        {"license": _TEXT},
        {
            "resolved_id": ("id", _TEXT),
            "description": ("description", _TEXT),
            **_REPOSITORY,
            "croissant": ("croissant", None),
        },
    ),
    "articles": (
        "arxiv_articles",
        "arxiv_id",
        {"is_template_leftover": _FLAG},
        {
            "title": ("title", _TEXT),
            "summary": ("summary", _TEXT),
            "primary_category": ("primary_category", _TEXT),
            "doi": ("doi", _TEXT),
            "journal_ref": ("journal_ref", _TEXT),
            "comment": ("comment", _TEXT),
            "version": ("version", _NUMBER),
            "published_at": ("published", _TIME),
            "updated_at": ("updated", _TIME),
            "authors": ("authors", None),
            "categories": ("categories", None),
        },
    ),
    "base_models": (
        "hf_base_models",
        "model_id",
        {"license": _TEXT, "depth": _NUMBER},
        {
            "resolved_id": ("id", _TEXT),
            "pipeline_tag": ("pipeline_tag", _TEXT),
            "library_name": ("library_name", _TEXT),
            "parameters": ("safetensors.total", _NUMBER),
            **_REPOSITORY,
        },
    ),
    "keywords": (
        "hf_keywords",
        "keyword_id",
        {"kind": _TEXT},
        {"label": ("label", _TEXT), "description": ("description", _TEXT)},
    ),
    "licenses": (
        "hf_licenses",
        "license_id",
        {},
        {
            "spdx_id": ("spdx_id", _TEXT),
            "name": ("name", _TEXT),
            "family": ("family", _TEXT),
            "url": ("url", _TEXT),
            "is_osi_approved": ("is_osi_approved", _FLAG),
        },
    ),
}
_NOT_NULL = {"run_id", "observed_at", "enriched", "is_template_leftover", "depth", "kind"}
_SQL_TYPES = {_TEXT: "varchar", _NUMBER: "bigint", _FLAG: "boolean", _TIME: "timestamptz"}

# By entity: the table, what a pair holds after model_id, and how to read pairs from pointers.
_PAIRS: dict[str, tuple[str, dict[str, pa.DataType], Callable[[Pointers], Iterable[Any]]]] = {
    "datasets": (
        "hf_model_datasets",
        {"dataset_id": _TEXT},
        lambda found: ((name,) for name in found.datasets),
    ),
    "articles": (
        "hf_model_articles",
        {"arxiv_id": _TEXT, "is_template_leftover": _FLAG},
        lambda found: ((name, name == TEMPLATE_LEFTOVER) for name in found.articles),
    ),
    "base_models": (
        "hf_model_base_models",
        {"base_model_id": _TEXT, "relation": _TEXT},
        lambda found: found.base_models,
    ),
    "keywords": (
        "hf_model_keywords",
        {"keyword_id": _TEXT, "kind": _TEXT},
        lambda found: found.keywords,
    ),
    "licenses": (
        "hf_model_licenses",
        {"license_id": _TEXT},
        lambda found: ((name,) for name in found.licenses),
    ),
}
GONE = "is_gone"  # dlt's mark for rows that only delete


def load_enrichment(
    folder: RunFolder,
    entities: Iterable[str],
    identified: Mapping[str, Pointers],
    target: str,
    progress: Collector,
) -> None:
    """Load the entities' files of one run folder, and the pairs, into bronze of `target`.

    Things replace those with the same id, and a model's pairs all its pairs of before, so loading
    twice changes nothing. Raises dlt's PipelineStepFailed when the destination refuses.
    """
    started, chosen = time.monotonic(), list(entities)
    pipeline = bronze.open_pipeline("hf_enrichment", target, progress)
    bronze.run(pipeline, [_things(folder, entity) for entity in chosen], target)
    bronze.run(pipeline, [_pairs(folder, entity, identified) for entity in chosen], target)
    log.info(
        "loaded %s of %s into bronze of %s in %.1f s",
        ", ".join(chosen),
        folder.run_id,
        target,
        time.monotonic() - started,
    )


def _things(folder: RunFolder, entity: str) -> Any:
    table, key, outside, inside = _THINGS[entity]
    types = {
        key: _TEXT,
        "reason": _TEXT,
        "enriched": _FLAG,
        "fetched_at": _TIME,
        **outside,
        **{column: kind or _TEXT for column, (_, kind) in inside.items()},
        **_COMMON,
    }
    schema = _schema(types, {key})
    as_json = [column for column, (_, kind) in inside.items() if kind is None]
    data = bronze.read(folder, FILES[entity], _things_sql(entity), schema)
    return bronze.resource(table, schema, as_json, data, merge_key=key)


def _things_sql(entity: str) -> str:
    """Return the query that reads an entity's file; what has another type than expected is null."""
    _, key, outside, inside = _THINGS[entity]
    keys = {
        "id": "VARCHAR",
        "enriched": "BOOLEAN",
        "reason": "VARCHAR",
        "fetched_at": "BIGINT",
        **{name: _SQL_TYPES[kind].upper() for name, kind in outside.items()},
        "answer": "JSON",
    }
    columns = [
        f"id as {key}",
        "reason",
        "enriched",
        "make_timestamptz(fetched_at * 1000000) as fetched_at",
        *outside,
        *(f"{_value(place, kind)} as {column}" for column, (place, kind) in inside.items()),
        "$run_id as run_id",
        "$observed_at::timestamptz as observed_at",
    ]
    return (
        f"select {', '.join(columns)} from read_json($path, format = 'array', columns = {keys}, "  # noqa: S608 - constants of this module
        f"maximum_object_size = {2 * MAX_RECORD})"
    )


def _value(place: str, kind: Any) -> str:
    if kind is None:
        return f"nullif((answer -> '$.{place}')::varchar, 'null')"
    text = f"(answer ->> '$.{place}')"
    if kind == _TEXT:
        return f"nullif({text}, '')"
    value = f"try_cast({text} as {_SQL_TYPES[kind]})"
    return f"nullif({value}, 'infinity')" if kind == _TIME else value


def _pairs(folder: RunFolder, entity: str, identified: Mapping[str, Pointers]) -> Any:
    table, own, read = _PAIRS[entity]
    schema = _schema({"model_id": _TEXT, **own, GONE: _FLAG, **_COMMON}, {"model_id", *own})
    rows = _pair_rows(folder, identified, list(own.values()), read)
    return bronze.resource(
        table, schema, [], _tables(rows, schema), merge_key="model_id", hard_delete=GONE
    )


def _pair_rows(
    folder: RunFolder,
    identified: Mapping[str, Pointers],
    types: list[pa.DataType],
    read: Callable[[Pointers], Iterable[Any]],
) -> Iterator[tuple[Any, ...]]:
    """Yield the pairs; a model without any gives a row that deletes those it may have had."""
    gone = tuple(False if kind == _FLAG else "" for kind in types)
    at = (folder.run_id, folder.started_at)
    for model_id, found in identified.items():
        pairs = list(read(found))
        if not pairs:
            yield (model_id, *gone, True, *at)
        for pair in pairs:
            yield (model_id, *pair, False, *at)


def _tables(rows: Iterator[tuple[Any, ...]], schema: pa.Schema) -> Iterator[pa.Table]:
    yield schema.empty_table()  # so that the table is made even when there is no row
    while batch := list(islice(rows, bronze.BATCH_ROWS)):
        columns = zip(*batch, strict=True)
        arrays = [
            pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
        ]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _schema(types: Mapping[str, pa.DataType], keys: set[str]) -> pa.Schema:
    fixed = _NOT_NULL | keys
    return pa.schema([pa.field(name, kind, name not in fixed) for name, kind in types.items()])

"""The bronze tables of enrichment, from the files of a run folder and from what models refer to.

A model's references count as of the catalog that they were read from, an entity as of the moment
at which its source answered. So an older folder, loaded again, fills in and takes nothing back.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

import dlt
import pyarrow as pa

from assay import warehouse
from assay.extract.enrichment.entity import FLAG, NUMBER, TEXT, TIME, Entity, Field, References
from assay.extract.landing import bronze, odd
from assay.extract.landing.run_folder import MAX_RECORD, RunFolder
from assay.extract.landing.table import BATCH_ROWS, BronzeTable

GONE = "is_gone"  # dlt's mark for rows that only delete

_COMMON = {"run_id": TEXT, "observed_at": TIME}
_NOT_NULL = {"run_id", "observed_at", "enriched", "is_template_leftover", "depth", "kind"}
_SQL_TYPES = {TEXT: "varchar", NUMBER: "bigint", FLAG: "boolean", TIME: "timestamptz"}
_NEWER_MODELS_SQL = "select distinct model_id from {table} where observed_at > %s"
_NEWER_WITHOUT_SQL = _NEWER_MODELS_SQL + " and entity = '{entity}'"
_NEWER_IDS_SQL = """
    select {key}, greatest(observed_at, fetched_at)
    from {table}
    where greatest(observed_at, fetched_at) > %s
"""


def entity_table(entity: Entity) -> BronzeTable:
    """Return the bronze table of an entity: a row replaces the one with the same id."""
    types = {
        entity.key: TEXT,
        "reason": TEXT,
        "enriched": FLAG,
        "fetched_at": TIME,
        **entity.columns,
        **{column: field.type or TEXT for column, field in entity.answered.items()},
        **_COMMON,
    }
    as_json = [column for column, field in entity.answered.items() if field.type is None]
    return BronzeTable(
        entity.table, _schema(types, {entity.key}), primary_key=[entity.key], json_columns=as_json
    )


def mapping_table(entity: Entity) -> BronzeTable:
    """Return the bronze table of which models refer to an entity: the rows of a model replace all
    its rows of before, so the model is what they are merged by."""
    own = entity.mapping_columns
    schema = _schema({"model_id": TEXT, **own, GONE: FLAG, **_COMMON}, {"model_id", *own})
    return BronzeTable(entity.mapping, schema, merge_key=["model_id"], hard_delete=GONE)


# A model that was looked at and refers to nothing of an entity, which its mapping cannot say.
WITHOUT_REFERENCES = BronzeTable(
    "hf_without_references",
    pa.schema(
        [
            pa.field("entity", TEXT, nullable=False),
            pa.field("model_id", TEXT, nullable=False),
            pa.field("run_id", TEXT, nullable=False),
            pa.field("observed_at", TIME, nullable=False),
        ]
    ),
    primary_key=["entity", "model_id"],
)


@dataclass(frozen=True)
class Newer:
    """models: by entity, those whose references were read later. ids: by entity, when what is
    known of an id was answered."""

    models: dict[str, set[str]] = field(default_factory=dict)
    ids: dict[str, dict[str, datetime]] = field(default_factory=dict)

    def keep(self, entity: Entity, tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
        """Yield an entity's rows without those of which something later is known."""
        known = self.ids.get(entity.name)
        for rows in tables:
            yield rows.filter(_is_newest(rows, entity.key, known)) if known else rows


def _is_newest(rows: pa.Table, key: str, known: dict[str, datetime]) -> pa.Array:
    """Tell of each row whether nothing later is known of its id."""
    columns = (rows[name].to_pylist() for name in (key, "observed_at", "fetched_at"))
    return pa.array(
        [
            name not in known or known[name] <= max(observed, fetched or observed)
            for name, observed, fetched in zip(*columns, strict=True)
        ],
        pa.bool_(),
    )


def newer(
    pipeline: dlt.Pipeline, target: str, entities: Iterable[Entity], folder: RunFolder
) -> Newer:
    """Ask the warehouse what it knows from later readings than the folder.

    A lake keeps what every reading brought and shows the latest, so there nothing is left out.
    """
    found = Newer()
    if warehouse.is_lake(warehouse.output(target)):
        return found
    made = pipeline.default_schema.tables if pipeline.default_schema_name else {}
    with bronze.turn(target), pipeline.sql_client() as client:

        def rows(table: str, sql: str, **names: str) -> list[tuple[Any, ...]]:
            if table not in made:
                return []
            query = sql.format(table=client.make_qualified_table_name(table), **names)
            return list(client.execute_sql(query, folder.started_at) or ())

        for entity in entities:
            models = rows(entity.mapping, _NEWER_MODELS_SQL)
            models += rows(WITHOUT_REFERENCES.name, _NEWER_WITHOUT_SQL, entity=entity.name)
            found.models[entity.name] = {model_id for (model_id,) in models}
            found.ids[entity.name] = dict(rows(entity.table, _NEWER_IDS_SQL, key=entity.key))
    return found


def entity_rows(entity: Entity, folder: RunFolder) -> Iterator[pa.Table]:
    """Yield an entity's file as tables of bronze."""
    return bronze.read(folder, entity.file, _entity_sql(entity), entity_table(entity))


def mapping_rows(
    entity: Entity, folder: RunFolder, references: References, known: Container[str] = ()
) -> Iterator[pa.Table]:
    """Yield what the models of a run folder refer to as tables of bronze.

    A model without any reference gives a row that deletes those that it may have had. known: models
    whose references are known from a later reading; they are left out.
    """
    return _tables(mapping_table(entity).schema, _mapping_rows(entity, folder, references, known))


def rows_without_references(
    entity: Entity, folder: RunFolder, references: References, known: Container[str] = ()
) -> Iterator[pa.Table]:
    """Yield the models of a run folder that refer to nothing of an entity; known as above."""
    at = (folder.run_id, folder.started_at)
    rows = (
        (entity.name, model_id, *at)
        for model_id, named in references.of(entity.name)
        if not named and model_id not in known
    )
    return _tables(WITHOUT_REFERENCES.schema, rows)


def _tables(schema: pa.Schema, rows: Iterator[tuple[Any, ...]]) -> Iterator[pa.Table]:
    yield schema.empty_table()  # so that the table is made even when there is no row
    while batch := list(islice(rows, BATCH_ROWS)):
        columns = zip(*batch, strict=True)
        arrays = [
            pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)
        ]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _mapping_rows(
    entity: Entity, folder: RunFolder, references: References, known: Container[str]
) -> Iterator[tuple[Any, ...]]:
    nothing = tuple(False if kind == FLAG else "" for kind in entity.mapping_columns.values())
    at = (folder.run_id, folder.started_at)
    for model_id, rows in references.of(entity.name):
        if model_id in known:
            continue
        if not rows:
            yield (model_id, *nothing, True, *at)
        for row in rows:
            yield (model_id, *row, False, *at)


def _entity_sql(entity: Entity) -> str:
    """Return the query that reads an entity's file; what has another type than expected is null."""
    keys = {
        "id": "VARCHAR",
        "enriched": "BOOLEAN",
        "reason": "VARCHAR",
        "fetched_at": "BIGINT",
        **{name: _SQL_TYPES[kind].upper() for name, kind in entity.columns.items()},
        "answer": "JSON",
    }
    columns = [
        f"id as {entity.key}",
        "reason",
        "enriched",
        "make_timestamptz(fetched_at * 1000000) as fetched_at",
        *entity.columns,
        *(f"{_value(field)} as {column}" for column, field in entity.answered.items()),
        "$run_id as run_id",
        "$observed_at::timestamptz as observed_at",
    ]
    return (
        f"select {', '.join(columns)} from read_json($path, format = 'array', columns = {keys}, "  # noqa: S608 - constants of the entities
        f"maximum_object_size = {2 * MAX_RECORD})"
    )


def _value(field: Field) -> str:
    if field.type is None:
        return f"nullif((answer -> '$.{field.path}')::varchar, 'null')"
    text = f"(answer ->> '$.{field.path}')"
    if field.type == NUMBER:
        return odd.count(text)
    if field.type == TIME:
        return odd.moment(text)
    if field.path == "id":  # the name that it has now, which is a key elsewhere
        return odd.key(text)
    return f"nullif({text}, '')" if field.type == TEXT else f"try_cast({text} as boolean)"


def _schema(types: Mapping[str, pa.DataType], keys: set[str]) -> pa.Schema:
    fixed = _NOT_NULL | keys
    return pa.schema([pa.field(name, kind, name not in fixed) for name, kind in types.items()])

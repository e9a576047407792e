"""What the catalog sets aside: records that are no models, and values that no column can take.

Records that cannot be written to hf_models.json stand in hf_rejected.json with a reason; values are
found when the folder is loaded. Both end in bronze.hf_rejected, once each however many tasks list
the model, so that a person can see what the Hub said.
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from assay.extract.landing import odd
from assay.extract.landing.run_folder import RunFolder, encoded
from assay.extract.landing.table import BATCH_ROWS, UTC_TIME, BronzeTable

FILE = "hf_rejected.json"
MAX_VALUE = 500  # characters of a value that are kept

REJECTED = BronzeTable(
    "hf_rejected",
    pa.schema(
        [
            pa.field("reject_id", pa.string(), nullable=False),
            pa.field("task_id", pa.string()),
            pa.field("model_id", pa.string()),
            pa.field("field", pa.string()),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("value", pa.string()),
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("observed_at", UTC_TIME, nullable=False),
        ]
    ),
    primary_key=["reject_id"],
)

# A field of the API, when its value is taken, and why it is not.
_VALUES = {
    "likes": (odd.count("likes"), "no_count"),
    "downloads": (odd.count("downloads"), "no_count"),
    "downloadsAllTime": (odd.count("downloadsAllTime"), "no_count"),
    "trendingScore": (odd.count("trendingScore"), "no_count"),
    "createdAt": (odd.moment("createdAt"), "no_time"),
    "lastModified": (odd.moment("lastModified"), "no_time"),
    "pipeline_tag": (odd.key("pipeline_tag"), "too_long"),
    "library_name": (odd.key("library_name"), "too_long"),
}
_TYPES = dict.fromkeys(("_task_id", "id", *_VALUES), "VARCHAR") | {"tags": "JSON"}
_JUDGED = ", ".join(
    f"{{field: '{field}', reason: '{reason}', value: {field}, "
    f"is_odd: {field} <> '' and ({taken}) is null}}"
    for field, (taken, reason) in _VALUES.items()
)
_SQL = f"""
    with models as (
        select * from read_json($models, format = 'array', columns = {_TYPES})
    ),
    judged as (
        select _task_id as task_id, id as model_id, unnest([{_JUDGED}], recursive := true)
        from models
    ),
    tags as (
        select
            _task_id as task_id,
            id as model_id,
            'tags' as field,
            'too_long' as reason,
            unnest(list_filter(
                cast(tags as varchar[]), lambda tag: strlen(tag) > {odd.MAX_KEY}
            )) as value
        from models
        where json_type(tags) = 'ARRAY'
    ),
    no_lists as (
        select _task_id, id, 'tags', 'no_list', tags::varchar
        from models
        where json_type(tags) not in ('ARRAY', 'NULL')
    ),
    records as (
        select _task_id, id, null::varchar, reason, value
        from read_json(
            $rejected, format = 'array',
            columns = {{_task_id: 'VARCHAR', id: 'VARCHAR', reason: 'VARCHAR', value: 'VARCHAR'}}
        )
    ),
    rejected as (
        select task_id, model_id, field, reason, value from judged where is_odd
        union all select * from tags
        union all select * from no_lists
        union all select * from records
    )
    select
        md5(to_json([model_id, field, reason, value])::varchar) as reject_id,
        min(task_id) as task_id,
        model_id,
        field,
        reason,
        left(value, {MAX_VALUE}) as value,
        $run_id as run_id,
        $observed_at::timestamptz as observed_at
    from rejected
    group by all
    order by reject_id
"""  # noqa: S608 - constants of this file


def reason_of(record: Any) -> str | None:
    """Return why a record of a listing is no model's, None when it is one."""
    if not isinstance(record, dict):
        return "no_record"
    model_id = record.get("id")
    if not isinstance(model_id, str) or not model_id.strip("\0 \t\r\n"):
        return "no_id"
    return None if odd.is_key(model_id) else "id_too_long"


def set_aside(record: Any, task_id: str, reason: str) -> dict[str, Any]:
    """Return what hf_rejected.json keeps of a record that is no model's."""
    model_id = record.get("id") if isinstance(record, dict) else None
    said = encoded({"record": record})[len('{"record":') : -1]
    return {
        "_task_id": task_id,
        "id": model_id[:MAX_VALUE] if isinstance(model_id, str) else None,
        "reason": reason,
        "value": said[: 4 * MAX_VALUE].decode("utf-8", "ignore")[:MAX_VALUE],
    }


def write(folder: RunFolder, found: list[dict[str, Any]]) -> None:
    """Write what was set aside while the Hub was read; no file when there is nothing."""
    if found:
        with folder.records(FILE) as out:
            for one in found:
                out.write(encoded(one))


def rows(folder: RunFolder, *models_files: str) -> Iterator[pa.Table]:
    """Yield what a run folder's records and values were set aside for; models_files: those that say
    something of models."""
    set_aside_file = str(folder.path / FILE) if FILE in folder.manifest["files"] else None
    known: set[str] = set()
    for number, name in enumerate(models_files):
        # A file at a time: the query holds what it reads in memory.
        records = set_aside_file if number == 0 else None
        for table in _rows_of(folder, name, records):
            ids = table.column("reject_id").to_pylist()
            yield table.filter(pa.array([one not in known for one in ids], pa.bool_()))
            known.update(ids)


def _rows_of(folder: RunFolder, models_file: str, records: str | None) -> Iterator[pa.Table]:
    sql = _SQL
    values = {
        "models": str(folder.path / models_file),
        "run_id": folder.run_id,
        "observed_at": folder.started_at,
    }
    if records:
        values["rejected"] = records
    else:
        sql = sql.replace("$rejected", "$models").replace("union all select * from records", "")
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'; set threads = 1")
        yield from REJECTED.batches(connection.execute(sql, values).to_arrow_reader(BATCH_ROWS))

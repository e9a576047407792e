"""What models refer to, read from their tags: pure functions, no network, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from assay.extract.enrichment.entities import ENTITIES
from assay.extract.enrichment.entity import References
from assay.extract.enrichment.tags import Row, read_tags
from assay.extract.http.transport import parse_json

PREFIXES = frozenset(entity.prefix for entity in ENTITIES.values() if entity.prefix)


def rows_of(record: Mapping[str, Any]) -> tuple[tuple[Row, ...], ...]:
    """Return the rows that one model record of the Hub's API makes in the mapping of each entity,
    in order of ENTITIES. Never raises."""
    tags = read_tags(record, PREFIXES)
    return tuple(entity.identify(tags) for entity in ENTITIES.values())


def identify(records: Iterable[Mapping[str, Any]]) -> References:
    """Return what each listed model refers to, sorted, whatever the records' order.

    records: those of a run folder's hf_models.json, with `_task_id` and `_seq`. A model counts as
    it was last observed; one that has left every task that listed it does not count.
    """
    last: dict[str, dict[str, tuple[int, Any]]] = {}
    for record in records:
        tasks = last.setdefault(record["id"], {})
        seq, task = record["_seq"], record["_task_id"]
        if task not in tasks or tasks[task][0] < seq:
            tasks[task] = seq, None if "_left" in record else rows_of(record)
    by_model = {}
    for model_id in sorted(last):
        listed = [(seq, rows) for seq, rows in last[model_id].values() if rows is not None]
        if listed:
            by_model[model_id] = max(listed, key=itemgetter(0))[1]
    return References(ENTITIES, PREFIXES, by_model)


def read_models(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a run folder's hf_models.json, which has one per line."""
    with path.open("rb") as lines:
        for line in lines:
            record = line.strip().removesuffix(b",")
            if record not in (b"[", b"]", b""):
                yield _record(record)


def _record(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:  # a number longer, or nested deeper, than orjson reads
        return parse_json(line)

"""One row per evaluation with the score that its text gives, or why it gives none."""

import pyarrow as pa

from assay.mining.experiments.scores import SCORES_VERSION, parse_score

SCHEMA = pa.schema(
    [
        pa.field("task_id", pa.string()),
        pa.field("form", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("scores_version", pa.string()),
        pa.field("score", pa.float64()),
    ]
)


def model(dbt, session):
    """Return all scores anew: reading them is cheap, and better rules then hold for all."""
    dbt.config(materialized="table")
    responses = dbt.ref("evaluation_responses").project("task_id, response").order("task_id")
    rows = [
        {
            "task_id": task_id,
            "scores_version": SCORES_VERSION,
            "score": read.value,
            "form": read.form,
            "reason": read.reason,
        }
        for task_id, text in responses.fetchall()
        for read in [parse_score(text)]
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)

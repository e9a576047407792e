"""One row per fingerprint of a cluster that a language model labelled, under a person's approval.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

import pyarrow as pa
from dbt_common.invocation import get_invocation_id

from assay.dbt.progress import show_progress
from assay.dbt.relations import is_value
from assay.mining.label.prompt import label_fields, label_tasks
from assay.mining.llm import Cache, Settings, run
from assay.warehouse import data_dir

SHOWN = "fingerprint, summary, centroid, posts, categories, examples"
SCHEMA = pa.schema(
    [
        pa.field("fingerprint", pa.string()),
        pa.field("canonical_title", pa.string()),
        pa.field("category", pa.string()),
        pa.field("description", pa.string()),
        pa.field("would_pay_signal", pa.bool_()),
        pa.field("impact_level", pa.string()),
        pa.field("model", pa.string()),
        pa.field("prompt_version", pa.string()),
        pa.field("tokens", pa.int64()),
        pa.field("cost_usd", pa.float64()),
        pa.field("evidence", pa.string()),
    ]
)


def model(dbt, session):
    """Return the labels of the last days' clusters: answered before, or now under approval."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    show_progress()
    inputs = dbt.ref("int_issue_labels__llm__inputs")
    days_back = int(dbt.config.get("llm_days"))
    days = inputs.filter(f"days_back <= {days_back}").project("cluster_date").distinct()
    tasks = {}
    for (day,) in days.order("cluster_date desc").fetchall():
        # Contrast is with the other clusters of the same day: the day before has the same problems.
        of_day = inputs.filter(is_value("cluster_date", day))
        of_day = of_day.project(SHOWN).order("fingerprint, summary")
        for asked in label_tasks(of_day.to_arrow_table().to_pylist()):
            tasks.setdefault(asked.task.key, asked)
    with Cache(data_dir() / "llm.sqlite") as cache:
        results = run(
            [asked.task for asked in tasks.values()],
            Settings.from_environment(),
            cache,
            approved=_is_true(dbt.config.get("approve_llm")),
            max_usd=float(dbt.config.get("llm_max_usd")),
            run_id=get_invocation_id(),
            ask_again=_is_true(dbt.config.get("llm_ask_again")),
        )
    labels = [
        {
            "fingerprint": result.key,
            **label_fields(result.data, tasks[result.key].post_ids),
            "model": result.model,
            "prompt_version": result.prompt_version,
            "tokens": result.tokens_in + result.tokens_out,
            "cost_usd": result.cost_usd,
        }
        for result in results
        if result.status == "ok"
    ]
    return pa.Table.from_pylist(labels, schema=SCHEMA)


def _is_true(given: object) -> bool:
    return str(given).lower() == "true"

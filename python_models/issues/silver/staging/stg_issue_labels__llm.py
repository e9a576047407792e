"""One row per fingerprint of a cluster that a language model labelled, under a person's approval.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

import pyarrow as pa
from dbt_common.invocation import get_invocation_id

from assay.dbt.progress import show_progress
from assay.mining.label.prompt import label_tasks
from assay.mining.llm import Cache, Settings, run
from assay.warehouse import data_dir

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
    ]
)
CLUSTERS_SQL = """
    with shown as (
        select * from clusters where cluster_date = $day and cluster_size > 0
    ),
    members as (
        select cluster_id, fingerprint, centroid, unnest(members) as member
        from staged where cluster_date = $day
    )
    select m.fingerprint, s.summary, any_value(m.centroid) as centroid,
        list(
            {'title': d.title, 'text': d.text[:2000]} order by not p.is_problem, m.member.position
        ) as posts
    from members as m
    join shown as s on m.cluster_id = s.cluster_id
    join documents as d on m.member.url_hash = d.url_hash
    join problems as p on m.member.url_hash = p.url_hash
    where not m.member.is_outlier and m.member.position < 20
    group by m.fingerprint, s.summary
"""


def model(dbt, session):
    """Return the labels of the last days' clusters: answered before, or now under approval."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    show_progress()
    clusters, staged = dbt.ref("clusters"), dbt.ref("stg_clusters")  # noqa: F841 - in the SQL
    documents, problems = dbt.ref("documents"), dbt.ref("stg_problems")  # noqa: F841
    days = session.sql("select distinct cluster_date from clusters order by cluster_date desc")
    tasks = {}
    for (day,) in days.fetchmany(int(dbt.config.get("llm_days"))):
        # Contrast is with the other clusters of the same day: the day before has the same problems.
        of_day = session.sql(CLUSTERS_SQL, params={"day": day}).order("fingerprint, summary")
        for task in label_tasks(of_day.to_arrow_table().to_pylist()):
            tasks.setdefault(task.key, task)
    approved = str(dbt.config.get("approve_llm")).lower() == "true"
    with Cache(data_dir() / "llm.sqlite") as cache:
        results = run(
            tasks.values(),
            Settings.from_environment(),
            cache,
            approved=approved,
            max_usd=float(dbt.config.get("llm_max_usd")),
            run_id=get_invocation_id(),
        )
    labels = [
        {
            "fingerprint": result.key,
            **result.data,
            "model": result.model,
            "prompt_version": result.prompt_version,
            "tokens": result.tokens_in + result.tokens_out,
            "cost_usd": result.cost_usd,
        }
        for result in results
        if result.status == "ok"
    ]
    return pa.Table.from_pylist(labels, schema=SCHEMA)

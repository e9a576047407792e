"""One row per fingerprint of a cluster that a language model labelled, under a person's approval.

Without `approve_llm` nothing is asked: the table keeps its rows and the plan is printed.
"""

import pyarrow as pa
from dbt_common.invocation import get_invocation_id

from assay.warehouse import data_dir
from mining.label_prompt import label_tasks
from mining.llm import Cache, Settings, run

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
        select fingerprint, any_value(cluster_date) as cluster_date,
            any_value(cluster_id) as cluster_id, any_value(summary) as summary
        from clusters group by fingerprint
    ),
    members as (
        select s.fingerprint, unnest(c.members) as member
        from shown as s join staged as c using (cluster_date, cluster_id)
    )
    select s.fingerprint, s.summary, any_value(c.centroid) as centroid,
        list({'title': d.title, 'text': d.text[:2000]} order by m.member.position) as posts
    from members as m
    join documents as d on m.member.url_hash = d.url_hash
    join shown as s on m.fingerprint = s.fingerprint
    join staged as c on s.cluster_date = c.cluster_date and s.cluster_id = c.cluster_id
    where not m.member.is_outlier and m.member.position < 20
    group by s.fingerprint, s.summary order by s.fingerprint
"""

def model(dbt, session):
    """Return labels that the table does not have: answered before, or asked under approval."""
    dbt.config(
        materialized="incremental", unique_key="fingerprint", incremental_strategy="delete+insert"
    )
    clusters, staged = dbt.ref("clusters"), dbt.ref("stg_clusters")  # noqa: F841 - in the SQL
    documents = dbt.ref("documents")  # noqa: F841
    rows = session.sql(CLUSTERS_SQL).to_arrow_table().to_pylist()
    tasks = label_tasks(rows)
    approved = str(dbt.config.get("approve_llm")).lower() == "true"
    with Cache(data_dir() / "llm.sqlite") as cache:
        results = run(
            tasks,
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

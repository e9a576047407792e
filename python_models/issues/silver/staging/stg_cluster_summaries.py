"""One row per cluster and day with its summary; only clusters with other posts are summarized."""

import pyarrow as pa

from assay.mining.summarize import MAX_DOCUMENTS, summarize

SUMMARY_VERSION = "1"
SCHEMA = pa.schema(
    [
        pa.field("cluster_date", pa.date32()),
        pa.field("cluster_id", pa.int32()),
        pa.field("fingerprint", pa.string()),
        pa.field("summary_version", pa.string()),
        pa.field("summary", pa.string()),
    ]
)


def model(dbt, session):
    """Return the summaries that the table does not have yet."""
    dbt.config(
        materialized="incremental",
        unique_key=["cluster_date", "cluster_id"],
        incremental_strategy="delete+insert",
    )
    clusters, documents = dbt.ref("stg_clusters"), dbt.ref("documents")  # noqa: F841 - in the SQL
    pending = "select cluster_date, cluster_id, fingerprint from clusters"
    if dbt.is_incremental:
        pending += (
            f" except select cluster_date, cluster_id, fingerprint from {dbt.this}"  # noqa: S608
            f" where summary_version = '{SUMMARY_VERSION}'"
        )
    rows = session.sql(f"""
        with pending as ({pending}),
        members as (
            select c.cluster_date, c.cluster_id, c.fingerprint, unnest(c.members) as member
            from clusters as c semi join pending as p using (cluster_date, cluster_id, fingerprint)
        ),
        nearest as (
            select * from members
            qualify row_number() over (
                partition by cluster_date, cluster_id
                order by member.is_outlier, member.position
            ) <= {MAX_DOCUMENTS}
        )
        select n.cluster_date, n.cluster_id, n.fingerprint,
            list(d.title order by n.member.position) as titles,
            list(d.text order by n.member.position) as texts
        from nearest as n join documents as d on n.member.url_hash = d.url_hash
        group by all order by all
    """).to_arrow_table()  # noqa: S608 - a version of ours and a relation of dbt's
    summaries = [
        summarize(zip(titles, texts, strict=True))
        for titles, texts in zip(rows["titles"].to_pylist(), rows["texts"].to_pylist(), strict=True)
    ]
    return pa.Table.from_arrays(
        [
            rows["cluster_date"],
            rows["cluster_id"],
            rows["fingerprint"],
            pa.array([SUMMARY_VERSION] * len(summaries), pa.string()),
            pa.array(summaries, pa.string()),
        ],
        schema=SCHEMA,
    )

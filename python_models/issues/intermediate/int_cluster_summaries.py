"""One row per cluster and day with its summary; only clusters with other posts are summarized."""

import pyarrow as pa

from assay.mining.summarize import MAX_DOCUMENTS, summarize

SUMMARY_VERSION = "1"
CLUSTER = "cluster_date, cluster_id, fingerprint"  # a cluster as it was when it was summarized
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
    members = dbt.ref("int_cluster_summaries__inputs").filter(f"position < {MAX_DOCUMENTS}")
    if dbt.is_incremental:
        done = session.sql(f"from {dbt.this}").filter(f"summary_version = '{SUMMARY_VERSION}'")
        members = members.join(done.project(CLUSTER), CLUSTER, "anti")
    texts = "list(title order by position) as titles, list(text order by position) as texts"
    rows = members.aggregate(f"{CLUSTER}, {texts}", CLUSTER).order(CLUSTER).to_arrow_table()
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

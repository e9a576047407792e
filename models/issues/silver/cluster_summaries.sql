-- What the posts nearest the centre of a cluster say, in their own sentences.
select
    cluster_date,
    cluster_id,
    summary,
    fingerprint
from {{ ref('int_cluster_summaries') }}

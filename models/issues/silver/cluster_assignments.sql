-- Which cluster each post belongs to, for every day that was clustered, as corrected by hand.
select
    url_hash,
    cluster_date,
    cluster_id,
    position,
    distance,
    is_outlier
from {{ ref('int_corrected_members') }}

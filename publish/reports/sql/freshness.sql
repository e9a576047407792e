select
    (
        select count(*) from hf.models
        where last_synced_at < (select max(last_synced_at) from hf.models)
    ) as not_seen,
    (select min(created_at) from hf.models) as first_created_at,
    (select min(last_synced_at) from hf.models) as first_synced_at,
    (select max(last_synced_at) from hf.models) as last_synced_at,
    (select max(updated_at) from hf.models) as last_updated_at,
    (select max(last_modified) from hf.models) as last_modified,
    count(distinct observed_on) as days,
    min(observed_on) as first_day,
    max(observed_on) as last_day
from hf.model_stats_daily

select
    'listings whose numbers fall out of what came before' as what,
    count(*) as found,
    min(task_id || ': ' || apart) as example
from bronze.hf_task_listings
where
    apart is not null
    and not exists (
        select 1
        from bronze.hf_task_listings as later
        where
            later.task_id = hf_task_listings.task_id
            and later.apart is null
            and later.observed_at > hf_task_listings.observed_at
    )

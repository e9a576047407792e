select
    run_id,
    max(observed_at) as observed_at,
    limit_per_task,
    count(*) as tasks,
    sum(models) as models,
    sum(pages) as pages,
    sum(repeats) as repeats,
    sum(late) as late,
    sum(skipped) as skipped,
    sum(case when settled then 0 else 1 end) as unsettled
from bronze.hf_task_listings
where
    apart is null
    and task_id in (select task_id from hf.tasks)
    and not exists (
        select 1
        from bronze.hf_task_listings as later
        where
            later.task_id = hf_task_listings.task_id
            and later.apart is null
            and later.observed_at > hf_task_listings.observed_at
    )
group by run_id, limit_per_task
order by observed_at desc, run_id, limit_per_task

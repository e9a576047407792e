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
group by run_id, limit_per_task
order by observed_at desc, run_id, limit_per_task

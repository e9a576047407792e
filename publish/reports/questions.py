"""What the ingestion report asks the warehouse: each question with the query that answers it.

The text that is run is the text that is shown, and it runs unchanged on DuckDB and Postgres, so
anyone can ask again. Longer than our modules are meant to be: it is a list of queries.
"""

from assay.publish.reports import enrichment_questions
from assay.publish.reports import plots
from assay.publish.reports.section import Section

MODEL_COLUMNS = ("model", "task on its card", "library", "licence", "downloads", "likes")

SECTIONS = (
    Section(
        "Runs",
        "The last listing of each task, by the run that read it. Rows seen twice and models that "
        "came late are the marks of a listing that changed while it was read.",
        ("run", "observed at", "limit per task", "tasks", "models listed", "pages",
         "rows seen twice", "came late", "without id", "unsettled tasks"),
        """
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
        """,
    ),
    Section(
        "Counts",
        "Rows of each table. A model that several tasks list is one model.",
        ("models", "tasks", "tasks with no model", "models in tasks", "daily observations",
         "rows listed", "different licences", "authors"),
        """
        select
            (select count(*) from hf.models) as models,
            (select count(*) from hf.tasks) as tasks,
            (
                select count(*) from hf.tasks
                where task_id not in (select task_id from hf.model_tasks)
            ) as tasks_with_no_model,
            (select count(*) from hf.model_tasks) as model_tasks,
            (select count(*) from hf.model_stats_daily) as model_stats_daily,
            (select count(*) from bronze.hf_models) as listed_rows,
            (select count(distinct license) from hf.models) as licences,
            (select count(distinct author) from hf.models) as authors
        """,
        layout="record",
        if_zero="The catalog is empty: hf.models has no row.",
    ),
    Section(
        "Duplicates and gaps",
        "Keys that stand in more than one row, and tasks whose ranks are not 1 to n.",
        ("check", "found", "for example"),
        """
        select * from (
            select
                'hf.models: model_id twice' as what,
                count(*) as found,
                min(model_id) as example
            from (select model_id from hf.models group by model_id having count(*) > 1) as twice
            union all
            select
                'hf.model_tasks: (model_id, task_id) twice',
                count(*),
                min(model_id)
            from (
                select model_id from hf.model_tasks
                group by model_id, task_id having count(*) > 1
            ) as twice
            union all
            select
                'hf.model_stats_daily: (model_id, observed_on) twice',
                count(*),
                min(model_id)
            from (
                select model_id from hf.model_stats_daily
                group by model_id, observed_on having count(*) > 1
            ) as twice
            union all
            select
                'hf.model_tasks: gaps in rank_in_task',
                count(*),
                min(task_id)
            from (
                select task_id from hf.model_tasks
                group by task_id
                having
                    min(rank_in_task) <> 1
                    or max(rank_in_task) <> count(*)
                    or count(distinct rank_in_task) <> count(*)
            ) as gaps
        ) as checks
        order by what collate "C"
        """,
        layout="checks",
    ),
    Section(
        "Freshness",
        "A model that fell out of every listing keeps the time at which it was last seen.",
        ("models the last run did not see", "first seen, earliest", "last synced, earliest",
         "last synced, latest", "a value last changed", "changed on the Hub, latest",
         "days observed", "first day", "last day"),
        """
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
        """,
        layout="record",
    ),
    Section(
        "Tasks with most models",
        "Models in the task's listing, which ends at the run's limit per task.",
        ("task", "models", "downloads"),
        """
        select
            model_tasks.task_id,
            count(*) as models,
            sum(models.downloads) as downloads
        from hf.model_tasks
        inner join hf.models on model_tasks.model_id = models.model_id
        group by model_tasks.task_id
        order by models desc, model_tasks.task_id collate "C"
        limit 15
        """,
    ),
    Section(
        "Tasks with most downloads",
        "Downloads over 30 days of all models in the task's listing. A model that several tasks "
        "list counts in each.",
        ("task", "downloads", "models"),
        """
        select
            model_tasks.task_id,
            sum(models.downloads) as downloads,
            count(*) as models
        from hf.model_tasks
        inner join hf.models on model_tasks.model_id = models.model_id
        group by model_tasks.task_id
        order by downloads desc nulls last, model_tasks.task_id collate "C"
        limit 15
        """,
    ),
    Section(
        "Models per task",
        "Every task with the length of its listing.",
        ("task", "label", "models", "limit"),
        """
        select
            tasks.task_id,
            tasks.task_label,
            (
                select count(*) from hf.model_tasks
                where model_tasks.task_id = tasks.task_id
            ) as models,
            (
                select max(limit_per_task) from bronze.hf_task_listings
                where hf_task_listings.task_id = tasks.task_id
            ) as limit_per_task
        from hf.tasks
        order by models desc, tasks.task_id collate "C"
        """,
        layout="hf_models_per_task.png",
        draw=plots.models_per_task,
    ),
    Section(
        "Tasks with no model",
        "Task pages of the Hub that were read and whose listing was empty.",
        ("task", "label"),
        """
        select
            task_id,
            task_label
        from hf.tasks
        where task_id not in (select task_id from hf.model_tasks)
        order by task_id collate "C"
        """,
    ),
    Section(
        "Most downloaded models",
        "Downloads over the 30 days before the model was last observed.",
        MODEL_COLUMNS,
        """
        select
            model_id,
            pipeline_tag,
            library_name,
            license,
            downloads,
            likes
        from hf.models
        order by downloads desc nulls last, model_id collate "C"
        limit 20
        """,
    ),
    Section(
        "Most liked models",
        "Likes since the model came to the Hub.",
        MODEL_COLUMNS,
        """
        select
            model_id,
            pipeline_tag,
            library_name,
            license,
            downloads,
            likes
        from hf.models
        order by likes desc nulls last, model_id collate "C"
        limit 10
        """,
    ),
    Section(
        "Downloads and likes",
        "Models of which the Hub said both.",
        ("model", "downloads", "likes"),
        """
        select
            model_id,
            downloads,
            likes
        from hf.models
        where downloads is not null and likes is not null
        order by downloads desc, model_id collate "C", likes
        """,
        layout="hf_downloads_and_likes.png",
        draw=plots.downloads_and_likes,
    ),
    Section(
        "Licences",
        "The twenty most used, as the model cards name them; a dash stands for none.",
        ("licence", "models", "% of models"),
        """
        select
            license,
            count(*) as models,
            round(100.0 * count(*) / (select count(*) from hf.models), 1) as share
        from hf.models
        group by license
        order by models desc, license collate "C" nulls first
        limit 20
        """,
    ),
    Section(
        "What model cards leave out",
        "Models without a value.",
        ("column", "models without", "% of models"),
        """
        select
            'library_name' as what,
            count(*) - count(library_name) as missing,
            round(100.0 * (count(*) - count(library_name)) / nullif(count(*), 0), 1) as share
        from hf.models
        union all
        select
            'license',
            count(*) - count(license),
            round(100.0 * (count(*) - count(license)) / nullif(count(*), 0), 1)
        from hf.models
        union all
        select
            'pipeline_tag',
            count(*) - count(pipeline_tag),
            round(100.0 * (count(*) - count(pipeline_tag)) / nullif(count(*), 0), 1)
        from hf.models
        order by missing desc, what
        """,
    ),
    *enrichment_questions.SECTIONS,
)

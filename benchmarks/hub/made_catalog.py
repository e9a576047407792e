"""A catalog of any size, made up: the tables of hf that the page is exported from, on DuckDB.

Every number follows from the number of the row, so that two makings of a size are the same. Every
seventh model was made from an earlier one, one of twenty is private, and one of thirty is listed no
more.
"""

from datetime import date

import duckdb

LAST_DAY = date(2026, 11, 20)
TASKS = (
    "text-generation",
    "feature-extraction",
    "text-classification",
    "image-classification",
    "automatic-speech-recognition",
    "fill-mask",
    "translation",
    "object-detection",
)
TABLES = """
create schema hf;
create schema hf_staging;
create schema gold;
create table hf_staging.hf_license_strictness as
select * from (values
    ('public-domain', 0::bigint), ('permissive', 1), ('weak-copyleft', 2), ('copyleft', 3),
    ('use-restricted', 4), ('non-commercial', 5), ('no-derivatives', 6), ('unclassified', null)
) as rows (license_terms, strictness);
create table hf_staging.hf_license_terms as
select * from (values
    ('apache-2.0', 'permissive'), ('mit', 'permissive'), ('gpl-3.0', 'copyleft'),
    ('llama3', 'use-restricted'), ('cc-by-nc-4.0', 'non-commercial'), ('other', 'unclassified')
) as rows (license_id, license_terms);
"""
MODELS = """
create table hf.models as
with numbered as (select n, n // 7 as root from range({models}) as rows (n))
select
    'author-' || (n * 31 % 997) || '/' || ['Llama', 'bert', 'whisper', 'vit', 'Qwen'][1 + n % 5]
        || '-' || (1 + n % 70) || 'B-' || n as model_id,
    'author-' || (n * 31 % 997) as author,
    ['apache-2.0', 'mit', null, 'llama3', 'cc-by-nc-4.0', 'other', 'gpl-3.0'][
        1 + (n * 13 + n // 7) % 7
    ] as license,
    case when n % 11 <> 0 then {tasks}[1 + n % {task_count}] end as pipeline_tag,
    ['transformers', 'diffusers', 'timm', 'peft', null][1 + n % 5] as library_name,
    ['false', 'auto', 'manual'][1 + case when n % 13 = 0 then n % 3 else 0 end] as gated,
    (40000000 / (1 + n))::bigint as downloads,
    ((n * 7919) % 5000)::bigint as likes,
    (900000000 / (1 + n))::bigint as downloads_all_time,
    case when n % 3 <> 0 then (1 + n % 70) * 1000000000::bigint end as parameters,
    n % 30 <> 29 as is_current,
    n % 20 = 19 as is_private,
    case when n % 30 <> 29 then 'listed' else 'fallen_out' end as presence,
    timestamptz '2022-01-01 00:00:00+00' + to_days((n % 1500)::int) as hub_created_at,
    timestamptz '2026-11-19 08:00:00+00' - to_days((n % 900)::int) as last_modified,
    timestamptz '2026-11-20 10:00:00+00' as last_synced_at,
    n
from numbered;
create table hf.tasks as
select
    task as task_id,
    upper(task[1]) || replace(task[2:], '-', ' ') as task_label,
    true as is_current
from (select unnest({tasks}) as task);
create table hf.model_tasks as
select
    model_id,
    pipeline_tag as task_id,
    row_number() over (partition by pipeline_tag order by downloads desc, model_id) as rank_in_task
from hf.models
where is_current and pipeline_tag is not null;
create table hf.model_lineage as
select
    child.model_id, parent.model_id as ancestor_id, parent.model_id as parent_id,
    1::bigint as depth
from hf.models as child
inner join hf.models as parent on parent.n = child.n // 7
where child.n % 7 = 3 and parent.n <> child.n
union all
select model_id, 'elsewhere/base', 'elsewhere/base', 1
from hf.models where n % 50 = 1;
create table hf.model_base_models as
select
    model_id, parent_id as base_model_id, null::varchar as resolved_id,
    ['finetune', 'adapter', 'merge', 'quantized'][1 + length(model_id) % 4] as relation
from hf.model_lineage;
create table hf.base_models as
select
    'elsewhere/base' as base_model_id, null::varchar as resolved_id, 'gpl-3.0' as license,
    true as enriched, false as is_private;
create table hf.datasets as
select
    'maker-' || n % 50 || '/data-' || n as dataset_id,
    case when n % 20 = 7 then 'maker/renamed-' || n end as resolved_id,
    'maker-' || n % 50 as author,
    ['mit', 'cc-by-nc-4.0', null][1 + n % 3] as license,
    'Sentences of kind ' || n as description,
    'false' as gated,
    case when n % 9 = 0 then 'not_found' end as reason,
    case when n % 9 <> 0 then (1000000 / (1 + n))::bigint end as downloads,
    (n % 300)::bigint as likes,
    n % 9 <> 0 as enriched,
    n % 40 = 11 as is_private,
    timestamptz '2026-10-01 00:00:00+00' - to_days(n::int) as last_modified
from range({things}) as rows (n);
create table hf.model_datasets as
select
    models.model_id, datasets.dataset_id, datasets.resolved_id
from hf.models
inner join hf.datasets on datasets.dataset_id = 'maker-' || (models.n * 3 % {things}) % 50
    || '/data-' || (models.n * 3 % {things})
where models.n % 3 = 0;
create table hf.articles as
select
    (1700 + n % 900)::varchar || '.' || lpad(n::varchar, 5, '0') as arxiv_id,
    'Attention to thing ' || n as title,
    'We look at thing ' || n || ' and find it so.' as summary,
    ['cs.CL', 'cs.CV', 'cs.LG'][1 + n % 3] as primary_category,
    null::varchar as doi,
    null::varchar as reason,
    n % 25 = 3 as is_template_leftover,
    to_json(['Ada One', 'Ben Two', 'Cy Three', 'Di Four', 'Ed Five']) as authors,
    timestamptz '2024-01-01 00:00:00+00' + to_days(n::int) as published_at
from range({things}) as rows (n);
create table hf.model_articles as
select models.model_id, articles.arxiv_id
from hf.models
inner join (
    select arxiv_id, row_number() over (order by arxiv_id) - 1 as place from hf.articles
) as articles on articles.place = models.n % {things}
where models.n % 4 = 0;
"""
REST = """
create table hf.model_profile as
select
    models.model_id, models.author, models.pipeline_tag, models.library_name, models.license,
    split_part(models.license, '-', 1) as license_family,
    terms.license_terms,
    models.downloads, models.likes, models.is_current, models.is_private, models.last_modified,
    models.last_synced_at,
    coalesce(in_tasks.count, 0) as task_count,
    coalesce(named.count, 0) as dataset_count,
    coalesce(cited.count, 0) as article_count,
    coalesce(parents.count, 0) as parent_count,
    coalesce(children.count, 0) as child_count
from hf.models
left join hf_staging.hf_license_terms as terms on models.license = terms.license_id
left join (select model_id, count(*) as count from hf.model_tasks group by 1) as in_tasks
    using (model_id)
left join (select model_id, count(*) as count from hf.model_datasets group by 1) as named
    using (model_id)
left join (select model_id, count(*) as count from hf.model_articles group by 1) as cited
    using (model_id)
left join (select model_id, count(*) as count from hf.model_lineage group by 1) as parents
    using (model_id)
left join (select ancestor_id, count(*) as count from hf.model_lineage group by 1) as children
    on models.model_id = children.ancestor_id;
create view hf.current_models as select * from hf.model_profile where is_current;
create table hf.model_stats_daily as
select
    models.model_id,
    (date '{last_day}' - day::int)::date as observed_on,
    (models.downloads * (1 - day * (0.002 + (models.n % 7 - 3) * 0.003)))::bigint as downloads,
    greatest(0, models.likes - day)::bigint as likes
from hf.models
cross join range({days}) as rows (day);
create table hf.model_rank_daily as
select
    model_tasks.model_id, model_tasks.task_id, stats.observed_on,
    model_tasks.rank_in_task + (datediff('day', stats.observed_on, date '{last_day}') % 3)
        as rank_in_task
from hf.model_tasks
inner join hf.model_stats_daily as stats using (model_id);
create table hf.model_movers as
select
    now.task_id, spans.span_days, now.model_id,
    case when row_number() over (partition by now.task_id order by now.rank_in_task) % 40 = 5
        then 'new' else 'stayed' end as listing,
    now.rank_in_task,
    now.rank_in_task + 1 as rank_before,
    1::bigint as places_gained,
    today.downloads, before.downloads as downloads_before,
    today.downloads - before.downloads as downloads_gained,
    today.likes, before.likes as likes_before,
    ln((today.downloads + 100) / (before.downloads + 100)) as growth,
    date '{last_day}' as observed_on,
    date '{last_day}' - spans.span_days as compared_with
from hf.model_tasks as now
cross join (select unnest([1, 7, 30])::integer as span_days) as spans
inner join hf.model_stats_daily as today
    on now.model_id = today.model_id and today.observed_on = date '{last_day}'
inner join hf.model_stats_daily as before
    on now.model_id = before.model_id
    and before.observed_on = date '{last_day}' - spans.span_days;
create table gold.model_complaints as
select
    'model' as entity_kind, model_id as entity_id, 2 + n % 5 as posts, 1 + n % 2 as problem_posts,
    2::bigint as people, timestamptz '2026-11-18 12:00:00+00' as last_posted_at,
    [{{
        'issue_id': 'issue-' || n, 'title': 'It answers in another language', 'posts': 2::bigint,
        'people': 2::bigint
    }}] as issues
from hf.models where n % 10 = 0;
"""


def make(db: duckdb.DuckDBPyConnection, models: int, days: int = 31, things: int = 60) -> None:
    """Make the tables. things: data sets, and as many papers."""
    values = {
        "models": models,
        "days": days,
        "things": things,
        "tasks": str(list(TASKS)),
        "task_count": len(TASKS),
        "last_day": LAST_DAY.isoformat(),
    }
    db.execute("set timezone = 'UTC'")
    for part in (TABLES, MODELS.format(**values), REST.format(**values)):
        db.execute(part)

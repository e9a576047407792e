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

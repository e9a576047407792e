select
    license,
    count(*) as models,
    round(100.0 * count(*) / (select count(*) from hf.models), 1) as share
from hf.models
group by license
order by models desc, license collate "C" nulls first
limit 20

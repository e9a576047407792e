select
    ancestor_id,
    count(*) as descendants,
    count(case when depth = 1 then 1 end) as children
from hf.model_lineage
group by ancestor_id
order by descendants desc, ancestor_id collate "C"
limit 10

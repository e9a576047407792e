select
    model_listings.listing_kind,
    model_listings.listing_name,
    count(*) as models,
    sum(models.downloads) as downloads
from hf.model_listings
inner join hf.models on model_listings.model_id = models.model_id
where model_listings.listing_kind <> 'task'
group by model_listings.listing_kind, model_listings.listing_name
order by
    model_listings.listing_kind collate "C",
    models desc,
    model_listings.listing_name collate "C"
limit 20

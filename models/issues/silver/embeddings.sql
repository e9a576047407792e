-- One vector per post that is no copy.
select
    url_hash,
    cast(embedding as float[384]) as embedding,
    embedding_date,
    model,
    text_hash
from {{ ref('stg_embeddings') }}

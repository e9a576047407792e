-- One vector per post that is no copy.
select
    url_hash,
    cast(embedding as {{ vector_type() }}) as embedding,
    embedding_date,
    model,
    text_hash
from {{ ref('int_embeddings') }}

-- One vector per post that is no copy.
select
    url_hash,
    cast(embedding as {{ vector_type() }}) as embedding,
    embedding_date,
    model,
    text_hash,
    unread_characters
from {{ ref('int_embeddings') }}

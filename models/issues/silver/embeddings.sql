-- One vector per post that is no copy.
select
    url_hash,
    cast(embedding as float[{{ var("embedding_dimension") }}]) as embedding,
    embedding_date,
    model,
    text_hash,
    unread_characters
from {{ ref('int_embeddings') }}

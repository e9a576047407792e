-- Every post that was embedded, with its vector and the cluster of the last day that held it.
with

embeddings as (

    select * from {{ ref('embeddings') }}

),

last_assignments as (

    select * from {{ ref('cluster_assignments') }}
    qualify row_number() over (partition by url_hash order by cluster_date desc) = 1

),

final as (

    select
        embeddings.url_hash,
        embeddings.embedding,
        embeddings.embedding_date,
        last_assignments.cluster_date,
        last_assignments.cluster_id
    from embeddings
    left join last_assignments on embeddings.url_hash = last_assignments.url_hash

)

select * from final

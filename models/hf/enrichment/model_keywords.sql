{{ config(tags=['keywords']) }}

-- depends_on: {{ ref('keywords') }}
{{ known_mapping(
    ref('stg_hf__keyword_pairs'), 'hf_model_keywords', keys=['model_id', 'keyword_id'], value='kind'
) }}

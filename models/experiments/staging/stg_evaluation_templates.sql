-- The evaluation templates that take part, as they are on disk.
-- depends_on: {{ ref('evaluation_templates') }}
-- depends_on: {{ source('inputs', 'evaluation_templates') }}
{{ active_templates('evaluation') }}

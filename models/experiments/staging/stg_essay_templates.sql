-- The essay templates that take part, as they are on disk.
-- depends_on: {{ ref('essay_templates') }}
-- depends_on: {{ source('inputs', 'essay_templates') }}
{{ active_templates('essay') }}

-- The link templates that take part, as they are on disk.
-- depends_on: {{ ref('link_templates') }}
-- depends_on: {{ source('inputs', 'link_templates') }}
{{ active_templates('link') }}

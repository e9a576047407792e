-- The evaluation templates that take part, as they are on disk.
{{ templates('evaluation_templates') }}

-- The essay templates that take part, as they are on disk.
{{ templates('essay_templates') }}

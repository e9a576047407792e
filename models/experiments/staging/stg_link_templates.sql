-- The link templates that take part, as they are on disk.
{{ templates('link_templates') }}

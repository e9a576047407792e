{# At the end of a build: ask for a publication of the issues (assay/dbt/after_build.py), where a person
   switched that on, the build made issues, and nothing of it failed. #}
{% macro publish_after_build(results) -%}
    {%- if is_journaled() and flags.WHICH == 'build'
        and env_var('PUBLISH_AFTER_BUILD', '') | trim | lower in ('true', '1') -%}
        {%- set failed = [] -%}
        {%- set built = [] -%}
        {%- for result in results -%}
            {%- if result.status | string in ('error', 'fail', 'runtime error') -%}
                {%- do failed.append(result.node.name) -%}
            {%- elif result.node.name in ('published_issues', 'issue_evidence') -%}
                {%- do built.append(result.node.name) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if built and not failed -%}
            select request_publication()
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

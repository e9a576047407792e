-- What SPDX or the Hub's list says of the licences that models name.

{{ config(materialized='ephemeral', tags=['licenses']) }}

{{ staged_entity(source('bronze', 'hf_licenses'), {
    'license_id': 'text',
    'spdx_id': 'text',
    'name': 'text',
    'family': 'text',
    'url': 'text',
    'is_osi_approved': 'boolean',
}, renamed={'name': 'license_name', 'family': 'license_family'}) }}

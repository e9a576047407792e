"""The pipelines there are, in the order in which `dlt pipeline run` runs them.

Adding a source is adding an entry (CONTRIBUTING.md).
"""

from extract.hf_catalog_command import HF_CATALOG
from extract.hf_enrichment_command import HF_ENRICHMENT
from extract.inputs_command import INPUTS
from extract.issues_command import ISSUES

PIPELINES = (HF_CATALOG, HF_ENRICHMENT, ISSUES, INPUTS)

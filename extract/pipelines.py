"""The pipelines there are, in the order in which `dlt pipeline run` runs them.

Adding a source is adding an entry (CONTRIBUTING.md).
"""

from assay.extract.enrichment.command import HF_ENRICHMENT
from assay.extract.hub.command import HF_CATALOG
from assay.extract.input_files.command import INPUTS
from assay.extract.issues.command import ISSUES

PIPELINES = (HF_CATALOG, HF_ENRICHMENT, ISSUES, INPUTS)

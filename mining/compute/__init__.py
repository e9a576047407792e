"""Vectors computed by other processes: texts in blocks, one committer (docs/decisions/compute.md).

Nothing of this is imported where COMPUTE is not set, and Daft only where blocks are computed.
"""

from assay.mining.compute.blocks import Blocks, Setting
from assay.mining.compute.commit import Run, WorkerLostError, compute_blocks
from assay.mining.compute.worker import Worker

__all__ = ["Blocks", "Run", "Setting", "Worker", "WorkerLostError", "compute_blocks"]

"""Vectors and rows computed by other processes (docs/decisions/compute.md).

Texts go in blocks, which one committer takes; posts go in batches, whose rows come back in order.

Nothing of this is imported where COMPUTE is not set, and Daft only where blocks are computed.
"""

from assay.mining.compute.batches import BatchError, Work, compute_batches
from assay.mining.compute.blocks import Blocks, Setting
from assay.mining.compute.commit import Run, WorkerLostError, compute_blocks
from assay.mining.compute.worker import Worker

__all__ = [
    "BatchError",
    "Blocks",
    "Run",
    "Setting",
    "Work",
    "Worker",
    "WorkerLostError",
    "compute_batches",
    "compute_blocks",
]

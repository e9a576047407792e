"""Rows made of rows by other processes, batch by batch, in the order in which they came."""

import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import pyarrow as pa

from assay.mining.compute.commit import TRIES, WorkerLostError
from assay.mining.embed import EmbeddingError

log = logging.getLogger(__name__)

AT_ONCE = 32  # batches that are away at once: about 100 MB of posts
FEW = 4  # so many are made here: to begin processes takes as long
# Makes the rows of one batch; sent to other processes by its name, with its arguments.
Work = Callable[[pa.RecordBatch], pa.RecordBatch]
# Has the work done on all batches, and returns what came of each, in their order. Raises
# WorkerLostError when it may be done again.
RunBatches = Callable[[Work, list[pa.RecordBatch]], list[pa.RecordBatch]]


class BatchError(Exception):
    """What a worker says of a batch that the work cannot take."""


def compute_batches(
    batches: Iterable[pa.RecordBatch],
    work: Work,
    run: RunBatches,
    *,
    at_once: int = AT_ONCE,
    few: int = FEW,
) -> Iterator[pa.RecordBatch]:
    """Yield what `work` makes of each batch, in order; no more than `at_once` are held.

    run: who does it; `few` batches or less are done here. Raises what `work` and `run` raise, and
    EmbeddingError when workers are lost again and again.
    """
    coming = iter(batches)
    while some := list(islice(coming, at_once)):
        yield from map(work, some) if len(some) <= few else _made(work, some, run)


def _made(work: Work, some: list[pa.RecordBatch], run: RunBatches) -> list[pa.RecordBatch]:
    lost = None
    for _ in range(TRIES):
        try:
            return run(work, some)
        except WorkerLostError as error:
            log.warning("a worker was lost (%s): %d batches are made again", error, len(some))
            lost = error
    raise EmbeddingError(f"workers were lost {TRIES} times: {lost}") from lost

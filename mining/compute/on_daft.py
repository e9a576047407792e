"""Blocks computed by Daft: its own processes on this machine, or actors of a Ray cluster.

Daft reads the files of texts, and gives each row, which is a block, to a worker. This module alone
imports Daft, and is imported when there is something to compute.
"""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# Read when Daft is imported: it would tell its makers that it is.
os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
os.environ["DAFT_PROGRESS_BAR"] = "0"

import daft
from daft import DataType, Series

from assay.mining.compute.commit import WorkerLostError
from assay.mining.compute.worker import Worker
from assay.mining.embed import EmbeddingError


class _Computes:
    """One worker's process, which Daft makes and keeps for many blocks."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @daft.method.batch(return_dtype=DataType.string(), batch_size=1)
    def make(self, block: Series, hashes: Series, texts: Series) -> list[str]:
        """Compute the blocks, of which there is one; return their names."""
        rows = zip(block.to_pylist(), hashes.to_pylist(), texts.to_pylist(), strict=True)
        return [self._worker.make(*row) for row in rows]


def run(worker: Worker, asked: list[Path], *, workers: int | None, address: str) -> Iterator[str]:
    """Compute the blocks whose files of texts are named; yield names as they are made.

    workers: processes, by default one for each core of this machine or processor of the cluster.
    address: of a Ray cluster, as ray.init takes it; "" for this machine. Raises WorkerLostError
    when a process is gone, EmbeddingError for what another try would not mend.
    """
    try:
        there = _start(address)
        processes = min(workers or there, len(asked))
        computes = daft.cls(_Computes, use_process=True, max_concurrency=processes)
        rows = daft.read_parquet([str(path) for path in asked])
        make = computes(worker).make
        made = rows.select(make(rows["block"], rows["hashes"], rows["texts"]).alias("made"))
        for row in made.iter_rows(results_buffer_size=None):
            yield row["made"]
    except Exception as error:
        if known := _cause(error):
            raise EmbeddingError(known) from error
        raise WorkerLostError(_line(error)) from error


@cache
def _start(address: str) -> int:
    """Choose where Daft computes, once for this process; return how many processors are there."""
    if not address:
        daft.set_runner_native()
        return os.cpu_count() or 1
    import ray  # noqa: PLC0415 - the extra of who has a cluster

    daft.set_runner_ray(address, noop_if_initialized=True)
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def _cause(error: BaseException | None) -> str | None:
    """Return what the worker's own error says, if there is one behind the error."""
    while error is not None:
        if isinstance(error, EmbeddingError):
            return str(error)
        error = error.__cause__ or error.__context__
    return None


def _line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)

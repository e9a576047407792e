"""Blocks and batches computed by Daft: by its own processes here, or by actors of a Ray cluster.

Daft reads the files of texts, and gives each row, which is a block, to a worker; a batch of posts
is a row as well. This module alone imports Daft, and is imported when there is something to do.
"""

import os
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

# Read when Daft is imported: it would tell its makers that it is.
os.environ["DAFT_ANALYTICS_ENABLED"] = "0"
os.environ["DAFT_PROGRESS_BAR"] = "0"

import daft
import pyarrow as pa
from daft import DataType, Series

from assay.mining.compute.batches import BatchError, Work
from assay.mining.compute.commit import WorkerLostError
from assay.mining.compute.worker import Worker
from assay.mining.embed import EmbeddingError

CONNECT_SECONDS = 60.0  # to a cluster, whose answer takes one or two
_MADE_OF_BATCH = DataType.struct(
    {"number": DataType.int64(), "batch": DataType.binary(), "why_not": DataType.string()}
)
# The name of a block that was made, or why it cannot be: what is raised would lose its words.
_MADE = DataType.struct({"name": DataType.string(), "why_not": DataType.string()})


class _Computes:
    """One worker's process, which Daft makes and keeps for many blocks."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @daft.method.batch(return_dtype=_MADE, batch_size=1)
    def make(self, block: Series, hashes: Series, texts: Series) -> list[dict[str, str | None]]:
        """Compute the blocks, of which there is one."""
        rows = zip(block.to_pylist(), hashes.to_pylist(), texts.to_pylist(), strict=True)
        return [self._make(*row) for row in rows]

    def _make(self, name: str, hashes: list[str], texts: list[str]) -> dict[str, str | None]:
        try:
            return {"name": self._worker.make(name, hashes, texts), "why_not": None}
        except EmbeddingError as error:
            return {"name": name, "why_not": str(error)}


def run(worker: Worker, asked: list[Path], *, workers: int | None, address: str) -> Iterator[str]:
    """Compute the blocks whose files of texts are named; yield names as they are made.

    workers: processes, by default one for each core of this machine or processor of the cluster.
    address: of a Ray cluster, as ray.init takes it; "" for this machine. Raises WorkerLostError
    when a process is gone, EmbeddingError for what another try would not mend, as a cluster that
    cannot be used.
    """
    there = _start(address)
    try:
        processes = min(workers or there, len(asked))
        computes = daft.cls(_Computes, use_process=True, max_concurrency=processes)
        rows = daft.read_parquet([str(path) for path in asked])
        make = computes(worker).make
        made = rows.select(make(rows["block"], rows["hashes"], rows["texts"]).alias("made"))
        for row in made.iter_rows(results_buffer_size=None):
            if row["made"]["why_not"] is not None:
                raise EmbeddingError(row["made"]["why_not"])
            yield row["made"]["name"]
    except EmbeddingError:
        raise
    except Exception as error:
        raise WorkerLostError(_line(error)) from error


class _Works:
    """One worker's process, which makes rows of batches."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @daft.method.batch(return_dtype=_MADE_OF_BATCH, batch_size=1)
    def make(self, number: Series, batch: Series) -> list[dict[str, int | bytes | str | None]]:
        """Make the rows of the batches, of which there is one."""
        rows = zip(number.to_pylist(), batch.to_pylist(), strict=True)
        return [self._make(*row) for row in rows]

    def _make(self, number: int, batch: bytes) -> dict[str, int | bytes | str | None]:
        try:
            made, why_not = _packed(self._work(_unpacked(batch))), None
        except Exception as error:
            made, why_not = None, f"{type(error).__name__}: {error}"
        return {"number": number, "batch": made, "why_not": why_not}


def run_batches(
    work: Work, batches: list[pa.RecordBatch], *, workers: int | None, address: str
) -> list[pa.RecordBatch]:
    """Return what `work` makes of each batch, in their order. Arguments as of `run`.

    Raises BatchError with what the work said of a batch that it cannot take, and what `run` raises.
    """
    there = _start(address)
    try:
        processes = min(workers or there, len(batches))
        works = daft.cls(_Works, use_process=True, max_concurrency=processes)
        packed = {"number": list(range(len(batches))), "batch": [_packed(one) for one in batches]}
        rows = daft.from_pydict(packed).into_partitions(len(batches))
        make = works(work).make
        made = rows.select(make(rows["number"], rows["batch"]).alias("made"))
        found = [row["made"] for row in made.iter_rows(results_buffer_size=None)]
    except EmbeddingError:
        raise
    except Exception as error:
        raise WorkerLostError(_line(error)) from error
    for row in found:
        if row["why_not"] is not None:
            raise BatchError(row["why_not"])
    return [_unpacked(row["batch"]) for row in sorted(found, key=lambda row: row["number"])]


def _packed(batch: pa.RecordBatch) -> bytes:
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, batch.schema) as stream:
        stream.write_batch(batch)
    return out.getvalue().to_pybytes()


def _unpacked(batch: bytes) -> pa.RecordBatch:
    with pa.ipc.open_stream(batch) as stream:
        return stream.read_next_batch()


@cache
def _start(address: str) -> int:
    """Choose where Daft computes, once for this process; return how many processors are there."""
    if not address:
        daft.set_runner_native()
        return os.cpu_count() or 1
    import ray  # noqa: PLC0415 - the extra of who has a cluster

    settings = {"env_vars": {"DAFT_ANALYTICS_ENABLED": "0"}}
    try:
        if not ray.is_initialized():
            _within(CONNECT_SECONDS, lambda: ray.init(address=address, runtime_env=settings))
        daft.set_runner_ray()  # takes the cluster that this process is connected to
        return max(1, int(ray.cluster_resources().get("CPU", 1)))
    except Exception as error:
        raise EmbeddingError(
            f"the Ray cluster at {address} is of no use: {_line(error)}: check COMPUTE_ADDRESS"
        ) from error


def _within(seconds: float, connect: Callable[[], object]) -> None:
    """Do what has no end of its own where something else than Ray listens at the address.

    Raises what it raises, TimeoutError when it has not ended by then.
    """
    failed: list[Exception] = []

    def attempt() -> None:
        try:
            connect()
        except Exception as error:
            failed.append(error)

    # A thread that does not keep this process from ending.
    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    if failed:
        raise failed[0]
    if thread.is_alive():
        raise TimeoutError(f"it does not answer as Ray does within {seconds:.0f} seconds")


def _line(error: BaseException) -> str:
    """Return the last line of what an error says: of a traceback, the one that names the cause."""
    said = [line.strip() for line in str(error).splitlines() if line.strip()]
    return said[-1] if said else type(error).__name__

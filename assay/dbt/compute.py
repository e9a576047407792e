"""COMPUTE: vectors and rows of posts by processes of Daft, on this machine or on a Ray cluster.

Imported where COMPUTE is set, and nowhere else; Daft itself where there is something to compute.
"""

import importlib.util
import socket
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pyarrow as pa

from assay import warehouse
from assay.common import env
from assay.mining.compute import Work, Worker, compute_batches, compute_blocks
from assay.mining.embed import Cache, Compute, Engine, engine_from_environment, open_cached
from assay.warehouse.compute import FOLDER, blocks_dir, is_shared

NAME, ADDRESS, WORKERS = "COMPUTE", "COMPUTE_ADDRESS", "COMPUTE_WORKERS"
DAFT = "daft"
CONNECT_SECONDS = 15.0
GUIDE = "see docs/lake.md"


class ComputeError(env.EnvironmentValueError):
    """Nobody can compute; the message says why and what to do, in one line."""


def check() -> None:
    """Raise ComputeError unless COMPUTE and what belongs to it can be used."""
    named, address = env.text(NAME), env.text(ADDRESS)
    if named != DAFT:
        raise ComputeError(f"{NAME} is {named!r}: set it to {DAFT}, or to nothing ({GUIDE})")
    for package, is_needed in ((DAFT, True), ("ray", bool(address))):
        if is_needed and importlib.util.find_spec(package) is None:
            cure = f"pip install 'assay[{package}]'"
            raise ComputeError(f"{NAME} needs {package}, which is not installed: {cure} ({GUIDE})")
    try:
        _workers()
        if address and not is_shared():
            raise ComputeError(
                f"{ADDRESS} needs {FOLDER}, a folder that all machines see ({GUIDE})"
            )
    except warehouse.WarehouseError as error:
        raise ComputeError(str(error)) from error
    if address:
        _answers(address)


def opened(
    session: duckdb.DuckDBPyConnection, folder: Path, dimension: int | None
) -> tuple[Engine, Cache, Compute]:
    """Return the engine, the cache and who computes what the cache lacks.

    session: that of a Python model. folder: of the cache and converted weights in the data folder.
    Raises ComputeError, and what open_cached() raises.
    """
    check()
    compute = partial(compute_blocks, folder=blocks_dir(), run=_run)
    if warehouse.main_target() == "duckdb":
        return *open_cached(folder, dimension), compute
    from assay.dbt.lake_cache import LakeCache  # noqa: PLC0415 - only who sets a lake needs it

    engine = engine_from_environment(folder, dimension)
    cache = LakeCache(session, engine.model_id, engine.precision, engine.dimension)
    return engine, cache, compute


def batches(coming: Iterable[pa.RecordBatch], work: Work) -> Iterator[pa.RecordBatch]:
    """Yield what `work` makes of each batch, in order.

    Raises ComputeError before anything is done, and what compute_batches() raises.
    """
    check()
    return compute_batches(coming, work, _run_batches)


def _run_batches(work: Work, some: list[pa.RecordBatch]) -> list[pa.RecordBatch]:
    from assay.mining.compute import on_daft  # noqa: PLC0415 - for few batches nobody needs it

    return on_daft.run_batches(work, some, workers=_workers(), address=env.text(ADDRESS))


def _run(worker: Worker, asked: list[Path]) -> Iterable[str]:
    from assay.mining.compute import on_daft  # noqa: PLC0415 - with nothing to do, nobody needs it

    return on_daft.run(worker, asked, workers=_workers(), address=env.text(ADDRESS))


def _workers() -> int | None:
    number = env.number(WORKERS, None, 1)
    return None if number is None else int(number)


def _answers(address: str) -> None:
    """Raise ComputeError unless somebody listens where a cluster should be; Ray itself would try
    for minutes."""
    try:
        place = urlsplit(address if "://" in address else f"//{address}")
        host, port = place.hostname, place.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise ComputeError(f"{ADDRESS} is no address: ray://host:10001, or host:6379 ({GUIDE})")
    try:
        with closing(socket.create_connection((host, port), CONNECT_SECONDS)):
            pass
    except OSError as error:
        why = error.strerror or str(error)
        raise ComputeError(
            f"no Ray cluster answers at {host}:{port}: {why}: check {ADDRESS} ({GUIDE})"
        ) from error

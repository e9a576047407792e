"""Vectors for the Python models that need some: from the cache, or computed.

By default the cache is a file of the data folder, and this process computes what it lacks; COMPUTE
has others compute it (docs/decisions/compute.md). `session` is what dbt gives a Python model.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from assay.common import env
from assay.mining.embed import (
    Cache,
    Compute,
    Engine,
    embed_cached,
    embed_here,
    embed_whole,
    open_cached,
)
from assay.warehouse import data_dir


def embed_texts(
    texts: Sequence[str] | pa.ChunkedArray,
    session: DuckDBPyConnection,
    dimension: int | None = None,
) -> np.ndarray:
    """Return the vectors of texts, (texts, dimension) float32, of length 1.

    dimension: what the engine must have; None takes what it has. Raises EmbeddingError where the
    engine that the environment names cannot be opened or has another dimension.
    """
    engine, cache, compute = _opened(session, dimension)
    return embed_cached(texts, engine, cache, compute=compute)


def embed_posts(
    texts: pa.ChunkedArray, session: DuckDBPyConnection, dimension: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors like embed_texts(), of posts read whole, and characters not read, (n,)."""
    engine, cache, compute = _opened(session, dimension)
    return embed_whole(texts, engine, cache, compute=compute)


def _opened(session: DuckDBPyConnection, dimension: int | None) -> tuple[Engine, Cache, Compute]:
    folder = data_dir() / "embeddings"
    if not env.text("COMPUTE"):
        return *open_cached(folder, dimension), embed_here
    from assay.dbt import compute  # noqa: PLC0415 - only who sets it needs its part

    return compute.opened(session, folder, dimension)

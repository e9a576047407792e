"""Vectors for the Python models that need some: from the cache of the data folder, or computed."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from assay.mining.embed import EmbeddingCache, embed_cached, engine_from_environment
from assay.warehouse import data_dir


def embed_texts(texts: Sequence[str] | pa.ChunkedArray, dimension: int | None = None) -> np.ndarray:
    """Return the vectors of texts, (texts, dimension) float32, of length 1.

    dimension: what the engine must have; None takes what it has. Raises EmbeddingError where the
    engine that the environment names cannot be opened or has another dimension.
    """
    folder = data_dir() / "embeddings"
    engine = engine_from_environment(folder, dimension)
    cache = EmbeddingCache(
        folder / "cache.sqlite", engine.model_id, engine.precision, engine.dimension
    )
    return embed_cached(texts, engine, cache)

"""Vectors for the Python models that need some: from the cache of the data folder, or computed."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from assay.mining.embed import embed_cached, embed_whole, open_cached
from assay.warehouse import data_dir


def embed_texts(texts: Sequence[str] | pa.ChunkedArray, dimension: int | None = None) -> np.ndarray:
    """Return the vectors of texts, (texts, dimension) float32, of length 1.

    dimension: what the engine must have; None takes what it has. Raises EmbeddingError where the
    engine that the environment names cannot be opened or has another dimension.
    """
    return embed_cached(texts, *open_cached(data_dir() / "embeddings", dimension))


def embed_posts(texts: pa.ChunkedArray, dimension: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors like embed_texts(), of posts read whole, and characters not read, (n,)."""
    return embed_whole(texts, *open_cached(data_dir() / "embeddings", dimension))

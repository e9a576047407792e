"""Texts to vectors: what the rest of the project uses of it."""

from assay.mining.embed.cache import EmbeddingCache, text_hash
from assay.mining.embed.engine import (
    BATCH,
    ENGINES,
    Cache,
    Compute,
    Engine,
    embed,
    embed_cached,
    embed_here,
    embedding_setting,
    engine_from_environment,
    load_engine,
    open_cached,
)
from assay.mining.embed.model import EmbeddingError
from assay.mining.embed.windows import embed_whole

__all__ = [
    "BATCH",
    "ENGINES",
    "Cache",
    "Compute",
    "EmbeddingCache",
    "EmbeddingError",
    "Engine",
    "embed",
    "embed_cached",
    "embed_here",
    "embed_whole",
    "embedding_setting",
    "engine_from_environment",
    "load_engine",
    "open_cached",
    "text_hash",
]

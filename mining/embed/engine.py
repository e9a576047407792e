"""Texts to vectors: one engine chosen by name, batches of 1000, and nothing computed twice.

    engine, cache = open_cached(Path("data/embeddings"))
    vectors = embed_cached(texts, engine, cache)

There are two engines: torch is sentence-transformers, for any model and any GPU, and the reference;
openvino computes MiniLM on a CPU, two to three times as fast. How near and how fast it is:
docs/decisions/embedding-engines.md and benchmarks/mining/embedding.py.
"""

import importlib.util
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from assay.common.show import duration
from assay.mining.embed.cache import EmbeddingCache, text_hash
from assay.mining.embed.model import DIMENSION, MINILM, EmbeddingError, minilm
from assay.mining.embed.tokens import MAX_CHARACTERS

__all__ = [
    "BATCH",
    "ENGINES",
    "EmbeddingCache",
    "EmbeddingError",
    "Engine",
    "embed",
    "embed_cached",
    "engine_from_environment",
    "load_engine",
    "open_cached",
    "text_hash",
]

log = logging.getLogger(__name__)

ENGINES = ("torch", "openvino")
AUTO = "auto"
GONE = {  # engines of earlier versions, and what to use
    "exact": "torch, which is as exact, or openvino, which is faster",
    "openvino-int8": "openvino",
}
BATCH = 1000  # texts: what a killed run loses at most
REPORT_SECONDS = 5.0

Vectors = NDArray[np.float32]
OnBatch = Callable[[NDArray[np.int64], Vectors], None]
Report = Callable[[str], None]


class Cache(Protocol):
    """What keeps vectors by the hashes of their texts; of one model in one precision."""

    def get_many(self, hashes: list[str]) -> tuple[Vectors, NDArray[np.bool_]]:
        """Return the vectors, (n, dimension), and which of them were there, (n,); others are 0."""

    def put_many(self, hashes: list[str], vectors: Vectors) -> None:
        """Keep the vectors, all or none; what is there already stays."""


class Engine(Protocol):
    """What computes vectors. model_id and precision together say which vectors are alike."""

    name: str
    model_id: str
    precision: str
    dimension: int

    def vectors(self, texts: list[str]) -> Vectors:
        """Return a vector for each text, (n, dimension), of any length but 0."""

    def reach(self, texts: list[str]) -> list[int]:
        """Return how many characters of each text its vector rests on, at most all."""


def engine_from_environment(
    conversions: Path, dimension: int | None = DIMENSION, threads: int | None = None
) -> Engine:
    """Return load_engine() of EMBEDDING_ENGINE (default auto) and EMBEDDING_MODEL (MiniLM)."""
    name = os.environ.get("EMBEDDING_ENGINE", "").strip() or AUTO
    model = os.environ.get("EMBEDDING_MODEL", "").strip() or MINILM
    return load_engine(name, conversions, model=model, dimension=dimension, threads=threads)


# What computes the texts that a cache lacks, by their hashes, and puts their vectors into it.
Compute = Callable[[dict[str, str], Engine, Cache, Report], None]


def open_cached(folder: Path, dimension: int | None = None) -> tuple[Engine, EmbeddingCache]:
    """Return engine_from_environment() and its cache, both in the folder, which may be new.

    dimension: what the caller can store, None for whatever the model has. Raises EmbeddingError or
    CacheError when one of them cannot be used.
    """
    engine = engine_from_environment(folder, dimension)
    file = folder / "cache.sqlite"
    return engine, EmbeddingCache(file, engine.model_id, engine.precision, engine.dimension)


def load_engine(
    name: str,
    conversions: Path,
    *,
    model: str = MINILM,
    dimension: int | None = DIMENSION,
    threads: int | None = None,
) -> Engine:
    """Load an engine and say which in the log.

    name: one of ENGINES, or auto: openvino when it is installed and no GPU is there, else torch.
    conversions: the folder where converted weights are kept. model: any sentence-transformers model
    by its name on the Hub or its folder; only the torch engine serves others than MiniLM.
    dimension: what the caller can store, None for whatever the model has. threads: of the engine,
    all cores when None; torch has one number per process.
    Raises EmbeddingError: an unknown name, an engine that is not installed or does not serve the
    model, no weights, another dimension.
    """
    if name in GONE:
        raise EmbeddingError(f"EMBEDDING_ENGINE {name} is no more: set it to {GONE[name]}")
    if name not in (AUTO, *ENGINES):
        raise EmbeddingError(f"EMBEDDING_ENGINE {name} is none of {', '.join((AUTO, *ENGINES))}")
    model = MINILM if model == MINILM.partition("/")[2] else model
    chosen, why = (name, "as set") if name != AUTO else _automatic(model)
    if model != MINILM and chosen != "torch":
        raise EmbeddingError(
            f"EMBEDDING_ENGINE {chosen} serves {MINILM} only: for {model} set it to torch or auto"
        )
    started = time.monotonic()
    engine = _loaded(chosen, model, conversions, threads)
    taken = time.monotonic() - started
    log.info("embedding with %s (%s), %s, %.1f s to load", chosen, why, engine.precision, taken)
    if dimension is not None and engine.dimension != dimension:
        raise EmbeddingError(
            f"EMBEDDING_MODEL {model} gives {engine.dimension} numbers per text, "
            f"but {dimension} are stored: choose a model of {dimension}, "
            "or set the dbt var embedding_dimension"
        )
    return engine


def embed(
    texts: list[str] | pa.Array | pa.ChunkedArray,
    engine: Engine,
    *,
    on_batch: OnBatch | None = None,
    report: Report = log.info,
) -> Vectors:
    """Return the vectors of the texts, (n, dimension) float32, each of length 1.

    A null counts as "", which has a vector like any other text; lone surrogates count as "?"; past
    the model's 256 word pieces nothing counts. Any text gives finite numbers. Texts are taken in
    the order of their length, BATCH at a time: after each batch on_batch(places, vectors) is
    called, and `report` with the pace and the time left at most every REPORT_SECONDS. Except with
    the torch engine, a vector does not depend on the other texts.
    Raises EmbeddingError when an engine gives numbers that are not finite.
    """
    texts = as_list(texts)
    lengths = np.array([len(text) for text in texts], np.int64)
    order = np.argsort(-lengths, kind="stable")
    found = np.empty((len(texts), engine.dimension), np.float32)
    progress = Progress(lengths, report)
    for start in range(0, len(texts), BATCH):
        places = order[start : start + BATCH]
        found[places] = _unit(engine.vectors([clean(texts[place]) for place in places]))
        if on_batch is not None:
            on_batch(places, found[places])
        progress.add(places)
    return found


def embed_here(missing: dict[str, str], engine: Engine, cache: Cache, report: Report) -> None:
    """Compute texts, by their hashes, in this process; each batch is kept before the next."""
    keys = list(missing)

    def keep(places: NDArray[np.int64], computed: Vectors) -> None:
        cache.put_many([keys[place] for place in places], computed)

    embed(list(missing.values()), engine, on_batch=keep, report=report)


def embed_cached(
    texts: list[str] | pa.Array | pa.ChunkedArray,
    engine: Engine,
    cache: Cache,
    *,
    hashes: list[str] | None = None,
    report: Report = log.info,
    compute: Compute = embed_here,
) -> Vectors:
    """Return embed() of the texts, computing only those that the cache does not hold.

    hashes: text_hash() of each text, where the caller has them. compute: who computes them, by
    default this process: each batch is in the cache before the next begins. What is returned is
    what the cache holds, so a second call returns the same bits. Raises what embed() and the cache
    raise.
    """
    texts = as_list(texts)
    hashes = hashes if hashes is not None else [text_hash(text) for text in texts]
    vectors, there = cache.get_many(hashes)
    missing = {hashes[place]: texts[place] for place in np.flatnonzero(~there)}
    report(f"embedding: {there.sum():,} of {len(texts):,} texts known, {len(missing):,} to do")
    if not missing:
        return vectors
    compute(missing, engine, cache, report)
    again = np.flatnonzero(~there)
    vectors[again], _ = cache.get_many([hashes[place] for place in again])
    return vectors


class Progress:
    """Says how far it is; time left by characters, since long texts come first.

    lengths: of all texts, in characters, (n,).
    """

    def __init__(self, lengths: NDArray[np.int64], report: Report) -> None:
        # Past about 1,500 characters a text costs no more; 50 stand for the work on any text.
        self._work = np.minimum(lengths, 1500) + 50
        self._total, self._done, self._texts = int(self._work.sum()), 0, 0
        self._report = report
        self._started = self._said = time.monotonic()

    def add(self, places: NDArray[np.int64]) -> None:
        """Count the texts at these places as done."""
        self._done += int(self._work[places].sum())
        self._texts += len(places)
        now, every = time.monotonic(), len(self._work)
        if now - self._said < REPORT_SECONDS and (
            self._texts < every or self._said == self._started
        ):
            return
        self._said, taken = now, max(now - self._started, 1e-9)
        left = taken * (self._total - self._done) / self._done
        self._report(
            f"embedding: {self._texts:,} of {every:,} texts, "
            f"{self._texts / taken:,.0f} per second, {duration(left)} left"
        )


def _automatic(model: str) -> tuple[str, str]:
    """Return the engine that fits this machine, and why."""
    if model != MINILM:
        return "torch", f"the only one for {model}"
    if _gpu():
        return "torch", "a GPU is there"
    if importlib.util.find_spec("openvino"):
        return "openvino", "the faster one on a CPU"
    return "torch", "OpenVINO is not installed: pip install openvino makes it twice as fast"


def _loaded(name: str, model: str, conversions: Path, threads: int | None) -> Engine:
    # Each engine brings a library that takes seconds to import: only the chosen one does.
    try:
        if name == "openvino":
            from assay.mining.embed.openvino_engine import OpenVino  # noqa: PLC0415

            return OpenVino(minilm(), conversions, threads=threads)
        import torch  # noqa: PLC0415

        if threads is not None:
            torch.set_num_threads(threads)
        from assay.mining.embed.sentence_transformer import Reference  # noqa: PLC0415

        return Reference(model)
    except ImportError as error:
        wanted = "openvino" if name == "openvino" else "'assay[torch]'"
        raise EmbeddingError(
            f"the embedding engine {name} is not installed ({error}): pip install {wanted}"
        ) from error


def _gpu() -> bool:
    """Return whether torch sees a GPU, without importing it where there can be none."""
    if not (shutil.which("nvidia-smi") and importlib.util.find_spec("torch")):
        return False
    import torch  # noqa: PLC0415  # takes seconds

    return bool(torch.cuda.is_available())


def as_list(texts: list[str] | pa.Array | pa.ChunkedArray) -> list[str]:
    """Return texts as a list; a null is ""."""
    if isinstance(texts, list):
        return texts
    # Hashes are of whole texts, so nothing is cut here.
    return pc.fill_null(texts.cast(pa.large_string()), "").to_pylist()


def clean(text: str) -> str:
    """Return what can be tokenized, character by character, as far as any engine would look."""
    return text[:MAX_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _unit(vectors: Vectors) -> Vectors:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or not norms.all():
        raise EmbeddingError("the engine gave vectors that are not finite, or zero")
    return vectors / norms


def embedding_setting() -> str:
    """Return what EMBEDDING_MODEL and EMBEDDING_ENGINE mean here, without loading anything."""
    model = os.environ.get("EMBEDDING_MODEL", "").strip() or MINILM
    name = os.environ.get("EMBEDDING_ENGINE", "").strip() or AUTO
    return f"{model} ({_automatic(model)[0] if name == AUTO else name})"

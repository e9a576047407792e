"""An engine that counts, and runs of workers in this process, for tests of blocks."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from assay.mining.compute import Worker
from assay.mining.embed import text_hash

TEXTS = {text_hash(text): text for text in (f"post {n} " + "x" * (n % 7) for n in range(40))}


class Engine:
    """Gives each text a vector of its own that no float32 rounds away, and counts."""

    name, model_id, precision, dimension = "counting", "model@1", "float32", 8

    def __init__(self) -> None:
        self.texts: list[str] = []

    def vectors(self, texts: list[str]) -> np.ndarray:
        self.texts += texts
        seeds = [int(text_hash(text)[:8], 16) for text in texts]
        return np.array([np.random.default_rng(seed).normal(size=8) for seed in seeds], np.float32)

    def reach(self, texts: list[str]) -> list[int]:
        return [min(len(text), 150) for text in texts]


class Here:
    """Computes blocks in this process with one engine, and remembers which."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.names: list[str] = []

    def __call__(self, worker: Worker, asked: list[Path]) -> Iterable[str]:
        vars(worker)["loaded"] = self.engine  # in place of what it would load
        for path in asked:
            [row] = pq.read_table(path).to_pylist()
            self.names.append(worker.make(row["block"], row["hashes"], row["texts"]))
            yield self.names[-1]

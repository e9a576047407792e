"""An engine for tests of what is around engines."""

import numpy as np

from assay.mining.embed import text_hash


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

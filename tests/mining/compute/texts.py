"""An engine that counts, and runs of workers in this process, for tests of blocks."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow.parquet as pq

from assay.mining.compute import Worker
from assay.mining.embed import text_hash
from tests.mining.embed.counting import Engine

TEXTS = {text_hash(text): text for text in (f"post {n} " + "x" * (n % 7) for n in range(40))}


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

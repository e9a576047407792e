"""What a worker does with a block: load the engine once, compute, write the vectors."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assay.mining.compute.blocks import Blocks, Setting
from assay.mining.embed import EmbeddingError, Engine, embed, load_engine

CONVERSIONS = "conversions"  # in the folder of the blocks: converted weights, made once for all


@dataclass(frozen=True)
class Worker:
    """Computes blocks by the builder's engine; sent to other processes as it is.

    folder: of the blocks, as builder and workers see it. engine: one of ENGINES. model: by its name
    on the Hub or its folder. setting: of the builder's vectors. threads: of the engine.
    """

    folder: Path
    engine: str
    model: str
    setting: Setting
    threads: int = 1

    @classmethod
    def of(cls, engine: Engine, folder: Path) -> "Worker":
        """Return a worker that computes what the engine would."""
        model = engine.model_id.rpartition("@")[0]
        return cls(folder, engine.name, model, Setting.of(engine))

    @cached_property
    def loaded(self) -> Engine:
        """The engine of this process.

        Raises EmbeddingError when it would not give the builder's vectors.
        """
        os.environ["RAYON_NUM_THREADS"] = str(self.threads)  # of the tokenizer
        engine = load_engine(
            self.engine,
            self.folder / CONVERSIONS,
            model=self.model,
            dimension=self.setting.dimension,
            threads=self.threads,
        )
        if (found := Setting.of(engine)) != self.setting:
            raise EmbeddingError(
                f"a worker has {found.model_id} in {found.precision}, the build "
                f"{self.setting.model_id} in {self.setting.precision}: let both run on processors "
                "of one kind, with the same packages"
            )
        return engine

    def make(self, name: str, hashes: list[str], texts: list[str]) -> str:
        """Compute a block unless its vectors are there; return its name."""
        blocks = Blocks(self.folder, self.setting)
        if not blocks.is_made(name):
            blocks.write(hashes, embed(texts, self.loaded, report=lambda _: None))
        return name

"""Blocks of texts as files: what is asked for, and the vectors that were made of it.

    <folder>/<setting>/<name>.texts.parquet      one row: the block, its hashes, its texts
    <folder>/<setting>/<name>.vectors.parquet    a row per text: its hash, its vector

A name is made of the hashes in the block, so that the same work is the same file, whoever does it
and however often. Files appear whole or not at all (assay/common/files.py).
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from assay.common import files
from assay.mining.embed import Engine
from assay.mining.embed.engine import clean

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]
TEXTS, VECTORS = ".texts.parquet", ".vectors.parquet"


class BrokenBlockError(Exception):
    """A file is not what its name says: cut off, changed, or of another block."""


@dataclass(frozen=True)
class Setting:
    """Which vectors are alike. dimension: of each vector."""

    model_id: str
    precision: str
    dimension: int

    @classmethod
    def of(cls, engine: Engine) -> "Setting":
        """Return the setting of an engine's vectors."""
        return cls(engine.model_id, engine.precision, engine.dimension)

    @property
    def _words(self) -> bytes:
        return f"{self.model_id}\n{self.precision}\n{self.dimension}\n".encode()

    @property
    def folder(self) -> str:
        """What the folder of this setting's blocks is called."""
        return hashlib.sha256(self._words).hexdigest()[:16]

    def name(self, hashes: Sequence[str]) -> str:
        """Return what a block of these hashes, in this order, is called."""
        digest = hashlib.sha256(self._words)
        for key in hashes:
            digest.update(bytes.fromhex(key))
        return digest.hexdigest()


class Blocks:
    """The blocks of one setting in a folder that the builder and all workers see."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        """folder: of the blocks of all settings; it is made when something is written."""
        self.setting = setting
        self.folder = folder / setting.folder

    def texts_file(self, name: str) -> Path:
        """Return where the texts of a block are."""
        return self.folder / f"{name}{TEXTS}"

    def vectors_file(self, name: str) -> Path:
        """Return where the vectors of a block are, or will be."""
        return self.folder / f"{name}{VECTORS}"

    def ask(self, hashes: list[str], texts: list[str]) -> str:
        """Write down a block that is to be computed; return its name."""
        name = self.setting.name(hashes)
        self._make_folder()
        # What an engine would not look at is not written: Parquet has no lone surrogates either.
        asked = {"block": [name], "hashes": [hashes], "texts": [[clean(text) for text in texts]]}
        with files.atomic(self.texts_file(name)) as stream:
            pq.write_table(pa.table(asked), stream, compression="zstd")
        return name

    def is_made(self, name: str) -> bool:
        """Tell whether the vectors of a block are there, whole and its own."""
        try:
            self.read(name)
        except (BrokenBlockError, FileNotFoundError):
            return False
        return True

    def write(self, hashes: list[str], vectors: Vectors) -> None:
        """Write the vectors of a block, (n, dimension)."""
        name = self.setting.name(hashes)
        flat = pa.array(np.ascontiguousarray(vectors, "<f4").ravel())
        column = pa.FixedSizeListArray.from_arrays(flat, self.setting.dimension)
        table = pa.table({"text_hash": hashes, "vector": column})
        self._make_folder()
        with files.atomic(self.vectors_file(name)) as stream:
            # Numbers like these do not become smaller, and a vector is read back bit for bit.
            pq.write_table(table, stream, compression="none", use_dictionary=False)

    def read(self, name: str) -> tuple[list[str], Vectors]:
        """Return the hashes and vectors, (n, dimension), of a block.

        Raises FileNotFoundError when they are not there, BrokenBlockError when they are not those
        of the block.
        """
        try:
            table = pq.read_table(self.vectors_file(name))
            hashes = table["text_hash"].to_pylist()
            flat = table["vector"].combine_chunks().flatten().to_numpy()
            vectors = flat.astype(np.float32, copy=False).reshape(-1, self.setting.dimension)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException, KeyError, AttributeError, ValueError) as error:
            raise BrokenBlockError(f"{self.vectors_file(name)}: {error}") from error
        if len(hashes) != len(vectors) or self.setting.name(hashes) != name:
            raise BrokenBlockError(f"{self.vectors_file(name)}: holds what its name does not say")
        return hashes, vectors

    def made(self) -> list[str]:
        """Return the names of all blocks that have a file of vectors, in order."""
        return sorted(path.name.removesuffix(VECTORS) for path in self.folder.glob(f"*{VECTORS}"))

    def remove(self, name: str) -> None:
        """Remove what is there of a block, its texts first: they are the ones that others read."""
        self.texts_file(name).unlink(missing_ok=True)
        self.vectors_file(name).unlink(missing_ok=True)

    def _make_folder(self) -> None:
        # Posts lie in it for a while, and what lies there is taken for vectors: others stay out.
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.mkdir(exist_ok=True)

    def clear(self) -> None:
        """Remove what a killed builder asked for: the next one cuts blocks of its own."""
        for path in [*self.folder.glob(f"*{TEXTS}"), *self.folder.glob(".*.partial")]:
            path.unlink(missing_ok=True)


def cut(missing: dict[str, str], size: int) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the hashes and texts of blocks of `size`; the longest texts first, as embed() does, so
    that a block's texts are padded alike and the last blocks are the quick ones."""
    ordered = sorted(missing.items(), key=lambda item: (-len(item[1]), item[0]))
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        yield [key for key, _ in part], [text for _, text in part]

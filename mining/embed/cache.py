"""Vectors that were computed before, on disk, by model and text.

SQLite in WAL mode (docs/decisions/embedding-engines.md says why): a batch is one transaction, so a
process that is killed leaves whole batches only, and several processes may write at once.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LOOK_UP = 500  # hashes per query
# Of a text. About 8,000 characters of English; what is still further on is a log, a list or a book.
MOST_WINDOWS = 8
WAIT_SECONDS = 60.0  # for another process's transaction, which takes milliseconds
_TABLES = """
create table if not exists models (
    number integer primary key, model_id text not null, precision text not null,
    dimension integer not null, unique (model_id, precision));
create table if not exists vectors (
    model integer not null, text_hash blob not null, vector blob not null,
    primary key (model, text_hash));
"""


class CacheError(Exception):
    """The cache cannot be used; the message names the file and the cure in one line."""


def text_hash(text: str) -> str:
    """Return the sha256 of a text's UTF-8 bytes, hexadecimal; lone surrogates count as they are."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def window_hash(text: str, number: int) -> str:
    """Return the key of the vector of a part of a text: its title (0), or its windows from 1. It
    is made of the whole text, so that who has to forget the text finds all of them."""
    return text_hash(f"window {number} of\n{text}")


def hashes_of(text: str) -> list[str]:
    """Return every key under which the cache may have a vector of the text."""
    return [text_hash(text), *(window_hash(text, number) for number in range(MOST_WINDOWS + 1))]


class EmbeddingCache:
    """The vectors of one model in one precision, in a file that holds those of others as well.

    Vectors come back bit for bit as they were put, as little-endian float32. Memory: one query of
    LOOK_UP rows beyond what is returned. One object belongs to one thread.
    """

    def __init__(self, file: Path, model_id: str, precision: str, dimension: int) -> None:
        """Open the file, or make it and its folder.

        Raises CacheError when the file is no cache, is damaged, or has another dimension for the
        model.
        """
        self.file, self.dimension = file, dimension
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._errors():
            self._database = sqlite3.connect(file, timeout=WAIT_SECONDS, isolation_level=None)
            try:
                self._number = self._prepare(model_id, precision)
            except BaseException:
                self._database.close()
                raise

    def get_many(self, hashes: list[str]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors, (n, dimension), and which of them were there, (n,); others are 0.

        Raises CacheError when the file is damaged.
        """
        vectors = np.zeros((len(hashes), self.dimension), np.float32)
        there = np.zeros(len(hashes), bool)
        with self._errors():
            for start in range(0, len(hashes), LOOK_UP):
                keys = [bytes.fromhex(key) for key in hashes[start : start + LOOK_UP]]
                found = self._find(keys)
                for place, key in enumerate(keys, start):
                    if (vector := found.get(key)) is not None:
                        vectors[place] = np.frombuffer(vector, "<f4")
                        there[place] = True
        return vectors, there

    def put_many(self, hashes: list[str], vectors: NDArray[np.float32]) -> None:
        """Keep the vectors, (n, dimension), all or none; on return a kill takes nothing back.

        What is there already stays: the first vector of a text is the one that was used. Raises
        CacheError when the file is damaged or the disk is full, ValueError for another shape.
        """
        if vectors.shape != (len(hashes), self.dimension):
            raise ValueError(f"{vectors.shape} vectors for {(len(hashes), self.dimension)} wanted")
        rows = [
            (self._number, bytes.fromhex(key), vector.tobytes())
            for key, vector in zip(hashes, vectors.astype("<f4"), strict=True)
        ]
        with self._errors(), self._transaction():
            self._database.executemany("insert or ignore into vectors values (?, ?, ?)", rows)

    def __len__(self) -> int:
        counted = "select count(*) from vectors where model = ?"
        with self._errors():
            return int(self._database.execute(counted, (self._number,)).fetchone()[0])

    def close(self) -> None:
        """Close the file; what was put stays."""
        self._database.close()

    def _prepare(self, model_id: str, precision: str) -> int:
        self._database.execute("pragma page_size = 16384")  # ten vectors of 384; of new files only
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")  # a commit survives a power cut too
        with self._transaction():
            for statement in filter(str.strip, _TABLES.split(";")):
                self._database.execute(statement)
            self._database.execute(
                "insert or ignore into models (model_id, precision, dimension) values (?, ?, ?)",
                (model_id, precision, self.dimension),
            )
        wanted = "select number, dimension from models where model_id = ? and precision = ?"
        number, dimension = self._database.execute(wanted, (model_id, precision)).fetchone()
        if dimension != self.dimension:
            raise CacheError(
                f"{self.file}: holds {model_id} with {dimension} dimensions, not {self.dimension}: "
                "delete the file to compute the vectors again"
            )
        return int(number)

    def _find(self, keys: list[bytes]) -> dict[bytes, bytes]:
        marks = ",".join("?" * len(keys))
        query = f"select text_hash, vector from vectors where model = ? and text_hash in ({marks})"  # noqa: S608
        with closing(self._database.execute(query, (self._number, *keys))) as rows:
            found = dict(rows)
        if any(len(vector) != 4 * self.dimension for vector in found.values()):
            raise CacheError(f"{self.file}: holds vectors of a wrong length: delete it")
        return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise CacheError(
                f"{self.file}: {error}: if it is damaged, delete it to compute the vectors again"
            ) from error

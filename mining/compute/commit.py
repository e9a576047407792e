"""The builder's part: ask for blocks, and put what was made into the cache. Nobody else does."""

import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from assay.mining.compute.blocks import Blocks, BrokenBlockError, Setting, cut
from assay.mining.compute.worker import Worker
from assay.mining.embed import BATCH, Cache, EmbeddingError, Engine
from assay.mining.embed.engine import Progress, Report

log = logging.getLogger(__name__)

TRIES = 3  # of a run whose workers are lost
AT_ONCE = 50  # blocks in one transaction: 77 MB of 384 dimensions
# Computes blocks of which the files of texts are named, and yields the names of those made, in any
# order. Raises WorkerLostError when the rest may be done again, EmbeddingError when it may not.
Run = Callable[[Worker, list[Path]], Iterable[str]]


class WorkerLostError(Exception):
    """A process that computed is gone; the message says what is known of it."""


def compute_blocks(
    missing: dict[str, str],
    engine: Engine,
    cache: Cache,
    report: Report,
    *,
    folder: Path,
    run: Run,
    size: int = BATCH,
) -> None:
    """Compute texts, by their hashes, in other processes, and put their vectors into the cache.

    folder: of the blocks. run: who computes them. size: texts in a block, what a lost worker costs.
    What an earlier builder left is taken before anything is computed. Raises EmbeddingError when
    workers are lost again and again, or cannot compute what the engine would.
    """
    blocks = Blocks(folder, Setting.of(engine))
    committer = _Committer(blocks, cache)
    if committer.take(blocks.made()):
        _, there = cache.get_many(list(missing))
        known = {key for key, is_there in zip(missing, there, strict=True) if is_there}
        missing = {key: text for key, text in missing.items() if key not in known}
        report(f"embedding: blocks of an earlier run were there, {len(missing):,} texts to do")
    blocks.clear()
    lengths: dict[str, list[int]] = {}
    for hashes, texts in cut(missing, size):
        lengths[blocks.ask(hashes, texts)] = [len(text) for text in texts]
    progress = _progress(lengths, report)
    for left in reversed(range(TRIES)):
        asked = [blocks.texts_file(name) for name in lengths if name not in committer.taken]
        if not asked:
            return
        try:
            for name in run(Worker.of(engine, folder), asked):
                progress(name)
                committer.add(name)
        except WorkerLostError as error:
            if not left:
                raise EmbeddingError(f"workers were lost {TRIES} times: {error}") from error
            log.warning("a worker was lost (%s): what is not there is computed again", error)
        finally:
            committer.take([name for name in blocks.made() if name in lengths])
    if rest := len(lengths.keys() - committer.taken):
        raise EmbeddingError(f"{rest:,} of {len(lengths):,} blocks were not computed")


def _progress(lengths: dict[str, list[int]], report: Report) -> Callable[[str], None]:
    """Return what says how far it is when it is told of a block that was made."""
    first = dict(zip(lengths, np.cumsum([0, *map(len, lengths.values())]), strict=False))
    progress = Progress(np.array([one for some in lengths.values() for one in some]), report)
    told: set[str] = set()

    def tell(name: str) -> None:
        if name not in told:
            told.add(name)
            progress.add(np.arange(first[name], first[name] + len(lengths[name])))

    return tell


class _Committer:
    """Puts whole blocks into a cache, some at once, and removes their files then."""

    def __init__(self, blocks: Blocks, cache: Cache) -> None:
        self._blocks, self._cache = blocks, cache
        self._waiting: list[str] = []
        self.taken: set[str] = set()

    def add(self, name: str) -> None:
        """Take a block with the next ones."""
        self._waiting.append(name)
        if len(self._waiting) == AT_ONCE:
            self.take(self._waiting)
            self._waiting = []

    def take(self, names: Iterable[str]) -> int:
        """Put these blocks into the cache now; return how many were whole."""
        before = len(self.taken)
        left = [name for name in names if name not in self.taken]
        for start in range(0, len(left), AT_ONCE):
            found = dict(self._whole(left[start : start + AT_ONCE]))
            if found:
                hashes = [key for keys, _ in found.values() for key in keys]
                self._cache.put_many(hashes, np.concatenate([one for _, one in found.values()]))
            for name in found:
                self._blocks.remove(name)
            self.taken.update(found)
        return len(self.taken) - before

    def _whole(self, names: Iterable[str]) -> Iterator[tuple[str, tuple[list[str], np.ndarray]]]:
        for name in names:
            try:
                yield name, self._blocks.read(name)
            except BrokenBlockError as error:
                log.warning("%s: computed again", error)
                self._blocks.vectors_file(name).unlink(missing_ok=True)
            except FileNotFoundError:
                continue

"""A million names in little memory, found by bisection and searched as one text."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

import numpy as np


def utf8(text: str) -> bytes:
    """Bytes which sort as the text does, whatever the text holds."""
    return text.encode("utf-8", "surrogatepass")


class Names:
    """Sorted names in one block of bytes.

    A million small objects would also leave the heap so scattered that reading records takes three
    times as long (measured).
    """

    def __init__(self, ascending: Iterable[bytes]) -> None:
        ends = array("q")
        self.block = b"".join(_ended(ascending, ends))
        self.ends = np.array(ends, dtype="i8")
        self._lower: bytes | None = None

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, rank: int) -> bytes:
        start = int(self.ends[rank - 1]) if rank else 0
        return self.block[start : int(self.ends[rank]) - 1]

    def find(self, name: bytes) -> int | None:
        """The rank of a name, or None."""
        rank = bisect_left(self, name)
        return rank if rank < len(self) and self[rank] == name else None

    def holding(self, part: bytes, *, any_case: bool = False) -> np.ndarray:
        """The ranks of the names with `part` in them; a newline in it stands for a name's end."""
        if any_case and self._lower is None:
            self._lower = self.block.lower()
        block = self._lower if any_case else self.block
        hits, at = array("q"), block.find(part)
        while at >= 0:
            hits.append(at)
            at = block.find(part, at + 1)
        return np.unique(np.searchsorted(self.ends, np.array(hits, dtype="i8"), side="right"))


def _ended(names: Iterable[bytes], ends: array[int]) -> Iterable[bytes]:
    end = 0
    for name in names:
        end += len(name) + 1
        ends.append(end)
        yield name + b"\n"

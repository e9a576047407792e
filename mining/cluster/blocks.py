"""Large matrices a block at a time: float64 is needed for sums, but never of all rows at once.

A hundred thousand embeddings are 150 MB as float32. Each step in float64 would hold two or three
times 300 MB beside them.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

MAX_BLOCK = 8_000_000  # values in a block: 64 MB in 8 bytes


def row_blocks(rows: int, width: int) -> Iterator[slice]:
    """Yield the rows of a (rows, width) matrix in blocks of MAX_BLOCK values at most."""
    height = max(1, MAX_BLOCK // max(1, width))
    for begin in range(0, rows, height):
        yield slice(begin, min(rows, begin + height))


def column_blocks(points: NDArray) -> Iterator[slice]:
    """Yield the columns of a matrix (n, d) in blocks of MAX_BLOCK values at most."""
    yield from row_blocks(points.shape[1], len(points))


def row_by_row(make: Callable[..., NDArray], *columns: NDArray) -> NDArray[np.float32]:
    """Return what is made of each row, as float32. columns: (n, ...) arrays, the widest first.

    make: takes blocks of rows of all columns; what it returns of a row depends on that row alone.
    """
    blocks = row_blocks(len(columns[0]), columns[0].shape[1])
    made = [make(*(column[rows] for column in columns)).astype(np.float32) for rows in blocks]
    return np.concatenate(made) if made else make(*columns).astype(np.float32)


def matmul(left: sp.csr_matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the product of (m, n) and (n, d) in float64, (m, d)."""
    product = np.empty((left.shape[0], points.shape[1]))
    for some in column_blocks(points):
        product[:, some] = left @ points[:, some].astype(np.float64)
    return product

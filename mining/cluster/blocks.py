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
    made = np.empty((0, 0), np.float32)
    for rows in row_blocks(len(columns[0]), columns[0].shape[1]):
        part = make(*(column[rows] for column in columns))
        if not len(made):
            made = np.empty((len(columns[0]), *part.shape[1:]), np.float32)
        made[rows] = part
    return made if len(made) else make(*columns).astype(np.float32)


def matmul(left: sp.csr_matrix, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the product of (m, n) and (n, d) in float64, (m, d)."""
    product = np.empty((left.shape[0], points.shape[1]))
    for some in column_blocks(points):
        product[:, some] = left @ points[:, some].astype(np.float64)
    return product


def own_distance(
    vectors: NDArray[np.floating], centroids: NDArray[np.floating], own: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Return of each vector, (n, d) of length 1, the cosine distance to its own centroid, (n,), to
    six digits, which processors agree on.

    centroids: (k, d) of length 1. own: (n,) the number of each vector's.
    """
    cosine = np.empty(len(vectors))
    for rows in row_blocks(*vectors.shape):
        cosine[rows] = (vectors[rows].astype(np.float64) * centroids[own[rows]]).sum(1)
    return np.clip(np.round(1 - cosine, 6), 0, 2)


def nearest(vectors: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return of each row, (n, d), the number of the centre, (k, d), that has the greatest product
    with it, (n,); of equally good ones, to nine digits, the first."""
    columns = centres.astype(np.float64).T
    found = [
        np.round(vectors[rows].astype(np.float64) @ columns, 9).argmax(1)
        for rows in row_blocks(len(vectors), len(centres))
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)

"""K-means by scikit-learn, the one rule that says which of its two, and what is done after it."""

import warnings

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.exceptions import ConvergenceWarning

from assay.mining.cluster.blocks import matmul, nearest

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

# Points times clusters times starts: what KMeans may compare in a round, which is about three
# seconds in all. Its time for one start grows with the square of the points.
MAX_WORK = 3_000_000
MAX_STARTS = 24  # among few posts starts differ most and cost least
MINIBATCH_STARTS, MINIBATCH_SIZE = 3, 4096
SPHERICAL_STEPS = 10


def partition(
    points: Floats,
    k: int,
    *,
    seed: int = 0,
    max_starts: int = MAX_STARTS,
    minibatch_starts: int = MINIBATCH_STARTS,
) -> Ints:
    """Return for each of the points (n, d) the number of its group, (n,), from 0 without gaps.

    KMeans with as many starts as MAX_WORK affords, at most max_starts; where it affords none,
    MiniBatchKMeans with minibatch_starts, each of which takes as long as the batches after it.
    There are fewer than k groups where fewer points differ. Raises ValueError when k is below 1 and
    there are points.
    """
    n = len(points)
    if n == 0:
        return np.zeros(0, np.int64)
    if k < 1:
        raise ValueError(f"k is {k}, not 1 or more")
    k = min(k, n)
    starts = min(max_starts, MAX_WORK // (n * k))
    if starts:
        model = KMeans(k, n_init=starts, random_state=seed)
    else:
        model = MiniBatchKMeans(
            k, batch_size=MINIBATCH_SIZE, n_init=minibatch_starts, random_state=seed
        )
    return fitted_labels(model, points)


def fitted_labels(model: KMeans | MiniBatchKMeans, points: Floats) -> Ints:
    """Return the model's labels of the points (n, d), numbered from 0 without gaps.

    In float64, where which kernel of a BLAS the processor gets decides no label.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer points differ than k
        label = model.fit_predict(points.astype(np.float64))
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def spherical_steps(points: Floats, label: Ints) -> Ints:
    """Return the labels (n,) of points (n, d) of length 1 after steps of spherical k-means.

    Dhillon and Modha 2001: means are brought to length 1 and points go to the nearest by cosine. A
    mean of texts that have little in common is short, and so near to everything: k-means lets them
    gather round it. No point leaves for a gain that rounding could have made.
    """
    rows = np.arange(len(points))
    for _ in range(SPHERICAL_STEPS if len(points) else 0):
        k = int(label.max()) + 1
        sums = matmul(sp.csr_matrix((np.ones(len(rows)), (label, rows)), (k, len(rows))), points)
        means = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        moved = nearest(points, means)
        if (moved == label).all():
            break
        label = np.unique(moved, return_inverse=True)[1].astype(np.int64)
    return label

"""K-means beside the libraries: speed and inertia (benchmarks.mining.evaluate has the quality).

    python -m benchmarks.mining.clustering --points 20000 100000 300000

Speed is the median of interleaved rounds on clustered points.
"""

import argparse
import importlib.util
import logging
import time
from statistics import median

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.cluster import KMeans, MiniBatchKMeans

from assay.mining.cluster.features import unit
from assay.mining.cluster.partition import partition

log = logging.getLogger(__name__)

DIMENSIONS = 384


def clustered_points(n: int, k: int, seed: int = 0) -> NDArray[np.float32]:
    """Return n rows of length 1 around k directions, a third of their variance between groups."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((k, DIMENSIONS), dtype=np.float32)
    noise = rng.standard_normal((n, DIMENSIONS), dtype=np.float32)
    return unit(centres[rng.integers(0, k, n)] + np.float32(1.4) * noise)


def speed(n: int, rounds: int) -> None:
    """Print seconds and inertia of k-means on n points with k = n / 100."""
    k = n // 100
    points = clustered_points(n, k)
    contestants = {"assay": _assay, "MiniBatchKMeans": _minibatch, "KMeans": _kmeans}
    if importlib.util.find_spec("faiss"):
        contestants["faiss, 10 steps"] = _faiss
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    computed: dict[str, list[float]] = {name: [] for name in contestants}
    inertia: dict[str, float] = {}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            started, processor = time.perf_counter(), time.process_time()
            inertia[name] = contestant(points, k)
            seconds[name].append(time.perf_counter() - started)
            computed[name].append(time.process_time() - processor)
            log.info("%s: %.1f s, %.1f s of processor", name, seconds[name][-1], computed[name][-1])
    print(f"\n{n:,} points, {DIMENSIONS} dimensions, k = {k:,}, median of {rounds}")
    for name in contestants:
        ratio = median(seconds[name]) / median(seconds["assay"])
        print(
            f"{name:<20}{median(seconds[name]):>8.1f} s{ratio:>8.2f} x"
            f"{median(computed[name]):>8.1f} s of processor   inertia"
            f"{inertia[name]:>12,.0f}{inertia[name] / inertia['assay']:>8.3f} x"
        )


def _assay(points: NDArray[np.float32], k: int) -> float:
    return _inertia(points, partition(points, k))


def _minibatch(points: NDArray[np.float32], k: int) -> float:
    return _inertia(points, MiniBatchKMeans(k, random_state=0).fit_predict(points))


def _kmeans(points: NDArray[np.float32], k: int) -> float:
    return _inertia(points, KMeans(k, random_state=0).fit_predict(points))


def _inertia(points: NDArray[np.float32], label: NDArray) -> float:
    """Return the sum of squared distances to the means of the groups."""
    n, k = len(points), int(label.max()) + 1
    sums = sp.csr_matrix((np.ones(n), (label, np.arange(n))), shape=(k, n)) @ points
    sizes = np.maximum(np.bincount(label, minlength=k), 1)
    return float((points.astype(np.float64) ** 2).sum() - ((sums**2).sum(1) / sizes).sum())


def _faiss(points: NDArray[np.float32], k: int) -> float:
    import faiss  # noqa: PLC0415 - a peer, not a dependency

    peer = faiss.Kmeans(points.shape[1], k, niter=10, seed=1)
    peer.train(points)
    return float(peer.index.search(points, 1)[0].sum())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, nargs="*", default=[20_000])
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for n in arguments.points:
        speed(n, arguments.rounds)


if __name__ == "__main__":
    main()

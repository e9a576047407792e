"""Group-average linkage: beside scipy's, which holds all pairs."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from assay.mining.cluster.linkage import group_average


def points_on_a_sphere(n: int, seed: int, dimensions: int = 8) -> np.ndarray:
    rng = np.random.default_rng(seed)
    rows = (
        rng.standard_normal((n, dimensions))
        + 2 * rng.standard_normal((5, dimensions))[rng.integers(0, 5, n)]
    )
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def every_pair(n: int) -> sp.csr_matrix:
    return sp.csr_matrix(np.ones((n, n)) - np.eye(n))


def as_sets(label: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(label == group).tolist()) for group in np.unique(label)}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("least", [0.2, 0.5, 0.8])
def test_rounds_of_mutual_best_pairs_give_the_groups_of_one_pair_at_a_time(
    seed: int, least: float
) -> None:
    points = points_on_a_sphere(60, seed)
    ours = group_average(points, every_pair(60), least)
    peer = fcluster(linkage(pdist(points, "cosine"), "average"), 1 - least, "distance")
    assert as_sets(ours) == as_sets(peer)
    assert ours[0] == 0 and sorted(set(ours.tolist())) == list(range(ours.max() + 1))


def test_groups_without_an_edge_between_them_stay_apart() -> None:
    points = np.ones((4, 1))
    graph = sp.csr_matrix(([1, 1, 1, 1], ([0, 1, 2, 3], [1, 0, 3, 2])), shape=(4, 4))
    assert group_average(points, graph, 0.5).tolist() == [0, 0, 1, 1]


def test_what_began_as_two_needs_more_to_become_one() -> None:
    near = np.array([[1, 0], [1, 0], [0.6, 0.8], [0.6, 0.8]])
    start = np.array([0, 0, 1, 1])
    assert group_average(near, every_pair(4), 0.55).tolist() == [0, 0, 0, 0]
    apart = group_average(near, every_pair(4), 0.55, start=start, held_apart=0.1)
    assert apart.tolist() == [0, 0, 1, 1]
    assert group_average(near, every_pair(4), 0.45, start=start, held_apart=0.1).max() == 0
    newcomer = group_average(near, every_pair(4), 0.55, start=np.array([0, 0, -1, -1]))
    assert newcomer.max() == 0, "new posts join at the usual likeness"


def test_what_began_as_one_is_one_without_an_edge() -> None:
    points = np.array([[1.0, 0], [0, 1.0], [-1.0, 0]])
    label = group_average(points, sp.csr_matrix((3, 3)), 0.9, start=np.array([3, 3, -1]))
    assert label.tolist() == [0, 0, 1]


def test_nothing_is_no_group() -> None:
    assert group_average(np.zeros((0, 3)), sp.csr_matrix((0, 0)), 0.5).tolist() == []

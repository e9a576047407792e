import numpy as np
import pytest
from sklearn.cluster import KMeans, MiniBatchKMeans

from assay.mining.cluster import partition as module
from assay.mining.cluster.features import unit
from assay.mining.cluster.partition import partition


def clustered(n: int, d: int, k: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(k, d))
    return unit(centers[rng.integers(0, k, n)] + rng.normal(scale=0.7, size=(n, d)))


def means(points: np.ndarray, label: np.ndarray) -> np.ndarray:
    return np.stack([points[label == group].mean(0) for group in range(label.max() + 1)])


def inertia(points: np.ndarray, label: np.ndarray) -> float:
    return float(((points - means(points, label)[label]) ** 2).sum())


def test_every_point_is_with_the_nearest_of_the_means():
    points = clustered(600, 16, 12)
    label = partition(points, 12)
    gaps = ((points[:, None] - means(points, label)[None]) ** 2).sum(2)
    assert np.array_equal(label, gaps.argmin(1))


def test_few_points_get_the_best_of_many_starts():
    points = clustered(500, 16, 20)
    ours = inertia(points, partition(points, 20))
    for seed in range(5):
        assert ours <= KMeans(20, random_state=seed).fit(points).inertia_ * (1 + 1e-4)


@pytest.mark.slow("many points beside MiniBatchKMeans")
def test_many_points_are_grouped_no_worse_than_by_minibatch_kmeans_used_plainly():
    points = clustered(8_000, 32, 200)
    plain = MiniBatchKMeans(200, random_state=0).fit(points)
    assert inertia(points, partition(points, 200)) < plain.inertia_


@pytest.mark.slow("where MiniBatchKMeans takes over")
def test_beyond_its_work_minibatch_kmeans_takes_over(monkeypatch):
    points = clustered(3_000, 16, 30)
    exact = inertia(points, partition(points, 30))
    monkeypatch.setattr(module, "MAX_WORK", 3_000 * 30 - 1)
    monkeypatch.setattr(module, "KMeans", None)  # it would fail
    assert inertia(points, partition(points, 30)) < 1.1 * exact


def test_more_groups_than_different_points_leaves_none_empty_and_warns_nobody(recwarn):
    points = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    label = partition(points, 10)
    assert sorted(set(label.tolist())) == [0, 1, 2]
    assert inertia(points, label) == pytest.approx(0, abs=1e-5)
    assert not recwarn


def test_no_points_have_no_groups():
    assert partition(np.zeros((0, 3), np.float32), 5).shape == (0,)


def test_no_group_at_all_is_refused():
    with pytest.raises(ValueError, match="k is 0"):
        partition(np.eye(2, dtype=np.float32), 0)

import numpy as np
import pytest
from sklearn.cluster import MiniBatchKMeans

from assay.mining.cluster.features import (
    EXACT_MOST,
    NEIGHBOURS,
    features,
    neighbour_graph,
    unit,
    walked,
    without_source,
    words,
)
from assay.mining.cluster.kmeans import kmeans, nearest


def clustered(n: int, d: int, k: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(k, d))
    return unit(centres[rng.integers(0, k, n)] + rng.normal(scale=0.7, size=(n, d)))


def test_every_point_is_with_the_nearest_of_the_means_once_settled():
    points = clustered(600, 16, 12)
    found = kmeans(points, 12, steps=40)
    gaps = ((points[:, None] - found.centres[None]) ** 2).sum(2)
    assert np.array_equal(found.label, gaps.argmin(1))
    assert found.inertia == pytest.approx(gaps.min(1).sum(), rel=1e-4)


def test_inertia_is_below_minibatch_kmeans_used_plainly():
    points = clustered(8_000, 32, 200)
    plain = MiniBatchKMeans(200, random_state=0).fit(points)
    assert kmeans(points, 200).inertia < plain.inertia_


def test_weights_pull_the_centre_and_weightless_points_do_not():
    points = np.array([[0.0], [1.0], [5.0]], np.float32)
    found = kmeans(points, 1, weights=np.array([1, 3, 0], np.float32))
    assert found.centres == pytest.approx(np.array([[0.75]]))


def test_more_centres_than_different_points_leaves_none_empty():
    points = np.repeat(np.eye(3, dtype=np.float32), 4, axis=0)
    found = kmeans(points, 10)
    assert len(found.centres) == 3
    assert found.inertia == pytest.approx(0, abs=1e-5)
    assert len(set(found.label.tolist())) == 3


def test_no_centre_at_all_is_refused():
    with pytest.raises(ValueError, match="k is 0"):
        kmeans(np.eye(2, dtype=np.float32), 0)


def test_nearest_in_blocks_is_nearest_at_once(monkeypatch):
    points, centres = clustered(500, 8, 5), clustered(40, 8, 5, seed=1)
    whole = nearest(points, centres)[0]
    monkeypatch.setattr("assay.mining.cluster.kmeans.BLOCK_VALUES", 300)
    assert np.array_equal(nearest(points, centres)[0], whole)


def test_neighbours_looked_for_in_cells_are_nine_of_ten_of_the_true_ones(monkeypatch):
    points = clustered(6_000, 24, 60)
    assert len(points) < EXACT_MOST
    exact, _ = neighbour_graph(points)
    monkeypatch.setattr("assay.mining.cluster.features.EXACT_MOST", 1_000)
    quick, near = neighbour_graph(points)
    shared = (exact > 0).multiply(quick > 0).sum()
    assert shared / (exact > 0).sum() > 0.9
    assert near.shape == (6_000,)


def test_the_graph_has_at_least_the_neighbours_of_each_point_and_no_loops():
    graph, near = neighbour_graph(clustered(300, 16, 6))
    assert (graph != graph.T).nnz == 0
    assert graph.diagonal().max() == 0
    assert ((graph > 0).sum(axis=1) >= NEIGHBOURS - 3).all()
    assert ((near > 0) & (near <= 1)).all()


def test_walking_brings_the_points_of_a_group_together():
    points = clustered(400, 16, 4)
    graph, _ = neighbour_graph(points)
    before, after = kmeans(points, 4), kmeans(walked(points, graph), 4)
    assert after.inertia < before.inertia / 2


def test_words_take_identifiers_apart_and_leave_stop_words_out():
    assert words("The webhookRetry_count is failing for payments") == [
        "webhook",
        "retry",
        "count",
        "fail",
        "payment",
    ]


def test_texts_without_common_words_leave_the_embeddings_alone():
    vectors = clustered(12, 16, 3)
    assert features(vectors, [f"unique{i}x" for i in range(12)]).shape == (12, 16)


def test_places_draw_posts_of_one_repository_together():
    vectors = unit(np.ones((40, 8)) + np.random.default_rng(0).normal(scale=0.1, size=(40, 8)))
    filler = " and we have it" * 5  # as long as a post, without saying anything
    texts = [f"{('queue', 'crash', 'slow', 'login')[i % 4]} trouble{filler}" for i in range(40)]
    places = [("kiln", "relay", "mill", "ledger")[i // 10] for i in range(40)]
    with_places, without = features(vectors, texts, places), features(vectors, texts)
    same = np.equal.outer(places, places)
    gain = with_places @ with_places.T - without @ without.T
    assert gain[same].mean() > gain[~same].mean() + 0.05


def test_the_manner_of_a_source_is_taken_out_where_topics_are_shared():
    rng = np.random.default_rng(0)
    topic, forum = np.arange(200) % 5, (np.arange(200) // 5) % 2 == 0
    plain = unit(rng.normal(size=(5, 16))[topic] + rng.normal(scale=0.02, size=(200, 16)))
    seen = unit(plain + forum[:, None] * rng.normal(scale=0.2, size=(1, 16)))
    after = without_source(seen, ["forum" if each else "tracker" for each in forum], topic)

    def gap(rows: np.ndarray) -> float:
        pairs = [(rows[(topic == t) & forum], rows[(topic == t) & ~forum]) for t in range(5)]
        return max(float(np.linalg.norm(a.mean(0) - b.mean(0))) for a, b in pairs)

    assert gap(seen) > 0.4
    assert gap(after) < gap(seen) / 2


def test_what_a_source_alone_speaks_of_is_not_taken_for_its_manner():
    rng = np.random.default_rng(0)
    topic = np.arange(80) % 4
    rows = unit(rng.normal(size=(4, 16))[topic] + rng.normal(scale=0.05, size=(80, 16)))
    after = without_source(rows, [f"site{each}" for each in topic], topic)
    assert after == pytest.approx(rows, abs=1e-5)

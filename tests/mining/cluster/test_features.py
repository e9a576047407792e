import numpy as np
import pytest
from sklearn.cluster import KMeans

from assay.mining.cluster.features import (
    MAX_EXACT,
    NEIGHBOURS,
    features,
    neighbour_graph,
    remove_source_effect,
    smooth_on_graph,
    unit,
    words,
)


def clustered(n: int, d: int, k: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(k, d))
    return unit(centres[rng.integers(0, k, n)] + rng.normal(scale=0.7, size=(n, d)))


@pytest.mark.slow("how many of the true neighbours are found in cells")
def test_neighbours_looked_for_in_cells_are_nine_of_ten_of_the_true_ones(monkeypatch):
    points = clustered(6_000, 24, 60)
    assert len(points) < MAX_EXACT
    exact, _ = neighbour_graph(points)
    monkeypatch.setattr("assay.mining.cluster.features.MAX_EXACT", 1_000)
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


def test_smoothing_brings_the_points_of_a_group_together():
    points = clustered(400, 16, 4)
    graph, _ = neighbour_graph(points)
    before = KMeans(4, random_state=0).fit(points)
    after = KMeans(4, random_state=0).fit(smooth_on_graph(points, graph))
    assert after.inertia_ < before.inertia_ / 2


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
    after = remove_source_effect(seen, ["forum" if each else "tracker" for each in forum], topic)

    def gap(rows: np.ndarray) -> float:
        pairs = [(rows[(topic == t) & forum], rows[(topic == t) & ~forum]) for t in range(5)]
        return max(float(np.linalg.norm(a.mean(0) - b.mean(0))) for a, b in pairs)

    assert gap(seen) > 0.4
    assert gap(after) < gap(seen) / 2


def test_what_a_source_alone_speaks_of_is_not_taken_for_its_manner():
    rng = np.random.default_rng(0)
    topic = np.arange(80) % 4
    rows = unit(rng.normal(size=(4, 16))[topic] + rng.normal(scale=0.05, size=(80, 16)))
    after = remove_source_effect(rows, [f"site{each}" for each in topic], topic)
    assert after == pytest.approx(rows, abs=1e-5)


def test_of_equally_near_neighbours_the_earlier_are_taken():
    points = np.repeat(unit(np.eye(4)), 30, axis=0)[:, :4]
    graph, near = neighbour_graph(points)
    assert near == pytest.approx(1)
    # Five or six of the thirty that are the same, and always the first of them.
    rows = graph.tocoo()
    assert {int(col) % 30 for row, col in zip(rows.row, rows.col, strict=True) if row < col} <= (
        set(range(30))
    )
    assert set((graph[29] > 0).nonzero()[1].tolist()) == set(range(5))

import hashlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from assay.mining.cluster.cluster import cluster, usual_number

TOPICS = ("webhook retry payment", "cache build compiler", "tensor memory batch", "tax cart total")
AROUND = 0.05


def posts(
    each: int, topics: int = 4, seed: int = 0
) -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    """Return unit vectors around `topics` directions, texts, their topics and keys."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(topics, 32))
    true = np.repeat(np.arange(topics), each)
    vectors = directions[true] / np.linalg.norm(directions[true], axis=1, keepdims=True)
    vectors += rng.normal(scale=AROUND, size=vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"{TOPICS[topic % 4]} number {row}" for row, topic in enumerate(true)]
    return vectors.astype(np.float32), texts, true, [f"key{row:05}" for row in range(len(true))]


def test_no_items_make_no_clusters():
    found = cluster(np.zeros((0, 384), np.float32), [])
    assert found.cluster_id.shape == found.distance.shape == found.is_outlier.shape == (0,)
    assert found.centroids.shape == (0, 384)
    assert found.confidence.shape == (0,)
    assert found.central == ()


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_one_item_is_a_cluster_around_itself(method):
    vector = np.array([[0.6, 0.8]], np.float32)
    found = cluster(vector, ["alone"], method=method)
    assert found.cluster_id.tolist() == [0]
    assert found.distance == pytest.approx([0], abs=1e-6)
    assert found.centroids == pytest.approx(vector)
    assert [rows.tolist() for rows in found.central] == [[0]]
    assert not found.is_outlier.any()


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_equal_items_are_one_cluster(method):
    vectors = np.tile(np.array([[0, 1, 0]], np.float32), (300, 1))
    found = cluster(vectors, ["the same"] * 300, method=method)
    assert found.cluster_id.tolist() == [0] * 300
    assert found.distance == pytest.approx(0, abs=1e-6)
    assert not found.is_outlier.any()


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 45),
    distinct=st.integers(1, 45),
    number=st.none() | st.integers(1, 60),
    method=st.sampled_from(["kmeans", "hdbscan"]),
    weighted=st.booleans(),
)
def test_any_small_number_of_items_is_described_in_whole(n, distinct, number, method, weighted):
    rng = np.random.default_rng(n * 100 + distinct)
    vectors = rng.normal(size=(distinct, 8))[rng.integers(0, distinct, n)]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    weights = rng.integers(0, 3, n).astype(np.float32) if weighted else None
    texts = [f"word{row % 7} text {row}" for row in range(n)]
    found = cluster(vectors, texts, weights, n_clusters=number, method=method)
    k = len(found.centroids)
    assert 1 <= k <= n
    assert sorted(set(found.cluster_id.tolist())) == list(range(k))
    assert np.isfinite(found.distance).all() and (found.distance >= 0).all()
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()
    sizes = np.bincount(found.cluster_id)
    assert (np.diff(sizes) <= 0).all()
    members = np.concatenate(found.central)
    assert sorted(members.tolist()) == np.flatnonzero(~found.is_outlier).tolist()
    assert all(len(rows) for rows in found.central)
    if number and method == "kmeans":
        assert k <= number


def test_ten_clusters_are_the_least_and_a_hundred_items_share_one():
    assert [usual_number(n) for n in (0, 3, 10, 999, 2_000, 300_000)] == [0, 3, 10, 10, 20, 3_000]


def test_topics_far_apart_are_found_exactly_when_their_number_is_given():
    vectors, texts, true, keys = posts(60)
    found = cluster(vectors, texts, n_clusters=4, keys=keys)
    assert adjusted_rand_score(true, found.cluster_id) == 1
    assert found.confidence == pytest.approx(1)


@pytest.mark.slow("cluster_method hdbscan finds the topics")
def test_density_finds_the_topics_without_being_told_their_number():
    vectors, texts, true, keys = posts(60)
    found = cluster(vectors, texts, method="hdbscan", keys=keys)
    kept = ~found.is_outlier
    assert kept.mean() > 0.9
    assert adjusted_rand_score(true[kept], found.cluster_id[kept]) > 0.95


def test_the_number_grows_with_the_topics():
    few, many = (
        len(cluster(vectors, [""] * len(vectors), keys=keys).centroids)
        for vectors, _, _, keys in (posts(30, topics) for topics in (12, 30))
    )
    assert 12 <= few <= 16
    assert 30 <= many <= 36


def test_one_source_changes_nothing():
    vectors, texts, _, keys = posts(30, topics=8)
    alone = cluster(vectors, texts, keys=keys, sources=["github"] * len(texts))
    assert np.array_equal(alone.cluster_id, cluster(vectors, texts, keys=keys).cluster_id)


def test_a_cluster_lists_its_members_from_the_centre_outwards():
    vectors, texts, _, keys = posts(40)
    found = cluster(vectors, texts, n_clusters=4, keys=keys)
    for number, rows in enumerate(found.central):
        assert set(found.cluster_id[rows].tolist()) == {number}
        assert (np.diff(found.distance[rows]) >= 0).all()
        mean = vectors[rows].mean(0)
        assert found.centroids[number] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
        assert found.distance[rows] == pytest.approx(
            1 - vectors[rows] @ found.centroids[number], abs=1e-5
        )


def test_posts_that_fit_nowhere_are_flagged_and_do_not_move_a_centre():
    vectors, texts, true, _ = posts(60)
    stray = np.random.default_rng(5).normal(size=(6, 32)).astype(np.float32)
    stray /= np.linalg.norm(stray, axis=1, keepdims=True)
    every = np.vstack([vectors, stray])
    found = cluster(every, [*texts, *(f"odd{i} thing{i}" for i in range(6))], n_clusters=4)
    assert found.is_outlier[-6:].all()
    assert found.is_outlier[:-6].mean() < 0.12
    assert adjusted_rand_score(true, found.cluster_id[:-6]) == 1
    assert not set(range(240, 246)) & set(np.concatenate(found.central).tolist())


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_the_order_of_the_rows_changes_nothing(method):
    vectors, texts, _, keys = posts(30, topics=8)
    mixed = np.random.default_rng(1).permutation(len(keys))
    straight = cluster(vectors, texts, keys=keys, method=method)
    other = cluster(
        vectors[mixed], [texts[i] for i in mixed], keys=[keys[i] for i in mixed], method=method
    )
    assert np.array_equal(other.cluster_id, straight.cluster_id[mixed])
    assert np.array_equal(other.distance, straight.distance[mixed])
    assert np.array_equal(other.is_outlier, straight.is_outlier[mixed])
    assert np.array_equal(other.centroids, straight.centroids)
    assert [mixed[rows].tolist() for rows in other.central] == [
        rows.tolist() for rows in straight.central
    ]


def test_without_keys_the_texts_give_the_order():
    vectors, texts, _, _ = posts(30, topics=8)
    mixed = np.random.default_rng(1).permutation(len(texts))
    other = cluster(vectors[mixed], [texts[i] for i in mixed])
    assert np.array_equal(other.cluster_id, cluster(vectors, texts).cluster_id[mixed])


_PRINT = """
import hashlib, sys
import numpy as np
from assay.mining.cluster.cluster import cluster
vectors = np.load(sys.argv[1])
texts = [f"text {i % 9} of {i}" for i in range(len(vectors))]
found = cluster(vectors, texts)
print(hashlib.sha256(found.cluster_id.tobytes() + found.centroids.tobytes()).hexdigest())
"""


@pytest.mark.slow("the same clusters, bit by bit, in another process")
def test_two_processes_find_the_same_bits(tmp_path):
    vectors = posts(25, topics=6)[0]
    np.save(tmp_path / "vectors.npy", vectors)
    command = [sys.executable, "-c", _PRINT, str(tmp_path / "vectors.npy")]
    other = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    own = cluster(vectors, [f"text {i % 9} of {i}" for i in range(len(vectors))])
    assert other == hashlib.sha256(own.cluster_id.tobytes() + own.centroids.tobytes()).hexdigest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"texts": ["one"]}, "2 vectors but 1 texts"),
        ({"keys": ["a"]}, "2 vectors but 1 keys"),
        ({"places": ["a"]}, "2 vectors but 1 places"),
        ({"sources": ["a"]}, "2 vectors but 1 sources"),
        ({"weights": np.ones(3)}, "2 vectors but 3 weights"),
        ({"weights": np.array([1, -1])}, "0 or more"),
        ({"n_clusters": 0}, "n_clusters is 0"),
        ({"vectors": np.array([[1, np.nan], [0, 1]])}, "finite"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(change, message):
    arguments = {"vectors": np.eye(2, dtype=np.float32), "texts": ["a", "b"]} | change
    with pytest.raises(ValueError, match=message):
        cluster(**arguments)

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import adjusted_rand_score, homogeneity_score

from assay.mining.cluster.cluster import cluster, usual_number

TOPICS = ("webhook retry payment", "cache build compiler", "tensor memory batch", "tax cart total")
AROUND = 0.05


def posts(
    each: int, topics: int = 4, seed: int = 0, around: float = AROUND
) -> tuple[np.ndarray, list[str], np.ndarray, list[str]]:
    """Return unit vectors around `topics` directions, texts, their topics and keys."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(topics, 32))
    true = np.repeat(np.arange(topics), each)
    vectors = directions[true] / np.linalg.norm(directions[true], axis=1, keepdims=True)
    vectors += rng.normal(scale=around, size=vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [f"{TOPICS[topic % 4]} number {row}" for row, topic in enumerate(true)]
    return vectors.astype(np.float32), texts, true, [f"key{row:05}" for row in range(len(true))]


def test_no_items_make_no_clusters():
    found = cluster(np.zeros((0, 384), np.float32), [])
    assert found.cluster_id.shape == found.distance.shape == found.is_outlier.shape == (0,)
    assert found.centroids.shape == (0, 384)
    assert found.confidence.shape == (0,)
    assert found.central == ()


# UMAP compiles for half a minute in every process.
HDBSCAN = pytest.param("hdbscan", marks=pytest.mark.slow("HDBSCAN keeps what every method keeps"))


@pytest.mark.parametrize("method", ["kmeans", HDBSCAN, "minibatch"])
def test_one_item_is_a_cluster_around_itself(method):
    vector = np.array([[0.6, 0.8]], np.float32)
    found = cluster(vector, ["alone"], method=method)
    assert found.cluster_id.tolist() == [0]
    assert found.distance == pytest.approx([0], abs=1e-6)
    assert found.centroids == pytest.approx(vector)
    assert [rows.tolist() for rows in found.central] == [[0]]
    assert not found.is_outlier.any()


@pytest.mark.parametrize("method", ["kmeans", HDBSCAN, "minibatch"])
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
    method=st.sampled_from(["kmeans", "hdbscan", "minibatch"]),
)
def test_any_small_number_of_items_is_described_in_whole(n, distinct, method):
    rng = np.random.default_rng(n * 100 + distinct)
    vectors = rng.normal(size=(distinct, 8))[rng.integers(0, distinct, n)]
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    texts = [f"word{row % 7} text {row}" for row in range(n)]
    found = cluster(vectors, texts, method=method)
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
    if method == "minibatch":
        assert k <= usual_number(n)
        assert not found.is_outlier.any()


def test_ten_clusters_are_the_least_and_a_hundred_items_share_one():
    assert [usual_number(n) for n in (0, 3, 10, 999, 2_000, 300_000)] == [0, 3, 10, 10, 20, 3_000]


def test_topics_far_apart_are_never_mixed():
    vectors, texts, true, keys = posts(60, topics=12)
    found = cluster(vectors, texts, keys=keys)
    assert homogeneity_score(true, found.cluster_id) == pytest.approx(1)
    assert adjusted_rand_score(true, found.cluster_id) > 0.9
    assert found.confidence.mean() > 0.9


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
    found = cluster(vectors, texts, keys=keys)
    for number, rows in enumerate(found.central):
        assert set(found.cluster_id[rows].tolist()) == {number}
        assert (np.diff(found.distance[rows]) >= 0).all()
        mean = vectors[rows].mean(0)
        assert found.centroids[number] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)
        assert found.distance[rows] == pytest.approx(
            1 - vectors[rows] @ found.centroids[number], abs=1e-5
        )


def test_posts_that_fit_nowhere_are_flagged_and_do_not_move_a_centre():
    vectors, texts, true, _ = posts(60, topics=12)
    stray = np.random.default_rng(5).normal(size=(6, 32)).astype(np.float32)
    stray /= np.linalg.norm(stray, axis=1, keepdims=True)
    every = np.vstack([vectors, stray])
    found = cluster(every, [*texts, *(f"odd{i} thing{i}" for i in range(6))])
    assert found.is_outlier[-6:].all()
    assert found.is_outlier[:-6].mean() < 0.12
    assert adjusted_rand_score(true, found.cluster_id[:-6]) > 0.9
    assert not set(range(720, 726)) & set(np.concatenate(found.central).tolist())


@pytest.mark.parametrize("method", ["kmeans", HDBSCAN, "minibatch"])
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


def test_minibatch_is_the_plain_rule_on_the_embeddings_as_they_are():
    vectors, texts, _, keys = posts(60, topics=30)
    found = cluster(vectors, texts, keys=keys, method="minibatch", seed=7)
    plain = MiniBatchKMeans(18, random_state=7).fit_predict(vectors.astype(np.float64))
    assert adjusted_rand_score(plain, found.cluster_id) == 1
    other = cluster(
        vectors,
        texts[::-1],
        keys=keys,
        method="minibatch",
        seed=7,
        places=["here"] * len(keys),
        sources=["github", "reddit"] * (len(keys) // 2),
    )
    assert np.array_equal(other.cluster_id, found.cluster_id)
    assert (found.confidence > 0.2).all()


_PRINT = """
import hashlib, sys
import numpy as np
from assay.mining.cluster.problems_first import cluster_problems
from assay.mining.cluster.reports import Posts, group_reports
vectors = np.load(sys.argv[1])
# No two words are in equally many texts: equal singular values have no order of their own.
texts = [f"text word{chr(97 + int((i % 83) ** 0.5))} {chr(97 + int((i % 137) ** 0.6))}word"
    for i in range(len(vectors))]
places = [f"place{chr(97 + int((i % 29) ** 0.5))}" for i in range(len(vectors))]
found = cluster_problems(vectors, texts, np.arange(len(vectors)) % 4 > 0, places=places,
    sources=["github", "reddit", "hackernews"] * (len(vectors) // 3))
parts = [found.cluster_id, found.distance, found.is_outlier, *found.central, found.centroids]
everybody = [[str(i)] for i in range(len(vectors))]
problems = np.arange(len(vectors)) % 4 > 0
found = group_reports(Posts([f"{i:05}" for i in range(len(vectors))], vectors,
    ["github", "reddit", "hackernews"] * (len(vectors) // 3), everybody, problems, ~problems))
parts += [found.cluster_id, found.distance, found.is_outlier, *found.central, found.confidence]
assert len(found.central) > 5
print(hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest())
"""
KERNELS = ("Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
FEATURES_OF = {"Sandybridge": "avx", "Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512f"}


def _here(kernel: str) -> bool:
    """Return whether this processor has the instructions of a kernel of OpenBLAS."""
    file = Path("/proc/cpuinfo")
    flags = file.read_text(encoding="utf-8").split() if file.is_file() else []
    return FEATURES_OF.get(kernel, "sse4_2") in flags


@pytest.mark.slow("the same clusters, bit by bit, whatever the threads and the processor")
def test_neither_threads_nor_the_processor_change_a_label(tmp_path):
    vectors = posts(40, topics=12, seed=3, around=0.25)[0]
    np.save(tmp_path / "vectors.npy", vectors)
    command = [sys.executable, "-c", _PRINT, str(tmp_path / "vectors.npy")]
    threads = [{f"{pool}_NUM_THREADS": n for pool in ("OMP", "OPENBLAS")} for n in "124"]
    kernels = [{"OPENBLAS_CORETYPE": kernel} for kernel in KERNELS if _here(kernel)]
    assert len(kernels) >= 2 or not _here("Sandybridge")
    # NumPy chooses its own instructions too.
    kernels.append({"NPY_DISABLE_CPU_FEATURES": "AVX2,FMA3"} if _here("Haswell") else {})
    found = [
        subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | change
        ).stdout
        for change in [*threads, *kernels]
    ]
    assert len(found[0].strip()) == 64
    assert len(set(found)) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"texts": ["one"]}, "2 vectors but 1 texts"),
        ({"keys": ["a"]}, "2 vectors but 1 keys"),
        ({"places": ["a"]}, "2 vectors but 1 places"),
        ({"sources": ["a"]}, "2 vectors but 1 sources"),
        ({"method": "means"}, "cluster_method means is none of kmeans, hdbscan, minibatch"),
        ({"vectors": np.array([[1, np.nan], [0, 1]])}, "finite"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(change, message):
    arguments = {"vectors": np.eye(2, dtype=np.float32), "texts": ["a", "b"]} | change
    with pytest.raises(ValueError, match=message):
        cluster(**arguments)

"""Problems are clustered by themselves; the others join where they are as near, or fit nowhere."""

import numpy as np

from assay.mining.cluster.cluster import cluster
from assay.mining.cluster.problems_first import JOIN_QUANTILE, cluster_problems


def groups(*sizes: int, spread: float = 0.05, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Return (n, 16) unit vectors in tight groups around different axes, and texts of the group."""
    random = np.random.default_rng(seed)
    vectors, texts = [], []
    for number, size in enumerate(sizes):
        centre = np.eye(16)[number]
        vectors.append(centre + spread * random.normal(size=(size, 16)))
        texts += [f"word{number} thing{number} {'x' * (place % 7)}" for place in range(size)]
    stacked = np.concatenate(vectors)
    unit = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
    return unit.astype(np.float32), texts


def test_what_is_no_seed_joins_its_own_group_and_moves_no_centre() -> None:
    vectors, texts = groups(*[20] * 12)
    core = np.arange(240) % 4 != 0
    found = cluster_problems(vectors, texts, core)
    alone = cluster(vectors[core], [text for text, one in zip(texts, core, strict=True) if one])
    assert (found.centroids == alone.centroids).all()
    assert (found.cluster_id[core] == alone.cluster_id).all()
    others = np.flatnonzero(~core)
    joined = others[~found.is_outlier[others]]
    assert len(joined) >= len(others) // 4
    for row in joined:
        mates = np.flatnonzero((found.cluster_id == found.cluster_id[row]) & core)
        assert {mate // 20 for mate in mates} == {row // 20}
    for number, members in enumerate(found.central):
        assert (found.cluster_id[members] == number).all() and not found.is_outlier[members].any()
        kinds = core[members].tolist()
        assert kinds == sorted(kinds, reverse=True), "the seeds first"


def test_nobody_joins_who_is_farther_than_the_seeds_are() -> None:
    vectors, texts = groups(40, 40, 30)
    core = np.arange(110) < 80  # the third group is news
    found = cluster_problems(vectors, texts, core)
    assert found.is_outlier[80:].all()
    for number, members in enumerate(found.central):
        own = members[core[members]]
        reach = np.quantile(found.distance[own], JOIN_QUANTILE)
        assert (found.distance[members[~core[members]]] <= reach).all()
        assert number in found.cluster_id[own]


def test_only_who_is_eligible_does() -> None:
    vectors, texts = groups(40, 40, 40)
    core = np.arange(120) % 4 != 0
    every = cluster_problems(vectors, texts, core)
    may = np.arange(120) % 8 != 0
    found = cluster_problems(vectors, texts, core, may)
    assert found.is_outlier[~core & ~may].all()
    assert (found.is_outlier == every.is_outlier)[core | may].all()
    assert (~every.is_outlier[~core & ~may]).any()


def test_with_too_few_problems_everything_is_clustered_alike() -> None:
    vectors, texts = groups(30, 30)
    for core in (np.zeros(60, bool), np.arange(60) < 9, np.ones(60, bool)):
        found, alike = cluster_problems(vectors, texts, core), cluster(vectors, texts)
        assert (found.cluster_id == alike.cluster_id).all()
        assert (found.is_outlier == alike.is_outlier).all()
    nothing = cluster_problems(vectors[:0], [], np.zeros(0, bool))
    assert len(nothing.central) == 0


def test_every_option_reaches_the_clustering_of_the_seeds() -> None:
    vectors, texts = groups(20, 20)
    core = np.arange(40) % 2 == 0
    keys = [f"k{number:02d}" for number in range(40)]
    given = {"places": ["p"] * 40, "sources": ["reddit", "github"] * 20, "keys": keys}
    found = cluster_problems(vectors, texts, core, **given, seed=3)
    again = cluster_problems(vectors, texts, core, **given, seed=3)
    assert (found.cluster_id == again.cluster_id).all()
    assert found.distance.dtype == np.float32 and found.cluster_id.dtype == np.int32


def test_the_plain_rule_knows_no_problems() -> None:
    vectors, texts = groups(30, 30, 30)
    plain = cluster(vectors, texts, method="minibatch")
    found = cluster_problems(vectors, texts, np.arange(90) % 3 == 0, method="minibatch")
    assert (found.cluster_id == plain.cluster_id).all()
    assert not found.is_outlier.any()

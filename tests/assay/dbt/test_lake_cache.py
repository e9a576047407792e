"""The cache of vectors in a lake: each hash once, bit for bit, of one model and precision."""

from pathlib import Path

import duckdb
import numpy as np
import pytest

from assay.dbt.lake_cache import TABLE, LakeCache
from assay.forget import caches
from assay.mining.embed import text_hash
from assay.mining.embed.cache import CacheError, hashes_of
from assay.warehouse import lake

HASHES = [text_hash(str(number)) for number in range(300)]
VECTORS = np.random.default_rng(1).normal(size=(300, 8)).astype(np.float32)
VECTORS[0] = [0.0, -0.0, np.inf, np.finfo(np.float32).smallest_subnormal, 1, 2, 3, 4]


@pytest.fixture
def connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASSAY_TARGET", lake.TARGET)
    monkeypatch.setenv(lake.CATALOG, str(tmp_path / "lake.sqlite"))
    monkeypatch.setenv(lake.DATA, str(tmp_path / "files"))
    with duckdb.connect() as made:
        lake.attach(made, lake.lake(tmp_path))
        made.execute(f"use {lake.NAME}")
        yield made


def test_vectors_come_back_bit_for_bit_in_the_order_asked_for(connection) -> None:
    cache = LakeCache(connection, "model@1", "float32", 8)
    cache.put_many(HASHES, VECTORS)
    asked = [*HASHES[::-1], text_hash("unknown"), HASHES[7]]
    found, there = LakeCache(connection, "model@1", "float32", 8).get_many(asked)
    assert there.tolist() == [True] * 300 + [False, True]
    assert found[:300].tobytes() == VECTORS[::-1].tobytes()
    assert found[-1].tobytes() == VECTORS[7].tobytes()
    assert not found[300].any()


def test_the_first_vector_of_a_hash_stays_and_is_there_once(connection) -> None:
    cache = LakeCache(connection, "model@1", "float32", 8)
    cache.put_many(HASHES[:200], VECTORS[:200])
    cache.put_many(HASHES[100:] + HASHES[290:], np.ones((210, 8), np.float32))
    found, there = cache.get_many(HASHES)
    assert there.all()
    assert found[:200].tobytes() == VECTORS[:200].tobytes()
    counted = connection.execute(f"select count(*), count(distinct text_hash) from {TABLE}")
    assert counted.fetchall() == [(300, 300)]


def test_models_and_precisions_have_nothing_of_each_other(connection) -> None:
    LakeCache(connection, "model@1", "float32", 8).put_many(HASHES[:2], VECTORS[:2])
    for model, precision in (("model@2", "float32"), ("model@1", "bfloat16")):
        _, there = LakeCache(connection, model, precision, 8).get_many(HASHES[:2])
        assert not there.any()
    with pytest.raises(CacheError, match="a length other than 4"):
        LakeCache(connection, "model@1", "float32", 4).get_many(HASHES[:2])
    with pytest.raises(ValueError, match="wanted"):
        LakeCache(connection, "model@1", "float32", 8).put_many(HASHES[:2], VECTORS[:3])


def test_nothing_asked_and_nothing_put_is_fine(connection) -> None:
    cache = LakeCache(connection, "model@1", "float32", 8)
    cache.put_many([], np.empty((0, 8), np.float32))
    found, there = cache.get_many([])
    assert found.shape == (0, 8)
    assert there.shape == (0,)


def test_what_is_taken_back_leaves_the_cache_of_a_lake(connection) -> None:
    assert caches.lake_vectors(connection, ["a"]) == 0, "no such table yet"
    cache = LakeCache(connection, "model@1", "float32", 8)
    keys = [hashes_of("a")[0], hashes_of("a")[3], hashes_of("b")[0]]
    cache.put_many(keys, VECTORS[:3])
    assert caches.lake_vectors(connection, ["a"]) == 2
    assert cache.get_many(keys)[1].tolist() == [False, False, True]

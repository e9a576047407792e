"""What was computed is never computed again, whatever killed the run."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assay.mining.embed import BATCH, embed_cached
from assay.mining.embed.cache import CacheError, EmbeddingCache, text_hash
from tests.mining.embed.counting import Engine
from tests.servers import ends_with_test
from tests.support import ROOT

TEXTS = [f"post {number}" for number in range(3500)]


def _open(file: Path, engine: Engine | None = None) -> EmbeddingCache:
    engine = engine or Engine()
    return EmbeddingCache(file, engine.model_id, engine.precision, engine.dimension)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "embeddings.sqlite"


@pytest.fixture
def cache(file: Path) -> Iterator[EmbeddingCache]:
    found = _open(file)
    yield found
    found.close()


def test_vectors_come_back_bit_for_bit_in_the_order_asked_for(cache: EmbeddingCache) -> None:
    vectors = np.random.default_rng(1).normal(size=(1200, 8)).astype(np.float32)
    vectors[0] = [0.0, -0.0, np.inf, np.finfo(np.float32).smallest_subnormal, 1, 2, 3, 4]
    hashes = [text_hash(str(number)) for number in range(1200)]
    cache.put_many(hashes, vectors)
    asked = [*hashes[::-1], text_hash("unknown"), hashes[7]]
    found, there = cache.get_many(asked)
    assert there.tolist() == [True] * 1200 + [False, True]
    assert found[:1200].tobytes() == vectors[::-1].tobytes()
    assert found[1200].tolist() == [0] * 8
    assert found[1201].tobytes() == vectors[7].tobytes()
    assert len(cache) == 1200


def test_nothing_asked_and_nothing_put_is_fine(cache: EmbeddingCache) -> None:
    cache.put_many([], np.empty((0, 8), np.float32))
    vectors, there = cache.get_many([])
    assert (vectors.shape, there.shape) == ((0, 8), (0,))


def test_the_first_vector_of_a_text_stays(cache: EmbeddingCache) -> None:
    cache.put_many([text_hash("a")], np.ones((1, 8), np.float32))
    cache.put_many([text_hash("a")], np.zeros((1, 8), np.float32))
    assert cache.get_many([text_hash("a")])[0].tolist() == [[1] * 8]


def test_a_wrong_shape_is_refused(cache: EmbeddingCache) -> None:
    with pytest.raises(ValueError, match=r"\(1, 7\) vectors for \(1, 8\) wanted"):
        cache.put_many([text_hash("a")], np.ones((1, 7), np.float32))


def test_models_and_precisions_do_not_share_vectors(file: Path) -> None:
    key = [text_hash("a")]
    for number, (model, precision) in enumerate([("m", "p"), ("m", "q"), ("n", "p")]):
        cache = EmbeddingCache(file, model, precision, 2)
        assert not cache.get_many(key)[1].any()
        cache.put_many(key, np.full((1, 2), number, np.float32))
        cache.close()
    cache = EmbeddingCache(file, "m", "q", 2)
    assert (cache.get_many(key)[0].tolist(), len(cache)) == ([[1, 1]], 1)
    cache.close()


def test_another_dimension_under_the_same_name_is_an_error(file: Path) -> None:
    EmbeddingCache(file, "m", "p", 2).close()
    with pytest.raises(CacheError, match="holds m with 2 dimensions, not 3: delete the file"):
        EmbeddingCache(file, "m", "p", 3)


def test_lone_surrogates_and_nul_have_hashes_of_their_own() -> None:
    texts = ["", "\x00", "\ud800", "\ud801", "?", "a", "a\x00"]
    assert len({text_hash(text) for text in texts}) == len(texts)
    # sha256 of nothing
    assert text_hash("").startswith("e3b0c44298fc1c14")


def test_each_text_is_computed_once_and_the_second_call_gives_the_same_bits(
    cache: EmbeddingCache,
) -> None:
    engine = Engine()
    doubled = [*TEXTS, *TEXTS[:500]]
    first = embed_cached(doubled, engine, cache)
    assert sorted(engine.texts) == sorted(TEXTS)
    second = embed_cached(doubled, engine, cache)
    assert len(engine.texts) == len(TEXTS)
    assert first.tobytes() == second.tobytes()
    more = embed_cached([*TEXTS[::2], "a new one"], engine, cache)
    assert engine.texts[len(TEXTS) :] == ["a new one"]
    assert more[:-1].tobytes() == first[: len(TEXTS) : 2].tobytes()


def test_what_another_run_put_first_is_what_is_returned(file: Path, cache: EmbeddingCache) -> None:
    other = _open(file)

    class Slow(Engine):
        def vectors(self, texts: list[str]) -> np.ndarray:
            other.put_many([text_hash("a")], np.full((1, 8), 8**-0.5, np.float32))
            return super().vectors(texts)

    found = embed_cached(["a"], Slow(), cache)
    other.close()
    assert found.tolist() == [[np.float32(8**-0.5)] * 8]


def test_a_stopped_run_keeps_its_batches(cache: EmbeddingCache) -> None:
    class Stops(Engine):
        def vectors(self, texts: list[str]) -> np.ndarray:
            if len(self.texts) == 2 * BATCH:
                raise KeyboardInterrupt
            return super().vectors(texts)

    with pytest.raises(KeyboardInterrupt):
        embed_cached(TEXTS, Stops(), cache)
    assert len(cache) == 2 * BATCH


RUN = """
import sys, time
from pathlib import Path
from assay.mining.embed import embed_cached
from tests.mining.embed.test_cache import Engine, TEXTS, _open

class Told(Engine):
    def vectors(self, texts):
        Path(sys.argv[2]).open("a").write(f"{len(texts)}\\n")
        time.sleep(float(sys.argv[3]))
        return super().vectors(texts)

engine = Told()
embed_cached(TEXTS, engine, _open(Path(sys.argv[1]), engine))
"""


def _run(file: Path, told: Path, pause: float) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", RUN, str(file), str(told), str(pause)]
    return ends_with_test(subprocess.Popen(command, cwd=ROOT))


@pytest.mark.slow("a kill while vectors are computed")
def test_a_killed_run_loses_at_most_one_batch(tmp_path: Path, file: Path) -> None:
    told, most = tmp_path / "told", 0
    for kill_at in (1, 2, 3, 4):  # batches begun in all when the next run is killed
        process = _run(file, told, 0.3)
        while not told.exists() or len(told.read_text().splitlines()) < most + kill_at % 2 + 1:
            assert process.poll() is None
            time.sleep(0.005)
        time.sleep(0.08 * kill_at)  # before, while and after the batch is committed
        process.send_signal(signal.SIGKILL)
        process.wait()
        most = len(told.read_text().splitlines())
    assert _run(file, told, 0).wait() == 0
    begun = [int(line) for line in told.read_text().splitlines()]
    assert sum(begun) - len(TEXTS) <= 4 * BATCH
    cache = _open(file)
    expected, engine = Engine().vectors(TEXTS), Engine()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert embed_cached(TEXTS, engine, cache).tobytes() == expected.tobytes()
    assert engine.texts == []
    cache.close()


@pytest.mark.slow("two processes that fill one cache of vectors")
def test_two_runs_at_once_do_not_harm_each_other(tmp_path: Path, file: Path) -> None:
    runs = [_run(file, tmp_path / f"told-{number}", 0.01) for number in range(2)]
    assert [run.wait() for run in runs] == [0, 0]
    cache = _open(file)
    expected = Engine().vectors(TEXTS)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    vectors, there = cache.get_many([text_hash(text) for text in TEXTS])
    assert there.all()
    assert vectors.tobytes() == expected.tobytes()
    assert cache._database.execute("pragma integrity_check").fetchall() == [("ok",)]
    cache.close()


@pytest.mark.parametrize("left", [0.0, 0.3, 0.9])
def test_a_truncated_file_is_an_error_that_names_the_cure_or_an_empty_cache(
    left: float, file: Path
) -> None:
    cache = _open(file)
    embed_cached(TEXTS, Engine(), cache)
    cache.close()
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * left)])
    if left == 0:  # an empty file is an empty database
        cache = _open(file)
        assert len(cache) == 0
        cache.close()
        return
    with pytest.raises(CacheError, match=r"embeddings\.sqlite: .*delete it to compute"):
        embed_cached(TEXTS, Engine(), _open(file))


def test_a_file_that_is_no_cache_is_an_error(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"something else, not short " * 400)
    with pytest.raises(CacheError, match="file is not a database"):
        _open(file)
    assert file.read_bytes().startswith(b"something else")

"""What others computed is in the cache once, whoever was killed."""

import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from assay.mining.compute import Blocks, Setting, Worker, WorkerLostError, compute_blocks
from assay.mining.compute import commit as face
from assay.mining.embed import EmbeddingCache, EmbeddingError, embed, embed_cached, embed_whole
from tests.mining.compute.texts import TEXTS, Engine, Here

SIZE = 6  # 40 texts are seven blocks


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EmbeddingCache]:
    found = EmbeddingCache(tmp_path / "cache.sqlite", "model@1", "float32", 8)
    yield found
    found.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blocks"


def left(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def through(folder: Path, run: face.Run) -> partial:
    return partial(compute_blocks, folder=folder, run=run, size=SIZE)


def test_vectors_are_those_of_one_process_and_no_file_is_left(cache, folder: Path) -> None:
    here, said = Here(Engine()), []
    texts = [*TEXTS.values(), *TEXTS.values()]
    found = embed_cached(texts, Engine(), cache, report=said.append, compute=through(folder, here))
    assert found.tobytes() == embed(texts, Engine()).tobytes()
    assert sorted(here.engine.texts) == sorted(TEXTS.values())
    assert len(here.names) == 7
    assert len(cache) == 40
    assert left(folder) == []
    assert said == ["embedding: 0 of 80 texts known, 40 to do"]


def test_windows_of_long_texts_go_through_blocks_too(cache, folder: Path, tmp_path: Path) -> None:
    texts = ["title\n" + " ".join(f"word{n}" for n in range(200)), "short", "x" * 900]
    other = EmbeddingCache(tmp_path / "other.sqlite", "model@1", "float32", 8)
    expected, unread = embed_whole(texts, Engine(), other)
    found, too = embed_whole(texts, Engine(), cache, compute=through(folder, Here(Engine())))
    assert found.tobytes() == expected.tobytes()
    assert too.tolist() == unread.tolist()
    assert len(cache) == len(other) > 12
    other.close()


def test_what_an_earlier_builder_left_is_taken_whatever_it_is_cut_by(cache, folder: Path) -> None:
    engine, setting = Engine(), Setting.of(Engine())
    keys = list(TEXTS)[3:17]
    vectors = embed([TEXTS[key] for key in keys], engine)
    Blocks(folder, setting).write(keys, vectors)
    Blocks(folder, setting).ask(keys[:3], ["of a killed builder"] * 3)
    here = Here(engine)
    engine.texts.clear()
    found = embed_cached(list(TEXTS.values()), Engine(), cache, compute=through(folder, here))
    assert sorted(engine.texts) == sorted(TEXTS[key] for key in TEXTS.keys() - set(keys))
    assert found.tobytes() == embed(list(TEXTS.values()), Engine()).tobytes()
    assert left(folder) == []


def test_a_block_that_is_in_the_cache_already_changes_nothing(cache, folder: Path) -> None:
    keys, setting = list(TEXTS), Setting.of(Engine())
    first = embed_cached(list(TEXTS.values()), Engine(), cache)
    # Its committer was killed between the transaction and the deletion of the file.
    Blocks(folder, setting).write(keys[:9], np.ones((9, 8), np.float32))
    here = Here(Engine())
    again = embed_cached([*TEXTS.values(), "new"], Engine(), cache, compute=through(folder, here))
    assert again[:-1].tobytes() == first.tobytes()
    assert here.engine.texts == ["new"]
    assert len(cache) == 41


def test_a_lost_worker_costs_what_was_not_there(cache, folder: Path, caplog) -> None:
    here = Here(Engine())

    def loses(worker: Worker, asked: list[Path]) -> Iterator[str]:
        for number, name in enumerate(here(worker, asked)):
            if len(here.names) == 4:
                raise WorkerLostError("it was killed")  # after its block's file was written
            yield name
            assert number < 7

    with caplog.at_level(logging.WARNING):
        found = embed_cached(list(TEXTS.values()), Engine(), cache, compute=through(folder, loses))
    assert found.tobytes() == embed(list(TEXTS.values()), Engine()).tobytes()
    assert sorted(here.engine.texts) == sorted(TEXTS.values())
    assert caplog.messages == [
        "a worker was lost (it was killed): what is not there is computed again"
    ]


def test_workers_that_are_lost_again_and_again_are_one_line_and_keep_what_is_done(
    cache, folder: Path
) -> None:
    here = Here(Engine())

    def loses(worker: Worker, asked: list[Path]) -> Iterator[str]:
        yield next(iter(here(worker, asked)))
        raise WorkerLostError("no memory")

    with pytest.raises(EmbeddingError, match="workers were lost 3 times: no memory"):
        embed_cached(list(TEXTS.values()), Engine(), cache, compute=through(folder, loses))
    assert len(cache) == 3 * SIZE


def test_a_block_whose_file_is_damaged_is_computed_again(cache, folder: Path, caplog) -> None:
    here = Here(Engine())

    def damages(worker: Worker, asked: list[Path]) -> Iterator[str]:
        for name in here(worker, asked):
            if len(here.names) == 1:
                path = Blocks(folder, Setting.of(Engine())).vectors_file(name)
                path.write_bytes(path.read_bytes()[:100])
            yield name

    found = embed_cached(list(TEXTS.values()), Engine(), cache, compute=through(folder, damages))
    assert found.tobytes() == embed(list(TEXTS.values()), Engine()).tobytes()
    assert len(here.names) == 8
    assert "computed again" in caplog.text


def test_many_blocks_are_one_transaction(
    cache, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(face, "AT_ONCE", 3)
    put, sizes = cache.put_many, []
    cache.put_many = lambda hashes, vectors: (sizes.append(len(hashes)), put(hashes, vectors))
    embed_cached(list(TEXTS.values()), Engine(), cache, compute=through(folder, Here(Engine())))
    assert sizes == [3 * SIZE, 3 * SIZE, 40 - 6 * SIZE]


def test_a_worker_refuses_to_mix_vectors_of_two_kinds(tmp_path: Path) -> None:
    worker = Worker(
        tmp_path,
        "openvino",
        "sentence-transformers/all-MiniLM-L6-v2",
        Setting("sentence-transformers/all-MiniLM-L6-v2@0", "another", 384),
    )
    with pytest.raises(
        EmbeddingError, match=r"the build .* in another: let both run on processors"
    ):
        worker.make("name", [], [])

"""A block's name is what it holds; a file that holds something else is not taken."""

from pathlib import Path

import numpy as np
import pytest

from assay.mining.compute import Blocks, Setting
from assay.mining.compute.blocks import BrokenBlockError, cut
from assay.mining.embed import text_hash

SETTING = Setting("model@1", "float32", 2)
HASHES = [text_hash(name) for name in "abc"]
VECTORS = np.array([[1, -0.0], [np.float32(0.1), 3], [np.finfo(np.float32).tiny, 0]], np.float32)


@pytest.fixture
def blocks(tmp_path: Path) -> Blocks:
    return Blocks(tmp_path / "new", SETTING)


def test_the_same_work_has_the_same_name_and_other_work_another() -> None:
    name = SETTING.name(HASHES)
    assert SETTING.name(list(HASHES)) == name
    others = [
        SETTING.name(HASHES[:2]),
        SETTING.name(HASHES[::-1]),
        Setting("model@2", "float32", 2).name(HASHES),
        Setting("model@1", "bfloat16", 2).name(HASHES),
        Setting("model@1", "float32", 3).name(HASHES),
    ]
    assert len({name, *others}) == 6


def test_the_folder_is_its_owners_alone(blocks: Blocks) -> None:
    blocks.ask(HASHES, ["a", "b", "c"])
    assert blocks.folder.parent.stat().st_mode & 0o777 == 0o700


def test_blocks_of_another_setting_are_in_another_folder(tmp_path: Path) -> None:
    other = Blocks(tmp_path, Setting("model@1", "bfloat16", 2))
    Blocks(tmp_path, SETTING).write(HASHES, VECTORS)
    assert other.made() == []


def test_vectors_come_back_bit_for_bit_and_written_twice_they_are_one_file(blocks: Blocks) -> None:
    blocks.write(HASHES, VECTORS)
    blocks.write(HASHES, VECTORS)
    [name] = blocks.made()
    hashes, vectors = blocks.read(name)
    assert hashes == HASHES
    assert vectors.tobytes() == VECTORS.tobytes()
    assert [path.name for path in blocks.folder.iterdir()] == [f"{name}.vectors.parquet"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off_is_not_taken(blocks: Blocks, share: float) -> None:
    blocks.write(HASHES, VECTORS)
    [name] = blocks.made()
    content = blocks.vectors_file(name).read_bytes()
    blocks.vectors_file(name).write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BrokenBlockError, match=name):
        blocks.read(name)
    assert not blocks.is_made(name)


def test_a_file_under_another_name_is_not_taken(blocks: Blocks) -> None:
    blocks.write(HASHES, VECTORS)
    blocks.write(HASHES[:2], VECTORS[:2])
    whole, part = SETTING.name(HASHES), SETTING.name(HASHES[:2])
    blocks.vectors_file(part).rename(blocks.vectors_file(whole))
    with pytest.raises(BrokenBlockError, match="its name does not say"):
        blocks.read(whole)


def test_what_was_asked_for_is_removed_with_what_was_made_and_a_killed_ones_too(
    blocks: Blocks,
) -> None:
    name = blocks.ask(HASHES, ["a", "b", "c\ud800"])
    blocks.write(HASHES, VECTORS)
    blocks.remove(name)
    assert list(blocks.folder.iterdir()) == []
    blocks.ask(HASHES, ["a", "b", "c"])
    (blocks.folder / f".{name}.texts.parquet.1234.partial").write_text("half")
    blocks.write(HASHES, VECTORS)
    blocks.clear()
    assert blocks.made() == [path.name.partition(".")[0] for path in blocks.folder.iterdir()]


def test_blocks_begin_with_the_longest_texts_whatever_order_they_come_in() -> None:
    texts = {text_hash(text): text for text in ("bb", "a", "dddd", "ccc", "ee")}
    parts = list(cut(texts, 2))
    assert parts == list(cut(dict(reversed(texts.items())), 2))
    assert [len(text) for _, some in parts for text in some] == [4, 3, 2, 2, 1]
    assert {
        key: text for keys, some in parts for key, text in zip(keys, some, strict=True)
    } == texts
    assert [len(keys) for keys, _ in parts] == [2, 2, 1]

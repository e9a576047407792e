"""Weights are converted once, kept whole, and made again when damaged."""

import logging
from pathlib import Path

import numpy as np
import pytest

from assay.mining.embed import embed
from assay.mining.embed.convert import kept, uint8_weights
from assay.mining.embed.model import minilm
from assay.mining.embed.openvino_engine import OpenVino

MADE = {"a.weight": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.array(1.5, np.float32)}


def _same(found: dict[str, np.ndarray]) -> bool:
    return found.keys() == MADE.keys() and all((found[key] == MADE[key]).all() for key in MADE)


def test_a_conversion_is_made_once(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(3):
        assert _same(kept(tmp_path / "new", "key", lambda: calls.append(1) or MADE))
    assert len(calls) == 1
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["key.bin"]


@pytest.mark.parametrize("damage", ["truncated", "emptied", "one bit", "zeros"])
def test_a_damaged_conversion_is_made_again(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept(tmp_path, "key", lambda: MADE)
    file = tmp_path / "key.bin"
    content = bytearray(file.read_bytes())
    if damage == "truncated":
        file.write_bytes(content[:-1])
    elif damage == "emptied":
        file.write_bytes(b"")
    elif damage == "one bit":
        content[-2] ^= 1
        file.write_bytes(content)
    else:
        file.write_bytes(b"\0" * 500)
    with caplog.at_level(logging.WARNING):
        assert _same(kept(tmp_path, "key", lambda: MADE))
    assert "converting the weights again" in caplog.text
    assert _same(kept(tmp_path, "key", lambda: {}))


def test_a_conversion_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fails() -> dict[str, np.ndarray]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept(tmp_path / "new", "key", fails)
    assert not (tmp_path / "new").exists()


def test_uint8_weights_are_within_half_a_step_of_the_weights() -> None:
    weight = np.random.default_rng(5).normal(size=(8, 128)).astype(np.float32)
    weight[3] = 0.0
    weight[4] = 0.25
    made = uint8_weights({"p.weight": weight, "p.bias": np.zeros(8, np.float32)})
    back = (made["p.weight"].astype(float) - made["p.zero"]) * made["p.scale"]
    assert (np.abs(back.reshape(8, 128) - weight) <= made["p.scale"].max() * 0.51 + 1e-7).all()
    np.testing.assert_array_equal(back[3], 0)


def test_an_engine_from_kept_weights_gives_the_same_bits(tmp_path: Path) -> None:
    texts = ["the build breaks on Mondays", "refunds are counted twice " * 30]

    def vectors() -> bytes:
        return embed(texts, OpenVino(minilm(), tmp_path, bfloat16=False)).tobytes()

    first = vectors()
    (file,) = tmp_path.iterdir()
    made = file.stat()
    assert vectors() == first
    assert file.stat().st_mtime_ns == made.st_mtime_ns
    file.write_bytes(file.read_bytes()[:1000])
    assert vectors() == first
    assert file.stat().st_size == made.st_size

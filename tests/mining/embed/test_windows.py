"""Long posts are read whole, in windows; short ones as ever."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.mining.embed import EmbeddingCache, embed_cached, embed_whole, text_hash
from assay.mining.embed.cache import MOST_WINDOWS, hashes_of
from assay.mining.embed.model import MAX_PIECES, minilm
from assay.mining.embed.tokens import MAX_CHARACTERS, Pieces
from assay.mining.embed.windows import ALWAYS_READ, SHARPNESS, TITLE_SHARE, cut_into_windows

REACH = 150  # characters


class Engine:
    """Reads 150 characters at once and gives each text a direction of its own."""

    name, model_id, precision, dimension = "short-sighted", "model@1", "float32", 8

    def vectors(self, texts: list[str]) -> np.ndarray:
        seeds = [int(text_hash(text)[:8], 16) for text in texts]
        return np.array([np.random.default_rng(seed).normal(size=8) for seed in seeds], np.float32)

    def reach(self, texts: list[str]) -> list[int]:
        return [min(len(text), REACH) for text in texts]


class Opposite(Engine):
    """The second window says the contrary of the first, and the title neither."""

    def vectors(self, texts: list[str]) -> np.ndarray:
        sides = {"yes": [1.0, 0.0], "no!": [-1.0, 0.0]}
        found = np.zeros((len(texts), 8), np.float32)
        for row, text in enumerate(texts):
            found[row, :2] = sides[text[:3]] if len(text) <= REACH else [0.0, 1.0]
        return found


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EmbeddingCache]:
    found = EmbeddingCache(tmp_path / "cache.sqlite", "model@1", "float32", 8)
    yield found
    found.close()


def words(number: int, length: int) -> str:
    """Return so many characters of words that no other number has."""
    return " ".join(f"w{number}x{place}" for place in range(length))[:length]


@given(st.lists(st.text(alphabet="ab \n漢\ud800", max_size=3000), max_size=4))
def test_nothing_is_lost_between_windows(texts: list[str]) -> None:
    cut = cut_into_windows(texts, Engine())
    for place, text in enumerate(texts):
        mine = cut.texts[cut.first[place] : cut.first[place + 1]]
        read = "".join(mine)
        assert text.startswith(read)
        left = text[len(read) :]
        assert len(left) == cut.unread[place] or not left.strip()
        assert 1 <= len(mine) <= MOST_WINDOWS
        assert all(len(window) <= REACH for window in mine)
        assert not cut.unread[place] or len(mine) == MOST_WINDOWS
    assert cut.first[-1] == len(cut.texts)


def test_a_window_ends_at_a_blank_where_there_is_one() -> None:
    cut = cut_into_windows([words(1, 400), "x" * 400], Engine())
    first, second = (cut.texts[cut.first[place] : cut.first[place + 1]] for place in (0, 1))
    assert all(window.endswith(" ") for window in first[:-1])
    assert list(map(len, second)) == [150, 150, 100]


def test_a_short_text_has_the_vector_that_it_always_had(cache: EmbeddingCache) -> None:
    texts = ["", "short", words(1, ALWAYS_READ), words(2, REACH)]
    found, unread = embed_whole(texts, Engine(), cache)
    assert found.tobytes() == embed_cached(texts, Engine(), cache).tobytes()
    assert unread.tolist() == [0] * 4


def test_a_window_counts_by_its_likeness_to_the_title(cache: EmbeddingCache) -> None:
    text = "\n".join(["title", words(1, 144), words(2, 60)])
    [found], [unread] = embed_whole([text], Engine(), cache)
    windows = cut_into_windows([text], Engine()).texts
    assert (len(windows), unread) == (2, 0)
    title, *parts = embed_cached(["title", *windows], Engine(), cache)
    mean = sum(np.exp(SHARPNESS * (part @ title)) * part for part in parts)
    both = mean / np.linalg.norm(mean) + TITLE_SHARE * title
    np.testing.assert_allclose(found, both / np.linalg.norm(both), atol=1e-6)


def test_every_vector_of_a_long_text_is_found_by_the_text(cache: EmbeddingCache) -> None:
    texts = ["short", words(1, 1000), "x" * 100_000]
    embed_whole(texts, Engine(), cache)
    keys = [key for text in texts for key in hashes_of(text)]
    _, there = cache.get_many(keys)
    assert there.sum() == len(cache) == 1 + 8 + 9


def test_nothing_is_computed_twice(cache: EmbeddingCache) -> None:
    texts = [words(number, 700) for number in range(5)]
    first, _ = embed_whole(texts, Engine(), cache)
    count = len(cache)
    again, _ = embed_whole(texts[::-1], Engine(), cache)
    assert again[::-1].tobytes() == first.tobytes()
    assert len(cache) == count


def test_what_is_behind_the_last_window_is_counted(cache: EmbeddingCache) -> None:
    [found], [unread] = embed_whole(["x" * (MOST_WINDOWS * REACH + 7)], Engine(), cache)
    assert unread == 7
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)


def test_windows_that_cancel_out_leave_the_title(cache: EmbeddingCache) -> None:
    [found], _ = embed_whole(["yes" + "." * 147 + "no!" + "." * 47], Opposite(), cache)
    np.testing.assert_allclose(found, [0, 1, *[0] * 6], atol=1e-6)


def test_no_texts_are_no_vectors(cache: EmbeddingCache) -> None:
    found, unread = embed_whole([], Engine(), cache)
    assert (found.shape, unread.shape) == ((0, 8), (0,))


def test_pieces_reach_as_far_as_the_model_reads() -> None:
    """Cut where they say, a text has the same pieces; a character more is not looked at."""
    pieces = Pieces(minilm().folder)
    texts = ["short", "漢字" * 400, "word " * 3000, " " * 100_000, "$" * 1000 + "end"]
    for text, reach in zip(texts, pieces.reach(texts), strict=True):
        assert reach <= min(len(text), MAX_CHARACTERS)
        assert pieces.of([text[:reach]]) == pieces.of([text])
        if reach < len(text[:MAX_CHARACTERS]):
            assert len(pieces.of([text])[0]) == MAX_PIECES
            assert len(pieces.of([text[: reach - 1]])[0]) <= MAX_PIECES

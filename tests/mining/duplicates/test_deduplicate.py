import csv
import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.extract.posts.urls import url_hash
from assay.mining.duplicates import deduplicate as module
from assay.mining.duplicates.deduplicate import deduplicate
from assay.mining.duplicates.titles import read_title
from benchmarks.measure import ROOT
from benchmarks.posts.copies import read_posts
from benchmarks.posts.duplicates import SEED, as_table

START = datetime(2026, 11, 9, tzinfo=UTC)
TITLE = "Celery worker silently loses scheduled tasks overnight"
TEXT = (
    "Since the upgrade our nightly import starts but never ends. The broker shows the task as"
    " acknowledged, the worker log stops after the first batch, and memory stays flat. Restarting"
    " the worker helps for exactly one night. Has anybody seen this with a Redis broker?"
)
OTHER = (
    "When two carts are merged the discount of the first one is applied twice, so a customer paid"
    " nothing for a bicycle. We lock the row of the cart but evidently not the row of the voucher,"
    " and I wonder how other shops order their locks."
)
FORM = (
    "Describe the bug {0} Steps to reproduce {1} Expected behavior it works as documented"
    " Environment info operating system and version as well as the version of the library Checklist"
    " I have searched the existing issues and I have read the guidelines for contributing"
)


def posts(*rows: tuple) -> pa.Table:
    """Rows of (title, text) or (title, text, link), an hour apart, with the keys a, b, c..."""
    filled = [(*row, None)[:3] for row in rows]
    name = "{:05}".format if len(rows) > 26 else lambda place: chr(97 + place)
    return pa.table(
        {
            "key": pa.array(map(name, range(len(rows))), pa.string()),
            "posted_at": pa.array(
                [START + timedelta(hours=place) for place in range(len(rows))],
                pa.timestamp("us", "UTC"),
            ),
            "title": pa.array([row[0] for row in filled], pa.string()),
            "text": pa.array([row[1] for row in filled], pa.string()),
            "link_key": pa.array([row[2] for row in filled], pa.string()),
        }
    )


def firsts(table: pa.Table) -> list[str | None]:
    return deduplicate(table)["duplicate_of"].to_pylist()


def is_folded(*pair: tuple) -> bool:
    found = firsts(posts(*pair))
    assert found in ([None, None], [None, "a"])
    return found == [None, "a"]


@pytest.mark.parametrize(
    "copy",
    [
        (TITLE, TEXT),
        (f"[Help] {TITLE.lower()}!!", TEXT),
        (f"Re: {TITLE}", TEXT),
        (f"{TITLE} (x-post from r/django)", f"Also asked on r/django. {TEXT}"),
        (TITLE.replace("silently", "apparently"), TEXT),
        (TITLE, TEXT + " Edit: solved, it was the proxy. Thanks!"),
        (TITLE, " ".join(TEXT.split(". ")[1:])),
        (TITLE, TEXT[:140]),
        (TITLE, "\n".join(reversed(TEXT.split(". ")))),
        (TITLE, TEXT.replace("broker", "brokr").replace("memory", "memroy")),
    ],
)
def test_an_edited_copy_is_folded_into_the_first_post(copy: tuple) -> None:
    assert is_folded((TITLE, TEXT), copy)


def test_a_short_first_post_takes_the_longer_copy() -> None:
    assert is_folded((TITLE, TEXT[:140]), (TITLE, TEXT))


def test_another_text_under_the_same_title_stays() -> None:
    assert not is_folded((TITLE, TEXT), (TITLE, OTHER))


def test_the_same_text_under_a_title_with_another_version_stays() -> None:
    assert not is_folded(
        ("Release 1.2.3 of the importer", TEXT), ("Release 1.2.4 of the importer", TEXT)
    )


def test_the_same_monthly_text_of_another_month_stays() -> None:
    may, june = (
        ("Ask HN: Who is hiring? (May 2016)", TEXT),
        ("Ask HN: Who is hiring? (June 2016)", TEXT),
    )
    assert not is_folded(may, june)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Help needed", "Help needed"),
        ("Bug", "Bug"),
        ("Please help me with this problem", "Please help me with this problem"),
        ("Ask HN: Who is hiring? (May 2016)", "Ask HN: Who is hiring? (June 2016)"),
        (
            "Postgres 16.1 connection pooling regression fixed",
            "Postgres 16.2 connection pooling regression fixed",
        ),
        (
            "Celery worker scheduled tasks run overnight",
            "Celery worker scheduled tasks not run overnight",
        ),
        (
            "Migrating frontend components from React to Vue",
            "Migrating frontend components from Vue to React",
        ),
        (
            "Installing Docker Compose on Debian behind proxy",
            "Installing Docker Compose on Fedora behind proxy",
        ),
    ],
)
def test_titles_alone_fold_only_when_they_are_distinctive_and_the_same(one: str, two: str) -> None:
    assert not is_folded((one, ""), (two, ""))


def test_a_distinctive_title_without_text_folds_whatever_the_punctuation() -> None:
    table = posts((TITLE, "", "page 1"), (f"{TITLE.upper()}!", "", "page 2"), (TITLE, TEXT))
    # The third has a text of its own, of which nothing would be left to mine.
    assert firsts(table) == [None, "a", None]


def test_the_same_link_is_the_same_post_when_the_titles_share_words() -> None:
    first = ("We repaired 2 million broken JSON documents. Here's what breaks.", "", "page")
    assert is_folded(
        first, ("We repaired 2M broken JSON documents from language models", "", "page")
    )
    assert not is_folded(first, ("Yet another parser comparison", "", "page"))
    assert not is_folded(
        ("Mobirise maker v2.3 is out", "", "p"), ("Mobirise maker v2.9 is out", "", "p")
    )


def test_a_link_to_another_post_is_a_copy_of_it() -> None:
    assert is_folded((TITLE, TEXT), ("Celery loses scheduled tasks", "", "a"))


def test_a_comment_of_its_own_on_the_same_link_stays() -> None:
    assert not is_folded((TITLE, TEXT, "page"), (TITLE, OTHER, "page"))


def test_two_issues_on_a_form_that_nobody_else_uses_stay() -> None:
    one = FORM.format(
        "Uploads of large files stop at two gigabytes.", "Drag a film into the window."
    )
    two = FORM.format("The calendar shows Monday twice.", "Switch the language to Danish and look.")
    assert not is_folded(("Upload stops", one), ("Monday shown twice", two))


def test_a_form_that_many_use_is_no_evidence_even_under_similar_titles() -> None:
    words = [f"trouble{number} with{number} thing{number} today{number}" for number in range(30)]
    rows = [(f"Import fails with {few.split()[0]}", FORM.format(few, few[::-1])) for few in words]
    assert firsts(posts(*rows)) == [None] * 30


def test_a_copy_of_a_copy_names_the_first_post() -> None:
    sentences = TEXT.split(". ")
    rows = [(TITLE, TEXT), (TITLE, ". ".join(sentences[1:])), (TITLE, ". ".join(sentences[1:-1]))]
    assert firsts(posts(*rows)) == [None, "a", "a"]


def test_likeness_does_not_drift_along_a_chain() -> None:
    words = [f"word{number}" for number in range(200)]
    rows = [(TITLE, " ".join(words[start : start + 80])) for start in range(0, 120, 10)]
    found = firsts(posts(*rows))
    assert found[1] == "a"
    assert found[-1] not in (None, "a")  # shares a third with the first post
    leaders = {name for name in found if name}
    assert all(found[ord(leader) - 97] is None for leader in leaders)


def test_ties_in_time_go_to_the_lower_key_and_no_time_is_last() -> None:
    table = posts((TITLE, TEXT), (TITLE, TEXT), (TITLE, TEXT))
    times = pa.array([None, START, START], pa.timestamp("us", "UTC"))
    assert firsts(table.set_column(1, "posted_at", times)) == ["b", None, "b"]


def test_similarity_is_the_share_of_common_shingles() -> None:
    table = deduplicate(
        posts((TITLE, TEXT), (TITLE, TEXT), (TITLE, TEXT + " Edit: solved."), (TITLE, OTHER))
    )
    similarity = table["similarity"].to_pylist()
    # 2 words more are 2 word pairs more; "the worker" of the text occurs twice.
    pairs = len(read_title(TITLE).words) + len(TEXT.split()) - 1
    assert similarity[:2] == [None, 1.0] and similarity[3] is None
    assert similarity[2] == pytest.approx((pairs - 1) / (pairs + 1), abs=0.002)


def test_the_result_has_the_input_s_rows_and_types() -> None:
    table = posts((TITLE, TEXT), ("Other", OTHER), (TITLE, TEXT)).take([2, 0, 1])
    folded = deduplicate(table)
    assert folded.schema == pa.schema(
        {"key": pa.string(), "duplicate_of": pa.string(), "similarity": pa.float32()}
    )
    assert folded["key"].to_pylist() == ["c", "a", "b"]
    assert folded["duplicate_of"].to_pylist() == ["a", None, None]
    assert deduplicate(table.slice(0, 0)).num_rows == 0


def test_a_key_that_is_missing_or_occurs_twice_is_refused() -> None:
    table = posts((TITLE, TEXT), ("Other", OTHER))
    for keys in (["a", "a"], ["a", None]):
        with pytest.raises(ValueError, match="key of its own"):
            deduplicate(table.set_column(0, "key", pa.array(keys, pa.string())))


def test_the_sample_s_hidden_truth_is_found_and_nothing_else() -> None:
    with (ROOT / "sample/posts_themes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = {row["native_id"]: url_hash(row["url"]) for row in rows}
    truth = {
        (url_hash(row["url"]), keys[row["duplicate_of"]]) for row in rows if row["duplicate_of"]
    }
    folded = deduplicate(as_table(read_posts(ROOT / "sample/items"))).to_pylist()
    assert {(row["key"], row["duplicate_of"]) for row in folded if row["duplicate_of"]} == truth


@pytest.mark.slow("the same copies under another hash seed")
def test_another_process_with_another_hash_seed_folds_the_same() -> None:
    code = (
        "from benchmarks.posts.copies import read_posts\n"
        "from benchmarks.posts.duplicates import as_table\n"
        "from benchmarks.measure import ROOT\n"
        "from assay.mining.duplicates.deduplicate import deduplicate\n"
        "print(deduplicate(as_table(read_posts(ROOT / 'sample/items'))).to_pydict())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1


@pytest.mark.parametrize("kind", ["same words", "short title", "one link", "one crowd"])
def test_no_post_is_compared_with_more_than_some_others(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(SEED)
    core = " ".join(f"core{number}" for number in range(50))
    compared = []
    similarity = module._similarity

    def counting(*given: Any) -> float | None:
        compared.append(given)
        return similarity(*given)

    def crowd(size: int) -> pa.Table:
        own = generator.integers(0, 10**6, (size, 40)).astype(str)
        rows = {
            "same words": lambda row: (TITLE, TEXT),
            "short title": lambda row: ("Help needed", ""),
            "one link": lambda row: (f"{row[0]} {row[1]}", "", "page"),
            "one crowd": lambda row: (TITLE, f"{core} {' '.join(row)}"),
        }
        return posts(*map(rows[kind], own))

    monkeypatch.setattr(module, "_similarity", counting)
    deduplicate(crowd(1000))
    assert len(compared) <= module.MAX_CANDIDATES * 1000


@pytest.mark.slow("a megabyte of anything")
@pytest.mark.parametrize(
    "text",
    [
        "[xpost " * 140_000,
        "re:" * 300_000,
        "n't" * 300_000,
        "a'" * 500_000,
        "a" * 10**6,
        "\u0301\u0316" * 500_000,
        "\u3042" * 300_000,
        " " * 10**6,
    ],
)
def test_a_megabyte_of_anything_takes_seconds(text: str) -> None:
    began = time.process_time()
    deduplicate(posts((text, ""), ("", text), (text, text)))
    assert time.process_time() - began < 20


# --- what holds for every input ---------------------------------------------------------------

SOME = "the not 1.2 1.3 (2016) [help] re: worker broker queue lost Task \u00e9 \u4e2d \U0001f525"
WORDS = st.sampled_from(SOME.split(" "))
TEXTS = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "ignore").decode()),
    st.lists(WORDS, max_size=30).map(" ".join),
)
TABLES = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from([None, "x", "y", "a"])), max_size=12).map(
    lambda rows: posts(*rows)
)


@settings(deadline=None, max_examples=200)
@given(TABLES, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(table: pa.Table, rng: random.Random) -> None:
    rows = list(range(len(table)))
    rng.shuffle(rows)
    shuffled = deduplicate(table.take(pa.array(rows, pa.int64()))).sort_by("key")
    assert shuffled.equals(deduplicate(table))


@settings(deadline=None, max_examples=200)
@given(TABLES)
def test_a_copy_names_an_earlier_post_that_is_no_copy(table: pa.Table) -> None:
    rows = deduplicate(table).to_pylist()
    first = {row["key"]: row["duplicate_of"] for row in rows}
    for row in rows:
        assert (row["duplicate_of"] is None) == (row["similarity"] is None)
        if row["duplicate_of"] is not None:
            assert first[row["duplicate_of"]] is None
            assert row["duplicate_of"] < row["key"]
            assert 0 < row["similarity"] <= 1


@settings(deadline=None, max_examples=100)
@given(TABLES, TEXTS, st.lists(WORDS, min_size=0, max_size=5))
def test_the_same_title_and_text_of_enough_words_always_fold(
    table: pa.Table, title: str, words: list[str]
) -> None:
    text = " ".join([*words, *TEXT.split()[:12]])
    rows = [(row["title"], row["text"], row["link_key"]) for row in table.to_pylist()]
    found = firsts(posts((title, text), *rows, (title, text)))
    assert found[0] is None
    assert found[-1] == "a"

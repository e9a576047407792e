"""Ids, hashes and cut texts."""

import hashlib
import re
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.publish.pocketbase.records import _moment, content_hash, cut, record_id, records
from tests.publish.pocketbase.gold import Gold

DAY = date(2026, 11, 15)


def test_ids_follow_from_the_key_and_from_nothing_else() -> None:
    # Written down, so that no change of the code gives everything published another id.
    assert record_id("issues", (DAY, 3)) == "ybvwren26qp76ye"
    assert record_id("issue_evidence", (DAY, 3, "ab" * 32)) == "aj2jpbgu3bmfpkf"


def test_ids_are_what_pocketbase_takes_and_differ() -> None:
    keys = [(DAY + timedelta(days=d), n) for d in range(100) for n in range(100)]
    ids = [record_id(name, key) for name in ("issues", "issue_evidence") for key in keys]
    assert len(set(ids)) == 20_000
    assert all(re.fullmatch("[a-z0-9]{15}", identity) for identity in ids)


@pytest.mark.parametrize(
    ("text", "most", "wanted"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("one two three", 8, "one two…"),
        ("one two three", 7, "one…"),
        ("one  two", 6, "one…"),
        ("abcdefghij", 5, "abcd…"),
        ("a bcdefghijklmnop", 8, "a bcdef…"),
        ("文字文字文字", 4, "文字文…"),
        ("", 5, ""),
        ("          ", 4, "…"),
    ],
)
def test_long_texts_are_cut_at_a_word_and_marked(text: str, most: int, wanted: str) -> None:
    assert cut(text, most) == wanted


@given(st.text(), st.integers(2, 60))
def test_a_cut_text_fits_and_begins_as_the_whole_one(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(short) <= most
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


def test_the_hash_is_of_our_fields_in_any_order_and_number_form() -> None:
    fields = {"cluster_id": 1, "heat": 12.0, "trend": [{"day": "2026-11-15", "heat": 3.0}]}
    same = {
        "trend": [{"heat": 3, "day": "2026-11-15"}],
        "heat": 12,
        "cluster_id": 1,
        "id": "x",
        "content_hash": "y",
        "note": "of someone else",
    }
    assert content_hash("issues", fields) == content_hash("issues", same)
    assert content_hash("issues", fields) != content_hash("issues", fields | {"heat": 12.5})
    assert re.fullmatch("[0-9a-f]{32}", content_hash("issues", fields))


def test_moments_are_written_as_pocketbase_does() -> None:
    berlin = timezone(timedelta(hours=1))
    assert _moment(datetime(2026, 11, 15, 0, 30, 5, 123999, berlin)) == "2026-11-14 23:30:05.123Z"


def test_records_are_those_of_the_version_before_byte_for_byte(tmp_path: Path) -> None:
    # Written down when place, lineage and corrections were new fields, and everything was
    # sent once more: so it would be for another byte.
    gold = Gold(tmp_path / "assay.duckdb").fill(seed=7)
    gold.run("delete from gold.issue_evidence where cluster_id = 1")
    gold.run("delete from gold.issue_trend where issue_id = 'issue0002'")
    found = hashlib.sha256()
    with duckdb.connect(str(gold.path), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for collection in ("issues", "issue_evidence"):
            for record in records(connection.cursor(), collection):
                found.update(orjson.dumps(record.body, option=orjson.OPT_SORT_KEYS))
    assert found.hexdigest() == "16fffed1223007c57b8f210b3c29e89f953ea1b1b59e594456367299c95678dc"

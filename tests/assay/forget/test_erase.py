"""A post that was taken back is erased from every table and file that has words of it."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pytest

from assay import forget
from assay.mining.embed.cache import EmbeddingCache, text_hash, window_hash
from assay.mining.llm.cache import Cache, Question, Use

SEEN = datetime(2026, 11, 12, tzinfo=UTC)
DAY = date(2026, 11, 11)
MEMBER = "struct(url_hash varchar, position integer, distance float, is_outlier boolean)[]"
TABLES = f"""
create schema bronze; create schema silver_staging; create schema silver; create schema gold;
create table bronze.raw_items (
    url_hash varchar, source varchar, native_id varchar, url varchar, title varchar,
    author_hash varchar, collection_date date, created_at timestamptz, collected_at timestamptz,
    raw json
);
create table silver_staging.stg_posts__cleaned (url_hash varchar, title varchar, text varchar);
create table silver_staging.stg_posts__folded (
    url_hash varchar, content_hash varchar, duplicate_of varchar
);
create table silver_staging.stg_clusters (
    cluster_date date, cluster_id integer, fingerprint varchar, members {MEMBER}
);
create table silver_staging.stg_topics (cluster_date date, topic_id integer, members {MEMBER});
create table silver_staging.stg_issue_identities (
    cluster_date date, cluster_id integer, issue_id varchar
);
create table silver_staging.stg_cluster_summaries (
    cluster_date date, cluster_id integer, fingerprint varchar, summary varchar
);
create table silver_staging.stg_issue_labels__local (fingerprint varchar, canonical_title varchar);
create table silver_staging.stg_issue_labels__llm (
    fingerprint varchar, canonical_title varchar, evidence varchar
);
create table silver.clusters (cluster_date date, cluster_id integer, summary varchar);
create table gold.issues (cluster_date date, cluster_id integer, canonical_title varchar);
create table gold.rising_issues (issue_id varchar, canonical_title varchar);
create table gold.issue_trend (issue_id varchar, items integer);
create table gold.issue_evidence (cluster_date date, cluster_id integer, url_hash varchar);
create table gold.live_evidence (cluster_date date, cluster_id integer, url_hash varchar);
"""
GROUPS = {0: "abc", 1: "d", 2: "ef"}  # posts by group; d is alone, and e an outlier


def key(name: str) -> str:
    return name * 64


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ASSAY_REPORTS_DIR", str(tmp_path / "reports"))
    (tmp_path / "data").mkdir()
    (tmp_path / "reports").mkdir()
    return tmp_path


@pytest.fixture
def db(data: Path) -> duckdb.DuckDBPyConnection:
    """Return a warehouse of six posts in three groups; each post's title is its name."""
    made = duckdb.connect()
    made.execute("set timezone = 'UTC'")
    made.execute(TABLES)
    for group, names in GROUPS.items():
        members = [
            {"url_hash": key(name), "position": at, "distance": 0.1, "is_outlier": name == "e"}
            for at, name in enumerate(names)
        ]
        word, issue = f"words of {names}", f"issue{group}"
        for table, row in (
            ("silver_staging.stg_clusters", (DAY, group, f"print {group}", members)),
            ("silver_staging.stg_topics", (DAY, group, members)),
            ("silver_staging.stg_issue_identities", (DAY, group, issue)),
            ("silver_staging.stg_cluster_summaries", (DAY, group, f"print {group}", word)),
            ("silver_staging.stg_issue_labels__local", (f"print {group}", word)),
            ("silver_staging.stg_issue_labels__llm", (f"print {group}", word, None)),
            ("silver.clusters", (DAY, group, word)),
            ("gold.issues", (DAY, group, word)),
            ("gold.rising_issues", (issue, word)),
            ("gold.issue_trend", (issue, 1)),
        ):
            made.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)
        for name in names:
            author = "ann" if name in "cf" else name
            post = (key(name), "reddit", name, f"https://x.test/{name}?a&b", name, author)
            made.execute(
                "insert into bronze.raw_items values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*post, DAY, SEEN, SEEN, None],
            )
            made.execute(
                "insert into silver_staging.stg_posts__cleaned values (?, ?, ?)",
                [key(name), name, f"text of {name}"],
            )
            made.execute(
                "insert into silver_staging.stg_posts__folded values (?, 'same', ?)",
                [key(name), key("a") if name == "b" else None],
            )
            for table in ("gold.issue_evidence", "gold.live_evidence"):
                made.execute(f"insert into {table} values (?, ?, ?)", [DAY, group, key(name)])
    forget.prepare(made)
    return made


def stone(name: str, *, by_hand: bool = False, after: int = 1) -> forget.Removal:
    """A tombstone of a post, `after` minutes after it was seen."""
    seen = SEEN + timedelta(minutes=after)
    return forget.Removal(forget.POST, key(name), "reddit", name, "deleted", by_hand, seen)


def take_back(db: duckdb.DuckDBPyConnection, *removals: forget.Removal) -> forget.Found:
    forget.add(db, removals)
    return forget.erase_pending(db)


def keys(db: duckdb.DuckDBPyConnection, table: str = "bronze.raw_items") -> str:
    return "".join(row[0][0] for row in db.execute(f"from {table} order by 1").fetchall())


def test_no_row_of_the_post_is_left_and_the_log_of_the_page_still_says_what_to_remove(db) -> None:
    found = take_back(db, stone("a"))
    assert found.url_hashes == [key("a")]
    assert keys(db) == "bcdef"
    assert keys(db, "silver_staging.stg_posts__cleaned") == "bcdef"
    for table, count in (("gold.issue_evidence", 5), ("gold.live_evidence", 6)):
        assert db.execute(f"select count(*) from {table}").fetchall() == [(count,)]
    assert found.counts["bronze.raw_items"] == 1


def test_its_group_goes_on_without_it_under_another_fingerprint_and_without_its_words(db) -> None:
    take_back(db, stone("a"))
    [(fingerprint, members)] = db.execute(
        "select fingerprint, members from silver_staging.stg_clusters where cluster_id = 0"
    ).fetchall()
    assert fingerprint != "print 0"
    assert [(one["url_hash"], one["position"]) for one in members] == [(key("b"), 0), (key("c"), 1)]
    for table in (
        "silver_staging.stg_cluster_summaries",
        "silver_staging.stg_issue_labels__local",
        "silver_staging.stg_issue_labels__llm",
        "silver.clusters",
        "gold.issues",
        "gold.rising_issues",
    ):
        words = str(db.execute(f"from {table}").fetchall())
        assert "words of abc" not in words, table
        assert "words of ef" in words, table
    trend = db.execute("select issue_id from gold.issue_trend order by 1").fetchall()
    assert trend == [("issue0",), ("issue1",), ("issue2",)], "figures have no words"


def test_a_group_without_another_post_goes_and_so_does_one_of_outliers(db) -> None:
    take_back(db, stone("d"), stone("f"))
    left = db.execute("select cluster_id from silver_staging.stg_clusters").fetchall()
    assert left == [(0,)]


def test_words_go_from_the_group_that_a_person_merged_its_group_into(db) -> None:
    db.execute(
        "create table silver_staging.int_corrected_groups as "
        "select cluster_date, cluster_id, 2 as shown_cluster_id, 'print by hand' as fingerprint, "
        "cluster_id <> 1 as is_corrected from silver_staging.stg_clusters"
    )
    db.execute("insert into silver_staging.stg_issue_labels__llm values ('print by hand', 'x', '')")
    take_back(db, stone("a"))
    for table in ("gold.issues", "silver.clusters", "gold.rising_issues"):
        assert "words of ef" not in str(db.execute(f"from {table}").fetchall()), table
        assert "words of d" in str(db.execute(f"from {table}").fetchall()), table
    labels = db.execute("select fingerprint from silver_staging.stg_issue_labels__llm").fetchall()
    assert ("print by hand",) not in labels


def test_copies_of_what_is_gone_are_compared_anew(db) -> None:
    take_back(db, stone("a"))
    rows = db.execute("select url_hash[1], content_hash from silver_staging.stg_posts__folded")
    assert sorted(rows.fetchall())[:2] == [("b", ""), ("c", "same")]


def test_all_posts_of_an_author_go_and_later_ones_at_the_next_erasure(db) -> None:
    by = forget.Removal(forget.AUTHOR, "ann", "reddit", None, "by hand", True, SEEN)
    assert take_back(db, by).url_hashes == [key("c"), key("f")]
    assert keys(db) == "abde"
    db.execute("update bronze.raw_items set author_hash = 'ann' where native_id = 'b'")
    assert forget.erase_pending(db).url_hashes == [key("b")]


def test_what_its_source_shows_again_later_comes_back_but_not_what_a_person_took_out(db) -> None:
    take_back(db, stone("a"), stone("b", by_hand=True))
    for name in "ab":
        db.execute(
            "insert into bronze.raw_items (url_hash, native_id, collected_at) values (?, ?, ?)",
            [key(name), name, SEEN + timedelta(minutes=5)],
        )
    assert forget.put_back(db) == 1
    assert [one.native_id for one in forget.kept(db)] == ["b"]


def test_a_tombstone_by_hand_stays_one_and_keeps_its_reason(db) -> None:
    forget.add(db, [stone("a", by_hand=True, after=9), stone("a", after=3)])
    [one] = forget.kept(db)
    assert (one.is_by_hand, one.removed_at) == (True, SEEN + timedelta(minutes=9))


def test_a_second_erasure_finds_nothing(db) -> None:
    take_back(db, stone("a"))
    assert forget.erase_pending(db).counts == {}


def test_files_are_told_which_posts_of_which_days_and_of_any_when_nobody_knows_them(db) -> None:
    asked = []

    def also(url_hashes: list[str], days: list[str] | None) -> int:
        asked.append((url_hashes, sorted(days) if days is not None else None))
        return 3

    forget.add(db, [stone("a")])
    assert forget.erase_pending(db, also).counts["lines of run folders"] == 3
    forget.add(db, [stone("z")])  # taken back before we had it
    forget.erase_pending(db, also)
    forget.add(db, [stone("y", by_hand=True)])
    forget.erase_pending(db, also)
    assert asked == [
        ([key("a")], ["2026-11-11", "2026-11-12"]),
        ([key("z")], []),
        ([key("y")], None),
    ]


def test_vectors_answers_and_the_report_go_too(db, data: Path) -> None:
    vectors = EmbeddingCache(data / "data" / "embeddings" / "cache.sqlite", "model", "float", 2)
    hashes = [text_hash(f"{name}\ntext of {name}") for name in "ab"]
    hashes += [window_hash(f"{name}\ntext of {name}", 2) for name in "ab"]
    vectors.put_many(hashes, np.ones((4, 2), np.float32))
    vectors.close()
    with Cache(data / "data" / "llm.sqlite") as cache:
        for group in (0, 2):
            asked = Question("m", "1", f"hash {group}", "issue_labels", f"print {group}")
            call = cache.sent("run", asked, Use())
            cache.answered(call, asked, Use(1, 1, 1, 0.1), {"title": f"words {group}"}, Use())
    report = data / "reports" / "issues.html"
    report.write_text('<a href="https://x.test/a?a&amp;b">', encoding="utf-8")
    digest = data / "reports" / "digest.md"
    digest.write_text("1. **Words of somebody**", encoding="utf-8")
    found = take_back(db, stone("a"))
    assert found.counts["vectors of the cache"] == 2
    assert found.counts["answers of language models"] == 1
    assert found.counts["reports"] == 2 and not report.exists() and not digest.exists()
    with closing(sqlite3.connect(data / "data" / "llm.sqlite")) as file:
        assert file.execute("select answer from answers").fetchall() == [('{"title": "words 2"}',)]
        assert file.execute("select count(*) from calls").fetchone() == (2,), "what it cost stays"


def test_a_report_without_it_stays(db, data: Path) -> None:
    report = data / "reports" / "issues.html"
    report.write_text('<a href="https://x.test/c?a&amp;b">', encoding="utf-8")
    take_back(db, stone("a"))
    assert report.exists()


def test_a_comment_on_it_stays_and_no_longer_bears_its_title(db) -> None:
    raw = '{"story_id": "a", "parent_id": "a", "story_title": "a", "objectID": "d"}'
    db.execute("update bronze.raw_items set title = 'Re: a', raw = ? where native_id = 'd'", [raw])
    take_back(db, stone("a"))
    [(title, left)] = db.execute(
        "select title, raw from bronze.raw_items where native_id = 'd'"
    ).fetchall()
    assert title == "Re: a post that was taken back"
    assert left == '{"story_id":"a","parent_id":"a","objectID":"d"}'


def test_files_of_blocks_that_a_killed_build_left_go_whosever_texts_they_have(
    db, data: Path
) -> None:
    blocks = data / "data" / "embeddings" / "blocks"
    names = ("a.texts.parquet", "b.vectors.parquet", ".c.texts.parquet.12ab.partial")
    for path in [*(blocks / "setting" / name for name in names), blocks / "conversions" / "w.bin"]:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text of b")
    assert take_back(db, stone("a")).counts["files of blocks"] == 3
    assert [path.name for path in blocks.rglob("*") if path.is_file()] == ["w.bin"]

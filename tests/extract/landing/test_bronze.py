"""From run folders into bronze: types, odd values, and what a second load changes."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay import warehouse
from assay.extract.hub.bronze import MODELS
from assay.extract.hub.command import load_catalog
from assay.extract.landing import bronze
from assay.extract.landing.run_folder import RunFolder
from tests.extract.helpers import STAMP, NoProgress, catalog_folder, model

AT = datetime(2026, 8, 18, 6, 9, 20, tzinfo=UTC)
Load = Callable[..., RunFolder]


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Point the project at a data folder; return what writes listings and loads them there."""
    monkeypatch.chdir(warehouse.ROOT)
    monkeypatch.setenv("DUCKDB_PATH", str(folder / "assay.duckdb"))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(folder / "data"))
    monkeypatch.setenv("DLT_DATA_DIR", str(folder / "data" / "dlt"))

    def write_and_load(listings: dict[str, list[dict[str, Any]]], limit: int = 1000) -> RunFolder:
        written = catalog_folder(folder / "raw", listings, limit)
        load_catalog(written, "duckdb", NoProgress())
        return written

    return write_and_load


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write these listings to a run folder and load it into a warehouse of this test's own."""
    return use(tmp_path, monkeypatch)


def rows(sql: str) -> list[tuple[Any, ...]]:
    """Run one query in the warehouse."""
    with warehouse.connect("duckdb") as connection:
        return connection.rows(sql)


def counts() -> tuple[int, ...]:
    """Rows of hf_tasks, hf_models and hf_task_listings."""
    tables = ("hf_tasks", "hf_models", "hf_task_listings")
    return tuple(rows(f"select count(*) from bronze.{table}")[0][0] for table in tables)


def models() -> list[dict[str, Any]]:
    """Return all rows of hf_models in the order of arrival, without dlt's own columns."""
    columns = ", ".join(MODELS.schema.names)
    found = rows(f"select {columns} from bronze.hf_models order by seq")
    return [dict(zip(MODELS.schema.names, row, strict=True)) for row in found]


# --- types and values ----------------------------------------------------------------------------


def test_columns_have_the_types_of_the_contract(load: Load) -> None:
    load({"fill-mask": [model("a/1")]})
    types = rows("""
        select table_name, column_name, data_type, is_nullable from information_schema.columns
        where table_schema = 'bronze' and column_name not like '\\_dlt%' escape '\\'
    """)
    found = {(table, column): (kind, nullable) for table, column, kind, nullable in types}
    stamp, yes, no = "TIMESTAMP WITH TIME ZONE", "YES", "NO"
    assert {key[1]: value for key, value in found.items() if key[0] == "hf_models"} == {
        "task_id": ("VARCHAR", no),
        "model_id": ("VARCHAR", no),
        "hub_id": ("VARCHAR", yes),
        "author": ("VARCHAR", yes),
        "pipeline_tag": ("VARCHAR", yes),
        "library_name": ("VARCHAR", yes),
        "gated": ("VARCHAR", yes),
        "tags": ("JSON", yes),
        "likes": ("BIGINT", yes),
        "downloads": ("BIGINT", yes),
        "seq": ("BIGINT", yes),
        "is_listed": ("BOOLEAN", yes),
        "is_private": ("BOOLEAN", yes),
        "reason": ("VARCHAR", yes),
        "hub_created_at": (stamp, yes),
        "last_modified": (stamp, yes),
        "downloads_all_time": ("BIGINT", yes),
        "trending_score": ("BIGINT", yes),
        "parameters": ("BIGINT", yes),
        "gguf": ("JSON", yes),
        "sha": ("VARCHAR", yes),
        "license_name": ("VARCHAR", yes),
        "license_link": ("VARCHAR", yes),
        "run_id": ("VARCHAR", no),
        "observed_at": (stamp, no),
    }
    assert {key[1]: value for key, value in found.items() if key[0] == "hf_tasks"} == {
        "task_id": ("VARCHAR", no),
        "task_label": ("VARCHAR", yes),
        "summary": ("VARCHAR", yes),
        "raw": ("JSON", yes),
        "run_id": ("VARCHAR", no),
        "observed_at": (stamp, no),
    }
    assert found["hf_task_listings", "settled"] == ("BOOLEAN", yes)
    assert found["hf_task_listings", "models"] == ("BIGINT", yes)


def test_a_whole_record_arrives_as_it_was(load: Load) -> None:
    record = {
        "_id": "66c189d8e5a2b1f0d3c4a5b6",
        "author": "a",
        "pipeline_tag": "fill-mask",
        "library_name": "transformers",
        "gated": "manual",
        "tags": ["license:mit", "\N{GRINNING FACE}"],
        "likes": 7,
        "downloads": 2**40,
        "private": True,
        "createdAt": STAMP,
        "lastModified": "2026-08-18T06:21:48.125Z",
        "downloadsAllTime": 2**50,
        "trendingScore": 12,
        "safetensors": {"parameters": {"BF16": 7}, "total": 8_030_261_248},
        "gguf": {"total": 9, "architecture": "llama"},
        "sha": "f" * 40,
        "cardData": {"license": "other", "license_name": "llama3.1", "license_link": "LICENSE"},
    }
    folder = load({"fill-mask": [{"id": "a/1", **record}]})
    assert models() == [
        {
            "task_id": "fill-mask",
            "model_id": "a/1",
            "hub_id": "66c189d8e5a2b1f0d3c4a5b6",
            "author": "a",
            "pipeline_tag": "fill-mask",
            "library_name": "transformers",
            "gated": "manual",
            "tags": '["license:mit","\N{GRINNING FACE}"]',
            "likes": 7,
            "downloads": 2**40,
            "seq": 0,
            "is_listed": True,
            "is_private": True,
            "reason": None,
            "hub_created_at": AT,
            "last_modified": datetime(2026, 8, 18, 6, 21, 48, 125_000, tzinfo=UTC),
            "downloads_all_time": 2**50,
            "trending_score": 12,
            "parameters": 8_030_261_248,
            "gguf": '{"total":9,"architecture":"llama"}',
            "sha": "f" * 40,
            "license_name": "llama3.1",
            "license_link": "LICENSE",
            "run_id": folder.run_id,
            "observed_at": folder.started_at,
        }
    ]


def test_what_a_card_or_a_file_says_oddly_is_null_or_its_json(load: Load) -> None:
    odd = {
        "downloadsAllTime": "many",
        "trendingScore": -1,
        "safetensors": [1],
        "gguf": "a text",
        "cardData": {"license_name": ["a", "b"], "license_link": "x" * 2_000},
    }
    load({"fill-mask": [{"id": "a/1", **odd}, {"id": "a/2", "cardData": None, "gguf": None}]})
    names = ("downloads_all_time", "trending_score", "parameters", "gguf", "license_link")
    first, second = models()
    assert [first[name] for name in names] == [None] * 5
    assert first["license_name"] == '["a","b"]'
    assert [second[name] for name in (*names, "license_name")] == [None] * 6


ODD_VALUES = [
    ("downloads", "12", "downloads", 12),
    ("downloads", "many", "downloads", None),
    ("downloads", None, "downloads", None),
    ("downloads", True, "downloads", None),
    ("downloads", [3], "downloads", None),
    ("downloads", {"all": 3}, "downloads", None),
    ("downloads", 2**63, "downloads", None),
    ("downloads", -1, "downloads", None),
    ("downloads", 1e30, "downloads", None),
    ("likes", "", "likes", None),
    ("gated", False, "gated", "false"),
    ("gated", "manual", "gated", "manual"),
    ("gated", None, "gated", None),
    ("tags", None, "tags", None),
    ("tags", {"license": "mit"}, "tags", '{"license":"mit"}'),
    ("tags", "mit", "tags", '"mit"'),
    ("tags", [], "tags", "[]"),
    ("tags", ["t" * 4_000], "tags", f'["{"t" * 4_000}"]'),
    ("author", "", "author", "a"),
    ("author", None, "author", "a"),
    ("pipeline_tag", "", "pipeline_tag", None),
    ("library_name", "x" * 10_000, "library_name", "x" * 10_000),
    ("private", "no", "is_private", False),
    ("private", "perhaps", "is_private", None),
    ("createdAt", "yesterday", "hub_created_at", None),
    ("createdAt", 1_700_000_000, "hub_created_at", None),
    ("createdAt", "2026-08-18T08:09:20+02:00", "hub_created_at", AT),
    ("lastModified", "0001-01-01T00:00:00Z", "last_modified", None),
    ("lastModified", "294247-01-10T04:00:54.775Z", "last_modified", None),
    ("lastModified", "2200-01-01T00:00:00Z", "last_modified", None),
    ("createdAt", "1900-01-01T00:00:00Z", "hub_created_at", datetime(1900, 1, 1, tzinfo=UTC)),
    ("pipeline_tag", "x" * 1_001, "pipeline_tag", None),
    ("pipeline_tag", "ü" * 500, "pipeline_tag", "ü" * 500),
]


# What bronze.hf_rejected says of them: field, reason and value, cut to 500 characters.
SET_ASIDE = {
    ("downloads", "no_count", "many"),
    ("downloads", "no_count", "true"),
    ("downloads", "no_count", "[3]"),
    ("downloads", "no_count", '{"all":3}'),
    ("downloads", "no_count", str(2**63)),
    ("downloads", "no_count", "-1"),
    ("downloads", "no_count", "1e+30"),
    ("tags", "no_list", '{"license":"mit"}'),
    ("tags", "no_list", '"mit"'),
    ("tags", "too_long", "t" * 500),
    ("library_name", "too_long", "x" * 500),
    ("pipeline_tag", "too_long", "x" * 500),
    ("createdAt", "no_time", "yesterday"),
    ("createdAt", "no_time", "1700000000"),
    ("lastModified", "no_time", "0001-01-01T00:00:00Z"),
    ("lastModified", "no_time", "294247-01-10T04:00:54.775Z"),
    ("lastModified", "no_time", "2200-01-01T00:00:00Z"),
}


@pytest.fixture(scope="module")
def odd_rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Load one model for each odd value, all in two listings that show the same."""
    listing = [{"id": f"a/{n}", key: value} for n, (key, value, *_) in enumerate(ODD_VALUES)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        load = use(tmp_path_factory.mktemp("odd"), monkeypatch)
        load({"fill-mask": listing, "other": listing})
        found = rows("select field, reason, value, model_id, task_id from bronze.hf_rejected")
        assert {row[:3] for row in found} == SET_ASIDE
        assert len(found) == len(SET_ASIDE), "once, however many tasks list the model"
        assert {row[4] for row in found} == {"fill-mask"}
        return models()[: len(listing)]


@pytest.mark.parametrize(
    ("number", "column", "expected"),
    [(number, *odd[2:]) for number, odd in enumerate(ODD_VALUES)],
    ids=[f"{key} {value!r:.20}" for key, value, *_ in ODD_VALUES],
)
def test_an_odd_value_becomes_what_it_means_or_null(
    odd_rows: list[dict[str, Any]], number: int, column: str, expected: Any
) -> None:
    assert odd_rows[number]["model_id"] == f"a/{number}"
    assert odd_rows[number][column] == expected


def test_absent_keys_are_null_but_the_author_is_in_the_id(load: Load) -> None:
    load({"fill-mask": [{"id": "gpt2"}, {"id": "own/name"}, {"id": "o/n", "author": "said"}]})
    bare, own, said = models()
    filled = {"task_id", "model_id", "seq", "is_listed", "run_id", "observed_at"}
    assert {name for name, value in bare.items() if value is not None} == filled
    assert (own["author"], said["author"]) == ("own", "said")


def test_rows_say_which_run_observed_them_and_when(load: Load) -> None:
    folder = load({"fill-mask": [model("a/1")]})
    for table in ("hf_tasks", "hf_models", "hf_task_listings"):
        assert rows(f"select run_id, observed_at from bronze.{table}") == [
            (folder.path.name, folder.started_at)
        ]


def test_tasks_keep_their_page_and_a_task_without_label_gets_its_id(
    load: Load, tmp_path: Path
) -> None:
    folder = catalog_folder(tmp_path / "raw", {"other": []})
    with folder.records("hf_tasks.json") as out:
        out.write(b'{"id":"other","models":[{"id":"a/1"}]}')
    load_catalog(folder, "duckdb", NoProgress())
    assert rows("select task_id, task_label, summary, raw from bronze.hf_tasks") == [
        ("other", "other", None, '{"id":"other","models":[{"id":"a/1"}]}')
    ]


# --- loading again -------------------------------------------------------------------------------


def test_loading_twice_changes_no_count_and_no_value(load: Load) -> None:
    folder = load({"fill-mask": [model("a/1"), model("a/2")], "other": [model("a/1")]})
    everything = (
        "select task_id, model_id, downloads, seq, run_id from bronze.hf_models order by all"
    )
    before = rows(everything)
    assert counts() == (2, 3, 2)
    load_catalog(RunFolder.open(folder.path), "duckdb", NoProgress())
    assert counts() == (2, 3, 2)
    assert rows(everything) == before


def test_loading_other_tasks_keeps_the_first_ones(load: Load) -> None:
    first = load({"fill-mask": [model("a/1"), model("a/2")]})
    second = load({"other": [model("a/1")]})
    assert counts() == (2, 3, 2)
    assert rows("select task_id, model_id, run_id from bronze.hf_models order by all") == [
        ("fill-mask", "a/1", first.run_id),
        ("fill-mask", "a/2", first.run_id),
        ("other", "a/1", second.run_id),
    ]


def test_a_new_listing_of_a_task_stands_beside_the_one_before(load: Load) -> None:
    first = load({"fill-mask": [model("a/1", 5), model("a/2", 4)], "other": [model("a/1", 5)]})
    second = load({"fill-mask": [model("a/3", 9), model("a/1", 8)]}, limit=2)
    assert rows(
        "select run_id, model_id, downloads from bronze.hf_models where task_id = 'fill-mask'"
        " order by 3 desc"
    ) == [
        (second.run_id, "a/3", 9),
        (second.run_id, "a/1", 8),
        (first.run_id, "a/1", 5),
        (first.run_id, "a/2", 4),
    ]
    assert counts() == (3, 5, 3)
    assert rows(
        "select run_id, models, limit_per_task, settled, downloads from bronze.hf_task_listings"
        " where task_id = 'fill-mask' order by observed_at"
    ) == [(first.run_id, 2, 1000, True, 9), (second.run_id, 2, 2, True, 17)]


def test_repeated_observations_all_arrive_in_their_order(load: Load) -> None:
    load({"fill-mask": [model("a/1", 5), model("a/2", 4), model("a/1", 6)]})
    assert rows("select seq, model_id, downloads from bronze.hf_models order by seq") == [
        (0, "a/1", 5),
        (1, "a/2", 4),
        (2, "a/1", 6),
    ]


def test_a_first_load_without_any_model_makes_all_three_tables(load: Load) -> None:
    load({"fill-mask": []})
    assert counts() == (1, 0, 1)
    assert rows("select models from bronze.hf_task_listings") == [(0,)]


def test_a_folder_from_before_a_count_was_kept_loads_with_null_there(
    load: Load, tmp_path: Path
) -> None:
    folder = catalog_folder(tmp_path / "raw", {"fill-mask": [model("a/1")]})
    del folder.manifest["listings"][0]["late"]
    folder.save()
    load_catalog(RunFolder.open(folder.path), "duckdb", NoProgress())
    assert rows("select models, late from bronze.hf_task_listings") == [(1, None)]


def test_a_file_of_more_rows_than_a_batch_arrives_whole(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bronze, "BATCH_ROWS", 1_000)
    load({"fill-mask": [model(f"a/{number}", number) for number in range(5_500)]})
    assert rows(
        "select count(*), count(distinct model_id), sum(downloads) from bronze.hf_models"
    ) == [(5_500, 5_500, 5_499 * 5_500 // 2)]


def test_a_table_that_somebody_dropped_is_made_anew_and_named(
    load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    load({"fill-mask": [model("a/1")]})
    with duckdb.connect(warehouse.output("duckdb")["path"]) as connection:
        connection.execute("drop table bronze.hf_models; drop table bronze_staging.hf_models")
    load({"fill-mask": [model("a/1"), model("a/2")]})
    assert rows("select count(*) from bronze.hf_models") == [(2,)]
    [line] = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith("bronze.hf_models is gone from the database and is made anew, empty: ")
    assert "`dlt pipeline hf_catalog run`" in line

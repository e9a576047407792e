"""Listings beside those of tasks, from the command to the tables, on both databases."""

import json
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.extract.helpers import model, recorded
from tests.support import Project

pytestmark = pytest.mark.slow("filters, authors and names end in hf.model_listings")

BIG = {
    "downloadsAllTime": 12_345,
    "trendingScore": 4,
    "safetensors": {"parameters": {"F32": 7}, "total": 7},
    "gguf": {"total": 9, "architecture": "llama", "chat_template": "a long text"},
    "sha": "c0ffee",
    "cardData": {"license": "other", "license_name": "mine", "license_link": "LICENSE"},
}
MODELS = [
    model("google/big", 900, tags=["fill-mask", "license:mit"], **BIG),
    model("google/small", 20, tags=["gguf", "license:mit"]),
    model("someone/voice", 500, tags=["gguf", "license:cc-by-4.0"]),
    model("someone/other", 70, tags=["onnx"]),
]
PROPERTIES = (
    "select downloads_all_time, trending_score, parameters, sha, license_name, license_link "
    "from hf.models where sha is not null"
)
GGUF = "select cast(gguf as text) from hf.models where sha is not null"
LISTED = (
    "select listing_id, listing_kind, listing_name, model_id, rank_in_listing "
    "from hf.model_listings order by 1, 5"
)
ALL = (
    "select listing_name, model_id, rank_in_listing from hf.model_listings "
    "where listing_kind = 'all' order by 3"
)


def test_filters_authors_and_names_are_listings_like_those_of_tasks(
    any_project: Project, tmp_path: Path
) -> None:
    named = ("--filter", "library:gguf", "--authors", "google", "--models", "someone/other,no/one")
    with ReplayServer(recorded(tmp_path / "hub", MODELS, "fill-mask"), quota=0) as server:
        any_project.load(server.url, *named)
        any_project.build_catalog()
        beside = [
            ("author:google", "author", "google", "google/big", 1),
            ("author:google", "author", "google", "google/small", 2),
            ("filter:library:gguf", "filter", "library:gguf", "someone/voice", 1),
            ("filter:library:gguf", "filter", "library:gguf", "google/small", 2),
            ("name:someone/other", "name", "someone/other", "someone/other", 1),
        ]
        assert any_project.rows(LISTED) == beside
        assert any_project.rows("select count(*) from hf.model_tasks") == [(0,)]
        assert any_project.rows("select count(*) from hf.model_stats_daily") == [(4,)]
        assert any_project.rows("select task_id, model_id, reason from hf.rejected") == [
            ("name:no/one", "no/one", "not_found")
        ]
        assert any_project.rows(PROPERTIES) == [(12_345, 4, 7, "c0ffee", "mine", "LICENSE")]
        [(gguf,)] = any_project.rows(
            "select cast(gguf as text) from hf.models where sha = 'c0ffee'"
        )
        assert json.loads(gguf) == {"total": 9, "architecture": "llama"}
        # Another run reads the task alone: the other listings stay what they were.
        any_project.load(server.url, "--tasks", "fill-mask")
        any_project.build_catalog()
        listed_by_two = any_project.rows(LISTED)
        any_project.load(server.url, "--all")
        any_project.build_catalog()
    listed = [*beside[:2], ("fill-mask", "task", "fill-mask", "google/big", 1), *beside[2:]]
    assert listed_by_two == listed
    assert any_project.rows(ALL) == [
        ("all", "google/big", 1),
        ("all", "someone/voice", 2),
        ("all", "someone/other", 3),
        ("all", "google/small", 4),
    ]
    assert any_project.rows("select model_id, rank_in_task from hf.model_tasks") == [
        ("google/big", 1)
    ]
    assert any_project.rows("select count(*) from hf.models where is_current") == [(4,)]

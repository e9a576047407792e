"""Listings beside those of tasks: filters, authors and names, over the replayed Hub."""

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from assay.extract.http.transport import RetryPolicy
from assay.extract.hub import rejected
from assay.extract.hub.bronze import listings, models
from assay.extract.hub.catalog import missing, read_hub
from assay.extract.hub.client import Hub
from assay.extract.hub.listings import AUTHOR, FILTER, NAME, TASK, Wanted, choose, options_for
from assay.extract.landing.run_folder import RunFolder
from assay.sample.replay import ReplayServer
from tests.extract.helpers import NoProgress, ScriptedHub, model, read_all, recorded

MODELS = [
    model("google/big", 900, tags=["fill-mask", "transformers", "license:mit"]),
    model("google/small", 20, tags=["pyannote-audio", "license:mit"]),
    model("someone/voice", 500, tags=["pyannote-audio", "license:cc-by-4.0"]),
    model("someone/series", 70, tags=["time-series-forecasting", "license:mit"]),
    model("me/secret", 3, tags=["pyannote-audio"], private=True),
    model("me/disabled", 4, disabled=True),
]


# --- what is chosen ------------------------------------------------------------------------------


def test_nothing_named_means_all_tasks_and_another_listing_alone_means_no_task() -> None:
    assert choose(None).tasks is None
    assert choose(None, ["gguf"]).tasks == []
    assert choose(["all"], ["gguf"]).tasks is None
    assert choose(["fill-mask"], ["gguf"]).tasks == ["fill-mask"]
    assert choose(["none"], models=["a/b"]).tasks == []


def test_each_listing_is_read_once_and_has_an_id_that_names_it() -> None:
    wanted = choose(None, ["gguf", "gguf"], ["google"], ["a/b", "https://huggingface.co/a/b"])
    assert [one.listing_id for one in wanted.others] == ["filter:gguf", "author:google", "name:a/b"]
    assert Wanted(TASK, "fill-mask").listing_id == "fill-mask"


def test_a_filter_is_tags_and_a_library_is_one_of_them() -> None:
    assert Wanted(FILTER, "library:pyannote-audio").tags == ["pyannote-audio"]
    assert Wanted(FILTER, "gguf & license:mit").tags == ["gguf", "license:mit"]
    assert Wanted(FILTER, "gguf&license:mit").shows({"tags": ["license:mit", "gguf", "x"]})
    assert not Wanted(FILTER, "gguf&license:mit").shows({"tags": ["gguf"]})
    assert Wanted(AUTHOR, "google").shows({"id": "google/big"})
    assert not Wanted(AUTHOR, "google").shows({"id": "googles/big", "tags": None})


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ({"filters": ["library:"]}, "is no filter"),
        ({"authors": ["google/big"]}, "'google/big' is no author"),
        ({"models": ["../tasks"]}, "'../tasks' is no name of a model"),
        ({"models": ["a/b/c"]}, "is no name of a model"),
        ({"tasks": ["all", "fill-mask"]}, "stand alone"),
        ({"tasks": ["none"]}, "there is nothing to list"),
    ],
)
def test_what_the_hub_could_only_refuse_is_told_before_it_is_asked(
    named: dict[str, Any], told: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        choose(**({"tasks": None} | named))


def test_listings_that_failed_are_asked_for_by_their_own_options() -> None:
    failed = ["fill-mask", "filter:license:mit", "name:a/b", "summarization"]
    assert (
        options_for(failed) == "--tasks fill-mask,summarization --filter license:mit --models a/b"
    )


# --- what is read --------------------------------------------------------------------------------


def read(tmp_path: Path, *others: Wanted, tasks: list[str] | None, **more: Any) -> RunFolder:
    folder = RunFolder.create(tmp_path / "raw", {})
    with (
        ReplayServer(recorded(tmp_path / "hub", MODELS, "fill-mask"), quota=0) as server,
        Hub(server.url, more.pop("token", None), RetryPolicy(min_interval=0)) as hub,
    ):
        read_hub(
            hub,
            folder,
            limit_per_task=more.pop("limit", 10),
            wanted=tasks,
            max_tasks=None,
            progress=NoProgress(),
            others=others,
        )
        folder.manifest["asked"] = [target for _, target, _ in server.requests]
    return folder


def rows(tables: Any, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in columns) for one in tables for row in one.to_pylist()]


def test_filters_authors_and_names_stand_beside_tasks_and_every_row_says_which(
    tmp_path: Path,
) -> None:
    folder = read(
        tmp_path,
        Wanted(FILTER, "library:pyannote-audio"),
        Wanted(FILTER, "time-series-forecasting"),
        Wanted(AUTHOR, "google"),
        Wanted(NAME, "someone/series"),
        tasks=None,
    )
    assert rows(models(folder), "task_id", "model_id") == [
        ("fill-mask", "google/big"),
        ("filter:library:pyannote-audio", "someone/voice"),
        ("filter:library:pyannote-audio", "google/small"),
        ("filter:time-series-forecasting", "someone/series"),
        ("author:google", "google/big"),
        ("author:google", "google/small"),
        ("name:someone/series", "someone/series"),
    ]
    assert rows(listings(folder), "task_id", "kind", "models", "downloads") == [
        ("fill-mask", "task", 1, 900),
        ("filter:library:pyannote-audio", "filter", 2, 520),
        ("filter:time-series-forecasting", "filter", 1, 70),
        ("author:google", "author", 2, 920),
        ("name:someone/series", "name", 1, 70),
    ]


def test_without_tasks_nobody_asks_for_the_task_pages(tmp_path: Path) -> None:
    folder = read(tmp_path, Wanted(FILTER, "pyannote-audio&license:mit"), tasks=[], limit=1)
    [asked] = folder.manifest["asked"]
    assert asked.startswith("/api/models?filter=pyannote-audio&filter=license%3Amit&sort=downloads")
    assert rows(models(folder), "model_id") == [("google/small",)]
    assert "tasks_available" not in folder.manifest
    assert orjson.loads((folder.path / "hf_tasks.json").read_bytes()) == []


def test_a_name_that_is_not_to_be_had_is_a_row_with_its_reason(tmp_path: Path) -> None:
    names = ("nobody/nothing", "me/disabled", "me/secret", "google/big")
    folder = read(tmp_path, *(Wanted(NAME, name) for name in names), tasks=[])
    assert missing(folder) is None
    assert rows(models(folder), "model_id", "is_listed", "reason") == [
        ("nobody/nothing", False, "not_found"),
        ("me/disabled", False, "disabled"),
        ("me/secret", False, "not_found"),  # the Hub does not tell strangers what is private
        ("google/big", True, None),
    ]
    told = rows(rejected.rows(folder, "hf_models.json"), "task_id", "model_id", "reason")
    assert sorted(told) == [
        ("name:me/disabled", "me/disabled", "disabled"),
        ("name:me/secret", "me/secret", "not_found"),
        ("name:nobody/nothing", "nobody/nothing", "not_found"),
    ]
    assert rows(listings(folder), "task_id", "models") == [
        (f"name:{name}", int(name == "google/big")) for name in names
    ]


def test_a_name_of_the_owners_own_is_told_of_without_the_name(tmp_path: Path) -> None:
    folder = read(tmp_path, Wanted(NAME, "me/secret"), tasks=[], token="hf_owner")  # noqa: S106
    for file in folder.path.iterdir():
        assert b"secret" not in file.read_bytes(), file.name
    told = rows(rejected.rows(folder, "hf_models.json"), "task_id", "model_id", "reason")
    assert told == [(None, None, "private")]
    assert folder.manifest["counts"]["private_left_out"] == 1


def test_a_model_that_left_a_filter_while_it_was_read_is_told() -> None:
    first = [[model("a/1", 9, tags=["gguf"])], [model("a/2", 8, tags=["gguf"])]]
    hub = ScriptedHub([first, [[model("a/1", 9)], []]])
    hub.named["a/2"] = model("a/2", 8, tags=["gguf"])
    listing, _ = read_all(hub, 2, Wanted(FILTER, "gguf"))
    assert (listing.models, listing.kind, hub.asked[0]) == (2, "filter", (["gguf"], 2))
    hub = ScriptedHub([first, [[model("a/1", 9)], []]])
    hub.named["a/2"] = model("a/2", 8, tags=["onnx"])
    listing, records = read_all(hub, 2, Wanted(FILTER, "gguf"))
    assert listing.models == 1
    assert records[-1]["_left"] is True

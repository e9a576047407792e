"""What the tests of what enrichment asks the Hub share: datasets, models and a vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from assay.sample.replay import ReplayServer
from tests.sample.apis.hub_replays import Serve

TOKEN = "hf_" + "someone"
VIEWED = ("format:parquet", "library:datasets", "library:mlcroissant")


def dataset(dataset_id: str, downloads: int, *tags: str, **more: Any) -> dict[str, Any]:
    """An item as recorded with full=true."""
    return {
        "id": dataset_id,
        "author": dataset_id.partition("/")[0],
        "sha": f"{downloads:040x}",
        "lastModified": "2026-08-18T06:21:48.000Z",
        "createdAt": "2026-08-18T06:09:20.000Z",
        "private": False,
        "gated": False,
        "disabled": False,
        "likes": 3,
        "trendingScore": 0,
        "downloads": downloads,
        "description": f"\n\t\n\t\t\n\t\tAbout {dataset_id}",
        "tags": [*tags, "region:us"],
        "siblings": [{"rfilename": "README.md"}],
    } | more


QA = "task_categories:question-answering"
DATASETS = [
    dataset("rajpurkar/squad", 90, QA, "language:en", "license:cc-by-4.0", *VIEWED),
    dataset("a/plain", 20, QA, "license:mit"),
    dataset("a/second", 50, "language:en", *VIEWED),
    dataset("b/auto", 7, *VIEWED, gated="auto"),
    dataset("b/manual", 6, *VIEWED, gated="manual"),
    dataset("c/closed", 5, *VIEWED, disabled=True),
    dataset("c/hidden", 80, *VIEWED, private=True),
]
LISTED = ["rajpurkar/squad", "a/second", "a/plain", "b/auto", "b/manual", "c/closed"]
MODELS = [
    {"id": name, "downloads": n, "tags": ["t"], "gated": gated, "private": False}
    for n, (name, gated) in enumerate(
        {"FacebookAI/roberta-base": False, "other/roberta-base": False, "m/gated": "manual"}.items()
    )
]
VOCABULARY = {
    "pipeline_tag": [
        {"type": "pipeline_tag", "id": "text-generation", "label": "Text Generation"},
        {"type": "pipeline_tag", "id": "text-ranking", "label": "Text Ranking"},
    ],
    "library": [{"type": "library", "id": "timm", "label": "timm"}],
    "license": [{"type": "license", "id": "license:mit", "label": "mit"}],
}


def write(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "hf_tasks.json").write_text("{}")
    (folder / "hf_tags_by_type.json").write_text(json.dumps(VOCABULARY))
    for name, items in (("hf_models.jsonl", MODELS), ("hf_datasets.jsonl", DATASETS)):
        (folder / name).write_text("".join(json.dumps(item) + "\n" for item in items))
    return folder


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    with ExitStack() as stack:
        folder = write(tmp_path / "recorded")
        yield lambda **options: stack.enter_context(ReplayServer(folder, **options))

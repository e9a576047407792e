"""Pairs and things against an independent count over the tags: other code, other order."""

import json
import re
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.hf.enrichment.workshop import Workshop, files_of, models_of
from tests.support import any_items

MAX_MODELS = 3000
PREFIXES = ("dataset:", "arxiv:", "base_model:", "license:")


def counted(models: list[dict]) -> dict[str, set[tuple[str, ...]]]:
    """Return the pairs of each kind by splitting tags, model by model."""
    pairs: dict[str, set[tuple[str, ...]]] = {
        kind: set() for kind in ("datasets", "articles", "base_models", "keywords", "licenses")
    }
    for model in models:
        name, tags = model["id"], model.get("tags") or []
        named = {
            prefix: [t[len(prefix) :] for t in tags if t.startswith(prefix) and t != prefix]
            for prefix in PREFIXES
        }
        pairs["datasets"] |= {(name, found) for found in named["dataset:"]}
        pairs["licenses"] |= {(name, found) for found in named["license:"]}
        pairs["articles"] |= {
            (name, re.sub(r"(\d)v\d+$", r"\1", found)) for found in named["arxiv:"]
        }
        related = re.findall(
            r"^base_model:(finetune|adapter|merge|quantized):(.+)$", "\n".join(tags), re.M
        )
        pairs["base_models"] |= {(name, found, relation) for relation, found in related}
        pairs["base_models"] |= {
            (name, found, "unspecified")
            for found in named["base_model:"]
            if ":" not in found and found not in {base for _, base in related}
        }
        words = {tag for tag in tags if not tag.startswith(PREFIXES)}
        words |= {model.get("pipeline_tag"), model.get("library_name")} - {None, ""}
        pairs["keywords"] |= {(name, word) for word in words}
    return pairs


@pytest.mark.parametrize("folder", any_items(), ids=lambda folder: folder.name)
def test_pairs_and_things_are_those_that_the_tags_of_the_models_name(
    folder: Path, workshop: Workshop
) -> None:
    models = models_of(folder, MAX_MODELS)
    path = workshop.catalog(models)
    with ReplayServer(folder, quota=0) as server:
        workshop.server = server.url
        assert workshop.run() is None
    assert files_of(path) == {"datasets", "articles", "base_models", "keywords", "licenses"}

    expected = counted(models)
    rows = workshop.rows
    pairs = {
        "datasets": "model_id, dataset_id from bronze.hf_model_datasets",
        "articles": "model_id, arxiv_id from bronze.hf_model_articles",
        "base_models": "model_id, base_model_id, relation from bronze.hf_model_base_models",
        "keywords": "model_id, keyword_id from bronze.hf_model_keywords",
        "licenses": "model_id, license_id from bronze.hf_model_licenses",
    }
    things = {
        "datasets": "dataset_id from bronze.hf_datasets",
        "articles": "arxiv_id from bronze.arxiv_articles",
        "base_models": "model_id from bronze.hf_base_models",
        "keywords": "keyword_id from bronze.hf_keywords",
        "licenses": "license_id from bronze.hf_licenses",
    }
    for entity, query in pairs.items():
        found = rows(f"select {query}")
        assert len(found) == len(expected[entity]) > 50, entity
        assert set(found) == expected[entity], entity
        ids = rows(f"select {things[entity]}")
        assert sorted(ids) == sorted({(pair[1],) for pair in expected[entity]}), entity
    assert rows(
        "select count(*) from bronze.hf_model_keywords where is_gone is distinct from false"
    ) == [(0,)]

    values_are_those_of_the_items(folder, workshop)


def values_are_those_of_the_items(folder: Path, workshop: Workshop) -> None:
    """Compare what was enriched with the items, and what was not with their absence."""
    datasets = {item["id"]: item for item in items(folder / "hf_datasets.jsonl")}
    for name, resolved, enriched, reason, downloads, author in workshop.rows(
        "select dataset_id, resolved_id, enriched, reason, downloads, author "
        "from bronze.hf_datasets"
    ):
        assert (reason is None) is enriched
        if enriched:
            assert name.lower().rpartition("/")[2] in resolved.lower() or "/" not in name
            assert downloads == datasets[resolved]["downloads"]
            assert author == datasets[resolved]["author"]
        else:
            item = datasets.get(name, {})
            assert reason in ("not_found", "malformed_id", "disabled", "local_path")
            assert (
                reason != "local_path"
                or name.startswith((".", "~"))
                or "/" in name.partition("/")[2]
            )
            assert not item or item.get("private") or item.get("disabled")
    papers = {
        re.sub(r"^.*/abs/|v\d+$", "", item["id"]): item for item in items(folder / "arxiv.jsonl")
    }
    for name, enriched, title, authors in workshop.rows(
        "select arxiv_id, enriched, title, authors::varchar from bronze.arxiv_articles "
        "where not is_template_leftover"
    ):
        key = re.sub(r"\.[A-Z]{2}/", "/", name)  # arXiv answers cs.CL/0306050 as cs/0306050
        assert enriched is (key in papers), name
        if enriched:
            assert title == " ".join(papers[key]["title"].split())
            assert len(json.loads(authors)) == len(papers[key]["authors"])
    models = {item["id"]: item for item in items(folder / "hf_models.jsonl")}
    for name, resolved, enriched, likes in workshop.rows(
        "select model_id, resolved_id, enriched, likes from bronze.hf_base_models"
    ):
        if enriched:
            assert likes == models[resolved]["likes"]
        else:
            item = models.get(name, {})
            assert not item or item.get("private") or item.get("disabled")


def items(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_paper_of_the_template_is_nobodys_and_is_not_asked_for(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    workshop.server = sample_server.url
    workshop.catalog([{"id": "a/b", "tags": ["arxiv:1910.09700v2", "arxiv:1706.03762v1"]}])
    assert workshop.run("--select", "articles") is None
    assert workshop.rows(
        "select model_id, arxiv_id, is_template_leftover from bronze.hf_model_articles order by 2"
    ) == [("a/b", "1706.03762", False), ("a/b", "1910.09700", True)]
    assert workshop.rows(
        "select arxiv_id, is_template_leftover, enriched, reason, fetched_at is null, version "
        "from bronze.arxiv_articles order by 1"
    ) == [
        ("1706.03762", False, True, None, False, 7),
        ("1910.09700", True, False, "template_leftover", True, None),
    ]
    assert [path for _, path, _ in sample_server.requests] == [
        "/api/query?id_list=1706.03762&start=0&max_results=1"
    ]

"""The bundled sample: it is what the program makes, and it is shaped like the Hub."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from assay.sample.make import hub

ITEMS = Path(hub.__file__).parent.parent / "items"
LEGACY = "2022-03-02T23:29:04.000Z"
# new style, or old style with its archive
ARXIV_ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(\.[A-Z]{2})?/\d{7})(v[1-9]\d*)?")
RELATIONS = ("adapter", "finetune", "merge", "quantized")


def load(name: str) -> list[dict]:
    return [json.loads(line) for line in (ITEMS / name).read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def models() -> list[dict]:
    return load("hf_models.jsonl")


@pytest.fixture(scope="module")
def tasks() -> dict[str, dict]:
    return json.loads((ITEMS / "hf_tasks.json").read_text("utf-8"))


def test_regenerating_gives_the_committed_bytes():
    for name, text in hub.make().items():
        assert (ITEMS / name).read_bytes() == text.encode(), f"{name}: run assay.sample.make.hub"


def test_the_47_task_pages_in_order(tasks):
    assert len(tasks) == 47
    assert list(tasks) == sorted(tasks)
    assert all(key == task["id"] and task["summary"] for key, task in tasks.items())
    labels = {key: tasks[key]["label"] for key in ("any-to-any", "text-to-3d", "fill-mask")}
    assert labels == {
        "any-to-any": "Any-to-Any",
        "text-to-3d": "Text-to-3D",
        "fill-mask": "Fill-Mask",
    }


def test_one_known_model(models):
    model = next(item for item in models if item["id"] == "google-bert/bert-base-uncased")
    assert model["tags"] == [
        "transformers",
        "bert",
        "en",
        "fill-mask",
        "dataset:bookcorpus",
        "dataset:wikipedia",
        "arxiv:1810.04805",
        "license:apache-2.0",
        "region:us",
    ]
    assert (model["author"], model["createdAt"]) == ("google-bert", LEGACY)
    assert re.fullmatch("[0-9a-f]{24}", model["_id"])
    assert re.fullmatch("[0-9a-f]{40}", model["sha"])


def test_ids_are_unique_in_any_case(models):
    for items in (models, load("hf_datasets.jsonl"), load("arxiv.jsonl")):
        assert len({item["id"].lower() for item in items}) == len(items)
    assert len(models) >= 480


def test_tags_hold_the_pipeline_tag_and_the_library(models):
    for item in models:
        known = {item[name] for name in ("pipeline_tag", "library_name") if name in item}
        assert known <= set(item["tags"])
        assert len(set(item["tags"])) == len(item["tags"])
        assert "" not in item["tags"]


def test_all_but_one_task_have_models(models, tasks):
    tags = {tag for item in models for tag in item["tags"]}
    assert set(tasks) - tags == {"image-text-to-image"}


def test_what_is_unknown_is_absent(models):
    assert sum("pipeline_tag" not in item for item in models) >= 25
    assert sum("library_name" not in item for item in models) >= 30
    assert not any(item.get("pipeline_tag", "x") in ("", None) for item in models)
    assert {item["gated"] for item in models} == {False, "auto", "manual"}


def test_pipelines_without_a_task_page(models, tasks):
    others = Counter(item["pipeline_tag"] for item in models if "pipeline_tag" in item)
    for task in tasks:
        del others[task]
    assert set(others) == {
        "graph-ml",
        "robotics",
        "text-to-audio",
        "time-series-forecasting",
        "voice-activity-detection",
    }
    assert others.total() >= 30


def test_times(models):
    for item in models + load("hf_datasets.jsonl"):
        assert LEGACY <= item["createdAt"] <= item["lastModified"] < "2026-11-15"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", item["lastModified"])


def test_downloads_have_a_heavy_tail_ties_and_zeros(models):
    downloads = sorted((item["downloads"] for item in models), reverse=True)
    top = len(downloads) // 100
    assert sum(downloads[:top]) > sum(downloads) / 2
    assert 10**7 < downloads[0] < 10**9
    assert 1_000 < downloads[len(downloads) // 2] < 100_000
    assert downloads.count(0) >= 24
    among = [item["downloads"] for item in models if "reinforcement-learning" in item["tags"]]
    assert any(count > 1 for value, count in Counter(among).items() if value)


def test_some_models_have_several_tasks(models, tasks):
    assert sum(len(set(item["tags"]) & set(tasks)) >= 3 for item in models) >= 5


def test_arxiv_ids_and_licences_are_well_formed(models):
    tags = [tag for item in models for tag in item["tags"]]
    arxiv = [tag.removeprefix("arxiv:") for tag in tags if tag.startswith("arxiv:")]
    papers = {paper["id"]: paper for paper in load("arxiv.jsonl")}
    assert all(ARXIV_ID.fullmatch(arxiv_id) for arxiv_id in papers)
    malformed = [arxiv_id for arxiv_id in arxiv if not ARXIV_ID.fullmatch(arxiv_id)]
    assert malformed == [
        "181004805",
        "18l0.04805",
        "2010.119291",
        "https://arxiv.org/abs/2010.11929",
        "abs/2010.11929",
        "",
        "1910.10683v0",
    ]
    assert arxiv.count("1910.09700") == 28
    assert sum(arxiv_id in papers for arxiv_id in set(arxiv)) == 76
    assert papers["1706.03762"]["authors"][0] == "Ashish Vaswani"
    assert all(p["published"] <= p["updated"] for p in papers.values())
    assert all(p["primary_category"] in p["categories"] for p in papers.values())
    licences = [tag for tag in tags if tag.startswith("license:")]
    assert all(tag == tag.lower() for tag in licences)


def test_new_style_arxiv_ids_name_the_month_of_their_paper():
    for paper in load("arxiv.jsonl"):
        if "/" in paper["id"]:  # old style
            continue
        months = int(paper["id"][:2]) * 12 + int(paper["id"][2:4])
        published = int(paper["published"][2:4]) * 12 + int(paper["published"][5:7])
        # a paper sent in at the end of a month may be numbered in the next
        assert months - published in (0, 1), paper["id"]


def test_base_model_relations_stand_beside_the_plain_tag(models):
    relations = Counter()
    for item in models:
        for tag in item["tags"]:
            for relation in RELATIONS:
                prefix = f"base_model:{relation}:"
                if tag.startswith(prefix):
                    relations[relation] += 1
                    assert f"base_model:{tag.removeprefix(prefix)}" in item["tags"]
    assert relations == {"finetune": 90, "adapter": 12, "quantized": 10, "merge": 7}


def test_base_models_form_chains_a_circle_and_a_loop(models):
    bases = {
        item["id"]: {t.split(":", 1)[1] for t in item["tags"] if t.startswith("base_model:")}
        for item in models
    }

    def ancestors(model_id: str) -> set[str]:
        found, coming = set(), bases.get(model_id, set())
        while coming:
            found |= coming
            coming = set().union(*(bases.get(name, set()) for name in coming)) - found
        return {name for name in found if name in bases}

    assert ancestors("brick-kiln/slate-merge-1b-gguf-imatrix") == {
        "brick-kiln/slate-merge-1b-gguf",
        "brick-kiln/slate-merge-1b",
        "quarry-labs/slate-1b-chat",
        "quarry-labs/slate-1b-instruct",
        "quarry-labs/slate-1b",
    }
    assert sorted(name for name in bases if name in ancestors(name)) == [
        "brick-kiln/ouroboros-head",
        "brick-kiln/ouroboros-tail",
        "brick-kiln/self-taught",
    ]


def test_what_tags_point_at_is_there_in_part_as_on_the_hub(models):
    tags = {tag for item in models for tag in item["tags"]}
    datasets = {item["id"] for item in load("hf_datasets.jsonl")}
    named = {tag.removeprefix("dataset:") for tag in tags if tag.startswith("dataset:")}
    assert (len(named), len(named & datasets)) == (187, 83)
    assert sum("/" not in name for name in named) == 93
    several = [
        item["id"] for item in models if sum(tag.startswith("license:") for tag in item["tags"]) > 1
    ]
    assert several == [
        "quarry-labs/slate-1b-instruct",
        "quarry-labs/slate-1b-chat",
        "quarry-labs/word-clusters",
        "quarry-labs/two-editions",
    ]


def test_models_with_their_size_in_their_name_have_about_as_many_weights(models):
    total = {item["id"]: item["safetensors"]["total"] for item in models if "safetensors" in item}
    assert len(total) == 166
    assert total["EleutherAI/gpt-neo-125m"] == pytest.approx(125e6, rel=0.1)
    assert total["deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B"] == pytest.approx(1.5e9, rel=0.1)
    assert all(1e6 < count < 1e12 for count in total.values())
    assert not {"tloen/alpaca-lora-7b", "brick-kiln/slate-merge-1b-gguf"} & set(total)


def test_most_datasets_have_a_viewer_and_so_croissant():
    items = load("hf_datasets.jsonl")
    viewed = [item for item in items if "library:mlcroissant" in item["tags"]]
    assert (len(items), len(viewed)) == (121, 102)
    for item in items:
        formats = [tag for tag in item["tags"] if tag.startswith("format:")]
        assert len(formats) == (item in viewed)
    assert sum(bool(item["gated"]) for item in items) == 7


def test_the_vocabulary(tasks):
    vocabulary = json.loads((ITEMS / "hf_tags_by_type.json").read_text("utf-8"))
    pipelines = {entry["id"]: entry["subType"] for entry in vocabulary["pipeline_tag"]}
    assert len(pipelines) == 57
    assert set(tasks) < set(pipelines)
    assert set(pipelines.values()) == {"nlp", "cv", "audio", "multimodal", "tabular", "rl", "other"}
    libraries = {entry["id"] for entry in vocabulary["library"]}
    assert {"transformers", "diffusers", "timm"} <= libraries
    assert {"type": "license", "id": "license:mit", "label": "mit"} in vocabulary["license"]


def test_the_items_are_small_enough_to_commit():
    assert sum(len(text.encode()) for text in hub.make().values()) < 1_500_000

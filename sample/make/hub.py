"""Turns the hub_*.csv beside this file into recorded items of the Hub and of arXiv.

    python -m sample.make.hub

Ids, labels, licences and tags come from the seed files; every counter and every moment is drawn.
Each item has a generator of its own, seeded with its id, so that a new line in a seed file leaves
all other items as they were.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from assay.sample.make.hub_numbers import (
    created_at,
    downloads,
    generator,
    hexadecimal,
    iso,
    last_modified,
    likes,
    trending,
    weights,
)

HERE = Path(__file__).parent.parent
ITEMS = HERE / "items"

VIEWED = 0.84  # share of datasets whose files the Hub could read
SMALL = 0.6  # share of those that fit into one machine
FORMATS = ("parquet", "parquet", "json", "csv")
MODALITIES = {
    "image": {"image", "object", "visual", "document"},
    "audio": {"speech", "audio"},
    "timeseries": {"time"},
    "tabular": {"tabular"},
    "text": {"text", "question", "translation", "summarization", "fill", "token"},
}

Row = dict[str, str]
Item = dict[str, Any]


def read(name: str) -> list[Row]:
    """The lines of a seed file."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def split(cell: str, by: str = "|") -> list[str]:
    """The parts of a cell; none for an empty one."""
    return [part.strip() for part in cell.split(by)] if cell else []


def model_tags(row: Row) -> list[str]:
    """Tags in the Hub's usual order: plain ones, then what other things they point at."""
    extra = split(row["extra_tags"])
    plain = [tag for tag in extra if ":" not in tag]
    pointing = [tag for tag in extra if ":" in tag]
    tags = [row["library_name"], *plain, row["pipeline_tag"], *pointing]
    tags += [*(f"license:{name}" for name in split(row["license"])), "region:us"]
    return list(dict.fromkeys(tag for tag in tags if tag))


def repository(kind: str, repo_id: str, row: Row, popularity: int) -> Item:
    """What models and datasets have in common."""
    rng = generator(kind, repo_id)
    created = created_at(rng, row["created"])
    modified = last_modified(rng, created)
    count = downloads(rng, popularity)
    liked = likes(rng, count)
    return {
        "_id": hexadecimal(f"{kind} _id", repo_id, 24),
        "id": repo_id,
        "author": repo_id.partition("/")[0],
        "sha": hexadecimal(f"{kind} sha", repo_id, 40),
        "lastModified": iso(modified),
        "createdAt": iso(created),
        "private": False,
        "gated": False if row["gated"] == "false" else row["gated"],
        "likes": liked,
        "downloads": count,
        "trendingScore": trending(rng, liked, created),
    }


def model(row: Row) -> Item:
    """One item of GET /api/models?full=true, without siblings; with what only the model's own page
    tells of its weights.
    """
    item = repository("model", row["model_id"], row, int(row["popularity"]))
    item |= {"modelId": row["model_id"], "tags": model_tags(row)}
    known = {name: row[name] for name in ("pipeline_tag", "library_name") if row[name]}
    return item | known | weights(row["model_id"]) | beside(row, item)


def beside(row: Row, item: Item) -> Item:
    """What a listing gives of a model where it is asked to: downloads of all time, the header of a
    GGUF file, and the licence on its card.
    """
    rng = generator("beside", row["model_id"])
    found: Item = {"downloadsAllTime": item["downloads"] * rng.randint(2, 24)}
    if "gguf" in item["tags"]:
        total = rng.randint(1, 70) * 10**9
        found["gguf"] = {"total": total, "architecture": "llama", "context_length": 8192}
    if "license:other" in item["tags"]:
        name = f"{row['model_id'].partition('/')[0]}-license"
        found["cardData"] = {"license": "other", "license_name": name, "license_link": "LICENSE"}
    return found


def viewer_tags(row: Row) -> list[str]:
    """What the Hub found in the files; nothing where it could not read them, so no Croissant."""
    rng = generator("viewer", row["dataset_id"])
    if rng.random() >= VIEWED:
        return []
    tasks = split(row["tasks"])
    modality = [
        name for name, words in MODALITIES.items() for t in tasks if words & {*t.split("-")}
    ]
    libraries = ["datasets", *(["pandas"] if rng.random() < SMALL else []), "mlcroissant", "polars"]
    return [
        f"format:{rng.choice(FORMATS)}",
        *(f"modality:{name}" for name in dict.fromkeys(modality or ["text"])),
        *(f"library:{name}" for name in libraries),
    ]


def dataset(row: Row, popularity: int) -> Item:
    """One item of GET /api/datasets?full=true, without siblings and card."""
    tags = [f"task_categories:{task}" for task in split(row["tasks"])]
    prefixes = {"language": "language", "license": "license", "size": "size_categories"}
    tags += [f"{prefix}:{row[name]}" for name, prefix in prefixes.items() if row[name]]
    tags += viewer_tags(row)
    tags += [f"arxiv:{row['arxiv']}"] if row["arxiv"] else []
    name = row["dataset_id"].partition("/")[2]
    subject = " and ".join(split(row["tasks"])) or "several purposes"
    # the Hub cuts the card's text out of its HTML, indentation and all
    description = (
        f"\n\t\n\t\t\n\t\tDataset Card for {name}\n\t\n\n\n"
        f"Examples for {subject}. See the full description on the dataset page."
    )
    item = repository("dataset", row["dataset_id"], row, popularity)
    return item | {"disabled": False, "tags": [*tags, "region:us"], "description": description}


def datasets(models: Iterable[Item], rows: Iterable[Row]) -> list[Item]:
    """The known datasets; the more models name one, the more it is downloaded."""
    tags = [tag for item in models for tag in item["tags"] if tag.startswith("dataset:")]
    items = []
    for row in rows:
        owner_and_name = row["dataset_id"]
        # old tags name datasets without their owner
        names = (f"dataset:{owner_and_name}", f"dataset:{owner_and_name.partition('/')[2]}")
        named = sum(tag in names for tag in tags)
        items.append(dataset(row, 2 if named < 2 else 3 if named < 5 else 4))
    return items


def entries(cell: str) -> list[Item]:
    """`id = description | id = description` as the Hub's list of objects."""
    pairs = [part.partition(" =") for part in split(cell)]
    return [{"id": pair[0], "description": pair[2].strip()} for pair in pairs]


def demo(cell: str, label: str) -> list[Item]:
    """`text=...`, `img=FILE`, `audio=FILE` or `chart=label:score;...` as the Hub's demo widget."""
    kind, _, content = cell.partition("=")
    if kind == "text":
        return [{"label": label, "content": content, "type": "text"}]
    if kind != "chart":
        return [{"filename": content, "type": kind}]
    bars = [bar.rpartition(":") for bar in content.split(";")]
    return [{"type": "chart", "data": [{"label": b[0], "score": float(b[2])} for b in bars]}]


def task(row: Row) -> Item:
    """One value of GET /api/tasks."""
    return {
        "id": row["id"],
        "label": row["label"],
        "summary": row["summary"],
        "libraries": split(row["libraries"]),
        "datasets": entries(row["datasets"]),
        "models": entries(row["models"]),
        "spaces": entries(row["spaces"]),
        "metrics": entries(row["metrics"]),
        "widgetModels": [entry["id"] for entry in entries(row["models"])][:1],
        "demo": {
            "inputs": demo(row["demo_input"], "Input"),
            "outputs": demo(row["demo_output"], "Output"),
        },
    }


def tags_by_type(tasks: list[Row], others: list[Row]) -> dict[str, list[Item]]:
    """GET /api/models-tags-by-type: pipeline types with and without a task page, and the rest."""
    result: dict[str, list[Item]] = {"pipeline_tag": [], "library": [], "license": []}
    for row in [{"type": "pipeline_tag", **row} for row in tasks] + others:
        item = {name: row[name] for name in ("type", "id", "label")}
        if row["type"] == "license":
            item["id"] = f"license:{row['id']}"
        result[row["type"]].append(item | ({"subType": row["subtype"]} if row["subtype"] else {}))
    return result


def paper(row: Row) -> Item:
    """The fields of an entry of the arXiv API. arXiv knows seconds; here they are drawn."""
    seconds = generator("paper", row["id"]).randrange(86_400)
    time = (datetime.min + timedelta(seconds=seconds)).strftime("T%H:%M:%SZ")
    return {
        "id": row["id"],
        "version": int(row["version"]),
        "title": row["title"],
        "summary": row["summary"],
        "authors": split(row["authors"]),
        "published": row["published"] + time,
        "updated": row["updated"] + time,
        "primary_category": row["primary_category"],
        "categories": row["categories"].split(),
        "comment": row["comment"] or None,
        "doi": row["doi"] or None,
    }


def lines(items: Iterable[Item]) -> str:
    """One JSON object a line."""
    compact = (json.dumps(i, ensure_ascii=False, separators=(",", ":")) for i in items)
    return "".join(f"{text}\n" for text in compact)


def document(content: Item) -> str:
    """One JSON document, indented so that a change shows as a small difference."""
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def make() -> dict[str, str]:
    """Every file's name and text."""
    tasks = sorted(read("hub_tasks.csv"), key=lambda row: row["id"])
    models = [model(row) for row in read("hub_seed.csv") + read("hub_odd.csv")]
    return {
        "hf_models.jsonl": lines(models),
        "hf_tasks.json": document({row["id"]: task(row) for row in tasks}),
        "hf_tags_by_type.json": document(tags_by_type(tasks, read("hub_vocabulary.csv"))),
        "hf_datasets.jsonl": lines(datasets(models, read("hub_datasets.csv"))),
        "arxiv.jsonl": lines(paper(row) for row in read("hub_papers.csv")),
    }


def main() -> None:
    """Writes sample/items/."""
    argparse.ArgumentParser(prog="python -m sample.make.hub", description=__doc__).parse_args()
    ITEMS.mkdir(exist_ok=True)
    for name, text in make().items():
        (ITEMS / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()

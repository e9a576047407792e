"""A small folder of items for the fault day, cut from the bundled sample, always the same.

Three tasks with the forty models that their listings show first, and what those models point at;
the posts of three days that belong to the largest themes, so that clustering finds something.
"""

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from assay.runs import recorded
from tests.support import ROOT, SAMPLE

TASKS = ("fill-mask", "sentence-similarity", "text-generation")
MODELS = 40
DAYS = ("2026-11-13", "2026-11-14", "2026-11-15")
POSTS = 60
THEMES = ROOT / "sample" / "posts_themes.csv"

Item = dict[str, Any]
# What a post of each file is called in posts_themes.csv, and when it was written.
POST_FILES: dict[str, tuple[Callable[[Item], str], Callable[[Item], str]]] = {
    "github_issues.jsonl": (lambda i: i["html_url"], lambda i: i["created_at"][:10]),
    "stackoverflow_questions.jsonl": (lambda i: i["link"], lambda i: _day(i["creation_date"])),
    "reddit_posts.jsonl": (
        lambda i: f"https://www.reddit.com{i['data']['permalink']}",
        lambda i: _day(i["data"]["created_utc"]),
    ),
    "hackernews_items.jsonl": (
        lambda i: f"https://news.ycombinator.com/item?id={i['objectID']}",
        lambda i: _day(i["created_at_i"]),
    ),
}


def cut(into: Path, *, sample: Path = SAMPLE) -> Path:
    """Write the folder and return it."""
    into.mkdir(parents=True)
    tasks = json.loads((sample / "hf_tasks.json").read_text(encoding="utf-8"))
    kept = {name: task for name, task in tasks.items() if name in TASKS}
    (into / "hf_tasks.json").write_text(json.dumps(kept), encoding="utf-8")
    shutil.copy(sample / "hf_tags_by_type.json", into)
    models = _models(_lines(sample / "hf_models.jsonl"))
    _write(into / "hf_models.jsonl", models)
    tags = {tag for model in models for tag in model["tags"]}
    for name, kind in (("hf_datasets.jsonl", "dataset"), ("arxiv.jsonl", "arxiv")):
        found = [item for item in _lines(sample / name) if f"{kind}:{item['id']}" in tags]
        # Every other one: what is not there must end as a row that says so, faults or none.
        _write(into / name, found[::2])
    _cut_posts(sample, into)
    return into


def back_days(folder: Path, today: date) -> int:
    """Return how many days a clock can go back until the last day of the posts is not over."""
    span = recorded.span(folder)
    return max(0, (today - span[1]).days - 2) if span else 0


def _models(every: list[Item]) -> list[Item]:
    """Return the most downloaded models of the tasks, and those that they were made from."""
    listed = [model for model in every if set(TASKS) & {model.get("pipeline_tag"), *model["tags"]}]
    first = sorted(listed, key=lambda model: -model["downloads"])[:MODELS]
    named = {tag.split(":")[-1] for model in first for tag in model["tags"] if "base_model" in tag}
    chosen = named | {model["id"] for model in first}
    return [model for model in every if model["id"] in chosen]


def _cut_posts(sample: Path, into: Path) -> None:
    """Keep the posts of the largest themes of the days, and as many posts without a theme."""
    with THEMES.open(encoding="utf-8", newline="") as file:
        themes = {row["url"]: row["theme"] for row in csv.DictReader(file)}
    posts = [
        (themes.get(page(item), "none"), page(item), name, item)
        for name, (page, day) in POST_FILES.items()
        for item in _lines(sample / name)
        if day(item) in DAYS
    ]
    sizes = Counter(theme for theme, *_ in posts)
    posts.sort(key=lambda post: (post[0] == "none", -sizes[post[0]], post[0], post[1]))
    chosen = {page for _, page, *_ in posts[:POSTS]}
    for name in POST_FILES:
        kept = [item for _, page, where, item in posts if where == name and page in chosen]
        _write(into / name, kept)


def _day(seconds: float) -> str:
    return str(datetime.fromtimestamp(seconds, UTC).date())


def _lines(path: Path) -> list[Item]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _write(path: Path, items: list[Item]) -> None:
    path.write_text("".join(f"{json.dumps(item)}\n" for item in items), encoding="utf-8")

"""Texts whose groups are known, and how far found groups are the known ones."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from assay.mining.text.clean import clean
from benchmarks.posts.copies import SOURCES

Labels = NDArray[np.int64]
NONE = "none"
OWN = 0.75  # the share of a found group that is of one problem where the group is called right
MOST = 0.6  # the share of a problem's posts that are in one group where the problem is called found


@dataclass(frozen=True)
class Known:
    """Texts with their groups; "none" is no group. places, sources, people: of each post."""

    name: str
    texts: list[str]
    groups: list[str]
    places: list[str] | None = None
    sources: list[str] | None = None
    people: list[str] | None = None

    def only(self, rows: Iterable[int], name: str) -> "Known":
        """Return a part of it."""
        rows = list(rows)
        columns = (self.texts, self.groups, self.places, self.sources, self.people)
        return Known(name, *(c if c is None else [c[row] for row in rows] for c in columns))


@dataclass(frozen=True)
class Found:
    """Groups of posts about one problem: right ones among those found, found ones among the known,
    and both counted by pairs of posts; shares from 0 to 1."""

    groups: int
    right: float
    found: float
    precision: float
    recall: float


def accuracy(true: NDArray, label: NDArray) -> float:
    """Return the share of items in their group under the best matching of clusters to groups."""
    _, rows = np.unique(true, return_inverse=True)
    _, columns = np.unique(label, return_inverse=True)
    together = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(together, (rows, columns), 1)
    return float(together[linear_sum_assignment(-together)].sum() / len(true))


SCORES: dict[str, Callable[[NDArray, NDArray], float]] = {
    "accuracy": accuracy,
    "NMI": normalized_mutual_info_score,
    "ARI": adjusted_rand_score,
}


def issues_found(groups: list[str], label: Labels) -> Found:
    """Compare labels (n,), alone in theirs where a post is in no issue, with the known problems."""
    true = np.array(groups)
    told = true != NONE
    same = (true[:, None] == true) & told[:, None]
    together = label[:, None] == label
    np.fill_diagonal(same, False)
    np.fill_diagonal(together, False)
    both = float((same & together).sum())
    sizes = Counter(label.tolist())
    several = [group for group, size in sizes.items() if size > 1]
    right = [Counter(true[(label == group) & told].tolist()).most_common(1) for group in several]
    good = sum(
        bool(top) and top[0][1] >= OWN * sizes[group]
        for group, top in zip(several, right, strict=True)
    )
    problems = sorted(set(true[told].tolist()))
    seen = sum(_is_found(true == problem, label) for problem in problems)
    return Found(
        len(several),
        good / max(1, len(several)),
        seen / max(1, len(problems)),
        both / max(1.0, float(together.sum())),
        both / max(1.0, float(same.sum())),
    )


def _is_found(mine: NDArray[np.bool_], label: Labels) -> bool:
    group, size = Counter(label[mine].tolist()).most_common(1)[0]
    return size >= max(2, MOST * mine.sum()) and size >= MOST * (label == group).sum()


def read_labelled(path: Path, per_label: int) -> Known:
    """Return the first per_label texts of each label of a file of {text, label}, 0 for all.

    Labels that say that there is none ("oos", "none", null) are no groups.
    """
    texts, groups = [], []
    taken: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            label = row["label"] or NONE
            taken[label] += 1
            if label != "oos" and (not per_label or taken[label] <= per_label):
                texts.append(row["text"])
                groups.append(str(label))
    return Known(path.stem, texts, groups)


def read_problems(path: Path, half: str) -> Known:
    """Return a half of benchmarks/labelled/problems.jsonl, cleaned as the product cleans posts."""
    with path.open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["half"] == half]
    cleaned = [clean(row["source"], row["title"], row["body"]) for row in rows]
    return Known(
        f"problems, half {half}",
        [f"{post.title}\n{post.text}" for post in cleaned],
        [row["problem"] or NONE for row in rows],
        [row["place"].rsplit("/", 1)[-1] for row in rows],
        [row["source"] for row in rows],
        [row["author"] for row in rows],
    )


def read_sample(folder: Path) -> Known:
    """Return the sample's posts that repeat no other, with their hidden themes."""
    with (folder / "posts_themes.csv").open(encoding="utf-8") as lines:
        rows = {(row["source"], row["native_id"]): row for row in csv.DictReader(lines)}
    found: dict[str, tuple[str, str, str, str]] = {}
    for source in SOURCES:
        with (folder / "items" / f"{source}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                item = json.loads(line)
                name, native, body, place = _post(source, item.get("data", item))
                row = rows.get((name, native))
                if row and not row["duplicate_of"]:
                    cleaned = clean(name, item.get("data", item)["title"], body)
                    found[native] = f"{cleaned.title}\n{cleaned.text}", row["theme"], place, name
    texts, groups, places, sources = zip(*found.values(), strict=True)
    return Known("sample", list(texts), list(groups), list(places), list(sources))


def _post(source: str, item: dict) -> tuple[str, str, str | None, str]:
    if source == "github_issues":
        return "github", str(item["id"]), item["body"], item["repository_url"].rsplit("/", 1)[1]
    if source == "stackoverflow_questions":
        return "stackoverflow", str(item["question_id"]), item["body"], " ".join(item["tags"])
    if source == "reddit_posts":
        return "reddit", item["name"], item["selftext"], item["subreddit"]
    return "hackernews", item["objectID"], item.get("story_text"), ""

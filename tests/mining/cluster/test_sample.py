"""What is found of the bundled sample's hidden themes; the themes are only looked at here."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from assay.mining.cluster.cluster import Clusters, cluster
from assay.mining.embed import embed, load_engine
from assay.mining.text.clean import clean

pytestmark = pytest.mark.slow("themes are found better than by k-means alone")

SAMPLE = Path(__file__).parents[3] / "sample"
SOURCES = ("github_issues", "stackoverflow_questions", "reddit_posts", "hackernews_items")


def _read(source: str, item: dict) -> tuple[str, str, str, str | None, str]:
    """Return source, native id, title, body and the place, in words."""
    item = item.get("data", item)
    if source == "github_issues":
        place = item["repository_url"].rsplit("/", 1)[1]
        return "github", str(item["id"]), item["title"], item["body"], place
    if source == "stackoverflow_questions":
        place = " ".join(item["tags"])
        return "stackoverflow", str(item["question_id"]), item["title"], item["body"], place
    if source == "reddit_posts":
        return "reddit", item["name"], item["title"], item["selftext"], item["subreddit"]
    return "hackernews", item["objectID"], item["title"], item.get("story_text"), ""


@pytest.fixture(scope="module")
def sample() -> tuple[list[str], list[str], list[str], np.ndarray]:
    """Return texts, places, keys and true themes of the posts that repeat no other."""
    with (SAMPLE / "posts_themes.csv").open(encoding="utf-8") as lines:
        rows = {(row["source"], row["native_id"]): row for row in csv.DictReader(lines)}
    found = {}
    for source in SOURCES:
        with (SAMPLE / "items" / f"{source}.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                name, native, title, body, place = _read(source, json.loads(line))
                row = rows.get((name, native))
                if row and not row["duplicate_of"]:
                    cleaned = clean(name, title, body)
                    text = f"{cleaned.title}\n{cleaned.text}"
                    found[f"{name} {native}"] = text, place, row["theme"]
    texts, places, themes = zip(*found.values(), strict=True)
    return list(texts), list(places), list(found), np.array(themes)


@pytest.fixture(scope="module")
def vectors(sample, tmp_path_factory) -> np.ndarray:
    return embed(sample[0], load_engine("openvino", tmp_path_factory.mktemp("conversions")))


@pytest.fixture(scope="module")
def found(sample, vectors) -> Clusters:
    texts, _, keys, _ = sample
    return cluster(vectors, texts, keys=keys)


def score(themes: np.ndarray, label: np.ndarray) -> float:
    """Return the adjusted Rand index over the posts that have a theme."""
    themed = themes != "none"
    return adjusted_rand_score(themes[themed], label[themed])


def test_about_as_many_clusters_as_themes_are_found(found):
    assert 17 <= len(found.centroids) <= 24


def test_themes_are_recovered_far_better_than_by_k_means_on_embeddings(sample, vectors, found):
    plain = KMeans(20, n_init=10, random_state=0).fit_predict(vectors)
    assert score(sample[3], found.cluster_id) > score(sample[3], plain) + 0.12
    assert score(sample[3], found.cluster_id) > 0.65


def test_places_and_sources_recover_more(sample, vectors, found):
    texts, places, keys, themes = sample
    sources = [key.split()[0] for key in keys]
    more = cluster(vectors, texts, keys=keys, places=places, sources=sources)
    assert score(themes, more.cluster_id) > score(themes, found.cluster_id)
    assert score(themes, more.cluster_id) > 0.7


def test_flagged_posts_are_mostly_those_without_a_theme(sample, found):
    none = sample[3] == "none"
    assert none[found.is_outlier].mean() > 5 * none.mean()
    assert found.is_outlier[none].mean() > 0.25
    assert found.is_outlier[~none].mean() < 0.04

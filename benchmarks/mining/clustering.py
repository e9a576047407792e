"""Clusters against known answers and against the libraries: quality, then speed and inertia.

    python -m benchmarks.mining.clustering --labelled FOLDER/banking77.jsonl
    python -m benchmarks.mining.clustering --speed-only --points 20000 100000 300000

Quality is the mean (standard deviation) over seeds of accuracy by Hungarian matching, NMI, adjusted
Rand index and V-measure, in percent. Posts of the sample without a theme take part in clustering
and are left out of the scores. Speed is the median of interleaved rounds on clustered points.
"""

import argparse
import csv
import importlib.util
import json
import logging
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, v_measure_score

from assay.mining.cluster.cluster import cluster
from assay.mining.cluster.features import features, neighbour_graph, smooth_on_graph, unit
from assay.mining.cluster.partition import partition
from assay.mining.embed import embed, load_engine
from assay.mining.text.clean import clean
from benchmarks.measure import ROOT
from benchmarks.posts.copies import SOURCES

log = logging.getLogger(__name__)

Labels = NDArray[np.int32]
Contestant = Callable[[int], Labels]
DIMENSIONS = 384


@dataclass(frozen=True)
class Known:
    """Texts with their groups; "none" is no group. places, sources: where each was posted."""

    name: str
    texts: list[str]
    groups: list[str]
    places: list[str] | None = None
    sources: list[str] | None = None


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
    "V": v_measure_score,
}


def read_intents(path: Path, per_intent: int) -> Known:
    """Return the first per_intent texts of each intent, 0 for all."""
    texts, groups = [], []
    taken: dict[str, int] = {}
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            taken[row["label"]] = taken.get(row["label"], 0) + 1
            if not per_intent or taken[row["label"]] <= per_intent:
                texts.append(row["text"])
                groups.append(row["label"])
    return Known(path.stem, texts, groups)


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


def quality(known: Known, encode: Callable[[Sequence[str]], NDArray], seeds: int) -> None:
    """Print the table of one labelled set."""
    themed = np.array(known.groups) != "none"
    true = np.array(known.groups)[themed]
    k = len(set(true))
    print(f"\n{known.name}: {len(known.texts):,} texts, {k} groups")
    print(f"{'':<42}{'clusters':>9}" + "".join(f"{name:>14}" for name in SCORES))
    for name, contestant in _contestants(known, encode, k).items():
        found = [contestant(seed) for seed in range(1 if name.startswith("HDBSCAN") else seeds)]
        sizes = median(len(np.unique(label)) for label in found)
        cells = []
        for score in SCORES.values():
            values = [100 * score(true, label[themed]) for label in found]
            cells.append(f"{np.mean(values):.1f} ({np.std(values):.1f})")
        print(f"{name:<42}{sizes:>9.0f}" + "".join(f"{cell:>14}" for cell in cells), flush=True)


def _contestants(
    known: Known, encode: Callable[[Sequence[str]], NDArray], k: int
) -> dict[str, Contestant]:
    texts = known.texts
    vectors = encode(texts)
    tf_idf = TfidfVectorizer(stop_words="english", min_df=2).fit_transform(texts)
    points = features(vectors, texts)
    graph, _ = neighbour_graph(points)
    smoothed = smooth_on_graph(vectors, neighbour_graph(vectors)[0])
    table: dict[str, Contestant] = {
        "floor: TF-IDF, KMeans, k given": lambda s: KMeans(k, random_state=s).fit_predict(tf_idf),
        "embeddings, MiniBatchKMeans, k given": lambda s: MiniBatchKMeans(
            k, random_state=s
        ).fit_predict(vectors),
        "embeddings, KMeans, k given": lambda s: KMeans(k, random_state=s).fit_predict(vectors),
        "embeddings smoothed, k given": lambda s: partition(smoothed, k, seed=s),
        "with words, not smoothed, k given": lambda s: partition(points, k, seed=s),
        "default, k given": lambda s: partition(smooth_on_graph(points, graph), k, seed=s),
        "default, k by itself": lambda s: cluster(vectors, texts, seed=s).cluster_id,
        "minibatch, the plain rule": lambda s: (
            cluster(vectors, texts, method="minibatch", seed=s).cluster_id
        ),
        "HDBSCAN over UMAP, k by itself": lambda s: (
            cluster(vectors, texts, method="hdbscan", seed=s).cluster_id
        ),
    }
    if known.places:
        table["places, k by itself"] = lambda s: (
            cluster(vectors, texts, seed=s, places=known.places).cluster_id
        )
        table["places and sources, k by itself"] = lambda s: (
            cluster(vectors, texts, seed=s, places=known.places, sources=known.sources).cluster_id
        )
    return table


def clustered_points(n: int, k: int, seed: int = 0) -> NDArray[np.float32]:
    """Return n rows of length 1 around k directions, a third of their variance between groups."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((k, DIMENSIONS), dtype=np.float32)
    noise = rng.standard_normal((n, DIMENSIONS), dtype=np.float32)
    return unit(centres[rng.integers(0, k, n)] + np.float32(1.4) * noise)


def speed(n: int, rounds: int) -> None:
    """Print seconds and inertia of k-means on n points with k = n / 100."""
    k = n // 100
    points = clustered_points(n, k)
    contestants = {"assay": _assay, "MiniBatchKMeans": _minibatch, "KMeans": _kmeans}
    if importlib.util.find_spec("faiss"):
        contestants["faiss, 10 steps"] = _faiss
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    computed: dict[str, list[float]] = {name: [] for name in contestants}
    inertia: dict[str, float] = {}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            started, processor = time.perf_counter(), time.process_time()
            inertia[name] = contestant(points, k)
            seconds[name].append(time.perf_counter() - started)
            computed[name].append(time.process_time() - processor)
            log.info("%s: %.1f s, %.1f s of processor", name, seconds[name][-1], computed[name][-1])
    print(f"\n{n:,} points, {DIMENSIONS} dimensions, k = {k:,}, median of {rounds}")
    for name in contestants:
        ratio = median(seconds[name]) / median(seconds["assay"])
        print(
            f"{name:<20}{median(seconds[name]):>8.1f} s{ratio:>8.2f} x"
            f"{median(computed[name]):>8.1f} s of processor   inertia"
            f"{inertia[name]:>12,.0f}{inertia[name] / inertia['assay']:>8.3f} x"
        )


def _assay(points: NDArray[np.float32], k: int) -> float:
    return _inertia(points, partition(points, k))


def _minibatch(points: NDArray[np.float32], k: int) -> float:
    return _inertia(points, MiniBatchKMeans(k, random_state=0).fit_predict(points))


def _kmeans(points: NDArray[np.float32], k: int) -> float:
    return _inertia(points, KMeans(k, random_state=0).fit_predict(points))


def _inertia(points: NDArray[np.float32], label: NDArray) -> float:
    """Return the sum of squared distances to the means of the groups."""
    n, k = len(points), int(label.max()) + 1
    sums = sp.csr_matrix((np.ones(n), (label, np.arange(n))), shape=(k, n)) @ points
    sizes = np.maximum(np.bincount(label, minlength=k), 1)
    return float((points.astype(np.float64) ** 2).sum() - ((sums**2).sum(1) / sizes).sum())


def _faiss(points: NDArray[np.float32], k: int) -> float:
    import faiss  # noqa: PLC0415 - a peer, not a dependency

    peer = faiss.Kmeans(points.shape[1], k, niter=10, seed=1)
    peer.train(points)
    return float(peer.index.search(points, 1)[0].sum())


def _encoder(folder: Path) -> Callable[[Sequence[str]], NDArray]:
    engine = load_engine("auto", folder)
    return lambda texts: embed(list(texts), engine)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labelled", type=Path, help="banking77.jsonl; else the sample only")
    parser.add_argument("--per-intent", type=int, default=0, help="texts of each intent, 0 for all")
    parser.add_argument("--points", type=int, nargs="*", default=[20_000])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--speed-only", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    if not arguments.speed_only:
        with tempfile.TemporaryDirectory() as folder:
            encode = _encoder(Path(folder))
            quality(read_sample(ROOT / "sample"), encode, arguments.seeds)
            if arguments.labelled:
                known = read_intents(arguments.labelled, arguments.per_intent)
                quality(known, encode, arguments.seeds)
    for n in arguments.points:
        speed(n, arguments.rounds)


if __name__ == "__main__":
    main()

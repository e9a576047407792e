"""How well posts are grouped, on texts whose groups are known, with the usual ways beside it.

    make evaluate                         # every labelled set at hand, part by part
    make evaluate LABELLED=FILE.jsonl     # your own: a line {"text": ..., "label": ...} each

Scores are the mean (standard deviation) over seeds in percent: accuracy under the best matching of
clusters to labels, normalized mutual information and the adjusted Rand index. Without a file a set
is cut by its labels into two halves; what was chosen was chosen on half a, and half b is printed.
"""

import argparse
import hashlib
import logging
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.feature_extraction.text import TfidfVectorizer

from assay.mining.cluster import cluster as clustering
from assay.mining.cluster import features
from assay.mining.cluster.cluster import Clusters, cluster
from assay.mining.cluster.reports import Posts, group_reports
from assay.mining.embed import embed, load_engine
from benchmarks.measure import ROOT
from benchmarks.mining.labelled import (
    NONE,
    SCORES,
    Found,
    Known,
    Labels,
    issues_found,
    read_labelled,
    read_problems,
    read_sample,
)

LABELLED = ROOT.parent / "shared" / "labelled"
PROBLEMS = ROOT / "benchmarks" / "labelled" / "problems.jsonl"
PER_LABEL = 60  # texts of a label in the table of all sets, which is minutes instead of an hour
Contestant = Callable[[int], Labels]
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def labels_of(found: Clusters) -> Labels:
    """Return the cluster of each item, and of what fits nowhere one of its own."""
    own = len(found.centroids) + np.arange(len(found.cluster_id))
    return np.where(found.is_outlier, own, found.cluster_id).astype(np.int64)


def as_posts(known: Known, vectors: NDArray[np.float32]) -> Posts:
    """Return the texts as posts that all tell of problems, each by another person if unknown."""
    n = len(vectors)
    digests = [hashlib.sha256(text.encode()).hexdigest() for text in known.texts]
    keys = [f"{digest}{row:07}" for row, digest in enumerate(digests)]
    sources = known.sources or [""] * n
    return Posts(
        keys,
        vectors,
        sources,
        [[name] for name in known.people or keys],
        np.ones(n, bool),
        np.zeros(n, bool),
    )


def peers(known: Known, vectors: NDArray[np.float32], k: int) -> dict[str, Contestant]:
    """Return the usual ways, the number of groups given where they ask for it."""
    words = TfidfVectorizer(stop_words="english", min_df=2).fit_transform(known.texts)
    plain = {"places": None, "sources": None}
    return {
        "TF-IDF, KMeans": lambda s: KMeans(k, random_state=s).fit_predict(words),
        "embeddings, MiniBatchKMeans": lambda s: MiniBatchKMeans(k, random_state=s).fit_predict(
            vectors
        ),
        "embeddings, KMeans, 10 starts": lambda s: KMeans(k, n_init=10, random_state=s).fit_predict(
            vectors
        ),
        "embeddings, UMAP and HDBSCAN (BERTopic's recipe)": lambda s: labels_of(
            cluster(vectors, known.texts, method="hdbscan", seed=s, **plain)
        ),
    }


def ours(known: Known, vectors: NDArray[np.float32], k: int) -> dict[str, Contestant]:
    """Return what the product does: topics, the number given and by itself, and issues."""
    more = {"places": known.places, "sources": known.sources}

    def topics(seed: int, number: int | None) -> Labels:
        found = cluster(vectors, known.texts, seed=seed, number=number, **more)
        return found.cluster_id.astype(np.int64)

    return {
        "topics, k given": lambda s: topics(s, k),
        "topics, k by itself": lambda s: topics(s, None),
        "issues, by themselves": lambda _: labels_of(group_reports(as_posts(known, vectors))),
    }


def ablations(known: Known, vectors: NDArray[np.float32], k: int) -> dict[str, Contestant]:
    """Return the topics, k given, without one part each."""
    whole = ours(known, vectors, k)["topics, k given"]

    def without(name: str, module: object, value: object) -> Contestant:
        def contestant(seed: int) -> Labels:
            with patch.object(module, name, value):
                return whole(seed)

        return contestant

    return {
        "without words": without("word_vectors", clustering, lambda *_: None),
        "without smoothing": without("SMOOTHING_STEPS", features, 0),
        "without spherical steps": without("spherical_steps", clustering, lambda _, label: label),
        "words as if embeddings were certain": without("_certainty", clustering, lambda *_: 1.0),
    }


def evaluate(
    known: Known, encode: Encode, seeds: int, *, parts: bool, console: Console
) -> dict[str, dict[str, float]]:
    """Print the table of one labelled set; return its means by contestant and score."""
    labelled = np.array(known.groups) != NONE
    true = np.array(known.groups)[labelled]
    k = len(set(true.tolist()))
    vectors = encode(known.texts)
    table = Table(
        title=f"{known.name}: {len(known.texts):,} texts, {k} labels", title_justify="left"
    )
    for heading in ("", "groups", *SCORES):
        table.add_column(heading, justify="left" if not heading else "right")
    means = {}
    contestants = peers(known, vectors, k) | ours(known, vectors, k)
    for name, contestant in (contestants | (ablations(known, vectors, k) if parts else {})).items():
        try:
            found = [contestant(seed) for seed in range(_seeds(name, seeds))]
        except ImportError as error:
            table.add_row(name, str(error).splitlines()[0], *[""] * len(SCORES))
            continue
        scores = {
            score: [100 * of(true, label[labelled]) for label in found]
            for score, of in SCORES.items()
        }
        means[name] = {score: float(np.mean(values)) for score, values in scores.items()}
        cells = [f"{np.mean(values):.1f} ({np.std(values):.1f})" for values in scores.values()]
        groups = median(len(np.unique(label)) for label in found)
        table.add_row(name, f"{groups:.0f}", *cells)
    console.print(table)
    return means


def _seeds(name: str, seeds: int) -> int:
    """Issues have no seed, and UMAP takes minutes."""
    return 1 if name.startswith("issues") or "UMAP" in name else seeds


def evaluate_issues(encode: Encode, console: Console) -> Found:
    """Print how far issues are the problems of the labelled posts; return half b's."""
    table = Table(title="issues: reports of one problem among near misses", title_justify="left")
    for heading in ("", "issues", "right", "problems found", "pairs: precision", "recall", "F"):
        table.add_column(heading, justify="left" if not heading else "right")
    last = Found(0, 0, 0, 0, 0)
    for half in ("a", "b"):
        known = read_problems(PROBLEMS, half)
        vectors = encode(known.texts)
        ways: dict[str, Callable[[], Clusters]] = {
            "topics as issues": lambda known=known, vectors=vectors: cluster(
                vectors, known.texts, places=known.places, sources=known.sources
            ),
            "issues": lambda known=known, vectors=vectors: group_reports(as_posts(known, vectors)),
        }
        for name, way in ways.items():
            last = issues_found(known.groups, labels_of(way()))
            f = 2 * last.precision * last.recall / max(1e-9, last.precision + last.recall)
            shares = (last.right, last.found, last.precision, last.recall, f)
            table.add_row(f"half {half}, {name}", str(last.groups), *(f"{x:.0%}" for x in shares))
    console.print(table)
    return last


def half_b(known: Known) -> Known:
    """Return the texts of every second label, in the order of the labels."""
    second = set(sorted(set(known.groups))[1::2])
    rows = (row for row, group in enumerate(known.groups) if group in second)
    return known.only(rows, f"{known.name}, half b")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the tables; return 2 where the file cannot be read."""
    parser = argparse.ArgumentParser(
        prog="make evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--labelled", type=Path, help="your own file; else the sets at hand")
    parser.add_argument(
        "--per-label",
        type=int,
        help=f"texts of each label; 0 for all (default {PER_LABEL}; all of your own)",
    )
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.WARNING)
    console = Console(width=120)
    with tempfile.TemporaryDirectory() as folder:
        engine = load_engine("auto", Path(folder))

        def encode(texts: Sequence[str]) -> NDArray[np.float32]:
            return embed(list(texts), engine)

        if args.labelled:
            try:
                known = read_labelled(args.labelled, args.per_label or 0)
            except (OSError, ValueError, KeyError, TypeError) as error:
                sys.stderr.write(
                    f"make evaluate: {args.labelled}: {error!r}: a line of it should be "
                    '{"text": "...", "label": "..."}\n'
                )
                return 2
            evaluate(known, encode, args.seeds, parts=False, console=console)
            return 0
        per_label = PER_LABEL if args.per_label is None else args.per_label
        evaluate_issues(encode, console)
        evaluate(read_sample(ROOT / "sample"), encode, args.seeds, parts=True, console=console)
        for name in ("banking77", "clinc150"):
            if (path := LABELLED / f"{name}.jsonl").exists():
                known = half_b(read_labelled(path, per_label))
                evaluate(known, encode, args.seeds, parts=True, console=console)
    return 0


if __name__ == "__main__":
    sys.exit(main())

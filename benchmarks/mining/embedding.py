"""How fast and how near each embedding engine is, sentence-transformers as it comes beside them.

    python -m benchmarks.mining.embedding [--threads 2] [--repeats 5] [--labelled FILE]
                                          [--conversions DIR]

Everything is measured in one process and in turns, so that a busy machine slows all alike: a ratio
is the median over the repeats of the peer's time over the engine's in the same repeat.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import normalized_mutual_info_score

from assay.mining.embed import ENGINES, Engine, embed, load_engine
from assay.mining.embed.model import DIMENSION, minilm
from assay.mining.embed.openvino_engine import OpenVino
from assay.mining.embed.tokens import Pieces
from benchmarks.measure import ROOT
from benchmarks.posts.copies import read_posts

SEED = 20261109
PEER = "sentence-transformers"
FEWER_BITS = "openvino, no bfloat16"
KINDS = ("titles", "200 words")
LABELLED = ROOT.parent / "shared" / "labelled" / "banking77.jsonl"
LAYERS = 6
SEEDS = 20  # of k-means: one alone is half a point more or less
PEAK_SIZE = 2048  # of the float32 matrices whose product is taken as the machine's peak
LOAD = """
import sys, time
started = time.perf_counter()
from pathlib import Path
from assay.mining.embed import embed, load_engine
embed(["a text"], load_engine(sys.argv[1], Path(sys.argv[2]), threads=int(sys.argv[3])))
print(time.perf_counter() - started)
"""

Times = dict[tuple[str, str], list[tuple[float, float]]]  # by contestant and kind: wall and CPU


def texts_of(kind: str, count: int) -> list[str]:
    """Return texts of the sample's posts with one word in ten taken from elsewhere."""
    chance = random.Random(f"{SEED} {kind}")
    posts = read_posts(ROOT / "sample" / "items")
    words = " ".join(f"{post.title} {post.text}" for post in posts).split()
    titles = [post.title for post in posts if 8 <= len(post.title.split()) <= 12]

    def edited(text: list[str]) -> str:
        return " ".join(chance.choice(words) if chance.random() < 0.1 else word for word in text)

    if kind == "titles":
        return [edited(chance.choice(titles).split()) for _ in range(count)]
    starts = [chance.randrange(len(words) - 200) for _ in range(count)]
    return [edited(words[start : start + 200]) for start in starts]


def operations(texts: list[str]) -> float:
    """Return the floating-point operations (2 per multiply-add) that the products of the model
    need for the texts, without padding, the norms and the softmax."""
    found = 0
    for ids in Pieces(minilm().folder).of(texts):
        pieces = len(ids)
        weights = DIMENSION * DIMENSION * (3 + 1 + 4 + 4)  # qkv, out, up, down
        attention = 2 * pieces * DIMENSION  # scores, and the mean they weigh
        found += LAYERS * 2 * pieces * (weights + attention)
    return float(found)


def peak() -> float:
    """Return the operations per second of one float32 matrix product on torch's threads."""
    left, right = torch.rand(PEAK_SIZE, PEAK_SIZE), torch.rand(PEAK_SIZE, PEAK_SIZE)
    left @ right
    started = time.perf_counter()
    left @ right
    return 2 * PEAK_SIZE**3 / (time.perf_counter() - started)


def contestants(conversions: Path, threads: int) -> dict[str, Callable[[list[str]], np.ndarray]]:
    """Return what takes texts to vectors, by name, the peer first."""
    engines: dict[str, Engine] = {
        name: load_engine(name, conversions, threads=threads) for name in ENGINES
    }
    engines[FEWER_BITS] = OpenVino(minilm(), conversions, threads=threads, bfloat16=False)
    transformer = engines.pop("torch").transformer  # type: ignore[attr-defined]
    found: dict[str, Callable[[list[str]], np.ndarray]] = {
        PEER: lambda texts: transformer.encode(texts, show_progress_bar=False)
    }
    for name, engine in engines.items():
        found[name] = lambda texts, engine=engine: embed(texts, engine, report=lambda _: None)
    return found


def race(
    runners: dict[str, Callable[[list[str]], np.ndarray]], texts: dict[str, list[str]], repeats: int
) -> tuple[Times, dict[str, list[float]]]:
    """Run everybody in turns; return the times, and the peak measured in each turn."""
    times: Times = {(name, kind): [] for name in runners for kind in texts}
    peaks: dict[str, list[float]] = {kind: [] for kind in texts}
    for _ in range(repeats):
        for kind, some in texts.items():
            peaks[kind].append(peak())
            for name, run in runners.items():
                wall, processor = time.perf_counter(), time.process_time()
                run(some)
                wall, processor = time.perf_counter() - wall, time.process_time() - processor
                times[name, kind].append((wall, processor))
    return times, peaks


def load_seconds(name: str, conversions: Path, threads: int) -> float:
    """Return the time from nothing imported to the first vector, median of three processes."""
    command = [sys.executable, "-c", LOAD, name, str(conversions), str(threads)]
    runs = [subprocess.run(command, cwd=ROOT, check=True, capture_output=True) for _ in range(3)]
    return median(float(run.stdout.split()[-1]) for run in runs)


def information(vectors: np.ndarray, labels: list[str], seeds: int = SEEDS) -> float:
    """Return the mean NMI, in percent, of k-means over the seeds."""
    kinds = len(set(labels))
    found = [
        normalized_mutual_info_score(
            labels, KMeans(kinds, n_init=1, random_state=seed).fit_predict(vectors)
        )
        for seed in range(seeds)
    ]
    return 100 * float(np.mean(found))


def show_speed(
    runners: dict[str, Callable[[list[str]], np.ndarray]],
    texts: dict[str, list[str]],
    times: Times,
    peaks: dict[str, list[float]],
) -> None:
    """Print the table of speed and nearness, one row per contestant and kind."""
    print(f"{'':<24}{'items/s':>9}{'ratio':>8}{'CPU ratio':>11}{'of peak':>9}", end="")
    print(f"{'mean cos':>11}{'min cos':>10}")
    for kind, some in texts.items():
        print(kind)
        reference = runners[PEER](some)
        for name, run in runners.items():
            pairs = list(zip(times[PEER, kind], times[name, kind], strict=True))
            ratio, processor = (
                median(theirs[clock] / ours[clock] for theirs, ours in pairs) for clock in (0, 1)
            )
            walls = [wall for wall, _ in times[name, kind]]
            shares = [operations(some) / wall for wall in walls]
            share = median(pace / top for pace, top in zip(shares, peaks[kind], strict=True))
            cosines = (run(some) * reference).sum(1)
            print(f"  {name:<22}{len(some) / median(walls):>9,.0f}{ratio:>8.2f}", end="")
            print(f"{processor:>11.2f}{share:>9.0%}{cosines.mean():>11.6f}{cosines.min():>10.5f}")


def show_information(runners: dict[str, Callable[[list[str]], np.ndarray]], labelled: Path) -> None:
    """Print the NMI of k-means on a labelled set's test split for each contestant."""
    with labelled.open(encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["split"] == "test"]
    texts, labels = [row["text"] for row in rows], [row["label"] for row in rows]
    print(f"\nNMI of k-means with {len(set(labels))} centres, {len(texts):,} texts, {SEEDS} seeds")
    for name, run in runners.items():
        print(f"  {name:<22}{information(run(texts), labels):>9.2f}")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--titles", type=int, default=512, help="how many short titles")
    parser.add_argument("--long", type=int, default=64, help="how many texts of 200 words")
    parser.add_argument("--labelled", type=Path, default=LABELLED)
    parser.add_argument("--conversions", type=Path, help="default: a new folder")
    asked = parser.parse_args()
    os.environ["RAYON_NUM_THREADS"] = str(asked.threads)  # of everybody's tokenizer
    with tempfile.TemporaryDirectory() as folder:
        conversions = asked.conversions or Path(folder)
        runners = contestants(conversions, asked.threads)
        texts = dict(zip(KINDS, map(texts_of, KINDS, (asked.titles, asked.long)), strict=True))
        print(f"{asked.threads} threads, medians of {asked.repeats} repeats in turns")
        for some in texts.values():
            for run in runners.values():
                run(some)
        times, peaks = race(runners, texts, asked.repeats)
        show_speed(runners, texts, times, peaks)
        top = median(value for kind in peaks.values() for value in kind)
        print(f"\npeak: a float32 product of {PEAK_SIZE} x {PEAK_SIZE}, {top / 1e9:,.0f} GFLOP/s")
        print("seconds from nothing imported to the first vector, conversion made before")
        for name in ENGINES:
            print(f"  {name:<22}{load_seconds(name, conversions, asked.threads):>9.2f}")
        if asked.labelled.is_file():
            show_information(runners, asked.labelled)


if __name__ == "__main__":
    main()

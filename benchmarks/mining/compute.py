"""Vectors of posts by one process, two processes, Daft, and Daft on a Ray cluster of this machine.

    python -m benchmarks.mining.compute [--texts 20000] [--only NAME ...]

All take the same posts, read whole, to vectors in a cache of their own: SQLite's for plain
processes, a lake's table for Daft. One process has all cores, two workers have one each. Measured
is everything from the start of a contestant's process to its end, what it starts included: engines
are loaded, a cluster is brought up and down. In the last two, a worker is killed by SIGKILL when a
quarter of the blocks is there.

processor: seconds of all processes; more, times: than one process; peak MB: of all its processes at
once; twice: texts that its cache has more than once.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import random
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import duckdb
import numpy as np
import psutil

from assay.dbt.lake_cache import TABLE, LakeCache
from assay.mining.compute import compute_blocks
from assay.mining.compute.worker import CONVERSIONS
from assay.mining.embed import BATCH, Cache, EmbeddingCache, embed_whole, load_engine
from assay.mining.embed.engine import embed_here
from assay.warehouse import lake
from benchmarks.measure import ROOT
from benchmarks.posts.copies import read_posts

SEED = 20261129
WORKERS = 2
LOOK_SECONDS = 0.1  # between two looks at what a contestant's processes have used
BLOCKS = 20  # at least, so that a worker can be killed among them
RAY = "local"  # ray.init starts a cluster of this machine, and ends it with its process
KILLED = ("daft.execution.udf_worker", "ray::UDFActor")
PACKAGES: dict[str, tuple[str, ...]] = {
    "one process": (),
    "two processes": (),
    "Daft": ("daft",),
    "Daft on Ray": ("daft", "ray"),
}
PACKAGES |= {f"{name}, a worker killed": PACKAGES[name] for name in ("Daft", "Daft on Ray")}
HEADINGS = (
    *("posts/s", "seconds", "processor", "more", "times"),
    *("peak MB", "same bits", "cached", "twice"),
)


@dataclass(frozen=True)
class Found:
    """What a contestant needed and made. processor: seconds. memory: MB of all processes at once,
    at most. rows, hashes: in its cache."""

    seconds: float
    processor: float
    memory: float
    vectors: str
    rows: int
    hashes: int


def posts(count: int) -> list[str]:
    """Return the sample's posts, title and text, with one word in ten taken from elsewhere."""
    chance = random.Random(SEED)
    originals = read_posts(ROOT / "sample" / "items")
    words = " ".join(f"{post.title} {post.text}" for post in originals).split()

    def edited(text: str) -> str:
        kept = [chance.choice(words) if chance.random() < 0.1 else one for one in text.split()]
        return " ".join(kept)

    chosen = (chance.choice(originals) for _ in range(count))
    return [f"{edited(post.title)}\n{edited(post.text)}" for post in chosen]


def size_of(texts: int) -> int:
    """Return how many texts a block has: a build's number, or fewer where that were few blocks."""
    return max(1, min(BATCH, texts // BLOCKS))


def in_file(folder: Path, texts: list[str], threads: int | None) -> np.ndarray:
    """Compute in this process, with the cache of a data folder."""
    engine = load_engine("openvino", folder.parent, threads=threads)
    cache = EmbeddingCache(
        folder / "cache.sqlite", engine.model_id, engine.precision, engine.dimension
    )
    return embed_whole(texts, engine, cache, report=_silent, compute=embed_here)[0]


def in_two(folder: Path, texts: list[str]) -> np.ndarray:
    """Compute halves in two processes, which share the cache."""
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        parts = [pool.submit(_part, folder, texts[at::WORKERS]) for at in range(WORKERS)]
        found = [part.result() for part in parts]
    vectors = np.empty((len(texts), found[0].shape[1]), np.float32)
    for at, part in enumerate(found):
        vectors[at::WORKERS] = part
    return vectors


def _part(folder: Path, texts: list[str]) -> np.ndarray:
    os.environ["RAYON_NUM_THREADS"] = "1"
    return in_file(folder, texts, 1)


def in_lake(folder: Path, texts: list[str], address: str) -> np.ndarray:
    """Have Daft compute, with the cache of a lake."""
    from assay.mining.compute import on_daft  # noqa: PLC0415 - where it is installed

    if address:
        import ray  # noqa: PLC0415 - likewise

        ray.init(address=address)  # here: what a thread started would end with it
    engine = load_engine("openvino", folder.parent)
    run = partial(on_daft.run, workers=WORKERS, address=address)
    compute = partial(compute_blocks, folder=folder / "blocks", run=run, size=size_of(len(texts)))
    with _lake(folder) as connection:
        cache: Cache = LakeCache(connection, engine.model_id, engine.precision, engine.dimension)
        return embed_whole(texts, engine, cache, report=_silent, compute=compute)[0]


def be(name: str, folder: Path) -> None:
    """Be a contestant: read the posts, leave the hash of their vectors."""
    texts = json.loads((folder.parent / "posts.json").read_text(encoding="utf-8"))
    if name == "one process":
        vectors = in_file(folder, texts, None)
    elif name == "two processes":
        vectors = in_two(folder, texts)
    else:
        vectors = in_lake(folder, texts, RAY if "Ray" in name else "")
    (folder / "vectors.txt").write_text(hashlib.sha256(vectors.tobytes()).hexdigest())


def run(name: str, folder: Path, blocks: int) -> Found:
    """Run a contestant in a process of its own, with all that it starts."""
    conversions = folder / "blocks" / CONVERSIONS
    conversions.mkdir(parents=True)
    for weights in folder.parent.glob("*.bin"):
        shutil.copy(weights, conversions)
    command = [sys.executable, "-m", "benchmarks.mining.compute", "--be", name, str(folder)]
    kill_at = blocks // 4 if name.endswith("killed") else None
    used: dict[int, float] = {}
    memory, started = 0.0, time.monotonic()
    with (folder / "log").open("wb") as log:
        # Without a token of its own Ray would leave one in the home folder.
        quiet = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
        quiet |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=quiet)
        while process.poll() is None:
            there = _below(process.pid)
            used |= {pid: seconds for pid, seconds, _ in there}
            memory = max(memory, sum(size for _, _, size in there) / 1e6)
            if kill_at and len([*folder.rglob("*.vectors.parquet")]) >= kill_at:
                kill_at = None if _kill_one(process.pid) else kill_at
            time.sleep(LOOK_SECONDS)
    if process.returncode or kill_at:
        raise SystemExit(f"{name}: exit code {process.returncode}\n{(folder / 'log').read_text()}")
    seconds = time.monotonic() - started
    made = (folder / "vectors.txt").read_text()
    return Found(seconds, sum(used.values()), memory, made, *_counted(folder))


def _below(pid: int) -> list[tuple[int, float, int]]:
    """Return (pid, processor seconds, resident bytes) of a process and all that it started."""
    found = []
    try:
        for one in (top := psutil.Process(pid), *top.children(recursive=True)):
            with one.oneshot():
                times = one.cpu_times()
                found.append((one.pid, times.user + times.system, one.memory_info().rss))
    except psutil.Error:
        pass  # it ended meanwhile; what it had used is known from the last look
    return found


def _kill_one(pid: int) -> bool:
    for one in psutil.Process(pid).children(recursive=True):
        try:
            if any(part in " ".join(one.cmdline()) for part in KILLED):
                one.kill()
                return True
        except psutil.Error:
            continue
    return False


def _counted(folder: Path) -> tuple[int, int]:
    """Return how many rows and how many different hashes a contestant's cache has."""
    counted = "select count(*), count(distinct text_hash) from "
    if (folder / "cache.sqlite").exists():
        with closing(sqlite3.connect(folder / "cache.sqlite")) as cache:
            return cache.execute(f"{counted} vectors").fetchone()
    with _lake(folder) as connection:
        return connection.execute(f"{counted} {TABLE}").fetchall()[0]


def _lake(folder: Path) -> duckdb.DuckDBPyConnection:
    os.environ |= {
        "ASSAY_TARGET": lake.TARGET,
        lake.CATALOG: str(folder / "lake.sqlite"),
        lake.DATA: str(folder / "files"),
    }
    connection = duckdb.connect()
    lake.attach(connection, lake.lake(ROOT))
    return connection.execute(f"use {lake.NAME}")


def _silent(_: str) -> None:
    """Say nothing."""


def row(name: str, *cells: str) -> str:
    """Return a line of the table."""
    return f"  {name:<29}" + "".join(f"{cell:>11}" for cell in cells)


def told(found: Found, first: Found, texts: int) -> tuple[str, ...]:
    """Return the cells of HEADINGS. first: what one process needed and made."""
    return (
        f"{texts / found.seconds:,.1f}",
        f"{found.seconds:,.1f}",
        f"{found.processor:,.1f}",
        f"{found.processor - first.processor:+,.1f}",
        f"{found.processor / first.processor:.2f}",
        f"{found.memory:,.0f}",
        "yes" if found.vectors == first.vectors else "NO",
        f"{found.rows:,}",
        f"{found.rows - found.hashes:,}",
    )


def main() -> None:
    """Run all contestants and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--only", nargs="+", choices=PACKAGES, default=[*PACKAGES], metavar="NAME")
    parser.add_argument("--be", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.be:
        be(asked.be[0], Path(asked.be[1]))
        return
    texts = posts(asked.texts)
    size = size_of(len(texts))
    with tempfile.TemporaryDirectory(prefix="compute-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        (folder / "posts.json").write_text(json.dumps(texts), encoding="utf-8")
        load_engine("openvino", folder)  # weights are converted once, before
        print(f"{len(texts):,} posts, blocks of {size:,}, {WORKERS} workers")
        print(row("", *HEADINGS), flush=True)
        first = None
        for name in ["one process", *(one for one in asked.only if one != "one process")]:
            lacking = [one for one in PACKAGES[name] if importlib.util.find_spec(one) is None]
            if lacking:
                print(row(name, f"  left out: pip install 'assay[{lacking[0]}]'"))
                continue
            found = run(name, folder / name.replace(" ", "-"), len(texts) // size)
            first = first or found
            print(row(name, *told(found, first, len(texts))), flush=True)


if __name__ == "__main__":
    main()

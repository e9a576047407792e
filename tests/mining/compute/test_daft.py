"""The real Daft: the same vectors bit for bit, and each once, whoever is killed."""

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import psutil
import pytest

from assay.dbt.lake_cache import TABLE
from assay.mining.embed import embed_whole, open_cached
from assay.warehouse import lake
from tests.mining.compute.building import TEXTS
from tests.ray_cluster import cluster
from tests.servers import ends_with_test, until
from tests.support import ROOT

BUILD = [sys.executable, "-m", "tests.mining.compute.building"]
ON_DAFT, ON_RAY = "daft.execution.udf_worker", "ray::UDFActor"


def need(package: str) -> None:
    there = importlib.util.find_spec(package)
    assert there, f"this test runs {package} itself: pip install 'assay[{package}]'"


class Building:
    """A build in a folder, whose vectors two workers compute."""

    def __init__(self, folder: Path, log: Path, **more: str) -> None:
        need("daft")
        self.data = folder / "data"
        self._log = log
        settings = {"COMPUTE": "daft", "COMPUTE_WORKERS": "2", "ASSAY_DATA_DIR": str(self.data)}
        kept = {name: value for name, value in os.environ.items() if name != "ASSAY_TARGET"}
        with log.open("ab") as said:
            self.process = ends_with_test(
                subprocess.Popen(
                    BUILD, cwd=ROOT, env=kept | settings | more, stdout=said, stderr=said
                )
            )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def has_vectors(self, folder: Path | None = None) -> bool:
        """Tell whether a block was computed, and not all of them; the end is waited for else."""
        assert self.process.poll() is None, self.said
        files = [path.name for path in (folder or self.data).rglob("*.vectors.parquet")]
        return bool(files)

    def workers(self, name: str) -> list[psutil.Process]:
        """Return the processes that compute."""
        below = psutil.process_iter() if name == ON_RAY else self.below()
        return [one for one in below if name in command(one)]

    def below(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def ended(self) -> np.ndarray:
        """Wait for the good end; return the vectors."""
        assert self.process.wait(600) == 0, self.said
        return np.load(self.data / "vectors.npy")


def command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def counts(folder: Path) -> tuple[int, int]:
    """Return how many rows and how many different texts the cache of a lake has."""
    with duckdb.connect() as connection:
        lake.attach(connection, lake.lake(folder))
        sql = f"select count(*), count(distinct text_hash) from {lake.NAME}.{TABLE}"
        return connection.execute(sql).fetchall()[0]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[np.ndarray, int]]:
    """Return the vectors of one process without Daft, and how many texts its cache then has."""
    engine, cache = open_cached(tmp_path_factory.mktemp("plain"))
    vectors, _ = embed_whole(TEXTS, engine, cache)
    yield vectors, len(cache)
    cache.close()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return the settings of a lake, which this process has too."""
    found = {
        "ASSAY_TARGET": lake.TARGET,
        lake.CATALOG: str(tmp_path / "lake.sqlite"),
        lake.DATA: str(tmp_path / "files"),
    }
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.mark.slow("Daft, which would tell its makers that it is used, does not")
def test_daft_tells_nobody_that_it_is_used() -> None:
    need("daft")
    asked = "from assay.mining.compute import on_daft; from daft import scarf_telemetry as told\n"
    asked += "assert told.opted_out()"
    kept = {name: value for name, value in os.environ.items() if name != "DO_NOT_TRACK"}
    subprocess.run([sys.executable, "-c", asked], cwd=ROOT, env=kept, check=True)


SILENT = """
import sys
from assay.mining.compute import on_daft
from assay.mining.embed import EmbeddingError
on_daft.CONNECT_SECONDS = 3.0
try:
    on_daft._start(sys.argv[1])
except EmbeddingError as error:
    print(error)
"""


@pytest.mark.slow("an address where something else than Ray listens is one line, in bounded time")
def test_an_address_of_something_else_is_one_line_after_a_while() -> None:
    need("ray")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-c", SILENT, address]
        said = subprocess.run(
            command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=300
        ).stdout
    assert said == (
        f"the Ray cluster at {address} is of no use: "
        "it does not answer as Ray does within 3 seconds: check COMPUTE_ADDRESS\n"
    )


@pytest.mark.slow("a worker that is killed costs its block; Daft's vectors are bit for bit ours")
def test_a_killed_worker_costs_its_block_and_no_bit_changes(tmp_path: Path, plain) -> None:
    expected, count = plain
    build = Building(tmp_path, tmp_path / "log")
    until(build.has_vectors)
    build.workers(ON_DAFT)[0].kill()
    assert build.ended().tobytes() == expected.tobytes()
    assert "a worker was lost" in build.said
    _, cache = open_cached(build.data / "embeddings")
    assert len(cache) == count
    cache.close()
    assert not list(build.data.rglob("*.parquet"))


@pytest.mark.slow("what a killed build's workers computed is in the lake's cache once")
def test_a_killed_build_is_made_good_by_the_next_and_the_lake_has_each_hash_once(
    tmp_path: Path, plain, settings: dict[str, str]
) -> None:
    expected, count = plain
    build = Building(tmp_path, tmp_path / "log", **settings)
    until(lambda: build.has_vectors(tmp_path / "files"))
    workers = build.below()
    build.process.kill()
    build.process.wait()
    psutil.wait_procs(workers, 60)  # they end with whom they compute for
    assert not [one for one in workers if one.is_running()]
    again = Building(tmp_path, tmp_path / "log", **settings)
    assert again.ended().tobytes() == expected.tobytes()
    assert "blocks of an earlier run were there" in again.said
    assert counts(tmp_path) == (count, count)
    assert not list((tmp_path / "files" / "compute").rglob("*.parquet"))


@pytest.mark.slow("the same on a Ray cluster, where a worker that is killed is begun again")
def test_on_a_ray_cluster_a_killed_worker_changes_no_bit(
    tmp_path: Path, plain, settings: dict[str, str]
) -> None:
    need("ray")
    expected, count = plain
    with cluster(2) as address:
        build = Building(tmp_path, tmp_path / "log", COMPUTE_ADDRESS=address, **settings)
        until(lambda: build.has_vectors(tmp_path / "files"))
        build.workers(ON_RAY)[0].kill()
        assert build.ended().tobytes() == expected.tobytes()
    assert counts(tmp_path) == (count, count)


@pytest.mark.slow("rows of posts made by Daft's processes are those of one, and in its order")
@pytest.mark.parametrize("where", ["this machine", "ray"])
def test_rows_of_posts_are_those_of_one_process(where: str) -> None:
    need("daft")
    command = [sys.executable, "-m", "tests.mining.compute.rows"]
    if where == "ray":
        need("ray")
        with cluster(2) as address:  # which gives this process the cluster's token
            subprocess.run([*command, address], cwd=ROOT, check=True)
    else:
        subprocess.run(command, cwd=ROOT, check=True)

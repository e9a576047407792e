"""Killed at any moment and run again, enrichment asks for the rest only and ends the same."""

import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from assay import warehouse
from assay.sample.replay import ReplayServer
from tests import forks
from tests.hf.enrichment.workshop import Workshop, files_of, models_of, process_environment
from tests.support import SAMPLE

THREADS = 4
MOMENTS = (
    "answer:1",
    "kept:1",
    "answer:20",
    "answer:57",
    "kept:70",
    "rename:hf_datasets_specific.json",
    "listed:arxiv_articles.json",
    "rename:licenses.json",
    "load",
    "job:2",
    "job:12",
)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[tuple]], Path]:
    """The tables of an undisturbed run, and the run folder of its catalog as it was before."""
    base = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch, ReplayServer(SAMPLE, quota=0) as server:
        workshop = Workshop(base, server.url, patch)
        shutil.copytree(workshop.catalog(models_of(SAMPLE, 200)), base / "catalog")
        assert workshop.run() is None
        return workshop.content(), base / "catalog"


def start(workshop: Workshop, moment: str) -> "subprocess.Popen[str] | forks.Forked":
    command = [
        sys.executable,
        "-m",
        "tests.hf.enrichment.killed_at",
        moment,
        "pipeline",
        "hf_enrichment",
        "run",
        "--destination",
        "duckdb",
    ]
    return forks.start(command, warehouse.ROOT, process_environment(workshop))


@pytest.mark.parametrize(
    "moment",
    [
        MOMENTS[0],
        *(
            pytest.param(moment, marks=pytest.mark.slow("a kill at each moment of hf_enrichment"))
            for moment in MOMENTS[1:]
        ),
    ],
)
def test_a_killed_run_is_made_good_by_the_next_which_asks_for_the_rest_only(
    workshop: Workshop,
    sample_server: ReplayServer,
    undisturbed: tuple[dict[str, list[tuple]], Path],
    moment: str,
) -> None:
    tables, catalog = undisturbed
    workshop.server = sample_server.url
    path = workshop.runs / "2026-01-01_00-00-00_00000000"
    shutil.copytree(catalog, path)
    killed = start(workshop, moment)
    output, _ = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, output
    before = Counter(target for _, target, _ in sample_server.requests)
    assert workshop.run() is None
    assert workshop.content() == tables
    assert len(files_of(path)) == 5
    asked = Counter(target for _, target, _ in sample_server.requests)
    twice = [target for target, count in asked.items() if count > before[target] > 0]
    # What was under way, or had come and was not kept: with each thread, and in the queue.
    most = 2 * THREADS + 2 if moment.startswith(("answer", "kept")) else 0
    assert len(twice) <= 2 * most, twice
    assert max(asked.values()) <= 2


@pytest.mark.slow("a kill of a second run of hf_enrichment")
def test_a_killed_rerun_leaves_the_folder_usable(
    workshop: Workshop,
    sample_server: ReplayServer,
    undisturbed: tuple[dict[str, list[tuple]], Path],
) -> None:
    tables, catalog = undisturbed
    workshop.server = sample_server.url
    path = workshop.runs / "2026-01-01_00-00-00_00000000"
    shutil.copytree(catalog, path)
    assert workshop.run("--identify-only") is None
    killed = start(workshop, "listed:arxiv_articles.json")
    output, _ = killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL, output
    assert workshop.run() is None
    assert workshop.content() == tables

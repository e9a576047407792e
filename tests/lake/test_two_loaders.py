"""Two loaders at once on one lake, as on two machines: rows counted against what was sent."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lake import lakes
from tests.lake.loader import NAMES
from tests.support import ROOT, Project

ROUNDS, ROWS = 10, 500


def started(project: Project, name: str) -> "subprocess.Popen[str]":
    """Start a loader with a data folder of its own, as a machine has it."""
    home = project.folder / name
    home.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "tests.lake.loader", name, str(ROUNDS), str(ROWS)],
        cwd=ROOT,
        env=project.environment | {"ASSAY_DATA_DIR": str(home / "data"), "HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow("no row of two loaders is lost or doubled, round after round")
def test_ten_rounds_of_two_loaders_lose_nothing(tmp_path: Path, postgres_host: str) -> None:
    with lakes.database(postgres_host):
        project = lakes.on_postgres(tmp_path, postgres_host, tmp_path / "files")
        loaders = [started(project, name) for name in NAMES]
        try:
            for _ in range(ROUNDS):
                for loader in loaders:
                    assert loader.stdout.readline() == "ready\n", loader.communicate()[1]
                for loader in loaders:
                    loader.stdin.write("\n")
                    loader.stdin.flush()
            for loader in loaders:
                said, errors = loader.communicate(timeout=600)
                assert (said, loader.returncode) == ("done\n", 0), errors
        finally:
            for loader in loaders:
                loader.kill()
        counted = "count(*), count(distinct {key}) from {table}"
        for table, key, rows in (
            ("bronze.raw_items where source <> 'shared'", "url_hash", ROWS),
            ("bronze.hf_models", "model_id", ROWS),
            ("bronze.hf_datasets where dataset_id not like 'shared%'", "dataset_id", ROWS),
            ("bronze.hf_model_datasets where model_id not like 'shared%'", "model_id", ROWS),
            ("bronze.collected_windows", "run_id", 1),
            ("bronze.hf_task_listings", "run_id", 1),
        ):
            sql = f"select run_id, {counted.format(key=key, table=table)} group by 1 order by 1"
            wanted = sorted((f"{name}-{at}", rows, rows) for name in NAMES for at in range(ROUNDS))
            assert project.rows(sql) == wanted, table
        last = sorted((f"shared-{at}", f"{NAMES[-1]}-{at}") for at in range(ROUNDS))
        for table, key in (
            ("raw_items", "url_hash"),
            ("hf_datasets", "dataset_id"),
            ("hf_model_datasets", "model_id"),
        ):
            sql = f"select {key}, run_id from bronze.{table} where {key} like 'shared%' order by 1"
            assert project.rows(sql) == last, f"{table}: who saw it last, not who wrote last"

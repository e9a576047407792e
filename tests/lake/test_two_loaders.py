"""Two loaders at once on one lake, as on two machines: rows counted against what was sent."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lake import lakes
from tests.lake.loader import NAMES
from tests.support import ROOT, Project

ROUNDS, ROWS = 10, 500
# The rounds in which one of them is killed, after so many seconds, and begins that round again: in
# its posts, in its listing, in what models refer to, or in between.
KILLED = {2: 1.0, 4: 2.5, 6: 4.0, 8: 5.5}


class Loader:
    """A loader with a data folder of its own, as a machine has it."""

    def __init__(self, project: Project, name: str) -> None:
        home = project.folder / name
        home.mkdir()
        self._name = name
        self._environment = project.environment | {
            "ASSAY_DATA_DIR": str(home / "data"),
            "HOME": str(home),
        }
        self._start(0)

    def _start(self, first: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.lake.loader", self._name]
            + [str(number) for number in (first, ROUNDS, ROWS)],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def is_ready(self) -> None:
        """Wait until it has loaded what it was told to."""
        assert self._process.stdout.readline() == "ready\n", self._process.communicate()[1]

    def load(self) -> None:
        """Let it load the next round, and go on meanwhile."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def load_again(self, number: int) -> None:
        """Kill it in a round, and let it load this one from the beginning."""
        self.kill()
        self._process.communicate()
        self._start(number)
        self.is_ready()
        self.load()

    def end(self) -> None:
        """Wait for its good end."""
        said, errors = self._process.communicate(timeout=600)
        assert (said, self._process.returncode) == ("done\n", 0), errors

    def kill(self) -> None:
        """Kill it, with nothing said."""
        self._process.kill()


@pytest.mark.slow("no row of two loaders is lost or doubled, round after round, kills or not")
def test_ten_rounds_of_two_loaders_lose_nothing(tmp_path: Path, postgres_host: str) -> None:
    with lakes.database(postgres_host):
        project = lakes.on_postgres(tmp_path, postgres_host, tmp_path / "files")
        loaders = [Loader(project, name) for name in NAMES]
        try:
            for number in range(ROUNDS):
                for loader in loaders:
                    loader.is_ready()
                for loader in loaders:
                    loader.load()
                if number in KILLED:
                    time.sleep(KILLED[number])
                    loaders[number // 2 % 2].load_again(number)
            for loader in loaders:
                loader.end()
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

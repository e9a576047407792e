"""Killed at any moment and run again, bronze has every post once, as after an undisturbed run."""

import random
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests import forks
from tests.issues.items import days
from tests.support import ROOT, SAMPLE, Project, collecting, under

SEED = 20261109
WEEK = days(13, 15)
FILES = "files=30"  # so that there are several
ANSWERS, WRITTEN, STATEMENTS = 70, 5, 19  # what a run of WEEK has at least of each


def moments() -> list[tuple[str, ...]]:
    """Return 20 moments, drawn anew with another seed, from all phases of a run."""
    drawn = random.Random(SEED)

    def soon() -> str:
        return f"wait={drawn.uniform(0.0005, 0.02):.4f}"

    during = drawn.sample(range(1, STATEMENTS + 1), 9)
    return [
        *((f"die=answer:{number}",) for number in drawn.sample(range(1, ANSWERS), 3)),
        *((f"die=file:{number}",) for number in drawn.sample(range(1, WRITTEN), 2)),
        *((f"die=listed:{number}",) for number in drawn.sample(range(1, WRITTEN), 2)),
        *((f"die=sql:{number}",) for number in during[:4]),
        *((f"die=sql:{number}", soon()) for number in during[4:]),
        *[("die=between",), ("die=between", soon())],
        ("die=extracted",),
        ("die=loaded",),
    ]


@pytest.mark.slow("twenty moments of a kill under the issues pipeline")
def test_wherever_a_run_is_killed_the_next_one_makes_it_good(tmp_path: Path) -> None:
    undisturbed = Project(tmp_path / "undisturbed")
    with ReplayServer(SAMPLE, quota=0) as server:
        undisturbed.collect(SAMPLE, server.url, *WEEK)
        wanted = undisturbed.posts()
        with ThreadPoolExecutor(2) as pool:
            jobs = [
                pool.submit(killed_and_run_again, tmp_path / f"{number}", server.url, moment)
                for number, moment in enumerate(moments())
            ]
            ends = [(job.result(), moment) for job, moment in zip(jobs, moments(), strict=True)]
    assert len(ends) == 20
    for (code, printed, posts), moment in ends:
        assert code == -signal.SIGKILL, f"{moment} never came: the test shows nothing\n{printed}"
        assert posts == wanted, f"{moment}\n{printed}"


def killed_and_run_again(
    folder: Path, server: str, moment: tuple[str, ...]
) -> tuple[int, str, dict[str, list[tuple]]]:
    """Return how the first run ended, what both printed, and the posts after the second."""
    project = Project(folder)
    killed, told = alone(project, server, under(collecting(SAMPLE, *WEEK), FILES, *moment))
    again, told_again = alone(project, server, collecting(SAMPLE, *WEEK))
    assert again == 0, told + told_again
    return killed, told + told_again, project.posts()


def alone(project: Project, server: str, command: list[str]) -> tuple[int, str]:
    """Run a command with paths of its own, so that two projects can run at once.

    Returns its exit code and what it printed.
    """
    (project.folder / "home").mkdir(parents=True, exist_ok=True)
    paths = {
        "HOME": project.folder / "home",
        "ASSAY_DATA_DIR": project.folder / "data",
        "DUCKDB_PATH": project.folder / "data" / "assay.duckdb",
    }
    environment = project.environment | recorded.environment(SAMPLE, server)
    environment |= {name: str(path) for name, path in paths.items()}
    process = forks.start(command, ROOT, environment)
    printed, _ = process.communicate(timeout=300)
    return process.returncode, printed


def test_what_a_killed_run_had_written_is_not_asked_for_again(project: Project) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        killed = project.start(
            *under(collecting(SAMPLE), FILES, "die=file:12"),
            **recorded.environment(SAMPLE, server.url),
        )
        output, _ = killed.communicate(timeout=300)
        assert killed.returncode == -signal.SIGKILL, output
        [folder] = (project.folder / "data" / "raw" / "issues").iterdir()
        posts, windows = (
            [
                line
                for file in sorted(folder.glob(f"{kind}_*.json"))
                for line in orjson.loads(file.read_bytes())
            ]
            for kind in ("posts", "windows")
        )
        covered = {(line["source"], line["query"], line["collection_date"]) for line in windows}
        asked = len(server.requests)
        output = project.collect(SAMPLE, server.url)
        again = [target for _, target, _ in server.requests[asked:] if "/github/" in target]
    assert "was read but not loaded: loading it first" in output
    of_github = {(query, day) for source, query, day in covered if source == "github"}
    assert of_github
    repositories = recorded.environment(SAMPLE, "")["ISSUES__GITHUB__REPOSITORIES"].count("/")
    assert len(again) == 7 * repositories - len(of_github)
    [(kept,)] = project.rows(
        f"select count(*) from bronze.raw_items where run_id = '{folder.name}'"
    )
    assert kept == len(posts) >= 5 * 30


@pytest.mark.slow("a full disk under the issues pipeline")
@pytest.mark.parametrize("kilobytes", [100, 700], ids=["run-folder", "warehouse"])
def test_a_full_disk_is_one_line_and_loses_nothing(
    project: Project, tmp_path: Path, kilobytes: int
) -> None:
    """Files may not grow beyond a limit: the posts' is above 100 KiB, the warehouse above 700."""
    undisturbed = Project(tmp_path / "undisturbed")
    with ReplayServer(SAMPLE, quota=0) as server:
        undisturbed.collect(SAMPLE, server.url)
        wanted = undisturbed.posts()
        command = f"ulimit -f {kilobytes}; exec {' '.join(collecting(SAMPLE))}"
        limited = project.start("bash", "-c", command, **recorded.environment(SAMPLE, server.url))
        output, _ = limited.communicate(timeout=300)
        assert limited.returncode == 1, output
        assert "ERROR" in output.splitlines()[-1] and "File too large" in output.splitlines()[-1]
        assert "Traceback" not in output
        project.collect(SAMPLE, server.url)
    assert project.posts() == wanted

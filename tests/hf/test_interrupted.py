"""Killed at any moment and run again, the catalog is the one of an undisturbed run."""

import signal
import sys
import time
from pathlib import Path

import orjson
import pytest

from assay.sample.replay import ReplayServer
from tests.support import CATALOG, QUICK, SAMPLE, Project

MANY = pytest.mark.slow("a kill at each moment of hf_catalog and of dbt's build")
MOMENTS = [
    "job:3",
    *(
        pytest.param(moment, marks=MANY)
        for moment in ("page:1", "page:30", "rename", "extracted", "job:1", "job:6")
    ),
]
DBT_MOMENTS = ("hf_staging.stg_hf__ranks", "hf.models", "hf.model_tasks")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(server.url)
    project.build_catalog()
    return project.content()


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project that an earlier run has filled."""
    project = Project(tmp_path_factory.mktemp("earlier"))
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(server.url, "--limit-per-task", "10")
    project.build_catalog(tested=False)
    return project


def manifests(project: Project) -> list[dict]:
    """Return the manifests of all run folders in the order in which the runs began."""
    folders = (project.folder / "data" / "raw" / "hf").iterdir()
    found = [orjson.loads((folder / "manifest.json").read_bytes()) for folder in folders]
    return sorted(found, key=lambda manifest: manifest["started_at"])


@pytest.fixture(params=["first-run", pytest.param("later-run", marks=MANY)])
def begun(request: pytest.FixtureRequest, project: Project, tmp_path: Path) -> Project:
    """Return an empty project, and one that an earlier run has filled."""
    if request.param == "first-run":
        return project
    return request.getfixturevalue("earlier").copy(tmp_path / "later")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_extraction_is_made_good_by_the_next(
    begun: Project, undisturbed: dict[str, list[tuple]], moment: str
) -> None:
    project = begun
    with ReplayServer(SAMPLE, quota=0) as server:
        killed = project.start(
            sys.executable,
            "-m",
            "tests.hf.killed_at",
            moment,
            "pipeline",
            "hf_catalog",
            "run",
            HF_ENDPOINT=server.url,
        )
        output, _ = killed.communicate(timeout=300)
        assert killed.returncode == -signal.SIGKILL, output
        assert manifests(project)[-1]["status"] == (
            "running" if moment in ("page:1", "page:30", "rename") else "extracted"
        )
        project.load(server.url)
    project.build_catalog(tested=False)
    assert project.content() == undisturbed
    assert manifests(project)[-1]["status"] == "loaded"


@MANY
@pytest.mark.parametrize("model", DBT_MOMENTS)
def test_a_killed_dbt_build_is_made_good_by_the_next(
    project: Project, undisturbed: dict[str, list[tuple]], model: str
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(server.url)
    killed = project.start("dbt", "build", *QUICK, "--select", *CATALOG)
    for line in killed.stdout:
        if "START sql" in line and model in line:
            break
    time.sleep(0.01)  # into the statement
    killed.kill()
    assert killed.wait() == -signal.SIGKILL, "it had ended by itself: the test shows nothing"
    project.build_catalog(tested=False)
    assert project.content() == undisturbed


@pytest.mark.slow("a kill while an old run folder is loaded again")
def test_a_killed_reload_of_an_old_folder_is_made_good_too(
    project: Project, undisturbed: dict[str, list[tuple]]
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(server.url, "--dry-run")
    [folder] = (project.folder / "data" / "raw" / "hf").iterdir()
    killed = project.start(
        sys.executable,
        "-m",
        "tests.hf.killed_at",
        "job:2",
        "pipeline",
        "hf_catalog",
        "run",
        "--run-folder",
        str(folder),
    )
    killed.communicate(timeout=300)
    assert killed.returncode == -signal.SIGKILL
    project.load("http://127.0.0.1:9", "--run-folder", str(folder))
    project.build_catalog(tested=False)
    assert project.content() == undisturbed


@pytest.mark.slow("a full disk under hf_catalog")
def test_a_full_disk_is_one_line_and_loses_nothing(
    project: Project, undisturbed: dict[str, list[tuple]], tmp_path: Path
) -> None:
    limited = "ulimit -f 200; exec dlt pipeline hf_catalog run"  # KiB per file, as a full disk
    with ReplayServer(SAMPLE, quota=0) as server:
        process = project.start("bash", "-c", limited, HF_ENDPOINT=server.url)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 1, output
        assert "File too large" in output.splitlines()[-1]
        assert "Traceback" not in output
        assert manifests(project)[-1]["status"] == "failed"
        project.load(server.url)
    project.build_catalog(tested=False)
    assert project.content() == undisturbed

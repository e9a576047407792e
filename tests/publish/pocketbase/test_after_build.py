"""Publishing by itself after a plain `dbt build`, where a person switched it on."""

import shutil
from pathlib import Path

import duckdb
import pytest

from assay.common.env import EnvironmentValueError
from assay.dbt import after_build
from tests.publish.pocketbase.gold import expected
from tests.publish.pocketbase.support import PocketBase, published
from tests.publish.pocketbase.test_sample import BuiltGold
from tests.support import QUICK, UNTESTED, Project

BUILD = ("dbt", "build", *QUICK, *UNTESTED, "--select", "published_issues", "pipeline_runs")


@pytest.mark.parametrize(
    ("value", "is_on"), [("true", True), ("1", True), ("", False), ("0", False)]
)
def test_it_is_off_unless_a_person_says_so(
    monkeypatch: pytest.MonkeyPatch, value: str, is_on: bool
) -> None:
    monkeypatch.setenv("PUBLISH_AFTER_BUILD", value)
    assert after_build.is_on() == is_on
    monkeypatch.setenv("PUBLISH_AFTER_BUILD", "perhaps")
    with pytest.raises(EnvironmentValueError, match="must be true or false"):
        after_build.is_on()


def test_sql_of_any_connection_can_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(after_build._state, "requested", False)
    with duckdb.connect() as connection:
        after_build.offer(connection)
        cursor = connection.cursor()
        assert cursor.execute("select request_publication()").fetchall() == [(True,)]
    assert after_build._state["requested"]


@pytest.fixture
def project(tmp_path: Path, made_gold: Path) -> Project:
    """Return a project that has gold and nothing else."""
    (tmp_path / "data").mkdir(mode=0o700)
    shutil.copy(made_gold, tmp_path / "data" / "assay.duckdb")
    return Project(tmp_path)


def steps(project: Project) -> list[tuple]:
    return project.rows("select kind, name, status from ops.pipeline_steps order by started_at")


@pytest.mark.slow("a plain `dbt build` publishes, and a publication that fails fails nothing else")
def test_a_build_publishes_when_it_has_ended_and_fails_for_no_publication(
    project: Project, server: PocketBase
) -> None:
    to = server.environment() | {"PUBLISH_AFTER_BUILD": "true"}
    project.run(*BUILD, **server.environment())
    assert steps(project) == [("dbt", "build", "done")], "nobody said so"
    printed = project.run(*BUILD, **to)
    assert "issues and" in printed and " posts sent" in printed
    gold = BuiltGold(project)
    want = {name: set(records) for name, records in expected(gold).items()}
    assert {name: set(records) for name, records in published(server.url).items()} == want
    assert steps(project)[-1] == ("publish", "pocketbase", "done")
    server.stop()
    quick = {"POCKETBASE_BACKOFF_SECONDS": "[]", "POCKETBASE_TIMEOUT_SECONDS": "1"}
    project.run(*BUILD, **to, **quick)
    assert steps(project)[-1] == ("publish", "pocketbase", "failed")
    assert "publish pocketbase failed" in project.run("python", "-m", "assay.runs.status")


@pytest.mark.slow("a build that failed publishes nothing")
def test_a_build_that_fails_publishes_nothing(project: Project, server: PocketBase) -> None:
    with duckdb.connect(project.folder / "data" / "assay.duckdb") as connection:
        connection.execute("drop table gold.issue_trend")
    process = project.start(*BUILD, PUBLISH_AFTER_BUILD="true", **server.environment())
    process.communicate(timeout=900)
    assert process.returncode == 1
    assert [(kind, status) for kind, _, status in steps(project)] == [("dbt", "failed")]

"""One builder at a time in a lake that many load: a second one says who builds."""

import os
from pathlib import Path

import pytest

from assay.dbt import builder
from assay.sample.replay import ReplayServer
from assay.warehouse import lake
from tests.issues.gold.mined import mine, tables
from tests.lake import lakes
from tests.support import ROOT, SAMPLE, Project

BUILD = ("dbt", "--quiet", "run", "--select", "stg_concepts")


@pytest.mark.slow("two builds of one lake are never at work together")
def test_a_second_builder_waits_says_for_whom_and_gives_up_when_its_wait_is_over(
    tmp_path: Path, postgres_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lakes.database(postgres_host):
        project = lakes.on_postgres(tmp_path, postgres_host, tmp_path / "files")
        project.run("dlt", "pipeline", "inputs", "run")
        for name, value in project.more:
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(builder, "_held", [])
        builder.alone(lake.lake(ROOT))
        process = project.start(*BUILD, ASSAY_WAIT_SECONDS="1")
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 2, output
        who = f"assay builder, pid {os.getpid()} on "
        assert f"the lake is being built by {who}" in output
        assert f"the lake is in use by {who}" in output
        # Loading does not wait.
        project.run("dlt", "pipeline", "inputs", "run", ASSAY_WAIT_SECONDS="0")
        builder._held.pop().close()
        project.run(*BUILD, ASSAY_WAIT_SECONDS="0")


@pytest.mark.slow(
    "two builders of different days at once, table by table beside one of the default"
)
def test_two_builders_of_different_days_at_once_leave_what_one_leaves_day_by_day(
    tmp_path: Path, postgres_host: str
) -> None:
    days = ("2026-11-14", "2026-11-15")
    default = Project(tmp_path / "default")
    with lakes.database(postgres_host), ReplayServer(SAMPLE, quota=0) as server:
        shared = lakes.on_postgres(tmp_path / "shared", postgres_host, tmp_path / "files")
        for project in (default, shared):
            project.collect(SAMPLE, server.url, "--source", "reddit")
        for day in days:
            default.run(*mine(first=day, last=day))
        builders = [
            shared.start(
                *mine(first=day, last=day),
                DBT_TARGET_PATH=str(tmp_path / day),
                ASSAY_WAIT_SECONDS="900",
            )
            for day in reversed(days)
        ]
        said = [process.communicate(timeout=900)[0] for process in builders]
        assert [process.returncode for process in builders] == [0, 0], said
        assert sum("is being built by assay builder" in one for one in said) == 1, said
        assert tables(shared) == tables(default)

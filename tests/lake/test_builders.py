"""One builder at a time in a lake that many load: a second one says who builds."""

import os
from pathlib import Path

import pytest

from assay.dbt import builder
from assay.warehouse import lake
from tests.lake import lakes
from tests.support import ROOT

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

"""Nothing tells anybody that it is used: no telemetry, without any variable set against it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from assay.sample.replay import ReplayServer
from tests.extract.helpers import Person
from tests.support import ROOT, SAMPLE

COMMANDS = {
    "dlt": ("dlt", "pipeline", "hf_catalog", "run", "--max-tasks", "1", "--limit-per-task", "5"),
    "dbt": ("dbt", "debug"),
    "a mistake": ("dlt", "pipeline", "hf_catalog", "run", "--max-tasks", "0"),
}


def asked(folder: Path, server: ReplayServer, *command: str) -> tuple[int, list[str]]:
    """Run a command with none of the tests' own variables; return its code and whom it asked."""
    person = Person(folder, server.url)
    folder.mkdir()
    environment = person.environment | {
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    for name in ("RUNTIME__DLTHUB_TELEMETRY", "HF_HUB_OFFLINE"):
        del environment[name]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.security.quiet", folder / "asked", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ended.returncode, (folder / "asked").read_text(encoding="utf-8").split()


@pytest.mark.parametrize(("name", "code"), [("dlt", 0), ("dbt", 0), ("a mistake", 2)])
def test_a_command_asks_nobody_outside_this_machine(tmp_path: Path, name: str, code: int) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        assert asked(tmp_path / "person", server, *COMMANDS[name]) == (code, [])


def test_whoever_is_asked_would_be_seen(tmp_path: Path) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        server.url = "https://hub.example.org"
        person = "dlt", "pipeline", "hf_catalog", "run", "--max-tasks", "1"
        code, found = asked(tmp_path / "person", server, *person)
    assert (code, set(found)) == (1, {"hub.example.org"})


def test_telemetry_is_off_in_the_projects_own_settings() -> None:
    dbt = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert dbt["flags"]["send_anonymous_usage_stats"] is False
    dlt = tomllib.loads((ROOT / ".dlt" / "config.toml").read_text(encoding="utf-8"))
    assert dlt["runtime"]["dlthub_telemetry"] is False

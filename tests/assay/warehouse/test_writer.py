"""One writer: commands that want the warehouse at the same time wait for each other, and say so."""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from assay.warehouse import writer
from tests.support import ROOT, SAMPLE, Project, collecting

HOLD = """
import sys, time
from assay.warehouse import writer
with writer.exclusive(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
OTHER_PROGRAM = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another(code: str, path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that has the warehouse until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "assay.duckdb"
    duckdb.connect(found).close()
    return found


def test_who_comes_second_waits_and_is_told_for_whom(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with another(HOLD, path) as first:
        started = time.monotonic()
        with pytest.raises(writer.BusyError) as refused, writer.exclusive(path, wait=0.3):
            pass
        assert time.monotonic() - started >= 0.3
        assert re.fullmatch(
            rf"{re.escape(str(path))} is in use by `.+` \(pid {first.pid}, since 20\S+ \S+Z\): "
            r"run again when that has ended \(ASSAY_WAIT_SECONDS says how long to wait\)",
            str(refused.value),
        )
        assert writer.owner(path).pid == first.pid
    waits = f"the warehouse is in use by .+ \\(pid {first.pid}.+: waiting for it to end\n"
    assert re.fullmatch(waits, capsys.readouterr().err)
    with writer.exclusive(path, wait=0):
        assert capsys.readouterr().err == ""
    assert writer.owner(path) is None


def test_a_killed_holder_blocks_nobody(path: Path) -> None:
    with another(HOLD, path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with writer.exclusive(path, wait=0):
            pass


def test_a_process_that_has_it_may_take_it_again_and_gives_it_back_once(path: Path) -> None:
    code = f"from assay.warehouse import writer\nwith writer.exclusive({str(path)!r}, wait=0): pass"

    def free() -> bool:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False
        )
        return done.returncode == 0

    with writer.exclusive(path):
        with writer.exclusive(path.parent / "." / path.name):
            pass
        assert not free()
    assert free()


def test_a_program_that_knows_no_lock_is_waited_for_and_named(path: Path) -> None:
    with another(OTHER_PROGRAM, path) as other:
        with pytest.raises(writer.BusyError) as refused, writer.exclusive(path, wait=0):
            pass
        assert f"python3.{sys.version_info.minor} (pid {other.pid})" in str(refused.value)
    with writer.exclusive(path, wait=10):
        pass


def test_memory_has_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with writer.exclusive(writer.MEMORY):
        assert list(tmp_path.iterdir()) == []


def test_an_interrupted_restore_is_done_again_first(path: Path) -> None:
    Path(f"{path}{writer.RESTORING}").touch()
    with pytest.raises(writer.BusyError) as refused, writer.exclusive(path):
        pass
    assert str(refused.value) == f"restoring {path} was interrupted: run `make restore` again"
    with writer.exclusive(path, restoring=True):
        pass


def commands(folder: Path) -> dict[str, list[str]]:
    """Return every command that opens the warehouse, by name."""
    python = [sys.executable, "-m"]
    return {
        "catalog": [
            "dlt",
            "pipeline",
            "hf_catalog",
            "run",
            "--max-tasks",
            "1",
            "--limit-per-task",
            "3",
        ],
        "enrichment": ["dlt", "pipeline", "hf_enrichment", "run", "--identify-only"],
        "issues": collecting(folder, "--source", "github"),
        "inputs": ["dlt", "pipeline", "inputs", "run"],
        "build": ["dbt", "--quiet", "run", "--select", "+int_hf__ranks", "pipeline_runs"],
        "freshness": [
            "dbt",
            "--quiet",
            "source",
            "freshness",
            "--select",
            "source:bronze.hf_tasks",
        ],
        "show": ["dbt", "--quiet", "show", "--inline", "select 1 as one"],
        "publish": [*python, "assay.publish.pocketbase", "--dry-run"],
        "hf_report": [*python, "assay.publish.hf_report"],
        "issue_report": [*python, "assay.publish.issue_report"],
        "catalog_page": [*python, "assay.publish.catalog"],
        "backup": [*python, "assay.runs.backup"],
        "status": [*python, "assay.runs.status"],
    }


DLT = {"catalog", "enrichment", "issues", "inputs"}
# What cannot succeed in a warehouse with so little in it fails with this, once it has its turn.
LACKING = {
    "publish": "gold.published_issues is not built",
    "hf_report": "the catalog is not built",
    "issue_report": "issues are not built",
    "catalog_page": "the catalog is not built",
}


@pytest.mark.slow("dlt, dbt and the sync, all started at once")
def test_all_commands_started_at_once_end_as_if_each_were_alone(project: Project) -> None:
    path = project.folder / "data" / "assay.duckdb"
    path.parent.mkdir(parents=True)
    with ReplayServer(SAMPLE, quota=0) as server:
        more = {"HF_ENDPOINT": server.url} | recorded.environment(SAMPLE, server.url)
        project.run(*commands(SAMPLE)["catalog"], **more)
        with another(HOLD, path) as first:
            started = {
                name: Listener(project.start(*command, **more))
                for name, command in commands(SAMPLE).items()
            }
            # Status tells who is at work instead of waiting.
            code, output = started.pop("status").ended()
            assert code == 0
            assert f"(pid {first.pid}, since" in output
            # dlt's pipelines wait for one another before they come to the warehouse.
            direct = [started[name] for name in started.keys() - DLT]
            assert until(lambda: all(one.waits_for(first.pid) for one in direct), 120)
        ended = {name: one.ended() for name, one in started.items()}
    for name, (code, output) in ended.items():
        told = LACKING.get(name)
        assert code == (1 if told else 0), (name, output)
        assert (told or "") in output, (name, output)
        assert "Traceback" not in output, (name, output)
    assert project.rows("select count(*) from hf_staging.stg_hf__ranks") == [(3,)]
    steps = project.rows("select kind, name, status from gold.pipeline_runs order by all")
    assert steps == [
        ("dbt", "run", "done"),
        ("dlt", "hf_catalog", "done"),
        ("dlt", "hf_catalog", "done"),
        ("dlt", "hf_enrichment", "done"),
        ("dlt", "inputs", "done"),
        ("dlt", "issues", "done"),
    ]


class Listener:
    """Collects what a process prints, while it runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.lines = process, []
        self._thread = threading.Thread(target=lambda: self.lines.extend(process.stdout))
        self._thread.start()

    def waits_for(self, pid: int) -> bool:
        return any(f"(pid {pid}, since" in line for line in self.lines)

    def ended(self) -> tuple[int, str]:
        self.process.wait(timeout=600)
        self._thread.join()
        return self.process.returncode, "".join(self.lines)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True

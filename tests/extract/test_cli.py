"""The real command, as a person starts it: exit codes, lines, files, and what it never says."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from filelock import FileLock

from assay.sample.apis.hub import INVALID_TOKEN
from assay.sample.replay import ReplayServer
from tests.extract.helpers import Ended, Person, model, recorded

SEED = 1  # of the faults: strikes often, but no request six times in a row
TASKS = ("fill-mask", "text-classification", "text-generation")
MODELS = [
    model(f"own{n % 3}/m{n:02}", 1000 - n, tags=[("fill-mask", "text-generation")[n % 2]])
    for n in range(30)
]


def one_error_line(ended: Ended) -> str:
    """Check that the command failed with one line and no traceback; return the line."""
    assert ended.code == 1
    assert "Traceback" not in ended.out + ended.err
    assert ended.err.count(" ERROR ") == 1
    return ended.last


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplayServer]:
    folder = recorded(tmp_path_factory.mktemp("recorded"), MODELS, *TASKS)
    with ReplayServer(folder, quota=0) as running:
        yield running


@pytest.fixture
def person(tmp_path: Path, server: ReplayServer) -> Person:
    server.requests.clear()
    return Person(tmp_path / "person", server.url)


# --- a good run, and what can be done after it ---------------------------------------------------


@pytest.fixture(scope="module")
def done(
    tmp_path_factory: pytest.TempPathFactory, server: ReplayServer
) -> tuple[Person, Ended, list[Any]]:
    """A person after one good run of two tasks, what it said, and the requests it took."""
    person = Person(tmp_path_factory.mktemp("done"), server.url)
    server.requests.clear()
    ended = person.pipeline("hf_catalog", "run", "--max-tasks", "2", "--limit-per-task", "10")
    return person, ended, list(server.requests)


Done = tuple[Person, Ended, list[Any]]


def test_a_run_reads_the_first_tasks_and_loads_them(done: Done) -> None:
    person, ended, requests = done
    assert ended.code == 0, ended.err
    assert "1/2 fill-mask: 10 models, 1 page(s)" in ended.err
    assert "2/2 text-classification: 0 models, 1 page(s)" in ended.err
    assert len(requests) == 3
    by_task = "select task_id, count(*), max(downloads) from bronze.hf_models group by 1"
    assert person.rows(by_task) == [("fill-mask", 10, 1000)]
    [folder] = person.folders
    assert (person.manifest()["status"], person.manifest()["run_id"]) == ("loaded", folder.name)
    assert person.rows("select distinct run_id from bronze.hf_task_listings") == [(folder.name,)]


def test_a_run_leaves_a_log_with_its_lines_and_their_times(done: Done) -> None:
    person, ended, _ = done
    lines = (person.data / "logs" / "hf_catalog.log").read_text().splitlines()
    spoken = ended.err.strip().splitlines()
    assert [line.rpartition(" [")[0] for line in lines] == spoken
    assert all(re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ INFO ", line) for line in lines)


def test_dlts_own_commands_know_the_pipeline(done: Done) -> None:
    person = done[0]
    info = person.pipeline("hf_catalog", "info")
    assert info.code == 0, info.err
    assert "hf_models with 1 table(s)" in info.out
    trace = person.pipeline("hf_catalog", "trace")
    assert trace.code == 0, trace.err
    assert "- hf_models: 10 row(s)" in trace.out
    assert "contains no failed jobs" in trace.out


def test_a_run_folder_loads_again_without_a_request(done: Done, server: ReplayServer) -> None:
    person = done[0]
    everything = "select task_id, model_id, downloads, run_id from bronze.hf_models order by all"
    before, folders = person.rows(everything), person.folders
    server.requests.clear()
    ended = person.pipeline("hf_catalog", "run", "--run-folder", str(folders[0]))
    assert ended.code == 0, ended.err
    assert server.requests == []
    assert (person.rows(everything), person.folders) == (before, folders)


def test_a_folder_that_is_no_run_folder_is_refused_in_one_line(done: Done) -> None:
    person = done[0]
    ended = person.pipeline("hf_catalog", "run", "--run-folder", str(person.data))
    assert one_error_line(ended) == f"{person.data} is no run folder: it has no manifest.json"


def test_a_dry_run_writes_the_folder_and_no_warehouse(person: Person) -> None:
    ended = person.pipeline(
        "hf_catalog", "run", "--dry-run", "--tasks", "text-generation, fill-mask"
    )
    assert ended.code == 0, ended.err
    assert ended.last == f"dry run: {person.folders[0]} is written, nothing is loaded"
    assert person.manifest()["status"] == "extracted"
    assert person.manifest()["files"]["hf_models.json"]["records"] == 30
    assert not person.database.exists()


# --- failures ------------------------------------------------------------------------------------


def test_a_refused_token_is_named_but_never_shown(person: Person, server: ReplayServer) -> None:
    ended = person.pipeline("hf_catalog", "run", HF_TOKEN=INVALID_TOKEN)
    assert one_error_line(ended) == (
        f"HF_TOKEN was refused by {server.url} (HTTP 401): "
        f"make a new token at {server.url}/settings/tokens or unset HF_TOKEN"
    )
    assert [outcome for *_, outcome in server.requests] == [401]
    assert person.manifest()["status"] == "failed"
    assert INVALID_TOKEN not in ended.out + ended.err
    assert INVALID_TOKEN.encode() not in person.written()


@pytest.mark.slow("-v shows no token")
def test_verbose_shows_where_it_failed_and_still_no_token(person: Person) -> None:
    ended = person.dlt("-v", "pipeline", "hf_catalog", "run", HF_TOKEN=INVALID_TOKEN)
    assert ended.code == 1
    assert "Traceback (most recent call last):" in ended.err
    assert ended.last.startswith("HF_TOKEN was refused")
    assert INVALID_TOKEN not in ended.out + ended.err
    assert INVALID_TOKEN.encode() not in person.written()


@pytest.mark.slow("tokens that fit no header are not shown")
@pytest.mark.parametrize("token", ["hf_secret\r", "hf_se\ncret", "hf_secr\xe9t"], ids=ascii)
def test_a_token_that_fits_no_header_is_never_shown(person: Person, token: str) -> None:
    ended = person.pipeline("hf_catalog", "run", "--dry-run", HF_TOKEN=token)
    assert "hf_se" not in ended.out + ended.err
    assert b"hf_se" not in person.written()
    if ended.code:
        assert one_error_line(ended).startswith("HF_TOKEN ")


def test_a_dead_server_ends_with_one_line_and_no_warehouse(person: Person, tmp_path: Path) -> None:
    with ReplayServer(recorded(tmp_path / "recorded", MODELS, *TASKS)) as dead:
        person.endpoint = dead.url
    line = one_error_line(person.pipeline("hf_catalog", "run"))
    assert line == (
        f"The Hub at {dead.url} does not answer GET {dead.url}/api/tasks after 6 tries: "
        "the server is not there (connection refused or name unknown). "
        "Try again later"
    )
    assert (person.manifest()["status"], person.manifest()["error"]) == ("failed", line)
    assert person.manifest()["files"] == {}
    assert not person.database.exists()


@pytest.mark.slow("a server that dies half-way, seen from the command line")
def test_a_server_that_dies_half_way_leaves_no_half_listing(person: Person, tmp_path: Path) -> None:
    folder = recorded(tmp_path / "recorded", MODELS, *TASKS)
    with ReplayServer(folder, faults=["gone-after:2"]) as dying:
        person.endpoint = dying.url
        line = one_error_line(person.pipeline("hf_catalog", "run"))
    assert f"does not answer GET {dying.url}/api/models after 6 tries" in line
    rest = "text-classification,text-generation"
    assert "2 of 3 listings could not be read: text-classification, text-generation (" in line
    assert line.endswith(f"the next run asks for all, `--tasks {rest}` for these alone")
    assert person.manifest()["status"] == "loaded"
    again = person.pipeline("hf_catalog", "run", "--run-folder", str(person.folders[0]))
    assert again.code == 0 and "2 of 3 listings could not be read" in again.err
    with duckdb.connect(person.database, read_only=True) as connection:
        assert connection.execute(
            "select (select list(task_id) from bronze.hf_task_listings), "
            "(select list(distinct task_id) from bronze.hf_models)"
        ).fetchall() == [(["fill-mask"], ["fill-mask"])]


@pytest.mark.slow("retries of the whole command under drawn faults")
def test_a_faulty_server_gives_the_same_records_as_a_calm_one(
    person: Person, tmp_path: Path
) -> None:
    kinds = ("500", "502-html", "cut", "malformed", "gone", "429-bare")
    folder = recorded(tmp_path / "recorded", MODELS, *TASKS)
    assert person.pipeline("hf_catalog", "run", "--dry-run").code == 0
    faults = [f"{kind}:0.1" for kind in kinds]
    with ReplayServer(folder, faults=faults, seed=SEED) as faulty:
        person.endpoint = faulty.url
        ended = person.pipeline("hf_catalog", "run", "--dry-run")
    assert ended.code == 0, ended.err
    assert len({outcome for *_, outcome in faulty.requests}) >= 4, "three kinds of failure, and 200"
    shas = [
        {name: entry["sha256"] for name, entry in said["files"].items()}
        for said in (orjson.loads((f / "manifest.json").read_bytes()) for f in person.folders)
    ]
    assert shas[0] == shas[1]


@pytest.mark.slow("the time-out's setting reaches the client")
def test_the_time_out_can_be_set(person: Person, tmp_path: Path) -> None:
    folder = recorded(tmp_path / "recorded", MODELS, *TASKS)
    with ReplayServer(folder, faults=["slow:1"]) as slow:
        person.endpoint = slow.url
        ended = person.pipeline(
            "hf_catalog",
            "run",
            "--max-tasks",
            "1",
            HTTP__TIMEOUT_SECONDS="0.1",
            HTTP__BACKOFF_SECONDS="[0.01]",
        )
    line = one_error_line(ended)
    assert "after 2 tries: no answer in time" in line


@pytest.mark.slow("a warehouse that another program has open")
def test_a_warehouse_in_use_is_named_in_one_line(person: Person) -> None:
    person.data.mkdir(parents=True)
    with duckdb.connect(str(person.database)):
        ended = person.pipeline("hf_catalog", "run", "--max-tasks", "1", ASSAY_WAIT_SECONDS="0")
    line = one_error_line(ended)
    assert f"(pid {os.getpid()}): run again when that has ended" in line


@pytest.mark.slow("two runs of hf_catalog at once")
def test_a_second_run_waits_for_the_first_and_says_so(person: Person) -> None:
    person.data.mkdir(parents=True)
    with FileLock(person.data / "run.lock"):
        first = {"command": "dlt pipeline run", "pid": 4711, "since": "2026-11-21 10:00:00Z"}
        (person.data / "run.lock").write_text(json.dumps(first))
        waiting = person.start("pipeline", "hf_catalog", "run", "--dry-run")
        assert waiting.stderr
        line = next(line for line in waiting.stderr if line.strip())
        assert "another run (pid 4711) is loading this warehouse: waiting for it to end" in line
        time.sleep(0.2)
        assert waiting.poll() is None
        assert person.folders == []
    _, said = waiting.communicate(timeout=300)
    assert waiting.returncode == 0, said
    assert person.manifest()["status"] == "extracted"

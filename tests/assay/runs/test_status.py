"""`make status`: one screen that tells what is loaded, fresh, failed and waiting."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from assay.mining.llm.cache import Cache, Question, Use, Waiting
from assay.runs import status
from assay.warehouse import journal, writer
from tests.assay.warehouse.test_writer import HOLD, another

TABLES = """
create schema hf; create schema gold;
create table hf.models as select range as model_id from range(1234);
create table gold.live_issues as select 'refused' as status;
create table gold.freshness as
    select 'issues' as pipeline, part, 36 as expected_hours, loaded_at > $1 as is_fresh, loaded_at,
        null::timestamptz as newest_at
    from (values ('github', $2::timestamptz), ('reddit', $3::timestamptz)) as t (part, loaded_at);
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    found = tmp_path / "assay.duckdb"
    monkeypatch.setenv("DUCKDB_PATH", str(found))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))
    return found


def build(path: Path) -> None:
    """Make what status reads; a step that failed and was done since, and one that was not."""
    now = datetime.now(UTC)
    steps = [
        ("dlt", "issues", "failed", "no answer", 5),
        ("dlt", "issues", "done", None, 4),
        ("dbt", "build", "failed", "model\x1b[31m_" + "x" * 90, 3),
        ("publish", "pocketbase", "killed", None, 2),
    ]
    with duckdb.connect(path) as connection:
        for statement in TABLES.split(";")[:-1]:
            values = [now - timedelta(hours=36), now - timedelta(hours=2), now - timedelta(days=9)]
            connection.execute(statement, values if "$1" in statement else None)
        connection.execute(journal.DDL)
        for number, (kind, name, state, error, hours) in enumerate(steps):
            began = now - timedelta(hours=hours)
            ended = None if state == "killed" else began + timedelta(seconds=30)
            connection.execute(
                "insert into ops.pipeline_steps values (?, ?, ?, ?, ?, ?, ?, [], [], '{}', ?)",
                [str(number), f"run-{number // 2}", kind, name, state, began, ended, error],
            )
        connection.execute("create view gold.pipeline_runs as select * from ops.pipeline_steps")


def sections(output: str) -> dict[str, list[str]]:
    """Return the lines of each section by its heading."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in output.splitlines()[1:]:
        if line.startswith("  "):
            found[heading].append(line.strip())
        else:
            heading = line
            found[heading] = []
    return found


def test_one_screen_tells_all(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(path)
    with Cache(path.parent / "llm.sqlite") as cache:
        lines = [
            Waiting("issue_labels", "groq/one", "v1", 19, 15_369, 0.0035),
            Waiting("links", "two", "v2", 4, 100, None),
            Waiting("essays", "two", "v2", 0, 0, 0.0),
        ]
        cache.plan("run", lines)
    folder = path.parent / "raw" / "issues" / "2026-11-20_01-00-00_ab"
    folder.mkdir(parents=True)
    told = {"status": "failed", "error": "the API is\ndown"}
    (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
    assert status.main([]) == 0
    output = capsys.readouterr().out
    found = sections(output)
    assert found["LOADED"] == [
        f"{'hf.models':<34}{'1,234':>10}",
        f"{'gold.live_issues':<34}{1:>10}",
    ]
    [fresh] = found["FRESH"]
    assert fresh.split() == [
        "issues",
        "read",
        "2",
        "h",
        "ago",
        "(at",
        "most",
        "36",
        "h):",
        "STALE:",
        "reddit",
    ]
    assert [line.split("  ")[-2:] for line in found["RUNS"]] == [
        ["2 of 2 steps not done: dbt build, publish pocketbase", "[run-1]"],
        ["1 of 2 steps not done: dlt issues, dlt issues", "[run-0]"],
    ]
    killed, failed, refused = found["FAILED"]
    assert killed.startswith("publish pocketbase killed at ")
    assert failed.startswith("dbt build failed at ")
    assert failed.endswith(": model [31m_" + "x" * 48 + "…")
    assert refused == "PocketBase refused 1 issues: gold.live_issues says why"
    assert found["READ, NOT LOADED"] == [f"{folder} failed: the API is down"]
    assert found["WAITING FOR APPROVAL"][:2] == [
        "issue_labels: 19 questions, 15,369 prompt tokens, about $0.0035 (groq/one)",
        "links: 4 questions, 100 prompt tokens, price unknown (two)",
    ]
    assert len(output.splitlines()) <= 40
    assert "\x1b" not in output


def paid_in_vain(path: Path) -> None:
    with Cache(path.parent / "llm.sqlite") as cache:
        for number, purpose in enumerate(("issue_labels", "issue_labels", "links")):
            question = Question("groq/one", "v1", f"hash {number}", purpose, f"key {number}")
            cache.failed_for_good(
                question, "settings", Use(900, 400, 1_500_000, 2.0), f"why\n{number}"
            )


def test_what_language_models_were_paid_for_in_vain_is_a_failure_and_says_how_to_ask_again(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [
        "issue_labels: 2 questions cost $0.0030 in vain and are not asked again (groq/one): why 1",
        "links: 1 questions cost $0.0015 in vain and are not asked again (groq/one): why 2",
        "to ask again: dbt build --select tag:llm+ "
        "--vars '{approve_llm: true, llm_max_usd: 1, llm_ask_again: true}'",
    ]
    paid_in_vain(path)
    status.main([])
    assert sections(capsys.readouterr().out)["FAILED"] == told  # without a warehouse as well
    build(path)
    status.main([])
    failed = sections(capsys.readouterr().out)["FAILED"]
    assert failed[-3:] == told
    assert failed[:-3] and "nothing" not in failed


def test_nothing_loaded_says_what_to_do(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.main([]) == 0
    output = capsys.readouterr().out
    assert f"no warehouse at {path}: run `make run` first" in output
    assert not path.exists()


def test_it_does_not_wait_for_a_command_that_is_at_work(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "WAIT", 0.1)
    build(path)
    with another(HOLD, path) as first:
        assert status.main([]) == 0
    [now] = sections(capsys.readouterr().out)["NOW"]
    assert f"(pid {first.pid}, since" in now
    assert now.endswith("is at work: ask again when it has ended")
    assert writer.owner(path) is None


def test_wrong_usage_ends_with_2() -> None:
    with pytest.raises(SystemExit) as ended:
        status.main(["--all"])
    assert ended.value.code == 2


def test_listings_kept_apart_are_named_until_a_later_one_replaces_them(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(path)
    at = datetime(2026, 11, 15, 6, tzinfo=UTC)
    listings = [
        ("fill-mask", "run-1", None, at),
        ("fill-mask", "run-2", "0 downloads of all 30 models of the run", at + timedelta(days=1)),
        ("other", "run-2", "0 downloads of all 30 models of the run", at + timedelta(days=1)),
        ("translation", "run-0", "5 models, 30 before", at - timedelta(days=1)),
        ("translation", "run-1", None, at),
    ]
    with duckdb.connect(path) as connection:
        connection.execute("create schema bronze")
        connection.execute(
            "create table bronze.hf_task_listings "
            "(task_id text, run_id text, apart text, observed_at timestamptz)"
        )
        connection.executemany("insert into bronze.hf_task_listings values (?, ?, ?, ?)", listings)
    assert status.main([]) == 0
    [line] = sections(capsys.readouterr().out)["KEPT APART"]
    assert line == (
        "fill-mask: 0 downloads of all 30 models of the run and 1 more; to accept: "
        f"dlt pipeline hf_catalog run --accept --run-folder {path.parent}/raw/hf/run-2"
    )

"""The journal: what ran, in which run, and how it ended, in the warehouse and in the log."""

import json
import logging
from pathlib import Path

import duckdb
import pytest

from assay.sample.replay import ReplayServer
from assay.warehouse import journal
from tests.support import SAMPLE, Project

STEPS = "select kind, name, status, error, finished_at is null from ops.pipeline_steps order by all"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path of an empty warehouse that is this process's."""
    found = tmp_path / "assay.duckdb"
    monkeypatch.setenv("DUCKDB_PATH", str(found))
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(journal.RUN_ID, "run-1")
    duckdb.connect(found).close()
    return found


def rows(path: Path, sql: str = STEPS) -> list[tuple]:
    with duckdb.connect(path, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_step_is_running_and_then_done_with_what_it_counted(path: Path) -> None:
    with journal.step("dlt", "issues") as step:
        step.run_folders.append("2026-11-21_10-00-00_ab")
        step.load_ids.append("1763719200.1")
        step.counts["posts"] = 12
        assert rows(path) == [("dlt", "issues", "running", None, True)]
    assert rows(path) == [("dlt", "issues", "done", None, False)]
    [found] = rows(path, "select run_id, run_folders, load_ids, counts from ops.pipeline_steps")
    assert found == ("run-1", ["2026-11-21_10-00-00_ab"], ["1763719200.1"], '{"posts": 12}')
    assert journal.current() is None


def test_what_a_step_raises_is_written_down_and_raised_again(path: Path) -> None:
    with pytest.raises(OSError, match="no space"), journal.step("publish", "pocketbase"):
        raise OSError("no space left\nwhere it was")
    assert rows(path) == [("publish", "pocketbase", "failed", "no space left", False)]


def test_a_step_that_comes_to_its_end_may_be_no_success(path: Path) -> None:
    with journal.step("publish", "pocketbase") as step:
        step.problem = "3 records were refused"
    assert rows(path) == [("publish", "pocketbase", "failed", "3 records were refused", False)]


def test_a_killed_step_is_noticed_by_the_next_of_its_kind(path: Path) -> None:
    with pytest.raises(SystemExit), journal.step("dlt", "issues"):
        with duckdb.connect(path) as connection:
            connection.execute(
                "insert into ops.pipeline_steps values "
                "('a', 'r', 'publish', 'pocketbase', 'running', now(), null, [], [], '{}', null), "
                "('b', 'r', 'dlt', 'hf_catalog', 'running', now(), null, [], [], '{}', null)"
            )
        raise SystemExit(1)
    with journal.step("dlt", "inputs"):
        pass
    assert rows(path) == [
        ("dlt", "hf_catalog", "killed", None, True),
        ("dlt", "inputs", "done", None, False),
        ("dlt", "issues", "failed", "1", False),
        ("publish", "pocketbase", "running", None, True),
    ]


def test_where_there_is_no_warehouse_none_is_made(path: Path) -> None:
    path.unlink()
    with journal.step("dlt", "issues"):
        pass
    assert not path.exists()


def test_a_journal_that_cannot_be_written_is_a_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(b"no database" * 1000)
    caplog.set_level(logging.WARNING, "assay")
    with journal.step("dlt", "issues"):
        pass
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING", "WARNING"]
    assert caplog.messages[0].startswith("the journal was not written: ")


def test_every_line_of_the_log_is_an_object_with_its_run_and_step(
    path: Path, tmp_path: Path
) -> None:
    log = logging.getLogger("assay.test")
    log.setLevel(logging.DEBUG)
    handler = journal.structured_log()
    log.addHandler(handler)
    try:
        log.info("before")
        with journal.step("dlt", "issues") as step:
            log.warning("title: %s", 'two\nlines {"level": "none"}', extra={"items": 3})
    finally:
        log.removeHandler(handler)
        handler.close()
    text = (tmp_path / "logs" / journal.FILE).read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    told = [(one["message"], one["run_id"], one["step"], one["step_id"]) for one in lines]
    assert told == [
        ("before", "run-1", None, None),
        ('title: two\nlines {"level": "none"}', "run-1", "dlt issues", step.step_id),
    ]
    assert lines[1]["items"] == 3
    assert lines[1]["level"] == "WARNING"


def test_a_large_log_is_set_aside(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "logs" / journal.FILE
    file.parent.mkdir()
    with file.open("wb") as stream:
        stream.truncate(journal.MAX_LOG + 1)
    journal.structured_log().close()
    assert file.stat().st_size == 0
    assert file.with_name(f"{journal.FILE}.1").stat().st_size == journal.MAX_LOG + 1


@pytest.mark.slow("commands by hand write the journal as make run does")
def test_dlt_and_dbt_write_it_and_the_run_id_joins_them(project: Project) -> None:
    more = {"ASSAY_RUN_ID": "night'; drop table hf.models; --"}
    run = "night___drop_table_hf.models__--"
    with ReplayServer(SAMPLE, quota=0) as server:
        project.run(
            "dlt",
            "pipeline",
            "hf_catalog",
            "run",
            "--max-tasks",
            "1",
            "--limit-per-task",
            "3",
            HF_ENDPOINT=server.url,
            **more,
        )
    with duckdb.connect(project.folder / "data" / "assay.duckdb") as connection:
        connection.execute(journal.DDL)
        connection.execute(
            "insert into ops.pipeline_steps values "
            "('a', 'r', 'dbt', 'build', 'running', now(), null, [], [], '{}', null)"
        )
        connection.execute("drop table bronze.hf_tasks")
    process = project.start(
        "dbt", "--quiet", "run", "--select", "+int_hf__ranks", "tasks", "pipeline_runs", **more
    )
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 1, output
    found = project.rows(
        "select kind, name, status, error, counts, run_id, len(run_folders), len(load_ids) "
        "from gold.pipeline_runs order by all"
    )
    assert found == [
        ("dbt", "build", "killed", None, "{}", "r", 0, 0),
        ("dbt", "run", "failed", "tasks", '{"error": 1, "success": 6}', run, 0, 0),
        ("dlt", "hf_catalog", "done", None, "{}", run, 1, 1),
    ]
    assert project.rows(
        "select count(*) from gold.pipeline_runs as r, unnest(r.run_folders) as f (run_id) "
        "join bronze.hf_models as m on m.run_id = f.run_id"
    ) == [(3,)]
    assert project.rows(
        "select count(*) from gold.pipeline_runs as r, unnest(r.load_ids) as l (load_id) "
        "join bronze._dlt_loads as d on d.load_id = l.load_id"
    ) == [(1,)]

"""What only Postgres has: JSONB, indexes, keys that are held by the database itself."""

import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest

from assay.sample.replay import ReplayServer
from tests.conftest import empty_postgres
from tests.support import SAMPLE, Project


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, postgres_host: str) -> Iterator[Project]:
    with empty_postgres(tmp_path_factory.mktemp("loaded"), postgres_host) as project:
        with ReplayServer(SAMPLE, quota=0) as server:
            for _ in range(2):  # what the second run leaves is what counts
                project.load(server.url, "--max-tasks", "2", "--limit-per-task", "50")
                project.build()
        yield project


def test_tags_are_jsonb_and_all_indexes_and_keys_exist(loaded: Project) -> None:
    assert loaded.rows(
        "select data_type from information_schema.columns where table_schema = 'hf' "
        "and table_name = 'models' and column_name = 'tags'"
    ) == [("jsonb",)]
    indexes = {
        row[0] for row in loaded.rows("select indexname from pg_indexes where schemaname = 'hf'")
    }
    assert indexes >= {
        "idx_models_downloads",
        "idx_models_likes",
        "idx_models_pipeline_tag",
        "idx_model_tasks_task_id",
    }
    keys = loaded.rows(
        "select conrelid::regclass::text, contype::text, confrelid::regclass::text "
        "from pg_constraint where connamespace = 'hf'::regnamespace and contype in ('p', 'f') "
        "and conrelid::regclass::text in "
        "('hf.model_stats_daily', 'hf.model_tasks', 'hf.models', 'hf.tasks') order by 1, 2, 3"
    )
    assert keys == [
        ("hf.model_stats_daily", "p", "-"),
        ("hf.model_tasks", "f", "hf.models"),
        ("hf.model_tasks", "f", "hf.tasks"),
        ("hf.model_tasks", "p", "-"),
        ("hf.models", "p", "-"),
        ("hf.tasks", "p", "-"),
    ]


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        (
            "insert into hf.model_tasks values ('nobody/nothing', 'any-to-any', 1, now())",
            "model_id_fkey",
        ),
        ("update hf.model_tasks set task_id = 'no-such-task'", "task_id_fkey"),
        ("delete from hf.tasks", "task_id_fkey"),
    ],
)
def test_a_row_that_breaks_a_foreign_key_is_refused(
    loaded: Project, statement: str, constraint: str
) -> None:
    with (
        loaded.postgres() as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.ForeignKeyViolation, match=constraint),
    ):
        cursor.execute(statement)


def test_tags_can_be_asked_with_jsonb_operators(loaded: Project) -> None:
    [(count,)] = loaded.rows("select count(*) from hf.models where tags ? 'region:us'")
    assert count > 0


def test_a_server_that_is_not_there_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        process = Project(tmp_path, "postgres").start(
            "dlt",
            "pipeline",
            "hf_catalog",
            "run",
            "--destination",
            "postgres",
            "--max-tasks",
            "1",
            HF_ENDPOINT=server.url,
            POSTGRES_HOST="127.0.0.1",
            POSTGRES_PORT="9",
            POSTGRES_PASSWORD="p@ss/word:1",  # noqa: S106
        )
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Connection refused" in output.splitlines()[-1]
    assert "Traceback" not in output and "p@ss" not in output


def test_the_report_runs_on_what_dbt_built(loaded: Project) -> None:
    output = loaded.run(sys.executable, "-m", "assay.publish.hf_report", "--target", "postgres")
    [(models,)] = loaded.rows("select count(*) from hf.models")
    assert ["models", f"{models:,}"] in [line.split() for line in output.splitlines()]
    report = (loaded.folder / "reports" / "hf_ingestion_report.md").read_text(encoding="utf-8")
    assert "ATTENTION" not in report

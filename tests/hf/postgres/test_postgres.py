"""What only Postgres has: JSONB, indexes, keys that are held by the database itself."""

import re
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from assay.sample.replay import ReplayServer
from assay.warehouse import postgres
from tests.conftest import empty_postgres
from tests.support import QUICK, SAMPLE, STAGE, Project

# What other people have on our tables: a dashboard's views, rights, a table that points at ours.
THEIRS = """
create role reader;
create schema dashboards;
grant usage on schema hf to reader;
grant select on all tables in schema hf to reader;
alter default privileges in schema hf grant select on tables to reader;
grant update (likes) on hf.model_profile to reader;
create view dashboards.top as
    select profile.model_id, profile.downloads, lineage.depth
    from hf.model_profile as profile
    left join hf.model_lineage as lineage on profile.model_id = lineage.model_id;
create view dashboards.present as select * from hf.current_models;
create materialized view dashboards.parents as select * from hf.model_lineage;
create view dashboards.steps as select * from hf_staging.stg_hf__task_listings;
create view dashboards.terms as select * from hf_staging.hf_license_terms;
create table dashboards.notes (
    model_id text references hf.model_profile on delete cascade, note text
);
insert into dashboards.notes select min(model_id), 'look at it' from hf.model_profile;
"""
# Their things, and which tables of ours are the same as before: dropping gives a new oid.
INVENTORY = """
    select format('%I.%I', nspname, relname), relkind::text, pg_class.oid::bigint, relacl::text
    from pg_class join pg_namespace as schema on relnamespace = schema.oid
    where
        nspname = 'dashboards' and relkind in ('v', 'm', 'r')
        or nspname in ('hf', 'hf_staging', 'bronze') and relkind in ('r', 'v')
    order by 1
"""


@pytest.fixture(scope="module")
def twice(
    tmp_path_factory: pytest.TempPathFactory, postgres_host: str
) -> Iterator[tuple[Project, list[tuple]]]:
    """A catalog that was built, was used by others, and was built again; what they had by then."""
    with empty_postgres(tmp_path_factory.mktemp("loaded"), postgres_host) as project:
        with ReplayServer(SAMPLE, quota=0) as server:
            project.load(server.url, "--max-tasks", "2", "--limit-per-task", "50")
            project.build()
            project.execute(THEIRS)
            before = project.rows(INVENTORY)
            # What the second run leaves is what counts.
            project.execute("update hf.model_profile set downloads = -1, author = 'nobody'")
            project.load(server.url, "--max-tasks", "2", "--limit-per-task", "50")
            project.run("dbt", "build", *QUICK, "--full-refresh", "--select", "tag:hf")
        yield project, before
        project.execute("drop owned by reader; drop role reader")


@pytest.fixture(scope="module")
def loaded(twice: tuple[Project, list[tuple]]) -> Project:
    return twice[0]


def test_a_build_drops_no_table_and_nothing_that_others_made_on_it(
    twice: tuple[Project, list[tuple]],
) -> None:
    project, before = twice
    assert project.rows(INVENTORY) == before
    assert {name for name, *_ in before} >= {"dashboards.top", "hf.model_lineage", "hf.models"}


def test_what_others_made_on_our_tables_shows_the_new_rows(loaded: Project) -> None:
    assert loaded.rows(
        "select min(downloads) >= 0, count(distinct model_id) = (select count(*) from hf.models) "
        "from dashboards.top"
    ) == [(True, True)]
    assert loaded.rows("select count(*) from hf.model_profile where author = 'nobody'") == [(0,)]
    assert loaded.rows("select count(*) > 20 from dashboards.present") == [(True,)]
    assert loaded.rows("select note from dashboards.notes") == [("look at it",)]
    [(kept, there)] = loaded.rows(
        "select (select count(*) from dashboards.steps), "
        "(select count(*) from hf_staging.stg_hf__task_listings)"
    )
    [(terms,)] = loaded.rows("select count(*) from dashboards.terms")
    assert kept == there >= 2 and terms > 20


def test_rights_stay_and_default_rights_are_still_given(loaded: Project) -> None:
    assert loaded.rows(
        "select has_table_privilege('reader', 'hf.model_lineage', 'select'), "
        "has_column_privilege('reader', 'hf.model_profile', 'likes', 'update'), "
        "count(*) from pg_default_acl group by 1, 2"
    ) == [(True, True, 1)]


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


def test_what_dbt_runs_is_known_to_postgres_14(loaded: Project) -> None:
    ran = [path.read_text() for path in (STAGE / "target-postgres" / "run").rglob("*.sql")]
    assert any("on conflict" in sql for sql in ran)
    assert not [sql for sql in ran if "merge into" in sql.lower()]


def test_an_older_server_is_refused_before_anything_is_written(
    loaded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLDEST", 990000)
    with closing(loaded.postgres()) as connection:
        refusal = postgres.lacking(connection, ["bronze"])
    assert re.fullmatch(
        r"Postgres \d+\.\d+.* is too old: 99 or newer is needed \(see docs/postgres.md\)", refusal
    )


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
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Connection refused" in output.splitlines()[-1]
    assert "Traceback" not in output and "p@ss" not in output


def test_the_report_runs_on_what_dbt_built(loaded: Project) -> None:
    output = loaded.run(sys.executable, "-m", "assay.publish.hf_report", "--target", "postgres")
    [(models,)] = loaded.rows("select count(*) from hf.models")
    assert ["models", f"{models:,}"] in [line.split() for line in output.splitlines()]
    report = (loaded.folder / "reports" / "hf_ingestion_report.md").read_text(encoding="utf-8")
    assert "ATTENTION" not in report


def test_status_tells_what_is_in_postgres(loaded: Project) -> None:
    output = loaded.run(sys.executable, "-m", "assay.runs.status")
    [(models,)] = loaded.rows("select count(*) from hf.models")
    lines = output.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("POSTGRES: assay at "))
    assert lines[at + 1].split() == ["hf.models", f"{models:,}"]
    [fresh] = [line for line in lines if line.strip().startswith("hf_catalog ")]
    assert " ago (at most 36 h): fresh" in fresh
    assert "no warehouse" not in output

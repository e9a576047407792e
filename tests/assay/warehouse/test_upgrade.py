"""A warehouse of the first version is taken over as it is: nothing that cannot be made again goes.

first_version/ is one such warehouse, of ten models of two tasks of the bundled sample, exported by
DuckDB. mined_by_version_1/ is one of two days of posts, whose issues a language model has labelled.
"""

import re
import shutil
from pathlib import Path

import duckdb
import pytest

from assay.sample.replay import ReplayServer
from tests.issues.gold.mined import mine
from tests.support import SAMPLE, Project

pytestmark = pytest.mark.slow("a warehouse of the first version is taken over whole")

OLD = Path(__file__).parent / "first_version"
MINED = Path(__file__).parent / "mined_by_version_1"
TABLE = re.compile(r"(bronze|hf)_(.+)\.csv")
CREATED = "select model_id, created_at from hf.models order by model_id"
HISTORY = (
    "select model_id, observed_on, likes, downloads from hf.model_stats_daily "
    "order by model_id, observed_on"
)
RANKS = "select model_id, task_id, created_at from hf.model_tasks order by all"


def first_version(path: Path) -> None:
    """Make the warehouse; it lacks a column besides, as one would that came later."""
    path.parent.mkdir(parents=True)
    with duckdb.connect(path) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute((OLD / "schema.ddl").read_text(encoding="utf-8"))
        for file in sorted(OLD.glob("*.csv")):
            schema, table = TABLE.fullmatch(file.name).groups()
            connection.execute(f"copy {schema}.{table} from '{file}' (format csv, header)")
        connection.execute("alter table hf.models drop column gated")


def test_history_of_the_first_version_is_kept_and_what_is_new_is_added(project: Project) -> None:
    first_version(project.folder / "data" / "assay.duckdb")
    before, history, ranks = (project.rows(sql) for sql in (CREATED, HISTORY, RANKS))
    assert (len(before), len(history)) == (10, 10)
    with ReplayServer(SAMPLE, quota=0) as server:
        project.load(
            server.url, "--tasks", "fill-mask,text-classification", "--limit-per-task", "6"
        )
    project.build_catalog()
    after = {row[0]: row for row in project.rows(CREATED)}
    assert len(after) == 12
    for model_id, created_at, *_ in before:
        assert after[model_id][1] == created_at
    kept = set(project.rows(HISTORY))
    assert set(history) <= kept
    assert len(kept) == 22
    assert set(ranks) <= set(project.rows(RANKS))
    assert project.rows("select count(*) from hf.models where gated is not null") == [(12,)]
    # What came later: the present, and ranks by day from now on.
    assert project.rows("select count(*) from hf.models where is_current and not is_private") == [
        (12,)
    ]
    assert project.rows("select count(*) from hf.tasks where is_current") == [(2,)]
    ranked = "select count(*), count(distinct observed_on) from hf.model_rank_daily"
    [(listed,)] = project.rows("select count(*) from hf.model_tasks")
    assert project.rows(ranked) == [(listed + len(ranks), 2)]
    assert project.rows("select kind, status from ops.pipeline_steps order by all") == [
        ("dbt", "done"),
        ("dlt", "done"),
    ]


KEPT = {
    "issues": "select cluster_date, cluster_id, issue_id from silver_staging.stg_issue_identities",
    "vectors": "select url_hash, text_hash, model, embedding from silver_staging.stg_embeddings",
    # All columns that version 1 had; evidence came later.
    "paid answers": "select fingerprint, canonical_title, category, description, would_pay_signal, "
    "impact_level, model, prompt_version, tokens, cost_usd "
    "from silver_staging.stg_issue_labels__llm",
    "calls": "select call_id, prompt_hash, cost_usd from silver_staging.stg_llm_calls",
    "first seen": "select input_name, fingerprint, changed_at from bronze.input_fingerprints",
    "posts": "select * from bronze.raw_items",
}


def mined_by_version_1(path: Path) -> None:
    """Make the warehouse of two days of posts as version 1 left it, with its paid answers."""
    path.parent.mkdir(parents=True)
    shutil.copy(MINED / "llm.sqlite", path.parent)
    with duckdb.connect(path) as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute((MINED / "schema.ddl").read_text(encoding="utf-8"))
        for file in sorted(MINED.glob("*.parquet")):
            schema, table = file.stem.split(".")
            connection.execute(f"insert into {schema}.{table} from '{file}'")


def test_issues_vectors_and_paid_answers_of_version_1_are_kept(project: Project) -> None:
    mined_by_version_1(project.folder / "data" / "assay.duckdb")
    before = {name: sorted(map(repr, project.rows(sql))) for name, sql in KEPT.items()}
    assert {name: len(rows) for name, rows in before.items()} == {
        "issues": 22,
        "vectors": 56,
        "paid answers": 21,
        "calls": 21,
        "first seen": 5,
        "posts": 56,
    }
    project.run(*mine("forbid=group,identify,connect", first="2026-11-09", last="2026-11-10"))
    after = {name: sorted(map(repr, project.rows(sql))) for name, sql in KEPT.items()}
    assert after == before
    issues = "select cluster_date, cluster_id, issue_id, labeled_by from gold.issues"
    assert sorted(map(repr, (row[:3] for row in project.rows(issues)))) == before["issues"]
    assert {row[3] for row in project.rows(issues)} == {"llm"}
    prototypes = "select count(*) from silver.embeddings where embedding is not null"
    assert project.rows(prototypes) == [(56,)]

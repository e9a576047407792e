"""How the enrichment's tables change: before it has run, one entity alone, and run after run."""

from datetime import timedelta
from typing import Any

import pytest

from tests.hf.enrichment.bronze import ENRICHMENT, FETCHED, NEXT, READ, Bronze
from tests.support import Project

pytestmark = pytest.mark.slow("tables of enrichment run after run, and before there was one")

ENTITIES = ("datasets", "articles", "base_models", "keywords", "licenses")
TABLES = (*ENTITIES, *(f"model_{name}" for name in (*ENTITIES, "lineage")))


@pytest.fixture
def bronze(any_project: Project) -> Bronze:
    return Bronze(any_project)


def counts(project: Project) -> dict[str, int]:
    union = " union all ".join(f"select '{name}', count(*) from hf.{name}" for name in TABLES)
    return dict(project.rows(union))


def test_without_enrichment_the_catalog_builds_and_its_tables_are_empty(
    any_project: Project, bronze: Bronze
) -> None:
    bronze.list("text-generation", "a/one", "a/two")
    any_project.build()
    assert counts(any_project) == dict.fromkeys(TABLES, 0)
    bronze.make(ENRICHMENT)  # a run that found nothing leaves empty tables: no rows, no error
    any_project.build()
    assert counts(any_project) == dict.fromkeys(TABLES, 0)
    assert any_project.rows("select count(*) from hf.model_profile") == [(2,)]


def test_one_entity_is_built_alone_in_an_empty_warehouse(
    any_project: Project, bronze: Bronze
) -> None:
    bronze.list("text-generation", "a/one")
    bronze.make({name: ENRICHMENT[name] for name in ("hf_model_articles", "arxiv_articles")})
    bronze.pair("hf_model_articles", ("a/one", "1706.03762", False))
    any_project.build("articles")
    assert any_project.rows(
        "select model_id, arxiv_id, enriched, reason "
        "from hf.model_articles inner join hf.articles using (arxiv_id)"
    ) == [("a/one", "1706.03762", False, "not_asked")]
    made = any_project.rows(
        "select table_name from information_schema.tables where table_schema = 'hf' order by 1"
    )
    names = ("articles", "model_articles", "model_names", "model_renames", "models")
    assert made == [(name,) for name in names]


def entity(project: Project, dataset_id: str) -> tuple[Any, ...]:
    [row] = project.rows(
        "select enriched, reason, likes, fetched_at, created_at, updated_at, last_synced_at "
        f"from hf.datasets where dataset_id = '{dataset_id}'"
    )
    return row


def test_run_after_run_only_what_changed_moves(any_project: Project, bronze: Bronze) -> None:
    bronze.list("text-generation", "a/one", "b/two")
    bronze.make(ENRICHMENT)
    bronze.pair("hf_model_datasets", ("a/one", "new"), ("a/one", "left"), ("b/two", "left"))
    bronze.pair(
        "hf_model_keywords",
        ("a/one", "peft", "tag"),
        ("a/one", "old", "tag"),
        ("b/two", "x", "tag"),
    )
    bronze.pair("hf_model_base_models", ("a/one", "x/base", "finetune"))
    bronze.know(
        "hf_datasets", {"dataset_id": "left", "likes": 1}, {"dataset_id": "old", "likes": 1}
    )
    any_project.build()
    assert entity(any_project, "new") == (False, "not_asked", None, None, READ, READ, READ)
    assert entity(any_project, "old") == (True, None, 1, FETCHED, FETCHED, FETCHED, FETCHED)

    # A day later a/one names other things; one data set comes, one stays, one cannot be fetched.
    fetched = NEXT + timedelta(hours=1)
    at = {"observed_at": NEXT}
    bronze.list("text-generation", "a/one", "b/two", **at)
    bronze.pair("hf_model_datasets", ("a/one", "new"), ("b/two", "left"), **at)
    bronze.pair("hf_model_keywords", ("a/one", "peft", "library"), ("b/two", None), **at)
    bronze.pair("hf_model_base_models", ("a/one", "x/base", "adapter"), **at)
    bronze.know(
        "hf_datasets",
        {"dataset_id": "new", "likes": 5, "fetched_at": fetched},
        {"dataset_id": "left", "likes": 1, "fetched_at": fetched},
        {"dataset_id": "old", "reason": "fetch_failed", "fetched_at": fetched},
        **at,
    )
    any_project.build()
    assert sorted(any_project.rows("select * from hf.model_datasets")) == [
        ("a/one", "new", "new", READ),
        ("b/two", "left", "left", READ),
    ]
    assert any_project.rows("select * from hf.model_keywords") == [
        ("a/one", "peft", "library", READ)
    ]
    assert any_project.rows("select * from hf.model_base_models") == [
        ("a/one", "x/base", "adapter", "x/base", NEXT)
    ]
    assert entity(any_project, "new") == (True, None, 5, fetched, READ, fetched, fetched)
    assert entity(any_project, "left") == (True, None, 1, fetched, FETCHED, FETCHED, fetched)
    # A passing failure does not undo what was known; nor does an old run folder, loaded again.
    assert entity(any_project, "old") == (True, None, 1, FETCHED, FETCHED, FETCHED, FETCHED)
    bronze.know("hf_datasets", {"dataset_id": "new", "likes": 4})
    bronze.pair("hf_model_datasets", ("a/one", "new"), ("a/one", "left"))
    any_project.build()
    assert entity(any_project, "new") == (True, None, 5, fetched, READ, fetched, fetched)

    # Without its bronze tables nothing is known, so nothing is taken back.
    before = counts(any_project)
    for table in ENRICHMENT:
        bronze.execute(f"drop table bronze.{table}")
    any_project.build()
    assert counts(any_project) == before

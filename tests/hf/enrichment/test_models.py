"""The tables of the Hub's enrichment, value by value, from bronze rows made by hand; more than
400 lines because each row stands as it is, a value a line."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest

from tests.conftest import empty_postgres
from tests.hf.enrichment.bronze import ENRICHMENT, FETCHED, READ, Bronze
from tests.support import Project

LEFTOVER = "1910.09700"
WHEN = datetime(2023, 5, 1, tzinfo=UTC)
MAPPINGS = ("datasets", "articles", "base_models", "keywords", "licenses")
TABLES = (*MAPPINGS, *(f"model_{name}" for name in (*MAPPINGS, "lineage", "profile")))


def fill(bronze: Bronze) -> None:
    """Three models of two tasks, and one that fell out; every kind of entity, known or not."""
    bronze.list("text-generation", "a/llama-tuned", "b/merged")
    bronze.list("fill-mask", "b/merged", "c/plain", tags=["license:cc-by-nc-4.0"])
    bronze.make(ENRICHMENT)
    bronze.pair(
        "hf_model_datasets",
        ("a/llama-tuned", "squad"),
        ("a/llama-tuned", "x/gone"),
        ("b/merged", "rajpurkar/squad"),
        ("z/beyond-the-limit", "squad"),
    )
    bronze.pair(
        "hf_model_articles",
        ("a/llama-tuned", "1706.03762", False),
        ("a/llama-tuned", LEFTOVER, True),
        ("b/merged", "hep-th/9901001", False),
        ("c/plain", LEFTOVER, True),
    )
    bronze.pair(
        "hf_model_base_models",
        ("a/llama-tuned", "meta/llama", "finetune"),
        ("b/merged", "meta/llama", "merge"),
        ("b/merged", "meta/llama", "finetune"),
        ("b/merged", "a/llama-tuned", "merge"),
    )
    bronze.pair(
        "hf_model_keywords",
        ("a/llama-tuned", "text-generation", "pipeline_tag"),
        ("b/merged", "text-generation", "tag"),
        ("b/merged", "region:us", "tag"),
        ("b/merged", "peft", "library"),
        ("c/plain", "peft", "tag"),
    )
    bronze.pair(
        "hf_model_licenses",
        ("a/llama-tuned", "llama3.1"),
        ("b/merged", "mit"),
        ("b/merged", "MIT"),
        ("c/plain", "cc-by-nc-4.0"),
    )
    know(bronze)


def know(bronze: Bronze) -> None:
    bronze.know(
        "hf_datasets",
        {
            "dataset_id": "squad",
            "resolved_id": "rajpurkar/squad",
            "author": "rajpurkar",
            "license": "cc-by-sa-4.0",
            "description": "\n\t\n\tStanford  Questions\n",
            "gated": "false",
            "downloads": 5,
            "likes": 3,
            "is_private": False,
            "is_disabled": False,
            "hub_created_at": WHEN,
            "last_modified": WHEN,
            "tags": ["language:en"],
            "croissant": {"name": "squad"},
        },
        {"dataset_id": "x/gone", "reason": "not_found"},
    )
    bronze.know(
        "arxiv_articles",
        {
            "arxiv_id": "1706.03762",
            "title": "Attention Is All You Need",
            "summary": "We propose.",
            "authors": ["Vaswani", "Shazeer"],
            "primary_category": "cs.CL",
            "categories": ["cs.CL"],
            "doi": "10.1/x",
            "journal_ref": "NIPS",
            "comment": "15 pages",
            "version": 7,
            "published_at": WHEN,
            "updated_at": WHEN,
        },
        {
            "arxiv_id": LEFTOVER,
            "is_template_leftover": True,
            "reason": "template_leftover",
            "fetched_at": None,
        },
    )
    bronze.know(
        "hf_base_models",
        {
            "model_id": "meta/llama",
            "resolved_id": "meta-llama/llama",
            "author": "meta-llama",
            "pipeline_tag": "text-generation",
            "library_name": "transformers",
            "license": "llama3.1",
            "gated": "manual",
            "downloads": 9,
            "likes": 8,
            "parameters": 7_000_000_000,
            "is_private": False,
            "is_disabled": False,
            "hub_created_at": WHEN,
            "last_modified": WHEN,
            "tags": ["base_model:x/seed", "base_model:finetune:x/seed"],
        },
        {"model_id": "x/seed", "reason": "gated", "depth": 2},
    )
    bronze.know(
        "hf_keywords",
        {"keyword_id": "text-generation", "kind": "pipeline_tag", "label": "Text Generation"},
        {"keyword_id": "region:us", "kind": "region", "label": "US"},
    )
    bronze.know(
        "hf_licenses",
        {
            "license_id": "mit",
            "spdx_id": "MIT",
            "name": "MIT License",
            "family": "mit",
            "url": "https://spdx.org/licenses/MIT",
            "is_osi_approved": True,
            "fetched_at": None,
        },
        {"license_id": "llama3.1", "name": "Llama 3.1", "family": "llama", "fetched_at": None},
    )


@pytest.fixture(scope="module")
def built_on_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("built"))
    fill(Bronze(project))
    project.build()
    return project


@pytest.fixture(scope="module")
def built_on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_host: str
) -> Iterator[Project]:
    with empty_postgres(tmp_path_factory.mktemp("built"), postgres_host) as project:
        fill(Bronze(project))
        project.build()
        yield project


@pytest.fixture(
    params=["duckdb", pytest.param("postgres", marks=pytest.mark.slow("the same on Postgres"))]
)
def built(request: pytest.FixtureRequest) -> Project:
    """Return the filled and built project on each of the two databases in turn."""
    return request.getfixturevalue(f"built_on_{request.param}")


def whole(project: Project) -> dict[str, list[tuple[Any, ...]]]:
    """Return every enrichment table, row by row."""
    found = {}
    for table in TABLES:
        names = [
            row[0]
            for row in project.rows(
                "select column_name from information_schema.columns "
                f"where table_schema = 'hf' and table_name = '{table}' order by 1"
            )
        ]
        columns = ", ".join(f"cast({name} as text)" for name in names)
        found[table] = sorted(project.rows(f"select {columns} from hf.{table}"), key=repr)
    return found


def test_mappings_say_what_a_written_id_means(built: Project) -> None:
    assert built.rows(
        "select dataset_id, resolved_id from hf.model_datasets where dataset_id = 'squad'"
    ) == [("squad", "rajpurkar/squad")]
    assert built.rows(
        "select distinct resolved_id from hf.model_base_models where base_model_id = 'meta/llama'"
    ) == [("meta-llama/llama",)]
    assert built.rows("select count(*) from hf.model_licenses where resolved_id is null") == [(0,)]


def test_mappings_hold_the_pairs_of_known_models_and_nothing_else(built: Project) -> None:
    def mapping(entity: str, columns: str) -> list[tuple[Any, ...]]:
        return sorted(built.rows(f"select {columns}, created_at from hf.model_{entity}"))

    assert mapping("datasets", "model_id, dataset_id") == [
        ("a/llama-tuned", "squad", READ),
        ("a/llama-tuned", "x/gone", READ),
        ("b/merged", "rajpurkar/squad", READ),
    ]
    assert mapping("articles", "model_id, arxiv_id") == [
        ("a/llama-tuned", "1706.03762", READ),
        ("b/merged", "hep-th/9901001", READ),
    ]
    assert mapping("base_models", "model_id, base_model_id, relation") == [
        ("a/llama-tuned", "meta/llama", "finetune", READ),
        ("b/merged", "a/llama-tuned", "merge", READ),
        ("b/merged", "meta/llama", "finetune", READ),
        ("b/merged", "meta/llama", "merge", READ),
    ]
    assert mapping("keywords", "model_id, keyword_id, kind") == [
        ("a/llama-tuned", "text-generation", "pipeline_tag", READ),
        ("b/merged", "peft", "library", READ),
        ("b/merged", "region:us", "tag", READ),
        ("b/merged", "text-generation", "tag", READ),
        ("c/plain", "peft", "tag", READ),
    ]
    assert mapping("licenses", "model_id, license_id") == [
        ("a/llama-tuned", "llama3.1", READ),
        ("b/merged", "MIT", READ),
        ("b/merged", "mit", READ),
        ("c/plain", "cc-by-nc-4.0", READ),
    ]


def test_every_id_a_pair_or_a_base_model_names_is_an_entity_with_its_reason(built: Project) -> None:
    def reasons(table: str, key: str) -> dict[str, tuple[bool, str | None]]:
        return {
            row[0]: row[1:] for row in built.rows(f"select {key}, enriched, reason from hf.{table}")
        }

    known, not_asked = (True, None), (False, "not_asked")
    assert reasons("datasets", "dataset_id") == {
        "squad": known,
        "x/gone": (False, "not_found"),
        "rajpurkar/squad": not_asked,
    }
    assert reasons("articles", "arxiv_id") == {
        "1706.03762": known,
        "hep-th/9901001": not_asked,
        LEFTOVER: (False, "template_leftover"),
    }
    assert reasons("base_models", "base_model_id") == {
        "meta/llama": known,
        "a/llama-tuned": not_asked,
        "x/seed": (False, "gated"),
    }
    assert reasons("keywords", "keyword_id") == {
        "text-generation": known,
        "region:us": known,
        "peft": not_asked,
    }
    assert reasons("licenses", "license_id") == {
        "mit": known,
        "llama3.1": known,
        "MIT": not_asked,
        "cc-by-nc-4.0": not_asked,
    }


def test_what_was_fetched_is_in_the_entity(built: Project) -> None:
    assert built.rows(
        "select resolved_id, author, license, description, gated, downloads, likes, is_private, "
        "is_disabled, hub_created_at, last_modified, cast(tags as text), cast(croissant as text), "
        "fetched_at, created_at, updated_at, last_synced_at "
        "from hf.datasets where dataset_id = 'squad'"
    ) == [
        (
            "rajpurkar/squad",
            "rajpurkar",
            "cc-by-sa-4.0",
            "Stanford Questions",
            "false",
            5,
            3,
            False,
            False,
            WHEN,
            WHEN,
            '["language:en"]',
            '{"name": "squad"}',
            FETCHED,
            FETCHED,
            FETCHED,
            FETCHED,
        )
    ]
    assert built.rows(
        "select title, summary, primary_category, doi, journal_ref, comment, version, "
        "is_template_leftover, cast(authors as text), cast(categories as text), published_at, "
        "revised_at from hf.articles where arxiv_id = '1706.03762'"
    ) == [
        (
            "Attention Is All You Need",
            "We propose.",
            "cs.CL",
            "10.1/x",
            "NIPS",
            "15 pages",
            7,
            False,
            '["Vaswani", "Shazeer"]',
            '["cs.CL"]',
            WHEN,
            WHEN,
        )
    ]
    assert sorted(
        built.rows(
            "select base_model_id, resolved_id, license, gated, downloads, parameters, depth "
            "from hf.base_models"
        )
    ) == [
        ("a/llama-tuned", None, None, None, None, None, 1),
        ("meta/llama", "meta-llama/llama", "llama3.1", "manual", 9, 7_000_000_000, 1),
        ("x/seed", None, None, None, None, None, 2),
    ]
    assert sorted(built.rows("select keyword_id, kind, label from hf.keywords")) == [
        ("peft", "library", None),
        ("region:us", "region", "US"),
        ("text-generation", "pipeline_tag", "Text Generation"),
    ]


def test_licences_have_spdx_id_osi_flag_family_and_terms(built: Project) -> None:
    assert sorted(
        built.rows(
            "select license_id, spdx_id, license_name, license_family, license_terms, strictness, "
            "is_osi_approved, url from hf.licenses"
        )
    ) == [
        ("MIT", None, None, None, "permissive", 1, None, None),
        ("cc-by-nc-4.0", None, None, None, "non-commercial", 5, None, None),
        ("llama3.1", None, "Llama 3.1", "llama", "use-restricted", 4, None, None),
        (
            "mit",
            "MIT",
            "MIT License",
            "mit",
            "permissive",
            1,
            True,
            "https://spdx.org/licenses/MIT",
        ),
    ]


def test_the_leftover_of_the_card_template_is_marked_and_nobodys_paper(built: Project) -> None:
    assert built.rows(
        "select arxiv_id, fetched_at from hf.articles where is_template_leftover"
    ) == [(LEFTOVER, None)]
    assert built.rows(f"select * from hf.model_articles where arxiv_id = '{LEFTOVER}'") == []


def test_a_profile_counts_what_a_model_has(built: Project) -> None:
    assert sorted(
        built.rows(
            "select model_id, license, license_family, license_terms, root_id, steps_to_root, "
            "best_rank, task_count, dataset_count, article_count, keyword_count, parent_count, "
            "child_count, descendant_count, is_osi_approved from hf.model_profile"
        )
    ) == [
        ("a/llama-tuned", "mit", "mit", "permissive", "x/seed", 2, 1, 1, 2, 1, 1, 1, 1, 1, True),
        ("b/merged", "mit", "mit", "permissive", "x/seed", 2, 1, 2, 1, 1, 3, 2, 0, 0, True),
        (
            "c/plain",
            "cc-by-nc-4.0",
            None,
            "non-commercial",
            None,
            None,
            2,
            1,
            None,  # nobody has looked at its data sets
            0,
            1,
            None,  # nor at its parents
            0,
            0,
            None,
        ),
    ]


@pytest.mark.slow("a second build of the enrichment changes nothing")
def test_a_second_build_changes_nothing(built: Project) -> None:
    before = whole(built)
    assert {table: len(rows) for table, rows in before.items()} == {
        "datasets": 3,
        "articles": 3,
        "base_models": 3,
        "keywords": 3,
        "licenses": 4,
        "model_datasets": 3,
        "model_articles": 2,
        "model_base_models": 4,
        "model_keywords": 5,
        "model_licenses": 4,
        "model_lineage": 5,
        "model_profile": 3,
    }
    built.build()
    assert whole(built) == before


@pytest.mark.slow("keys, indexes and JSONB of enrichment on Postgres")
def test_keys_and_indexes_are_real_on_postgres(built_on_postgres: Project) -> None:
    project = built_on_postgres
    keys = project.rows(
        "select conrelid::regclass::text, contype::text, confrelid::regclass::text "
        "from pg_constraint where connamespace = 'hf'::regnamespace and contype in ('p', 'f') "
    )
    expected = {(f"hf.{table}", "p", "-") for table in TABLES}
    for entity in MAPPINGS:
        expected |= {(f"hf.model_{entity}", "f", f"hf.{to}") for to in ("models", entity)}
    expected |= {(f"hf.model_{name}", "f", "hf.models") for name in ("lineage", "profile")}
    assert expected <= set(keys)
    indexes = {
        row[0] for row in project.rows("select indexname from pg_indexes where schemaname = 'hf'")
    }
    assert indexes >= {
        "idx_model_datasets_dataset_id",
        "idx_model_articles_arxiv_id",
        "idx_model_base_models_base_model_id",
        "idx_model_keywords_keyword_id",
        "idx_model_licenses_license_id",
        "idx_model_lineage_ancestor_id",
    }


@pytest.mark.slow("keys, indexes and JSONB of enrichment on Postgres")
def test_json_can_be_asked_with_jsonb_operators_on_postgres(built_on_postgres: Project) -> None:
    assert built_on_postgres.rows(
        "select count(*) from hf.datasets where tags ? 'language:en' "
        "and croissant ->> 'name' = 'squad'"
    ) == [(1,)]


@pytest.mark.slow("keys, indexes and JSONB of enrichment on Postgres")
def test_a_pair_without_its_entity_is_refused_on_postgres(built_on_postgres: Project) -> None:
    with (
        built_on_postgres.postgres() as connection,
        connection.cursor() as cursor,
        pytest.raises(psycopg2.errors.ForeignKeyViolation, match="dataset_id_fkey"),
    ):
        cursor.execute(
            "insert into hf.model_datasets (model_id, dataset_id, created_at) "
            "values ('a/llama-tuned', 'nothing', %s)",
            (READ,),
        )

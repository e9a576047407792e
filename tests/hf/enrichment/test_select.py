"""Each entity alone, all, none; identification alone; and what the options refuse."""

import itertools
from pathlib import Path

import pytest

from assay.extract.pipeline import UsageError
from assay.sample.replay import ReplayServer
from tests.extract.helpers import catalog_folder
from tests.hf.enrichment.workshop import FILES, TABLES, Workshop, files_of, models_of
from tests.support import SAMPLE

FEW = 200
ASKS = {
    "datasets": ("/api/datasets/",),
    "articles": ("/api/query",),
    "base_models": ("/api/models/",),
    "keywords": ("/api/models-tags-by-type",),
    "licenses": ("/api/models-tags-by-type",),
}


@pytest.mark.parametrize(
    "entity",
    [
        "datasets",
        *(
            pytest.param(name, marks=pytest.mark.slow("each entity by a run of its own"))
            for name in FILES
            if name != "datasets"
        ),
    ],
)
def test_each_entity_alone_makes_its_own_file_and_tables_and_asks_its_own_source(
    workshop: Workshop, sample_server: ReplayServer, entity: str
) -> None:
    workshop.server = sample_server.url
    path = workshop.catalog(models_of(SAMPLE, FEW))
    assert workshop.run("--select", entity) is None
    assert files_of(path) == {entity}
    assert workshop.tables() == set(TABLES[entity])
    assert all(target.startswith(ASKS[entity]) for _, target, _ in sample_server.requests)
    assert workshop.rows(f"select count(*) from bronze.{TABLES[entity][1]}")[0][0] > 5


@pytest.mark.slow("each way of choosing what is enriched, by a run of its own")
def test_none_at_all_is_empty_tables_with_their_columns_and_no_request(workshop: Workshop) -> None:
    path = workshop.catalog([{"id": "a/b", "tags": []}])
    assert workshop.run() is None, "nobody had to be asked, so that nobody is there does not matter"
    assert files_of(path) == set(FILES)
    assert workshop.tables() == set(itertools.chain(*TABLES.values()))
    for table in workshop.tables():
        assert workshop.rows(f"select * from bronze.{table}") == []
    columns = workshop.rows(
        "select column_name, data_type from duckdb_columns() where table_name = 'hf_base_models' "
        "and schema_name = 'bronze' order by column_index"
    )
    assert columns == [
        ("model_id", "VARCHAR"),
        ("reason", "VARCHAR"),
        ("enriched", "BOOLEAN"),
        ("fetched_at", "TIMESTAMP WITH TIME ZONE"),
        ("license", "VARCHAR"),
        ("depth", "BIGINT"),
        ("resolved_id", "VARCHAR"),
        ("pipeline_tag", "VARCHAR"),
        ("library_name", "VARCHAR"),
        ("parameters", "BIGINT"),
        ("author", "VARCHAR"),
        ("gated", "VARCHAR"),
        ("downloads", "BIGINT"),
        ("likes", "BIGINT"),
        ("is_private", "BOOLEAN"),
        ("is_disabled", "BOOLEAN"),
        ("hub_created_at", "TIMESTAMP WITH TIME ZONE"),
        ("last_modified", "TIMESTAMP WITH TIME ZONE"),
        ("tags", "JSON"),
        ("run_id", "VARCHAR"),
        ("observed_at", "TIMESTAMP WITH TIME ZONE"),
    ]


def test_identification_alone_asks_nobody_and_says_of_each_thing_that_it_was_not_asked(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    models = models_of(SAMPLE, FEW)
    workshop.catalog(models)
    assert workshop.run("--identify-only") is None
    assert set(workshop.reasons("datasets")) <= {"not_asked", "malformed_id"}
    assert set(workshop.reasons("articles")) == {"not_asked", "template_leftover"}
    assert set(workshop.reasons("keywords")) == {"not_asked"}
    identified = workshop.content("datasets", "keywords")
    workshop.server = sample_server.url
    assert workshop.run() is None
    enriched = workshop.content()
    for entity in ("datasets", "keywords"):
        assert enriched[TABLES[entity][0]] == identified[TABLES[entity][0]]
    assert workshop.reasons("datasets")[None] > 10
    # What is known by now is not forgotten by looking at the tags again.
    assert workshop.run("--identify-only") is None
    assert workshop.content() == enriched


@pytest.mark.slow("each way of choosing what is enriched, by a run of its own")
def test_models_that_no_longer_point_at_anything_lose_their_pairs_and_others_keep_theirs(
    workshop: Workshop,
) -> None:
    workshop.catalog(
        [
            {"id": "a/changes", "tags": ["dataset:x/1", "dataset:x/2"]},
            {"id": "a/empties", "tags": ["dataset:x/1"]},
            {"id": "a/stays", "tags": ["dataset:x/3"]},
        ]
    )
    assert workshop.run("--identify-only", "--select", "datasets") is None
    workshop.catalog(
        [{"id": "a/changes", "tags": ["dataset:x/2"]}, {"id": "a/empties", "tags": ["en"]}]
    )
    assert workshop.run("--identify-only", "--select", "datasets") is None
    query = "select model_id, dataset_id, is_gone from bronze.hf_model_datasets order by all"
    assert workshop.rows(query) == [("a/changes", "x/2", False), ("a/stays", "x/3", False)]
    assert workshop.rows("select dataset_id from bronze.hf_datasets order by all") == [
        ("x/1",),
        ("x/2",),
        ("x/3",),
    ]


@pytest.mark.slow("each way of choosing what is enriched, by a run of its own")
def test_depth_follows_base_models_to_their_own_and_stops_where_they_end(
    workshop: Workshop, tmp_path: Path
) -> None:
    folder = tmp_path / "items"
    folder.mkdir()
    chain = [("a/leaf", "a/mid"), ("a/mid", "a/root"), ("a/root", "a/leaf")]
    lines = (
        f'{{"id": "{name}", "tags": ["base_model:{base}", "base_model:finetune:{base}"]}}\n'
        for name, base in chain
    )
    (folder / "hf_models.jsonl").write_text("".join(lines))
    (folder / "hf_tasks.json").write_text("{}")
    workshop.catalog([{"id": "a/leaf", "tags": ["base_model:adapter:a/mid"]}])
    query = "select model_id, depth, enriched from bronze.hf_base_models order by depth"
    with ReplayServer(folder, quota=0) as server:
        workshop.server = server.url
        assert workshop.run("--select", "base_models") is None
        assert workshop.rows(query) == [("a/mid", 1, True)]
        assert workshop.run("--select", "base_models", "--depth", "9") is None
        asked = [target.partition("?")[0] for _, target, _ in server.requests]
    assert workshop.rows(query) == [("a/mid", 1, True), ("a/root", 2, True), ("a/leaf", 3, True)]
    assert asked == ["/api/models/a/mid", "/api/models/a/root", "/api/models/a/leaf"]
    assert workshop.rows("select model_id, base_model_id from bronze.hf_model_base_models") == [
        ("a/leaf", "a/mid")
    ]


def test_gated_private_renamed_and_disabled_repositories_say_so(workshop: Workshop) -> None:
    names = ["gated", "auto", "gone", "hidden", "off", "plain", "new"]
    states = [
        "gated:o/gated",
        "gated-auto:o/auto",
        "missing:o/gone",
        "private:o/hidden",
        "disabled:o/off",
        "renamed:o/old=o/new",
    ]
    folder = workshop.folder / "items"
    folder.mkdir()
    records = "".join(f'{{"id": "o/{name}", "likes": 5, "tags": []}}\n' for name in names)
    (folder / "hf_models.jsonl").write_text(records)
    (folder / "hf_tasks.json").write_text("{}")
    bases = [f"o/{name}" for name in [*names[:-1], "old", "never", "WHAM!"]]
    workshop.catalog([{"id": "a/b", "tags": [f"base_model:merge:{base}" for base in bases]}])
    with ReplayServer(folder, quota=0, repos=states) as server:
        workshop.server = server.url
        assert workshop.run("--select", "base_models") is None
    assert workshop.rows(
        "select model_id, resolved_id, enriched, reason, gated from bronze.hf_base_models "
        "order by model_id"
    ) == [
        ("o/WHAM!", None, False, "malformed_id", None),
        ("o/auto", "o/auto", True, None, "auto"),
        ("o/gated", "o/gated", True, None, "manual"),
        ("o/gone", None, False, "not_found", None),
        ("o/hidden", None, False, "not_found", None),
        ("o/never", None, False, "not_found", None),
        ("o/off", None, False, "disabled", None),
        ("o/old", "o/new", True, None, None),
        ("o/plain", "o/plain", True, None, None),
    ]


@pytest.mark.slow("each way of choosing what is enriched, by a run of its own")
def test_the_newest_whole_catalog_is_enriched_or_the_one_that_is_named(workshop: Workshop) -> None:
    old = workshop.catalog([{"id": "a/old", "tags": ["license:mit"]}])
    new = workshop.catalog([{"id": "a/new", "tags": ["license:mit"]}])
    begun = catalog_folder(workshop.runs, {"any": []})
    del begun.manifest["listings"]
    begun.save()
    (workshop.runs / "not-json").mkdir()
    (workshop.runs / "not-json" / "manifest.json").write_text("{")
    assert workshop.run("--select", "licenses") is None
    assert (files_of(old), files_of(new)) == (set(), {"licenses"})
    assert workshop.run("--select", "licenses", "--run-folder", str(old)) is None
    assert files_of(old) == {"licenses"}
    assert workshop.rows("select model_id from bronze.hf_model_licenses order by 1") == [
        ("a/new",),
        ("a/old",),
    ]
    line = workshop.run("--run-folder", str(begun.path))
    assert line == f"{begun.path} holds no catalog: it was not read to its end"


def test_without_a_catalog_the_cure_is_named(workshop: Workshop) -> None:
    assert workshop.run() == (
        f"{workshop.runs} holds no catalog: run `dlt pipeline hf_catalog run` first"
    )


def test_a_dry_run_writes_the_files_and_loads_nothing(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    workshop.server = sample_server.url
    path = workshop.catalog(models_of(SAMPLE, 5))
    assert workshop.run("--dry-run") is None
    assert files_of(path) == set(FILES)
    assert not (workshop.folder / "assay.duckdb").exists()


@pytest.mark.parametrize(
    ("options", "environment", "line"),
    [
        (["--depth", "0"], {}, "--depth 0: must be between 1 and 20"),
        (["--max-age-days", "-1"], {}, "--max-age-days -1: must be between 1 and 36,500"),
        (["--run-folder", "/no/such"], {}, "--run-folder /no/such: there is no such folder"),
        (
            [],
            {"HF_ENRICHMENT_THREADS": "0"},
            "HF_ENRICHMENT_THREADS is '0': must be between 1 and 64",
        ),
        ([], {"HF_ENRICHMENT_THREADS": "x"}, "HF_ENRICHMENT_THREADS is 'x': it must be a number"),
        (
            [],
            {"HF_ENRICHMENT__ENTITIES": "papers"},
            "HF_ENRICHMENT__ENTITIES: no entity 'papers', "
            "choose datasets, articles, base_models, keywords, licenses",
        ),
        (
            [],
            {"ARXIV_ENDPOINT": "http://export.arxiv.org"},
            "ARXIV_ENDPOINT must begin with https://, but for this machine's own",
        ),
        (
            [],
            {"ARXIV_ENDPOINT": "export.arxiv.org"},
            "ARXIV_ENDPOINT is no address: it must begin with http:// or https://",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_happens(
    workshop: Workshop, options: list[str], environment: dict[str, str], line: str
) -> None:
    workshop.more = environment
    with pytest.raises(UsageError) as refused:
        workshop.run(*options)
    assert str(refused.value) == line
    assert not (workshop.folder / "data").exists()


@pytest.mark.slow("each way of choosing what is enriched, by a run of its own")
def test_wikidata_is_asked_for_definitions_only_if_wanted_and_each_word_once(
    workshop: Workshop,
) -> None:
    workshop.catalog([{"id": "a/b", "tags": ["en", "zzz"], "pipeline_tag": "fill-mask"}])
    query = "select keyword_id, kind, label, description from bronze.hf_keywords order by 1"
    with ReplayServer(SAMPLE, quota=0, quirks=["wikidata"]) as server:
        workshop.server, workshop.more = server.url, {"WIKIDATA_ENDPOINT": server.url}
        assert workshop.run("--select", "keywords") is None
        without = workshop.rows(query)
        for _ in range(2):
            assert workshop.run("--select", "keywords", "--wikidata") is None
        asked = [target for _, target, _ in server.requests if target.startswith("/w/")]
    assert [row[:3] for row in workshop.rows(query)] == [row[:3] for row in without]
    assert {row[0]: row[3] for row in without} == {"en": None, "fill-mask": None, "zzz": None}
    assert len(asked) == 1
    described = {row[0]: row[3] for row in workshop.rows(query)}
    assert described["fill-mask"]
    assert described["zzz"] is None


def test_an_older_catalog_enriched_again_takes_back_neither_pairs_nor_answers(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    old = workshop.catalog(
        [
            {"id": "a/both", "tags": ["license:mit", "dataset:x/old"]},
            {"id": "a/emptied", "tags": ["license:mit"]},
            {"id": "a/fell-out", "tags": ["license:apache-2.0"]},
        ]
    )
    assert workshop.run("--identify-only", "--select", "licenses", "datasets") is None
    workshop.server = sample_server.url
    workshop.catalog(
        [{"id": "a/both", "tags": ["license:gpl-3.0"]}, {"id": "a/emptied", "tags": ["en"]}]
    )
    assert workshop.run("--select", "licenses", "datasets") is None
    pairs = "select model_id, license_id from bronze.hf_model_licenses order by all"
    nothing = "select entity, model_id from bronze.hf_without_references order by all"
    gpl = "select spdx_id, observed_at from bronze.hf_licenses where license_id = 'gpl-3.0'"
    expected = [("a/both", "gpl-3.0"), ("a/fell-out", "apache-2.0")]
    without, known = workshop.rows(nothing), workshop.rows(gpl)
    assert workshop.rows(pairs) == expected
    assert ("licenses", "a/emptied") in without and ("datasets", "a/both") in without
    assert workshop.run("--select", "licenses", "datasets", "--run-folder", str(old)) is None
    assert workshop.rows(pairs) == expected
    assert workshop.rows("select model_id from bronze.hf_model_datasets") == []
    assert (workshop.rows(nothing), workshop.rows(gpl)) == (without, known)


def test_a_private_repository_is_its_name_and_the_reason_unless_a_setting_says_otherwise(
    workshop: Workshop,
) -> None:
    folder = workshop.folder / "items"
    folder.mkdir()
    record = '{"id": "me/base", "author": "me", "likes": 5, "private": true, "tags": ["secret"]}\n'
    (folder / "hf_models.jsonl").write_text(record)
    (folder / "hf_tasks.json").write_text("{}")
    workshop.catalog([{"id": "a/b", "tags": ["base_model:merge:me/base"]}])
    query = "select model_id, enriched, reason, author, is_private from bronze.hf_base_models"
    workshop.more["HF_TOKEN"] = "hf_owner"  # noqa: S105 - whom the replay server knows
    with ReplayServer(folder, quota=0) as server:
        workshop.server = server.url
        assert workshop.run("--select", "base_models") is None
        assert workshop.rows(query) == [("me/base", False, "private", None, None)]
        kept = (workshop.folder / "data" / "hf_enrichment.sqlite").read_bytes()
        assert b"secret" not in kept
        workshop.more["HF_CATALOG__PRIVATE"] = "true"
        assert workshop.run("--select", "base_models", "--max-age-days", "0") is None
        assert workshop.rows(query) == [("me/base", True, None, "me", True)]
        # What was stored goes when it is not wanted any more.
        workshop.more["HF_CATALOG__PRIVATE"] = "false"
        assert workshop.run("--select", "base_models") is None
        assert workshop.rows(query) == [("me/base", False, "private", None, None)]

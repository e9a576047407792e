"""Sources on bad days: what fails is told and asked again, and nothing else suffers."""

import json
from collections import Counter

import pytest

from assay.sample.replay import ReplayServer
from tests.hf.enrichment.workshop import FILES, TABLES, Workshop, files_of, models_of
from tests.support import SAMPLE

FEW = 200
BAD_DAY = ("429:0.06", "500:0.06", "503:0.06", "cut:0.04", "malformed:0.04", "empty-page@arxiv:0.2")
DOWN = {  # what is down: the entities that need it, and what they ask of it
    "dataset-info": ({"datasets"}, "/api/datasets/"),
    "arxiv": ({"articles"}, "/api/query"),
    "model-info": ({"base_models"}, "/api/models/"),
    "tags": ({"keywords", "licenses"}, "/api/models-tags-by-type"),
}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    with pytest.MonkeyPatch.context() as patch, ReplayServer(SAMPLE, quota=0) as server:
        workshop = Workshop(tmp_path_factory.mktemp("calm"), server.url, patch)
        workshop.catalog(models_of(SAMPLE, FEW))
        assert workshop.run() is None
        return workshop.content()


@pytest.mark.slow("sources of enrichment on bad days end in the same tables")
@pytest.mark.parametrize("down", DOWN)
def test_one_source_that_is_down_stops_no_other_and_the_next_run_asks_for_the_rest_only(
    workshop: Workshop, calm: dict[str, list[tuple]], down: str
) -> None:
    path = workshop.catalog(models_of(SAMPLE, FEW))
    with ReplayServer(SAMPLE, quota=0, faults=[f"down:{down}"]) as server:
        workshop.server = server.url
        line = workshop.run()
    failing, asks = DOWN[down]
    assert line is not None
    assert [part.split(":")[0] for part in line.split("again later). ")[0].split("later); ")] == (
        sorted(failing)
    )
    assert line.endswith("Run again for the rest")
    assert files_of(path) == set(FILES)
    unhurt = [entity for entity in TABLES if entity not in failing]
    assert workshop.content(*unhurt) == {
        table: calm[table] for entity in unhurt for table in TABLES[entity]
    }
    for entity in failing:
        reasons = workshop.reasons(entity)
        assert reasons["fetch_failed"] > 5
        known = {None} if entity == "licenses" else set()  # SPDX is shipped
        assert set(reasons) <= {"fetch_failed", "malformed_id", "template_leftover"} | known
    manifest = json.loads((path / "manifest.json").read_text())["enrichment"]
    assert {entity for entity in manifest if manifest[entity]["error"]} == failing

    with ReplayServer(SAMPLE, quota=0) as server:
        workshop.server = server.url
        assert workshop.run() is None
        assert all(target.startswith(asks) for _, target, _ in server.requests)
    assert workshop.content() == calm


@pytest.mark.slow("sources of enrichment on bad days end in the same tables")
def test_a_bad_day_ends_in_the_same_tables_as_a_good_one(
    workshop: Workshop, calm: dict[str, list[tuple]]
) -> None:
    workshop.catalog(models_of(SAMPLE, FEW))
    with ReplayServer(SAMPLE, quota=0, faults=BAD_DAY, seed=3) as server:
        workshop.server = server.url
        assert workshop.run() is None
        outcomes = Counter(str(outcome) for _, _, outcome in server.requests)
    assert len(outcomes.keys() - {"200", "307", "401", "400"}) >= 3, "hardly anything was struck"
    assert workshop.content() == calm


@pytest.mark.slow("sources of enrichment on bad days end in the same tables")
def test_only_croissant_down_keeps_the_datasets_and_asks_for_those_again(
    workshop: Workshop, calm: dict[str, list[tuple]]
) -> None:
    workshop.catalog(models_of(SAMPLE, FEW))
    with ReplayServer(SAMPLE, quota=0, faults=["down:croissant"]) as server:
        workshop.server = server.url
        line = workshop.run("--select", "datasets")
    assert line is not None
    assert "came without their Croissant description" in line
    enriched = workshop.reasons("datasets")[None]
    assert workshop.rows(
        "select count(*), count(croissant) from bronze.hf_datasets where enriched"
    ) == [(enriched, 0)]
    with ReplayServer(SAMPLE, quota=0) as server:
        workshop.server = server.url
        assert workshop.run("--select", "datasets") is None
        answered = Counter(outcome for _, _, outcome in server.requests)
    assert answered[401] == 0, "what is known not to be there was not asked for again"
    assert workshop.content("datasets")["hf_datasets"] == calm["hf_datasets"]


@pytest.mark.slow("sources of enrichment on bad days end in the same tables")
def test_what_fails_now_keeps_what_was_known_before(
    workshop: Workshop, sample_server: ReplayServer, calm: dict[str, list[tuple]]
) -> None:
    workshop.server = sample_server.url
    workshop.catalog(models_of(SAMPLE, FEW))
    assert workshop.run() is None
    workshop.server = "http://127.0.0.1:9"
    line = workshop.run("--max-age-days", "0")
    assert line is not None
    assert workshop.content() == calm, "an old answer is better than none"


@pytest.mark.parametrize("form", ["old", "new"])
def test_a_malformed_id_spoils_no_paper_of_its_batch(workshop: Workshop, form: str) -> None:
    tags = ["arxiv:1706.03762v5", "arxiv:1706.376", "arxiv:1810.04805", "arxiv:abs", "arxiv:x/1"]
    workshop.catalog([{"id": "a/b", "tags": tags}])
    with ReplayServer(SAMPLE, quota=0, arxiv_form=form) as server:
        workshop.server = server.url
        assert workshop.run("--select", "articles") is None
        assert len(server.requests) == 1
    assert workshop.rows("select arxiv_id, reason from bronze.arxiv_articles order by 1") == [
        ("1706.03762", None),
        ("1706.376", "malformed_id"),
        ("1810.04805", None),
        ("abs", "malformed_id"),
        ("x/1", "malformed_id"),
    ]


def test_a_refused_token_is_named_and_stops_what_asks_the_hub_only(workshop: Workshop) -> None:
    workshop.catalog(models_of(SAMPLE, FEW))
    workshop.more = {"HF_TOKEN": "hf_invalid"}
    with ReplayServer(SAMPLE, quota=0) as server:
        workshop.server = server.url
        line = workshop.run("--select", "datasets", "articles")
        refused = sum(outcome == 401 for _, _, outcome in server.requests)
    assert line is not None
    assert "HF_TOKEN was refused" in line
    assert "hf_invalid" not in line
    assert refused < 20, "a source that refuses everything is left alone"
    assert workshop.reasons("articles")[None] > 3


@pytest.mark.slow("a second run after bad days asks for nothing")
def test_a_second_run_asks_for_nothing_and_changes_nothing(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    workshop.server = sample_server.url
    path = workshop.catalog(models_of(SAMPLE))
    assert workshop.run() is None
    first, asked = workshop.content(), len(sample_server.requests)
    files = {name: (path / name).read_bytes() for name in FILES.values()}
    assert asked > 100
    assert workshop.run() is None
    assert len(sample_server.requests) == asked
    assert workshop.content() == first
    assert {name: (path / name).read_bytes() for name in FILES.values()} == files
    # A later catalog: only what is new is asked for.
    workshop.catalog([{"id": "a/b", "tags": ["dataset:bookcorpus", "dataset:never/seen"]}])
    assert workshop.run() is None
    assert [target.split("?")[0] for _, target, _ in sample_server.requests[asked:]] == [
        "/api/datasets/never/seen"
    ]


@pytest.mark.slow("sources of enrichment on bad days end in the same tables")
def test_what_is_older_than_asked_for_is_fetched_again(
    workshop: Workshop, sample_server: ReplayServer
) -> None:
    workshop.server = sample_server.url
    workshop.catalog([{"id": "a/b", "tags": ["dataset:nyu-mll/glue", "arxiv:1706.03762"]}])
    assert workshop.run() is None
    asked = len(sample_server.requests)
    assert workshop.run("--max-age-days", "1") is None
    assert len(sample_server.requests) == asked
    assert workshop.run("--max-age-days", "0") is None
    again = [target for _, target, _ in sample_server.requests[asked:]]
    assert len(again) == asked

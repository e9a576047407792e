"""Lineage over awkward family trees: loops, diamonds, renamed and unlisted parents."""

import pytest

from tests.hf.enrichment.bronze import ENRICHMENT, Bronze
from tests.support import Project

LADDER = 40  # rungs of two models each: 2 to the power of 40 ways from the last to the first
Row = tuple[str, str, str, str, int, bool, bool]


def descend(bronze: Bronze, *pairs: tuple[str, str], relation: str = "finetune") -> None:
    """List the children of these pairs (child, parent), in order, and give them their parents."""
    bronze.list("text-generation", *sorted({child for child, _ in pairs}))
    bronze.make(ENRICHMENT)
    bronze.pair("hf_model_base_models", *((*pair, relation) for pair in pairs))


def lineage(project: Project, *model_ids: str) -> list[Row]:
    rows = project.rows(
        "select model_id, ancestor_id, parent_id, root_id, depth, is_root, is_in_loop "
        "from hf.model_lineage"
    )
    return sorted((row for row in rows if not model_ids or row[0] in model_ids), key=_by_depth)


def _by_depth(row: Row) -> tuple[str, int, str]:
    return row[0], row[4], row[1]


@pytest.fixture
def bronze(any_project: Project) -> Bronze:
    return Bronze(any_project)


def test_loops_diamonds_chains_and_ladders_in_one_forest(
    any_project: Project, bronze: Bronze
) -> None:
    rungs = [
        (f"ladder/{side}{rung}", f"ladder/{other}{rung + 1}")
        for rung in range(LADDER)
        for side in "ab"
        for other in "ab"
    ]
    descend(
        bronze,
        ("chain/1", "chain/2"),
        ("chain/2", "chain/3"),
        ("chain/3", "chain/root"),
        ("self/parent", "self/parent"),
        ("self/child", "self/parent"),
        ("pair/a", "pair/b"),
        ("pair/b", "pair/a"),
        ("pair/child", "pair/a"),
        ("pair/a", "pair/above"),
        ("pair/on-b", "pair/b"),
        ("dia/end", "dia/right"),
        ("dia/end", "dia/left"),
        ("dia/left", "dia/top"),
        ("dia/right", "dia/top"),
        ("dia/end", "dia/other-root"),
        ("uneven/end", "uneven/mid"),
        ("uneven/mid", "uneven/top"),
        ("uneven/end", "uneven/top"),
        *rungs,
    )
    any_project.build()
    assert lineage(any_project, "chain/1", "chain/3") == [
        ("chain/1", "chain/2", "chain/2", "chain/root", 1, False, False),
        ("chain/1", "chain/3", "chain/2", "chain/root", 2, False, False),
        ("chain/1", "chain/root", "chain/2", "chain/root", 3, True, False),
        ("chain/3", "chain/root", "chain/root", "chain/root", 1, True, False),
    ]
    # A model that names itself has no parent by that; it is the root of what was made from it.
    assert lineage(any_project, "self/parent", "self/child") == [
        ("self/child", "self/parent", "self/parent", "self/parent", 1, True, True)
    ]
    # Two that name each other: neither is the other's ancestor, and a walk ends where it enters.
    assert lineage(any_project, "pair/a", "pair/b", "pair/child", "pair/on-b") == [
        ("pair/a", "pair/above", "pair/above", "pair/above", 1, True, False),
        ("pair/child", "pair/a", "pair/a", "pair/above", 1, False, True),
        ("pair/child", "pair/above", "pair/a", "pair/above", 2, True, False),
        ("pair/on-b", "pair/b", "pair/b", "pair/b", 1, True, True),
    ]
    # Two ways to one ancestor are one row; the nearest root is the model's root.
    assert lineage(any_project, "dia/end") == [
        ("dia/end", "dia/left", "dia/left", "dia/other-root", 1, False, False),
        ("dia/end", "dia/other-root", "dia/other-root", "dia/other-root", 1, True, False),
        ("dia/end", "dia/right", "dia/right", "dia/other-root", 1, False, False),
        ("dia/end", "dia/top", "dia/left", "dia/other-root", 2, True, False),
    ]
    assert lineage(any_project, "uneven/end") == [
        ("uneven/end", "uneven/mid", "uneven/mid", "uneven/top", 1, False, False),
        ("uneven/end", "uneven/top", "uneven/top", "uneven/top", 1, True, False),
    ]
    ladder = lineage(any_project, "ladder/a0")
    assert len(ladder) == 2 * LADDER
    last = f"ladder/a{LADDER}"
    assert ladder[-2] == ("ladder/a0", last, "ladder/a1", last, LADDER, True, False)
    assert any_project.rows(
        "select root_id, steps_to_root, parent_count, child_count, descendant_count "
        "from hf.model_profile where model_id = 'chain/2'"
    ) == [("chain/root", 2, 1, 1, 1)]


@pytest.mark.slow("lineage over renamed and unlisted parents")
def test_a_parent_is_found_under_the_name_it_has_today(
    any_project: Project, bronze: Bronze
) -> None:
    descend(
        bronze,
        ("a/tuned", "bert-base"),
        ("b/tuned", "google/bert"),
        ("c/quantized", "old/tuned"),
        ("a/tuned", "google/bert"),
    )
    bronze.know(
        "hf_base_models",
        {"model_id": "bert-base", "resolved_id": "google/bert"},
        {"model_id": "google/bert", "resolved_id": "google/bert"},
        {"model_id": "old/tuned", "resolved_id": "a/tuned"},
    )
    any_project.build()
    assert lineage(any_project) == [
        ("a/tuned", "google/bert", "google/bert", "google/bert", 1, True, False),
        ("b/tuned", "google/bert", "google/bert", "google/bert", 1, True, False),
        ("c/quantized", "a/tuned", "a/tuned", "google/bert", 1, False, False),
        ("c/quantized", "google/bert", "a/tuned", "google/bert", 2, True, False),
    ]
    assert any_project.rows("select count(*) from hf.model_base_models") == [(4,)]


@pytest.mark.slow("lineage over renamed and unlisted parents")
def test_the_way_goes_on_over_parents_that_no_listing_shows(
    any_project: Project, bronze: Bronze
) -> None:
    descend(bronze, ("a/tuned", "x/unlisted"), ("b/tuned", "y/odd"))
    bronze.know(
        "hf_base_models",
        {
            "model_id": "x/unlisted",
            "resolved_id": "x/unlisted",
            "tags": ["base_model:x/older", "base_model:quantized:x/older", "base_model:a/tuned"],
        },
        {
            "model_id": "x/older",
            "resolved_id": "x/oldest-name",
            "depth": 2,
            "tags": ["base_model:adapter:x/root", "license:mit"],
        },
        {"model_id": "x/root", "depth": 3, "reason": "not_found"},
        # Tags that name nothing: no id, an unknown relation, no text, no array.
        {"model_id": "y/odd", "tags": ["base_model:", "base_model:clone:y/x", 5, None]},
    )
    any_project.build()
    # x/unlisted claims to be made from a/tuned, which was made from it: neither is walked.
    assert lineage(any_project) == [("b/tuned", "y/odd", "y/odd", "y/odd", 1, True, False)]
    bronze.know(
        "hf_base_models",
        {
            "model_id": "x/unlisted",
            "resolved_id": "x/unlisted",
            "tags": ["base_model:x/older", "base_model:quantized:x/older"],
        },
    )
    any_project.build()
    assert lineage(any_project, "a/tuned") == [
        ("a/tuned", "x/unlisted", "x/unlisted", "x/root", 1, False, False),
        ("a/tuned", "x/oldest-name", "x/unlisted", "x/root", 2, False, False),
        ("a/tuned", "x/root", "x/unlisted", "x/root", 3, True, False),
    ]

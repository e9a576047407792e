"""The local labeler's rules."""

import csv

import numpy as np
import pytest

from assay.mining.label.local import Prototypes, category_of, impact, local_label, severity_of
from assay.warehouse import ROOT
from tests.mining.label.posts import DAY, EXPORTS, member

CATEGORIES = {
    "ai",
    "finance",
    "compliance",
    "logistics",
    "healthtech",
    "devtools",
    "ecommerce",
    "other",
}


def test_the_seed_has_prototypes_of_every_category_and_no_other() -> None:
    with (ROOT / "seeds" / "issue_categories.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["category"] for row in rows} == CATEGORIES
    assert len({row["prototype"] for row in rows}) == len(rows)
    assert min(sum(r["category"] == name for r in rows) for name in CATEGORIES) >= 6


def test_the_category_is_that_of_the_prototypes_most_alike() -> None:
    axes = np.eye(4, dtype=np.float32)
    prototypes = Prototypes(["ai", "ai", "finance", "other"], axes)
    assert category_of(axes[2:3], prototypes)[:2] == ("finance", 0.5)
    assert category_of(np.array([[0.7, 0.7, 0.1, 0.0]], np.float32), prototypes)[0] == "ai"


def test_most_of_the_posts_outvote_one_that_is_very_like_another_category() -> None:
    axes = np.eye(4, dtype=np.float32)
    prototypes = Prototypes(["ai", "devtools", "finance", "other"], axes, crafts={"ai", "devtools"})
    of_ai, of_devtools = [0.2, 0.1, 0.0, 0.0], [0.1, 0.2, 0.0, 0.0]
    of_finance = [0.0, 0.0, 0.9, 0.0]
    assert category_of(np.array([of_ai, of_ai, of_finance], np.float32), prototypes)[0] == "ai"
    both = [[0.15, 0.1, 0, 0], [0.15, 0.1, 0, 0], [0.1, 0.15, 0, 0], [0.1, 0.15, 0, 0]]
    nothing = [0.0, 0.0, 0.0, 0.1]
    category, sure, _ = category_of(np.array([*both, nothing], np.float32), prototypes)
    assert (category, sure) == ("ai", 0.3333), "of the crafts, which are near each other"
    assert category_of(np.array([of_ai, of_devtools], np.float32), prototypes)[0] != "other"


def test_what_is_like_no_prototype_is_other() -> None:
    axes = np.eye(4, dtype=np.float32)
    prototypes = Prototypes(["ai", "finance", "other"], axes[:3])
    assert category_of(axes[3:4], prototypes)[0] == "other"


def test_how_sure_a_category_is_says_how_many_posts_are_of_it() -> None:
    axes = np.eye(4, dtype=np.float32)
    prototypes = Prototypes(["ai", "finance", "other"], axes[:3])
    category, sure, because = category_of(axes[[0, 0, 0, 1]], prototypes)
    assert (category, sure) == ("ai", 0.6) and "3 of 4" in because
    # One strong post does not make a field of those that are like nothing.
    category, sure, _ = category_of(axes[[0, 3, 3, 3, 3]], prototypes)
    assert (category, sure) == ("other", 0.6667)


def test_impact_counts_severity_spread_attention_and_size() -> None:
    assert impact([member()]) == "low"
    assert impact([member(text="we lost data in production")]) == "medium"
    sources = [
        member(source=s, engagement=30, text="data loss") for s in ("github", "reddit", "so")
    ]
    assert impact(sources) == "high"


def test_severity_is_a_share_of_people() -> None:
    loud = [member(text="A crash with data loss", person="ann")] * 3
    assert severity_of([*loud, member(person="bob")]) == (0.5, "crash")
    assert severity_of([member()]) == (0.0, "")


def test_a_label_holds_all_fields_with_their_reasons_and_needs_a_member() -> None:
    prototypes = Prototypes(["devtools"], np.eye(2, dtype=np.float32)[:1])
    vectors = np.eye(2, dtype=np.float32)[[0, 0, 0]]
    label = local_label(EXPORTS, vectors, prototypes, DAY)
    assert label.canonical_title == "Ledgerly invoice export loses the last row"
    assert (label.category, label.category_confidence) == ("devtools", 0.75)
    assert label.description.startswith("The invoice export of Ledgerly 4.2 drops the last row")
    assert (label.would_pay_signal, label.would_pay_because) == (False, "")
    assert len(label.quotes) == 3
    assert label.title_because and label.description_because and label.category_because
    with pytest.raises(ValueError, match="without members"):
        local_label([], vectors, prototypes, DAY)


def test_the_title_is_a_problems_where_the_cluster_has_one() -> None:
    news = member("Invoice export company loses its chief", is_problem=False, person="dan")
    prototypes = Prototypes(["devtools"], np.eye(2, dtype=np.float32)[:1])
    vectors = np.eye(2, dtype=np.float32)[[0, 0, 0, 0]]
    found = local_label([news, *EXPORTS], vectors, prototypes, DAY)
    assert found.canonical_title == "Ledgerly invoice export loses the last row"
    assert local_label([news], vectors[:1], prototypes, DAY).canonical_title == news.title

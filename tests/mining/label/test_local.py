"""The local labeler's rules."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from assay.mining.label.local import (
    MAX_TITLE,
    Member,
    Prototypes,
    category_of,
    impact,
    local_label,
    shortened,
    title_of,
    would_pay,
)
from assay.warehouse import ROOT

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


def member(title: str = "A title of four words", text: str = "", **more: object) -> Member:
    return Member(**{"title": title, "text": text, "source": "github", "engagement": 0, **more})


def test_the_seed_has_prototypes_of_every_category_and_no_other() -> None:
    with (ROOT / "seeds" / "issue_categories.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["category"] for row in rows} == CATEGORIES
    assert len({row["prototype"] for row in rows}) == len(rows)
    assert min(sum(r["category"] == name for r in rows) for name in CATEGORIES) >= 6


def test_the_category_is_that_of_the_prototypes_most_alike() -> None:
    axes = np.eye(4, dtype=np.float32)
    prototypes = Prototypes(["ai", "ai", "finance", "other"], axes)
    assert category_of(axes[2:3], prototypes) == "finance"
    assert category_of(np.array([[0.7, 0.7, 0.1, 0.0]], np.float32), prototypes) == "ai"


def test_what_is_like_no_prototype_is_other() -> None:
    axes = np.eye(4, dtype=np.float32)
    prototypes = Prototypes(["ai", "finance", "other"], axes[:3])
    assert category_of(axes[3:4], prototypes) == "other"


@pytest.mark.parametrize(
    ("titles", "title"),
    [
        (["Ask HN: How do you sync stock levels?"], "How do you sync stock levels?"),
        (["[BUG] Cache misses after every upgrade"], "Cache misses after every upgrade"),
        (["Help", "Webhook is delivered twice to us"], "Webhook is delivered twice to us"),
        (["Help", ""], "Help"),
        (["", "[x]"], "Untitled"),
    ],
)
def test_the_title_is_the_first_that_says_something(titles: list[str], title: str) -> None:
    assert title_of([member(one) for one in titles]) == title


def test_a_long_title_is_cut_at_a_word_and_marked() -> None:
    cut = shortened("word " * 50)
    assert len(cut) <= MAX_TITLE
    assert cut == "word " * 22 + "word word…" or cut.endswith("word…")
    assert len(shortened("x" * 500)) == MAX_TITLE


@pytest.mark.parametrize(
    "text",
    [
        "We would happily pay for this.",
        "is there any paid tool that does it",
        "this is costing us customers",
        "The vendor quoted us $2,000 a month",
        "takes me six hours every week",
    ],
)
def test_talk_of_money_or_lost_hours_is_a_sign_of_paying(text: str) -> None:
    assert would_pay([member(text=text), member(text=text)]) is True


@pytest.mark.parametrize("text", ["", "pay attention to the order", "the payload is empty"])
def test_other_talk_is_none(text: str) -> None:
    assert would_pay([member(text=text)] * 3) is False


def test_one_voice_among_many_is_not_enough_to_pay() -> None:
    assert would_pay([member(text="I would pay for it")] + [member()] * 9) is False
    assert would_pay([member(text="I would pay for it")] * 2 + [member()] * 18) is True
    assert would_pay([member(text="I would pay for it")] * 2 + [member()] * 19) is False


def test_the_title_is_a_problems_where_the_cluster_has_one() -> None:
    news = replace(member(title="A company announces its new thing"), is_problem=False)
    assert title_of([news, member(title="It does not start any more")]) == (
        "It does not start any more"
    )
    assert title_of([news]) == "A company announces its new thing"


def test_impact_counts_severity_spread_attention_and_size() -> None:
    assert impact([member()]) == "low"
    assert impact([member(text="we lost data in production")]) == "medium"
    sources = [
        member(source=s, engagement=30, text="data loss") for s in ("github", "reddit", "so")
    ]
    assert impact(sources) == "high"


def test_a_label_holds_all_fields_and_needs_a_member() -> None:
    prototypes = Prototypes(["devtools"], np.eye(2, dtype=np.float32)[:1])
    vectors = np.eye(2, dtype=np.float32)[:1]
    label = local_label([member(text="What happens.")], vectors, "", prototypes)
    assert (label.canonical_title, label.category) == ("A title of four words", "devtools")
    assert label.description == "What happens."
    with pytest.raises(ValueError, match="without members"):
        local_label([], vectors, "", prototypes)

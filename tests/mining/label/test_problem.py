"""Posts that tell of a problem are told from news, shows and thanks."""

import csv
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from assay.mining.embed import embed, load_engine
from assay.mining.label.problem import MIN_SCORE, MIN_SUBJECT, bonus, likeness, subject_scores
from assay.mining.text.clean import clean
from assay.sample.judge import NO_THEME, THEMES
from assay.warehouse import ROOT
from tests.issues.items import expected
from tests.support import SAMPLE


@cache
def prototypes() -> tuple[np.ndarray, tuple[str, ...]]:
    with (ROOT / "seeds" / "problem_prototypes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    vectors = embed([row["prototype"] for row in rows], engine())
    return vectors, tuple(row["kind"] for row in rows)


@cache
def engine():
    return load_engine("torch", ROOT / "build" / "no-conversions-needed")


def scores(posts: list[tuple[str, str, str, bool]]) -> np.ndarray:
    """Score posts of (source, title, text, is link)."""
    vectors = embed([f"{title}\n{text}" for _, title, text, _ in posts], engine())
    found = likeness(vectors, *prototypes())
    return found + np.array([bonus(s, t, x, is_link=link) for s, t, x, link in posts])


@pytest.mark.parametrize(
    ("post", "is_problem"),
    [
        (("github", "ValueError when loading a sharded file", "It worked in 2.1.", False), True),
        (("stackoverflow", "How to keep order in a parallel map?", "I tried imap.", False), True),
        (("hackernews", "Ask HN: How do you stop webhooks being sent twice?", "", False), True),
        (("reddit", "Our builds take 50 minutes and nobody knows why", "We " * 90, False), True),
        (("hackernews", "Show HN: A chess clock for your terminal", "", True), False),
        (("hackernews", "Famous painter dies at 91", "", True), False),
        (("reddit", "Sunrise over the lake [OC]", "", True), False),
        (("github", "Thank you!", "What a lovely project, congratulations to all.", False), False),
    ],
)
def test_problems_are_told_from_the_rest(
    post: tuple[str, str, str, bool], is_problem: bool
) -> None:
    [score] = scores([post])
    assert (score >= MIN_SCORE) == is_problem, f"{score:.3f}"


def test_developers_problems_are_told_from_those_of_others() -> None:
    developers = [
        ("reddit", "Webhook signatures fail after we rotated the secret"),
        ("hackernews", "Ask HN: How do you test database migrations?"),
        ("reddit", "Our shop oversells because two systems disagree on stock"),
        ("stackoverflow", "Choir members sing flat in one of four parts of a list"),
    ]
    others = [
        ("reddit", "My sister will not speak to me since the wedding"),
        ("hackernews", "Ask HN: Should I leave my job and move to Spain?"),
        ("reddit", "The second season ruined the best character"),
        ("hackernews", "Ask HN: How do I negotiate my equity with a cofounder?"),
    ]
    posts = developers + others
    vectors = embed([title for _, title in posts], engine())
    scores = subject_scores(vectors, *prototypes(), [source for source, _ in posts])
    assert (scores >= MIN_SUBJECT).tolist() == [True] * 4 + [False] * 4, scores


@pytest.mark.slow("how many of the sample's problems are told from its chatter")
def test_most_of_the_samples_problems_are_found_and_most_of_its_chatter_is_not() -> None:
    with THEMES.open(encoding="utf-8", newline="") as file:
        themes = {row["url"]: row["theme"] for row in csv.DictReader(file)}
    posts, truth = [], []
    for source, found in expected(SAMPLE).items():
        for post in found:
            cleaned = clean(source, post.title, post.body)
            is_link = bool(post.link)
            posts.append((source, cleaned.title, cleaned.text, is_link))
            truth.append(themes[post.url] != NO_THEME)
    found, is_problem = scores(posts), np.array(truth)
    assert roc_auc_score(is_problem, found) >= 0.85
    assert (found[is_problem] >= MIN_SCORE).mean() >= 0.75
    assert (found[~is_problem] >= MIN_SCORE).mean() <= 0.35


def test_both_kinds_of_prototypes_are_needed() -> None:
    vectors = np.eye(2, 4, dtype=np.float32)
    with pytest.raises(ValueError, match="of kind other"):
        likeness(vectors, vectors, ["problem", "problem"])


@given(st.text(max_size=300), st.text(max_size=300), st.booleans())
def test_any_words_give_a_small_bonus(title: str, text: str, is_link: bool) -> None:
    for source in ("github", "stackoverflow", "reddit", "hackernews"):
        assert -0.05 <= bonus(source, title, text, is_link=is_link) <= 0.2

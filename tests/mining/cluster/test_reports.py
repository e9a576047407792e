"""Issues: reports of one problem by two people or more."""

from dataclasses import replace

import numpy as np
import pytest

from assay.mining.cluster.reports import Posts, group_reports

DIMENSIONS = 256


def reports(sizes: list[int], alone: int = 0, seed: int = 0, own: float = 0.7) -> Posts:
    """Return posts of as many problems as sizes, each post by another person, and lone ones."""
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        problem = rng.standard_normal(DIMENSIONS)
        rows += [problem + own * rng.standard_normal(DIMENSIONS) for _ in range(size)]
    rows += list(rng.standard_normal((alone, DIMENSIONS)))
    vectors = np.array(rows, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    n = len(vectors)
    keys = [f"{row:04}" for row in range(n)]
    sites = [("github", "reddit", "stackoverflow")[row % 3] for row in range(n)]
    return Posts(keys, vectors, sites, [[key] for key in keys], np.ones(n, bool), np.zeros(n, bool))


def as_groups(posts: Posts, found) -> list[list[str]]:
    return [sorted(posts.keys[row] for row in central) for central in found.central]


def test_each_problem_is_one_issue_and_what_stands_alone_is_none() -> None:
    posts = reports([4, 4, 2, 30], alone=40)
    found = group_reports(posts)
    keys = posts.keys
    assert as_groups(posts, found) == [keys[10:40], keys[:4], keys[4:8], keys[8:10]]
    assert found.is_outlier[40:].all() and not found.is_outlier[:40].any()
    assert found.cluster_id[:4].tolist() == [1, 1, 1, 1]
    assert ((found.confidence > 0) & (found.confidence <= 1)).all()
    assert found.centroids.shape == (4, DIMENSIONS)


@pytest.mark.parametrize("size", [2, 4, 8])
def test_one_problem_alone_on_its_day_is_an_issue(size: int) -> None:
    posts = reports([size], own=0.5)
    assert as_groups(posts, group_reports(posts)) == [posts.keys]


def test_a_burst_is_one_issue_among_others() -> None:
    posts = reports([300, 4, 3], alone=300)
    sizes = [len(central) for central in group_reports(posts).central]
    assert sizes == [300, 4, 3]


def test_what_one_person_says_five_times_is_no_issue_until_a_second_joins() -> None:
    posts = reports([5], alone=30, own=0.3)
    one = replace(posts, people=[["somebody"]] * 5 + posts.people[5:])
    assert group_reports(one).central == () and (group_reports(one).cluster_id == -1).all()
    two = replace(posts, people=[["somebody"]] * 4 + posts.people[4:])
    assert as_groups(two, group_reports(two)) == [posts.keys[:5]]


def test_the_order_of_the_posts_changes_nothing() -> None:
    posts = reports([4, 4, 3], alone=20)
    order = np.random.default_rng(1).permutation(len(posts.keys))
    shuffled = Posts(
        [posts.keys[row] for row in order],
        posts.vectors[order],
        [posts.sources[row] for row in order],
        [posts.people[row] for row in order],
        posts.is_problem[order],
        posts.may_join[order],
    )
    one, other = group_reports(posts), group_reports(shuffled)
    assert as_groups(posts, one) == as_groups(shuffled, other)
    assert one.cluster_id[order].tolist() == other.cluster_id.tolist()
    assert one.distance[order].tolist() == other.distance.tolist()
    assert one.centroids.tolist() == other.centroids.tolist()


def test_posts_that_tell_of_no_problem_join_where_they_may_and_make_nothing() -> None:
    posts = reports([4, 4], alone=20)
    news = replace(posts, is_problem=np.arange(28) != 0, may_join=np.arange(28) == 0)
    found = group_reports(news)
    barred = group_reports(replace(news, may_join=np.zeros(28, bool)))
    inside = [posts.keys[row] for row in found.central[found.cluster_id[0]]]
    assert inside[-1] == "0000" or found.is_outlier[0]
    assert barred.is_outlier[0] and len(barred.central) == 2
    only = replace(news, is_problem=np.arange(28) == 0, may_join=np.ones(28, bool))
    assert group_reports(only).central == ()


def test_an_issue_of_two_stays_as_others_come_and_is_given_up_when_it_falls_apart() -> None:
    posts = reports([2, 3], alone=10, own=0.5)
    before = [frozenset(posts.keys[:2])]
    assert as_groups(posts, group_reports(posts, before)) == [posts.keys[2:5], posts.keys[:2]]
    strangers = [frozenset((posts.keys[0], posts.keys[4], posts.keys[9]))]
    assert as_groups(posts, group_reports(posts, strangers)) == [posts.keys[2:5], posts.keys[:2]]
    gone = [frozenset(("of", "last", "week"))]
    assert as_groups(posts, group_reports(posts, gone)) == [posts.keys[2:5], posts.keys[:2]]


def test_what_several_say_in_the_same_words_is_an_issue() -> None:
    posts = reports([1], alone=5)
    copied = replace(posts, people=[["one", "other"], *posts.people[1:]])
    assert as_groups(copied, group_reports(copied)) == [posts.keys[:1]]


def test_one_post_is_no_issue() -> None:
    found = group_reports(reports([1]))
    assert found.central == () and found.centroids.shape == (0, DIMENSIONS)

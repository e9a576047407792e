"""Issues keep their identity from day to day, and splits and merges are recorded."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from assay.mining.cluster.identity import Group, Relation, identify

DAY, NEXT = date(2026, 11, 10), date(2026, 11, 11)


def direction(*angles: float) -> np.ndarray:
    """A unit vector of three dimensions, turned by so many degrees in each of two planes."""
    first, second = np.radians([*angles, 0.0][:2])
    return np.array(
        [np.cos(first) * np.cos(second), np.sin(first) * np.cos(second), np.sin(second)],
        dtype=np.float32,
    )


def group(key: str, members: str, *angles: float) -> Group:
    return Group(key, frozenset(members), direction(*angles), members[0])


def every(*groups: Group) -> frozenset[str]:
    return frozenset().union(*(one.members for one in groups))


def test_the_first_day_founds_issues_named_after_day_and_medoid() -> None:
    clusters = [group("0", "abc", 0), group("1", "def", 90)]
    first = identify(clusters, [], frozenset(), DAY)
    assert first.relations == []
    assert len(set(first.issues.values())) == 2
    assert identify(clusters[::-1], [], frozenset(), DAY).issues == first.issues
    assert identify(clusters, [], frozenset(), NEXT).issues != first.issues


def test_a_cluster_with_the_same_posts_continues_whatever_its_number() -> None:
    before = [group("first", "abcd", 0), group("second", "wxyz", 90)]
    today = [group("0", "wxyzv", 88), group("1", "abcde", 3)]
    found = identify(today, before, every(*before), NEXT)
    assert found.issues == {"0": "second", "1": "first"}
    assert found.relations == []


def test_without_common_posts_near_centres_decide_and_far_ones_found_anew() -> None:
    before = [group("first", "ab", 0)]
    near, far = group("0", "cd", 20), group("1", "ef", 50)
    found = identify([near, far], before, frozenset(), NEXT)
    assert found.issues["0"] == "first"
    assert found.issues["1"] not in ("first", "")


def test_two_clusters_never_continue_one_issue_the_better_match_does() -> None:
    before = [group("first", "abcdef", 0)]
    today = [group("0", "abcd", 5), group("1", "ef", 12)]
    found = identify(today, before, every(*before), NEXT)
    assert found.issues["0"] == "first" != found.issues["1"]
    assert found.relations == [Relation("first", found.issues["1"], "split")]


def test_two_issues_that_become_one_cluster_are_a_merge() -> None:
    before = [group("first", "abcdef", 0), group("second", "uv", 20)]
    found = identify([group("0", "abcdefuv", 4)], before, every(*before), NEXT)
    assert found.issues == {"0": "first"}
    assert found.relations == [Relation("second", "first", "merge")]


def test_an_issue_that_ended_on_an_earlier_day_can_come_back_but_is_no_merge_again() -> None:
    before = [group("first", "abcdef", 0), group("second", "uv", 20)]
    both = group("0", "abcdefuv", 4)
    again = identify([both], before, every(*before), NEXT, frozenset({"second"}))
    assert again.issues == {"0": "first"} and again.relations == []
    back = group("1", "uv", 20)
    found = identify([before[0], back], before, every(*before), NEXT, frozenset({"second"}))
    assert found.issues["1"] == "second"


def test_shared_posts_do_not_join_strangers() -> None:
    before = [group("first", "ab", 0)]
    found = identify([group("0", "ab", 80)], before, frozenset("ab"), NEXT)
    assert found.issues["0"] != "first"


def test_one_to_one_matching_takes_the_best_sum_not_the_first_come() -> None:
    before = [group("left", "a", 0), group("right", "b", 25)]
    today = [group("0", "c", 12), group("1", "d", 40)]
    found = identify(today, before, frozenset(), NEXT)
    assert found.issues == {"0": "left", "1": "right"}


def test_nothing_today_or_nothing_before_is_fine() -> None:
    assert identify([], [group("first", "a", 0)], frozenset("a"), NEXT).issues == {}
    assert identify([], [], frozenset(), NEXT).relations == []


@st.composite
def days(draw: st.DrawFn) -> list[Group]:
    posts = draw(st.lists(st.integers(0, 40), unique=True, max_size=20))
    count = draw(st.integers(1, 5))
    parts = [posts[number::count] for number in range(count)]
    return [
        Group(
            str(number),
            frozenset(map(str, part)),
            direction(draw(st.integers(0, 180)), draw(st.integers(0, 90))),
            str(part[0]),
        )
        for number, part in enumerate(parts)
        if part
    ]


@given(days(), days())
def test_every_cluster_gets_one_issue_and_no_issue_two_clusters(
    before: list[Group], today: list[Group]
) -> None:
    found = identify(today, before, every(*before) if before else frozenset(), NEXT)
    assert set(found.issues) == {one.key for one in today}
    assert len(set(found.issues.values())) == len(today)
    assert identify(today[::-1], before[::-1], every(*before) if before else frozenset(), NEXT) == (
        found
    )
    known = {one.key for one in before} | set(found.issues.values())
    assert all({r.from_issue, r.to_issue} <= known for r in found.relations)

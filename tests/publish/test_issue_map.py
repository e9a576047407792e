"""The picture of the issue report: regions hold their issues, names leave room."""

import random
from itertools import combinations

from assay.publish.issue_map import EDGE, SIZE, IssueMap

Row = tuple[float, float, bool, str, str, str, str, int, str]


def row(x: float, y: float, issue: str, *, outlier: bool = False, topic: str = "t") -> Row:
    return (x, y, outlier, f"post {x} {y}", issue, "ai", f"Title of {issue}", 3, topic)


def many(seed: int) -> list[Row]:
    chance = random.Random(seed)
    return [
        row(chance.uniform(-1, 1), chance.uniform(-1, 1), f"i{n % 40:02d}", topic=f"topic {n % 5}")
        for n in range(120)
    ]


def test_an_issue_lies_in_the_middle_of_its_own_posts() -> None:
    picture = IssueMap([row(-0.5, 0, "a"), row(0, 0, "a"), row(1, 1, "a", outlier=True)], {})
    (issue,) = picture.issues
    assert issue.place == (SIZE / 2 - 0.25 * (SIZE / 2 - EDGE), SIZE / 2)


def test_a_region_surrounds_its_issues_and_far_ones_have_their_own() -> None:
    near, far = [row(0, 0, "a"), row(0.1, 0, "b")], [row(0.9, 0.9, "c")]
    picture = IssueMap([*near, *far, row(-1, -1, "d", topic="")], {})
    places = {issue.issue_id: issue.place for issue in picture.issues}
    regions = [outline for _, outline in picture.regions]
    assert len(regions) == 2
    for outline, inside in zip(regions, (("a", "b"), ("c",)), strict=True):
        xs, ys = zip(*outline, strict=True)
        for issue, (x, y) in places.items():
            held = min(xs) < x < max(xs) and min(ys) < y < max(ys)
            assert held == (issue in inside)
    assert [name.text for name in picture.names] == ["t"]


def test_names_lie_neither_over_each_other_nor_over_an_issue_nor_outside() -> None:
    picture = IssueMap(many(1), {f"i{n:02d}": n + 1 for n in range(40)})
    boxes = [
        (name.left, name.middle - 8, name.left + 8 * len(name.text), name.middle + 8)
        for name in picture.names
    ]
    assert len(boxes) > 10
    points = [(*issue.place, *issue.place) for issue in picture.issues]
    for one, other in [*combinations(boxes, 2), *((b, p) for b in boxes for p in points)]:
        apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
        assert apart
    assert all(box[0] >= 0 and box[2] <= SIZE and box[1] >= picture.top for box in boxes)


def test_the_order_of_rows_changes_nothing() -> None:
    rows, ranks = many(2), {"i03": 1, "i07": 2}
    one, other = IssueMap(rows, ranks), IssueMap(rows[::-1], ranks)
    assert one.names == other.names
    assert [sorted(o) for _, o in one.regions] == [sorted(o) for _, o in other.regions]


def test_a_day_without_posts_is_an_empty_picture() -> None:
    picture = IssueMap([], {"a": 1})
    assert (picture.issues, picture.regions, picture.names) == ([], [], [])
    assert picture.height == 2 * EDGE

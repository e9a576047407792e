"""The picture of reports/issues.html: topics as regions, issues as points, posts as small dots.

Places are those of gold.issue_map, from -1 to 1 in both directions; the picture has units of its
own, x to the right and y downwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import cos, dist, pi, sin, sqrt
from statistics import median
from typing import Any

from scipy.spatial import ConvexHull

from assay.common.text import shorten

SIZE, EDGE = 1000, 30  # of the picture, in its own units
MAX_LETTERS = 34
LINE, LETTER = 18, 8.2  # height of a line, and width of a letter at most in most fonts
POST_RADIUS, ISSUE_RADIUS, MAX_ISSUE_RADIUS = 2.5, 4.0, 13.0
AROUND = 18  # units of a region around its issues
GAP = 110  # units between issues of a topic that have regions of their own

POSTS_SQL = """
    select m.x, m.y, m.is_outlier or i.standing <> 'open', d.title, m.issue_id, i.category,
        i.canonical_title, i.people, coalesce(t.topic, '') as topic
    from gold.issue_map as m
    join gold.issues as i using (cluster_date, cluster_id)
    join silver.documents as d using (url_hash)
    left join gold.issue_topics as t using (cluster_date, cluster_id)
    order by 3 desc, m.url_hash
"""

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


@dataclass(frozen=True)
class Post:
    """A post on the map; is_outlier: it is in no issue, the one named is only the nearest."""

    x: float
    y: float
    is_outlier: bool
    title: str
    issue_id: str
    category: str
    issue: str
    people: int
    topic: str

    @property
    def place(self) -> Point:
        """Return its place in the picture."""
        return _placed(self.x), _placed(-self.y)


@dataclass(frozen=True)
class Issue:
    """An issue at the middle of its posts."""

    issue_id: str
    title: str
    category: str
    people: int
    topic: str
    place: Point

    @property
    def radius(self) -> float:
        """Return the radius of its point, which grows with its people."""
        grown = ISSUE_RADIUS + 2 * sqrt(max(self.people - 1, 0))
        return round(min(grown, MAX_ISSUE_RADIUS), 1)


@dataclass(frozen=True)
class Name:
    """A name that was written: left end and middle of its line, in the picture's units."""

    text: str
    left: float
    middle: float
    is_topic: bool


class IssueMap:
    """What the picture shows of the posts of a day."""

    def __init__(self, rows: Iterable[Sequence[Any]], ranks: dict[str, int]) -> None:
        """rows: of POSTS_SQL. ranks: of the issues that may be named, 1 first."""
        self.posts = [Post(*row) for row in rows]
        self.issues = list(_issues(self.posts))
        self._ranks = ranks

    @cached_property
    def regions(self) -> list[tuple[str, list[Point]]]:
        """Return (topic, outline) of each region, those of large topics first, the larger first."""
        places: dict[str, list[Point]] = {}
        for issue in self.issues:
            if issue.topic:
                places.setdefault(issue.topic, []).append(issue.place)
        found = sorted(places.items(), key=lambda topic: (-len(topic[1]), topic[0]))
        return [(name, _outline(group)) for name, points in found for group in _groups(points)]

    @cached_property
    def names(self) -> list[Name]:
        """Return the names that lie neither over each other nor over an issue, topics first.

        Of the places that a name may have the one over the fewest posts is taken.
        """
        taken = [_around(issue.place, issue.radius) for issue in self.issues]
        posts = [_around(post.place, POST_RADIUS) for post in self.posts]
        written: list[Name] = []
        for text, places, is_topic in self._wanted():
            wide = LETTER * len(text)
            boxes = ((x, y - LINE / 2, x + wide, y + LINE / 2) for x, y in places(wide))
            free = [b for b in boxes if self._inside(b) and not any(_meet(b, t) for t in taken)]
            if box := min(free, key=lambda b: sum(_meet(b, post) for post in posts), default=None):
                taken.append(box)
                written.append(Name(text, round(box[0], 1), round(box[1] + LINE / 2, 1), is_topic))
        return written

    @property
    def top(self) -> float:
        """Return where the picture begins."""
        return min([post.place[1] for post in self.posts] or [0.0]) - EDGE

    @property
    def height(self) -> float:
        """Return the height of the picture."""
        return max([post.place[1] for post in self.posts] or [0.0]) + EDGE - self.top

    def _wanted(self) -> Iterator[tuple[str, Any, bool]]:
        """Yield text, the places it may have for its width, and whether it is a topic's."""
        largest = dict(reversed(self.regions))
        for name, outline in largest.items():
            yield shorten(name, MAX_LETTERS), _over(outline), True
        for issue in sorted(self.issues, key=lambda one: self._ranks.get(one.issue_id, 1 << 30)):
            if rank := self._ranks.get(issue.issue_id):
                yield shorten(f"{rank} {issue.title}", MAX_LETTERS), _beside(issue), False

    def _inside(self, box: Box) -> bool:
        bottom = self.top + self.height
        return box[0] >= 0 and box[2] <= SIZE and box[1] >= self.top and box[3] <= bottom


def _issues(posts: Iterable[Post]) -> Iterator[Issue]:
    own: dict[str, list[Post]] = {}
    for post in posts:
        if not post.is_outlier:
            own.setdefault(post.issue_id, []).append(post)
    for issue_id, some in sorted(own.items()):
        middle = median(post.place[0] for post in some), median(post.place[1] for post in some)
        one = some[0]
        yield Issue(issue_id, one.issue, one.category, one.people, one.topic, middle)


def _placed(value: float) -> float:
    return round(SIZE / 2 + value * (SIZE / 2 - EDGE), 1)


def _groups(points: list[Point]) -> list[list[Point]]:
    """Return points in groups, the largest first: each is less than GAP away from another of it."""
    groups: list[list[Point]] = []
    for point in points:
        near = [group for group in groups if any(dist(point, one) < GAP for one in group)]
        groups = [group for group in groups if group not in near]
        groups.append([point, *(one for group in near for one in group)])
    return sorted(groups, key=lambda group: (-len(group), min(group)))


def _outline(points: list[Point]) -> list[Point]:
    """Return the corners of a rounded outline around points."""
    angles = [step * pi / 8 for step in range(16)]
    around = [(x + AROUND * cos(a), y + AROUND * sin(a)) for x, y in points for a in angles]
    return [(round(x, 1), round(y, 1)) for x, y in (around[n] for n in ConvexHull(around).vertices)]


def _over(outline: list[Point]) -> Any:
    """Return the places for the name of a region: at its top or bottom, inside or outside."""
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    inside = LINE / 2 + 2

    def places(wide: float) -> list[Point]:
        left = (min(xs) + max(xs) - wide) / 2
        rows = min(ys) + inside, max(ys) - inside, min(ys) - inside, max(ys) + inside
        return [(left + shift * wide, row) for shift in (0, -0.25, 0.25) for row in rows]

    return places


def _beside(issue: Issue) -> Any:
    """Return the places for the name of an issue: right, left, above, below of its point."""
    (x, y), r = issue.place, issue.radius

    def places(wide: float) -> list[Point]:
        rise = r + LINE / 2 + 1
        right, left = x + r + 4, x - r - 4 - wide
        level = [(end, y + shift) for shift in (0, -LINE / 2, LINE / 2) for end in (right, left)]
        starts = (x - wide / 2, x - wide / 4, x - 3 * wide / 4)
        return level + [(start, row) for row in (y - rise, y + rise) for start in starts]

    return places


def _around(place: Point, radius: float) -> Box:
    x, y = place
    return x - radius, y - radius, x + radius, y + radius


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

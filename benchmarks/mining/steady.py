"""How steady the issues of a problem are from day to day, where days differ ten times in volume.

    python -m benchmarks.mining.steady --orders 5

Labelled posts arrive in a drawn order, each problem's near each other in time, as many a day as the
volumes say. Every day is made as the product makes it: groups of the window's posts, beginning as
those of the day before, then identities. A problem's main issue is the one that most of its posts
in the window are in; a change of it without need is what a reader sees as an issue that vanished.
"""

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from assay.mining.cluster.identity import Group, identify
from assay.mining.cluster.reports import Posts, group_reports
from assay.mining.embed import embed, load_engine
from benchmarks.measure import ROOT
from benchmarks.mining.evaluate import PROBLEMS, as_posts
from benchmarks.mining.labelled import NONE, Known, read_problems, read_sample

VOLUMES = {"40 a day": (40,), "12 to 128 a day": (12, 128, 30, 16, 96, 12, 60, 24)}
WINDOW, MEMORY = 7, 14  # days, as the vars cluster_window_days and issue_memory_days have them
SPREAD = 0.12  # of the whole time: how far from its problem's first post a post may come
FIRST = date(2026, 11, 1)
Days = list[list[int]]


def arrivals(known: Known, volumes: Sequence[int], seed: int) -> Days:
    """Return the rows of the posts of each day, in a drawn order."""
    drawn = random.Random(seed)
    began: dict[str, float] = {}
    when = {}
    for row, problem in enumerate(known.groups):
        start = drawn.random() if problem == NONE else began.setdefault(problem, drawn.random())
        when[row] = start + SPREAD * drawn.random()
    order = sorted(when, key=lambda row: (when[row], row))
    days: Days = []
    while order:
        volume = volumes[len(days) % len(volumes)]
        days.append(order[:volume])
        order = order[volume:]
    return days


def issues_by_day(posts: Posts, days: Days) -> Iterator[dict[int, str]]:
    """Yield the issue of each row in the window, day by day."""
    last: dict[str, tuple[date, Group]] = {}
    before: list[frozenset[str]] = []
    seen: frozenset[str] = frozenset()
    ended_before: date | None = None
    for number in range(len(days)):
        day = FIRST + timedelta(days=number)
        rows = sorted(row for of in days[max(0, number - WINDOW + 1) : number + 1] for row in of)
        window = _only(posts, rows)
        found = group_reports(window, before)
        members = [[rows[at] for at in central] for central in found.central]
        keys = [[posts.keys[row] for row in group] for group in members]
        groups = [
            Group(str(at), frozenset(of), found.centroids[at].astype(np.float32), of[0])
            for at, of in enumerate(keys)
        ]
        remembered = [
            Group(issue, group.members, group.centroid, group.medoid)
            for issue, (on, group) in last.items()
            if (day - on).days <= MEMORY
        ]
        held = frozenset().union(*(group.members for group in groups))
        ended = frozenset(issue for issue, (on, _) in last.items() if on != ended_before)
        issues = identify(groups, remembered, held & seen, day, ended).issues
        last |= {issues[group.key]: (day, group) for group in groups}
        seen |= held
        before, ended_before = [frozenset(of) for of in keys], day
        yield {row: issues[str(at)] for at, group in enumerate(members) for row in group}


def _only(posts: Posts, rows: list[int]) -> Posts:
    def of(column: Sequence) -> list:
        return [column[row] for row in rows]

    return Posts(
        of(posts.keys),
        posts.vectors[rows],
        of(posts.sources),
        of(posts.people),
        posts.is_problem[rows],
        posts.may_join[rows],
    )


def changes(known: Known, vectors: NDArray[np.float32], days: Days) -> tuple[int, int]:
    """Return on how many days a problem had a main issue as on the day before, and how often it
    was another one. Of several with as many posts, the one of the day before is the main one."""
    main: dict[str, str] = {}
    both = changed = 0
    for issue_of in issues_by_day(as_posts(known, vectors), days):
        counts: dict[str, Counter[str]] = {}
        for row, issue in issue_of.items():
            if known.groups[row] != NONE:
                counts.setdefault(known.groups[row], Counter())[issue] += 1
        now = {}
        for problem, of_issue in counts.items():
            most = max(of_issue.values())
            best = sorted(issue for issue, count in of_issue.items() if count == most)
            now[problem] = main[problem] if main.get(problem) in best else best[0]
        both += len(now.keys() & main.keys())
        changed += sum(now[problem] != main[problem] for problem in now.keys() & main.keys())
        main = now
    return both, changed


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--orders", type=int, default=5, help="drawn orders of each set")
    args = parser.parse_args(argv)
    table = Table(title="a problem's main issue from day to day", title_justify="left")
    for heading in ("posts", "volumes", "days", "problem-days", "changed", "share"):
        table.add_column(heading, justify="left" if heading in ("posts", "volumes") else "right")
    with tempfile.TemporaryDirectory() as folder:
        engine = load_engine("auto", Path(folder))
        sets = [read_problems(PROBLEMS, half) for half in ("a", "b")]
        for known in (*sets, read_sample(ROOT / "sample")):
            vectors = embed(known.texts, engine)
            for name, volumes in VOLUMES.items():
                runs = [arrivals(known, volumes, seed) for seed in range(args.orders)]
                both, changed = map(
                    sum, zip(*(changes(known, vectors, run) for run in runs), strict=True)
                )
                table.add_row(
                    known.name,
                    name,
                    str(len(runs[0])),
                    f"{both:,}",
                    f"{changed:,}",
                    f"{changed / max(both, 1):.1%}",
                )
    Console(width=100).print(table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""A self-check of the sample: are the themes of posts_themes.csv found on the newest clustered day?

    python -m sample.judge [--least 0.5]

Nothing that is judged here has read the themes. Posts without a theme take part in the clustering
and are not scored.
"""

import argparse
import csv
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from assay import warehouse

THEMES = Path(__file__).parent / "posts_themes.csv"
NO_THEME = "none"
FOUND_SQL = """
    select d.url, t.topic_id, t.is_outlier, i.cluster_id, i.category
    from silver.topic_assignments as t
    join silver.documents as d using (url_hash)
    left join silver.cluster_assignments as a
        on t.cluster_date = a.cluster_date and t.url_hash = a.url_hash and not a.is_outlier
    left join gold.issues as i
        on a.cluster_date = i.cluster_date and a.cluster_id = i.cluster_id
    where t.cluster_date = (select max(cluster_date) from silver.topics)
"""


@dataclass(frozen=True)
class Verdict:
    """What was found. ari, nmi: topics against the themes, 1 is perfect and chance is 0 (ari).

    evidence_ari: of the posts that fit into a topic. issues: how many. purity: the share of their
    posts that are of the theme that most posts of their issue have. labels: the share of issues
    whose category is the one of that theme.
    """

    posts: int
    themes: int
    topics: int
    ari: float
    nmi: float
    evidence_ari: float
    issues: int
    purity: float
    labels: float

    def __str__(self) -> str:
        return (
            f"self-check on the sample's {self.posts} invented posts about {self.themes} themes:"
            f" {self.topics} topics, adjusted Rand index {self.ari:.3f}"
            f" ({self.evidence_ari:.3f} of those that fit), NMI {self.nmi:.3f};"
            f" {self.issues} issues, {self.purity:.0%} of their posts of one theme,"
            f" category right for {self.labels:.0%}; another processor may give other figures"
        )


def judge(rows: list[tuple[str, int, bool, int | None, str | None]]) -> Verdict:
    """Compare rows of (url, topic, is outlier, issue, its category) with the hidden truth."""
    with THEMES.open(encoding="utf-8", newline="") as file:
        truth = {row["url"]: (row["theme"], row["category"]) for row in csv.DictReader(file)}
    known = [
        (*truth[url], *found) for url, *found in rows if truth.get(url, (NO_THEME,))[0] != NO_THEME
    ]
    if not known:
        raise ValueError("none of the clustered posts is the sample's")
    themes, topics = [row[0] for row in known], [row[2] for row in known]
    kept = [row for row in known if not row[3]]
    issues: dict[int, tuple[str, Counter[tuple[str, str]]]] = {}
    for theme, true, _, _, issue, category in known:
        if issue is not None:
            issues.setdefault(issue, (category, Counter()))[1][theme, true] += 1
    best = {issue: votes.most_common(1)[0] for issue, (_, votes) in issues.items()}
    right = [issues[issue][0] == category for issue, ((_, category), _) in best.items()]
    evidence = sum(votes.total() for _, votes in issues.values())
    return Verdict(
        len(known),
        len(set(themes)),
        len(set(topics)),
        adjusted_rand_score(themes, topics),
        normalized_mutual_info_score(themes, topics),
        adjusted_rand_score([row[0] for row in kept], [row[2] for row in kept]),
        len(issues),
        sum(count for _, count in best.values()) / max(1, evidence),
        sum(right) / max(1, len(right)),
    )


def main(argv: list[str] | None = None) -> int:
    """Print the verdict; return 1 where it is below `--least` or there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m sample.judge", description=__doc__)
    parser.add_argument(
        "--least", type=float, default=0.0, help="adjusted Rand index to demand (default 0)"
    )
    args = parser.parse_args(argv)
    try:
        with warehouse.connect(warehouse.main_target()) as db:
            verdict = judge(db.rows(FOUND_SQL))
    except (warehouse.WarehouseError, duckdb.Error, ValueError) as error:
        sys.stderr.write(
            f"assay.sample.judge: {warehouse.first_line(error)}: run `make run` first\n"
        )
        return 1
    sys.stdout.write(f"{verdict}\n")
    return int(verdict.ari < args.least)


if __name__ == "__main__":
    sys.exit(main())

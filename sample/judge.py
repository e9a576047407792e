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
    select d.url, i.cluster_id, i.category, a.is_outlier
    from silver.cluster_assignments as a
    join gold.issues as i using (cluster_date, cluster_id)
    join silver.documents as d using (url_hash)
    where a.cluster_date = (select max(cluster_date) from gold.issues)
"""


@dataclass(frozen=True)
class Verdict:
    """What was found. ari, nmi: against the themes, 1 is perfect and chance is 0 (ari).

    evidence_ari: of the posts that were taken as evidence. labels: share of issues whose category
    is the one most of their posts have.
    """

    posts: int
    themes: int
    clusters: int
    ari: float
    nmi: float
    evidence_ari: float
    labels: float

    def __str__(self) -> str:
        return (
            f"self-check on the sample's {self.posts} invented posts about {self.themes} themes:"
            f" {self.clusters} clusters, adjusted Rand index {self.ari:.3f}"
            f" ({self.evidence_ari:.3f} of the evidence), NMI {self.nmi:.3f},"
            f" category right for {self.labels:.0%} of the issues;"
            " another processor may give other figures"
        )


def judge(rows: list[tuple[str, int, str, bool]]) -> Verdict:
    """Compare rows of (url, cluster, category of its issue, is outlier) with the hidden truth."""
    with THEMES.open(encoding="utf-8", newline="") as file:
        truth = {row["url"]: (row["theme"], row["category"]) for row in csv.DictReader(file)}
    known = [
        (*truth[url], cluster, category, outlier)
        for url, cluster, category, outlier in rows
        if truth.get(url, (NO_THEME,))[0] != NO_THEME
    ]
    if not known:
        raise ValueError("none of the clustered posts is the sample's")
    themes, clusters = [row[0] for row in known], [row[2] for row in known]
    kept = [row for row in known if not row[4]]
    issues: dict[int, tuple[str, Counter[str]]] = {}
    for _, true, cluster, category, _ in kept:
        issues.setdefault(cluster, (category, Counter()))[1][true] += 1
    right = [category == votes.most_common(1)[0][0] for category, votes in issues.values()]
    return Verdict(
        len(known),
        len(set(themes)),
        len(set(clusters)),
        adjusted_rand_score(themes, clusters),
        normalized_mutual_info_score(themes, clusters),
        adjusted_rand_score([row[0] for row in kept], [row[2] for row in kept]),
        sum(right) / len(right),
    )


def main(argv: list[str] | None = None) -> int:
    """Print the verdict; return 1 where it is below `--least` or there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="python -m sample.judge", description=__doc__)
    parser.add_argument(
        "--least", type=float, default=0.0, help="adjusted Rand index to demand (default 0)"
    )
    args = parser.parse_args(argv)
    try:
        with warehouse.connect("duckdb") as db:
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

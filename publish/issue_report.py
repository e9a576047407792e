"""The map and the ranking of issues as one page that needs nothing else: reports/issues.html.

    python -m publish.issue_report [--out reports]

It reads gold and draws: every issue of the last clustered day as a point near those that say alike
things, over its posts and its topic, and the issues by heat with their trend. What strangers wrote
is text in it, never markup: the template escapes everything, and the page allows no script at all.
"""

import argparse
import logging
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assay import warehouse
from assay.publish.issue_map import POSTS_SQL, SIZE, IssueMap

log = logging.getLogger(__name__)

FILE = "issues.html"
TEMPLATE = "issue_report.html.j2"
MAX_ISSUES, MAX_NAMED, MAX_EVIDENCE, MAX_MODELS = 200, 16, 3, 5
TREND_DAYS = 14
CATEGORIES_SQL = "select category, name, color from gold.categories order by place"
OTHER_COLOR = "#767676"  # of a category that was taken away since, until the next build
ISSUES_SQL = f"""
    select issue_id, cluster_id, canonical_title as title, category, description, impact_level,
        would_pay_signal, labeled_by, heat_rank, posts, sources, heat, heat_change,
        confidence, cluster_date, people, posts_open, posts_answered, posts_fixed, posts_declined,
        quotes, would_pay_because, because
    from gold.top_issues order by heat_rank limit {MAX_ISSUES}
"""  # noqa: S608 - our own number
TREND_SQL = """
    select issue_id, list({'day': day, 'items': items, 'heat': heat} order by day)
    from gold.issue_trend where day > cast(%s as date) - %s and day <= cast(%s as date)
    group by issue_id
"""
EVIDENCE_SQL = f"""
    select cluster_id, source, title, url from gold.issue_evidence
    where cluster_date = %s and not is_copy
    qualify row_number() over (partition by cluster_id order by position, url_hash)
        <= {MAX_EVIDENCE}
    order by cluster_id, position, url_hash
"""  # noqa: S608 - our own number
MODELS_SQL = f"""
    select cluster_id, entity_id, entity_kind, posts from gold.issue_models
    where cluster_date = %s
    qualify row_number() over (
        partition by cluster_id order by people desc, posts desc, entity_kind, entity_id
    ) <= {MAX_MODELS}
    order by cluster_id, people desc, posts desc, entity_kind, entity_id
"""  # noqa: S608 - our own number
PRODUCTS_SQL = """
    select cluster_id, product, kind from gold.issue_products
    where cluster_date = %s order by cluster_id, kind desc, people desc, product
"""


def main(argv: list[str] | None = None) -> int:
    """Write the page; return the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m publish.issue_report", description=__doc__)
    parser.add_argument(
        "--out",
        type=Path,
        default=warehouse.reports_dir(),
        metavar="DIR",
        help="folder of the page (default reports, or ASSAY_REPORTS_DIR)",
    )
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.monotonic()
    try:
        with warehouse.connect(warehouse.main_target()) as db:
            page = report(db)
        args.out.mkdir(parents=True, exist_ok=True)
        path = args.out / FILE
        path.write_text(page, encoding="utf-8")
    except (warehouse.WarehouseError, duckdb.Error, OSError) as error:
        sys.stderr.write(f"issue_report: {warehouse.why(error, 'issues are')}\n")
        return 1
    log.info("wrote %s in %.1f s", path, time.monotonic() - started)
    return 0


def report(db: Any) -> str:
    """Return the page of the last clustered day; a page that says so when there is none."""
    issues = [Issue(*row) for row in db.rows(ISSUES_SQL)]
    last = issues[0].cluster_date if issues else None
    trends = dict(db.rows(TREND_SQL, (last, TREND_DAYS, last))) if issues else {}
    evidence: dict[int, list[Any]] = {}
    for cluster, *post in db.rows(EVIDENCE_SQL, (last,)) if issues else []:
        evidence.setdefault(cluster, []).append(post)
    models: dict[int, list[Any]] = {}
    for cluster, *model in db.rows(MODELS_SQL, (last,)) if issues else []:
        models.setdefault(cluster, []).append(model)
    products: dict[int, list[Any]] = {}
    for cluster, *product in db.rows(PRODUCTS_SQL, (last,)) if issues else []:
        products.setdefault(cluster, []).append(product)
    ranks = {issue.issue_id: issue.heat_rank for issue in issues[:MAX_NAMED]}
    picture = IssueMap(db.rows(POSTS_SQL) if issues else [], ranks)
    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    jinja.globals |= {"address": address, "spark": spark}
    hottest = max([issue.heat for issue in issues] + [1e-9])
    named = db.rows(CATEGORIES_SQL) if issues else []
    present = {issue.category for issue in issues}
    return jinja.get_template(TEMPLATE).render(
        issues=issues,
        trends=trends,
        evidence=evidence,
        models=models,
        products=products,
        map=picture,
        last=last,
        hottest=hottest,
        colors=defaultdict(lambda: OTHER_COLOR, {name: color for name, _, color in named}),
        names={name: name for name in present} | {name: title for name, title, _ in named},
        size=SIZE,
        categories=[(name, title) for name, title, _ in named if name in present],
    )


@dataclass(frozen=True)
class Issue:
    """A row of gold.top_issues."""

    issue_id: str
    cluster_id: int
    title: str
    category: str
    description: str
    impact_level: str
    would_pay_signal: bool
    labeled_by: str
    heat_rank: int
    posts: int
    sources: int
    heat: float
    heat_change: float
    confidence: float
    cluster_date: date
    people: int
    posts_open: int | None
    posts_answered: int | None
    posts_fixed: int | None
    posts_declined: int | None
    quotes: list[dict[str, str]]
    would_pay_because: str | None
    because: dict[str, str | None]

    @property
    def states(self) -> str:
        """Return what became of its posts, "" where no source says."""
        counts = {
            "open": self.posts_open,
            "answered": self.posts_answered,
            "fixed": self.posts_fixed,
            "declined": self.posts_declined,
        }
        return ", ".join(f"{count} {state}" for state, count in counts.items() if count)


def address(url: str) -> str | None:
    """Return the address when a click on it may be offered: http and https, nothing else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def spark(trend: Sequence[dict[str, Any]], width: int = 96, height: int = 24) -> str:
    """Return the points of a line of the heat over the last days, for an SVG polyline."""
    heats = [0.0] * (TREND_DAYS - len(trend)) + [day["heat"] for day in trend]
    most = max([*heats, 1e-9])
    step = width / max(len(heats) - 1, 1)
    return " ".join(
        f"{number * step:.1f},{height - 2 - heat / most * (height - 4):.1f}"
        for number, heat in enumerate(heats)
    )


if __name__ == "__main__":
    sys.exit(main())

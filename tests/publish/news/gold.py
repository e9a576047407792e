"""A small gold with four days of issues, as models/issues/gold/_gold__models.yml has it."""

from datetime import date
from pathlib import Path

import duckdb

DAY = date(2026, 11, 15)
TABLES = """
create schema gold; create schema bronze; create schema hf;
create table gold.issues (cluster_date date, cluster_id integer, issue_id varchar);
create table gold.issue_lineage (
    from_issue_id varchar, to_issue_id varchar, kind varchar, happened_on date
);
create table gold.issue_trend (issue_id varchar, day date, heat double);
create table gold.published_issues (
    cluster_date date, cluster_id integer, issue_id varchar, canonical_title varchar,
    category varchar, description varchar, impact_level varchar, would_pay_signal boolean,
    people bigint, posts bigint, sources varchar[]
);
create table gold.categories (category varchar, name varchar);
insert into gold.categories values ('ecommerce', 'Shops');
create table gold.issue_evidence (
    cluster_date date, cluster_id integer, url_hash varchar, source varchar, title varchar,
    url varchar, is_copy boolean, position integer
);
create table gold.issue_models (
    cluster_date date, cluster_id integer, entity_kind varchar, entity_id varchar, people bigint,
    posts bigint
);
create table gold.issue_products (
    cluster_date date, cluster_id integer, product varchar, kind varchar, people bigint
);
create table bronze.raw_items (url_hash varchar, raw json);
create table hf.models (model_id varchar, is_private boolean);
create table hf.model_movers (
    task_id varchar, span_days integer, model_id varchar, listing varchar, rank_in_task bigint,
    rank_before bigint, downloads bigint, downloads_before bigint, growth double,
    growth_rank bigint, observed_on date, compared_with date
);
"""
# By id: the days of November on which it was clustered, and its heat on the 12th and the 15th.
ISSUES = {
    "old": ((1, 2, 3, 4, 5, 15), 1.0, 1.0),  # away for nine clustered days
    "steady": (tuple(range(1, 16)), 4.0, 2.0),
    "rising": (tuple(range(1, 16)), 2.0, 5.0),
    "fresh": ((15,), 0.0, 3.0),
    "split": ((15,), 0.0, 1.0),
}


def make(path: Path, title: str = "Tills freeze") -> None:
    """Write the warehouse; every title and text of it is, or begins with, `title`."""
    with duckdb.connect(path) as db:
        db.execute(TABLES)
        for number, (name, (days, before, heat)) in enumerate(ISSUES.items()):
            for day in days:
                at = date(2026, 11, day)
                post = f"{name}{day}"
                db.execute("insert into gold.issues values (?, ?, ?)", [at, number, name])
                db.execute(
                    "insert into gold.published_issues values "
                    "(?, ?, ?, ?, 'ecommerce', ?, 'high', ?, 3, 4, ['github'])",
                    [at, number, name, f"{title} {name}", title, name == "fresh"],
                )
                db.execute(
                    "insert into gold.issue_evidence values (?, ?, ?, 'github', ?, ?, false, 0)",
                    [at, number, post, title, f"https://github.com/a/b/issues/{number}"],
                )
                db.execute(
                    "insert into bronze.raw_items values (?, ?)",
                    [post, '{"repository_url": "https://api.github.com/repos/acme/till"}'],
                )
            db.executemany(
                "insert into gold.issue_trend values (?, ?, ?)",
                [[name, date(2026, 11, 12), before], [name, DAY, heat]],
            )
        db.execute("insert into gold.issue_lineage values ('steady', 'split', 'split', ?)", [DAY])
        db.execute("insert into gold.issue_models values (?, 3, 'model', 'acme/tiny', 1, 1)", [DAY])
        db.execute("insert into gold.issue_products values (?, 3, 'Till @here', 'own', 1)", [DAY])


def add_movers(path: Path) -> None:
    """Add what moved in the catalog: one that rose, one that fell, one that nobody may see."""
    with duckdb.connect(path) as db:
        db.execute("insert into hf.models values ('acme/up', false), ('acme/secret', true)")
        for model, growth, rank in (
            ("acme/up", 0.7, 1),
            ("acme/down", -0.2, 2),
            ("acme/secret", 9, 1),
        ):
            db.execute(
                "insert into hf.model_movers values "
                "('fill-mask', 7, ?, 'stayed', 2, 9, 2000, 1000, ?, ?, ?, date '2026-11-08')",
                [model, growth, rank, DAY],
            )

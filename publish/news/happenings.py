"""What happened in a span of days: read from finished tables, each thing as one `Happening`.

An issue is new on the first day that it was clustered on, unless history itself began that day or
it was split from another. It came back when it is there again after days on which it was not. It
rises when it is hotter than some days before. A model moves in its task's listing
(hf.model_movers).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb

NEW, RISING, REOPENED, MOVER = "new", "rising", "reopened", "mover"
KINDS = (NEW, RISING, REOPENED, MOVER)
AWAY_DAYS = 3  # clustered days without it, after which an issue came back
RISE_DAYS = 3  # over which heat is compared at most: it halves in as many
MOVER_SPANS = (1, 7, 30)  # those of hf.model_movers
EVIDENCE_MOST, MODELS_MOST = 3, 5

LAST_DAY_SQL = "select max(cluster_date), min(cluster_date) from gold.issues"
TABLE_SQL = """
    select 1 from information_schema.tables
    where table_catalog = current_database() and table_schema = $1 and table_name = $2
"""
# Days are counted as they were clustered: on one that was skipped no issue was away.
ISSUES_SQL = """
    with days as (
        select cluster_date, row_number() over (order by cluster_date) as number
        from (select distinct cluster_date from gold.issues)
    ),
    seen as (
        select
            issue.issue_id, issue.cluster_date, issue.cluster_id,
            lag(issue.cluster_date) over per_issue as seen_before,
            days.number - lag(days.number) over per_issue - 1 as days_away
        from gold.issues as issue
        inner join days on issue.cluster_date = days.cluster_date
        where issue.cluster_date <= $day
        window per_issue as (
            partition by issue.issue_id order by issue.cluster_date, issue.cluster_id
        )
    ),
    came as (
        select
            issue_id,
            max(case when days_away >= $away and cluster_date >= $first then cluster_date end)
                as reopened_on,
            min(cluster_date) as new_on
        from seen
        group by issue_id
    ),
    splits as (
        select distinct to_issue_id as issue_id from gold.issue_lineage
        where kind <> 'merge_by_hand'
    ),
    heats as (
        select
            issue_id,
            max(heat) filter (where day = $day) as heat,
            max(heat) filter (where day = $before) as heat_before
        from gold.issue_trend
        where day in ($day, $before)
        group by issue_id
    )
    select
        shown.cluster_date, shown.cluster_id, shown.issue_id, shown.canonical_title,
        shown.category, shown.description, shown.impact_level, shown.would_pay_signal,
        shown.people, shown.posts, shown.sources,
        coalesce(categories.name, shown.category) as category_name,
        coalesce(heats.heat, 0) as heat, coalesce(heats.heat_before, 0) as heat_before,
        case
            when came.new_on >= $first and came.new_on > $history_since and splits.issue_id is null
                then came.new_on
        end as new_on,
        came.reopened_on
    from gold.published_issues as shown
    inner join came using (issue_id)
    left join heats using (issue_id)
    left join splits using (issue_id)
    left join gold.categories as categories using (category)
    where shown.cluster_date between $first and $day and shown.posts > 0
    qualify row_number() over (
        partition by shown.issue_id order by shown.cluster_date desc, shown.cluster_id
    ) = 1
    order by heat desc, shown.issue_id
"""
EVIDENCE_SQL = """
    select
        evidence.cluster_date, evidence.cluster_id, evidence.source, evidence.title, evidence.url,
        post.raw ->> '$.repository_url', post.raw ->> '$.subreddit', post.raw ->> '$.tags[*]'
    from gold.issue_evidence as evidence
    inner join bronze.raw_items as post using (url_hash)
    where evidence.cluster_date between $1 and $2 and not evidence.is_copy
    order by evidence.cluster_date, evidence.cluster_id, evidence.position, evidence.url_hash
"""
MODELS_SQL = """
    select cluster_date, cluster_id, entity_id from gold.issue_models
    where cluster_date between $1 and $2
    order by cluster_date, cluster_id, people desc, posts desc, entity_kind, entity_id
"""
PRODUCTS_SQL = """
    select cluster_date, cluster_id, product, kind from gold.issue_products
    where cluster_date between $1 and $2
    order by cluster_date, cluster_id, kind desc, people desc, product
"""
# A model may be in several tasks: where it grew most speaks for it.
MOVERS_SQL = """
    select
        model_id, task_id, rank_in_task, rank_before, downloads, downloads_before, listing,
        observed_on, compared_with, growth
    from hf.model_movers
    where span_days = $1 and (growth_rank <= $2 or (listing = 'new' and rank_in_task <= $2))
        and model_id not in (select model_id from hf.models where is_private)
    qualify row_number() over (
        partition by model_id order by growth desc nulls last, rank_in_task, task_id
    ) = 1
    order by listing, growth desc nulls last, rank_in_task, model_id
"""
MOVERS_PER_TASK = 3


# The fields of a happening that ISSUES_SQL gives, in its order.
TOLD = (
    "subject",
    "title",
    "category",
    "description",
    "impact",
    "would_pay",
    "people",
    "posts",
    "sources",
    "category_name",
    "heat",
)
Db = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Happening:
    """One thing to tell.

    subject: the issue's or model's id. occasion: the day that sets it apart from an earlier one.
    category_name: how the category is shown. growth: how many times as hot as before, of a model as
    downloaded; None where there was nothing. places: repositories as owner/name, subreddits, tags.
    products: (name, own or competitor). evidence: (source, title, address).
    """

    kind: str
    subject: str
    occasion: date
    title: str
    description: str = ""
    category: str = ""
    category_name: str = ""
    impact: str = ""
    sources: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    products: tuple[tuple[str, str], ...] = ()
    evidence: tuple[tuple[str, str, str], ...] = ()
    would_pay: bool = False
    people: int = 0
    posts: int = 0
    heat: float = 0.0
    growth: float | None = None


@dataclass(frozen=True)
class News:
    """What happened from `first` to `day`, both included.

    history_since: the first day ever clustered. movers_on: the day of the catalog's listings.
    """

    day: date | None
    first: date | None
    history_since: date | None
    happenings: tuple[Happening, ...] = ()
    movers_on: date | None = None

    def of(self, kind: str) -> list[Happening]:
        """Return those of a kind, in order."""
        return [one for one in self.happenings if one.kind == kind]


def news(db: Db, span: int, *, day: date | None = None) -> News:
    """Read what happened in the last `span` days up to `day`, by default the last clustered one.

    db: a warehouse that is open. Raises the database's own errors when gold is not built.
    """
    [(last, since)] = _rows(db, LAST_DAY_SQL)
    last = min(last, day) if last and day else last
    if last is None or last < since:
        return News(None, None, since)
    first = last - timedelta(days=span - 1)
    issues = _issues(db, first, last, since, min(span, RISE_DAYS))
    movers = _movers(db, span)
    found = (*issues, *movers)
    return News(last, first, since, found, movers[0].occasion if movers else None)


def _rows(db: Db, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
    return db.execute(sql, values).fetchall()


def _issues(db: Db, first: date, last: date, since: date, compare: int) -> list[Happening]:
    values = {
        "day": last,
        "first": first,
        "before": last - timedelta(days=compare),
        "history_since": since,
        "away": AWAY_DAYS,
    }
    posts = _evidence(db, first, last)
    models = _models(db, first, last)
    products = _products(db, first, last)
    found = []
    for cluster_date, cluster_id, *told, before, new_on, reopened_on in _rows(
        db, ISSUES_SQL, values
    ):
        key = (cluster_date, cluster_id)
        evidence, places = posts.get(key, ((), ()))
        about = dict(zip(TOLD, told, strict=True))
        heat = about["heat"]
        if new_on:
            kind, occasion = NEW, new_on
        elif reopened_on:
            kind, occasion = REOPENED, reopened_on
        elif cluster_date == last and heat > before > 0:
            kind, occasion = RISING, last
        else:
            continue
        about |= {"sources": tuple(about["sources"]), "places": places, "evidence": evidence}
        about |= {
            "models": models.get(key, ()),
            "products": products.get(key, ()),
            "growth": heat / before if before > 0 else None,
        }
        found.append(Happening(kind=kind, occasion=occasion, **about))
    return found


def _evidence(db: Db, first: date, last: date) -> dict[Any, tuple[Any, Any]]:
    """Return the first posts of each cluster, and the places of all of its posts."""
    posts: dict[Any, list[tuple[str, str, str]]] = {}
    places: dict[Any, dict[str, None]] = {}
    rows = _rows(db, EVIDENCE_SQL, (first, last))
    for cluster_date, cluster_id, source, title, url, repository, subreddit, tags in rows:
        key = (cluster_date, cluster_id)
        if len(posts.setdefault(key, [])) < EVIDENCE_MOST:
            posts[key].append((source, title, url))
        named = ["/".join(repository.split("/")[-2:])] if repository else []
        named += [subreddit] if subreddit else []
        places.setdefault(key, {}).update(dict.fromkeys([*named, *(tags or [])]))
    return {key: (tuple(found), tuple(places[key])) for key, found in posts.items()}


def _models(db: Db, first: date, last: date) -> dict[Any, tuple[str, ...]]:
    """Return what the posts of each cluster speak of; nothing where that is not built yet."""
    if not _rows(db, TABLE_SQL, ("gold", "issue_models")):
        return {}
    found: dict[Any, tuple[str, ...]] = {}
    for cluster_date, cluster_id, entity in _rows(db, MODELS_SQL, (first, last)):
        known = found.get((cluster_date, cluster_id), ())
        found[cluster_date, cluster_id] = (*known, entity)[:MODELS_MOST]
    return found


def _products(db: Db, first: date, last: date) -> dict[Any, tuple[tuple[str, str], ...]]:
    """Return the products that the posts of each cluster speak of; nothing before it is built."""
    if not _rows(db, TABLE_SQL, ("gold", "issue_products")):
        return {}
    found: dict[Any, tuple[tuple[str, str], ...]] = {}
    for cluster_date, cluster_id, *product in _rows(db, PRODUCTS_SQL, (first, last)):
        key = (cluster_date, cluster_id)
        found[key] = (*found.get(key, ()), tuple(product))
    return found


def _movers(db: Db, span: int) -> list[Happening]:
    """Return the models that moved; none where the catalog has no history of its own here."""
    if not _rows(db, TABLE_SQL, ("hf", "model_movers")):
        return []
    nearest = min(MOVER_SPANS, key=lambda days: abs(days - span))
    rows = _rows(db, MOVERS_SQL, (nearest, MOVERS_PER_TASK))
    return [_mover(*row[:-1]) for row in rows if row[-1] is None or row[-1] > 0]


def _mover(  # noqa: PLR0917 - the columns of MOVERS_SQL, in order
    model: str,
    task: str,
    rank: int,
    before: int | None,
    downloads: int | None,
    downloads_before: int | None,
    listing: str,
    observed_on: date,
    compared_with: date,
) -> Happening:
    was, now = downloads_before or 0, downloads or 0
    if listing == "new":
        moved = f"new in {task}, place {rank:,}, {now:,} downloads"
    else:
        moved = f"{task}: place {before:,} to {rank:,}, {was:,} to {now:,} downloads of 30 days"
    return Happening(
        kind=MOVER,
        subject=model,
        occasion=observed_on,
        title=model,
        description=f"{moved}, since {compared_with}",
        sources=("huggingface",),
        places=(task,),
        growth=now / was if was else None,
    )

"""A small gold with generated issues, and what of it must be published, worked out row by row
without the code under test."""

import random
import shutil
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
from jinja2 import Template

from tests.support import ROOT

DAYS = [date(2026, 11, 12) + timedelta(days=n) for n in range(4)]
# As models/issues/gold/_gold__models.yml has them.
TABLES = """
create schema gold;
create table gold.issues (
    cluster_date date, cluster_id integer, issue_id varchar, canonical_title varchar,
    category varchar, category_confidence double, description varchar, would_pay_signal boolean,
    would_pay_because varchar, impact_level varchar, impact_score double, cluster_size bigint,
    people bigint, posts_open bigint, posts_answered bigint, posts_fixed bigint,
    posts_declined bigint, posts_locked bigint, confidence float, labeled_by varchar,
    quotes struct("text" varchar, url varchar, source varchar)[],
    because struct(
        title varchar, description varchar, category varchar, would_pay varchar, impact varchar
    ),
    standing varchar, fixed_in varchar,
    corrections struct(
        kind varchar, "value" varchar, who varchar, why varchar, made_on date
    )[]
);
create table gold.issue_evidence (
    cluster_date date, cluster_id integer, url_hash varchar, source varchar, url varchar,
    title varchar, body varchar, state varchar, is_copy boolean, position integer, distance float,
    engagement bigint, posted_at timestamptz
);
create table gold.issue_models (
    cluster_date date, cluster_id integer, entity_kind varchar, entity_id varchar, posts bigint,
    people bigint
);
create table gold.categories (
    category varchar, "name" varchar, place integer, color varchar
);
create table gold.issue_topics (cluster_date date, cluster_id integer, topic varchar);
create table gold.issue_map (
    cluster_date date, cluster_id integer, url_hash varchar, x float, y float, is_outlier boolean
);
create table gold.issue_lineage (
    from_issue_id varchar, to_issue_id varchar, kind varchar, happened_on date
);
create table gold.issue_trend (
    issue_id varchar, day date, items bigint, people bigint, sources bigint, engagement bigint,
    heat double
);
"""
# The model itself, over these tables.
PUBLISHED = Template(
    (ROOT / "models" / "issues" / "gold" / "published_issues.sql").read_text(encoding="utf-8")
).render(ref="gold.{}".format)
FILLED = (
    "issues",
    "issue_evidence",
    "issue_trend",
    "issue_topics",
    "issue_models",
    "issue_map",
    "issue_lineage",
)
SOURCES = ("github", "stackoverflow", "reddit", "hackernews")
CATEGORIES = ("ai", "finance", "devtools", "other")
NUMBERS = (
    "category_confidence",
    "posts_open",
    "posts_answered",
    "posts_fixed",
    "posts_declined",
    "posts_locked",
)
WORDS = ["the", "invoice", "webhook", "fires", "twice", "and", "nobody", "sees", "why", "on"]


class Gold:
    """A warehouse with the three tables and what is published of them, in a file of its own."""

    def __init__(self, path: Path, made: Path | None = None) -> None:
        """made: another one's file, to begin with a copy of it."""
        self.path = path
        if made:
            shutil.copy(made, path)
        else:
            self.run(TABLES)
            self.run(f"create view gold.published_issues as {PUBLISHED}")
            for place, category in enumerate(CATEGORIES, 1):
                self.run(
                    "insert into gold.categories values (?, ?, ?, '#0072b2')",
                    category,
                    category.title(),
                    place,
                )

    def run(self, sql: str, *values: Any) -> list[tuple]:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("set timezone = 'UTC'")
            if not values:
                return connection.execute(sql).fetchall()
            return connection.execute(sql, list(values)).fetchall()

    def refill(self, issues: int = 6, posts: int = 5, *, seed: int = 1) -> None:
        """Put other issues in the place of all that there are."""
        for table in FILLED:
            self.run(f"delete from gold.{table}")
        self.fill(issues, posts, seed=seed)

    def fill(self, issues: int = 6, posts: int = 5, *, seed: int = 1) -> "Gold":
        """Put so many issues into each day, each with up to so many posts."""
        drawn = random.Random(seed)
        rows: dict[str, list[tuple]] = {table: [] for table in FILLED}
        for number in range(issues):
            for day in [DAYS[0] - timedelta(days=2), *DAYS]:
                rows["issue_trend"].append(
                    (
                        f"issue{number:04d}",
                        day,
                        drawn.randrange(9),
                        drawn.randrange(9),
                        1,
                        5,
                        round(drawn.random() * 99, 4),
                    )
                )
        for day in DAYS:
            for number in range(issues):
                rows["issues"].append(issue(day, number, drawn))
                if number == 1:  # of seven the five that most people speak of are shown
                    rows["issue_models"] += [
                        (day, number, "model", f"acme/tiny-{n}", 7, n % 4) for n in range(7)
                    ]
                if number % 3:
                    rows["issue_topics"].append((day, number, f"invoice, webhook {number}"))
                for place in range(drawn.randint(1, posts)):
                    rows["issue_evidence"].append(post(day, number, place, drawn))
        # The map is of the newest day; what fits nowhere does not move an issue.
        for number in range(issues):
            for place, x in enumerate((0.25, 0.5, 0.875)[: 1 + number % 3]):
                rows["issue_map"].append((DAYS[-1], number, f"{number} {place}", x, -x, False))
            rows["issue_map"].append((DAYS[-1], number, f"{number} far", -1.0, 1.0, True))
        if issues > 5:
            rows["issue_lineage"] += [
                ("issue0003", "issue0004", "split", DAYS[1]),
                ("issue0005", "issue0004", "merge", DAYS[3]),
            ]
        with duckdb.connect(str(self.path)) as connection:
            for table, values in filter(itemgetter(1), rows.items()):
                marks = ", ".join("?" * len(values[0]))
                connection.executemany(f"insert into gold.{table} values ({marks})", values)
        return self


def issue(day: date, number: int, drawn: random.Random) -> tuple:
    pays, told = drawn.random() < 0.3, drawn.random() < 0.5
    reasons = ("title", "description", "category", "would_pay", "impact")
    return (
        day,
        number,
        f"issue{number:04d}",
        f"{text(drawn, 8)} {number}",
        drawn.choice(CATEGORIES),
        drawn.choice((None, 0.25, 1.0)),
        text(drawn, 30),
        pays,
        text(drawn, 9) if pays else None,
        drawn.choice(("low", "medium", "high")),
        round(drawn.random(), 4),
        drawn.randint(1, 50),
        drawn.randint(1, 50),
        *(drawn.randint(0, 9) if told else None for _ in range(5)),
        drawn.random(),
        "local",
        [
            {"text": text(drawn, 9), "url": f"https://example.org/{n}", "source": SOURCES[n]}
            for n in range(drawn.randint(0, 3))
        ],
        {name: text(drawn, 5) if name != "would_pay" or pays else None for name in reasons},
        "open",
        "2.1" if number == 2 else None,
        [corrected("fixed", "2.1"), corrected("title", None)] if number == 2 else [],
    )


def corrected(kind: str, value: str | None) -> dict[str, Any]:
    told = {"who": "Ann <b>", "why": 'a "reason"', "made_on": date(2026, 11, 15)}
    return {"kind": kind, "value": value, **told}


def post(day: date, number: int, place: int, drawn: random.Random) -> tuple:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(
        seconds=drawn.randrange(400_000), microseconds=drawn.randrange(1_000_000)
    )
    url_hash = f"{number:04d}{place:04d}{drawn.getrandbits(224):056x}"
    return (
        day,
        number,
        url_hash,
        drawn.choice(SOURCES),
        f"https://example.org/{url_hash}",
        text(drawn, 7),
        text(drawn, 40),
        drawn.choice((None, "open", "fixed")),
        drawn.random() < 0.2,
        place,
        drawn.random(),
        drawn.randrange(500),
        moment,
    )


def text(drawn: random.Random, words: int) -> str:
    return " ".join(drawn.choices(WORDS, k=words))


def expected(gold: Gold) -> dict[str, dict[tuple, dict]]:
    """Return what must be published, worked out row by row from gold."""
    posts = rows(gold, "issue_evidence")
    found = rows(gold, "issues")
    newest = max((row["cluster_date"] for row in found), default=None)
    issues = [row for row in found if row.pop("standing") == "open"]
    shown = {key_of(row) for row in issues}
    posts = [post for post in posts if key_of(post) in shown]
    trends = rows(gold, "issue_trend")
    models = rows(gold, "issue_models")
    places = rows(gold, "issue_map")
    for row in issues:
        own = [p for p in posts if (p["cluster_date"], p["cluster_id"]) == key_of(row)]
        own_days = [t for t in trends if t["issue_id"] == row["issue_id"]]
        days = sorted(
            (t["day"], t["items"], t["people"], t["heat"])
            for t in own_days
            if t["day"] <= row["cluster_date"]
        )
        row["heat"] = next((heat for day, _, _, heat in days if day == row["cluster_date"]), 0)
        row["trend"] = [{"day": str(d), "items": i, "people": p, "heat": h} for d, i, p, h in days]
        spoken = [m for m in models if (m["cluster_date"], m["cluster_id"]) == key_of(row)]
        spoken.sort(key=lambda m: (-m["people"], -m["posts"], m["entity_kind"], m["entity_id"]))
        row["models"] = [
            {"name": m["entity_id"], "kind": m["entity_kind"], "posts": m["posts"]}
            for m in spoken[:5]
        ]
        row["lineage"] = lineage(gold, row, issues)
        dots = [d for d in places if key_of(d) == key_of(row) and not d["is_outlier"]]
        row["place"] = [round(median(d[axis] for d in dots), 4) for axis in "xy"] if dots else []
        row["sources"] = sorted({p["source"] for p in own})
        row["posts"] = len(own)
        row["first_posted_at"] = min((p["posted_at"] for p in own), default="")
        row["last_posted_at"] = max((p["posted_at"] for p in own), default="")
        row["is_latest"] = row["cluster_date"] == newest
        # PocketBase knows no null but in JSON.
        for name in NUMBERS:
            row[name] = row[name] or 0
        row["would_pay_because"] = row["would_pay_because"] or ""
        row["fixed_in"] = row["fixed_in"] or ""
        for one in row["corrections"]:
            one["made_on"] = str(one["made_on"])
    for row in posts:
        row["state"] = row["state"] or ""
    for row in issues:
        hotter = [
            o
            for o in issues
            if o["cluster_date"] == row["cluster_date"]
            and (-o["heat"], o["issue_id"]) < (-row["heat"], row["issue_id"])
        ]
        row["heat_rank"] = 1 + len(hotter)
    return {
        "issues": {(str(r["cluster_date"]), r["cluster_id"]): plain(r) for r in issues},
        "issue_evidence": {
            (str(r["cluster_date"]), r["cluster_id"], r["url_hash"]): plain(r) for r in posts
        },
    }


def lineage(gold: Gold, row: dict, issues: list[dict]) -> list[dict]:
    """Return the splits and merges of an issue up to its day, the last first."""
    changes = []
    for change in rows(gold, "issue_lineage"):
        ends = change["from_issue_id"], change["to_issue_id"]
        if row["issue_id"] not in ends or change["happened_on"] > row["cluster_date"]:
            continue
        came = row["issue_id"] == ends[1]
        other = ends[0] if came else ends[1]
        kind = {"split": ("split_into", "split_from"), "merge": ("merged_into", "merged_from")}
        then = [o for o in issues if o["issue_id"] == other]
        then = [o for o in then if o["cluster_date"] <= change["happened_on"]]
        if not then:
            continue
        last = max(then, key=lambda o: o["cluster_date"])
        changes.append(
            {
                "day": str(change["happened_on"]),
                "kind": kind[change["kind"]][came],
                "issue_id": other,
                "title": last["canonical_title"],
            }
        )
    return sorted(changes, key=lambda change: change["day"], reverse=True)


def rows(gold: Gold, table: str) -> list[dict]:
    names = [row[0] for row in gold.run(f"describe gold.{table}")]
    return [dict(zip(names, row, strict=True)) for row in gold.run(f"from gold.{table}")]


def key_of(row: dict) -> tuple:
    return row["cluster_date"], row["cluster_id"]


def plain(row: dict) -> dict:
    """Write moments as PocketBase does, to the millisecond."""
    found = {}
    for name, value in row.items():
        if isinstance(value, datetime):
            utc = value.astimezone(UTC)
            found[name] = utc.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
        else:
            found[name] = str(value) if isinstance(value, date) else value
    return found

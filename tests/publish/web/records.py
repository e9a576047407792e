"""Records as a publisher makes them: issues of a few days, and the posts that prove them."""

import hashlib
import json
import math
import random
from datetime import date, timedelta
from typing import Any

Record = dict[str, Any]

TODAY = date(2026, 11, 20)
CATEGORIES = (
    "ai",
    "finance",
    "compliance",
    "logistics",
    "healthtech",
    "devtools",
    "ecommerce",
    "other",
)
SOURCES = ("github", "stackoverflow", "reddit", "hackernews")
HOSTS = {
    "github": "https://github.com/example/project/issues/",
    "stackoverflow": "https://stackoverflow.com/questions/",
    "reddit": "https://www.reddit.com/r/programming/comments/",
    "hackernews": "https://news.ycombinator.com/item?id=",
}
SUBJECTS = (
    "Invoices from the payment provider",
    "Webhooks of the billing service",
    "The Python client",
    "Container builds on the CI runners",
    "Patient exports from the clinic system",
    "Audit logs for SOC 2",
    "Vector search with filters",
    "Shipping labels for returns",
    "Long prompts with many tools",
    "The database migration tool",
    "Stock counts of two shops",
    "Type checking in a large monorepo",
)
TROUBLES = (
    "arrive twice after a timeout",
    "lose the time zone of every entry",
    "time out under load",
    "cannot be retried without paying again",
    "break with every minor release",
    "need a spreadsheet and an afternoon each month",
    "leak memory until the process is killed",
    "are rejected without saying which field is wrong",
)


def record_id(*parts: object) -> str:
    """Return an id of 15 characters that follows from the parts."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:15]


def hashed(record: Record) -> Record:
    """Return the record with the content_hash that a publisher would give it."""
    content = {name: value for name, value in record.items() if name != "content_hash"}
    text = json.dumps(content, sort_keys=True, default=str)
    return record | {"content_hash": hashlib.sha256(text.encode()).hexdigest()}


def issue(number: int, *, day: date = TODAY, **changes: Any) -> Record:
    """Return issue `number` as of a day; what is not given is the same each time."""
    chance = random.Random(number)
    size = chance.choice((3, 4, 6, 8, 12, 17, 26, 41, 58, 120))
    heat = round(60 * math.exp(-number / 9) + chance.random() * 4, 4)
    record = {
        "id": record_id("issue", day, number),
        "cluster_date": day.isoformat(),
        "cluster_id": number,
        "issue_id": f"issue-{number:05d}",
        "canonical_title": f"{chance.choice(SUBJECTS)} {chance.choice(TROUBLES)}",
        "topic": "invoice, webhook, twice, retry",
        "category": chance.choice(CATEGORIES),
        "description": "Teams that run this in production report the same trouble, and that the "
        "documented settings do not help. " + chance.choice(SUBJECTS) + " are hit most often.",
        "would_pay_signal": chance.random() < 0.3,
        "impact_level": chance.choice(("low", "medium", "medium", "high")),
        "category_confidence": 0.8,
        "would_pay_because": "We would pay for a tool that gets this right.",
        "impact_score": 0.61,
        "people": max(size - 1, 2),
        "posts_open": 2,
        "posts_answered": 1,
        "posts_fixed": 0,
        "posts_declined": 0,
        "posts_locked": 0,
        "quotes": [
            {
                "text": "The documented workaround made no difference.",
                "url": "https://github.com/example/project/issues/7",
                "source": "github",
            },
            {"text": "It fails twice a week.", "url": "https://example.org/8", "source": "usenet"},
        ],
        "because": {
            "title": "from the title of a post on github",
            "description": "2 of the posts' sentences, from github",
            "category": "24 of 30 central posts are most like it",
            "would_pay": "We would pay for a tool that gets this right.",
            "impact": "place 2 of 31 that day",
        },
        "place": [round(chance.uniform(-1, 1), 4), round(chance.uniform(-1, 1), 4)],
        "lineage": [],
        "models": [{"name": "acme/Tiny-7B", "kind": "model", "posts": 2}],
        "cluster_size": size,
        "confidence": round(0.4 + chance.random() * 0.6, 3),
        "labeled_by": "llm" if chance.random() < 0.25 else "local",
        "heat": heat,
        "heat_rank": number + 1,
        "sources": chance.sample(SOURCES, chance.randint(1, 3)),
        "posts": size + chance.randint(0, 4),
        "first_posted_at": f"{day - timedelta(days=chance.randint(5, 12))} 08:00:00.000Z",
        "last_posted_at": f"{day - timedelta(days=chance.randint(0, 3))} 16:30:00.000Z",
        "trend": trend(chance, day, heat),
        "is_latest": day == TODAY,
    }
    return hashed(record | changes)


def trend(chance: random.Random, day: date, heat: float) -> list[Record]:
    """Return two weeks of {day, items, heat} that end with today's heat."""
    points = []
    for back in range(13, 0, -1):
        share = 0.25 + 0.75 * (1 - back / 14) + chance.uniform(-0.2, 0.2)
        points.append(
            {
                "day": (day - timedelta(days=back)).isoformat(),
                "items": chance.choice((0, 0, 1, 2, 3, 5)),
                "heat": round(max(0.1, heat * share), 4),
            }
        )
    return [*points, {"day": day.isoformat(), "items": chance.randint(0, 4), "heat": heat}]


def post(of: Record, number: int, **changes: Any) -> Record:
    """Return post `number` of the evidence of an issue."""
    chance = random.Random(f"{of['id']} {number}")
    source = of["sources"][number % len(of["sources"])]
    record = {
        "id": record_id("post", of["id"], number),
        "issue": of["id"],
        "cluster_date": of["cluster_date"],
        "cluster_id": of["cluster_id"],
        "url_hash": record_id("url", of["issue_id"], number),
        "source": source,
        "url": f"{HOSTS[source]}{1000 + number}",
        "title": f"{of['canonical_title']}, again ({number + 1})",
        "body": f"{chance.choice(SUBJECTS)} {chance.choice(TROUBLES)}. "
        + "We tried the documented workaround and it made no difference. " * chance.randint(1, 9),
        "state": "open" if source in ("github", "stackoverflow") else "",
        "is_copy": False,
        "position": number,
        "distance": round(0.05 + number * 0.01, 4),
        "engagement": chance.randint(0, 400),
        "posted_at": of["last_posted_at"],
    }
    return hashed(record | changes)

"""What is drawn for the sample's repositories: every counter and every moment, and their ids.

Each item has a generator of its own, seeded with its id.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

SEED = 20261115

# The Hub began to keep creation times on this day and gave it to everything older.
FIRST_CREATED = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)
LEGACY_MONTH = "2022-03"
LAST_MOMENT = datetime(2026, 11, 14, tzinfo=UTC)

SIZE = re.compile(r"(?<![\w.])(\d{1,3}(?:\.\d)?)([bm])(?![a-z0-9])", re.IGNORECASE)
UNITS = {"m": 1e6, "b": 1e9}

# Median and spread (in log space) of the downloads of popularity 1 to 4.
BODY = {1: (12, 1.1), 2: (900, 1.2), 3: (9_000, 1.3), 4: (300_000, 1.0)}
# Popularity 5 is a Pareto tail: a handful of models have most of all downloads, as on the Hub.
TAIL_FROM, TAIL_ALPHA, TAIL_CAP = 5e6, 0.8, 1.6e8
NEVER_DOWNLOADED = 0.35  # share of popularity 1


def generator(kind: str, item_id: str) -> random.Random:
    """The source of all that is drawn for one item."""
    return random.Random(f"{SEED} {kind} {item_id}")  # noqa: S311 - invented numbers, no secrets


def hexadecimal(kind: str, item_id: str, digits: int) -> str:
    """A stand-in for an object id or a commit hash."""
    return hashlib.sha256(f"{SEED} {kind} {item_id}".encode()).hexdigest()[:digits]


def iso(moment: datetime) -> str:
    """A moment as the Hub writes it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def created_at(rng: random.Random, month: str) -> datetime:
    """Some moment of a month; the Hub's first one for the month in which all older ones stand."""
    seconds = rng.randrange(28 * 86_400)  # drawn also when unused: the draws below stay the same
    if month <= LEGACY_MONTH:
        return FIRST_CREATED
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC) + timedelta(seconds=seconds)


def last_modified(rng: random.Random, created: datetime) -> datetime:
    """Mostly soon after the creation: few repositories are touched for years."""
    span = max((LAST_MOMENT - created).total_seconds(), 0)
    return created + timedelta(seconds=int(span * rng.random() ** 2.5))


def downloads(rng: random.Random, popularity: int) -> int:
    """Downloads of the last 30 days: a log-normal body and a Pareto tail."""
    if popularity not in BODY:
        return int(min(TAIL_FROM * rng.paretovariate(TAIL_ALPHA), TAIL_CAP * rng.uniform(0.6, 1)))
    if popularity == 1 and rng.random() < NEVER_DOWNLOADED:
        return 0
    median, spread = BODY[popularity]
    return int(rng.lognormvariate(math.log(median), spread))


def likes(rng: random.Random, count: int) -> int:
    """Likes grow with about the square root of downloads, with much noise."""
    return int(10 ** (0.55 * math.log10(count + 10) - 1.0 + rng.gauss(0, 0.45)))


def trending(rng: random.Random, liked: int, created: datetime) -> int:
    """Likes of the last days: for most models none, for young ones more."""
    years = (LAST_MOMENT - created).days / 365
    return int(liked * 0.2 * rng.random() / (1 + 4 * years))


def weights(model_id: str) -> dict[str, Any]:
    """What the Hub counts in the weights, for models that have their size in their name."""
    size = SIZE.search(model_id.partition("/")[2])
    if size is None or any(word in model_id.lower() for word in ("gguf", "lora")):
        return {}
    rng = generator("weights", model_id)
    total = int(float(size[1]) * UNITS[size[2].lower()] * rng.uniform(0.96, 1.08))
    kind = rng.choice(("BF16", "BF16", "F16", "F32"))
    return {"safetensors": {"parameters": {kind: total}, "total": total}}

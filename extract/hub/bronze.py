"""The bronze tables of the catalog, from the files of a run folder."""

from collections.abc import Collection, Iterator, Mapping

import duckdb
import pyarrow as pa

from assay.extract.hub import followed
from assay.extract.hub.apart import Totals
from assay.extract.hub.listings import ALL
from assay.extract.hub.whole import PART
from assay.extract.landing import bronze, odd
from assay.extract.landing.run_folder import RunFolder
from assay.extract.landing.table import UTC_TIME, BronzeTable

MODELS_FILE, TASKS_FILE, WITHDRAWN_FILE = "hf_models.json", "hf_tasks.json", "hf_withdrawn.json"
FOLLOWED_FILE = followed.FILE
LARGEST = 2**63 - 1  # that a column of counts holds

# All that a run read of a listing, whose id is task_id, replaces what is stored of that listing or,
# where runs are told apart (`per_run`), what is stored of it by that run. A model may stand in a
# listing several times, as it was seen at several moments, so no columns name a row.
MODELS = BronzeTable(
    "hf_models",
    pa.schema(
        [
            pa.field("task_id", pa.string(), nullable=False),
            pa.field("model_id", pa.string(), nullable=False),
            pa.field("hub_id", pa.string()),
            pa.field("author", pa.string()),
            pa.field("pipeline_tag", pa.string()),
            pa.field("library_name", pa.string()),
            pa.field("gated", pa.string()),
            pa.field("tags", pa.string()),
            pa.field("likes", pa.int64()),
            pa.field("downloads", pa.int64()),
            pa.field("seq", pa.int64()),
            pa.field("is_listed", pa.bool_()),
            pa.field("is_private", pa.bool_()),
            pa.field("reason", pa.string()),
            pa.field("hub_created_at", UTC_TIME),
            pa.field("last_modified", UTC_TIME),
            pa.field("downloads_all_time", pa.int64()),
            pa.field("trending_score", pa.int64()),
            pa.field("parameters", pa.int64()),
            pa.field("gguf", pa.string()),
            pa.field("sha", pa.string()),
            pa.field("license_name", pa.string()),
            pa.field("license_link", pa.string()),
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("observed_at", UTC_TIME, nullable=False),
        ]
    ),
    merge_key=["task_id"],
    json_columns=["tags", "gguf"],
)
TASKS = BronzeTable(
    "hf_tasks",
    pa.schema(
        [
            pa.field("task_id", pa.string(), nullable=False),
            pa.field("task_label", pa.string()),
            pa.field("summary", pa.string()),
            pa.field("raw", pa.string()),
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("observed_at", UTC_TIME, nullable=False),
        ]
    ),
    primary_key=["task_id"],
    json_columns=["raw"],
)
# Every task page that the Hub had when a run read it, asked for or not.
TASK_PAGES = BronzeTable(
    "hf_task_pages",
    pa.schema(
        [
            pa.field("task_id", pa.string(), nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("observed_at", UTC_TIME, nullable=False),
        ]
    ),
    primary_key=["task_id"],
)
# Models that turned private or are gone for good: marks without a name, by which hf finds what it
# has of them.
WITHDRAWN = BronzeTable(
    "hf_withdrawn",
    pa.schema(
        [
            pa.field("digest", pa.string(), nullable=False),
            pa.field("hub_id", pa.string()),
            pa.field("reason", pa.string(), nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("observed_at", UTC_TIME, nullable=False),
        ]
    ),
    primary_key=["digest"],
)
LISTINGS = BronzeTable(
    "hf_task_listings",
    pa.schema(
        [
            pa.field("task_id", pa.string(), nullable=False),
            pa.field("run_id", pa.string(), nullable=False),
            pa.field("models", pa.int64()),
            pa.field("limit_per_task", pa.int64()),
            pa.field("pages", pa.int64()),
            pa.field("readings", pa.int64()),
            pa.field("repeats", pa.int64()),
            pa.field("late", pa.int64()),
            pa.field("asked", pa.int64()),
            pa.field("skipped", pa.int64()),
            pa.field("settled", pa.bool_()),
            pa.field("private", pa.int64()),
            pa.field("downloads", pa.int64()),
            pa.field("likes", pa.int64()),
            pa.field("apart", pa.string()),
            pa.field("kind", pa.string()),
            pa.field("observed_at", UTC_TIME, nullable=False),
        ]
    ),
    primary_key=["task_id"],
)

# What the API calls things, read loosely: a number or time of an unexpected type becomes null, a
# text its JSON, never a failed load. `gated` is false or a word.
_MODEL_KEYS = {
    "_task_id": "VARCHAR",
    "_seq": "BIGINT",
    "id": "VARCHAR",
    "_id": "VARCHAR",
    "author": "VARCHAR",
    "pipeline_tag": "VARCHAR",
    "library_name": "VARCHAR",
    "gated": "VARCHAR",
    "tags": "JSON",
    "likes": "VARCHAR",
    "downloads": "VARCHAR",
    "private": "VARCHAR",
    "createdAt": "VARCHAR",
    "lastModified": "VARCHAR",
    "downloadsAllTime": "VARCHAR",
    "trendingScore": "VARCHAR",
    "safetensors": "JSON",
    "gguf": "JSON",
    "sha": "VARCHAR",
    "cardData": "JSON",
    "_left": "BOOLEAN",
    "_reason": "VARCHAR",
}
_MODELS_SQL = """
    select
        _task_id as task_id,
        id as model_id,
        nullif(_id, '') as hub_id,
        coalesce(nullif(author, ''), nullif(split_part(id, '/', -2), '')) as author,
        {pipeline_tag} as pipeline_tag,
        nullif(library_name, '') as library_name,
        gated,
        tags::varchar as tags,
        {likes} as likes,
        {downloads} as downloads,
        _seq as seq,
        _left is null as is_listed,
        try_cast(private as boolean) as is_private,
        _reason as reason,
        {createdAt} as hub_created_at,
        {lastModified} as last_modified,
        {downloadsAllTime} as downloads_all_time,
        {trendingScore} as trending_score,
        {parameters} as parameters,
        case when json_type(gguf) = 'OBJECT' then gguf::varchar end as gguf,
        {sha} as sha,
        {license_name} as license_name,
        {license_link} as license_link,
        $run_id as run_id,
        $observed_at::timestamptz as observed_at
    from read_json($path, format = 'array', columns = {keys})
""".format(
    keys=_MODEL_KEYS,
    pipeline_tag=odd.key("pipeline_tag"),
    sha=odd.key("sha"),
    parameters=odd.count("(safetensors ->> '$.total')"),
    **{name: odd.key(f"(cardData ->> '$.{name}')") for name in ("license_name", "license_link")},
    **{
        name: odd.count(name)
        for name in ("likes", "downloads", "downloadsAllTime", "trendingScore")
    },
    **{name: odd.moment(name) for name in ("createdAt", "lastModified")},
)
_WITHDRAWN_SQL = """
    select
        digest,
        nullif(_id, '') as hub_id,
        reason,
        $run_id as run_id,
        $observed_at::timestamptz as observed_at
    from read_json($path, format = 'array', columns = {keys})
    where _by is null or not list_contains($apart, _by)
""".replace("{keys}", repr(dict.fromkeys(("_id", "digest", "reason", "_by"), "VARCHAR")))
_TOTALS_SQL = """
    with last as (
        select
            _task_id as task_id,
            {downloads} as downloads,
            {likes} as likes,
            _left
        from read_json($path, format = 'array', columns = {keys})
        qualify row_number() over (partition by _task_id, id order by _seq desc) = 1
    )
    select task_id, count(*), sum(downloads)::hugeint, sum(likes)::hugeint
    from last
    where _left is null
    group by task_id
""".format(  # noqa: S608 - constants of this file
    keys=_MODEL_KEYS, downloads=odd.count("downloads"), likes=odd.count("likes")
)
_TASKS_SQL = """
    select
        json ->> '$.id' as task_id,
        coalesce(json ->> '$.label', json ->> '$.id') as task_label,
        json ->> '$.summary' as summary,
        json::varchar as raw,
        $run_id as run_id,
        $observed_at::timestamptz as observed_at
    from read_json_objects($path, format = 'array')
"""


def model_files(folder: RunFolder) -> list[str]:
    """Return the files of a run folder that say something of models."""
    files = folder.manifest["files"]
    named = [name for name in (MODELS_FILE, FOLLOWED_FILE) if name in files]
    return named + sorted(name for name in files if name.startswith(PART.partition("{")[0]))


def models(folder: RunFolder) -> Iterator[pa.Table]:
    """Yield what a run folder says of models."""
    for name in model_files(folder):
        yield from bronze.read(folder, name, _MODELS_SQL, MODELS)


def tasks(folder: RunFolder) -> Iterator[pa.Table]:
    """Yield what a run folder says of tasks."""
    return bronze.read(folder, TASKS_FILE, _TASKS_SQL, TASKS)


def task_pages(folder: RunFolder) -> Iterator[pa.Table]:
    """Yield which task pages the Hub had; none for a folder of before they were noted."""
    at = {"run_id": folder.run_id, "observed_at": folder.started_at}
    names = folder.manifest.get("tasks_available", [])
    yield TASK_PAGES.of([{"task_id": name, **at} for name in names])


def withdrawn(folder: RunFolder, apart: Collection[str] = ()) -> Iterator[pa.Table]:
    """Yield the marks of models that are private now or gone for good, but for those that listings
    say which are kept apart."""
    if WITHDRAWN_FILE in folder.manifest["files"]:
        bound = {"apart": list(apart)}
        yield from bronze.read(folder, WITHDRAWN_FILE, _WITHDRAWN_SQL, WITHDRAWN, bound)
    else:
        yield WITHDRAWN.empty()


def totals(folder: RunFolder) -> dict[str, Totals]:
    """Return what each listing came to, by its id, each model as it was last seen."""
    limits = {one["task_id"]: int(one["limit"]) for one in folder.manifest["listings"]}
    found = {task: Totals(0, limit, None, None) for task, limit in limits.items()}
    if ALL in found:  # counted while it was read: too much to be read once more
        [one] = folder.manifest["listings"]
        return {ALL: Totals(one["models"], limits[ALL], one["downloads"], one["likes"])}
    with duckdb.connect() as connection:
        path = {"path": [str(folder.path / name) for name in model_files(folder)]}
        for task, *counts in connection.execute(_TOTALS_SQL, path).fetchall():
            models, downloads, likes = (
                count if count is None else min(count, LARGEST) for count in counts
            )
            found[task] = Totals(models, limits.get(task, models), downloads, likes)
    return found


def listings(folder: RunFolder, apart: Mapping[str, str] | None = None) -> Iterator[pa.Table]:
    """Yield how each listing was read.

    apart: why some listings are kept apart, by their ids.
    """
    counted = totals(folder)
    yield LISTINGS.of(
        [
            {
                **listing,
                "limit_per_task": listing["limit"],
                "downloads": counted[listing["task_id"]].downloads,
                "likes": counted[listing["task_id"]].likes,
                "apart": (apart or {}).get(listing["task_id"]),
                "run_id": folder.run_id,
                "observed_at": folder.started_at,
            }
            for listing in folder.manifest["listings"]
        ]
    )

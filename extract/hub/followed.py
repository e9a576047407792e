"""Following by name: models that a listing has shown and that none shows any more.

A listing ends at its limit, so a model that it does not show may have fallen below the limit, or be
deleted, private or closed. Asked for by its name it is told apart, and its counts go on.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from assay import warehouse
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub.client import DISABLED, GATED, NOT_FOUND, PRIVATE, Hub, HubError
from assay.extract.hub.listings import FOLLOWED
from assay.extract.hub.reading import TaskListing, hide, leave, mark, take
from assay.extract.landing.run_folder import RecordFile, RunFolder
from assay.extract.landing.table import BATCH_ROWS, UTC_TIME

log = logging.getLogger(__name__)

FILE = "hf_followed.json"
# What says that a model is not there for us; any other answer says nothing of it.
GONE = frozenset({NOT_FOUND, PRIVATE, GATED, DISABLED})

# Columns that a build of this version has made.
_BUILT_SQL = """
    select count(*) from information_schema.columns
    where
        table_schema = %s
        and (table_name, column_name) in (('models', 'gone_at'), ('model_listings', 'listing_id'))
"""
# Models that no listing shows but, as far as hf knows, those that this run has read.
_KNOWN_SQL = """
    select model_id, hub_id, downloads, last_synced_at, gone_at
    from hf.models
    where
        model_id > %s
        and not exists (
            select 1 from hf.model_listings
            where
                model_listings.model_id = models.model_id
                and model_listings.listing_id not in ({read})
        )
    order by model_id
    limit {batch}
"""
_KNOWN = pa.schema(
    [
        ("model_id", pa.string()),
        ("hub_id", pa.string()),
        ("downloads", pa.int64()),
        ("last_synced_at", UTC_TIME),
        ("gone_at", UTC_TIME),
    ]
)
_SEEN_SQL = """
    create table seen as
    select distinct id as model_id, _id as hub_id
    from read_json(
        $path, format = 'array', columns = {id: 'VARCHAR', _id: 'VARCHAR', _left: 'BOOLEAN'}
    )
    where _left is null
"""
# Half of those that are asked for have the most downloads, the others were not seen for longest: by
# downloads alone the small ones would never have their turn.
_CHOSEN_SQL = """
    with placed as (
        select
            *,
            row_number() over (order by downloads desc nulls last, model_id) as by_downloads,
            row_number() over (
                order by greatest(last_synced_at, coalesce(gone_at, last_synced_at)), model_id
            ) as by_age
        from unlisted
    )
    select model_id, hub_id, gone_at
    from placed
    order by least(2 * by_downloads, 2 * by_age + 1), model_id
    limit $most
"""


@dataclass(frozen=True)
class Known:
    """A model that hf knows and no listing shows. gone_at: when it was last asked for and was not
    there, None when it has been seen since."""

    model_id: str
    hub_id: str | None
    gone_at: datetime | None


def unlisted(target: str, models: Path, read: Sequence[str], most: int) -> list[Known]:
    """Return the models to follow, at most so many: those that no listing shows any more.

    models: the file of what this run's listings show. read: ids of these listings; what others
    show is listed. Empty while there is no warehouse that this version has built.
    """
    with duckdb.connect() as own:
        own.execute("set timezone = 'UTC'")
        own.execute(_SEEN_SQL, {"path": str(models)})
        nobody = _KNOWN.empty_table()  # noqa: F841 - DuckDB reads it by its name
        own.execute("create table unlisted as from nobody")
        for known in _known(target, read):  # noqa: B007 - likewise
            own.execute(
                "insert into unlisted from known anti join seen using (model_id) "
                "anti join seen as renamed on renamed.hub_id = known.hub_id"
            )
        return [Known(*row) for row in own.execute(_CHOSEN_SQL, {"most": most}).fetchall()]


def _known(target: str, read: Sequence[str]) -> Iterator[pa.Table]:
    """Yield what hf knows of models that no other listing shows, in order of their ids."""
    marks = ", ".join(["%s"] * len(read)) or "''"
    sql = _KNOWN_SQL.format(read=marks, batch=BATCH_ROWS)
    try:
        with warehouse.connect(target) as db:
            if db.rows(_BUILT_SQL, (warehouse.schema("hf", target),)) != [(2,)]:
                return
            last = ""
            while rows := db.rows(sql, (last, *read)):
                last = rows[-1][0]
                columns = zip(*rows, strict=True)
                yield pa.table([list(column) for column in columns], schema=_KNOWN)
    except warehouse.WarehouseError as error:
        log.info("nothing is followed: %s", warehouse.first_line(error))


def follow(hub: Hub, folder: RunFolder, known: Sequence[Known]) -> TaskListing:
    """Ask for models by name and write hf_followed.json: what a listing would show of each, or why
    it is not to be had.

    What was not there on an earlier day either is withdrawn: of it the folder has marks without a
    name. A Hub that stops answering ends it; the next run asks for the rest.
    """
    log.info("no listing shows them any more: asking for %d models by name", len(known))
    listing = TaskListing(FOLLOWED, len(known), readings=1, kind=FOLLOWED)
    with folder.records(FILE) as out:
        for one in known:
            try:
                _ask(hub, one, listing, out, folder.started_at)
            except (HubError, SourceUnavailableError) as error:
                why = warehouse.first_line(error)
                log.warning("followed %d of %d models: %s", listing.asked, len(known), why)
                break
            listing.asked += 1
    listing.limit, listing.models = listing.asked, len(listing.downloads)
    listing.downloads.clear()
    log.info("followed %d models by name: %d are there", listing.asked, listing.models)
    return listing


def _ask(hub: Hub, one: Known, listing: TaskListing, out: RecordFile, now: datetime) -> None:
    found = hub.look_up(one.model_id)
    if found.record is not None and hub.hides(found.record):
        hide(found.record, listing)
    elif found.record is not None:
        take(found.record, listing, out)
    elif found.reason in GONE:
        if one.gone_at and one.gone_at.astimezone(UTC).date() < now.date():
            withdrawn: dict[str, Any] = mark(one.model_id, one.hub_id, str(found.reason))
            listing.hidden[one.model_id] = withdrawn | {"_by": FOLLOWED}
        else:
            leave(one.model_id, listing, out, found.reason)

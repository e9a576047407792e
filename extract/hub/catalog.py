"""The hf_catalog pipeline: the Hub's tasks and the top models of each, into bronze.

Every run first writes a run folder (`read_hub`), then loads bronze from that folder (`bronze.load`)
and from nothing else, so what is in the warehouse can always be traced to a file.
"""

import difflib
import hashlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub import rejected
from assay.extract.hub.client import PAGE_CAP, PRIVATE, Hub, HubError
from assay.extract.hub.listings import AUTHOR, NAME, TASK, Wanted, options_for
from assay.extract.landing.run_folder import MAX_RECORD, RecordFile, RunFolder, encoded

log = logging.getLogger(__name__)

# A listing of several pages is read again until a reading shows nothing new, at most this often.
MAX_READINGS = 4
# When so many listings fail one after the other, it is the Hub that is down and not a listing.
MAX_FAILURES = 3


class UnknownTaskError(ValueError):
    """A task was asked for that the Hub does not have; names the nearest ones."""


@dataclass
class TaskListing:
    """What reading one listing came to, a task's or another's.

    task_id: the id of the listing. kind: as in Wanted. repeats: rows that a reading showed twice,
    because models changed places between two pages. late: models that only a further reading
    showed. asked: models asked for by name. settled: False when even the last reading showed new
    ones. private: models left out since only the token's owner may see them; hidden: what marks
    each of those as withdrawn, by its id.
    """

    task_id: str
    limit: int
    models: int = 0
    pages: int = 0
    readings: int = 0
    repeats: int = 0
    late: int = 0
    asked: int = 0
    skipped: int = 0
    settled: bool = True
    private: int = 0
    kind: str = TASK
    downloads: dict[str, Any] = field(default_factory=dict, repr=False)
    hidden: dict[str, dict[str, Any]] = field(default_factory=dict, repr=False)
    rejected: list[dict[str, Any]] = field(default_factory=list, repr=False)

    def as_record(self) -> dict[str, Any]:
        """Return the listing's counts for the manifest and for bronze."""
        kept = vars(self).items()
        return {
            name: value for name, value in kept if name not in ("downloads", "hidden", "rejected")
        }


def choose_tasks(
    available: dict[str, Any], wanted: list[str] | None, max_tasks: int | None
) -> list[str]:
    """Return the task ids to read, sorted; wanted: None for all that are available.

    Raises UnknownTaskError for an id that is not among the available ones.
    """
    for task in wanted or ():
        if task not in available:
            nearest = difflib.get_close_matches(task, available, n=3, cutoff=0.4)
            hint = f"did you mean {', '.join(nearest)}?" if nearest else "see --help"
            raise UnknownTaskError(f"the Hub has no task {task!r}: {hint}")
    return sorted(set(available if wanted is None else wanted))[:max_tasks]


def read_hub(
    hub: Hub,
    folder: RunFolder,
    *,
    limit_per_task: int,
    wanted: list[str] | None,
    max_tasks: int | None,
    progress: Collector,
    others: Sequence[Wanted] = (),
) -> None:
    """Read tasks and listings from the Hub into the run folder.

    wanted: ids of tasks, None for all, and an empty list for none, when nobody asks for the task
    pages. others: listings beside those of tasks. Writes hf_tasks.json (the task pages),
    hf_models.json (one record per listing and model, as the API gave it, and the keys `_task_id`,
    the listing's id, and `_seq`, the order of arrival) and, where there are any, hf_withdrawn.json
    (the marks of models that are private now, without their names).
    """
    started = time.monotonic()
    asks_tasks = wanted is None or bool(wanted)
    available = hub.tasks() if asks_tasks else {}
    chosen = choose_tasks(available, wanted, max_tasks)
    listed = [*(Wanted(TASK, task) for task in chosen), *others]
    with folder.records("hf_tasks.json") as out:
        for task in chosen:
            page = available[task] if isinstance(available[task], dict) else {}
            out.write(encoded({**page, "id": task}))
    with folder.records("hf_models.json") as out:
        listings, failed = _read_listings(hub, listed, limit_per_task, out, progress)
    hidden = {name: mark for listing in listings for name, mark in listing.hidden.items()}
    if hidden:
        log.info("%d private model(s) are left out: see HF_CATALOG__PRIVATE", len(hidden))
        with folder.records("hf_withdrawn.json") as out:
            for name in sorted(hidden):
                out.write(encoded(hidden[name]))
    rejected.write(folder, [one for listing in listings for one in listing.rejected])
    folder.manifest["counts"].update(
        tasks_available=len(available),
        tasks=len(chosen),
        models_listed=sum(listing.models for listing in listings),
        records_skipped=sum(listing.skipped for listing in listings),
        private_left_out=len(hidden),
        pages=sum(listing.pages for listing in listings),
        requests=hub.transport.requests,
        retries=hub.transport.retries,
        seconds=round(time.monotonic() - started, 1),
    )
    if asks_tasks:
        folder.manifest["tasks_available"] = sorted(available)
    folder.manifest["listings"] = [
        listing.as_record() for listing in listings if not _is_hidden(listing)
    ]
    folder.manifest["failed"] = failed


def missing(folder: RunFolder) -> str | None:
    """Return one line about the listings that a run could not read, None when it read all."""
    failed: dict[str, str] = folder.manifest.get("failed", {})
    if not failed:
        return None
    reason = next(iter(failed.values()))
    return (
        f"{len(failed)} of {len(failed) + len(folder.manifest['listings'])} listings could not be "
        f"read: {', '.join(failed)} ({reason}). The others are there; the next run asks for all, "
        f"`{options_for(list(failed))}` for these alone"
    )


def _read_listings(
    hub: Hub, wanted: list[Wanted], limit: int, out: RecordFile, progress: Collector
) -> tuple[list[TaskListing], dict[str, str]]:
    """Read each listing; return those that came, and why others did not, by their ids.

    Raises what the first one failed with when none came.
    """
    listings: list[TaskListing] = []
    failed: dict[str, str] = {}
    in_a_row = 0
    for number, one in enumerate(wanted, start=1):
        task = one.listing_id
        if in_a_row >= MAX_FAILURES:
            failed[task] = "not asked any more"
            continue
        try:
            with out.all_or_none():
                listing = read_listing(hub, one, limit, out)
        except (HubError, SourceUnavailableError) as error:
            if not listings and number == min(len(wanted), MAX_FAILURES):
                raise
            in_a_row += 1
            failed[task] = warehouse.first_line(error)
            log.warning("%d/%d %s failed: %s", number, len(wanted), task, failed[task])
            continue
        in_a_row = 0
        listings.append(listing)
        progress.update("listings", total=len(wanted))
        progress.update("pages", listing.pages)
        progress.update("models", listing.models)
        counts = (listing.models, listing.pages, _remarks(listing))
        log.info("%d/%d %s: %d models, %d page(s)%s", number, len(wanted), _said(listing), *counts)
    return listings, failed


def read_listing(hub: Hub, wanted: Wanted, limit: int, out: RecordFile) -> TaskListing:
    """Read the top models of one listing so that none slips away between two pages.

    A model whose downloads rise while we page moves to a page that was read before: it would be
    lost. So a listing of more than one page is read again until a reading shows nothing new, and
    models that only an earlier reading showed are asked for by name, since they may have risen or
    fallen. Staging then keeps the last observation of each and cuts the listing at its limit.
    """
    if wanted.kind == NAME:
        return _read_name(hub, wanted, out)
    listing = TaskListing(wanted.listing_id, limit, kind=wanted.kind)
    while listing.readings < MAX_READINGS:
        known, pages, written = len(listing.downloads), listing.pages, out.count
        listing.readings += 1
        seen = _read_once(hub, wanted, listing, out)
        new = len(listing.downloads) - known
        if listing.readings > 1:
            listing.late += new
        if listing.pages - pages <= 1 or (listing.readings > 1 and out.count == written):
            break
    else:
        listing.settled = False
        log.warning("%s: still changing after %d readings", wanted.listing_id, MAX_READINGS)
    for model_id in sorted(listing.downloads.keys() - seen):
        listing.asked += 1
        record = hub.model(model_id)
        if record is not None and hub.hides(record):
            _hide(record, listing)
            record = None
        if record is None or not wanted.shows(record):
            _left(model_id, listing, out)
        else:
            _take(record, listing, out)
    listing.models = len(listing.downloads)
    listing.downloads.clear()
    return listing


def _read_name(hub: Hub, wanted: Wanted, out: RecordFile) -> TaskListing:
    """Read the one model that a name means; where there is none, write the reason.

    What is private to the owner of the token is told of without its name.
    """
    listing = TaskListing(wanted.listing_id, 1, asked=1, readings=1, kind=NAME)
    found = hub.look_up(wanted.name)
    record, reason = found.record, found.reason
    if record is not None and hub.hides(record):
        _hide(record, listing)
        listing.rejected.append({"_task_id": None, "id": None, "reason": PRIVATE})
    elif record is None or _take(record, listing, out) is None:
        _left(wanted.name, listing, out, reason)
        if reason is not None:
            absent = {"_task_id": listing.task_id, "id": wanted.name, "reason": reason}
            listing.rejected.append(absent)
    listing.models = len(listing.downloads)
    return listing


def _is_hidden(listing: TaskListing) -> bool:
    """Tell whether a listing's own id is the name of a private model."""
    return listing.kind == NAME and bool(listing.hidden)


def _said(listing: TaskListing) -> str:
    return "name:(private)" if _is_hidden(listing) else listing.task_id


def _read_once(hub: Hub, wanted: Wanted, listing: TaskListing, out: RecordFile) -> set[str]:
    """Read pages until `limit` different models came; return their ids."""
    seen: set[str] = set()
    size = min(listing.limit, PAGE_CAP)
    if wanted.kind == AUTHOR:
        pages = hub.model_pages((), size, author=wanted.name)
    else:
        pages = hub.model_pages(wanted.name if wanted.kind == TASK else wanted.tags, size)
    for page in pages:
        listing.pages += 1
        for record in page:
            if isinstance(record, dict) and hub.hides(record):
                _hide(record, listing)
                continue
            model_id = _take(record, listing, out)
            if model_id is not None:
                listing.repeats += model_id in seen
                seen.add(model_id)
            if len(seen) >= listing.limit:
                return seen
        if not page:
            break
    return seen


def _take(record: Any, listing: TaskListing, out: RecordFile) -> str | None:
    """Write one record unless it says nothing new; return its id, None when it is unusable."""
    if reason := rejected.reason_of(record):
        _set_aside(record, listing, reason)
        return None
    model_id = record["id"]
    downloads = record.get("downloads")
    if model_id not in listing.downloads or listing.downloads[model_id] != downloads:
        line = encoded({**record, "_task_id": listing.task_id, "_seq": out.count})
        if len(line) > MAX_RECORD:
            _set_aside(record, listing, "too_large")
            log.warning("%s: a record of %d bytes is left out", model_id[:100], len(line))
            return None
        listing.downloads[model_id] = downloads
        out.write(line)
    return model_id


def _hide(record: dict[str, Any], listing: TaskListing) -> None:
    """Leave a private model out: only marks are kept, by which what was stored of it is found.

    `_id` is the Hub's own id of the repository, the digest is for rows that do not have it.
    """
    name = str(record.get("id"))
    digest = hashlib.md5(name.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    listing.hidden[name] = {"_id": record.get("_id"), "digest": digest, "reason": "private"}
    listing.private = len(listing.hidden)


def _set_aside(record: Any, listing: TaskListing, reason: str) -> None:
    if listing.readings == 1:  # every further reading would count it again
        listing.skipped += 1
        listing.rejected.append(rejected.set_aside(record, listing.task_id, reason))


def _left(model_id: str, listing: TaskListing, out: RecordFile, reason: str | None = None) -> None:
    """Write that a model is none of this listing's any more, or why it is not to be had."""
    listing.downloads.pop(model_id, None)
    left = {"id": model_id, "_task_id": listing.task_id, "_seq": out.count, "_left": True}
    out.write(encoded(left | {"_reason": reason} if reason else left))


def _remarks(listing: TaskListing) -> str:
    remarks = [
        f"{getattr(listing, name)} {word}"
        for name, word in (
            ("late", "came late"),
            ("repeats", "repeated"),
            ("skipped", "unusable"),
            ("private", "private, left out"),
        )
        if getattr(listing, name)
    ]
    return f" ({', '.join(remarks)})" if remarks else ""

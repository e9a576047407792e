"""The hf_catalog pipeline: the Hub's tasks and the top models of each, into bronze.

Every run first writes a run folder (`read_hub`), then loads bronze from that folder (`bronze.load`)
and from nothing else, so what is in the warehouse can always be traced to a file.
"""

import difflib
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub import rejected
from assay.extract.hub.client import PAGE_CAP, PRIVATE, Hub, HubError
from assay.extract.hub.followed import Known, follow
from assay.extract.hub.listings import AUTHOR, FOLLOWED, NAME, TASK, Wanted, options_for
from assay.extract.hub.reading import TaskListing, hide, leave, take
from assay.extract.landing.run_folder import RecordFile, RunFolder, encoded

log = logging.getLogger(__name__)

# A listing of several pages is read again until a reading shows nothing new, at most this often.
MAX_READINGS = 4
# When so many listings fail one after the other, it is the Hub that is down and not a listing.
MAX_FAILURES = 3


class UnknownTaskError(ValueError):
    """A task was asked for that the Hub does not have; names the nearest ones."""


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
    known: Callable[[list[str]], Sequence[Known]] | None = None,
) -> None:
    """Read tasks and listings from the Hub into the run folder.

    wanted: ids of tasks, None for all, and an empty list for none, when nobody asks for the task
    pages. others: listings beside those of tasks. known: what gives the models to follow by name
    when the listings of these ids were read. Writes hf_tasks.json (the task pages),
    hf_models.json (one record per listing and model, as the API gave it, and the keys `_task_id`,
    the listing's id, and `_seq`, the order of arrival) and, where there are any, hf_withdrawn.json
    (the marks of models that are private now, or gone for good, without their names).
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
    followed = known([listing.task_id for listing in listings]) if known else ()
    if followed:
        listings.append(follow(hub, folder, followed))
    private = _write_withdrawn(folder, listings)
    rejected.write(folder, [one for listing in listings for one in listing.rejected])
    folder.manifest["counts"].update(
        tasks_available=len(available),
        tasks=len(chosen),
        models_listed=sum(one.models for one in listings if one.kind != FOLLOWED),
        records_skipped=sum(listing.skipped for listing in listings),
        private_left_out=private,
        pages=sum(listing.pages for listing in listings),
        requests=hub.transport.requests,
        retries=hub.transport.retries,
        seconds=round(time.monotonic() - started, 1),
    )
    if asks_tasks:
        folder.manifest["tasks_available"] = sorted(available)
    folder.manifest["listings"] = [
        listing.as_record() for listing in listings if not listing.tells_a_name
    ]
    folder.manifest["failed"] = failed


def _write_withdrawn(folder: RunFolder, listings: list[TaskListing]) -> int:
    """Write the marks of what is withdrawn; return how many private models were left out."""
    marks = {name: mark for listing in listings for name, mark in listing.hidden.items()}
    private = sum(mark["reason"] == PRIVATE and "_by" not in mark for mark in marks.values())
    if private:
        log.info("%d private model(s) are left out: see HF_CATALOG__PRIVATE", private)
    if marks:
        with folder.records("hf_withdrawn.json") as out:
            for name in sorted(marks):
                out.write(encoded(marks[name]))
    return private


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
        what = "name:(private)" if listing.tells_a_name else task
        log.info("%d/%d %s: %d models, %d page(s)%s", number, len(wanted), what, *counts)
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
            hide(record, listing)
            record = None
        if record is None or not wanted.shows(record):
            leave(model_id, listing, out)
        else:
            take(record, listing, out)
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
        hide(record, listing)
        listing.rejected.append({"_task_id": None, "id": None, "reason": PRIVATE})
    elif record is None or take(record, listing, out) is None:
        leave(wanted.name, listing, out, reason)
        if reason is not None:
            absent = {"_task_id": listing.task_id, "id": wanted.name, "reason": reason}
            listing.rejected.append(absent)
    listing.models = len(listing.downloads)
    return listing


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
                hide(record, listing)
                continue
            model_id = take(record, listing, out)
            if model_id is not None:
                listing.repeats += model_id in seen
                seen.add(model_id)
            if len(seen) >= listing.limit:
                return seen
        if not page:
            break
    return seen


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

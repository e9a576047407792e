"""The hf_catalog pipeline: the Hub's tasks and the top models of each, into bronze.

Every run first writes a run folder (`read_hub`), then loads bronze from that folder (`bronze.load`)
and from nothing else, so what is in the warehouse can always be traced to a file.
"""

import difflib
import hashlib
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract.http.transport import SourceUnavailableError
from assay.extract.hub import rejected
from assay.extract.hub.client import PAGE_CAP, Hub, HubError
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
    """What reading one task's models came to.

    repeats: rows that a reading showed twice, because models changed places between two pages.
    late: models that only a further reading showed. asked: models asked for by name at the end.
    settled: False when even the last reading showed new ones. private: models left out since only
    the token's owner may see them; hidden: what marks each of those as withdrawn, by its id.
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
    """Return the task ids to read, sorted.

    Raises UnknownTaskError for an id that is not among the available ones.
    """
    for task in wanted or ():
        if task not in available:
            nearest = difflib.get_close_matches(task, available, n=3, cutoff=0.4)
            hint = f"did you mean {', '.join(nearest)}?" if nearest else "see --help"
            raise UnknownTaskError(f"the Hub has no task {task!r}: {hint}")
    return sorted(set(wanted or available))[:max_tasks]


def read_hub(
    hub: Hub,
    folder: RunFolder,
    *,
    limit_per_task: int,
    wanted: list[str] | None,
    max_tasks: int | None,
    progress: Collector,
) -> None:
    """Read tasks and listings from the Hub into the run folder.

    Writes hf_tasks.json (the task pages), hf_models.json (one record per task and model, as the
    API gave it, and the keys `_task_id` and `_seq`, the order of arrival) and, where there are any,
    hf_withdrawn.json (the marks of models that are private now, without their names).
    """
    started = time.monotonic()
    available = hub.tasks()
    chosen = choose_tasks(available, wanted, max_tasks)
    with folder.records("hf_tasks.json") as out:
        for task in chosen:
            page = available[task] if isinstance(available[task], dict) else {}
            out.write(encoded({**page, "id": task}))
    with folder.records("hf_models.json") as out:
        listings, failed = _read_listings(hub, chosen, limit_per_task, out, progress)
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
    folder.manifest["tasks_available"] = sorted(available)
    folder.manifest["listings"] = [listing.as_record() for listing in listings]
    folder.manifest["failed"] = failed


def missing(folder: RunFolder) -> str | None:
    """Return one line about the tasks whose listing a run could not read, None when it read all."""
    failed: dict[str, str] = folder.manifest.get("failed", {})
    if not failed:
        return None
    reason = next(iter(failed.values()))
    return (
        f"{len(failed)} of {len(failed) + len(folder.manifest['listings'])} listings could not be "
        f"read: {', '.join(failed)} ({reason}). The others are there; the next run asks for all, "
        f"`--tasks {','.join(failed)}` for these alone"
    )


def _read_listings(
    hub: Hub, tasks: list[str], limit: int, out: RecordFile, progress: Collector
) -> tuple[list[TaskListing], dict[str, str]]:
    """Read the listing of each task; return those that came, and why others did not, by task.

    Raises what the first one failed with when none came.
    """
    listings: list[TaskListing] = []
    failed: dict[str, str] = {}
    in_a_row = 0
    for number, task in enumerate(tasks, start=1):
        if in_a_row >= MAX_FAILURES:
            failed[task] = "not asked any more"
            continue
        try:
            with out.all_or_none():
                listing = read_listing(hub, task, limit, out)
        except (HubError, SourceUnavailableError) as error:
            if not listings and number == min(len(tasks), MAX_FAILURES):
                raise
            in_a_row += 1
            failed[task] = warehouse.first_line(error)
            log.warning("%d/%d %s failed: %s", number, len(tasks), task, failed[task])
            continue
        in_a_row = 0
        listings.append(listing)
        progress.update("tasks", total=len(tasks))
        progress.update("pages", listing.pages)
        progress.update("models", listing.models)
        counts = (listing.models, listing.pages, _remarks(listing))
        log.info("%d/%d %s: %d models, %d page(s)%s", number, len(tasks), task, *counts)
    return listings, failed


def read_listing(hub: Hub, task: str, limit: int, out: RecordFile) -> TaskListing:
    """Read the top models of one task so that none slips away between two pages.

    A model whose downloads rise while we page moves to a page that was read before: it would be
    lost. So a listing of more than one page is read again until a reading shows nothing new, and
    models that only an earlier reading showed are asked for by name, since they may have risen or
    fallen. Staging then keeps the last observation of each and cuts the listing at its limit.
    """
    listing = TaskListing(task, limit)
    while listing.readings < MAX_READINGS:
        known, pages, written = len(listing.downloads), listing.pages, out.count
        listing.readings += 1
        seen = _read_once(hub, listing, out)
        new = len(listing.downloads) - known
        if listing.readings > 1:
            listing.late += new
        if listing.pages - pages <= 1 or (listing.readings > 1 and out.count == written):
            break
    else:
        listing.settled = False
        log.warning("%s: still changing after %d readings", task, MAX_READINGS)
    for model_id in sorted(listing.downloads.keys() - seen):
        listing.asked += 1
        record = hub.model(model_id)
        if record is not None and hub.hides(record):
            _hide(record, listing)
            record = None
        if record is None or task not in (record.get("tags") or ()):
            _left(model_id, listing, out)
        else:
            _take(record, listing, out)
    listing.models = len(listing.downloads)
    listing.downloads.clear()
    return listing


def _read_once(hub: Hub, listing: TaskListing, out: RecordFile) -> set[str]:
    """Read pages until `limit` different models came; return their ids."""
    seen: set[str] = set()
    for page in hub.model_pages(listing.task_id, min(listing.limit, PAGE_CAP)):
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


def _left(model_id: str, listing: TaskListing, out: RecordFile) -> None:
    """Write that a model is gone, or is none of this task's any more."""
    del listing.downloads[model_id]
    out.write(
        encoded({"id": model_id, "_task_id": listing.task_id, "_seq": out.count, "_left": True})
    )


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

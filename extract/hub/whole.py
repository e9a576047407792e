"""The whole Hub by its cursor: every model, page by page, in as many parts as it takes.

The newest models come first, an order that does not change while it is read, so no model slips from
one page to another. Each part of the run folder is written whole, and with it the manifest says
where the next one begins: a run that was killed goes on there. No more than a part's models are in
memory at a time, by their ids.
"""

import logging
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from dlt.common.runtime.collector_base import Collector

from assay.extract.hub import rejected
from assay.extract.hub.client import Hub, HubError
from assay.extract.hub.listings import ALL
from assay.extract.hub.reading import TaskListing, hide, take
from assay.extract.landing.run_folder import (
    MANIFEST,
    RecordFile,
    RunFolder,
    RunFolderError,
    encoded,
)

log = logging.getLogger(__name__)

PART = "hf_all_{:05}.json"
PAGES_IN_PART = 20  # what a kill costs at most, in requests
NO_LIMIT = 2_000_000_000  # models; the Hub has some millions
# A walk that began longer ago is begun anew: its counts would be of too different times.
RESUME_WITHIN = timedelta(days=2)
# Of records that are no models so many are kept, since they stand in the manifest until the end.
MAX_REJECTED = 1_000


def resumable(parent: Path, endpoint: str) -> RunFolder | None:
    """Return the folder of the newest walk if it did not come to its end, began lately over this
    Hub, and is whole so far; None otherwise."""
    for path in sorted(parent.glob(f"*/{MANIFEST}"), reverse=True):
        try:
            manifest = orjson.loads(path.read_bytes())
            if not manifest["arguments"].get("all"):
                continue
            since = datetime.now(UTC) - datetime.fromisoformat(manifest["started_at"])
            same = manifest["arguments"]["endpoint"] == endpoint
            walked = manifest.get("walk") or _beginning()
            goes_on = walked["next"] or (walked["is_read"] and "listings" not in manifest)
            if same and since < RESUME_WITHIN and goes_on:
                return RunFolder.open(path.parent)
        except (OSError, ValueError, KeyError, TypeError, RunFolderError) as error:
            log.info("%s cannot be gone on with: %s", path.parent, error)
        return None
    return None


def walk(hub: Hub, folder: RunFolder, progress: Collector) -> None:
    """Read all models of the Hub into the run folder, from where its manifest says.

    Writes hf_all_00001.json and so on, each with the models of PAGES_IN_PART pages, and at the end
    what loading needs beside them. Raises HubError and SourceUnavailableError; the parts that are
    written stay, and the next walk goes on after them, unless the Hub does not take the cursor any
    more: then it begins anew.
    """
    state = folder.manifest.setdefault("walk", _beginning())
    is_resumed = state["parts"] > 0
    while not state["is_read"]:
        asked = hub.transport.requests
        try:
            state = _read_part(hub, folder, state)
        except HubError:
            if is_resumed and hub.transport.requests == asked + 1:
                folder.manifest["walk"] = state | {"next": None}
            raise
        is_resumed = False
        progress.update("parts")
        log.info("the whole Hub: %d models on %d pages", state["models"], state["pages"])
    _finish(hub, folder, state)


def _beginning() -> dict[str, Any]:
    counts = dict.fromkeys(("parts", "pages", "models", "skipped", "private"), 0)
    sums = {"downloads": None, "likes": None}
    return {**counts, **sums, "next": None, "is_read": False, "withdrawn": [], "rejected": []}


def _read_part(hub: Hub, folder: RunFolder, state: dict[str, Any]) -> dict[str, Any]:
    """Read and write one part; return how far the walk is then, which the manifest says too."""
    listing = TaskListing(ALL, NO_LIMIT, readings=1, kind=ALL)
    sums = {name: state[name] for name in ("downloads", "likes")}
    following = ""
    with folder.records(PART.format(state["parts"] + 1)) as out:
        for page, url in islice(hub.all_pages(state["next"]), PAGES_IN_PART):
            following = url
            listing.pages += 1
            for record in page:
                _keep(hub, record, listing, out, sums)
        after = {
            "parts": state["parts"] + 1,
            "pages": state["pages"] + listing.pages,
            "models": state["models"] + len(listing.downloads),
            "skipped": state["skipped"] + listing.skipped,
            "private": state["private"] + listing.private,
            **sums,
            "next": following or None,
            "is_read": not following,
            "withdrawn": [*state["withdrawn"], *listing.hidden.values()],
            "rejected": [*state["rejected"], *listing.rejected][:MAX_REJECTED],
        }
        # Saved with the part's own entry: after a kill either both are there or neither.
        folder.manifest["walk"] = after
    return after


def _keep(
    hub: Hub, record: Any, listing: TaskListing, out: RecordFile, sums: dict[str, int | None]
) -> None:
    if isinstance(record, dict) and hub.hides(record):
        hide(record, listing)
        return
    known = len(listing.downloads)
    if take(record, listing, out) is None or len(listing.downloads) == known:
        return
    for name, before in sums.items():
        count = record.get(name)
        if isinstance(count, int):
            sums[name] = (before or 0) + max(count, 0)


def _finish(hub: Hub, folder: RunFolder, state: dict[str, Any]) -> None:
    """Write what loading needs beside the parts, and how the walk went."""
    for name, records in (("hf_tasks.json", []), ("hf_withdrawn.json", state["withdrawn"])):
        with folder.records(name) as out:
            for record in records:
                out.write(encoded(record))
    rejected.write(folder, state["rejected"])
    counts = {name: state[name] for name in ("models", "pages", "skipped", "private")}
    listing = TaskListing(ALL, NO_LIMIT, readings=1, kind=ALL, **counts).as_record()
    folder.manifest["listings"] = [
        listing | {"downloads": state["downloads"], "likes": state["likes"]}
    ]
    folder.manifest["failed"] = {}
    folder.manifest["counts"].update(
        tasks=0,
        models_listed=state["models"],
        records_skipped=state["skipped"],
        private_left_out=state["private"],
        pages=state["pages"],
        requests=hub.transport.requests,
        retries=hub.transport.retries,
    )

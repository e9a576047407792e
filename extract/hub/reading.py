"""What reading a listing comes to, and how its records are written to the run folder."""

import hashlib
import logging
from dataclasses import dataclass, field
from typing import Any

from assay.extract.hub import rejected
from assay.extract.hub.client import PRIVATE
from assay.extract.hub.listings import NAME, TASK
from assay.extract.landing.run_folder import MAX_RECORD, RecordFile, encoded

log = logging.getLogger(__name__)

# What is kept of properties that may be long: a card is whatever its author wrote, and a GGUF file
# has its chat template with it. Kept whole they would be most of a run folder.
KEPT = {
    "cardData": ("license", "license_name", "license_link"),
    "gguf": ("total", "architecture", "context_length"),
}


@dataclass
class TaskListing:
    """What reading one listing came to, a task's or another's.

    task_id: the id of the listing. kind: as in Wanted. repeats: rows that a reading showed twice,
    because models changed places between two pages. late: models that only a further reading
    showed. asked: models asked for by name. settled: False when even the last reading showed new
    ones. private: models left out since only the token's owner may see them; hidden: what marks
    each of those, and each that is gone for good, as withdrawn, by its id.
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

    @property
    def tells_a_name(self) -> bool:
        """Whether the listing's own id is the name of a private model."""
        return self.kind == NAME and bool(self.hidden)

    def as_record(self) -> dict[str, Any]:
        """Return the listing's counts for the manifest and for bronze."""
        kept = vars(self).items()
        return {
            name: value for name, value in kept if name not in ("downloads", "hidden", "rejected")
        }


def take(record: Any, listing: TaskListing, out: RecordFile) -> str | None:
    """Write one record unless it says nothing new; return its id, None when it is unusable."""
    if reason := rejected.reason_of(record):
        _set_aside(record, listing, reason)
        return None
    model_id = record["id"]
    downloads = record.get("downloads")
    if model_id not in listing.downloads or listing.downloads[model_id] != downloads:
        line = encoded({**short(record), "_task_id": listing.task_id, "_seq": out.count})
        if len(line) > MAX_RECORD:
            _set_aside(record, listing, "too_large")
            log.warning("%s: a record of %d bytes is left out", model_id[:100], len(line))
            return None
        listing.downloads[model_id] = downloads
        out.write(line)
    return model_id


def short(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of the API with no more of its long properties than is loaded."""
    cut = {
        name: {key: record[name][key] for key in keys if key in record[name]}
        for name, keys in KEPT.items()
        if isinstance(record.get(name), dict)
    }
    return record | cut


def hide(record: dict[str, Any], listing: TaskListing) -> None:
    """Leave a private model out: only marks are kept, by which what was stored of it is found."""
    name = str(record.get("id"))
    listing.hidden[name] = mark(name, record.get("_id"), PRIVATE)
    listing.private = sum("_by" not in one for one in listing.hidden.values())


def mark(name: str, hub_id: Any, reason: str) -> dict[str, Any]:
    """Return what finds all that was stored of a model, without its name.

    `_id` is the Hub's own id of the repository, the digest is for rows that do not have it.
    """
    digest = hashlib.md5(name.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
    return {"_id": hub_id, "digest": digest, "reason": reason}


def leave(model_id: str, listing: TaskListing, out: RecordFile, reason: str | None = None) -> None:
    """Write that a model is none of this listing's any more, or why it is not to be had."""
    listing.downloads.pop(model_id, None)
    left = {"id": model_id, "_task_id": listing.task_id, "_seq": out.count, "_left": True}
    out.write(encoded(left | {"_reason": reason} if reason else left))


def _set_aside(record: Any, listing: TaskListing, reason: str) -> None:
    if listing.readings == 1:  # every further reading would count it again
        listing.skipped += 1
        listing.rejected.append(rejected.set_aside(record, listing.task_id, reason))

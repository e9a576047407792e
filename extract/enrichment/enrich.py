"""Enrichment of a run folder: what is known of everything that the listed models refer to.

Identification (identify.py) gives ids; here they are asked for, unless what was answered before is
young enough, and written to the catalog's run folder: one file per entity, one record per id, with
what the source said or the reason why there is nothing.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from assay import warehouse
from assay.extract.enrichment.entity import Entity, References
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.workers import FetchStats
from assay.extract.landing.run_folder import RunFolder, encoded

log = logging.getLogger(__name__)


@dataclass
class Enriched:
    """What one entity came to. reasons: ids by why they are not enriched."""

    entity: str
    asked: FetchStats = field(default_factory=FetchStats)
    ids: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    error: str | None = None
    seconds: float = 0.0
    is_written: bool = False  # its file is in the run folder

    def as_record(self) -> dict[str, Any]:
        """Return the counts for the manifest."""
        return {
            "ids": self.ids,
            "enriched": self.ids - self.reasons.total(),
            "reasons": dict(sorted(self.reasons.items())),
            "asked": self.asked.ids,
            "failed": self.asked.failed,
            "partial": self.asked.partial,
            "error": self.error,
            "seconds": round(self.seconds, 1),
        }


def enrich_all(
    entities: Iterable[Entity], references: References, fetcher: Fetcher, folder: RunFolder
) -> list[Enriched]:
    """Enrich one entity after the other. One that fails does not stop the next, which asks others,
    or for other things; `error` of its result tells."""
    results = []
    for entity in entities:
        try:
            result = enrich(entity, references, fetcher, folder)
        except Exception as error:
            log.debug("%s failed", entity.name, exc_info=True)
            result = Enriched(entity.name, error=warehouse.first_line(error))
        if result.error:
            log.error("%s: %s", entity.name, result.error)
        results.append(result)
        at = {"finished_at": datetime.now(UTC).isoformat(), "depth": fetcher.depth}
        folder.manifest.setdefault("enrichment", {})[entity.name] = result.as_record() | at
        folder.save()
    return results


def enrich(entity: Entity, references: References, fetcher: Fetcher, folder: RunFolder) -> Enriched:
    """Ask for what is not known of one entity, then write its file.

    Never raises for what a source does: `error` of the result tells.
    """
    started, reasons, ids = time.monotonic(), Counter[str](), 0
    fetched = entity.fetch(fetcher, references)
    with folder.records(entity.file) as out:
        for record in fetched.records:
            out.write(encoded(record))
            ids += 1
            if not record["enriched"]:
                reasons[record["reason"]] += 1
    seconds = time.monotonic() - started
    error = _missing(fetched.stats)
    return Enriched(entity.name, fetched.stats, ids, reasons, error, seconds, is_written=True)


def _missing(stats: FetchStats) -> str | None:
    """Return in one line what did not come, None when nothing is missing."""
    if stats.failed:
        return f"{stats.failed:,} of {stats.ids:,} could not be fetched ({stats.error})"
    if stats.partial:
        return f"{stats.partial:,} came without their Croissant description"
    return None

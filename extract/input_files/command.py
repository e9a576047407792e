"""`dlt pipeline inputs run`: what a person has edited, into bronze.

Files are loaded before the fingerprints that say they are there: a run killed in between loads
them again, and no change is lost.
"""

import argparse
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dlt.common.runtime.collector_base import Collector

from assay import warehouse
from assay.extract.input_files.observe import Observed, observe, usable
from assay.extract.input_files.tables import INPUT_FILES, INPUT_FINGERPRINTS, file_tables
from assay.extract.landing import bronze
from assay.extract.pipeline import Pipeline

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stored:
    """What bronze has of one input. files: sha256 by path."""

    fingerprint: str | None
    changed_at: datetime | None
    files: dict[str, str]


NOTHING = Stored(None, None, {})


def _run(args: argparse.Namespace, progress: Collector) -> None:
    if args.destination == "postgres":
        log.info("inputs are kept in DuckDB, whatever the destination of the catalog is")
    started = time.monotonic()
    observed, problems = observe(warehouse.ROOT)
    for line in problems[:-1]:
        log.error("%s", line)
    observed = usable(observed, problems)
    for one in observed:
        for note in one.notes:
            log.warning("%s", note)
    stored = _stored()
    changed = [one for one in observed if _is_changed(one, stored.get(one.name, NOTHING))]
    for one in changed:
        log.info("%s: %s", one.name, _what_changed(one, stored.get(one.name, NOTHING)))
    if changed:
        _load(changed, stored, progress)
    files = sum(len(one.files) for one in observed)
    log.info(
        "inputs: %d of %d changed, %d files, %.1f s",
        len(changed),
        len(observed),
        files,
        time.monotonic() - started,
    )


def _is_changed(one: Observed, stored: Stored) -> bool:
    # Bronze may hold other files than its fingerprint says: a run was killed between the two.
    return one.fingerprint != stored.fingerprint or _hashes(one) != stored.files


def _hashes(one: Observed) -> dict[str, str]:
    return {file.path: file.sha256 for file in one.files}


def _what_changed(one: Observed, stored: Stored) -> str:
    now, before = _hashes(one), stored.files
    parts = {
        "new": sorted(now.keys() - before.keys()),
        "changed": sorted(path for path in now.keys() & before if now[path] != before[path]),
        "gone": sorted(before.keys() - now.keys()),
    }
    told = [
        f"{len(paths)} {what} ({paths[0]}{', ...' if len(paths) > 1 else ''})"
        for what, paths in parts.items()
        if paths
    ]
    return ", ".join(told) or ("nothing there" if not now else "loaded again")


def _stored() -> dict[str, Stored]:
    """Return what bronze has, by input; nothing where it has no such tables yet."""
    if not warehouse.exists():
        return {}
    with warehouse.connect(warehouse.main_target()) as db:
        tables = db.rows(
            "select table_name from information_schema.tables where table_schema = 'bronze' "
            "and table_catalog = current_database() "
            "and table_name in ('input_files', 'input_fingerprints')"
        )
        if len(tables) < 2:
            return {}
        files: dict[str, dict[str, str]] = {}
        for name, path, sha256 in db.rows(
            "select input_name, path, sha256 from bronze.input_files"
        ):
            files.setdefault(name, {})[path] = sha256
        fingerprints = db.rows(
            "select input_name, fingerprint, changed_at from bronze.input_fingerprints"
        )
    found = {name: (fingerprint, changed_at) for name, fingerprint, changed_at in fingerprints}
    return {
        name: Stored(*found.get(name, (None, None)), files.get(name, {}))
        for name in files.keys() | found
    }


def _load(changed: list[Observed], stored: dict[str, Stored], progress: Collector) -> None:
    """Replace the files of the changed inputs, then move their fingerprints."""
    pipeline = bronze.open_pipeline("inputs", warehouse.main_target(), progress)
    bronze.run(pipeline, INPUT_FILES.resource(file_tables(changed)), warehouse.main_target())
    emptied = [one.name for one in changed if not one.files]
    if emptied:
        # No row says which rows to replace.
        with bronze.turn(warehouse.main_target()), pipeline.sql_client() as client:
            table = client.make_qualified_table_name("input_files")
            for name in emptied:
                client.execute_sql(f"delete from {table} where input_name = %s", name)  # noqa: S608
    now = datetime.now(UTC)
    rows = [
        {
            "input_name": one.name,
            "fingerprint": one.fingerprint,
            "changed_at": _after(now, stored.get(one.name, NOTHING).changed_at),
        }
        for one in changed
    ]
    fingerprints = INPUT_FINGERPRINTS.resource([INPUT_FINGERPRINTS.of(rows)])
    bronze.run(pipeline, fingerprints, warehouse.main_target())


def _after(now: datetime, before: datetime | None) -> datetime:
    """Return a moment after `before` even where a clock was set back: dbt looks for a later one."""
    return max(now, before + timedelta(microseconds=1)) if before else now


INPUTS = Pipeline(
    name="inputs",
    summary="concepts, prompt templates, language models and corrections that a person edits",
    options={},
    check=lambda args: None,
    run=_run,
)

"""What a refresh builds: everything that an edit since the last successful build has made stale."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from assay import warehouse
from assay.refresh import contents
from assay.refresh.code import MODELS
from assay.refresh.state import Record

_TABLES_SQL = """
    select table_schema, table_name
    from information_schema.tables
    where table_catalog = current_database()
"""
# When dlt first loaded this bronze: no other warehouse has the same moment.
_WAREHOUSE_SQL = "select cast(min(inserted_at) as varchar) from bronze._dlt_version"
_LOADS_SQL = "select count(*) || ' ' || max(inserted_at) from bronze._dlt_loads"
_LAST_BUILD_SQL = """
    select step_id from ops.pipeline_steps
    where kind = 'dbt' and name <> 'test' order by started_at desc limit 1
"""


@dataclass(frozen=True)
class Seen:
    """What there is to build from, as it was before the build. sources: dbt's sources.json.

    modified: unique ids of what is otherwise than at the last build, None where there was none.
    """

    sources: bytes
    record: Record
    modified: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Decision:
    """What dbt is told. reasons and left_out: lines for people.

    roots: selectors of what is due by itself, none for all. causes: (source or path that changed,
    its line of the reasons), where something is selected.
    """

    roots: tuple[str, ...]
    exclude: tuple[str, ...]
    reasons: tuple[str, ...]
    left_out: tuple[str, ...]
    causes: tuple[tuple[str, str], ...] = ()

    @property
    def select(self) -> tuple[str, ...]:
        """Return selectors of the roots and of all that hangs on them, none for all."""
        return tuple(f"{root}+" for root in self.roots)


def target_dir() -> Path:
    """Return dbt's target folder."""
    return warehouse.ROOT / os.environ.get("DBT_TARGET_PATH", "target")


def artifact(name: str) -> Any:
    """Return one of dbt's JSON files. Raises OSError where there is none."""
    return json.loads((target_dir() / name).read_bytes())


def look(code: dict[str, str], modified: Sequence[str] | None = None, project: str = "") -> Seen:
    """Return what `dbt source freshness` has just found. Raises WarehouseError where it found
    nothing because it failed; a source that is not loaded is no failure.

    modified: as of Seen. project: what unchanged.project_stamp said before anything was looked at.
    """
    sources, manifest = (target_dir() / "sources.json").read_bytes(), artifact("manifest.json")
    with warehouse.connect(warehouse.main_target()) as db:
        tables = set(db.rows(_TABLES_SQL))
        [(identity,)] = db.rows(_WAREHOUSE_SQL)
    absent = {
        f"{source['source_name']}.{source['name']}": source["meta"]
        for source in manifest["sources"].values()
        if "external_location" not in source["meta"]
        and (source["schema"], source["identifier"]) not in tables
    }
    for result in json.loads(sources)["results"]:
        name = ".".join(result["unique_id"].split(".")[-2:])
        if result["status"] == "runtime error" and name not in absent:
            raise warehouse.WarehouseError(f"dbt source freshness: {name}: {result['error']}")
    # What reads some sources takes them for empty where they are missing (macros/enrichment.sql).
    missing = tuple(
        sorted(name for name, meta in absent.items() if "empty_where_missing" not in meta)
    )
    dbt = manifest["metadata"]["dbt_version"]
    found = contents.of_sources(manifest["sources"].values())
    record = Record(identity, dbt, code, missing, project, loads=loads(), contents=found)
    return Seen(sources, record, None if modified is None else tuple(modified))


def loads() -> str:
    """Return how many loads of dlt the warehouse has, and when the last one was."""
    with warehouse.connect(warehouse.main_target()) as db:
        [(found,)] = db.rows(_LOADS_SQL)
    return str(found)


def last_build() -> str:
    """Return dbt's id of the last build of the warehouse, by whomever, as the journal has it."""
    with warehouse.connect(warehouse.main_target()) as db:
        found = db.rows(_LAST_BUILD_SQL)
    return str(found[0][0]) if found else ""


def decide(seen: Seen, built: Record | None, sources_built: bytes | None) -> Decision:
    """Compare what there is with what the last successful build had."""
    now = seen.record
    exclude = tuple(f"source:{name}+" for name in now.missing)
    left_out = tuple(f"{name} is not loaded" for name in now.missing)
    if built is None or sources_built is None:
        return Decision((), exclude, ("nothing was built here yet",), left_out)
    if (built.warehouse, built.dbt) != (now.warehouse, now.dbt):
        why = "the last build was of another warehouse or by another dbt"
        return Decision((), exclude, (why,), left_out)
    # A node that is gone has nothing to select.
    code = sorted(path for path in now.code if built.code.get(path) != now.code[path])
    arrived = sorted(set(built.missing) - set(now.missing))
    fresher = _fresher(seen.sources, sources_built)
    same = [
        name
        for name in fresher
        if name in now.contents and now.contents[name] == built.contents.get(name)
    ]
    changed = [name for name in fresher if name not in same]
    causes = [
        *((name, f"{name} changed") for name in changed),
        *(
            (path, f"{path}{' or what it imports' if path.startswith(MODELS) else ''} changed")
            for path in code
        ),
        *((name, f"{name} is loaded now") for name in arrived),
    ]
    roots = (
        "state:modified",
        *(f"source:{name}" for name in changed),
        *(f"path:{path}" for path in code),
        *(f"source:{name}" for name in arrived),
    )
    reasons = (
        *(why for _, why in causes),
        *(f"{name} was loaded again and brought nothing new" for name in same),
    )
    return Decision(roots, exclude, reasons, left_out, tuple(causes))


def _fresher(now: bytes, built: bytes) -> list[str]:
    """Name the sources that are fresher, by the rule of dbt's `source_status:fresher`."""
    before = _loaded_at(built)
    return sorted(
        ".".join(name.split(".")[-2:])
        for name, moment in _loaded_at(now).items()
        if name not in before or moment > before[name]
    )


def _loaded_at(sources: bytes) -> dict[str, datetime]:
    return {
        result["unique_id"]: datetime.fromisoformat(result["max_loaded_at"])
        for result in json.loads(sources)["results"]
        if result.get("max_loaded_at")
    }

"""What the warehouse was last built from, in state/, for `make refresh` and `dbt --state`.

    state/current -> built-1a2b3c          one successful build, whole
    state/manifest.json -> current/manifest.json, and so for sources.json and record.json

The link `current` moves only after a build has succeeded, and moves in one step: whoever reads
state/ sees one build or the next, and a killed refresh leaves the one before.
"""

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assay import warehouse
from assay.common import files

FILES = ("manifest.json", "sources.json", "record.json")


@dataclass(frozen=True)
class Record:
    """What dbt's own files do not say of a build.

    warehouse: which one it was (`refresh_plan.look`). dbt: the version that wrote the manifest.
    code: fingerprints by path (assay/refresh/code.py). missing: sources that were not loaded.
    project, file: the two numbers of assay/refresh/unchanged.py, empty where not to be trusted.
    loads: which loads of dlt the build saw (`plan.look`). contents: what was in sources
    (contents.py) and tables (left_alone.py) then; build: dbt's id of it.
    """

    warehouse: str
    dbt: str
    code: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    project: str = ""
    file: str = ""
    loads: str = ""
    contents: dict[str, str] = field(default_factory=dict)
    build: str = ""


def state_dir() -> Path:
    """Return the folder of the state (ASSAY_STATE_DIR, default `state`)."""
    return (warehouse.ROOT / os.environ.get("ASSAY_STATE_DIR", "state")).absolute()


def read(folder: Path) -> Record | None:
    """Return the record of the last successful build, None where there is no whole one."""
    if not all((folder / name).is_file() for name in FILES):
        return None
    try:
        found: dict[str, Any] = json.loads((folder / "record.json").read_bytes())
        return Record(**found | {"missing": tuple(found["missing"])})
    except (ValueError, TypeError, KeyError):
        return None  # of another version of this program: as good as none


def promote(folder: Path, manifest: bytes, sources: bytes, record: Record) -> None:
    """Make this build what is compared with from now on. All of it or nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    version = folder / f"built-{secrets.token_hex(6)}"
    version.mkdir()
    contents = (manifest, sources, json.dumps(asdict(record), indent=1).encode())
    for name, content in zip(FILES, contents, strict=True):
        files.write(version / name, content)
    _link(folder / "current", version.name)
    for name in FILES:
        _link(folder / name, f"current/{name}")
    for old in folder.glob("built-*"):
        if old != version:
            shutil.rmtree(old, ignore_errors=True)


def _link(place: Path, to: str) -> None:
    """Point a link somewhere in one step, whatever stood there."""
    aside = place.with_name(f".{place.name}.new")
    aside.unlink(missing_ok=True)
    aside.symlink_to(to)
    aside.replace(place)

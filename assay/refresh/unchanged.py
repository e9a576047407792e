"""Whether anything happened at all since the last successful refresh, told without asking dbt.

A refresh that has something to do starts dlt once and dbt twice, which is half a minute of
processor time. Most saves under `make watch` change nothing that is built, so the last refresh
leaves two numbers behind: one over every file and setting that a build depends on, taken before it
looked at anything, and one over the warehouse's file, taken after it was built. While both are
the same, no source was loaded and no code was edited. Where they differ, dbt and the fingerprints
decide as ever (assay/refresh/plan.py): these numbers can only save work, never choose it.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path

from assay.refresh.fingerprints import content_hash, fingerprint
from assay.warehouse import main_target, output

# Where everything stands that a build reads. Python below tests/ is pytest's, and builds nothing.
FOLDERS = (
    *("models", "python_models", "seeds", "macros", "analyses", "inputs", "tests"),
    *("assay", "common", "extract", "mining", "publish", "sample"),
)
FILES = ("dbt_project.yml", "profiles.yml", "requirements.txt", ".env.example", ".dlt/config.toml")
NOT_BUILT_FROM = (".pyc", ".pyo", ".tmp", ".swp")
PACKAGES = ("dbt-core", "dbt-duckdb", "dlt", "duckdb")
# Of a run, not of what it builds.
OF_A_RUN = frozenset({"ASSAY_RUN_ID", "ASSAY_WAIT_SECONDS"})
_SETTING = re.compile(r"^#? ?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def project_stamp(root: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Return 64 hex digits over all that a build depends on outside the warehouse.

    These are the files of the project, the settings that .env.example names and the versions of
    dbt, dlt and DuckDB. Times of files do not count.
    """
    named = ((file.relative_to(root).as_posix(), file) for file in _files(root))
    parts = [(name, content_hash(file.read_bytes())) for name, file in named]
    said = "\n".join(
        [f"{name}={value!r}" for name, value in sorted(_settings(root, environment).items())]
        + [f"{name} {version(name)}" for name in PACKAGES]
    )
    return fingerprint([*parts, ("settings", hashlib.sha256(said.encode()).hexdigest())])


def warehouse_stamp() -> str:
    """Return what tells this state of the DuckDB warehouse from any other; empty where it is none.

    Whoever writes to it moves its size or time; what is not in the file yet is in the log beside.
    """
    if main_target() != "duckdb":
        return ""  # who writes to a lake moves files of other machines
    file = Path(output("duckdb")["path"])
    places = (file, file.with_name(f"{file.name}.wal"))
    return " ".join(_stat(place) for place in places) if file.is_file() else ""


def _files(root: Path) -> Iterator[Path]:
    for name in FILES:
        if (root / name).is_file():
            yield root / name
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            built_from = file.suffix not in NOT_BUILT_FROM and "__pycache__" not in file.parts
            if file.is_file() and built_from and not (folder == "tests" and file.suffix == ".py"):
                yield file


def _settings(root: Path, environment: Mapping[str, str]) -> dict[str, str]:
    example = root / ".env.example"
    known = set(_SETTING.findall(example.read_text("utf-8"))) if example.is_file() else set()
    return {
        name: value
        for name, value in environment.items()
        if (name in known or name.startswith(("ASSAY_", "DBT_")) or "__" in name)
        and name not in OF_A_RUN
    }


def _stat(place: Path) -> str:
    try:
        found = place.stat()
    except FileNotFoundError:
        return "-"
    return f"{found.st_ino}:{found.st_size}:{found.st_mtime_ns}"

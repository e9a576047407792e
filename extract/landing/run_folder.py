"""Run folders: what a run read from a source, kept as files before anything is loaded.

A folder is named by its start and a random tail, `2025-10-21_14-30-45_a1b2c3d4`. Each file in it
appears whole or not at all (written aside, synced, renamed) and is listed in manifest.json with
its record count and sha256, so a folder can be loaded again years later and a damaged one is known.
"""

import hashlib
import importlib.metadata
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

import orjson

from assay.common import files
from assay.warehouse import journal, private

MANIFEST = "manifest.json"
VERSIONS_OF = ("assay", "dlt", "huggingface_hub", "duckdb")


# DuckDB's JSON reader takes no larger object, and holds twice this in memory.
MAX_RECORD = 16_000_000  # bytes


class RunFolderError(Exception):
    """A run folder cannot be used; the message says why, in one line."""


class RecordFile:
    """A JSON array being written, one record per line, so that it streams both ways."""

    def __init__(self, stream: BinaryIO) -> None:
        self.count = 0
        self.bytes = 0
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self._put(b"[")

    def write(self, record: bytes) -> None:
        """Add one record, already encoded as JSON without line breaks."""
        self._put(b",\n" if self.count else b"\n")
        self._put(record)
        self.count += 1

    @contextmanager
    def all_or_none(self) -> Iterator[None]:
        """Take back what the block wrote when it raises."""
        before = self.count, self.bytes, self._sha256.copy()
        try:
            yield
        except BaseException:
            self.count, self.bytes, self._sha256 = before
            self._stream.seek(self.bytes)
            self._stream.truncate()
            raise

    def end(self) -> dict[str, Any]:
        """Close the array and return what the manifest says of the file."""
        self._put(b"\n]\n")
        return {"records": self.count, "bytes": self.bytes, "sha256": self._sha256.hexdigest()}

    def _put(self, data: bytes) -> None:
        self._stream.write(data)
        self._sha256.update(data)
        self.bytes += len(data)


class RunFolder:
    """One run's raw files and their manifest."""

    def __init__(self, path: Path, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def create(cls, parent: Path, arguments: dict[str, Any]) -> Self:
        """Make a new folder under parent, with a manifest that says `running`."""
        started = datetime.now(UTC)
        run_id = new_run_id(started)
        path = parent / run_id
        private.folder(parent)
        path.mkdir()
        folder = cls(
            path,
            {
                "run_id": run_id,
                "status": "running",
                "started_at": started.isoformat(),
                "finished_at": None,
                "arguments": arguments,
                "versions": {name: importlib.metadata.version(name) for name in VERSIONS_OF},
                "counts": {},
                "files": {},
            },
        )
        folder.save()
        if step := journal.current():
            step.run_folders.append(run_id)
        return folder

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an old folder for loading it again.

        Raises RunFolderError when it is not one, was never finished, or is damaged.
        """
        try:
            manifest = orjson.loads((path / MANIFEST).read_bytes())
        except FileNotFoundError as error:
            raise RunFolderError(f"{path} is no run folder: it has no {MANIFEST}") from error
        except orjson.JSONDecodeError as error:
            raise RunFolderError(f"{path / MANIFEST} is not valid JSON: {error}") from error
        _check_shape(path, manifest)
        folder = cls(path, manifest)
        folder.check()
        return folder

    @property
    def run_id(self) -> str:
        """The folder's name, which is also the run's id in bronze."""
        return str(self.manifest["run_id"])

    @property
    def started_at(self) -> datetime:
        """When the run began to read its source, UTC."""
        return datetime.fromisoformat(self.manifest["started_at"])

    def check(self) -> None:
        """Compare each file with the manifest; raises RunFolderError at the first difference."""
        if not self.manifest.get("files"):
            raise RunFolderError(f"{self.path} holds no finished file: that run ended too early")
        for name, entry in self.manifest["files"].items():
            file = self.path / name
            if not file.exists():
                raise RunFolderError(f"{file} is missing, but the manifest lists it")
            if files.sha256(file) != entry["sha256"]:
                raise RunFolderError(f"{file} is damaged: its sha256 is not the manifest's")

    def save(self) -> None:
        """Write the manifest, whole or not at all."""
        files.write(self.path / MANIFEST, orjson.dumps(self.manifest, option=orjson.OPT_INDENT_2))

    def finish(self, status: str, error: str | None = None) -> None:
        """Record how the run stands: extracted, loaded or failed."""
        self.manifest["status"] = status
        self.manifest["finished_at"] = datetime.now(UTC).isoformat()
        self.manifest["error"] = error
        self.save()

    @contextmanager
    def records(self, name: str) -> Iterator[RecordFile]:
        """Write one file of records; it appears under its name only when the block ends well."""
        with files.atomic(self.path / name) as stream:
            file = RecordFile(stream)
            yield file
            entry = file.end()
            if self.manifest["files"].pop(name, None):
                # Killed before the new file is listed, the old entry would call it damaged.
                self.save()
        self.manifest["files"][name] = entry
        self.save()


def new_run_id(started: datetime) -> str:
    """Return a name for a run: its start, UTC, and a random tail."""
    return f"{started:%Y-%m-%d_%H-%M-%S}_{secrets.token_hex(4)}"


def encoded(record: dict[str, Any]) -> bytes:
    """Encode one record as one line that every database can take."""
    try:
        line = orjson.dumps(record)
    except TypeError:  # nested deeper, or a number longer, than orjson writes
        line = json.dumps(record).encode()
    return json.dumps(without_nul(record)).encode() if rb"\u0000" in line else line


def without_nul(value: Any) -> Any:
    """Return JSON data without NUL characters, which Postgres can store in no text."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    if isinstance(value, dict):
        return {without_nul(key): without_nul(item) for key, item in value.items()}
    return value


def _check_shape(path: Path, manifest: Any) -> None:
    """Raise RunFolderError unless the manifest has what loading reads."""
    try:
        datetime.fromisoformat(manifest.get("started_at", ""))
        usable = isinstance(manifest.get("run_id"), str) and all(
            isinstance(entry["sha256"], str) for entry in manifest.get("files", {}).values()
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        usable = False
    if not usable:
        raise RunFolderError(f"{path / MANIFEST} lacks run_id, started_at or a file's sha256")

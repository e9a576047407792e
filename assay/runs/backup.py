"""`make backup` and `make restore`: what cannot be made again, as one file.

    python -m assay.runs.backup [--to DIR]    # data/backups/assay-2026-11-21_20-31-07.tar
    python -m assay.runs.backup --restore FILE

That is the warehouse, which has the history that no source gives; the answers of language models,
which were paid for; what was asked about the Hub's entities; the salt of the authors' hashes.
Vectors, PocketBase and run folders are not in it: those can be computed, published, read again.
"""

import argparse
import hashlib
import io
import json
import logging
import os
import sqlite3
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from assay import forget, warehouse
from assay.common import files, lock
from assay.warehouse import journal, private, writer

log = logging.getLogger(__name__)

WAREHOUSE = "assay.duckdb"
DATABASES = ("llm.sqlite", "hf_enrichment.sqlite")  # of the data folder
FILES = ("author_salt", warehouse.ORIGIN)
CONTENTS = "contents.json"
CHUNK = 1 << 20  # bytes


class BackupError(Exception):
    """The back-up was not made or not restored; the message says why, in one line."""


def main(argv: list[str] | None = None) -> int:
    """Back up or restore; return the process's exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m assay.runs.backup",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", type=Path, metavar="DIR", help="where (default data/backups)")
    parser.add_argument("--restore", type=Path, metavar="FILE", help="put this back-up in place")
    args = parser.parse_args(argv)
    if args.to and args.restore:
        parser.error("--to and --restore exclude each other")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    logging.getLogger().addHandler(journal.structured_log())
    started = time.monotonic()
    try:
        if warehouse.main_target() != "duckdb":
            raise BackupError(
                "a lake is not one file: back up its catalog and its folder (docs/lake.md)"
            )
        if args.restore:
            kept = restore(args.restore)
            log.info(
                "restored %s in %.1f s; what was there is kept as %s: remove it when all is well",
                args.restore,
                time.monotonic() - started,
                kept,
            )
        else:
            path = backup(args.to or warehouse.data_dir() / "backups")
            log.info(
                "wrote %s, %.1f MB, in %.1f s",
                path,
                path.stat().st_size / 1e6,
                time.monotonic() - started,
            )
    except (
        BackupError,
        warehouse.WarehouseError,
        writer.BusyError,
        duckdb.Error,
        sqlite3.Error,
        tarfile.TarError,
        OSError,
    ) as error:
        sys.stderr.write(f"assay.runs.backup: {warehouse.first_line(error)}\n")
        return 1
    return 0


def backup(folder: Path) -> Path:
    """Write a back-up into a folder, whole or not at all, and return its path.

    Nothing loads, builds or publishes meanwhile; an extraction goes on. Raises what DuckDB, SQLite
    or the disk raise.
    """
    private.folder(folder)
    path = folder / f"assay-{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}.tar"
    with (
        writer.exclusive(warehouse.output("duckdb")["path"]),
        tempfile.TemporaryDirectory(dir=folder) as scratch,
    ):
        with warehouse.duckdb_file(writing=True) as connection:
            connection.execute("checkpoint")  # so that the file holds all, and its log nothing
        partial = Path(scratch) / path.name
        with tarfile.open(partial, "w") as tar:
            contents = {name: _add(tar, name, file) for name, file in _parts(Path(scratch))}
            about = {
                "version": version("assay"),
                "duckdb": duckdb.__version__,
                "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "sha256": contents,
            }
            text = json.dumps(about, indent=2).encode()
            entry = tarfile.TarInfo(CONTENTS)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
        partial.chmod(0o600)
        with partial.open("rb+") as stream:
            files.sync(stream)
        partial.rename(path)
    return path


def restore(path: Path) -> Path:
    """Put a back-up in place of what is there; return the folder that keeps what was there.

    A restore that was killed is done again from its start, and until then no command opens the
    warehouse. Raises BackupError, before anything is changed, when the file is no whole back-up.
    """
    target = Path(warehouse.output("duckdb")["path"])
    data = warehouse.data_dir()
    private.folder(data)
    places = {WAREHOUSE: target} | {name: data / name for name in (*DATABASES, *FILES)}
    with _exclusive(), tempfile.TemporaryDirectory(dir=data) as scratch:
        found = _extracted(path, Path(scratch))
        taken_back = _taken_back(target)
        mark = Path(f"{target}{writer.RESTORING}")
        kept = data / f"before-restore-{datetime.now(UTC):%Y-%m-%d_%H-%M-%S}"
        if mark.exists():
            kept = Path(mark.read_text(encoding="utf-8"))  # what the killed restore began to keep
        else:
            files.write(mark, str(kept))
        kept.mkdir(mode=0o700, exist_ok=True)
        for name, place in places.items():
            for part in (place, *(Path(f"{place}{tail}") for tail in (".wal", "-wal", "-shm"))):
                # A killed restore may have put files of the back-up in place already. What it
                # moved away first is what was there, so that is not overwritten.
                if part.exists() and not (kept / part.name).exists():
                    part.rename(kept / part.name)
            if name in found:
                found[name].replace(place)
        # A killed restore may have lost sight of what stood in the warehouse: it is kept.
        taken_back += _taken_back(kept / target.name)
        with duckdb.connect(str(target)) as db:
            db.execute("set timezone = 'UTC'")
            forget.prepare(db)
            forget.add(db, taken_back)
            forget.erase_pending(db)
        mark.unlink()
    return kept


def _taken_back(path: Path) -> list[forget.Removal]:
    """Return what was taken back, as a warehouse knows it; nothing where there is none, or it is
    damaged, which may be why it is restored."""
    if not path.exists():
        return []
    try:
        with duckdb.connect(str(path), read_only=True) as db:
            db.execute("set timezone = 'UTC'")
            return forget.kept(db)
    except duckdb.Error:
        log.warning("%s cannot be read: what was taken back since the back-up is not known", path)
        return []


@contextmanager
def _exclusive() -> Iterator[None]:
    """Have the warehouse, and let nobody read a source meanwhile for what is replaced."""
    data = warehouse.data_dir()
    with ExitStack() as stack:
        stack.enter_context(writer.exclusive(warehouse.output("duckdb")["path"], restoring=True))
        try:
            stack.enter_context(lock.exclusive(data / "run.lock"))
        except lock.LockedError as error:
            raise BackupError(
                f"a `dlt pipeline run` is at work in {data}: run again when it has ended"
            ) from error
        yield


def _parts(scratch: Path) -> Iterator[tuple[str, Path]]:
    """Yield what belongs into a back-up; a database as SQLite copies it, with all it has."""
    yield WAREHOUSE, Path(warehouse.output("duckdb")["path"])
    data = warehouse.data_dir()
    for name in DATABASES:
        if (data / name).exists():
            with (
                closing(sqlite3.connect(data / name)) as source,
                closing(sqlite3.connect(scratch / name)) as copy,
            ):
                source.backup(copy)
            yield name, scratch / name
    for name in FILES:
        if (data / name).exists():
            yield name, data / name


def _add(tar: tarfile.TarFile, name: str, file: Path) -> str:
    """Add one file; return its sha256."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = file.stat().st_size, 0o600, int(file.stat().st_mtime)
    with file.open("rb") as stream:
        tar.addfile(entry, stream)
    return files.sha256(file)


def _extracted(path: Path, into: Path) -> dict[str, Path]:
    """Write a back-up's files into a folder and hold them against their hashes."""
    if not path.is_file():
        raise BackupError(f"there is no file {path}")
    found: dict[str, tuple[Path, str]] = {}
    about: Any = None
    try:
        with tarfile.open(path, "r:") as tar:
            for entry in tar:
                stream = tar.extractfile(entry)
                if stream is None:
                    continue
                if entry.name == CONTENTS:
                    about = json.loads(stream.read())
                elif entry.name in (WAREHOUSE, *DATABASES, *FILES):
                    found[entry.name] = _written(stream, into / entry.name)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BackupError(f"{path} is no whole back-up: {warehouse.first_line(error)}") from error
    hashes = about.get("sha256") if isinstance(about, dict) else None
    if not isinstance(hashes, dict) or WAREHOUSE not in hashes:
        raise BackupError(f"{path} is no whole back-up: it lists no contents")
    for name, sha256 in hashes.items():
        if name not in found or found[name][1] != sha256:
            raise BackupError(f"{path} is damaged: {name} is not what its sha256 says")
    return {name: file for name, (file, _) in found.items()}


def _written(stream: Any, place: Path) -> tuple[Path, str]:
    sha256 = hashlib.sha256()
    with place.open("wb") as out:
        os.fchmod(out.fileno(), 0o600)
        while chunk := stream.read(CHUNK):
            sha256.update(chunk)
            out.write(chunk)
        files.sync(out)
    return place, sha256.hexdigest()


if __name__ == "__main__":
    sys.exit(main())

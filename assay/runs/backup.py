"""`make backup` and `make restore`: what cannot be made again, as one file.

    python -m assay.runs.backup [--to DIR]    # data/backups/assay-2026-11-21_20-31-07.tar
    python -m assay.runs.backup --restore FILE

That is the warehouse, which has the history that no source gives; the answers of language models,
which were paid for; what was asked about the Hub's entities; the salt of the authors' hashes.
Vectors, PocketBase and run folders are not in it: those can be computed, published, read again.
What was taken back since goes out of the older back-ups in the folder, and out of what restores
put aside.
"""

import argparse
import logging
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

import duckdb

from assay import forget, warehouse
from assay.common import files, lock
from assay.runs import archive, old_backups
from assay.runs.archive import DATABASES, FILES, WAREHOUSE, BackupError
from assay.warehouse import journal, private, writer

log = logging.getLogger(__name__)


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
            if count := old_backups.forget_since(path):
                log.info("took what was taken back since out of %d older back-ups", count)
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
        about = {
            "version": version("assay"),
            "duckdb": duckdb.__version__,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        archive.write(partial, _parts(Path(scratch)), about)
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
        found, _ = archive.extracted(path, Path(scratch))
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


if __name__ == "__main__":
    sys.exit(main())

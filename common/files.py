"""Files that readers see whole or not at all."""

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """Open `path` for writing so that readers see the old file or the whole new one.

    It is written beside, as `.{name}.{random}.partial`, synced and renamed when the block ends
    well; so it survives a power cut, too. An error leaves the old file, and nothing beside it; what
    a killed process left beside it goes with the next writing.
    mode: who may read it, as far as the process's umask allows, from the first byte on.
    """
    _clear_abandoned(path)
    partial, descriptor = _begin(path, mode)
    try:
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as stream:
            yield stream
            sync(stream)
            partial.rename(path)  # before it is closed: until then nobody takes it for abandoned
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(path.parent)


def _begin(path: Path, mode: int) -> tuple[Path, int]:
    """Create the file beside `path` and lock it; return it, and its open descriptor."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    while True:
        partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
        descriptor = os.open(partial, flags, mode)
        with contextlib.suppress(OSError):  # where files cannot be locked none is taken away
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return partial, descriptor
        os.close(descriptor)  # taken for abandoned before it was locked


def _clear_abandoned(path: Path) -> None:
    """Remove what is beside `path` of writers that were killed: a lock ends with its process."""
    for entry in path.parent.iterdir():
        if entry.name.startswith(f".{path.name}.") and entry.suffix == ".partial":
            with contextlib.suppress(OSError):
                _remove_unlocked(entry)


def _remove_unlocked(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    finally:
        os.close(descriptor)


def write(path: Path, content: bytes | str, *, mode: int = 0o666) -> None:
    """Write a file as `atomic` does; text in UTF-8."""
    with atomic(path, mode=mode) as stream:
        stream.write(content.encode() if isinstance(content, str) else content)


def sync(stream: BinaryIO) -> None:
    """Return once what was written is on the disk."""
    stream.flush()
    os.fsync(stream.fileno())


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

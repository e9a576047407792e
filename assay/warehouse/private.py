"""What only its owner may read: the data folder, and files with secrets.

Everything the project writes for itself lies in the data folder, so this one folder, closed to
others when it is made, protects the warehouse, the posts, the logs and the caches. One that was
opened by hand stays open, since somebody may have meant it, but each run says so.
"""

import functools
import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from assay import warehouse

log = logging.getLogger(__name__)

OTHERS = stat.S_IRWXG | stat.S_IRWXO
READ_BY_OTHERS = stat.S_IRGRP | stat.S_IROTH
PASSED_BY_OTHERS = stat.S_IXGRP | stat.S_IXOTH


def folder(path: Path) -> Path:
    """Make a folder that is the data folder or below it, and return it.

    A data folder that is not there yet is made for its owner alone (0700).
    """
    data = warehouse.data_dir()
    if path == data or data in path.parents:
        data.parent.mkdir(parents=True, exist_ok=True)
        data.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    path.mkdir(parents=True, exist_ok=True)
    return path


@functools.cache
def warn_once() -> None:
    """Log one line for each file or folder that others on this machine can read and should not."""
    for line in readable_by_others():
        log.warning("%s", line)


def readable_by_others() -> Iterator[str]:
    """Yield one line, with the command that mends it, for each secret that is not one."""
    data = warehouse.data_dir()
    if _has(data, OTHERS):
        yield f"{data} can be read by others on this machine: chmod 700 {data}"
    for path in (
        warehouse.ROOT / ".env",
        warehouse.ROOT / ".dlt" / "secrets.toml",
        Path(os.environ.get("HOME", "/nonexistent")) / ".dlt" / "secrets.toml",
    ):
        if _has(path, READ_BY_OTHERS):
            yield f"{path} can be read by others on this machine: chmod 600 {path}"


def _has(path: Path, bits: int) -> bool:
    try:
        found = path.stat()
    except OSError:
        return False
    if os.name != "posix" or not found.st_mode & bits:
        return False
    # Nobody comes past a closed folder above, such as most homes are.
    return all(parent.stat().st_mode & PASSED_BY_OTHERS for parent in path.resolve().parents)

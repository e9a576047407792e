"""Taking posts out of run folders and of what dlt keeps, so that nothing brings them back."""

import re
from collections.abc import Iterator
from pathlib import Path

from assay import warehouse
from assay.extract.landing.run_folder import RunFolder, RunFolderError

_KEY = re.compile(rb'"url_hash":"([0-9a-f]{64})"')


def scrub(parent: Path, beginning: str, url_hashes: list[str], days: list[str] | None) -> int:
    """Take the lines of these posts out of the folders of runs; return how many there were.

    beginning: of the names of files that hold posts. days: YYYY-MM-DD, to look only into folders of
    runs that asked for one of them; None for all.
    A damaged folder is left as it is: nothing can be loaded from it.
    """
    gone = {key.encode() for key in url_hashes}
    count = 0
    for manifest in sorted(parent.glob("*/manifest.json")):
        try:
            folder = RunFolder.open(manifest.parent)
        except RunFolderError:
            continue
        asked = folder.manifest.get("arguments", {}).get("days")
        if days is None or not isinstance(asked, list) or not set(days).isdisjoint(asked):
            count += _scrub(folder, beginning, gone)
    return count


def scrub_packages(pipeline: str, table: str) -> int:
    """Delete what dlt kept of loads into a table, in a lake into the one of its runs, before it was
    told to keep nothing (.dlt/config.toml, `delete_completed_jobs`); return how many files."""
    loaded = warehouse.data_dir() / "dlt" / "pipelines" / pipeline / "load" / "loaded"
    found = list(loaded.glob(f"*/completed_jobs/{table}*"))
    for file in found:
        file.unlink()
    return len(found)


def _scrub(folder: RunFolder, beginning: str, gone: set[bytes]) -> int:
    count = 0
    for name in sorted(one for one in folder.manifest["files"] if one.startswith(beginning)):
        found = sum(_key(line) in gone for line in _lines(folder.path / name))
        if not found:
            continue
        count += found
        with folder.records(name) as out:
            for line in _lines(folder.path / name):
                if _key(line) not in gone:
                    out.write(line)
    return count


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the records of a file, each as it stands there (RecordFile)."""
    with path.open("rb") as stream:
        for line in stream:
            record = line.strip().removesuffix(b",")
            if record not in (b"[", b"]"):
                yield record


def _key(line: bytes) -> bytes | None:
    found = _KEY.search(line)
    return found[1] if found else None

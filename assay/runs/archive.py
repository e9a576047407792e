"""A back-up as a file: a tar of the parts with their hashes, whole or not at all."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assay import warehouse
from assay.common import files

WAREHOUSE = "assay.duckdb"
DATABASES = ("llm.sqlite", "hf_enrichment.sqlite")  # of the data folder
FILES = ("author_salt", warehouse.ORIGIN)
PARTS = (WAREHOUSE, *DATABASES, *FILES)
CONTENTS = "contents.json"
CHUNK = 1 << 20  # bytes

About = dict[str, Any]


class BackupError(Exception):
    """The back-up was not made or not restored; the message says why, in one line."""


def write(path: Path, parts: Iterable[tuple[str, Path]], about: About) -> None:
    """Write a back-up of (name, file) with what is to be known about it, and put it on the disk."""
    with tarfile.open(path, "w") as tar:
        contents = {name: _add(tar, name, file) for name, file in parts}
        text = json.dumps(about | {"sha256": contents}, indent=2).encode()
        entry = tarfile.TarInfo(CONTENTS)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    path.chmod(0o600)
    with path.open("rb+") as stream:
        files.sync(stream)


def about(path: Path) -> About:
    """Return what a back-up says of itself. Raises BackupError where it says nothing."""
    try:
        with tarfile.open(path, "r:") as tar:
            stream = tar.extractfile(CONTENTS)
            found = json.loads(stream.read()) if stream else None
    except (tarfile.TarError, KeyError, ValueError, EOFError) as error:
        raise BackupError(f"{path} is no whole back-up: {warehouse.first_line(error)}") from error
    if not isinstance(found, dict) or "made_at" not in found:
        raise BackupError(f"{path} is no whole back-up: it lists no contents")
    return found


def extracted(path: Path, into: Path) -> tuple[dict[str, Path], About]:
    """Write a back-up's files into a folder, hold them against their hashes, and return them by
    name and what is known about the back-up. Raises BackupError where it is not whole."""
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
                elif entry.name in PARTS:
                    found[entry.name] = _written(stream, into / entry.name)
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise BackupError(f"{path} is no whole back-up: {warehouse.first_line(error)}") from error
    hashes = about.get("sha256") if isinstance(about, dict) else None
    if not isinstance(hashes, dict) or WAREHOUSE not in hashes:
        raise BackupError(f"{path} is no whole back-up: it lists no contents")
    for name, sha256 in hashes.items():
        if name not in found or found[name][1] != sha256:
            raise BackupError(f"{path} is damaged: {name} is not what its sha256 says")
    return {name: file for name, (file, _) in found.items()}, about


def _add(tar: tarfile.TarFile, name: str, file: Path) -> str:
    """Add one file; return its sha256."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = file.stat().st_size, 0o600, int(file.stat().st_mtime)
    with file.open("rb") as stream:
        tar.addfile(entry, stream)
    return files.sha256(file)


def _written(stream: Any, place: Path) -> tuple[Path, str]:
    sha256 = hashlib.sha256()
    with place.open("wb") as out:
        os.fchmod(out.fileno(), 0o600)
        while chunk := stream.read(CHUNK):
            sha256.update(chunk)
            out.write(chunk)
        files.sync(out)
    return place, sha256.hexdigest()

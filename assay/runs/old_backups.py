"""Older back-ups follow what was taken back since: each new one brings those beside it up to date.

A back-up that is behind is unpacked, erased by the tombstones of today like any warehouse, copied
into a new file, so that no free block keeps a word, and put in its own place. The same goes for
what a restore put aside. A kill leaves each of them old or new; the next back-up goes on.
"""

import logging
import tempfile
from datetime import datetime
from pathlib import Path

import duckdb

from assay import forget, warehouse
from assay.runs import archive

log = logging.getLogger(__name__)

FORGOT_AT = "forgot_at"  # beside made_at: up to when what was taken back is not in it
SALT = "author_salt"


def forget_since(newest: Path) -> int:
    """Erase what was taken back from the back-ups beside the newest one, and from what restores
    put aside; return how many were behind. One that cannot be read is named and left."""
    with warehouse.duckdb_file(writing=False) as db:
        db.execute("set timezone = 'UTC'")
        removals, last = forget.kept(db), forget.last_erased_at(db)
    if last is None:
        return 0
    count = 0
    for path in sorted(newest.parent.glob("assay-*.tar")):
        if path != newest:
            try:
                count += _brought_up(path, removals, last)
            except (archive.BackupError, duckdb.Error) as error:
                why = warehouse.first_line(error)
                log.warning("%s: delete it, it still has what was taken back since", why)
    for folder in sorted(warehouse.data_dir().glob("before-restore-*")):
        count += _erased_aside(folder, removals)
    return count


def _brought_up(path: Path, removals: list[forget.Removal], last: datetime) -> bool:
    """Write a back-up anew without what was taken back, if it is behind and of this data folder."""
    about = archive.about(path)
    if datetime.fromisoformat(str(about.get(FORGOT_AT) or about["made_at"])) >= last:
        return False
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        scratch = Path(name)
        found, about = archive.extracted(path, scratch)
        if not _is_of_this_folder(found):
            return False
        _erase(found[archive.WAREHOUSE], scratch, removals)
        partial = scratch / path.name
        archive.write(partial, found.items(), about | {FORGOT_AT: last.isoformat()})
        partial.rename(path)
    return True


def _is_of_this_folder(found: dict[str, Path]) -> bool:
    """Return whether a back-up is of this data folder: authors' hashes mean the same then."""
    salt = warehouse.data_dir() / SALT
    if SALT not in found or not salt.exists():
        return SALT not in found and not salt.exists()
    return found[SALT].read_bytes() == salt.read_bytes()


def _erased_aside(folder: Path, removals: list[forget.Removal]) -> bool:
    path = folder / Path(warehouse.output("duckdb")["path"]).name
    if not path.exists():
        return False
    try:
        return _erase(path, folder, removals)
    except duckdb.Error as error:
        why = warehouse.first_line(error)
        log.warning("%s: remove %s, it still has what was taken back since", why, folder)
        return False


def _erase(path: Path, data: Path, removals: list[forget.Removal]) -> bool:
    """Erase posts from a warehouse and the files beside it; return whether it had any of them."""
    with duckdb.connect(str(path)) as db:
        db.execute("set timezone = 'UTC'")
        forget.prepare(db)
        known = set(forget.kept(db))
        new = [removal for removal in removals if removal not in known]
        forget.add(db, new)
        erased = forget.erase_pending(db, data=data) if new else forget.Found()
    if erased.url_hashes:
        _copied_anew(path)
    return bool(+erased.counts)


def _copied_anew(path: Path) -> None:
    """Write a warehouse into a new file: what was deleted may stand in free blocks of the old."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with duckdb.connect() as db:
        # A path is no value that ATTACH takes as a parameter.
        for name, file in (("old", path), ("new", new)):
            db.execute(f"attach '{str(file).replace(chr(39), 2 * chr(39))}' as {name}")
        db.execute("copy from database old to new")
        db.execute("checkpoint new")
    new.replace(path)

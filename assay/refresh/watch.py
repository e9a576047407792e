"""`make watch`: `make refresh` now, and again after every edit.

Edits that come together, as from a saved project or a checkout, are one refresh; edits that come
while one runs are the next. Each refresh is a process of its own, so that edited Python is used.
"""

import argparse
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from watchfiles import Change, watch

from assay import warehouse

FOLDERS = (
    "inputs",
    "seeds",
    "models",
    "python_models",
    "macros",
    "tests",
    "mining",
    "assay",
    "common",
)
SUFFIXES = (".csv", ".md", ".j2", ".txt", ".sql", ".py", ".yml", ".yaml")
DEBOUNCE_MS = 400  # quiet for so long, or
MAX_MS = 5_000  # waited for so long
FIRST_MS = 500  # before the first refresh, which nothing has to cause


def counts(change: Change, path: str) -> bool:
    """Tell whether something is built from a file, so that its change matters."""
    file = Path(path)
    return file.suffix.lower() in SUFFIXES and not file.name.startswith((".", "~"))


def main(argv: list[str] | None = None) -> int:
    """Watch until the keyboard stops it; return the process's exit code."""
    argparse.ArgumentParser(prog="make watch", description=__doc__).parse_args(argv)
    folders = [warehouse.ROOT / name for name in FOLDERS if (warehouse.ROOT / name).is_dir()]
    sys.stdout.write(f"watch: {', '.join(folder.name for folder in folders)}; Ctrl-C ends it\n")
    # A shell starts what it puts in the background with this signal ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        # The watch begins before the first refresh: an edit during that is not missed.
        changes = watch(
            *folders,
            watch_filter=counts,
            debounce=MAX_MS,
            step=DEBOUNCE_MS,
            yield_on_timeout=True,
            rust_timeout=FIRST_MS,
            raise_interrupt=True,
        )
        _follow(changes)
    except KeyboardInterrupt:
        return 0
    return 0


def _follow(changes: Iterable[set[tuple[Change, str]]]) -> None:
    first = True
    for batch in changes:
        if batch or first:
            first = False
            _refresh(batch)


def _refresh(batch: set[tuple[Change, str]]) -> None:
    root = warehouse.ROOT
    paths = sorted({Path(path).relative_to(root).as_posix() for _, path in batch})
    if paths:
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        sys.stdout.write(f"watch: {', '.join(paths[:3])}{more}\n")
        sys.stdout.flush()
    subprocess.run([sys.executable, "-m", "assay.refresh"], cwd=root, check=False)


if __name__ == "__main__":
    sys.exit(main())

"""What a run stands in and what can go wrong with it: its disk, its clock, its PocketBase."""

import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

log = logging.getLogger(__name__)

DISK_BYTES = 512 << 20
BLOCK = 512  # bytes: what `ulimit -f` of a POSIX shell counts


class Disk:
    """The folder of a run: a tmpfs of its own where we may mount one, else a common folder.

    Without a tmpfs a full disk is a limit on the size of every file that the command writes.
    """

    def __init__(self, folder: Path, *, mounted: bool = True) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        size = f"size={DISK_BYTES},mode=700"
        mount = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)]
        may = mounted and shutil.which("mount")
        self.is_own = bool(may) and _succeeds(mount)

    @property
    def means(self) -> str:
        """Say by what a disk is full here."""
        return "a full tmpfs" if self.is_own else "a limit on the size of files (no mount)"

    @contextmanager
    def full(self, left: int, command: list[str]) -> Iterator[list[str]]:
        """Leave so many bytes; yield the command that feels it. Afterwards there is room again."""
        if not self.is_own:
            limit = f'ulimit -f {max(1, left // BLOCK)}; exec "$@"'
            yield ["sh", "-c", limit, "sh", *command]
            return
        filler = self.folder / "filler"
        state = os.statvfs(self.folder)
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, state.f_bavail * state.f_frsize - left))
        try:
            yield command
        finally:
            filler.unlink()

    def close(self) -> None:
        """Unmount what was mounted."""
        if self.is_own:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=False)


class Clock:
    """The system's clock as the commands see it, shifted by libfaketime in the middle of a run.

    Python, DuckDB and SQLite obey. PocketBase does not (a static Go program), nor do time-outs and
    durations, which are measured on the monotonic clock, as on a machine whose clock is set.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.offset = 0
        self.set(0)

    @staticmethod
    def library() -> Path | None:
        """Return libfaketime of the package of that name, or else of the system."""
        found = importlib.util.find_spec("libfaketime")
        packaged = Path(found.origin).parent / "vendor/libfaketime/src" if found else Path()
        places = [packaged / "libfaketime.so.1", *Path("/usr/lib").glob("*/faketime/*MT.so.1")]
        return next((path for path in places if path.is_file()), None)

    def set(self, offset: int) -> None:
        """Let the clock be so many seconds off, at once."""
        self.offset = offset
        partial = self._file.with_suffix(".partial")
        partial.write_text(f"{offset:+d}\n", encoding="utf-8")
        partial.rename(self._file)

    def jump(self, seconds: int, back_days: int) -> None:
        """Shift the clock further, back to no more than so many days off."""
        self.set(max(self.offset + seconds, -back_days * 86_400))

    @property
    def today(self) -> date:
        """Return the day (UTC) that the clock shows."""
        return datetime.fromtimestamp(time.time() + self.offset, UTC).date()

    def environment(self) -> dict[str, str]:
        """Return what makes a command see this clock."""
        return {
            "LD_PRELOAD": str(self.library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }


def kill_bundled(pb_data: Path) -> bool:
    """Kill the PocketBase that serves this folder; tell whether there was one."""
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().decode().split("\0")
        except (OSError, ValueError):
            continue
        if f"--dir={pb_data}" in words and words[1] == "serve":
            os.kill(int(process.name), signal.SIGKILL)
            return True
    return False


def kill_group(process: "subprocess.Popen[str]") -> None:
    """Kill a command, if it still runs, with all that it started in its group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0

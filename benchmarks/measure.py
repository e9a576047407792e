"""Run a command and say what it cost; start and stop the replay server.

This module imports no library that is large: a process that is started begins its count of peak
memory at what its parent had in memory.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVER_START_SECONDS = 300


class BenchmarkError(Exception):
    """A contestant failed or made the wrong tables; the message says which and how."""


@dataclass(frozen=True)
class Cost:
    """seconds: wall time. peak_mb: the largest resident size of any one process, in MB (10^6).

    processor: seconds of all cores together, the command's and its ended descendants'.
    """

    seconds: float
    peak_mb: float
    processor: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        """Return the cost of one after the other."""
        return Cost(
            self.seconds + other.seconds,
            max(self.peak_mb, other.peak_mb),
            self.processor + other.processor,
        )


def run(command: list[str], environment: dict[str, str], log: Path, cwd: Path = ROOT) -> Cost:
    """Run a command to its end, its output going to the end of `log`.

    The peak is `ru_maxrss` of wait4(2): the command's own process or its largest descendant.
    Raises BenchmarkError when the command fails.
    """
    with log.open("ab") as out:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=os.environ | environment, cwd=cwd, stdout=out, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
        raise BenchmarkError(f"{' '.join(command)}: exit code {process.returncode}\n{end}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Cost(seconds, usage.ru_maxrss * unit / 1e6, usage.ru_utime + usage.ru_stime)


@contextmanager
def replay_server(folder: Path, work: Path) -> Iterator[str]:
    """Serve the folder as a Hub without a request limit; the value is its address."""
    port_file = work / "port"
    command = [sys.executable, "-m", "assay.sample.replay", "--folder", str(folder), "--port", "0"]
    command += ["--port-file", str(port_file), "--quota", "0"]
    with (work / "replay.log").open("ab") as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield f"http://127.0.0.1:{_port(port_file, server)}"
    finally:
        server.terminate()
        server.wait()


def _port(port_file: Path, server: subprocess.Popen[bytes]) -> str:
    ends = time.monotonic() + SERVER_START_SECONDS
    while not port_file.exists():
        if server.poll() is not None or time.monotonic() > ends:
            raise BenchmarkError(f"the replay server did not start: see {port_file.parent}")
        time.sleep(0.05)
    return port_file.read_text(encoding="utf-8").strip()

"""Servers that end with the test that started them, and when that is killed as well."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 300  # of a machine that does much else; only a failure takes so long
# Its input ends when the tests close it or end themselves, by whatever signal.
LIFELINE = 'cat; kill -QUIT "$0"; sleep 5; kill -KILL "$0"'

Process = TypeVar("Process")  # of subprocess.Popen's, or a fork of tests/forks.py
_started: list[Process] = []  # since the last test


@contextmanager
def serving(
    command: Sequence[str | Path],
    log: Path,
    answers: Callable[[], bool],
    *,
    user: str | None = None,
    stop: int = signal.SIGTERM,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until the end of the block, which begins when it answers.

    log: the file that gets what it prints, and is shown in a RuntimeError when it ends instead.
    user: who runs it; only root may choose. stop: the signal that ends it.
    """
    with (
        log.open("ab") as printed,
        subprocess.Popen(
            command, user=user, stdin=subprocess.DEVNULL, stdout=printed, stderr=printed
        ) as server,
        bound(server),
    ):
        until(lambda: server.poll() is not None or answers())
        if server.poll() is not None:
            raise RuntimeError(f"{command[0]} ended:\n{log.read_text(errors='replace')}")
        try:
            yield server
        finally:
            server.send_signal(stop)
            server.wait(PATIENCE_SECONDS)


@contextmanager
def started(command: Sequence[str]) -> Iterator["subprocess.Popen[str]"]:
    """Run a command of the project's whose output is read while it runs; the end kills it."""
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process,
        bound(process),
    ):
        yield process


@contextmanager
def bound(process: "subprocess.Popen") -> Iterator[None]:
    """Kill a process at the end of the block, and when this process is killed before."""
    with subprocess.Popen(
        ["sh", "-c", LIFELINE, str(process.pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as lifeline:
        try:
            yield
        finally:
            lifeline.kill()
            process.kill()


def ends_with_test(process: Process) -> Process:
    """Let a process be killed at the end of the test, should it still run then; return it."""
    _started.append(process)
    return process


@contextmanager
def ended() -> Iterator[None]:
    """Kill what was started in the block and still runs at its end, as when a test fails."""
    _started.clear()  # what a longer fixture has started is its own to end
    try:
        yield
    finally:
        for process in _started:
            if process.poll() is None:
                process.kill()
                process.wait()
        _started.clear()


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that another process or thread does, however busy the machine is."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.01)

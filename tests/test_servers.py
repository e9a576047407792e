"""What tests start ends with them, however they end."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import forks, servers
from tests.support import ROOT

LONG = [sys.executable, "-c", "print(flush=True); import time; time.sleep(3600)"]
# A program that has started one that never ends, and says which.
STARTED = f"""
import sys
from tests.servers import started
with started({LONG!r}) as process:
    process.stdout.readline()
    print(process.pid, flush=True)
    sys.stdin.read()
"""


def is_there(pid: int) -> bool:
    """Tell whether a process runs; one that ended and that nobody has asked about does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_server_ends_with_a_test_that_fails() -> None:
    with pytest.raises(ZeroDivisionError), servers.started(LONG) as process:
        assert is_there(process.pid)
        raise ZeroDivisionError
    assert process.returncode == -signal.SIGKILL


def test_a_server_ends_with_tests_that_are_killed() -> None:
    program = [sys.executable, "-c", STARTED]
    with subprocess.Popen(
        program, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tests:
        pid = int(tests.stdout.readline())
        assert is_there(pid)
        tests.kill()
    servers.until(lambda: not is_there(pid))


def test_a_server_that_ends_instead_of_answering_shows_what_it_said(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no room')"]
    with (
        pytest.raises(RuntimeError, match="no room"),
        servers.serving(command, tmp_path / "log", lambda: False),
    ):
        pass


def test_a_command_ends_with_the_test_that_left_it() -> None:
    with servers.ended():
        left = forks.start(LONG, ROOT, dict(os.environ))
        left.stdout.readline()
    assert left.poll() == -signal.SIGKILL
    left.stdout.close()

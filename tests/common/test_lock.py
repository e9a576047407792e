"""One process at a time, and everybody knows which."""

import math
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from assay.common.lock import LockedError, Owner, exclusive, owner
from tests.support import ROOT

HOLD = """
import subprocess, sys
from assay.common.lock import exclusive
with exclusive(sys.argv[1]) as descriptor:
    if sys.argv[2:]:
        subprocess.Popen(sys.argv[2:], pass_fds=[descriptor])
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another(path: Path, *more: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a process that has the lock until its input ends."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), *more],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "some.lock"


def test_the_second_is_refused_and_told_who_has_it_since_when(path: Path) -> None:
    with another(path) as first:
        with pytest.raises(LockedError) as refused, exclusive(path):
            pass
        had = owner(path)
        assert refused.value.owner == had
        assert str(refused.value) == f"{path} is in use by {had}"
        assert re.fullmatch(rf"`-c .+` \(pid {first.pid}, since 20\S+ \S+Z\)", str(had))
        assert path.stat().st_mode & 0o777 == 0o600
    with exclusive(path):
        assert owner(path).pid == os.getpid()
    assert owner(path) is None


def test_who_waits_says_for_whom_once_and_goes_on_when_it_is_free(path: Path) -> None:
    said: list[Owner] = []
    with another(path) as first:
        threading.Timer(0.3, first.stdin.close).start()
        with exclusive(path, wait=math.inf, say=said.append):
            first.wait(300)
    assert [one.pid for one in said] == [first.pid]


def test_a_killed_process_leaves_no_lock(path: Path) -> None:
    with another(path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        with exclusive(path):
            pass


def test_a_child_that_inherits_it_keeps_it_until_it_has_ended(path: Path) -> None:
    with another(path, "cat") as first:  # its child reads what it read, to the same end
        first.send_signal(signal.SIGKILL)
        first.wait()
        with pytest.raises(LockedError), exclusive(path):
            pass
        first.stdin.close()
        with exclusive(path, wait=300):
            pass


def test_two_threads_of_one_process_are_two(path: Path) -> None:
    with exclusive(path), pytest.raises(LockedError), exclusive(path, wait=0.1):
        pass


def test_processes_of_an_earlier_version_are_seen_and_see_ours(path: Path) -> None:
    path.parent.mkdir()
    with FileLock(path):
        with pytest.raises(LockedError, match="is in use by another command"), exclusive(path):
            pass
        assert owner(path) == Owner()
    with exclusive(path), pytest.raises(Timeout), FileLock(path, timeout=0):
        pass


def test_nobody_has_a_lock_that_was_never_taken(path: Path) -> None:
    assert owner(path) is None
    assert not path.parent.exists()


def test_an_error_in_the_block_gives_the_lock_back(path: Path) -> None:
    with pytest.raises(KeyError), exclusive(path):
        raise KeyError
    assert owner(path) is None

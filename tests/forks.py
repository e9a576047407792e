"""Commands of the project started as forks of a process that has imported dbt and dlt already.

Importing them is half of what a small command costs, and the tests start hundreds. A fork is a
process like any other: with arguments, environment, output and end of its own, killed as it is.
What it does not show is how a command starts; tests/assay/test_run.py and tests/extract start
theirs whole. ASSAY_TEST_FORKS=0 starts every command whole.
"""

import array
import atexit
import json
import os
import random
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from importlib.metadata import entry_points
from pathlib import Path

SCRIPTS = ("dbt", "dlt")


class Forked:
    """A running command, with what tests use of subprocess.Popen."""

    def __init__(self, command: tuple[str, ...], output: int, status: socket.socket) -> None:
        self.args, self.returncode = command, None
        self.stdout = os.fdopen(output, encoding="utf-8")
        self._status = status.makefile("rb")
        self.pid = int(self._status.readline())

    def poll(self) -> int | None:
        """Return the exit code once the command has ended."""
        if self.returncode is None:
            os.set_blocking(self._status.fileno(), False)
            self._take(self._status.readline())
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end."""
        ends = time.monotonic() + (timeout or 1e9)
        while self.poll() is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.01)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """Wait for the end and return all that was printed."""
        read: list[str] = []
        reader = threading.Thread(target=lambda: read.append(self.stdout.read()), daemon=True)
        reader.start()
        self.wait(timeout)
        reader.join(timeout)
        if reader.is_alive():  # a process that it left behind has its output still
            raise subprocess.TimeoutExpired(self.args, timeout)
        self.stdout.close()
        return read[0], None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the command has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def _take(self, line: bytes | None) -> None:
        if line:
            self.returncode = int(line)


class Forker:
    """The process that forks; started when it is first needed."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.set_inheritable(theirs.fileno(), True)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forks", str(theirs.fileno())],
            cwd=root, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
        )  # fmt: skip
        theirs.close()

    def start(self, command: tuple[str, ...], cwd: Path, environment: dict[str, str]) -> Forked:
        """Start a command that `can_fork` takes."""
        output, theirs = os.pipe()
        status, far = socket.socketpair()
        request = json.dumps([command, str(cwd), environment]).encode()
        fds = array.array("i", [theirs, far.fileno()])
        self._ours.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        os.close(theirs)
        far.close()
        return Forked(command, output, status)

    def stop(self) -> None:
        """End the process; commands under way go on."""
        self._ours.close()
        self._process.wait()


def can_fork(command: tuple[str, ...]) -> bool:
    """Tell whether a command is one of dbt's or dlt's, or a module of the project."""
    if os.environ.get("ASSAY_TEST_FORKS") == "0":
        return False
    return command[0] in SCRIPTS or command[:2] == (sys.executable, "-m")


def main() -> None:
    """Import, then fork a command for each request, until nobody is left to send one."""
    requests = socket.socket(fileno=int(sys.argv[1]))
    scripts = {one.name: one.load() for one in entry_points(group="console_scripts")
               if one.name in SCRIPTS}  # fmt: skip
    _import_more()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the minders' ends
    while True:
        request, ancillary, _, _ = requests.recvmsg(1 << 20, socket.CMSG_SPACE(8))
        if not request:
            return
        fds = array.array("i")
        fds.frombytes(ancillary[0][2])
        if os.fork() == 0:
            requests.close()
            _mind(json.loads(request), fds[0], fds[1], scripts)
        for descriptor in fds:
            os.close(descriptor)


def _import_more() -> None:
    """Import what most commands need; nothing that reads its settings when it is imported."""
    import dbt.adapters.duckdb.impl  # noqa: F401
    import dlt.destinations.impl.duckdb.duck  # noqa: F401
    import httpx  # noqa: F401
    import openvino  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import safetensors.numpy  # noqa: F401
    import sklearn.manifold  # noqa: F401
    import sqlglot  # noqa: F401
    import tiktoken  # noqa: F401
    import tokenizers  # noqa: F401


def _mind(request: list, output: int, status: int, scripts: dict) -> None:
    """Fork the command, tell its pid and how it ended, and end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _become(request, output, scripts)
    os.close(output)
    os.write(status, f"{pid}\n".encode())
    _, ended = os.waitpid(pid, 0)
    os.write(status, f"{os.waitstatus_to_exitcode(ended)}\n".encode())
    os._exit(0)


def _become(request: list, output: int, scripts: dict) -> None:
    """Be the command, to its end."""
    command, cwd, environment = request
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    # What this process inherits of its parent's own: its streams know another file.
    sys.stdout, sys.stderr = (os.fdopen(fd, "w", 8192 if fd == 1 else 1) for fd in (1, 2))
    random.seed()
    code = 0
    try:
        if command[0] in scripts:
            sys.argv = list(command)
            scripts[command[0]]()
        else:
            sys.argv = list(command[2:])
            runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except KeyboardInterrupt:
        code = -signal.SIGINT
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    main()

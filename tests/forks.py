"""Commands of the project started as forks of a process that has imported dbt and dlt already.

Importing them is half of what a small command costs, and the tests start hundreds. A fork is a
process like any other: with arguments, environment, output and end of its own, killed as it is.
What a command starts itself by name or as `python -m` is such a fork as well, behind a small
stand-in in the place of `dbt`, `dlt` and `python`. What forks do not show is how a command starts:
tests/assay/runs/test_run.py starts all of them whole. ASSAY_TEST_FORKS=0 does so everywhere.
All workers of a session share one such process, which needs a quarter of a minute to begin.
"""

import array
import atexit
import contextlib
import functools
import gc
import inspect
import json
import os
import random
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path

from tests.servers import ends_with_test

# Names the folder of the process that forks for all workers of a session.
SHARED = "ASSAY_TEST_FORKER"
ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ("dbt", "dlt")
# Asks for a fork, hands on signals, and ends as it ended. Without its site-packages Python starts
# in 20 ms. Killed, it takes the fork with it, and so do the locks that it has inherited.
STAND_IN = """#!{python} -IS
import array, json, os, signal, socket, sys
name, *rest = os.path.basename(sys.argv[0]), *sys.argv[1:]
if name == "python" and rest[:1] != ["-m"]:
    os.execv("{python}", ["{python}", *rest])
link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
link.connect("{address}")
command = ["{python}" if name == "python" else name, *rest]
request = json.dumps([command, os.getcwd(), dict(os.environ)]).encode()
link.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [1, 2]))])
pid = int(link.recv(64))
for one in (signal.SIGINT, signal.SIGTERM):
    signal.signal(one, lambda number, _: os.kill(pid, number))
code = int(link.recv(64))
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


class Forked:
    """A running command, with what tests use of subprocess.Popen.

    When the process that started it dies, it is killed.
    """

    def __init__(self, command: Sequence[str], link: socket.socket, outputs: list[int]) -> None:
        self.args, self.returncode = command, None
        streams = [os.fdopen(one, encoding="utf-8") for one in outputs]
        self.stdout, self.stderr = [*streams, None][:2]
        self.pid = int(link.recv(64))
        self._ended = threading.Event()
        threading.Thread(target=self._listen, args=[link], daemon=True).start()

    def _listen(self, link: socket.socket) -> None:
        with link:  # nothing comes when whoever minded the command was killed, and it with them
            self.returncode = int(link.recv(64) or -signal.SIGKILL)
        self._ended.set()

    def poll(self) -> int | None:
        """Return the exit code once the command has ended."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end."""
        if not self._ended.wait(timeout):
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str | None]:
        """Wait for the end and return all that was printed."""
        read: dict[int, str] = {}
        streams = [one for one in (self.stdout, self.stderr) if one]
        readers = [
            threading.Thread(
                target=lambda at=at, one=one: read.update({at: one.read()}), daemon=True
            )
            for at, one in enumerate(streams)
        ]
        for reader in readers:
            reader.start()
        self.wait(timeout)
        for reader in readers:
            reader.join(timeout)
            if reader.is_alive():  # a process that it left behind has its output still
                raise subprocess.TimeoutExpired(self.args, timeout)
        for one in streams:
            one.close()
        return read[0], read.get(1)

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


class Forker:
    """The process that forks, and the folder with its address and the stand-ins."""

    def __init__(self) -> None:
        self.folder = Path(os.environ.get(SHARED) or tempfile.mkdtemp(prefix="assay-forks-"))
        self._address = str(self.folder / "forker")
        if SHARED not in os.environ:
            self._begin()
            atexit.register(self.stop)

    def _begin(self) -> None:
        for name in (*SCRIPTS, "python"):
            place = self.folder / name
            place.write_text(STAND_IN.format(python=sys.executable, address=self._address))
            place.chmod(0o755)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        ours, self._life = os.pipe()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self._address)
            listener.listen(64)
            given = (listener.fileno(), ours)
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.forks", *map(str, given), str(self.folder)],
                cwd=ROOT,
                pass_fds=given,
                stdin=subprocess.DEVNULL,
                env=kept | {"RUNTIME__DLTHUB_TELEMETRY": "false"},
            )
        os.close(ours)

    def start(
        self, command: Sequence[str], cwd: Path, environment: dict[str, str], *, apart: bool
    ) -> Forked:
        """Start a command that `can_fork` takes."""
        pipes = [os.pipe() for _ in range(1 + apart)]
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.connect(self._address)
        request = json.dumps([list(command), str(cwd), environment]).encode()
        fds = array.array("i", [pipes[0][1], pipes[-1][1]])
        link.sendmsg([request], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
        for _, theirs in pipes:
            os.close(theirs)
        return Forked(command, link, [ours for ours, _ in pipes])

    def stop(self) -> None:
        """End the process."""
        os.close(self._life)
        self._process.terminate()  # a process that was forked elsewhere may hold the other end
        self._process.wait()
        shutil.rmtree(self.folder)


def start(
    command: Sequence[str], cwd: Path, environment: dict[str, str], *, apart: bool = False
) -> "subprocess.Popen[str] | Forked":
    """Start a command, as a fork where that can be; apart: standard error is its own stream."""
    if can_fork(command):
        return ends_with_test(_forker().start(command, cwd, environment, apart=apart))
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if apart else subprocess.STDOUT,
        text=True,
    )
    return ends_with_test(process)


def can_fork(command: Sequence[str]) -> bool:
    """Tell whether a command is one of dbt's or dlt's, or a module of the project."""
    if os.environ.get("ASSAY_TEST_FORKS") == "0":
        return False
    return command[0] in SCRIPTS or tuple(command[:2]) == (sys.executable, "-m")


@functools.cache
def _forker() -> Forker:
    return Forker()


def share() -> None:
    """Start the process that forks now, for this process and all that it will start."""
    os.environ[SHARED] = str(_forker().folder)


def main() -> None:
    """Import, then fork a command for each request, until those who ask are gone."""
    listener, life, folder = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3]
    scripts = {
        one.name: one.load() for one in entry_points(group="console_scripts") if one.name in SCRIPTS
    }
    _import_more()
    _warm_dbt()
    gc.freeze()  # what is here stays: no fork need look through it again
    gc.set_threshold(50_000, 20, 100)  # a parsed project is a hundred thousand objects that stay
    read_project = False
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the minders' ends
    while life not in select.select([listener, life], [], [])[0]:
        link, _ = listener.accept()
        with link:
            told, ancillary, _, _ = link.recvmsg(1 << 20, socket.CMSG_SPACE(8))
            if not told:
                continue
            fds = array.array("i")
            fds.frombytes(ancillary[0][2])
            request = json.loads(told)
            if request[0][0] == "dbt" and not read_project:
                read_project = _read_project(request[2].get("DBT_TARGET_PATH"))
            if os.fork() == 0:
                listener.close()
                os.close(life)
                _mind(request, link, fds, scripts, folder)
            for descriptor in fds:
                os.close(descriptor)


def _import_more() -> None:
    """Import what most commands need; nothing that reads a test's settings when it is imported.

    LiteLLM reads two, which mining/llm/provider.py sets the same for everyone.
    """
    os.environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    import dbt.adapters.duckdb.impl  # noqa: F401
    import dlt.destinations.impl.duckdb.duck  # noqa: F401
    import httpx  # noqa: F401
    import litellm  # noqa: F401
    import openai.resources  # noqa: F401
    import openvino  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import safetensors.numpy  # noqa: F401
    import sklearn.manifold  # noqa: F401
    import sqlglot  # noqa: F401
    import tiktoken  # noqa: F401
    import tokenizers  # noqa: F401
    from litellm.litellm_core_utils.logging_worker import GLOBAL_LOGGING_WORKER

    # Where nothing was asked it has nothing to say at the end, which it says.
    atexit.unregister(GLOBAL_LOGGING_WORKER._flush_on_exit)


def _warm_dbt() -> None:
    """Make the schemas that each dbt process makes of its classes before it does anything.

    What it looks up of the modules on the stack is kept by `inspect` as well.
    """
    from dbt.adapters.duckdb.credentials import DuckDBCredentials
    from dbt.adapters.postgres.connections import PostgresCredentials
    from dbt.contracts import project
    from dbt.contracts.graph import nodes, unparsed
    from dbt.contracts.selection import SelectorFile

    for one in (
        # of each command
        project.ProjectFlags,
        project.ProfileConfig,
        project.Project,
        project.PackageConfig,
        project.Configuration,
        SelectorFile,
        DuckDBCredentials,
        PostgresCredentials,
        # of reading the project's files
        nodes.ModelNode,
        nodes.AnalysisNode,
        nodes.SingularTestNode,
        nodes.GenericTestNode,
        nodes.SeedNode,
        nodes.HookNode,
        nodes.ModelConfig,
        nodes.NodeConfig,
        unparsed.UnparsedModelUpdate,
        unparsed.UnparsedNodeUpdate,
        unparsed.UnparsedAnalysisUpdate,
        unparsed.UnparsedSourceDefinition,
        unparsed.UnparsedUnitTest,
        unparsed.UnparsedMacroUpdate,
    ):
        one.json_schema()
    for frame in inspect.stack():
        inspect.getmodule(frame[0])


def _read_project(target: str | None) -> bool:
    """Read a parsed project once, if there is one: dbt writes the code that reads it at its first
    use, and each fork would write it anew. What was read is dropped."""
    from dbt.contracts.graph.manifest import Manifest

    try:
        parsed = Path(target or "target") / "partial_parse.msgpack"
        Manifest.from_msgpack(parsed.read_bytes()).build_flat_graph()
    except Exception:  # not there, or half written by a command that was killed
        return False
    gc.collect()
    gc.freeze()
    return True


def _mind(
    request: list, link: socket.socket, fds: Sequence[int], scripts: dict, folder: str
) -> None:
    """Fork the command, tell its pid and how it ended, and end; kill it when nobody listens."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        link.close()
        _become(request, fds, scripts, folder)
    for descriptor in fds:
        os.close(descriptor)
    ended = threading.Event()

    def listen() -> None:
        with contextlib.suppress(OSError):
            link.recv(1)
        if not ended.is_set():
            os.kill(pid, signal.SIGKILL)

    with contextlib.suppress(OSError):
        link.send(str(pid).encode())
    threading.Thread(target=listen, daemon=True).start()
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    ended.set()
    _, status = os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        link.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(request: list, fds: Sequence[int], scripts: dict, folder: str) -> None:
    """Be the command, to its end."""
    command, cwd, environment = request
    for number, descriptor in enumerate(fds, start=1):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    # As a new process would have them: the folder of the module, then what the environment names.
    first = [] if command[0] in scripts else [cwd]
    named = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [*first, *filter(None, named), *(one for one in sys.path if one != str(ROOT))]
    sys.executable = f"{folder}/python"
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

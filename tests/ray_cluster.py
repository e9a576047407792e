"""A Ray cluster of one machine, reached by its address as any other."""

import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from unittest.mock import patch

import psutil

from tests.servers import serving

STARTED = "Ray runtime started"


@contextmanager
def cluster(processors: int) -> Iterator[str]:
    """Run a cluster until the end of the block; yield its address."""
    # The paths of its sockets must be short.
    folder = Path(tempfile.mkdtemp(prefix="ray-"))
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    command += ["--node-ip-address=127.0.0.1", f"--port={port}", f"--num-cpus={processors}"]
    command += ["--include-dashboard=false", "--disable-usage-stats"]
    command += [f"--object-store-memory={100 * 2**20}", f"--temp-dir={folder}"]
    # A token of its own, for all that is started in the block: none that Ray has in the home.
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    log = folder / "cluster.log"
    log.touch()
    processes: list[psutil.Process] = []
    try:
        with (
            patch.dict(os.environ, own),
            serving(command, log, lambda: STARTED in log.read_text(errors="replace")) as head,
        ):
            processes = psutil.Process(head.pid).children(recursive=True)
            yield f"127.0.0.1:{port}"
            processes = psutil.Process(head.pid).children(recursive=True)
    finally:
        for process in processes:  # they end by themselves, but not when their head was killed
            if process.is_running():
                process.kill()
        shutil.rmtree(folder, ignore_errors=True)

"""Run `dlt` or `dbt` and write down every address outside this machine that is asked for.

python -m tests.security.quiet FILE dlt pipeline hf_catalog run ...
"""

import atexit
import socket
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

asked: list[str] = []


def watch(name: str) -> None:
    """Let a function of `socket` write down where it is asked to go, and refuse it."""
    original = getattr(socket, name)

    def watched(host: Any, *args: Any, **more: Any) -> Any:
        if host not in (None, "", "localhost", "127.0.0.1", "::1", b"127.0.0.1"):
            asked.append(str(host))
            raise socket.gaierror(f"{host} is outside this machine")
        return original(host, *args, **more)

    setattr(socket, name, watched)


class Socket(socket.socket):
    def connect(self, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in ("localhost", "127.0.0.1", "::1"):
            asked.append(str(address[0]))
            raise ConnectionRefusedError(f"{address[0]} is outside this machine")
        super().connect(address)


def main() -> None:
    file, command, *arguments = sys.argv[1:]
    atexit.register(lambda: Path(file).write_text("\n".join(asked), encoding="utf-8"))
    watch("getaddrinfo")
    watch("gethostbyname")
    socket.socket = Socket  # type: ignore[misc]
    sys.argv = [command, *arguments]
    [script] = entry_points(group="console_scripts", name=command)
    sys.exit(script.load()())


if __name__ == "__main__":
    main()

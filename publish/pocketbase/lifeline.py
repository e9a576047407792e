"""Runs a command that never outlives whoever started it, not even one that is killed.

The command runs until standard input ends. That is a pipe whose other end the starter alone has, so
it ends when the starter closes it, and when the starter ends in whatever way. The server is told to
stop then. This file is run by its path and imports nothing of ours, so that it starts at once.
"""

import os
import subprocess
import sys
import threading


def bound(command: list[str]) -> list[str]:
    """Return the command that runs `command` as long as its standard input, a pipe, is open."""
    return [sys.executable, "-IS", __file__, *command]


def main(command: list[str]) -> int:
    """Run the command; return its exit code. What this process has inherited, it inherits."""
    # Python may have added LC_CTYPE to the environment, which is nobody's setting.
    env = {name: value for name, value in os.environ.items() if name != "LC_CTYPE"}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=env, close_fds=False)
    threading.Thread(target=_stop_at_end_of_input, args=[process], daemon=True).start()
    return process.wait()


def _stop_at_end_of_input(process: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 1024):
        pass
    process.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

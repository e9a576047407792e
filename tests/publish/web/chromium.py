"""Where a Chromium is on this machine, and how one gets there.

    python -m tests.publish.web.chromium            # print its path, or say in one line what to do
    python -m tests.publish.web.chromium --install  # by apt-get, where that can work

The browser is the system's: packages of a Python index carry none, and playwright's own downloads
from elsewhere. Chromium without windows of its own, where the system has it, needs half the time.
"""

import argparse
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
PACKAGES = NAMES[:2]  # of Debian; others may have the second only
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
CURE = (
    "python -m tests.publish.web.chromium --install, or install Chromium or Google Chrome "
    "yourself, or set CHROMIUM to its path"
)

log = logging.getLogger(__name__)


class NoChromiumError(Exception):
    """There is no browser; the message is one line that says what to do."""


def find() -> Path:
    """Return the path of an installed Chromium: CHROMIUM of the environment, or a known name.

    Raises NoChromiumError when there is none, or when CHROMIUM is not a program.
    """
    if wanted := os.environ.get("CHROMIUM"):
        if found := shutil.which(wanted):
            return Path(found)
        raise NoChromiumError(f"CHROMIUM is {wanted}, which is no program: correct or unset it")
    for name in (*NAMES, *PLACES):
        if found := shutil.which(name):
            return Path(found)
    raise NoChromiumError(f"no Chromium for the tests of the live page: {CURE}")


def missing() -> str:
    """Return the line that says what to do about a missing browser; empty when one is there."""
    try:
        find()
    except NoChromiumError as error:
        return str(error)
    return ""


def install() -> Path:
    """Install a Chromium of Debian's unless a browser is there, and return its path.

    Raises NoChromiumError where apt-get or the right to use it is missing, or when it fails.
    """
    try:
        return find()
    except NoChromiumError:
        if os.environ.get("CHROMIUM"):
            raise
    update, *installs = commands()
    if not _done(update):
        raise NoChromiumError(f"`{' '.join(update)}` failed: {CURE}")
    if not any(_done(command) for command in installs):
        raise NoChromiumError(f"`{' '.join(installs[-1])}` failed: {CURE}")
    return find()


def _done(command: list[str]) -> bool:
    log.info("%s", " ".join(command))
    return subprocess.run(command, check=False).returncode == 0


def commands() -> list[list[str]]:
    """Return the command that reads what there is, and those that install one, the best first.

    Raises NoChromiumError where they could not work.
    """
    if not shutil.which("apt-get"):
        raise NoChromiumError(
            "Chromium is installed by apt-get only, which is not here: install Chromium or Google "
            "Chrome yourself, or set CHROMIUM to its path"
        )
    before = []
    if os.geteuid() != 0:
        before = ["sudo", "-n"]
        if not shutil.which("sudo") or subprocess.run([*before, "true"], check=False).returncode:
            raise NoChromiumError(
                "installing Chromium needs root: run `sudo apt-get install chromium` once, "
                "or set CHROMIUM to a browser's path"
            )
    apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    install = [*apt, "install", "--quiet", "--yes", "--no-install-recommends"]
    return [[*apt, "update", "--quiet"], *([*install, name] for name in PACKAGES)]


def main(argv: list[str] | None = None) -> int:
    """Print the browser's path, after installing it when asked to; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--install", action="store_true", help="install it when it is missing")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        path = install() if args.install else find()
    except NoChromiumError as error:
        log.error("%s", error)
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

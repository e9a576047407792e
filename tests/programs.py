"""Programs that tests need and no package of Python has: where one is, and how it gets there."""

import argparse
import logging
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

log = logging.getLogger(__name__)
# Debian puts servers where only root looks.
FOLDERS = ("/usr/sbin", "/usr/local/sbin")


class MissingError(Exception):
    """The program is not there; the message is one line that says what to do."""


@dataclass(frozen=True)
class Program:
    """A program of the system.

    names: what it may be called, the best first. packages: those of Debian that bring it, likewise.
    variable: what names its path in the environment. purpose: which tests need it. module: what
    finds it as `python -m`. others: the words for what may be installed instead.
    """

    title: str
    names: tuple[str, ...]
    packages: tuple[str, ...]
    variable: str
    purpose: str
    module: str
    others: str

    @property
    def cure(self) -> str:
        """The words that say what to do when it is missing."""
        return (
            f"python -m {self.module} --install, or install {self.others} yourself, or set "
            f"{self.variable} to its path"
        )

    def find(self) -> Path:
        """Return the path of the installed program: the variable's, or that of a known name.

        Raises MissingError when there is none, or when the variable names no program.
        """
        if wanted := os.environ.get(self.variable):
            if found := shutil.which(wanted):
                return Path(found)
            raise MissingError(
                f"{self.variable} is {wanted}, which is no program: correct or unset it"
            )
        path = os.pathsep.join([os.environ.get("PATH", os.defpath), *FOLDERS])
        for name in self.names:
            if found := shutil.which(name, path=path):
                return Path(found)
        raise MissingError(f"no {self.title} for the tests of {self.purpose}: {self.cure}")

    def missing(self) -> str:
        """Return the line that says what to do when it is missing; empty when it is there."""
        try:
            self.find()
        except MissingError as error:
            return str(error)
        return ""

    def install(self) -> Path:
        """Install a package of Debian's unless the program is there, and return its path.

        Raises MissingError where apt-get or the right to use it is missing, or when it fails.
        """
        try:
            return self.find()
        except MissingError:
            if os.environ.get(self.variable):
                raise
        update, *installs = self.commands()
        if not _done(update):
            raise MissingError(f"`{' '.join(update)}` failed: {self.cure}")
        if not any(_done(command) for command in installs):
            raise MissingError(f"`{' '.join(installs[-1])}` failed: {self.cure}")
        return self.find()

    def commands(self) -> list[list[str]]:
        """Return the command that reads what there is, and those that install it, the best first.

        Raises MissingError where they could not work.
        """
        if not shutil.which("apt-get"):
            raise MissingError(
                f"{self.title} is installed by apt-get only, which is not here: install "
                f"{self.others} yourself, or set {self.variable} to its path"
            )
        before = []
        if os.geteuid() != 0:
            before = ["sudo", "-n"]
            if (
                not shutil.which("sudo")
                or subprocess.run([*before, "true"], check=False).returncode
            ):
                raise MissingError(
                    f"installing {self.title} needs root: run `sudo apt-get install "
                    f"{self.packages[-1]}` once, or set {self.variable} to its path"
                )
        apt = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
        install = [*apt, "install", "--quiet", "--yes", "--no-install-recommends"]
        return [[*apt, "update", "--quiet"], *([*install, name] for name in self.packages)]

    def main(self, argv: list[str] | None = None) -> int:
        """Print the program's path, after installing it when asked to; return the exit code."""
        parser = argparse.ArgumentParser(
            prog=f"python -m {self.module}", description=f"Where {self.title} is on this machine."
        )
        parser.add_argument("--install", action="store_true", help="install it when it is missing")
        args = parser.parse_args(argv)
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        try:
            path = self.install() if args.install else self.find()
        except MissingError as error:
            log.error("%s", error)
            return 1
        sys.stdout.write(f"{path}\n")
        return 0


def _done(command: list[str]) -> bool:
    log.info("%s", " ".join(command))
    return subprocess.run(command, check=False).returncode == 0

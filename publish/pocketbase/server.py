"""The bundled PocketBase: its process, its superuser and its folder below the data folder.

data/pocketbase/superuser.json   e-mail and password, for its owner's eyes only
data/pocketbase/pb_data/         the database
data/pocketbase/server.lock      held as long as a PocketBase has the database open
data/logs/pocketbase.log         what it prints
"""

import json
import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from assay import warehouse
from assay.common import files, lock
from assay.publish.pocketbase import lifeline
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.settings import MAX_REQUESTS, PublishError, Server
from assay.publish.pocketbase.superuser import (
    account,
    environment,
    folder,
    made,
    make_superuser,
    pocketbase,
)
from assay.warehouse import private

log = logging.getLogger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 20.0
PAGE_HOOKS = Path(__file__).resolve().parent.parent / "pb_hooks"


def has_data() -> bool:
    """Tell whether the bundled PocketBase was ever started."""
    return (warehouse.data_dir() / "pocketbase" / "pb_data" / "data.db").exists()


@contextmanager
def bundled(port: int = 0, web: Path | None = None, *, serving: bool = False) -> Iterator[Server]:
    """Start the bundled PocketBase on loopback and stop it at the end; yield where it is.

    port 0 takes a free one. web: a folder of static files to serve. Without `serving`, a server
    that `publish.serve` runs is used as it is. Raises PublishError when it does not start.
    """
    held = None if serving else _acquire(wait=0)
    if held is None and not serving and (url := _served_at()):
        yield _server(url, is_ours=False)
        return
    if held is None:
        held = _acquire(wait=START_SECONDS)
    if held is None:
        raise PublishError(
            f"another PocketBase has {folder()} open: wait for it to end, or stop it"
        )
    try:
        make_superuser()
        with _process(port or _free_port(), web, held) as url:
            yield _server(url, is_ours=True)
    finally:
        os.close(held)


def show(name: str, files: Path) -> None:
    """Let the hooks of the page find a folder of files, which need not be there yet, by a name."""
    link = folder() / name
    link.unlink(missing_ok=True)
    link.symlink_to(files)


@contextmanager
def served(url: str) -> Iterator[None]:
    """Let others know that `publish.serve` serves at an address, as long as it does."""
    path = folder() / "served.json"
    files.write(path, json.dumps({"url": url}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def one_server() -> Iterator[None]:
    """Let one `publish.serve` at a time have the folder. Raises PublishError for a second one."""
    try:
        # A sync that looks whether somebody serves has the lock for a moment.
        with lock.exclusive(folder() / "serve.lock", wait=1):
            (folder() / "served.json").unlink(missing_ok=True)  # of one that was killed
            yield
    except lock.LockedError as error:
        where = _served_at() or "starting"
        raise PublishError(f"it is served already ({where}): stop that one first") from error


def _served_at() -> str:
    """Return the address of a living `publish.serve`, waiting until it has one; "" for none."""
    ends = time.monotonic() + START_SECONDS
    while time.monotonic() < ends:
        if lock.owner(folder() / "serve.lock") is None:
            return ""  # nobody serves: the process that has the folder is on its way out
        try:
            return json.loads((folder() / "served.json").read_text(encoding="utf-8"))["url"]
        except (OSError, ValueError):
            time.sleep(0.05)
    return ""


def _acquire(wait: float) -> int | None:
    """Return a descriptor that holds server.lock, None when another has it for `wait` seconds.

    The server inherits it, so that nobody opens the database before the last process has left it.
    """
    path = folder() / "server.lock"
    try:
        return lock.acquire(path, lock.Waiting(path, wait, None))
    except lock.LockedError:
        return None


def _server(url: str, *, is_ours: bool) -> Server:
    superuser = account()
    cure = f"remove {made()} to have the password of superuser.json set again"
    return Server(url, superuser["email"], superuser["password"], is_ours, cure)


@contextmanager
def _process(port: int, web: Path | None, held: int) -> Iterator[str]:
    nothing = folder() / "nothing"
    command = pocketbase("serve", f"--http=127.0.0.1:{port}")
    # The page's hooks set its headers; a page that is not there is a 404, not the front page.
    command += [f"--hooksDir={PAGE_HOOKS if web else nothing}", f"--publicDir={web or nothing}"]
    command += ["--indexFallback=false"]
    printed = warehouse.data_dir() / "logs" / "pocketbase.log"
    private.folder(printed.parent)
    with printed.open("ab") as output:
        before = output.tell()
        process = subprocess.Popen(
            lifeline.bound(command),  # however we end, by SIGKILL too, the server stops
            cwd=folder(),
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            pass_fds=[held],
            start_new_session=True,  # an interrupt from the keyboard is ours to pass on
            umask=0o077,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, printed, before)
        yield url
    finally:
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def _wait_until_healthy(
    url: str, process: "subprocess.Popen[bytes]", printed: Path, before: int
) -> None:
    ends = time.monotonic() + START_SECONDS
    said = ""
    with httpx.Client(trust_env=False, timeout=5) as client:
        while time.monotonic() < ends and process.poll() is None:
            said = printed.read_bytes()[before:].decode("utf-8", errors="replace").strip()
            # It says so when the port is its own; until then another's server may answer there.
            if "Server started" in said and _is_healthy(client, url):
                return
            time.sleep(0.02)
    said = printed.read_bytes()[before:].decode("utf-8", errors="replace").strip() or "no word"
    raise PublishError(f"PocketBase did not start: {said.splitlines()[-1]} (see {printed})")


def _is_healthy(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(f"{url}/api/health").status_code == 200
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def own_settings(client: Client) -> None:
    """Switch on what our own server needs: batches, and no sign-up of strangers."""
    settings = client.ask("GET", "/api/settings")
    batch = settings["batch"] | {"enabled": True, "maxRequests": MAX_REQUESTS, "timeout": 60}
    if settings["batch"] != batch:
        client.ask("PATCH", "/api/settings", {"batch": batch})
    # PocketBase comes with a collection of users that anybody may join.
    users = client.find("/api/collections/users")
    if users and users["createRule"] == "" and client.find("/api/collections/issues") is None:
        client.ask("PATCH", "/api/collections/users", {"createRule": None})

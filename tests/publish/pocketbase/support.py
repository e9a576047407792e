"""What the tests of publishing share: a real PocketBase, the project as a person has it, and the
comparison of gold with what anybody can read."""

import io
import logging
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from assay.publish.pocketbase import command, lifeline
from tests import forks
from tests.publish.pocketbase.gold import Gold, expected
from tests.support import BIN, ROOT

EMAIL = "someone@example.org"
PASSWORD = secrets.token_hex(12)


class PocketBase:
    """A real PocketBase that is not the project's own: its person decides what it allows."""

    def __init__(self, folder: Path, made: Path | None = None) -> None:
        """made: the data of another one, with the same superuser."""
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True, exist_ok=True)
        if made:
            shutil.copytree(made, folder / "pb_data")
            return
        command = self._all("superuser", "upsert", EMAIL, PASSWORD)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    def _all(self, *command: str) -> list[str]:
        return [str(BIN / "pocketbase"), *command, f"--dir={self.folder / 'pb_data'}"]

    def start(self) -> None:
        self.process = subprocess.Popen(
            lifeline.bound(self._all("serve", f"--http=127.0.0.1:{self.port}")),
            cwd=self.folder,
            stdin=subprocess.PIPE,  # tests that are killed leave no server behind
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for(lambda: answers(self.url))

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()

    @contextmanager
    def admin(self) -> Iterator[httpx.Client]:
        """Yield a client of the superuser."""
        account = {"identity": EMAIL, "password": PASSWORD}
        with httpx.Client(base_url=self.url, timeout=30) as client:
            answer = client.post("/api/collections/_superusers/auth-with-password", json=account)
            client.headers["authorization"] = answer.json()["token"]
            yield client

    def allow(self, **batch: Any) -> None:
        """Set the batch API's settings."""
        with self.admin() as admin:
            assert admin.patch("/api/settings", json={"batch": batch}).status_code == 200

    def environment(self, url: str | None = None) -> dict[str, str]:
        return {
            "POCKETBASE_URL": url or self.url,
            "POCKETBASE_EMAIL": EMAIL,
            "POCKETBASE_PASSWORD": PASSWORD,
        }


def plan_of(out: str) -> str:
    """Return the id of the plan that was shown."""
    [line] = [one for one in out.splitlines() if one.startswith("plan ")]
    return line.split()[1].rstrip(":")


@dataclass
class House:
    """The project with a gold and a data folder of its own."""

    folder: Path
    gold: Gold
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "ASSAY_DATA_DIR": str(self.folder / "data"),
            "DUCKDB_PATH": str(self.gold.path),
            "POCKETBASE_BACKOFF_SECONDS": "[0.01, 0.02, 0.05, 0.1]",
            **self.more,
        }

    def start(self, *command: str, **more: str) -> "subprocess.Popen[str] | forks.Forked":
        """Start a module of publish with options."""
        started = [sys.executable, "-m", f"publish.{command[0]}", *command[1:]]
        return forks.start(started, ROOT, self.environment | more, apart=True)

    def plan(self) -> str:
        """Look at what publishing would do; return the id of that."""
        out, _ = self.sync("--dry-run")
        return plan_of(out)

    def sync_as_planned(self, code: int = 0, **more: str) -> tuple[str, str]:
        """Look at the plan, and publish exactly that."""
        return self.sync("--plan", self.plan(), code=code, **more)

    def sync(self, *options: str, code: int = 0, **more: str) -> tuple[str, str]:
        """Publish, in this process; return what was printed to standard output and error."""
        out, err = io.StringIO(), io.StringIO()
        root = logging.getLogger()
        handlers, root.handlers = root.handlers, []
        try:
            with (
                patch.dict(os.environ, self.environment | more, clear=True),
                redirect_stdout(out),
                redirect_stderr(err),
            ):
                ended = command.main(list(options))
        finally:
            root.handlers = handlers
        assert ended == code, f"exit {ended}\n{out.getvalue()}\n{err.getvalue()}"
        assert "Traceback" not in err.getvalue(), err.getvalue()
        return out.getvalue(), err.getvalue()

    def live(self) -> list[tuple]:
        """Return the log of issues: date, number, status and error, in order."""
        return self.gold.run(
            "select cluster_date, cluster_id, status, error from gold.live_issues order by all"
        )


def published(url: str) -> dict[str, dict[tuple, dict]]:
    """Return what anybody can read: by collection, by key of gold."""
    result: dict[str, dict[tuple, dict]] = {}
    with httpx.Client(base_url=url, timeout=30) as client:
        for name, key in (
            ("issues", ("cluster_date", "cluster_id")),
            ("issue_evidence", ("cluster_date", "cluster_id", "url_hash")),
        ):
            items, page = [], 0
            while True:
                page += 1
                answer = client.get(
                    f"/api/collections/{name}/records", params={"page": page, "perPage": 500}
                ).json()
                items += answer["items"]
                if page >= answer["totalPages"]:
                    break
            assert len(items) == answer["totalItems"]
            found = {tuple(item[part] for part in key): item for item in items}
            assert len(found) == len(items), f"{name}: a key twice"
            result[name] = found
    return result


def assert_agrees(url: str, gold: Gold) -> None:
    """Assert that every row of gold is published with equal values, and nothing else is."""
    have, want = published(url), expected(gold)
    fields = ("category", "name", "place", "color")
    categories = httpx.get(f"{url}/api/collections/issue_categories/records").json()["items"]
    named = sorted(tuple(one[field] for field in fields) for one in categories)
    assert named == sorted(gold.run("select category, name, place, color from gold.categories"))
    for name, records in want.items():
        assert have[name].keys() == records.keys()
        for key, row in records.items():
            found = have[name][key]
            assert {column: found[column] for column in row} == row, f"{name} {key}"
    issues = have["issues"]
    for key, record in have["issue_evidence"].items():
        assert record["issue"] == issues[key[:2]]["id"]
    live = gold.run(
        "select cluster_date, cluster_id, content_hash from gold.live_issues"
        " where status = 'published'"
    )
    hashes = {(str(day), number): hashed for day, number, hashed in live}
    assert hashes == {key: record["content_hash"] for key, record in issues.items()}
    live = gold.run(
        "select cluster_date, cluster_id, url_hash, content_hash from gold.live_evidence"
        " where status = 'published'"
    )
    hashes = {(str(row[0]), row[1], row[2]): row[3] for row in live}
    evidence = have["issue_evidence"]
    assert hashes == {key: record["content_hash"] for key, record in evidence.items()}


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/health").status_code == 200
    except httpx.TransportError:
        return False


def wait_for(condition: Callable[[], Any], seconds: float = 300) -> Any:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if found := condition():
            return found
        time.sleep(0.01)
    raise AssertionError(f"did not come true in {seconds} s")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def kill(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()

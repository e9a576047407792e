"""What the tests of publishing share: a small gold, a real PocketBase, a proxy that counts and
misbehaves, and the comparison of the two sides, written without the code under test."""

import io
import json
import logging
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import httpx

from publish import pocketbase
from tests.support import BIN, ROOT

EMAIL = "someone@example.org"
PASSWORD = secrets.token_hex(12)
DAYS = [date(2026, 11, 12) + timedelta(days=n) for n in range(4)]
# As models/issues/gold/_gold__models.yml has them.
TABLES = """
create schema gold;
create table gold.issues (
    cluster_date date, cluster_id integer, issue_id varchar, canonical_title varchar,
    category varchar, description varchar, would_pay_signal boolean, impact_level varchar,
    cluster_size bigint, confidence float, labeled_by varchar
);
create table gold.issue_evidence (
    cluster_date date, cluster_id integer, url_hash varchar, source varchar, url varchar,
    title varchar, body varchar, is_copy boolean, position integer, distance float,
    engagement bigint, posted_at timestamptz
);
create table gold.issue_trend (
    issue_id varchar, day date, items bigint, sources bigint, engagement bigint, heat double
);
"""
SOURCES = ("github", "stackoverflow", "reddit", "hackernews")
CATEGORIES = ("ai", "finance", "devtools", "other")
WORDS = ["the", "invoice", "webhook", "fires", "twice", "and", "nobody", "sees", "why", "on"]


class Gold:
    """A warehouse with the three tables, in a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run(TABLES)

    def run(self, sql: str, *values: Any) -> list[tuple]:
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("set timezone = 'UTC'")
            if not values:
                return connection.execute(sql).fetchall()
            return connection.execute(sql, list(values)).fetchall()

    def fill(self, issues: int = 6, posts: int = 5, *, seed: int = 1) -> "Gold":
        """Put so many issues into each day, each with up to so many posts."""
        drawn = random.Random(seed)
        rows: dict[str, list[tuple]] = {"issues": [], "issue_evidence": [], "issue_trend": []}
        for number in range(issues):
            for day in [DAYS[0] - timedelta(days=2), *DAYS]:
                rows["issue_trend"].append(
                    (f"issue{number:04d}", day, drawn.randrange(9), 1, 5,
                     round(drawn.random() * 99, 4))
                )  # fmt: skip
        for day in DAYS:
            for number in range(issues):
                rows["issues"].append(issue(day, number, drawn))
                for place in range(drawn.randint(1, posts)):
                    rows["issue_evidence"].append(post(day, number, place, drawn))
        with duckdb.connect(str(self.path)) as connection:
            for table, values in rows.items():
                marks = ", ".join("?" * len(values[0]))
                connection.executemany(f"insert into gold.{table} values ({marks})", values)
        return self


def issue(day: date, number: int, drawn: random.Random) -> tuple:
    return (
        day, number, f"issue{number:04d}", f"{text(drawn, 8)} {number}", drawn.choice(CATEGORIES),
        text(drawn, 30), drawn.random() < 0.3, drawn.choice(("low", "medium", "high")),
        drawn.randint(1, 50), drawn.random(), "local",
    )  # fmt: skip


def post(day: date, number: int, place: int, drawn: random.Random) -> tuple:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(
        seconds=drawn.randrange(400_000), microseconds=drawn.randrange(1_000_000)
    )
    url_hash = f"{number:04d}{place:04d}{drawn.getrandbits(224):056x}"
    return (
        day, number, url_hash, drawn.choice(SOURCES), f"https://example.org/{url_hash}",
        text(drawn, 7), text(drawn, 40), drawn.random() < 0.2, place, drawn.random(),
        drawn.randrange(500), moment,
    )  # fmt: skip


def text(drawn: random.Random, words: int) -> str:
    return " ".join(drawn.choices(WORDS, k=words))


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
            self._all("serve", f"--http=127.0.0.1:{self.port}"),
            cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: answers(self.url))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        self.process.terminate()
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

    def start(self, *command: str, **more: str) -> "subprocess.Popen[str]":
        """Start a module of publish with options."""
        return subprocess.Popen(
            [sys.executable, "-m", f"publish.{command[0]}", *command[1:]],
            cwd=ROOT, env=self.environment | more, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

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
                ended = pocketbase.main(list(options))
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


Answer = tuple[int, dict[str, str], bytes]
Hook = Callable[[int, str, bytes], Answer | None]


class Proxy:
    """Stands before a PocketBase, remembers what was asked, and can misbehave.

    before: called with the number of the write (from 1), its path and body ahead of forwarding; an
    answer given there is the one the client gets. after: called once the server has answered and
    before the client hears of it.
    """

    def __init__(self, server: PocketBase) -> None:
        self.writes: list[tuple[str, str, bytes]] = []
        self.asked: list[tuple[str, str]] = []
        self.before: Hook = lambda number, path, body: None
        self.after: Hook = lambda number, path, body: None
        self.server = server
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                proxy.handle(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                """Say nothing of clients that were killed."""

        self._http = Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        method, path = request.command, request.path
        is_write = method != "GET" and "/auth-" not in path
        with self._lock:
            self.asked.append((method, path))
            if is_write:
                self.writes.append((method, path, body))
            number = len(self.writes)
        try:
            answer = self.before(number, path, body) if is_write else None
            answer = answer or self._forward(request, method, path, body)
            if is_write:
                answer = self.after(number, path, body) or answer
            self._answer(request, answer)
        except (OSError, HTTPException, Cut):
            request.close_connection = True

    def _answer(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        status, headers, content = answer
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _forward(
        self, request: BaseHTTPRequestHandler, method: str, path: str, body: bytes
    ) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        kept = {name: request.headers[name] for name in ("authorization", "content-type")
                if request.headers[name]}  # fmt: skip
        connection.request(method, path, body or None, kept)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        kind = {"content-type": response.headers.get("content-type", "")}
        return response.status, kind, content

    def records(self) -> list[tuple[str, str]]:
        """Return method and id of every record that was sent, batches taken apart."""
        found = []
        for method, path, body in self.writes:
            if path == "/api/batch":
                for part in json.loads(body)["requests"]:
                    identity = part.get("body", {}).get("id") or part["url"].rsplit("/", 1)[1]
                    found.append((part["method"], identity))
            elif "/records" in path:
                identity = path.split("?")[0].rsplit("/", 1)[1]
                found.append((method, identity if method != "POST" else json.loads(body)["id"]))
        return found


class Cut(Exception):  # noqa: N818
    """Raised by a hook: the connection ends without an answer."""


def refuse(status: int, **headers: str) -> Answer:
    """Return an answer of PocketBase's form with a status."""
    body = json.dumps({"data": {}, "message": "Not now.", "status": status}).encode()
    return status, {"content-type": "application/json", **headers}, body


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


def expected(gold: Gold) -> dict[str, dict[tuple, dict]]:
    """Return what must be published, worked out row by row from gold."""
    posts = rows(gold, "issue_evidence")
    issues = rows(gold, "issues")
    trends = rows(gold, "issue_trend")
    newest = max((row["cluster_date"] for row in issues), default=None)
    for row in issues:
        own = [p for p in posts if (p["cluster_date"], p["cluster_id"]) == key_of(row)]
        own_days = [t for t in trends if t["issue_id"] == row["issue_id"]]
        days = sorted((t["day"], t["items"], t["heat"]) for t in own_days
                      if t["day"] <= row["cluster_date"])  # fmt: skip
        row["heat"] = next((heat for day, _, heat in days if day == row["cluster_date"]), 0)
        row["trend"] = [{"day": str(d), "items": i, "heat": h} for d, i, h in days]
        row["sources"] = sorted({p["source"] for p in own})
        row["posts"] = len(own)
        row["first_posted_at"] = min((p["posted_at"] for p in own), default="")
        row["last_posted_at"] = max((p["posted_at"] for p in own), default="")
        row["is_latest"] = row["cluster_date"] == newest
    for row in issues:
        hotter = [o for o in issues if o["cluster_date"] == row["cluster_date"]
                  and (-o["heat"], o["issue_id"]) < (-row["heat"], row["issue_id"])]  # fmt: skip
        row["heat_rank"] = 1 + len(hotter)
    return {
        "issues": {(str(r["cluster_date"]), r["cluster_id"]): plain(r) for r in issues},
        "issue_evidence": {
            (str(r["cluster_date"]), r["cluster_id"], r["url_hash"]): plain(r) for r in posts
        },
    }


def rows(gold: Gold, table: str) -> list[dict]:
    names = [row[0] for row in gold.run(f"describe gold.{table}")]
    return [dict(zip(names, row, strict=True)) for row in gold.run(f"from gold.{table}")]


def key_of(row: dict) -> tuple:
    return row["cluster_date"], row["cluster_id"]


def plain(row: dict) -> dict:
    """Write moments as PocketBase does, to the millisecond."""
    found = {}
    for name, value in row.items():
        if isinstance(value, datetime):
            utc = value.astimezone(UTC)
            found[name] = utc.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + "Z"
        else:
            found[name] = str(value) if isinstance(value, date) else value
    return found


def assert_agrees(url: str, gold: Gold) -> None:
    """Assert that every row of gold is published with equal values, and nothing else is."""
    have, want = published(url), expected(gold)
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


def wait_for(condition: Callable[[], Any], seconds: float = 120) -> Any:
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

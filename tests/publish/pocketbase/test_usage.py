"""What keeps a run from beginning is one line and exit code 1."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import (
    PASSWORD,
    House,
    PocketBase,
    assert_agrees,
    kill,
    wait_for,
)


def test_two_at_once_are_one_and_the_second_says_so(house: House, proxy: Proxy) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hook(number: int, path: str, body: bytes) -> None:
        arrived.set()
        go.wait(300)

    proxy.before = hook
    first = house.start("pocketbase")
    assert arrived.wait(300)
    out, err = house.sync(code=1)
    go.set()
    first.communicate(timeout=300)
    assert (out, err) == (
        "",
        "publish.pocketbase: another publish.pocketbase is at work: wait for it to end\n",
    )
    assert first.returncode == 0
    assert_agrees(proxy.url, house.gold)


def test_a_warehouse_in_use_is_one_line(house: House, server: PocketBase, tmp_path: Path) -> None:
    house.more |= server.environment()
    ready = tmp_path / "ready"
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(house.gold.path)!r});"
        f"open({str(ready)!r}, 'w').close(); sys.stdin.read()"
    )
    other = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE)
    try:
        wait_for(ready.exists)
        house.more["ASSAY_WAIT_SECONDS"] = "0"
        _, err = house.sync(code=1)
    finally:
        kill(other)
    assert err.count("\n") == 1
    assert f"(pid {other.pid}): run again when that has ended" in err
    assert published_nothing(server)


def published_nothing(server: PocketBase) -> bool:
    with server.admin() as admin:
        return admin.get("/api/collections/issues").status_code == 404


def test_gold_that_is_not_built_is_one_line(there: House, server: PocketBase) -> None:
    there.gold.run("drop view gold.published_issues")
    _, err = there.sync(code=1)
    assert err == (
        "publish.pocketbase: gold.published_issues is not built: run "
        "`dbt build --select tag:issues` first\n"
    )
    there.gold.path.unlink()
    _, err = there.sync(code=1)
    assert err.startswith("publish.pocketbase: no warehouse at ")
    assert published_nothing(server)


class Old(BaseHTTPRequestHandler):
    """Answers as PocketBase 0.22 does: it has admins, and no collection of superusers."""

    def do_GET(self) -> None:
        self._answer(200, b'{"code": 200, "message": "API is healthy.", "data": {}}')

    def do_POST(self) -> None:
        is_admins = self.path == "/api/admins/auth-with-password"
        self._answer(400 if is_admins else 404, b'{"code": 404, "message": "", "data": {}}')

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_pocketbase_before_superusers_is_told_to_be_too_old(house: House) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Old) as old:
        thread = threading.Thread(target=old.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{old.server_port}"
        house.more |= {"POCKETBASE_URL": url, "POCKETBASE_EMAIL": "a@b.c"}
        try:
            _, err = house.sync(code=1, POCKETBASE_PASSWORD=PASSWORD)
        finally:
            old.shutdown()
            thread.join()
    assert err.endswith(
        f"publish.pocketbase: the PocketBase at {url} is older than 0.23, which has no "
        "superusers: update it (`pocketbase update`)\n"
    )

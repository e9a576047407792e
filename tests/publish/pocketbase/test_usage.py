"""What keeps a run from beginning is one line and exit code 1."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, kill


def test_two_at_once_are_one_and_the_second_says_so(house: House, proxy: Proxy) -> None:
    arrived, go = threading.Event(), threading.Event()

    def hook(number: int, path: str, body: bytes) -> None:
        arrived.set()
        go.wait(60)

    proxy.before = hook
    first = house.start("pocketbase")
    assert arrived.wait(60)
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
        f"import duckdb, time; c = duckdb.connect({str(house.gold.path)!r});"
        f"open({str(ready)!r}, 'w').close(); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", code])
    try:
        while not ready.exists():
            time.sleep(0.01)
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

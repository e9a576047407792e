"""Who may do what, and where the superuser's password is not."""

import contextlib
import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.publish.pocketbase.proxy import Proxy, refuse
from tests.publish.pocketbase.support import EMAIL, PASSWORD, House, PocketBase, published


@pytest.fixture
def served(house: House) -> Iterator[str]:
    """Return the address of the bundled server after a sync, served for everybody."""
    house.sync()
    process = house.start("serve", "--port", "0")
    try:
        yield process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.communicate()


def test_an_anonymous_client_can_read_issues_and_nothing_else(house: House, served: str) -> None:
    before = published(served)
    issue = next(iter(before["issues"].values()))
    post = next(iter(before["issue_evidence"].values()))
    with httpx.Client(base_url=served) as client:

        def status(method: str, path: str, body: dict | None = None) -> int:
            return client.request(method, f"/api/{path}", json=body).status_code

        named = client.get("/api/collections/issue_categories/records").json()["items"]
        everything = (("issues", issue), ("issue_evidence", post), ("issue_categories", named[0]))
        for name, record in everything:
            records = f"collections/{name}/records"
            assert status("GET", f"{records}/{record['id']}") == 200
            assert status("POST", records, record | {"id": "a" * 15}) == 403
            assert status("PATCH", f"{records}/{record['id']}", {"content_hash": "x"}) == 403
            assert status("DELETE", f"{records}/{record['id']}") == 403
            assert status("DELETE", f"collections/{name}/truncate") == 401
            assert status("PATCH", f"collections/{name}", {"createRule": ""}) == 401
        put = {"method": "PUT", "url": "/api/collections/issues/records", "body": issue}
        assert status("POST", "batch", {"requests": [put]}) == 400
        account = {
            "email": "x@example.org",
            "password": "1234567890",
            "passwordConfirm": "1234567890",
        }
        for name in ("users", "_superusers"):
            assert status("POST", f"collections/{name}/records", account) == 403
        listed = client.get("/api/collections/users/records")
        assert (listed.status_code, listed.json()["items"]) == (200, [])
        assert status("GET", "collections/_superusers/records") == 403
        for private in ("settings", "collections", "logs", "backups", "crons"):
            assert status("GET", private) == 401
        assert status("PATCH", "settings", {"batch": {"enabled": False}}) == 401
    assert published(served) == before


def test_the_password_is_made_up_and_kept_for_its_owner_only(house: House) -> None:
    house.sync()
    folder = house.folder / "data" / "pocketbase"
    kept = folder / "superuser.json"
    account = json.loads(kept.read_text(encoding="utf-8"))
    assert len(account["password"]) == 32
    assert kept.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in (folder / "pb_data").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    kept.chmod(0o644)
    house.sync()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert json.loads(kept.read_text(encoding="utf-8")) == account


@pytest.mark.slow("no secret of PocketBase's in processes, logs and files")
def test_the_password_is_in_no_process_list_log_or_file_but_its_own(house: House) -> None:
    """The arguments of all that it starts are read over and over while the superuser is made."""
    seen: set[str] = set()
    process = house.start("pocketbase", "-v")
    ended = threading.Thread(target=process.wait)
    ended.start()
    while ended.is_alive():
        seen |= arguments(process.pid)
        time.sleep(0.005)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0
    password = json.loads(
        (house.folder / "data/pocketbase/superuser.json").read_text(encoding="utf-8")
    )["password"]
    assert any(" serve " in line for line in seen)
    upserts = [line for line in seen if "superuser upsert" in line]
    assert upserts, "the command was over before anybody looked: look faster"
    assert password not in "".join(seen) + out + err
    # What was in the list instead opens nothing, then or later.
    [listed] = {re.search(r"upsert \S+ (\S+)", line).group(1) for line in upserts}
    holders = {
        path.name
        for path in house.folder.rglob("*")
        if path.is_file()
        for secret in (password, listed)
        if secret.encode() in path.read_bytes()
    }
    assert holders == {"superuser.json"}
    status = serve_and_sign_in(house, {"identity": "superuser@assay.example", "password": listed})
    assert status == 400


def arguments(pid: int) -> set[str]:
    """Return the command lines of a process and of all below it."""
    found = set()
    with contextlib.suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                found.add(" ".join(process.cmdline()))
        found.add(" ".join(psutil.Process(pid).cmdline()))
    return found


def serve_and_sign_in(house: House, account: dict[str, str]) -> int:
    process = house.start("serve", "--port", "0")
    try:
        url = process.stdout.readline().split()[-1].rstrip("/")
        path = f"{url}/api/collections/_superusers/auth-with-password"
        return httpx.post(path, json=account).status_code
    finally:
        process.terminate()
        process.communicate()


@pytest.mark.slow("servers and settings that cannot be used are one line")
def test_a_database_that_lost_its_superuser_gets_it_again(house: House) -> None:
    house.sync()
    made = house.folder / "data" / "pocketbase" / "pb_data" / "superuser.made"
    kept = house.folder / "data" / "pocketbase" / "superuser.json"
    before = json.loads(kept.read_text(encoding="utf-8"))
    kept.unlink()
    _, err = house.sync(code=1)
    [line] = err.splitlines()
    assert line.endswith(f"remove {made} to have the password of superuser.json set again")
    made.unlink()
    house.sync()
    after = json.loads(kept.read_text(encoding="utf-8"))
    assert after["password"] != before["password"]


@pytest.mark.slow("no secret of PocketBase's in processes, logs and files")
def test_a_wrong_password_is_one_line_that_does_not_repeat_it(
    there: House, server: PocketBase
) -> None:
    wrong = {"POCKETBASE_PASSWORD": "wrong-word-8154"}
    out, err = there.sync(code=1, **wrong)
    assert (out, err) == (
        "",
        f"publish.pocketbase: {server.url} does not accept the password of {EMAIL}: check "
        "POCKETBASE_EMAIL and POCKETBASE_PASSWORD\n",
    )
    process = there.start("pocketbase", "-v", **wrong)
    out, err = process.communicate(timeout=300)
    assert "Traceback" in err
    assert "wrong-word-8154" not in out + err


@pytest.mark.slow("no secret of PocketBase's in processes, logs and files")
def test_no_failure_shows_the_password(house: House, proxy: Proxy) -> None:
    process = house.start("pocketbase", "-v")
    proxy.before = lambda number, path, body: refuse(418)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "HTTP 418" in err.splitlines()[-1]
    assert PASSWORD not in out + err
    errors = house.gold.run("select error from gold.sync_runs")
    assert PASSWORD not in str(errors)


BAD = {
    "no email": ({"POCKETBASE_EMAIL": ""}, "POCKETBASE_EMAIL is not set"),
    "no password": ({"POCKETBASE_PASSWORD": ""}, "POCKETBASE_PASSWORD is not set"),
    "no url": ({"POCKETBASE_URL": ""}, "belong to POCKETBASE_URL, which is not set"),
    "no address": ({"POCKETBASE_URL": "pb.example.org"}, "must begin with http:// or https://"),
    "secret in url": ({"POCKETBASE_URL": "http://a:b@127.0.0.1:1"}, "holds a user or password"),
    "timeout": ({"POCKETBASE_TIMEOUT_SECONDS": "soon"}, "give a number from 0.01 to 3600"),
    "backoff": ({"POCKETBASE_BACKOFF_SECONDS": "[1, -1]"}, "give numbers like [1, 2, 4]"),
    "batch": ({"POCKETBASE_BATCH_REQUESTS": "0"}, "give a number from 1 to 100000"),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_setting_that_cannot_be_used_is_one_line(
    house: House, bad: tuple[dict[str, str], str]
) -> None:
    variables, reason = bad
    fine = {
        "POCKETBASE_URL": "http://127.0.0.1:1",
        "POCKETBASE_EMAIL": EMAIL,
        "POCKETBASE_PASSWORD": "word-4711",
    }
    out, err = house.sync(code=1, **(fine | variables))
    assert (out, err.count("\n")) == ("", 1)
    assert reason in err
    assert "word-4711" not in err


@pytest.mark.slow("servers and settings that cannot be used are one line")
def test_something_that_is_no_pocketbase_is_one_line(house: House, tmp_path: Path) -> None:
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{other.server_port}"
        account = {"POCKETBASE_EMAIL": EMAIL, "POCKETBASE_PASSWORD": PASSWORD}
        _, err = house.sync(code=1, POCKETBASE_URL=url, **account)
        other.shutdown()
    assert err == f"publish.pocketbase: there is no PocketBase at {url}: check POCKETBASE_URL\n"


@pytest.mark.slow("servers and settings that cannot be used are one line")
def test_a_proxy_of_the_environment_is_not_asked_for_a_server_on_this_machine(
    there: House, server: PocketBase
) -> None:
    nowhere = "http://127.0.0.1:9"
    there.sync(HTTP_PROXY=nowhere, http_proxy=nowhere, ALL_PROXY=nowhere)
    assert len(published(server.url)["issues"]) == 24

"""The bundled PocketBase: served for people, found by the sync, and never left behind."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from tests.publish.pocketbase.support import House, answers, assert_agrees, kill, wait_for
from tests.support import ROOT


def servers(house: House) -> list[psutil.Process]:
    """Return the PocketBases that work in the house."""
    mine = str(house.folder / "data" / "pocketbase")
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "pocketbase" and f"--dir={mine}/pb_data" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def url_of(process) -> str:
    return process.stdout.readline().split()[-1].rstrip("/")


def test_make_run_publishes_to_the_bundled_server_and_serve_shows_it(house: House) -> None:
    out, _ = house.sync()
    assert "24 issues" in out
    assert servers(house) == []
    process = house.start("serve", "--port", "0")
    url = url_of(process)
    assert url.startswith("http://127.0.0.1:")
    assert_agrees(url, house.gold)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, "Traceback" in err) == (0, False)
    wait_for(lambda: not servers(house))


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_serving_before_anything_was_published_is_no_error(house: House) -> None:
    process = house.start("serve", "--port", "0")
    url = url_of(process)
    assert httpx.get(f"{url}/api/health").status_code == 200
    assert httpx.get(f"{url}/api/collections/issues/records").status_code == 404
    process.terminate()
    process.communicate(timeout=300)
    assert process.returncode == 0


def test_it_listens_on_this_machine_only(house: House) -> None:
    process = house.start("serve", "--port", "0")
    url_of(process)
    [server] = servers(house)
    listening = {c.laddr.ip for c in server.net_connections() if c.status == "LISTEN"}
    process.terminate()
    process.communicate(timeout=300)
    assert listening == {"127.0.0.1"}


def test_a_sync_uses_the_server_that_is_served_and_leaves_it_running(house: House) -> None:
    process = house.start("serve", "--port", "0")
    url = url_of(process)
    out, _ = house.sync()
    assert out.startswith(f"{url}: 24 issues")
    assert len(servers(house)) == 1
    assert_agrees(url, house.gold)
    process.terminate()
    process.communicate(timeout=300)


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_a_second_serve_says_where_the_first_one_is(house: House) -> None:
    first = house.start("serve", "--port", "0")
    url = url_of(first)
    second = house.start("serve", "--port", "0")
    out, err = second.communicate(timeout=300)
    assert (second.returncode, out) == (1, "")
    assert err == f"publish.serve: it is served already ({url}): stop that one first\n"
    assert answers(url)
    first.terminate()
    first.communicate(timeout=300)


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_a_port_in_use_is_one_line(house: House) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        process = house.start("serve", "--port", str(port))
        _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert err == (
        f"publish.serve: port {port} is in use: stop what listens there, or choose another with "
        "--port\n"
    )


def test_a_killed_serve_takes_its_pocketbase_with_it(house: House) -> None:
    process = house.start("serve", "--port", "0")
    url = url_of(process)
    kill(process)
    wait_for(lambda: not servers(house))
    assert not answers(url)
    house.sync()  # what it left behind leads nobody astray


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_a_killed_sync_takes_its_pocketbase_with_it_and_the_next_one_agrees(house: House) -> None:
    process = house.start("pocketbase", POCKETBASE_BATCH_REQUESTS="1")
    wait_for(lambda: servers(house))
    log = house.folder / "data" / "logs" / "pocketbase.log"
    wait_for(lambda: log.exists() and b"Server started" in log.read_bytes())
    kill(process)
    out, _ = house.sync()  # at once: it waits until the other has left the database
    assert "24 issues" in out or "unchanged" in out
    served = house.start("serve", "--port", "0")
    assert_agrees(url_of(served), house.gold)
    served.terminate()
    served.communicate(timeout=300)
    wait_for(lambda: not servers(house))


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_a_pocketbase_that_dies_under_a_sync_is_one_line_and_the_next_run_makes_it_good(
    house: House,
) -> None:
    house.gold.refill(issues=50, posts=20)  # so that there is time to kill it
    process = house.start("pocketbase", POCKETBASE_BATCH_REQUESTS="1")
    wait_for(house.folder.joinpath("assay.duckdb.wal").exists)
    for server in servers(house):
        server.send_signal(signal.SIGKILL)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1, err
    assert err.splitlines()[-1].startswith("publish.pocketbase: ")
    assert "Traceback" not in err
    house.sync()
    served = house.start("serve", "--port", "0")
    assert_agrees(url_of(served), house.gold)
    served.terminate()
    served.communicate(timeout=300)


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_scripts_that_lie_about_are_not_run(house: House, tmp_path: Path) -> None:
    for folder in ("pb_hooks", "pb_migrations"):
        lying = house.folder / "data" / "pocketbase" / folder
        lying.mkdir(parents=True)
        marker = tmp_path / f"{folder}.ran"
        script = f"$os.writeFile({str(marker)!r}, 'x', 0o644)\nmigrate((app) => {{}})\n"
        (lying / "1_evil.js").write_text(script, encoding="utf-8")
        (lying / "evil.pb.js").write_text(script, encoding="utf-8")
    house.sync()
    assert not list(tmp_path.glob("*.ran"))


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_the_servers_environment_holds_none_of_the_persons_secrets(house: House) -> None:
    process = house.start("serve", "--port", "0", **{"GITHUB_TOKEN": "word-4711"})
    url_of(process)
    [server] = servers(house)
    names = set(server.environ())
    process.terminate()
    process.communicate(timeout=300)
    assert "GITHUB_TOKEN" not in names
    assert names <= {"PATH", "HOME", "TMPDIR", "PWD", "OLDPWD", "_"}


def test_the_page_is_served(house: House) -> None:
    process = house.start("serve", "--port", "0")
    url = url_of(process)
    page = ROOT / "publish" / "web" / "index.html"
    answer = httpx.get(f"{url}/")
    process.terminate()
    process.communicate(timeout=300)
    assert answer.content == page.read_bytes()


@pytest.mark.slow("the catalog's files and the feed beside the issues, and nothing else there")
def test_the_catalog_and_the_feed_are_shown_also_when_they_are_written_later(
    house: House, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    process = house.start("serve", "--port", "0", ASSAY_REPORTS_DIR=str(reports))
    url = url_of(process)
    page = httpx.get(f"{url}/catalog.html")
    before = httpx.get(f"{url}/catalog-data/manifest.json")
    no_feed = httpx.get(f"{url}/issues.atom").status_code
    data = reports / "catalog" / "catalog-data"
    (data / "version").mkdir(parents=True)
    (data / "manifest.json").write_text("{}")
    (reports / "issues.atom").write_text("<feed/>")
    (reports / "issues.html").write_text("not for everybody")
    feed, other = (httpx.get(f"{url}/{name}") for name in ("issues.atom", "issues.html"))
    (data / "version" / "tasks.parquet").write_bytes(b"PAR1")
    after = httpx.get(f"{url}/catalog-data/manifest.json")
    table = httpx.get(f"{url}/catalog-data/version/tasks.parquet")
    above = [
        httpx.get(f"{url}/catalog-data/{way}superuser.json").status_code
        for way in ("../", "%2e%2e/", "..%2f", "version/../../", "%2e%2e%2f")
    ]
    process.terminate()
    process.communicate(timeout=300)
    assert (no_feed, feed.status_code, feed.text) == (404, 200, "<feed/>")
    assert feed.headers["content-type"] == "application/atom+xml; charset=utf-8"
    assert other.status_code == 404
    assert page.content == (ROOT / "publish" / "web" / "catalog.html").read_bytes()
    assert (before.status_code, after.status_code, after.text) == (404, 200, "{}")
    assert table.content == b"PAR1"
    assert table.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert set(above) <= {400, 404}


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_nobody_can_make_an_account_on_the_bundled_server(house: House) -> None:
    house.sync()
    process = house.start("serve", "--port", "0")
    url = url_of(process)
    account = {"email": "x@example.org", "password": "12345678", "passwordConfirm": "12345678"}
    joined = httpx.post(f"{url}/api/collections/users/records", json=account)
    process.terminate()
    process.communicate(timeout=300)
    assert joined.status_code == 403


def test_help_tells_everything(house: House) -> None:
    for module, words in (
        ("pocketbase", ("--dry-run", "--verify", "POCKETBASE_URL", "gold.live_issues")),
        ("serve", ("--port", "127.0.0.1")),
    ):
        process = house.start(module, "--help")
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        assert not [word for word in words if word not in out]
        wrong = house.start(module, "--moon")
        wrong.communicate(timeout=300)
        assert wrong.returncode == 2


@pytest.mark.slow("make serve under kills, used ports, second servers, hooks that lie about")
def test_a_killed_test_leaves_no_pocketbase_behind(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.publish.pocketbase.support import PocketBase\n"
        "server = PocketBase(Path(sys.argv[1]))\n"
        "server.start()\n"
        "print(server.url, flush=True)\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    url = process.stdout.readline().strip()
    assert answers(url)
    kill(process)
    wait_for(lambda: not answers(url))

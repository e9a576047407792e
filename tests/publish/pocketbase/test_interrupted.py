"""Killed at any moment, cut off, made to wait: after the next run PocketBase agrees with gold."""

import random
import signal
import threading
import time
from collections.abc import Callable

import pytest

from tests.publish.pocketbase.gold import Gold
from tests.publish.pocketbase.proxy import Answer, Cut, Proxy, refuse
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, free_port, published

SEED = 20261121
SMALL = {"POCKETBASE_BATCH_REQUESTS": "10"}  # so that there are many batches


Moment = tuple[str, int, float]


def moments() -> list[Moment]:
    """Return 20 moments: before or after the server did which write, and seconds after that."""
    drawn = random.Random(SEED)
    return [
        (("before", "after")[n % 2], drawn.randint(1, 8), drawn.choice((0, drawn.random() * 0.05)))
        for n in range(20)
    ]


def change(gold: Gold, drawn: random.Random) -> None:
    """Rename all issues, write on in all posts, and take posts and a whole issue out."""
    if gold.run("select count(*) < 21 from gold.issues") == [(True,)]:
        gold.refill(seed=drawn.randrange(1000))
    gold.run("update gold.issues set canonical_title = ? || cluster_id", f"New {drawn.random()} ")
    gold.run("update gold.issue_evidence set body = body || '.'")
    gold.run("delete from gold.issue_evidence where position = 4 and cluster_id % 2 = 0")
    [(day, number)] = gold.run(
        "select cluster_date, cluster_id from gold.issues order by hash(canonical_title) limit 1"
    )
    for table in ("issues", "issue_evidence"):
        gold.run(f"delete from gold.{table} where cluster_date = ? and cluster_id = ?", day, number)


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
def test_wherever_a_run_is_killed_the_next_one_makes_it_good(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    drawn = random.Random(SEED)
    house.sync(**SMALL)
    assert len(moments()) == 20
    for moment in moments():
        change(house.gold, drawn)
        proxy.writes.clear()
        assert killed(proxy, house, moment), f"{moment} never came: the test shows nothing"
        house.sync_as_planned(**SMALL)
        assert_agrees(server.url, house.gold)
    ends = house.gold.run("select status, count(*) from gold.sync_runs group by all order by 1")
    assert ends == [("done", 21), ("killed", 20)]


def killed(proxy: Proxy, house: House, moment: Moment) -> bool:
    """Run a sync that dies by SIGKILL at a moment; tell whether it did."""
    phase, write, wait = moment
    process = house.start("pocketbase", "--plan", house.plan(), **SMALL)

    def hook(number: int, path: str, body: bytes) -> None:
        if number == write:
            if wait:
                threading.Timer(wait, process.kill).start()
            else:
                process.kill()
                process.wait()

    setattr(proxy, phase, hook)
    process.communicate(timeout=300)
    setattr(proxy, phase, lambda number, path, body: None)
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
def test_killed_at_any_time_of_the_clock_the_next_run_makes_it_good(
    house: House, server: PocketBase
) -> None:
    """Not only between two requests: while it starts, reads, writes the log, ends."""
    house.more |= server.environment()
    drawn = random.Random(SEED)
    started = time.monotonic()
    kill_after(house, 60)
    whole = time.monotonic() - started
    for _ in range(6):
        change(house.gold, drawn)
        kill_after(house, drawn.uniform(0.3, 1.0) * whole)
    house.sync_as_planned()
    assert_agrees(server.url, house.gold)


def kill_after(house: House, seconds: float) -> None:
    process = house.start("pocketbase", "--plan", house.plan(), **SMALL)
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    process.communicate()
    timer.cancel()


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
def test_pocketbase_killed_in_the_middle_of_a_batch_is_one_line_and_the_next_run_makes_it_good(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    done = threading.Event()

    def hook(number: int, path: str, body: bytes) -> None:
        if number == 5 and not done.is_set():
            done.set()
            threading.Timer(0.005, server.kill).start()

    proxy.before = hook
    _, err = house.sync(code=1, **SMALL)
    assert done.is_set()
    assert err.splitlines()[-1].startswith(
        f"publish.pocketbase: the PocketBase at {proxy.url} does"
    )
    assert "after 5 tries" in err
    [(status, error)] = house.gold.run("select status, error from gold.sync_runs")
    assert (status, "does not answer" in error) == ("failed", True)
    server.start()
    house.sync(**SMALL)
    assert_agrees(server.url, house.gold)


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
@pytest.mark.parametrize("allowed", [True, False], ids=["batches", "one-by-one"])
def test_a_token_that_runs_out_in_the_middle_is_renewed(
    house: House, proxy: Proxy, server: PocketBase, allowed: bool
) -> None:
    server.allow(enabled=allowed, maxRequests=50)

    def lasting(seconds: int) -> None:
        with server.admin() as admin:
            given = {"authToken": {"duration": seconds}}
            answer = admin.patch("/api/collections/_superusers", json=given)
            assert answer.json()["authToken"]["duration"] == seconds

    lasting(10)
    waited = threading.Event()

    def hook(number: int, path: str, body: bytes) -> None:
        if number == 6 and not waited.is_set():
            waited.set()
            time.sleep(11)
            lasting(3600)  # a busy machine needs more than ten seconds for the rest

    proxy.before = hook
    house.sync(**SMALL)
    assert waited.is_set()
    signed_in = [path for _, path in proxy.asked if path.endswith("/auth-with-password")]
    assert len(signed_in) == 2
    assert_agrees(server.url, house.gold)


def cut(_: int) -> Answer:
    raise Cut


Fault = tuple[Callable[[int], Answer], str]


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
@pytest.mark.parametrize(
    "fault",
    [
        (lambda n: refuse(429), "HTTP 429"),
        (lambda n: refuse(429, **{"retry-after": "0.2"}), "HTTP 429"),
        (lambda n: refuse(500), "HTTP 500"),
        (lambda n: refuse(503), "HTTP 503"),
        (cut, "cut off"),
        (lambda n: time.sleep(6) or refuse(200), "no answer in time"),
    ],
    ids=["429", "retry-after", "500", "503", "cut", "slow"],
)
@pytest.mark.parametrize("phase", ["before", "after"])
def test_what_passes_is_tried_again_and_nothing_is_there_twice(
    house: House, proxy: Proxy, server: PocketBase, fault: Fault, phase: str
) -> None:
    failed = []
    answer, word = fault

    def hook(number: int, path: str, body: bytes) -> Answer | None:
        if number % 4 == 0 and number not in failed:
            failed.append(number)
            return answer(number)
        return None

    setattr(proxy, phase, hook)
    slow = word == "no answer in time"
    timeout = {"POCKETBASE_TIMEOUT_SECONDS": "5"} if slow else {}
    _, err = house.sync(POCKETBASE_BATCH_REQUESTS="30", **timeout)
    [(retries,)] = house.gold.run("select retries from gold.sync_runs")
    told = err.count(f"{word}; retry 1 of 4")
    assert failed
    # A busy machine is slow by itself now and then.
    assert told >= len(failed) if slow else told == retries == len(failed)
    assert_agrees(server.url, house.gold)


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
def test_retries_are_used_up_with_one_line(house: House, proxy: Proxy) -> None:
    proxy.before = lambda number, path, body: refuse(503)
    _, err = house.sync(code=1)
    assert err.splitlines()[-1] == (
        f"publish.pocketbase: the PocketBase at {proxy.url} does not answer after 5 tries "
        "(HTTP 503): run again when it does, what was sent is kept"
    )


@pytest.mark.slow("kills, tokens and servers that end in the middle of a sync")
def test_a_server_that_asks_for_too_long_a_pause_is_not_waited_for(
    house: House, proxy: Proxy
) -> None:
    proxy.before = lambda number, path, body: refuse(429, **{"retry-after": "9999"})
    _, err = house.sync(code=1)
    assert err.splitlines()[-1].endswith(
        "asks to wait 9999 s, more than we do (120 s): run again after that"
    )


def test_a_dead_server_is_one_line_and_exit_code_1(house: House) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    account = {"POCKETBASE_EMAIL": "a@example.org", "POCKETBASE_PASSWORD": "secret-word"}
    patient = {"POCKETBASE_BACKOFF_SECONDS": "[900, 900, 900, 900]"}  # nothing is tried again
    out, err = house.sync(code=1, POCKETBASE_URL=url, **account, **patient)
    assert (out, err) == (
        "",
        f"publish.pocketbase: the PocketBase at {url} does not answer (connection refused, or the "
        "name is unknown): is it running?\n",
    )


def test_what_a_killed_run_sent_is_not_sent_again(house: House, proxy: Proxy) -> None:
    stopped = threading.Event()
    process = house.start("pocketbase", **SMALL)

    def hook(number: int, path: str, body: bytes) -> None:
        if len(proxy.records()) >= 60 and not stopped.is_set():
            stopped.set()
            process.kill()
            process.wait()

    proxy.after = hook
    process.communicate(timeout=300)
    kept = {
        record["id"] for records in published(proxy.url).values() for record in records.values()
    }
    assert len(kept) >= 60
    proxy.writes.clear()
    house.sync(**SMALL)
    assert not kept & {identity for _, identity in proxy.records()}
    assert_agrees(proxy.url, house.gold)

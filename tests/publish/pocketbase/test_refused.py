"""Records that the server refuses, and servers that allow little."""

import json

import pytest

from tests.publish.pocketbase.gold import DAYS
from tests.publish.pocketbase.proxy import Answer, Proxy, refuse
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, published

pytestmark = pytest.mark.slow("what PocketBase refuses, and its limits on batches")

LONG = "https://example.org/" + "x" * 6000


def make_long(house: House, *positions: int) -> list[str]:
    """Give posts an address that PocketBase refuses; return their hashes."""
    found = []
    for position in positions:
        found += house.gold.run(
            "update gold.issue_evidence set url = ? where position = ? and cluster_id = 1 "
            "returning url_hash",
            LONG,
            position,
        )
    return sorted(row[0] for row in found)


@pytest.mark.parametrize("allowed", [True, False], ids=["batches", "one-by-one"])
def test_a_refused_row_is_recorded_with_its_error_and_the_rest_goes_on(
    house: House, proxy: Proxy, server: PocketBase, allowed: bool
) -> None:
    server.allow(enabled=allowed, maxRequests=50)
    bad = make_long(house, 0, 1)
    assert len(bad) >= 6
    _, err = house.sync(code=1)
    assert err.splitlines()[-1] == (
        f"publish.pocketbase: {len(bad)} records were refused; why is in gold.live_issues and "
        "gold.live_evidence, column error"
    )
    have = published(server.url)
    everything = house.gold.run("select url_hash from gold.issue_evidence")
    assert {key[2] for key in have["issue_evidence"]} == {row[0] for row in everything} - set(bad)
    assert len(have["issues"]) == 24
    log = house.gold.run(
        "select url_hash, error from gold.live_evidence where status = 'refused' order by 1"
    )
    assert log == [(url_hash, "url: Must be no more than 5000 character(s).") for url_hash in bad]
    assert house.gold.run("select refused, status from gold.sync_runs") == [(len(bad), "refused")]
    proxy.writes.clear()
    house.sync(code=1)  # and is tried again
    assert len({identity for _, identity in proxy.records()}) == len(bad)
    house.gold.run("update gold.issue_evidence set url = 'https://example.org/'")
    house.sync()
    assert_agrees(server.url, house.gold)


def test_when_everything_is_refused_the_cost_stays_in_proportion(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    house.gold.run("update gold.issue_evidence set url = ?", LONG)
    [(posts,)] = house.gold.run("select count(*) from gold.issue_evidence")
    house.sync(code=1)
    assert published(server.url)["issue_evidence"] == {}
    assert len(proxy.records()) < 24 + 4 * posts


def test_the_posts_of_a_refused_issue_are_recorded_and_not_sent(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    house.gold.run("update gold.issues set issue_id = repeat('i', 5001) where cluster_id = 2")
    [(posts,)] = house.gold.run("select count(*) from gold.issue_evidence where cluster_id = 2")
    house.sync(code=1)
    have = published(server.url)
    assert {key[1] for key in have["issues"]} == {0, 1, 3, 4, 5}
    assert {key[1] for key in have["issue_evidence"]} == {0, 1, 3, 4, 5}
    assert house.live()[2] == (
        DAYS[0],
        2,
        "refused",
        "issue_id: Must be no more than 5000 character(s).",
    )
    errors = house.gold.run(
        "select error, count(*) from gold.live_evidence where status = 'refused' group by 1"
    )
    assert errors == [("its issue was refused", posts)]
    house.gold.run("update gold.issues set issue_id = 'issue0002' where cluster_id = 2")
    house.sync()
    assert_agrees(server.url, house.gold)


def test_a_removal_that_is_refused_is_recorded_and_tried_again(
    there: House, server: PocketBase
) -> None:
    there.sync()
    record = published(server.url)["issues"][(str(DAYS[0]), 3)]
    with server.admin() as admin:
        issues = admin.get("/api/collections/issues").json()["id"]
        relation = {
            "name": "about",
            "type": "relation",
            "collectionId": issues,
            "required": True,
            "maxSelect": 1,
        }
        made = {"name": "notes", "type": "base", "fields": [relation]}
        assert admin.post("/api/collections", json=made).status_code == 200
        note = admin.post("/api/collections/notes/records", json={"about": record["id"]}).json()
    for table in ("issues", "issue_evidence"):
        there.gold.run(f"delete from gold.{table} where cluster_id = 3")
    _, err = there.sync_as_planned(code=1)
    assert "1 records were refused" in err
    assert {key for key in published(server.url)["issues"] if key[1] == 3} == {(str(DAYS[0]), 3)}
    [row] = [row for row in there.live() if row[2] == "refused"]
    assert row[:2] == (DAYS[0], 3)
    assert row[3].startswith("removal: ")
    with server.admin() as admin:
        admin.delete(f"/api/collections/notes/records/{note['id']}")
    there.sync()
    assert_agrees(server.url, there.gold)


def test_where_batches_are_off_records_go_one_by_one_and_it_says_so(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    server.allow(enabled=False)
    _, err = house.sync()
    assert f"the batch API of {proxy.url} is off: records go one by one" in err
    assert not [path for _, path, _ in proxy.writes if path == "/api/batch"]
    assert_agrees(proxy.url, house.gold)
    with server.admin() as admin:  # another's server keeps its settings
        assert admin.get("/api/settings").json()["batch"]["enabled"] is False
    house.gold.run("update gold.issues set category = 'ai' where cluster_id < 2")
    for table in ("issues", "issue_evidence"):
        house.gold.run(f"delete from gold.{table} where cluster_date = ?", DAYS[0])
    house.sync_as_planned()
    assert_agrees(proxy.url, house.gold)
    proxy.writes.clear()
    house.sync()
    assert proxy.writes == []


def test_batches_that_are_switched_off_in_the_middle_do_not_stop_it(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    def hook(number: int, path: str, body: bytes) -> None:
        if number == 5:
            server.allow(enabled=False)

    proxy.before = hook
    _, err = house.sync(POCKETBASE_BATCH_REQUESTS="10")
    assert err.count("is off: records go one by one") == 1
    assert_agrees(server.url, house.gold)


@pytest.mark.parametrize("most", [1, 7, 50])
def test_batches_are_as_large_as_the_server_allows_and_no_larger(
    house: House, proxy: Proxy, server: PocketBase, most: int
) -> None:
    server.allow(enabled=True, maxRequests=most)
    house.sync()
    sizes = [
        len(json.loads(body)["requests"]) for _, path, body in proxy.writes if path == "/api/batch"
    ]
    posts = sum(sizes) - 24
    full = 24 // most + posts // most
    assert max(sizes) == min(most, max(posts, 24))
    assert len(sizes) <= full + 2
    assert_agrees(server.url, house.gold)


def test_batches_are_as_heavy_as_the_server_allows_and_no_heavier(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    server.allow(enabled=True, maxRequests=50, maxBodySize=6000)
    house.gold.run("update gold.issue_evidence set body = repeat('many words ', 200)")
    _, err = house.sync()
    assert "too much" not in err
    assert max(len(body) for _, path, body in proxy.writes if path == "/api/batch") <= 6000
    assert_agrees(server.url, house.gold)


def test_a_record_heavier_than_a_batch_may_be_goes_alone(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    server.allow(enabled=True, maxRequests=50, maxBodySize=2000)
    house.gold.run("update gold.issue_evidence set body = repeat('words ', 700) where position = 0")
    house.sync()
    assert_agrees(server.url, house.gold)


def test_batches_that_the_server_cannot_do_in_time_are_halved(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    """The answer is the one PocketBase gives when a batch's time is over: it names no record."""

    def hook(number: int, path: str, body: bytes) -> Answer | None:
        if path == "/api/batch" and len(json.loads(body)["requests"]) > 6:
            status, headers, _ = refuse(400)
            words = {"data": {}, "message": "Batch transaction failed.", "status": 400}
            return status, headers, json.dumps(words).encode()
        return None

    proxy.before = hook
    _, err = house.sync()
    assert "a batch of 24 is too much for the server (Batch transaction failed.)" in err
    assert_agrees(server.url, house.gold)

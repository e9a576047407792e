"""After every run PocketBase holds what gold holds, and nothing was sent that need not be."""

import random
import shutil

import pytest

from tests.publish.pocketbase.gold import DAYS, expected
from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, published, wait_for

RELABEL = "update gold.issues set canonical_title = ? where cluster_date = ? and cluster_id = ?"


def test_every_row_of_gold_is_published_with_equal_values_and_nothing_else(
    there: House, server: PocketBase
) -> None:
    out, _ = there.sync()
    assert_agrees(server.url, there.gold)
    issues, posts = (len(expected(there.gold)[name]) for name in ("issues", "issue_evidence"))
    assert (issues, posts > issues) == (24, True)
    assert out == (
        f"{server.url}: 24 issues and {posts} posts sent, 0 removed, 0 unchanged, 0 refused, in "
        f"{out.split()[-2]} s\n"
    )
    assert there.gold.run("select issues_sent, evidence_sent, status from gold.sync_runs") == [
        (issues, posts, "done")
    ]


def test_a_second_run_writes_nothing(house: House, proxy: Proxy) -> None:
    house.sync()
    assert len(proxy.records()) > 24
    proxy.writes.clear()
    before = published(proxy.url)
    out, _ = house.sync()
    assert proxy.writes == []
    assert published(proxy.url) == before
    assert "0 issues and 0 posts sent, 0 removed" in out


def test_a_category_that_was_named_anew_added_or_taken_away_is_one_record(
    house: House, proxy: Proxy
) -> None:
    house.sync()
    proxy.writes.clear()
    house.gold.run("update gold.categories set name = 'Money' where category = 'finance'")
    house.gold.run("update gold.categories set category = 'farming' where category = 'ai'")
    house.sync()
    assert sorted(method for method, _ in proxy.records()) == ["DELETE", "PATCH", "POST"]
    assert_agrees(proxy.url, house.gold)


def test_three_changed_labels_are_three_records(house: House, proxy: Proxy) -> None:
    house.sync()
    before = published(proxy.url)["issues"]
    proxy.writes.clear()
    chosen = random.Random(3).sample(sorted(before), 3)
    for day, number in chosen:
        house.gold.run(RELABEL, f"Renamed {number}", day, number)
    house.sync()
    after = published(proxy.url)["issues"]
    assert {key for key in after if after[key] != before[key]} == set(chosen)
    assert sorted(proxy.records()) == sorted(("PUT", before[key]["id"]) for key in chosen)
    assert len(proxy.writes) == 1
    assert_agrees(proxy.url, house.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
@pytest.mark.parametrize("day", [DAYS[0], DAYS[-1]], ids=["oldest", "newest"])
def test_a_day_that_left_gold_leaves_pocketbase(there: House, server: PocketBase, day) -> None:
    there.sync()
    for table in ("issues", "issue_evidence"):
        there.gold.run(f"delete from gold.{table} where cluster_date = ?", day)
    there.sync_as_planned()
    assert_agrees(server.url, there.gold)
    assert len(published(server.url)["issues"]) == 18
    assert [status for when, _, status, _ in there.live() if when == day] == ["unpublished"] * 6
    there.sync()
    assert_agrees(server.url, there.gold)


def test_a_post_that_left_an_issue_leaves_pocketbase_and_the_issue_stays(
    house: House, proxy: Proxy
) -> None:
    house.sync()
    [(gone,)] = house.gold.run("select min(url_hash) from gold.issue_evidence")
    house.gold.run("delete from gold.issue_evidence where url_hash = ?", gone)
    proxy.writes.clear()
    house.sync()
    assert [method for method, _ in proxy.records()] == ["PUT", "DELETE"]
    assert_agrees(proxy.url, house.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_an_empty_gold_empties_pocketbase(there: House, server: PocketBase) -> None:
    there.sync()
    there.gold.run("delete from gold.issues; delete from gold.issue_evidence;")
    there.sync_as_planned()
    assert published(server.url) == {"issues": {}, "issue_evidence": {}}
    assert {status for *_, status, _ in there.live()} == {"unpublished"}


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_a_server_that_was_emptied_is_filled_again(there: House, server: PocketBase) -> None:
    there.sync()
    with server.admin() as admin:
        assert admin.delete("/api/collections/issue_evidence/truncate").status_code == 204
        assert admin.delete("/api/collections/issues/truncate").status_code == 204
    there.sync()
    assert_agrees(server.url, there.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_a_server_that_was_restored_from_an_old_copy_catches_up(
    there: House, server: PocketBase
) -> None:
    there.gold.run("delete from gold.issues where cluster_id = 5 or cluster_date > ?", DAYS[2])
    there.gold.run(
        "delete from gold.issue_evidence where cluster_id = 5 or cluster_date > ?", DAYS[2]
    )
    there.sync()
    server.stop()
    shutil.copytree(server.folder / "pb_data", server.folder / "backup")
    server.start()
    there.gold.run("delete from gold.issues; delete from gold.issue_evidence;")
    there.gold.run("delete from gold.issue_trend; delete from gold.issue_topics;")
    there.gold.fill(issues=3, seed=9)
    there.gold.run("delete from gold.issues where cluster_date < ?", DAYS[3])
    there.gold.run("delete from gold.issue_evidence where cluster_date < ?", DAYS[3])
    there.sync_as_planned()
    assert_agrees(server.url, there.gold)
    server.stop()
    shutil.rmtree(server.folder / "pb_data")
    shutil.copytree(server.folder / "backup", server.folder / "pb_data")
    server.start()
    assert len(published(server.url)["issues"]) == 15
    there.sync_as_planned()
    assert_agrees(server.url, there.gold)
    assert len(published(server.url)["issues"]) == 3


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_a_log_that_was_lost_is_written_anew_and_nothing_is_sent(
    house: House, proxy: Proxy
) -> None:
    house.sync()
    house.gold.run("drop table gold.live_issues; drop table gold.live_evidence;")
    proxy.writes.clear()
    house.sync()
    assert proxy.writes == []
    assert_agrees(proxy.url, house.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_a_log_that_lost_its_words_does_not_keep_what_gold_no_longer_has(
    there: House, server: PocketBase
) -> None:
    there.sync()
    there.gold.run("drop table gold.live_issues; drop table gold.live_evidence;")
    there.gold.run("delete from gold.issues where cluster_id = 0")
    there.gold.run("delete from gold.issue_evidence where cluster_id = 0")
    there.sync()
    assert_agrees(server.url, there.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_records_of_someone_else_in_our_collections_are_removed(
    there: House, server: PocketBase
) -> None:
    there.sync()
    with server.admin() as admin:
        [answer] = [admin.post("/api/collections/issues/records", json={"canonical_title": "Hi"})]
        assert answer.status_code == 200
    there.sync()
    assert_agrees(server.url, there.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_what_was_changed_by_hand_is_found_and_mended_with_verify(
    house: House, proxy: Proxy, server: PocketBase
) -> None:
    house.sync()
    records = published(proxy.url)
    changed = sorted(record["id"] for record in records["issues"].values())[:2]
    post = min(record["id"] for record in records["issue_evidence"].values())
    with server.admin() as admin:
        for identity in changed:
            admin.patch(f"/api/collections/issues/records/{identity}", json={"heat": 12345})
        admin.patch(f"/api/collections/issue_evidence/records/{post}", json={"body": "mine"})
    proxy.writes.clear()
    house.sync()
    assert proxy.writes == []  # the hashes say that nothing changed
    house.sync("--verify")
    assert sorted(proxy.records()) == sorted(("PUT", i) for i in [*changed, post])
    assert_agrees(proxy.url, house.gold)


def test_a_dry_run_prints_the_difference_and_changes_nothing(house: House, proxy: Proxy) -> None:
    out, _ = house.sync("--dry-run")
    posts = len(expected(house.gold)["issue_evidence"])
    assert "issues: 24 to make, 0 to change, 0 to remove, 0 unchanged\n" in out
    assert f"issue_evidence: {posts} to make, 0 to change, 0 to remove, 0 unchanged\n" in out
    assert proxy.writes == []
    house.sync()
    records = published(proxy.url)["issues"]
    [coldest] = [
        n for (day, n), record in records.items() if (day, record["heat_rank"]) == (str(DAYS[0]), 6)
    ]
    day, number = DAYS[1], 2
    house.gold.run(RELABEL, "Bell\a and <b>bold</b>", day, number)
    for table in ("issues", "issue_evidence"):
        house.gold.run(
            f"delete from gold.{table} where cluster_date = ? and cluster_id = ?", DAYS[0], coldest
        )
    proxy.writes.clear()
    out, _ = house.sync("--dry-run")
    assert out.startswith("issues: 0 to make, 1 to change, 1 to remove, 22 unchanged\n")
    assert f"  change  {day}/{number}  Bell\\u0007 and <b>bold</b>\n" in out
    assert proxy.writes == []
    assert house.gold.run("select count(*) from gold.sync_runs") == [(1,)]


def test_a_dry_run_before_the_first_run_starts_no_server(house: House) -> None:
    out, _ = house.sync("--dry-run")
    assert out.startswith("issues: 24 to make")
    assert not (house.folder / "data" / "pocketbase").exists()


def test_texts_that_are_too_long_are_cut_at_a_word_and_marked(
    there: House, server: PocketBase
) -> None:
    gold = there.gold
    gold.run("update gold.issues set canonical_title = repeat('slow 文 ', 30)")
    gold.run("update gold.issues set description = repeat('abcdefg ', 700)")
    gold.run("update gold.issue_evidence set title = repeat('x', 501), body = repeat('é😀 ', 1700)")
    there.sync()
    records = published(server.url)
    [title] = {record["canonical_title"] for record in records["issues"].values()}
    assert title == ("slow 文 " * 28).rstrip() + "…"
    [description] = {record["description"] for record in records["issues"].values()}
    assert description == ("abcdefg " * 625).rstrip() + "…"
    [(title, body)] = {(r["title"], r["body"]) for r in records["issue_evidence"].values()}
    assert title == "x" * 499 + "…"
    assert body == ("é😀 " * 1666).rstrip() + "…"
    there.sync()
    assert published(server.url) == records


HOSTILE = (
    "nul \0 bell \a esc \x1b[31m",
    "<script>alert(1)</script> & ' \" `",
    "\u202eright to left\u2066",
    "@jsonPayload",
    "  leading and trailing  \n",
    "\\u0000 \\ud800 %00 ${x} {{ y }}",
    "null",
    "[1, 2]",
    "文字 🏳️‍🌈",
)


def test_scraped_text_arrives_as_it_is(there: House, server: PocketBase) -> None:
    for number, hostile in enumerate(HOSTILE):
        there.gold.run(
            "update gold.issues set canonical_title = ?, description = ? where cluster_id = ?",
            hostile,
            hostile,
            number,
        )
        there.gold.run(
            "update gold.issue_evidence set title = ?, body = ? where position = ?",
            hostile,
            hostile,
            number,
        )
    there.sync()
    assert_agrees(server.url, there.gold)


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_an_issue_without_posts_or_trend_is_published_too(there: House, server: PocketBase) -> None:
    there.gold.run("delete from gold.issue_evidence where cluster_id = 1")
    there.gold.run("delete from gold.issue_trend where issue_id = 'issue0001'")
    there.sync()
    assert_agrees(server.url, there.gold)
    record = published(server.url)["issues"][(str(DAYS[0]), 1)]
    assert (record["heat"], record["heat_rank"], record["posts"]) == (0, 6, 0)
    assert (record["sources"], record["trend"], record["first_posted_at"]) == ([], [], "")


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_numbers_outside_what_pocketbase_knows_become_0(there: House, server: PocketBase) -> None:
    there.gold.run("update gold.issues set confidence = 'nan' where cluster_id = 1")
    there.gold.run("update gold.issue_evidence set distance = 'inf'")
    there.sync()
    records = published(server.url)
    assert records["issues"][(str(DAYS[0]), 1)]["confidence"] == 0
    assert {record["distance"] for record in records["issue_evidence"].values()} == {0}


@pytest.mark.slow("PocketBase comes to agree with gold from every state it can be in")
def test_someone_who_looks_sees_changes_as_they_come(house: House) -> None:
    """The bundled server, found by the sync while it is served, tells its subscribers."""
    with_port = house.start("serve", "--port", "0")
    try:
        url = with_port.stdout.readline().split()[-1].rstrip("/")
        out, _ = house.sync()
        assert out.startswith(f"{url}: 24 issues")
        wait_for(lambda: len(published(url)["issues"]) == 24)
        assert_agrees(url, house.gold)
    finally:
        with_port.terminate()
        with_port.communicate()

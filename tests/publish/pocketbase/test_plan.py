"""What would take away much of what is public is done only as it was shown, and only by one."""

from datetime import UTC, datetime

import duckdb

from assay import forget
from tests.publish.pocketbase.gold import DAYS, Gold
from tests.publish.pocketbase.proxy import Proxy
from tests.publish.pocketbase.support import House, PocketBase, assert_agrees, plan_of, published

EMPTY = "delete from gold.issues; delete from gold.issue_evidence;"


def test_an_empty_gold_stops_with_one_line_and_takes_nothing_away(
    house: House, proxy: Proxy
) -> None:
    house.sync()
    before = published(proxy.url)
    posts = len(before["issue_evidence"])
    house.gold.run(EMPTY)
    proxy.writes.clear()
    _, err = house.sync(code=1)
    assert err.startswith(
        f"publish.pocketbase: this would take away 24 of 24 issues and {posts} of {posts} posts, "
        "more than a fifth of what is public: look at it with --dry-run; if that is meant, add "
        "--plan "
    )
    assert err.count("\n") == 1 and proxy.writes == []
    assert published(proxy.url) == before
    assert house.gold.run("select status from gold.sync_runs order by started_at") == [
        ("done",),
        ("failed",),
    ]
    out, _ = house.sync("--dry-run")
    assert "issues: 0 to make, 0 to change, 24 to remove, 0 unchanged" in out
    assert plan_of(out) == err.split()[-1], "the line names the plan that is shown"


def test_a_fifth_may_go_without_a_word(there: House, server: PocketBase) -> None:
    there.sync()
    there.gold.run("delete from gold.issues where cluster_id = 5")
    there.gold.run("delete from gold.issue_evidence where cluster_id = 5")
    there.sync()  # 4 of 24
    assert_agrees(server.url, there.gold)


def test_the_plan_that_was_shown_is_the_one_that_is_done(there: House, server: PocketBase) -> None:
    there.sync()
    for table in ("issues", "issue_evidence"):
        there.gold.run(f"delete from gold.{table} where cluster_date < ?", DAYS[2])
    out, _ = there.sync("--dry-run")
    seen = plan_of(out)
    there.gold.run("update gold.issues set canonical_title = 'Another' where cluster_id = 0")
    _, err = there.sync("--plan", seen, code=1)
    now = plan_of(there.sync("--dry-run")[0])
    assert err == (
        f"publish.pocketbase: plan {seen} is not what would be done any more, that is plan {now}: "
        "look at it with --dry-run\n"
    )
    assert len(published(server.url)["issues"]) == 24
    there.sync("--plan", now)
    assert_agrees(server.url, there.gold)


def test_posts_that_were_taken_back_go_however_many_they_are(
    there: House, server: PocketBase
) -> None:
    there.sync()
    posts = there.gold.run("select url_hash from gold.issue_evidence where position > 0")
    assert 5 * len(posts) > len(published(server.url)["issue_evidence"])
    now = datetime.now(UTC)
    with duckdb.connect(str(there.gold.path)) as db:
        forget.prepare(db)
        forget.add(
            db,
            [
                forget.Removal(forget.POST, key, None, None, "deleted", False, now)
                for (key,) in posts
            ],
        )
    there.gold.run("delete from gold.issue_evidence where position > 0")
    there.sync()
    assert_agrees(server.url, there.gold)


def test_another_warehouse_is_noticed_and_may_take_over(
    there: House, server: PocketBase, made_gold
) -> None:
    there.sync()
    other = House(there.folder / "other", Gold(there.folder / "other.duckdb", made_gold))
    other.folder.mkdir()
    other.more |= server.environment()
    other.gold.run("update gold.issues set canonical_title = 'Theirs'")
    _, err = other.sync(code=1)
    assert err.startswith(f"publish.pocketbase: another warehouse publishes to {server.url} since ")
    assert err.endswith("if that is meant, add --take-over\n") and err.count("\n") == 1
    assert_agrees(server.url, there.gold)
    other.sync("--take-over")
    assert_agrees(server.url, other.gold)
    other.sync()
    _, err = there.sync(code=1)
    assert "another warehouse publishes" in err


def test_nobody_but_superusers_sees_who_publishes(there: House, server: PocketBase) -> None:
    there.sync()
    with server.admin() as admin:
        records = "/api/collections/issue_publisher/records"
        assert admin.get(records).json()["totalItems"] == 1
        admin.headers.pop("authorization")
        assert admin.get(records).status_code == 403

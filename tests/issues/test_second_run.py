"""What a second run asks for and changes: nothing but what is missing or has changed."""

import copy
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.issues.items import days
from tests.support import SAMPLE, Project, any_items, collecting, under


@pytest.mark.parametrize("folder", any_items(), ids=lambda folder: folder.name)
def test_a_second_run_asks_for_nothing_and_changes_nothing(folder: Path, project: Project) -> None:
    with ReplayServer(folder, quota=0) as server:
        project.collect(folder, server.url)
        first, asked = project.posts(moments=True), len(server.requests)
        assert asked > 100
        output = project.collect(folder, server.url)
        assert len(server.requests) == asked
    assert project.posts(moments=True) == first
    for source in items.FILES:
        assert f"{source}: 2026-11-09 to 2026-11-15 complete, nothing to ask" in output
    assert len(list((project.folder / "data" / "raw" / "issues").iterdir())) == 1


@pytest.mark.slow("refreshes, unfinished days, new queries: which days are asked again")
def test_a_refresh_asks_for_everything_again_and_moves_nothing_but_its_own_marks(
    project: Project,
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        project.collect(SAMPLE, server.url)
        first, asked = project.posts(), len(server.requests)
        marks = project.rows("select distinct run_id, collected_at::varchar from bronze.raw_items")
        output = project.collect(SAMPLE, server.url, "--refresh")
        assert len(server.requests) == 2 * asked
    assert project.posts() == first
    again = project.rows("select distinct run_id, collected_at::varchar from bronze.raw_items")
    assert len(marks) == len(again) == 1 and again[0][0] != marks[0][0]
    [closing] = [line for line in output.splitlines() if "hackernews     2026-11-09" in line]
    assert closing.split()[-5:] == ["9", "0", "9", "0", "-"], "all of them duplicates"


@pytest.mark.slow("refreshes, unfinished days, new queries: which days are asked again")
def test_a_refresh_takes_over_what_was_edited_and_nothing_else(
    project: Project, tmp_path: Path
) -> None:
    found = {source: items.lines(SAMPLE, source) for source in items.FILES}
    before = items.write(tmp_path / "before", **found)
    edited = copy.deepcopy(found)
    edited["github"][0] |= {"title": "Another title", "comments": 77, "body": None}
    edited["github"][0]["reactions"]["total_count"] = 1234
    edited["stackoverflow"][0] |= {"title": "a &lt; b", "score": -8}
    edited["reddit"][0]["data"] |= {"score": 4321, "selftext": "edited"}
    edited["hackernews"][0] |= {"points": 999, "title": "Ask HN: edited?"}
    after = items.write(tmp_path / "after", **edited)
    with ReplayServer(before, quota=0) as server:
        project.collect(before, server.url)
    first = set(project.posts()["bronze.raw_items"])
    with ReplayServer(after, quota=0) as server:
        project.collect(after, server.url)
        assert server.requests == [], "the days are complete"
        assert set(project.posts()["bronze.raw_items"]) == first
        project.collect(after, server.url, "--refresh")
    changed = set(project.posts()["bronze.raw_items"]) - first
    assert len(changed) == 4
    wanted = {
        post.row
        for posts in items.expected(after).values()
        for post in posts
        if post.title in ("Another title", "a < b", "Ask HN: edited?") or post.score == 4321
    }
    rows = set(project.rows(f"select {items.ROW} from bronze.raw_items"))
    assert len(wanted) == 4 and wanted <= rows


@pytest.mark.slow("refreshes, unfinished days, new queries: which days are asked again")
def test_a_day_that_still_runs_is_asked_again_until_it_is_over_and_settled(
    project: Project,
) -> None:
    posts = [post for found in items.expected(SAMPLE).values() for post in found]

    def run_at(hour: str) -> tuple[set[str], int, int]:
        """Return the days asked for, the posts of the last day, and how many windows are final."""
        now = int(datetime.fromisoformat(f"{hour}Z").timestamp())
        asked = len(server.requests)
        command = under(collecting(SAMPLE, *days(14, 15)), f"now={now}")
        project.run(*command, **recorded.environment(SAMPLE, server.url))
        [(rows, final)] = project.rows(
            "select (select count(*) from bronze.raw_items where collection_date = '2026-11-15'), "
            "count(*) filter (is_final) from bronze.collected_windows "
            "where collection_date = '2026-11-15'"
        )
        queries = " ".join(unquote_plus(target) for _, target, _ in server.requests[asked:])
        return {day for day in ("11-14", "11-15") if day in queries}, rows, final

    noon = datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp()
    last_day = [post for post in posts if post.day.day == 15]
    with ReplayServer(SAMPLE, quota=0) as server:
        by_noon = sum(post.created_at < noon for post in last_day)
        assert 0 < by_noon < len(last_day)
        assert run_at("2026-11-15T12:00:00") == ({"11-14", "11-15"}, by_noon, 0)
        [(end,)] = project.rows("select max(epoch(window_end)) from bronze.collected_windows")
        assert end == noon
        assert run_at("2026-11-16T00:14:59") == ({"11-15"}, len(last_day), 0)
        windows = project.rows("select count(*) from bronze.collected_windows")
        assert run_at("2026-11-16T00:15:00")[:2] == ({"11-15"}, len(last_day))
        assert project.rows("select count(*) from bronze.collected_windows") == windows
        assert project.rows("select bool_and(is_final) from bronze.collected_windows") == [(True,)]
        assert run_at("2026-11-16T00:15:01")[0] == set()


@pytest.mark.slow("refreshes, unfinished days, new queries: which days are asked again")
def test_a_new_repository_or_subreddit_is_asked_for_alone(project: Project, tmp_path: Path) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        whole = Project(tmp_path / "whole")
        whole.collect(SAMPLE, server.url)
        all_of = recorded.environment(SAMPLE, server.url)
        fewer = {
            "ISSUES__GITHUB__REPOSITORIES": all_of["ISSUES__GITHUB__REPOSITORIES"].replace(
                '"brick-kiln/kiln", ', ""
            ),
            "ISSUES__REDDIT__SUBREDDITS": all_of["ISSUES__REDDIT__SUBREDDITS"].replace(
                '"devops", ', ""
            ),
        }
        project.collect(SAMPLE, server.url, **fewer)
        assert project.rows(
            "select count(*) from bronze.raw_items "
            "where query in ('repo:brick-kiln/kiln', 'devops')"
        ) == [(0,)]
        asked = len(server.requests)
        project.collect(SAMPLE, server.url)
        targets = [unquote_plus(target) for _, target, _ in server.requests[asked:]]
    assert project.posts() == whole.posts()
    assert sum("repo:brick-kiln/kiln " in target for target in targets) == 7
    assert {target.split("?")[0] for target in targets} == {
        "/github/search/issues",
        "/reddit/oauth/r/devops/new",
        "/reddit/www/api/v1/access_token",
    }
    assert all("repo:brick-kiln/kiln " in target for target in targets if "github" in target)


@pytest.mark.slow("refreshes, unfinished days, new queries: which days are asked again")
def test_the_order_in_which_days_and_sources_are_collected_changes_no_row(tmp_path: Path) -> None:
    folder = with_a_post_of_two_days(tmp_path / "items")
    with ReplayServer(folder, quota=0) as server:
        forth, back = Project(tmp_path / "forth"), Project(tmp_path / "back")
        forth.collect(folder, server.url)
        back.collect(folder, server.url, *days(13, 15), "--source", "hackernews", "github")
        back.collect(folder, server.url, *days(9, 12))
        back.collect(folder, server.url, *days(12, 15))
        assert back.posts() == forth.posts()
        back.collect(folder, server.url, *days(9, 10), "--refresh")
        assert back.posts() == forth.posts(), "an older day takes nothing back"
    assert forth.rows(
        "select title, collection_date::varchar from bronze.raw_items where title like 'Twice: %'"
    ) == [("Twice: later", "2026-11-15")]


def with_a_post_of_two_days(into: Path) -> Path:
    """Copy the sample's posts and add an issue that was recorded twice, the later one first."""
    found = {source: items.lines(SAMPLE, source) for source in items.FILES}
    issue = next(item for item in found["github"] if not item.get("pull_request"))
    for title, day in (("Twice: later", 15), ("Twice: earlier", 9)):
        twice = {"title": title, "id": 7, "created_at": f"2026-11-{day:02d}T10:00:00Z"}
        address = issue["html_url"].rpartition("/")[0] + "/7777777"
        found["github"].insert(0, copy.deepcopy(issue) | twice | {"html_url": address})
    return items.write(into, **found)


@pytest.mark.slow("refreshes, unfinished days, new queries: which days are asked again")
def test_a_run_killed_long_ago_gives_way_to_what_was_read_since(
    project: Project, tmp_path: Path
) -> None:
    """Its folder is loaded first, before anything is asked, so that newer readings stay."""
    found = {source: items.lines(SAMPLE, source) for source in items.FILES}
    before = items.write(tmp_path / "before", **found)
    found["hackernews"][0] |= {"points": 777_777}
    after = items.write(tmp_path / "after", **found)
    with ReplayServer(before, quota=0) as server:
        killed = project.start(
            *under(collecting(before), "die=extracted"), **recorded.environment(before, server.url)
        )
        assert killed.wait(300) == -9
    with ReplayServer(after, quota=0) as server:
        output = project.collect(after, server.url, "--refresh")
    assert "was read but not loaded: loading it first" in output
    assert project.rows("select count(*) from bronze.raw_items where score = 777777") == [(1,)]

"""What a run of the issues pipeline leaves for the next, and what it never takes back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.issues.items import days
from tests.support import SAMPLE, Project, collecting, under

pytestmark = pytest.mark.slow("what a run leaves for the next, one command after the other")

NOON = int(datetime(2026, 11, 9, 12, tzinfo=UTC).timestamp())


def at(project: Project, moment: int, server: str, *options: str, **more: str) -> str:
    """Run the pipeline with its own default days at a moment."""
    command = ["dlt", "pipeline", "issues", "run", *options]
    environment = recorded.environment(SAMPLE, server) | more
    return project.run(*under(command, f"now={moment}"), **environment)


def test_a_day_left_half_read_is_finished_by_a_later_run_of_itself(project: Project) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        at(project, NOON, server.url)
        half = project.rows("select max(window_end)::varchar from bronze.collected_windows")
        at(project, NOON + 3 * 86_400, server.url)
    assert half == [("2026-11-09 12:00:00+00",)]
    begun = project.rows(
        "select distinct collection_date::varchar from bronze.collected_windows order by 1"
    )
    assert begun == [(f"2026-11-{day:02d}",) for day in range(8, 13)]
    assert project.rows(
        "select count(*) from bronze.collected_windows "
        "where collection_date = '2026-11-09' and not is_final"
    ) == [(0,)]


def test_what_is_older_than_a_week_is_left_to_start_and_end(project: Project) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        at(project, NOON, server.url, "--source", "hackernews")
        at(
            project,
            NOON + int(timedelta(days=20).total_seconds()),
            server.url,
            "--source",
            "hackernews",
        )
    [(first,)] = project.rows(
        "select min(collection_date)::varchar from bronze.collected_windows "
        "where collection_date > '2026-11-09'"
    )
    assert first == "2026-11-22"


def test_a_refusal_does_not_erase_what_was_read_before(project: Project, tmp_path: Path) -> None:
    only = {"ISSUES__REDDIT__SUBREDDITS": '["devops", "webdev"]'}
    options = (*days(9, 9), "--source", "reddit")
    with ReplayServer(SAMPLE, quota=0) as server:
        project.collect(SAMPLE, server.url, *options, **only)
        before = project.posts()
    closed = _closed(tmp_path)
    with ReplayServer(closed, quota=0, quirks=["closed-subs"]) as server:
        output = project.collect(SAMPLE, server.url, *options, "--refresh", **only)
    assert "webdev is refused" in output
    assert project.posts() == before


def _closed(folder: Path) -> Path:
    """Copy the sample's Reddit posts, those of webdev as of a private subreddit."""
    posts = items.lines(SAMPLE, "reddit")
    for post in posts:
        if post["data"]["subreddit"] == "webdev":
            post["data"]["subreddit_type"] = "private"
    return items.write(folder / "closed", reddit=posts)


def test_no_source_at_all_leaves_tables_that_dbt_can_read(project: Project) -> None:
    project.run("dlt", "pipeline", "issues", "run", ISSUES__SOURCES="[]")
    assert "ERROR=0" in project.build("issues")
    assert project.rows("select count(*) from silver.documents") == [(0,)]


def test_a_pipeline_that_fails_does_not_stop_the_next(project: Project) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        command = ["dlt", "pipeline", "run", *collecting(SAMPLE, *days(9, 9))[4:]]
        environment = recorded.environment(SAMPLE, server.url)
        process = project.start(*command, HF_ENDPOINT="http://127.0.0.1:9", **environment)
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "The Hub at http://127.0.0.1:9 does not answer" in output.splitlines()[-1]
    assert project.rows("select count(*) > 0 from bronze.raw_items") == [(True,)]


def test_a_source_that_is_not_configured_does_not_stop_those_named_with_it(
    project: Project,
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        environment = recorded.environment(SAMPLE, server.url) | {"REDDIT_CLIENT_ID": ""}
        process = project.start(
            *collecting(SAMPLE, *days(9, 9), "--source", "reddit", "github"), **environment
        )
        output, _ = process.communicate(timeout=300)
    assert process.returncode == 1, output
    assert "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set" in output.splitlines()[-1]
    assert project.rows("select distinct source from bronze.raw_items") == [("github",)]

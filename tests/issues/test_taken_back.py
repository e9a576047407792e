"""What an author, a moderator or a person of ours took back is in no layer, and stays out."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.issues.gold.mined import build, the_sample
from tests.issues.items import days
from tests.support import SAMPLE, Project, collecting, under

ONLY = (*days(9, 9), "--source", "reddit")


def with_removed(folder: Path, index: int, **changes: object) -> tuple[Path, dict]:
    """Copy the sample's posts of Reddit, one of them changed; return the one as it was."""
    posts = copy.deepcopy(items.lines(SAMPLE, "reddit"))
    before = copy.deepcopy(posts[index]["data"])
    posts[index]["data"] |= changes
    return items.write(folder, reddit=posts), before


def nth_of_day(day: str) -> int:
    """Return where in the file a post of a day is that says something."""
    wanted = [
        at
        for at, item in enumerate(items.lines(SAMPLE, "reddit"))
        if (post := items.READERS["reddit"](item)) and str(post.day) == day and post.body
    ]
    return wanted[0]


def files_with(folder: Path, text: str) -> list[str]:
    """Return the files of a data folder that hold a text, but for free blocks of a warehouse."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.suffix != ".duckdb" and text.encode() in file.read_bytes()
    ]


def test_what_its_source_takes_back_and_what_a_person_does_is_gone_and_does_not_come_again(
    project: Project, tmp_path: Path
) -> None:
    index = nth_of_day("2026-11-09")
    gone = {"selftext": "[removed]", "removed_by_category": "moderator"}
    after, post = with_removed(tmp_path / "after", index, **gone)
    before = items.write(tmp_path / "before", reddit=items.lines(SAMPLE, "reddit"))
    words = post["selftext"].split("\n")[0][:60]
    with ReplayServer(before, quota=0) as server:
        project.run(*collecting(before, *ONLY), **recorded.environment(SAMPLE, server.url))
    all_posts = project.posts()["bronze.raw_items"]
    data = project.folder / "data"
    assert any("posts_" in name for name in files_with(data, words))
    with ReplayServer(after, quota=0) as server:
        told = project.run(
            *collecting(after, *ONLY, "--refresh"), **recorded.environment(SAMPLE, server.url)
        )
    assert "1 posts were taken back at their source" in told
    left = project.posts()["bronze.raw_items"]
    assert len(left) == len(all_posts) - 1 and set(left) < set(all_posts)
    assert files_with(data, words) == []
    assert project.rows(
        "select native_id, reason, is_by_hand from bronze.tombstones "
        f"where native_id = '{post['id']}'"
    ) == [(post["id"], "removed by moderator", False)]
    # A person takes out another one, which its source still shows.
    [(url,)] = project.rows("select url from bronze.raw_items limit 1")
    note = project.run("python", "-m", "extract.forget", url)
    assert "taken out for good: 1 addresses, 0 authors; 1 posts in all" in note
    assert "bronze.raw_items" in note and "lines of run folders" in note
    with ReplayServer(before, quota=0) as server:
        project.run(
            *collecting(before, *ONLY, "--refresh"), **recorded.environment(SAMPLE, server.url)
        )
    urls = {row[0] for row in project.rows("select url from bronze.raw_items")}
    assert url not in urls
    assert any(post["permalink"] in found for found in urls), "what is shown again is back"


@pytest.mark.slow("a second look moves counters, and finds what vanished without a word")
def test_a_second_look_moves_counters_and_asks_for_what_it_missed(
    project: Project, tmp_path: Path
) -> None:
    of_day = [
        item for item in items.lines(SAMPLE, "hackernews") if "2026-11-09" in item["created_at"]
    ]
    voted, vanished, renamed = copy.deepcopy(of_day[:3])
    before = items.write(tmp_path / "before", hackernews=of_day)
    voted |= {"points": 812, "num_comments": 400}
    renamed["title"] = "It was renamed"
    later = [voted, renamed, *of_day[3:]]
    after = items.write(tmp_path / "after", hackernews=later)
    words = f"story {of_day[2]['title'].split()[0]}"
    queries = {"ISSUES__HACKERNEWS__QUERIES": json.dumps(["story", words])}
    end = int(datetime(2026, 11, 10, tzinfo=UTC).timestamp())

    def at(hours: int, folder: Path) -> str:
        with ReplayServer(folder, quota=0) as server:
            command = ["dlt", "pipeline", "issues", "run", "--source", "hackernews"]
            environment = recorded.environment(SAMPLE, server.url) | queries
            told = project.run(*under(command, f"now={end + hours * 3600}"), **environment)
            asked.append(len(server.requests))
        return told

    asked: list[int] = []
    at(1, before)
    rows = "select native_id, score from bronze.raw_items where collection_date = '2026-11-09'"
    assert dict(project.rows(rows))[voted["objectID"]] == of_day[0]["points"]
    told = at(50, after)
    assert "1 were taken back" in told
    scores = dict(project.rows(rows))
    assert len(scores) == len(of_day) - 1
    assert scores[voted["objectID"]] == 812
    assert vanished["objectID"] not in scores
    assert renamed["objectID"] in scores, "a search that no longer finds it is no removal"
    assert "asked again" not in at(60, after), "all is known"


@pytest.mark.slow(
    "a post of a mined warehouse leaves silver, gold and the reports, also of old days"
)
def test_a_post_of_an_issue_leaves_every_table_and_the_issues_are_made_without_it(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = the_sample(tmp_path_factory).copy(tmp_path)
    [(key, url, issue, title)] = project.rows(
        "select url_hash, url, issue_id, title from gold.issue_evidence "
        "inner join gold.issues using (cluster_date, cluster_id) "
        "where cluster_date = '2026-11-11' and not is_copy and position = 0 "
        "and cluster_size > 4 order by issue_id limit 1"
    )
    ids = "select cluster_date, cluster_id, issue_id from silver_staging.stg_issue_identities"
    before = sorted(project.rows(ids))
    note = project.run("python", "-m", "extract.forget", url)
    assert "gold.issue_evidence" in note and "silver_staging.stg_clusters" in note
    # Only the last day is built again: the others are repaired in place.
    project.run(*build(first="2026-11-15", last="2026-11-15"))
    found = {
        table: project.rows(
            f"select count(*) from {table} as one where contains(one::varchar, $${key}$$) "
            f"or contains(one::varchar, $${title}$$) or contains(one::varchar, $${url}$$)"
        )[0][0]
        for (table,) in project.rows(
            "select table_schema || '.' || table_name from information_schema.tables "
            "where table_type = 'BASE TABLE'"
        )
    }
    left = {table for table, count in found.items() if count}
    assert left <= {"bronze.tombstones", "gold.live_evidence"}
    still = "select count(distinct cluster_date) > 1 from gold.issues where issue_id = "
    assert project.rows(f"{still} '{issue}'") == [(True,)], "its issue goes on"
    old = [row for row in before if str(row[0]) < "2026-11-15"]
    assert [row for row in sorted(project.rows(ids)) if str(row[0]) < "2026-11-15"] == old

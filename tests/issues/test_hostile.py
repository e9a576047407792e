"""Hostile posts are stored or dropped with a count; nothing of theirs runs or breaks anything."""

import json
from collections import Counter
from pathlib import Path

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.issues.hostile import DAY, HostileServer
from tests.issues.items import days
from tests.support import SAMPLE, Project, collecting


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, HostileServer]:
    """Return the project after a run against the hostile server, and after a build."""
    project, folder = Project(tmp_path_factory.mktemp("attacked")), tmp_path_factory.mktemp("posts")
    with HostileServer(folder) as server:
        project.run(*collecting(folder, *days(9, 9)), **recorded.environment(folder, server.url))
        return project, server


def row(project: Project, source: str, server: HostileServer, name: str, columns: str) -> tuple:
    [number] = [number for number, case in server.cases[source].items() if case.name == name]
    [found] = project.rows(
        f"select {columns} from bronze.raw_items "
        f"where source = '{source}' and native_id = '{number}'"
    )
    return found


@pytest.mark.parametrize("source", items.FILES)
def test_each_is_stored_or_dropped_with_its_reason(
    attacked: tuple[Project, HostileServer], source: str
) -> None:
    project, server = attacked
    cases = server.cases[source]
    kept = {number for number, case in cases.items() if case.fate == "kept"}
    stored = project.rows(f"select native_id from bronze.raw_items where source = '{source}'")
    assert {cases[number].name for (number,) in stored} == {cases[n].name for n in kept}
    [(items_kept, dropped, why)] = project.rows(
        f"select items, dropped, dropped_why::varchar from bronze.collected_windows "
        f"where source = '{source}'"
    )
    fates = Counter(case.fate for case in cases.values() if case.fate != "kept")
    assert (items_kept, dropped, json.loads(why)) == (len(kept), fates.total(), fates)


@pytest.mark.slow("hostile posts, character by character")
@pytest.mark.parametrize("source", items.FILES)
def test_what_is_stored_is_what_was_sent_as_far_as_a_database_can_hold_it(
    attacked: tuple[Project, HostileServer], source: str
) -> None:
    project, server = attacked

    def found(name: str, columns: str = "title, body") -> tuple:
        return row(project, source, server, name, columns)

    assert found("1 MB", "body") == ("long " * 200_000,)
    if source == "github":
        assert found("15.9 MB", "length(body)") == (15_900_000,)
    assert found("NUL") == ("ab", "cd")
    assert found("half a surrogate pair") == ("a?b", "c?d")
    assert found("right to left") == ("\u202eeltit\u202c \u200f", "\u2066\u202e")
    assert found("SQL") == ("'); drop table bronze.raw_items; --", "' or 1=1; --")
    assert found("Jinja")[0] == "{{ 1 / 0 }}"
    assert found("body is no text", "body") == (None,)
    counter = "comment_count" if source == "github" else "score"
    assert found("huge number", counter) == found("number is no number", counter) == (None,)
    assert found("unknown keys", "raw::varchar")[0].count("deep") == 0
    assert project.rows("select distinct collection_date::varchar from bronze.raw_items") == [
        (DAY,)
    ]


def test_no_address_that_is_no_web_page_becomes_a_link(
    attacked: tuple[Project, HostileServer],
) -> None:
    project, server = attacked
    for case in server.cases["hackernews"].values():
        if case.name.startswith("link "):
            assert row(project, "hackernews", server, case.name, "link_url") == (None,), case.name


@pytest.mark.slow("posts without a usable time or address, through the command")
def test_reddit_posts_without_a_usable_time_or_address_are_dropped(
    project: Project, tmp_path: Path
) -> None:
    template = next(i for i in items.lines(SAMPLE, "reddit") if i["kind"] == "t3")
    changed = (
        {},
        {"created_utc": None},
        {"created_utc": "yesterday"},
        {"created_utc": -1},
        {"created_utc": 1e300},
        {"permalink": None},
        {"permalink": 7},
        {"permalink": "x" * 9000},
        {"name": None},
        {"name": ["t3"]},
    )
    posts = []
    for number, changes in enumerate(changed):
        own = {"id": f"r{number}", "name": f"t3_r{number}"}
        page = {"permalink": f"/r/devops/comments/r{number}/x/", "subreddit": "devops"}
        posts.append({"kind": "t3", "data": template["data"] | own | page | changes})
    posts += [{"kind": "t1", "data": posts[0]["data"] | {"name": "t1_x", "id": "x"}}]
    folder = items.write(tmp_path / "items", reddit=posts)
    with ReplayServer(folder, quota=0) as server:
        project.collect(folder, server.url)
    assert project.rows("select native_id from bronze.raw_items order by 1") == [
        ("r0",),
        ("r8",),
        ("r9",),
    ]
    [(dropped,)] = project.rows("select sum(dropped)::bigint from bronze.collected_windows")
    assert dropped == 8


@pytest.mark.slow("dbt over hostile posts")
def test_dbt_builds_on_hostile_posts_and_all_its_tests_pass(
    attacked: tuple[Project, HostileServer],
) -> None:
    project, _ = attacked
    output = project.build("issues")
    assert "ERROR=0" in output
    assert project.rows(
        "select count(*) - (select count(*) from bronze.raw_items) from silver.documents"
    ) == [(0,)]

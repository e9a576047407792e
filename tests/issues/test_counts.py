"""Bronze against an independent reading of the recorded posts: counts, values, what is left out."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.sample.replay import ReplayServer
from tests.issues import items
from tests.support import RECORDED, SAMPLE, Project, any_items, folders_of_items

FOLDERS = folders_of_items()
BUSY_FROM = 1_794_182_400  # 2026-11-09, UTC
CAP = 1000  # what Algolia and GitHub give of one search


@pytest.fixture(scope="module", params=any_items(), ids=lambda folder: folder.name)
def collected(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Project]:
    project = Project(tmp_path_factory.mktemp("collected"))
    with ReplayServer(request.param, quota=0) as server:
        project.collect(request.param, server.url)
    return request.param, project


def test_every_source_and_day_counts_what_the_file_has(collected: tuple[Path, Project]) -> None:
    folder, project = collected
    counted = Counter(
        (post.source, post.day) for posts in items.expected(folder).values() for post in posts
    )
    assert len(counted) == len(items.FILES) * 7
    found = project.rows(
        "select source, collection_date, sum(items)::bigint from bronze.collected_windows "
        "group by all"
    )
    assert {(source, day): count for source, day, count in found} == counted
    left_out = sum(len(items.lines(folder, name)) for name in items.FILES) - counted.total()
    assert left_out > 0
    pulls = sum(bool(item.get("pull_request")) for item in items.lines(folder, "github"))
    [(dropped,)] = project.rows("select sum(dropped)::bigint from bronze.collected_windows")
    assert dropped == left_out - pulls, "pull requests are not asked for, so none is dropped"


def test_every_post_is_there_once_with_the_values_of_the_file(
    collected: tuple[Path, Project],
) -> None:
    folder, project = collected
    rows = project.rows(f"select {items.ROW}, collection_date from bronze.raw_items")
    for source, posts in items.expected(folder).items():
        wanted = items.latest(posts)
        found = {row[3]: row for row in rows if row[0] == source}
        assert len(found) == sum(row[0] == source for row in rows)
        assert found.keys() == wanted.keys()
        for key, post in wanted.items():
            assert found[key] == (*post.row, post.day)


def test_a_link_post_names_the_page_it_points_at_and_no_other_post_does(
    collected: tuple[Path, Project],
) -> None:
    folder, project = collected
    wanted = {
        key: post
        for posts in items.expected(folder).values()
        for key, post in items.latest(posts).items()
    }
    linking = 0
    for key, link_url, link_hash in project.rows(
        "select url_hash, link_url, link_hash from bronze.raw_items"
    ):
        link = wanted[key].link
        if not (link or "").lower().startswith("http"):
            assert (link_url, link_hash) == (None, None)
            continue
        linking += 1
        assert link_url.startswith("https://")
        assert link_hash == hashlib.sha256(link_url.encode()).hexdigest()
    assert linking >= 10


def test_no_column_but_addresses_and_the_authors_own_words_names_an_author(
    collected: tuple[Path, Project],
) -> None:
    folder, project = collected
    posts = [post for found in items.expected(folder).values() for post in found]
    names = {post.author.lower() for post in posts if post.author and not post.author.isdigit()}
    for item in items.lines(folder, "stackoverflow"):
        names.add(item["owner"]["display_name"].lower())
    assert len(names) > 100
    columns = "* exclude (url, link_url, title, body, created_at, collected_at, raw)"
    for row in project.rows(f"select {columns}, raw::varchar from bronze.raw_items"):
        *values, raw = row
        said = {str(value).lower() for value in values} | set(strings(json.loads(raw)))
        assert not said & names


def strings(value: Any) -> list[str]:
    """Return all texts below a value, and keys, in lower case."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in strings(part)]
    if isinstance(value, list):
        return [text for part in value for text in strings(part)]
    return [str(value).lower()]


def test_every_day_of_every_query_is_covered_by_windows_that_touch(
    collected: tuple[Path, Project],
) -> None:
    _, project = collected
    windows = project.rows(
        "select source, query, collection_date, "
        "sum(epoch(window_end) - epoch(window_start))::bigint, bool_and(is_final), "
        "bool_or(truncated), min(epoch(window_start) - epoch(collection_date))::bigint "
        "from bronze.collected_windows group by all"
    )
    assert {row[3:] for row in windows} == {(86_400, True, False, 0)}
    queries = {row[:2] for row in windows}
    assert len(windows) == len({row[:3] for row in windows}) == 7 * len(queries)


@pytest.mark.slow("days above the cap through the whole command")
@pytest.mark.parametrize(
    "name",
    [
        "made up",
        *(pytest.param("recorded", marks=pytest.mark.slow("days of the real APIs above the cap")),)
        * (RECORDED in FOLDERS),
    ],
)
def test_days_above_the_cap_are_asked_for_in_halves(
    name: str, project: Project, tmp_path: Path
) -> None:
    folder = RECORDED if name == "recorded" else _busy_week(tmp_path / "busy")
    with ReplayServer(folder, quota=0) as server:
        project.collect(folder, server.url, "--source", "hackernews")
        asked = len(server.requests)
    windows = project.rows(
        "select collection_date, count(*), sum(items)::bigint, max(items) "
        "from bronze.collected_windows group by all order by all"
    )
    assert len(windows) == 7
    for _, count, total, most in windows:
        assert total > CAP > most
        assert count >= 2
    assert asked <= 2 * sum(count for _, count, _, _ in windows)


def _busy_week(folder: Path) -> Path:
    """Write a week of 1,300 stories a day, crowded in the mornings."""
    [template, *_] = items.lines(SAMPLE, "hackernews")
    stories = []
    for day in range(7):
        for number in range(1_300):
            at = BUSY_FROM + 86_400 * day + number * number // 40
            own = {"objectID": f"{day}{number:04d}", "created_at_i": at}
            stories.append(template | own | {"title": f"Story {number} of day {day}"})
    return items.write(folder, hackernews=stories)

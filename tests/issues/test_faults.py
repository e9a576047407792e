"""Sources with bad days: what they cost, and that bronze ends the same."""

from collections import Counter
from pathlib import Path

import pytest

from assay.runs import recorded
from assay.sample.replay import ReplayServer
from tests.issues.items import days
from tests.support import SAMPLE, Project, collecting, under

pytestmark = pytest.mark.slow("whole runs against sources with bad days end in the same tables")

BAD_DAY = ("429:0.1", "500:0.05", "cut:0.02")
WORSE_DAY = (
    "429-retry-after:0.05",
    "502-html:0.05",
    "503:0.05",
    "malformed:0.05",
    "gone:0.05",
    "github-secondary:0.1",
    "throttle:0.1",
)
QUIRKS = ("deprecation-link", "sticky", "token-life:1")
HURRY = "hurry=200"  # pauses of seconds are over in milliseconds, for both ends of the wire


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    project = Project(tmp_path_factory.mktemp("undisturbed"))
    with ReplayServer(SAMPLE, quota=0) as server:
        project.collect(SAMPLE, server.url)
    return project.posts()


@pytest.mark.parametrize(
    ("faults", "quirks", "seed"),
    [(BAD_DAY, (), 1), (BAD_DAY, QUIRKS, 2), (WORSE_DAY, QUIRKS, 3)],
    ids=["bad", "bad-and-quirky", "worse"],
)
def test_a_bad_day_ends_in_the_same_tables_as_a_good_one(
    project: Project,
    undisturbed: dict[str, list[tuple]],
    faults: tuple[str, ...],
    quirks: tuple[str, ...],
    seed: int,
) -> None:
    with ReplayServer(SAMPLE, quota=0, faults=faults, quirks=quirks, seed=seed) as server:
        project.run(*under(collecting(SAMPLE), HURRY), **recorded.environment(SAMPLE, server.url))
        asked = Counter(target for _, target, _ in server.requests)
        struck = Counter(answer for _, _, answer in server.requests if answer != 200)
    assert project.posts() == undisturbed
    assert len(struck) >= len(faults), f"{struck}: hardly anything struck, the test shows nothing"
    del asked["/reddit/www/api/v1/access_token"]  # a token that lives for a second is renewed
    assert max(asked.values()) <= 6, "once, and at most 5 retries"


def test_backoff_is_obeyed_or_the_next_answer_would_be_a_violation(
    project: Project, undisturbed: dict[str, list[tuple]]
) -> None:
    with ReplayServer(SAMPLE, quota=0, faults=["backoff:0.15"], seed=1) as server:
        project.collect(SAMPLE, server.url, "--source", "stackoverflow", *days(9, 12))
        answers = Counter(answer for _, _, answer in server.requests)
    assert set(answers) == {200, "backoff"} and answers["backoff"] <= 3
    found = project.posts()["bronze.raw_items"]
    assert len(found) == 16 + 17 + 16 + 21
    assert set(found) <= set(undisturbed["bronze.raw_items"])


def test_incomplete_results_are_read_again_and_what_stays_incomplete_is_asked_next_time(
    project: Project, undisturbed: dict[str, list[tuple]]
) -> None:
    with ReplayServer(SAMPLE, quota=0, faults=["incomplete:1"]) as server:
        output = project.collect(SAMPLE, server.url)
        asked = Counter(target for _, target, _ in server.requests if "/github/" in target)
    assert set(asked.values()) == {3}
    assert "(incomplete_results)" in output
    [(windows, truncated, final, reasons)] = project.rows(
        "select count(*), count(*) filter (truncated), count(*) filter (is_final), "
        "list(distinct reason) from bronze.collected_windows where source = 'github'"
    )
    assert (windows, truncated, final, reasons) == (7 * 20, 7 * 20, 0, ["incomplete_results"])
    [(some,)] = project.rows("select count(*) from bronze.raw_items where source = 'github'")
    assert 0 < some < 125

    with ReplayServer(SAMPLE, quota=0) as server:
        output = project.collect(SAMPLE, server.url)
        again = {target.split("?")[0] for _, target, _ in server.requests}
        assert again == {"/github/search/issues"}
        assert "(incomplete_results)" not in output
        asked = len(server.requests)
        project.collect(SAMPLE, server.url)
        assert len(server.requests) == asked
    assert project.posts() == undisturbed


def test_results_that_are_incomplete_now_and_then_become_whole_within_the_run(
    project: Project, undisturbed: dict[str, list[tuple]]
) -> None:
    with ReplayServer(SAMPLE, quota=0, faults=["incomplete:0.1"], seed=2) as server:
        project.collect(SAMPLE, server.url)
        struck = [answer for _, _, answer in server.requests if answer == "incomplete"]
    assert len(struck) > 5
    assert project.posts() == undisturbed


def test_one_source_that_is_down_costs_the_others_nothing_and_is_made_good_later(
    project: Project, undisturbed: dict[str, list[tuple]], tmp_path: Path
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        down = project.start(
            *collecting(SAMPLE),
            **recorded.environment(SAMPLE, server.url)
            | {"ISSUES__HACKERNEWS__ENDPOINT": "http://127.0.0.1:9/hackernews"},
        )
        output, _ = down.communicate(timeout=300)
        assert down.returncode == 1
        last = output.splitlines()[-1]
        assert "hackernews: Hacker News does not answer GET http://127.0.0.1:9/hackernews" in last
        assert "what was covered is loaded; run again for the rest" in last
        assert "Traceback" not in output
        assert project.rows("select distinct source from bronze.raw_items order by all") == [
            ("github",),
            ("reddit",),
            ("stackoverflow",),
        ]
        asked = len(server.requests)
        project.collect(SAMPLE, server.url)
        again = {target.split("?")[0] for _, target, _ in server.requests[asked:]}
    assert again == {"/hackernews/api/v1/search_by_date"}
    assert project.posts() == undisturbed


def test_a_subreddit_that_is_closed_is_recorded_and_asked_again_and_the_others_come(
    project: Project, undisturbed: dict[str, list[tuple]]
) -> None:
    with ReplayServer(SAMPLE, quota=0) as server:
        environment = recorded.environment(SAMPLE, server.url)
        names = environment["ISSUES__REDDIT__SUBREDDITS"]
        with_another = {"ISSUES__REDDIT__SUBREDDITS": names.replace("[", '["nosuchplace", ')}
        project.collect(SAMPLE, server.url, **with_another)
        asked = len(server.requests)
        project.collect(SAMPLE, server.url, **with_another)
        again = [target for _, target, _ in server.requests[asked:] if "/r/" in target]
    assert [target.split("?")[0] for target in again] == ["/reddit/oauth/r/nosuchplace/new"]
    assert project.posts()["bronze.raw_items"] == undisturbed["bronze.raw_items"]
    [(windows, reason)] = project.rows(
        "select count(*), any_value(reason) from bronze.collected_windows "
        "where query = 'nosuchplace' and truncated and not is_final"
    )
    assert windows == 7 and reason.startswith("refused: HTTP 404")

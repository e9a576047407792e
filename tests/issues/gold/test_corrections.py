"""What people correct holds: on every day, after every rebuild, until they take it back."""

import csv
import io
import json
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.issues.gold.mined import LAST, build, collected, mine, tables, the_sample
from tests.support import Project

pytestmark = pytest.mark.slow("corrections hold on all days, after rebuilds, until taken back")

SECOND_LAST = "2026-11-14"
# The machine's own steps: a correction makes it neither embed, cluster nor identify anything anew.
MACHINE = "forbid=embed,cluster,group,identify,map,connect"
NOTHING = f"{MACHINE},summarize,label"
COLUMNS = ("issue_id", "kind", "value", "post", "who", "why", "made_on")
INPUT_FILES = (
    "create table if not exists bronze.input_files (input_name varchar, path varchar, "
    "content varchar, csv_rows json, sha256 varchar, size bigint)"
)
INPUT = (
    "insert into bronze.input_files (input_name, path, content, csv_rows, sha256, size) "
    "values ('corrections', 'inputs/corrections.csv', ?, ?, '', 0)"
)
HOSTILE = "<script>alert(1)</script> '; drop table gold.issues; -- {{ 7 * 7 }}"


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the sample with all days mined."""
    return the_sample(tmp_path_factory)


def correct(project: Project, *said: dict[str, str]) -> None:
    """Put what inputs/corrections.csv would hold into bronze, as `dlt pipeline inputs run` does."""
    rows = [dict.fromkeys(COLUMNS) | one for one in said]
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    with duckdb.connect(str(project.folder / "data" / "assay.duckdb")) as connection:
        connection.execute(INPUT_FILES)
        connection.execute("delete from bronze.input_files where input_name = 'corrections'")
        connection.execute(INPUT, [text.getvalue(), json.dumps(rows)])


def say(issue: str, kind: str, value: str | None = None, **more: str) -> dict[str, Any]:
    told = {"who": "ann", "why": f"{kind} {HOSTILE}", "made_on": "2026-11-16"}
    return {"issue_id": issue, "kind": kind, "value": value} | told | more


def issues_of(project: Project, day: str = LAST) -> list[str]:
    """Return the issues of a day, those with most posts first."""
    return [
        issue
        for (issue,) in project.rows(
            f"select issue_id from gold.issues where cluster_date = '{day}' "
            "order by cluster_size desc, issue_id"
        )
    ]


def posts_of(project: Project) -> dict[tuple[str, str], set[str]]:
    """Return the posts of each issue and day."""
    found = defaultdict(set)
    for day, issue, post in project.rows(
        "select cluster_date::varchar, issue_id, url_hash from gold.issue_evidence "
        "join gold.issues using (cluster_date, cluster_id)"
    ):
        found[day, issue].add(post)
    return dict(found)


def test_every_kind_is_applied_on_all_days_and_taken_back_leaves_no_trace(
    mined: Project, tmp_path: Path
) -> None:
    project = mined.copy(tmp_path)
    target = {"DBT_TARGET_PATH": str(shutil.copytree(mined.folder / "target", tmp_path / "target"))}
    unseen = {"approve_llm": False, "llm_max_usd": 0}
    kept, gone, split, named, muted, none, fixed, *_ = issues_of(mined)
    before, posts = tables(mined), posts_of(mined)
    [(post, url)] = mined.rows(
        "select url_hash, url from gold.issue_evidence join gold.issues using "
        f"(cluster_date, cluster_id) where issue_id = '{split}' and cluster_date = '{LAST}' "
        "and not is_copy and is_problem order by position limit 1"
    )
    said = [
        say(gone, "merge", kept),
        say(split, "split_off", post=url),
        say(named, "title", HOSTILE),
        say(named, "category", "compliance"),
        say(named, "impact", "low"),
        say(muted, "mute"),
        say(none, "no_problem"),
        say(fixed, "fixed", "2.1"),
        say("ffffffffffffffff", "mute"),
    ]
    correct(project, *said)
    project.run(*build(MACHINE, **unseen), **target)
    after = posts_of(project)
    copies = {
        copy
        for (copy,) in project.rows(
            f"select url_hash from silver.documents where '{post}' in (url_hash, duplicate_of)"
        )
    }
    for (day, issue), own in posts.items():
        if issue == gone:
            assert (day, gone) not in after and own <= after[day, kept]
        elif issue == split:
            assert after.get((day, split), set()) == own - copies
        elif issue != kept:
            assert after[day, issue] == own, "of the others nothing changed"
    assert project.rows(f"select 1 from gold.watch_list where url_hash = '{post}'") == [(1,)]
    assert project.rows(
        "select from_issue_id, to_issue_id, happened_on::varchar from gold.issue_lineage "
        "where kind = 'merge_by_hand'"
    ) == [(gone, kept, "2026-11-16")]
    assert project.rows(
        "select distinct canonical_title, category, impact_level, category_confidence, "
        f"because.category from gold.issues where issue_id = '{named}'"
    ) == [
        (HOSTILE, "compliance", "low", None, f"corrected by ann on 2026-11-16: category {HOSTILE}")
    ]
    # Its impact level is by rank among the issues of the day, of which there is one less now.
    machine = "select cluster_date, canonical_title, category from gold.issues"
    beside = "select cluster_date, machine_title, machine_category from gold.issues"
    of_it = f"where issue_id = '{named}' order by all"
    assert project.rows(f"{beside} {of_it}") == mined.rows(f"{machine} {of_it}")
    # No word of the post that was split off is left in the issue that it was in.
    quoted = f"select unnest(quotes).url from gold.issues where issue_id = '{split}'"
    assert (url,) not in project.rows(quoted)
    for table in ("gold.published_issues", "gold.top_issues", "gold.rising_issues"):
        shown = {issue for (issue,) in project.rows(f"select distinct issue_id from {table}")}
        assert not shown & {gone, muted, none}, table
    [(aside, counted)] = project.rows(
        "select sum(set_aside)::int, sum(issues + set_aside)::int from gold.issues_by_category"
    )
    assert (aside, counted) == project.rows(
        "select count(*) filter (standing <> 'open'), count(*) from gold.issues"
    )[0]
    assert aside >= 2
    assert project.rows(f"select fixed_in from gold.top_issues where issue_id = '{fixed}'") == [
        ("2.1",)
    ]
    states = dict(project.rows("select issue_id || kind, state from gold.corrections"))
    assert states.pop("ffffffffffffffffmute") == "unknown"
    assert set(states.values()) == {"in_force"} and len(states) == len(said) - 1
    _reports_take_it_for_text(project)
    # The same again computes nothing and changes nothing.
    corrected = tables(project)
    project.run(*mine(NOTHING, **unseen), **target)
    assert tables(project) == corrected
    # A full refresh neither.
    project.run(*mine("forbid=embed,connect", **unseen), "--full-refresh", **target)
    assert tables(project) == corrected
    # Half is taken back by a row, the rest by deleting lines: no trace is left.
    back = [
        say(one["issue_id"], "revoke", one["kind"], made_on="2026-11-17")
        | {"post": one.get("post")}
        for one in said[:4]
    ]
    correct(project, *said[:4], *back)
    project.run(*mine(MACHINE, **unseen), **target)
    assert tables(project) == before


def _reports_take_it_for_text(project: Project) -> None:
    out = project.folder / "reports"
    project.run("python", "-m", "assay.publish.issue_report", "--out", str(out))
    page = (out / "issues.html").read_text(encoding="utf-8")
    assert "&lt;script&gt;alert(1)" in page and "<script" not in page


def test_a_correction_of_yesterday_holds_on_the_days_that_come(tmp_path: Path) -> None:
    whole = collected(tmp_path / "whole")
    with duckdb.connect(str(whole.folder / "data" / "assay.duckdb")) as connection:
        connection.execute("delete from bronze.raw_items where url_hash[1] > '5'")
    whole.run(*mine(first=SECOND_LAST, last=SECOND_LAST))
    kept, gone, muted, *_ = issues_of(whole, SECOND_LAST)
    said = [say(gone, "merge", kept), say(muted, "mute")]
    daily = whole.copy(tmp_path / "daily")
    for project in (whole, daily):
        correct(project, *said)
    daily.run(*mine(first=SECOND_LAST, last=SECOND_LAST))
    daily.run(*mine(first=LAST, last=LAST))
    whole.run(*mine(first=SECOND_LAST, last=LAST))
    assert tables(daily) == tables(whole), "how often somebody looks changes nothing"
    for day in (SECOND_LAST, LAST):
        found = issues_of(daily, day)
        assert kept in found and gone not in found
    assert daily.rows(f"select 1 from gold.top_issues where issue_id = '{muted}'") == []
    # Made anew from another first day on, issues have other ids, and are known again by posts.
    daily.run(*mine("forbid=embed,connect", first=LAST, last=LAST), "--full-refresh")
    assert not {kept, gone, muted} & set(issues_of(daily))
    told = daily.rows("select kind, state, state_because from gold.corrections order by kind")
    assert [(kind, state) for kind, state, _ in told] == [
        ("merge", "in_force"),
        ("mute", "in_force"),
    ]
    assert all(why.startswith("known again by its posts as ") for *_, why in told)
    assert daily.rows("select count(*) from gold.issues where standing = 'muted'") == [(1,)]

"""gold of the sample: the hidden themes, and every row as silver says by another way."""

import hashlib
import json
import math
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from assay.sample.judge import FOUND_SQL, judge
from tests.issues.gold.mined import the_sample
from tests.support import Project

MIN_ARI = 0.7
CATEGORIES = {
    "ai",
    "finance",
    "compliance",
    "logistics",
    "healthtech",
    "devtools",
    "ecommerce",
    "other",
}


@pytest.fixture(scope="module")
def mined(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the sample collected and mined, all seven days."""
    return the_sample(tmp_path_factory)


def test_the_hidden_themes_are_recovered_and_their_categories_named(mined: Project) -> None:
    verdict = judge(mined.rows(FOUND_SQL))
    assert (verdict.themes, verdict.posts) == (20, 416)
    assert verdict.ari >= MIN_ARI and verdict.evidence_ari >= 0.75, str(verdict)
    assert verdict.issues >= 30 and verdict.purity >= 0.85, str(verdict)
    assert verdict.labels >= 0.85, str(verdict)


def test_every_cluster_of_every_day_is_an_issue_with_label_summary_and_evidence(
    mined: Project,
) -> None:
    clusters = mined.rows("select cluster_date, cluster_id from silver.clusters order by all")
    assert {day for day, _ in clusters} == {date(2026, 11, 9 + number) for number in range(7)}
    assert mined.rows("select cluster_date, cluster_id from gold.issues order by all") == clusters
    assert (
        mined.rows("select distinct cluster_date, cluster_id from gold.issue_evidence order by all")
        == clusters
    )
    for title, category, description, impact, by in mined.rows(
        "select canonical_title, category, description, impact_level, labeled_by from gold.issues"
    ):
        assert 3 <= len(title) <= 120 and len(description) > 20
        assert category in CATEGORIES and impact in ("low", "medium", "high") and by == "local"
    assert mined.rows("select count(*) from silver.clusters where length(summary) < 20") == [(0,)]


def test_issues_and_evidence_agree_with_silver_row_by_row(mined: Project) -> None:
    documents = {
        row[0]: row
        for row in mined.rows(
            "select url_hash, duplicate_of, source, url, title, text, posted_at, "
            "coalesce(score, 0) + coalesce(comment_count, 0) from silver.documents"
        )
    }
    copies = defaultdict(list)
    for url_hash, original, *_ in documents.values():
        copies[original or url_hash].append(url_hash)
    wanted, sizes = set(), defaultdict(int)
    for day, cluster, url_hash, is_outlier in mined.rows(
        "select cluster_date, cluster_id, url_hash, is_outlier from silver.cluster_assignments"
    ):
        if is_outlier:
            continue
        sizes[day, cluster] += 1
        for key in copies[url_hash]:
            _, original, source, url, title, text, at, engagement = documents[key]
            if at.date() <= day:
                wanted.add(
                    (day, cluster, key, source, url, title, text, bool(original), engagement, at)
                )
    found = mined.rows(
        "select cluster_date, cluster_id, url_hash, source, url, title, body, is_copy, "
        "engagement, posted_at from gold.issue_evidence"
    )
    assert len(found) == len(set(found)) and set(found) == wanted
    assert any(row[7] for row in found), "copies are evidence"
    assert {
        (day, cluster): size
        for day, cluster, size in mined.rows(
            "select cluster_date, cluster_id, cluster_size from gold.issues"
        )
    } == dict(sizes), "and no weight"
    assert mined.rows(
        "select count(*) from gold.issues as i join silver.clusters as c "
        "using (cluster_date, cluster_id) join silver.issue_labels as l using (fingerprint) "
        "where i.canonical_title = l.canonical_title and i.category = l.category "
        "and i.description = l.description and i.quotes = l.quotes "
        "and i.would_pay_because is not distinct from l.would_pay_because "
        "and (i.would_pay_because is not null) = i.would_pay_signal "
        "and i.would_pay_signal = l.would_pay_signal and i.confidence = c.confidence"
    ) == mined.rows("select count(*) from gold.issues")


def test_a_fifth_of_each_day_is_high_and_quotes_are_in_the_evidence(mined: Project) -> None:
    days = defaultdict(list)
    for day, cluster, issue, score, people, level in mined.rows(
        "select cluster_date, cluster_id, issue_id, impact_score, people, impact_level "
        "from gold.issues"
    ):
        days[day].append((-score, -people, issue, cluster, level))
    for day, issues in days.items():
        if len(issues) < 5:
            continue
        levels = [level for *_, level in sorted(issues)]
        high, most = round(len(issues) / 5), round(len(issues) * 3 / 5)
        alone = sum(people == -1 for _, people, *_ in issues)  # is never high
        assert "high" not in levels[high:] and levels.count("high") >= high - alone, day
        assert "low" not in levels[:most] or alone, day
    texts = {
        (day, cluster, url): f"{title}\n{body}"
        for day, cluster, url, title, body in mined.rows(
            "select cluster_date, cluster_id, url, title, body from gold.issue_evidence"
        )
    }
    found = mined.rows("select cluster_date, cluster_id, quotes, because from gold.issues")
    for day, cluster, quotes, because in found:
        assert 1 <= len(quotes) <= 3 and all(because[n] for n in ("title", "category", "impact"))
        for quote in quotes:
            said = " ".join(texts[day, cluster, quote["url"]].split())
            assert " ".join(quote["text"].rstrip("\u2026").split()) in said


def test_the_posts_of_a_day_are_those_of_the_week_up_to_it_and_none_is_twice(
    mined: Project,
) -> None:
    posts = mined.rows(
        "select url_hash, coalesce(duplicate_of, url_hash), posted_at from silver.documents"
    )
    left_out = set(mined.rows("select url_hash from silver.post_kinds where left_out is not null"))
    assert len(left_out) < 0.05 * len(posts), "the rest of the sample can be evidence"
    for number in range(7):
        day = date(2026, 11, 9) + timedelta(days=number)
        wanted = sorted({original for _, original, at in posts if at.date() <= day})
        wanted = [key for key in wanted if (key,) not in left_out]
        assert mined.rows(
            f"select url_hash from silver.cluster_assignments where cluster_date = '{day}' "
            "order by url_hash"
        ) == [(key,) for key in wanted]


def test_trend_and_heat_are_what_their_description_says(mined: Project) -> None:
    last: dict[str, tuple] = {}
    for _, issue, key, source, engagement, is_problem, problem, subject, at, person in mined.rows(
        "select cluster_date, issue_id, url_hash, source, engagement, evidence.is_problem, "
        "problem_score, subject_score, posted_at, coalesce(author_hash, url_hash) "
        "from gold.issue_evidence as evidence join gold.issues using (cluster_date, cluster_id) "
        "join (select url_hash, author_hash, coalesce(duplicate_of, url_hash) as original "
        "from silver.documents) using (url_hash) "
        "join silver.problems as judged on judged.url_hash = original order by 1"
    ):
        sure = min(max(problem, 0) / 0.2, 1) * min(max(subject, 0) / 0.1, 1) * is_problem
        last[key] = (issue, source, engagement, sure, at.date(), person)
    by_day = defaultdict(list)
    for issue, source, engagement, sure, day, person in last.values():
        by_day[issue, day].append((source, engagement, sure, person))
    end = date(2026, 11, 15)
    wanted = {}
    for issue in {issue for issue, _ in by_day}:
        days = sorted(day for one, day in by_day if one == issue)
        for number in range((end - days[0]).days + 1):
            day = days[0] + timedelta(days=number)
            posts = by_day.get((issue, day), [])
            voices: dict[str, float] = {}
            for then in days:
                if then <= day and (day - then).days < 14:
                    for _, engagement, sure, person in by_day[issue, then]:
                        heat = (1 + math.log(1 + max(engagement, 0))) * 0.5 ** (
                            (day - then).days / 3
                        )
                        voices[person] = max(sure * heat, voices.get(person, 0))
            wanted[issue, day] = (
                len(posts),
                len({person for *_, person in posts}),
                len({source for source, *_ in posts}),
                sum(engagement for _, engagement, *_ in posts),
                pytest.approx(sum(voices.values()), abs=1e-3),
            )
    found = mined.rows(
        "select issue_id, day, items, people, sources, engagement, heat from gold.issue_trend"
    )
    assert {(issue, day): tuple(rest) for issue, day, *rest in found} == wanted


def test_people_and_states_of_an_issue_are_those_of_its_posts(mined: Project) -> None:
    raw = {
        key: json.loads(text)
        for key, text in mined.rows("select url_hash, raw from bronze.raw_items")
    }
    people, states = defaultdict(set), defaultdict(list)
    for day, cluster, key, source, person in mined.rows(
        "select cluster_date, cluster_id, url_hash, source, person from gold.issue_evidence"
    ):
        people[day, cluster].add(person)
        states[day, cluster].append(state_of(source, raw[key]))
    for day, cluster, *found in mined.rows(
        "select cluster_date, cluster_id, people, posts_open, posts_answered, posts_fixed, "
        "posts_declined from gold.issues"
    ):
        told = [state for state in states[day, cluster] if state]
        counts = [told.count(s) for s in ("open", "answered", "fixed", "declined")]
        assert found == [len(people[day, cluster]), *(counts if told else [None] * 4)]
    assert mined.rows(
        "select count(*) from gold.published_issues as p join gold.issues as i "
        "using (cluster_date, cluster_id) where p.people = i.people and p.people <= p.posts "
        "and p.posts_open is not distinct from i.posts_open"
    ) == mined.rows("select count(*) from gold.issues")


def state_of(source: str, raw: dict) -> str | None:
    if source == "github":
        if raw["state"] == "open":
            return "open"
        return "declined" if raw.get("state_reason") == "not_planned" else "fixed"
    if source == "stackoverflow":
        if raw.get("accepted_answer_id") or raw["is_answered"]:
            return "answered"
        return "declined" if raw.get("closed_date") else "open"
    return None


def test_the_rankings_say_what_issues_and_trend_say(mined: Project) -> None:
    top = mined.rows(
        "select t.issue_id, t.heat, t.heat_rank, r.heat, t.heat_change from gold.top_issues as t "
        "join gold.issue_trend as r on t.issue_id = r.issue_id and t.cluster_date = r.day "
        "order by t.heat_rank"
    )
    assert [rank for _, _, rank, _, _ in top] == list(range(1, len(top) + 1))
    heats = [heat for _, heat, *_ in top]
    assert heats == sorted(heats, reverse=True) == [row[3] for row in top]
    assert mined.rows("select count(*) from gold.issues where cluster_date = '2026-11-15'") == [
        (len(top),)
    ]
    rising = mined.rows("select issue_id, rise_rank from gold.rising_issues order by rise_rank")
    wanted = sorted((-change, issue) for issue, _, _, _, change in top if change > 0)
    assert [issue for issue, _ in rising] == [issue for _, issue in wanted]
    assert mined.rows(
        "select sum(issues)::int, sum(high_impact)::int from gold.issues_by_category"
    ) == mined.rows("select count(*), count(*) filter (impact_level = 'high') from gold.issues")


def test_issues_go_on_from_day_to_day_under_one_id(mined: Project) -> None:
    rows = mined.rows(
        "select i.cluster_date, i.issue_id, list(a.url_hash) from gold.issues as i "
        "join silver.cluster_assignments as a using (cluster_date, cluster_id) "
        "where not a.is_outlier group by all"
    )
    days = defaultdict(dict)
    for day, issue, members in rows:
        days[day][issue] = set(members)
    ordered = sorted(days)
    assert len(ordered) == 7 and all(len(days[day]) >= 20 for day in ordered[2:])
    for before, after in pairwise(ordered[2:]):
        both = days[before].keys() & days[after].keys()
        assert len(both) >= 0.95 * len(days[before]), f"{before} to {after}"
        shared = [
            len(days[before][one] & days[after][one])
            / min(len(days[before][one]), len(days[after][one]))
            for one in both
        ]
        assert sorted(shared)[len(shared) // 2] >= 0.7
    known = {issue for found in days.values() for issue in found}
    for start, end, kind, day in mined.rows("select * from gold.issue_lineage"):
        assert {start, end} <= known and start != end and kind in ("split", "merge")
        assert end in days[day]
    day_before = dict(zip(ordered[1:], ordered, strict=False))
    for start, _, _, day in mined.rows("select * from gold.issue_lineage where kind = 'merge'"):
        assert start in days[day_before[day]], "a merge is told on the day it happens, and once"


def test_a_problem_is_in_an_issue_or_on_the_watch_list_and_every_issue_in_a_topic(
    mined: Project,
) -> None:
    day = "2026-11-15"
    posts = mined.rows(
        "select url_hash from silver.topic_assignments join silver.problems using (url_hash) "
        f"where is_problem and cluster_date = '{day}' order by all"
    )
    told = mined.rows(
        "select url_hash from silver.cluster_assignments join silver.problems using (url_hash) "
        f"where is_problem and cluster_date = '{day}' and not is_outlier"
    )
    waiting = mined.rows("select url_hash from gold.watch_list")
    assert told and waiting and sorted(told + waiting) == posts
    assert mined.rows(
        "select cluster_date, cluster_id from gold.issue_topics order by all"
    ) == mined.rows("select cluster_date, cluster_id from gold.issues order by all")
    alone = mined.rows(
        "select 1 from silver.cluster_assignments as a join silver.documents as d "
        "on a.url_hash = coalesce(d.duplicate_of, d.url_hash) "
        "where not is_outlier group by cluster_date, cluster_id "
        "having count(distinct coalesce(author_hash, d.url_hash)) < 2"
    )
    assert alone == [], "what one person says is no issue"


def test_issue_ids_are_named_after_the_day_and_the_medoid_they_began_with(mined: Project) -> None:
    found = mined.rows(
        "select cluster_date, url_hash, issue_id from gold.issues "
        "join silver.cluster_assignments using (cluster_date, cluster_id) "
        "where position = 0 and cluster_date = '2026-11-09'"
    )
    assert found
    for day, medoid, issue in found:
        assert hashlib.sha256(f"{day}:{medoid}".encode()).hexdigest()[:16] == issue


def test_the_report_shows_every_issue_and_nothing_acts(mined: Project, tmp_path: Path) -> None:
    mined.run("python", "-m", "assay.publish.issue_report", "--out", str(tmp_path))
    page = (tmp_path / "issues.html").read_text(encoding="utf-8")
    assert page.count('<li class="issue">') == len(mined.rows("from gold.top_issues"))
    assert page.count('<circle class="post"') == len(mined.rows("from gold.issue_map"))
    assert page.count('<circle class="point"') == len(mined.rows("from gold.top_issues"))
    assert "<script" not in page and 'http-equiv="Content-Security-Policy"' in page

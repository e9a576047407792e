"""The files of the catalog's page say what the tables say, of what everybody may see."""

from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from assay.publish.catalog import files
from tests.publish.catalog.made import Exported, exported, once

__all__ = ["exported", "once"]  # fixtures

SEEN = "hf.current_models where not is_private"


def test_the_models_are_those_of_the_present_the_most_downloaded_first(once: Exported) -> None:
    facts = ("model_id", "author", "license", "license_terms", "downloads", "likes", "child_count")
    rows = once.rows("models", *facts)
    assert rows == once.ask(
        f"select {', '.join(facts)} from {SEEN} order by downloads desc, model_id"
    )
    assert len(rows) > 250
    assert once.manifest["models"] == once.manifest["of"] == len(rows)
    assert once.manifest["as_of"] == "2026-11-20T10:00:00+00:00"
    assert once.manifest["last_day"] == "2026-11-20"


def test_what_is_private_gone_or_no_longer_listed_is_in_no_file(exported: Exported) -> None:
    with exported.db() as db:
        db.execute("update hf.models set presence = 'gone' where n in (1, 4, 8)")
        db.execute("update hf.models set is_current = false where n in (1, 4, 8)")
        db.execute("update hf.model_profile set is_current = false where model_id in "
                   "(select model_id from hf.models where not is_current)")  # fmt: skip
    exported.export()
    hidden = {
        name
        for (name,) in exported.ask(
            "select model_id from hf.models where is_private or presence = 'gone'"
            " union all select dataset_id from hf.datasets where is_private and resolved_id is null"
        )
    }
    assert len(hidden) > 15
    ancestors = {name for (name,) in exported.ask("select ancestor_id from hf.model_lineage")}
    found = set()
    for path in exported.data.rglob("*.parquet"):
        for column in pq.read_table(path).columns:
            found |= {value for value in column.to_pylist() if value in hidden}
    # What another's public card names is public; nothing is said of it but its name.
    assert found <= ancestors
    said = exported.rows("lineage", "ancestor_id", "ancestor", "license", "license_terms")
    private = {name for (name,) in exported.ask("select model_id from hf.models where is_private")}
    assert all(row[1:] == (None, None, None) for row in said if row[0] in private)
    movers = {name for (name,) in exported.rows("movers", "model_id")}
    assert movers & hidden == set()


def test_the_strictest_licence_above_is_that_of_a_plain_walk(once: Exported) -> None:
    strictness = dict(
        once.ask(
            "select license_id, strictness from hf_staging.hf_license_terms"
            " inner join hf_staging.hf_license_strictness using (license_terms)"
        )
    )
    licenses = dict(once.ask("select model_id, license from hf.models where not is_private"))
    licenses["elsewhere/base"] = "gpl-3.0"
    strictest: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for model, ancestor in once.ask("select model_id, ancestor_id from hf.model_lineage"):
        if (asked := strictness.get(licenses.get(ancestor))) is not None:
            strictest[model].append((-asked, ancestor))
    expected = {
        model: (ancestor, licenses[ancestor], -asked)
        for model, found in strictest.items()
        for asked, ancestor in [min(found)]
    }
    columns = ("model_id", "strictest_ancestor", "strictest_license", "strictest_strictness")
    told = {row[0]: row[1:] for row in once.rows("models", *columns) if row[1]}
    assert told == {model: expected[model] for model in told}
    assert set(told) == set(expected) & set(once.names())
    assert len(told) > 20


def test_tasks_data_sets_and_papers_are_named_by_the_models_that_name_them(once: Exported) -> None:
    names = once.names()
    tasks = [task for (task,) in once.rows("tasks", "task_id")]
    ranked = [(names[m], tasks[t], rank) for t, m, rank in once.rows("model_tasks")]
    assert sorted(ranked) == once.ask(
        "select model_id, task_id, rank_in_task from hf.model_tasks "
        f"where model_id in (select model_id from {SEEN}) order by all"
    )
    data = [name for (name,) in once.rows("datasets", "dataset_id")]
    named = {(names[m], data[d]) for d, m in once.rows("model_datasets")}
    assert named == set(
        once.ask(
            "select model_id, coalesce(pairs.resolved_id, dataset_id)"
            " from hf.model_datasets as pairs inner join hf.datasets using (dataset_id)"
            f" where not is_private and model_id in (select model_id from {SEEN})"
        )
    )
    assert len(data) == len(set(data)) == len({name for _, name in named})
    assert any("renamed" in name for name in data)
    papers = [name for (name,) in once.rows("papers", "arxiv_id")]
    cited = {(names[m], papers[p]) for p, m in once.rows("model_papers")}
    assert cited == set(
        once.ask(
            "select model_id, arxiv_id from hf.model_articles"
            " inner join hf.articles using (arxiv_id)"
            f" where not is_template_leftover and model_id in (select model_id from {SEEN})"
        )
    )
    counted = dict(once.rows("papers", "arxiv_id", "models"))
    assert counted == {paper: sum(one == paper for _, one in cited) for paper in papers}
    authors = set(once.rows("papers", "authors"))
    assert authors == {("Ada One, Ben Two, Cy Three, Di Four and 1 more",)}


def test_every_day_of_a_model_is_in_the_file_that_its_place_says(
    exported: Exported, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("MODELS_IN_FILE", 100), ("HISTORY_IN_FILE", 16), ("HISTORY_CHUNK", 64)):
        monkeypatch.setattr(files, name, value)
    exported.export("--days", "7")
    names = exported.names()
    paths = sorted((exported.data / "history").glob("*.parquet"))
    assert len(paths) == -(-len(names) // 16)
    assert [len(exported.rows(f"models/{number:04}")) for number in (0, 1)] == [100, 100]
    found = []
    for number, path in enumerate(paths):
        rows = pq.read_table(path).to_pylist()
        assert {row["model"] // 16 for row in rows} == {number}
        assert all(names[row["model"]] == row["model_id"] for row in rows)
        found += [tuple(row.values())[1:] for row in rows]
    after = date(2026, 11, 20) - timedelta(7)
    assert sorted(found) == exported.ask(
        "select model_id, observed_on, stats.downloads, stats.likes, rank_in_task "
        "from hf.model_stats_daily as stats left join hf.model_rank_daily as ranks "
        "using (model_id, observed_on) "
        f"where model_id in (select model_id from {SEEN}) and observed_on > ? order by all",
        after,
    )
    assert len(exported.rows("sparks")) == len(names)


def test_movers_are_those_that_moved_most_each_way(once: Exported) -> None:
    movers = once.rows("movers", "task_id", "span_days", "movement", "growth", "model_id")
    assert {row[1] for row in movers} == {1, 7, 30}
    assert {row[2] for row in movers} == {"rose", "fell", "new"}
    assert all((row[2] == "fell") == (row[3] < 0) for row in movers if row[2] != "new")
    most = once.ask(
        "select movers.model_id from hf.model_movers as movers"
        " inner join hf.models using (model_id)"
        " where not is_private and listing = 'stayed' and task_id = 'fill-mask' and span_days = 7"
        " order by growth desc limit 1"
    )
    first = next(row for row in movers if row[:3] == ("fill-mask", 7, "rose"))
    assert [(first[4],)] == most


def test_what_posts_say_of_a_model_is_told_with_its_issues(once: Exported) -> None:
    names = once.names()
    told = once.rows("complaints", "model", "posts", "problem_posts", "title")
    assert {(names[row[0]], *row[1:3]) for row in told} == set(
        once.ask(
            "select entity_id, posts, problem_posts from gold.model_complaints "
            f"where entity_id in (select model_id from {SEEN})"
        )
    )
    assert {row[3] for row in told} == {"It answers in another language"}


def test_without_mined_posts_there_are_no_complaints_and_no_failure(exported: Exported) -> None:
    with exported.db() as db:
        db.execute("drop schema gold cascade")
    assert exported.export() == 0
    assert exported.manifest["complaints"] is False
    assert not (exported.data / "complaints.parquet").exists()


def test_only_the_most_downloaded_are_exported_when_there_are_more_than_asked_for(
    exported: Exported,
) -> None:
    exported.export("--most", "40")
    expected = exported.ask(
        f"select model_id from {SEEN} order by downloads desc, model_id limit 40"
    )
    assert [(name,) for name in exported.names()] == expected
    assert (exported.manifest["models"], exported.manifest["of"] > 250) == (40, True)
    assert {row[0] for row in exported.rows("model_tasks", "model")} <= set(range(40))


@pytest.mark.parametrize(
    ("counts", "letters"),
    [
        ([1, 2, 3], "0iz"),
        ([5, 5], "ii"),
        ([0, None, 10], "0.z"),
        ([None, None], None),
        ([], None),
        ([10, *[0] * 30], "i" * 30),
    ],
)
def test_a_spark_has_a_letter_a_day_from_lowest_to_highest(counts: list, letters: str) -> None:
    days = [date(2026, 11, 1) + timedelta(n) for n in range(len(counts))]
    assert files.spark(days, counts) == letters


def test_the_page_reads_no_integer_that_a_browser_cannot(once: Exported, tmp_path: Path) -> None:
    kinds = {
        str(field.type) for path in once.data.rglob("*.parquet") for field in pq.read_schema(path)
    }
    assert kinds == {"string", "int32", "double", "date32[day]"}

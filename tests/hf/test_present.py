"""What is present and what was, over three runs that are loaded out of order, on both databases."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.hf.thirty_days import FIRST, Run, Seen, run_folder
from tests.support import Project

pytestmark = pytest.mark.slow("the present and the history of the catalog, on both databases")

NOWHERE = "http://127.0.0.1:9"
BOTH = ["fill-mask", "translation"]


def run(day: int, available: list[str], listings: dict[str, list[str]], **more: tuple) -> Run:
    """Return a run of one day; a model is written `hub id name`, most downloaded first."""
    seen = {
        task: [
            Seen(*entry.split(), downloads=1_000 * day - place, likes=day)
            for place, entry in enumerate(entries)
        ]
        for task, entries in listings.items()
    }
    return Run(FIRST + timedelta(days=day), available, seen, **more)


FIRST_RUN = run(
    1, BOTH, {"fill-mask": ["1 old/heron", "2 a/kept", "3 a/fell"], "translation": ["5 a/two"]}
)
SECOND_RUN = run(2, BOTH, {"fill-mask": ["2 a/kept", "1 new/heron", "4 me/soon"]})
THIRD_RUN = run(3, ["fill-mask"], {"fill-mask": ["1 new/heron", "2 A/Kept"]}, withdrawn=("4", "77"))


def load(project: Project, one: Run) -> None:
    """Load a run, look at what its models name, and build."""
    folder = str(run_folder(project.folder / "data" / "raw" / "hf", one).path)
    project.load(NOWHERE, "--run-folder", folder)
    project.run(
        *("dlt", "pipeline", "hf_enrichment", "run", "--identify-only", "--run-folder", folder),
        *("--select", "licenses", "--destination", project.target),
    )
    project.build()


def day(number: int) -> date:
    return (FIRST + timedelta(days=number)).date()


def models(project: Project) -> list[tuple]:
    return project.rows(
        "select model_id, hub_id, downloads, is_current, created_at, last_synced_at "
        "from hf.models order by 2"
    )


def test_an_older_run_fills_in_and_what_is_gone_renamed_or_private_is_told(
    any_project: Project, tmp_path: Path
) -> None:
    first, second, third = FIRST_RUN.at, SECOND_RUN.at, THIRD_RUN.at
    load(any_project, SECOND_RUN)
    present = "select model_id, rank_in_task from hf.model_tasks where task_id = 'fill-mask'"
    listed = [("a/kept", 1), ("me/soon", 3), ("new/heron", 2)]
    assert sorted(any_project.rows(present)) == listed

    load(any_project, FIRST_RUN)
    assert sorted(any_project.rows(present)) == listed, "the present is the newest listing's"
    assert models(any_project) == [
        ("new/heron", "1", 1999, True, first, second),
        ("a/kept", "2", 2000, True, first, second),
        ("a/fell", "3", 998, False, first, first),
        ("me/soon", "4", 1998, True, second, second),
        ("a/two", "5", 1000, True, first, first),
    ]
    history = (
        "select observed_on, downloads from hf.model_stats_daily "
        "where model_id = 'new/heron' order by 1"
    )
    assert any_project.rows(history) == [(day(1), 1000), (day(2), 1999)]
    assert any_project.rows("select old_id, model_id from hf.model_renames") == [
        ("old/heron", "new/heron")
    ]
    licensed = "select model_id, created_at from hf.model_licenses order by 1"
    assert [row[0] for row in any_project.rows(licensed)] == [
        "a/fell",
        "a/kept",
        "a/two",
        "me/soon",
        "new/heron",
    ]

    load(any_project, THIRD_RUN)
    assert models(any_project) == [
        ("new/heron", "1", 3000, True, first, third),
        ("A/Kept", "2", 2999, True, first, third),
        ("a/fell", "3", 998, False, first, first),
        ("a/two", "5", 1000, False, first, first),
    ]
    assert sorted(any_project.rows("select model_id, task_id from hf.model_tasks")) == [
        ("A/Kept", "fill-mask"),
        ("new/heron", "fill-mask"),
    ], "a task that the Hub no longer has lists nothing"
    assert any_project.rows(
        "select task_id, is_current, last_seen_at from hf.tasks order by 1"
    ) == [("fill-mask", True, third), ("translation", False, second)]
    ranks = (
        "select observed_on, rank_in_task from hf.model_rank_daily "
        "where model_id = 'A/Kept' order by 1"
    )
    assert any_project.rows(ranks) == [(day(1), 2), (day(2), 1), (day(3), 2)]
    assert [row[0] for row in any_project.rows(licensed)] == sorted(
        ["A/Kept", "a/fell", "a/two", "new/heron"]
    )
    profile = "select model_id, is_current, keyword_count, identified_at from hf.model_profile"
    assert sorted(any_project.rows(profile)) == [
        ("A/Kept", True, None, third),
        ("a/fell", False, None, first),
        ("a/two", False, None, first),
        ("new/heron", True, None, third),
    ], "keywords were not looked at: how many there are is unknown"
    assert sorted(any_project.rows("select model_id from hf.current_models")) == [
        ("A/Kept",),
        ("new/heron",),
    ]
    for table in ("hf.models", "hf.model_stats_daily", "hf.model_rank_daily", "bronze.hf_models"):
        count = f"select count(*) from {table} where model_id = 'me/soon'"
        assert any_project.rows(count) == [(0,)], table

    # Nothing of it changes when the first run is loaded once more.
    before = models(any_project)
    load(any_project, FIRST_RUN)
    assert models(any_project) == before
    load(any_project, SECOND_RUN)
    assert models(any_project) == before

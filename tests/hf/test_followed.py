"""Models that fall out of a listing, vanish, come back and are withdrawn, on both databases."""

from datetime import timedelta

import pytest

from tests.hf.thirty_days import FIRST, Run, Seen, run_folder
from tests.support import Project

pytestmark = pytest.mark.slow("fallen out, gone and withdrawn models, on both databases")

NOWHERE = "http://127.0.0.1:9"
PRESENCE = "select model_id, presence, gone_reason, last_seen_in from hf.models order by 1"


def load(project: Project, one: Run) -> None:
    """Load a run that followed models by name, and build."""
    folder = run_folder(project.folder / "data" / "raw" / "hf", one)
    project.load(NOWHERE, "--run-folder", str(folder.path))
    project.build_catalog()


def listed(day: int, *names: str, **more: object) -> Run:
    seen = [Seen(f"id-{name}", name, 1_000 * day + 9, day) for name in names]
    return Run(FIRST + timedelta(days=day), ["fill-mask"], {"fill-mask": seen}, **more)


def test_what_no_listing_shows_is_counted_on_told_apart_and_withdrawn(any_project: Project) -> None:
    load(any_project, listed(1, "a/top", "a/fell", "a/gone", "a/unasked"))
    load(
        any_project,
        listed(2, "a/top", followed=(Seen("id-a/fell", "a/fell", 77, 3),), absent=("a/gone",)),
    )
    assert any_project.rows(PRESENCE) == [
        ("a/fell", "fallen_out", None, "followed"),
        ("a/gone", "gone", "not_found", "fill-mask"),
        ("a/top", "listed", None, "fill-mask"),
        ("a/unasked", "unknown", None, "fill-mask"),
    ]
    counts = "select downloads from hf.model_stats_daily where model_id = 'a/fell' order by 1"
    assert any_project.rows(counts) == [(77,), (1009,)]
    assert any_project.rows("select model_id from hf.model_listings") == [("a/top",)]

    # Who comes back is there again; who is not there on a later day either goes from all tables.
    load(any_project, listed(3, "a/top", "a/unasked", gone=(("id-a/gone", "a/gone"),)))
    assert any_project.rows(PRESENCE) == [
        ("a/fell", "fallen_out", None, "followed"),
        ("a/top", "listed", None, "fill-mask"),
        ("a/unasked", "listed", None, "fill-mask"),
    ]
    for table in ("hf.model_stats_daily", "hf.model_rank_daily", "bronze.hf_models"):
        assert any_project.rows(f"select * from {table} where model_id = 'a/gone'") == [], table
    staged = "select count(*) from hf_staging.int_hf__absences where model_id = 'a/gone'"
    assert any_project.rows(staged) == [(0,)]

"""What the tests of mining in dbt share: a mined sample, its commands, its tables as text."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from assay.sample.replay import ReplayServer
from tests.sample_run import the_run
from tests.support import QUICK, SAMPLE, UNTESTED, Project

FIRST, LAST = "2026-11-09", "2026-11-15"
# In the order of the flow; what a run leaves that depends on nothing but its input.
TABLES = (
    "silver.embeddings",
    "silver.post_models",
    "silver.post_products",
    "silver.problems",
    "silver.cluster_assignments",
    "silver.cluster_summaries",
    "silver.clusters",
    "silver.items",
    "silver.issue_labels",
    "gold.issues",
    "gold.issue_evidence",
    "gold.issue_lineage",
    "gold.issue_models",
    "gold.issue_products",
    "gold.model_complaints",
    "gold.issue_trend",
    "gold.published_issues",
    "gold.top_issues",
    "gold.rising_issues",
    "gold.issues_by_category",
    "gold.issue_map",
)


def build(
    *circumstances: str,
    first: str = FIRST,
    last: str = LAST,
    select: str = "tag:issues",
    **more: object,
) -> list[str]:
    """Return the command that mines a range of days and tests the tables; `more` are vars."""
    given = {"cluster_start": first, "cluster_date": last} | more
    return _dbt(("build",), circumstances, given, select)


def mine(
    *circumstances: str,
    first: str = FIRST,
    last: str = LAST,
    select: str = "tag:issues",
    **more: object,
) -> list[str]:
    """Return the command that mines a range of days, without the data tests; `more` are vars."""
    untested = ("build", *UNTESTED)
    given = {"cluster_start": first, "cluster_date": last} | more
    return _dbt(untested, circumstances, given, select)


def _dbt(
    how: Sequence[str], circumstances: Sequence[str], given: dict[str, object], select: str
) -> list[str]:
    command = [*how, *QUICK, "--select", select, "--vars", json.dumps(given)]
    return [sys.executable, "-m", "tests.issues.gold.building", *circumstances, *command]


def collected(folder: Path, items: Path = SAMPLE) -> Project:
    """Return a project that has the posts of a folder of items, and nothing built."""
    project = Project(folder)
    with ReplayServer(items, quota=0) as server:
        project.collect(items, server.url)
    return project


def the_sample(folders: pytest.TempPathFactory) -> Project:
    """Return the sample with all seven days mined and tested, as `make run` leaves it: made once
    for all workers, who read it or take a copy."""
    return the_run(folders)


def tables(project: Project) -> dict[str, list[tuple]]:
    """Return the mined tables value by value."""
    return {
        table: project.rows(f"select columns(*)::varchar from (select * from {table}) order by all")
        for table in TABLES
    }

"""Thirty days loaded and built in several orders end in the same tables, those of a plain count."""

import random
from collections.abc import Callable
from datetime import timedelta

import duckdb
import pytest

from assay.extract.hub import apart, bronze
from tests.hf.thirty_days import FIRST, TASKS, Run, counted, history, run_folder, tables
from tests.support import QUICK, Project

# What the count knows of, and what these tables are made of.
BUILD = ("dbt", "run", *QUICK, "--select", "+model_tasks", "model_rank_daily", "model_listings")
TABLES = (bronze.TASKS, bronze.MODELS, bronze.LISTINGS, bronze.TASK_PAGES, bronze.WITHDRAWN)


class Loader:
    """Loads run folders as the pipeline does, but for dlt, which would take most of the time."""

    def __init__(self, project: Project) -> None:
        self._path = project.folder / "data" / "assay.duckdb"
        self._runs = project.folder / "data" / "raw" / "hf"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._earlier: list[apart.Earlier] = []
        with duckdb.connect(self._path) as connection:
            connection.execute("create schema if not exists bronze")
            for table in TABLES:
                empty = table.empty()  # noqa: F841 - DuckDB reads it by its name
                connection.execute(f"create table bronze.{table.name} as from empty")
                for column in table.json_columns:
                    connection.execute(f"alter table bronze.{table.name} alter {column} type json")

    def load(self, run: Run) -> None:
        """Load one run, keeping apart what the project keeps apart."""
        folder = run_folder(self._runs, run)
        now = bronze.totals(folder)
        why = apart.reasons(now, folder.run_id, run.at, self._earlier)
        assert set(why) == run.apart
        self._earlier += [
            apart.Earlier(task, folder.run_id, totals, run.at)
            for task, totals in now.items()
            if task not in why
        ]
        self._earlier.sort(key=lambda one: one.observed_at)
        rows = (
            bronze.tasks(folder),
            bronze.models(folder),
            bronze.listings(folder, why),
            bronze.task_pages(folder),
            bronze.withdrawn(folder),
        )
        with duckdb.connect(self._path) as connection:
            connection.execute("set timezone = 'UTC'")
            for table, batches in zip(TABLES, rows, strict=True):
                for batch in batches:  # noqa: B007 - DuckDB reads it by its name
                    names = ", ".join(table.schema.names)
                    connection.execute(
                        f"insert into bronze.{table.name} ({names}) select {names} from batch"
                    )


def shuffled(runs: list[Run]) -> list[Run]:
    # A half listing with nothing to compare it with could only be believed.
    first, *rest = runs
    return [first, *random.Random(3).sample(rest, len(rest))]


ORDERS: dict[str, tuple[Callable[[list[Run]], list[Run]], set[int]]] = {
    "as they came": (list, {0, 9, 10, 16, 27}),
    "backwards": (lambda runs: runs[::-1], {0, 12, 18}),
    "shuffled": (shuffled, {3, 8, 15}),
    "all before one build": (shuffled, set()),
}


def test_days_loaded_backwards_around_a_build_end_in_the_tables_of_a_plain_count(
    project: Project,
) -> None:
    # Up to a rename, a taken-over name, a day without a run, one with two and one of zeros.
    runs = [run for run in history() if run.at < FIRST + timedelta(days=12)]
    loader = Loader(project)
    for run in runs[:5:-1]:
        loader.load(run)
    project.run(*BUILD)
    for run in runs[5::-1]:
        loader.load(run)
    project.run(*BUILD)
    expected, found = counted(runs), tables(project.rows)
    for table, rows in expected.items():
        assert found[table] == rows, table


@pytest.mark.slow("thirty days of the catalog, built several times in several orders")
@pytest.mark.parametrize("order", ORDERS)
def test_thirty_days_end_in_the_same_tables_in_every_order(project: Project, order: str) -> None:
    runs = history()
    arranged, builds = ORDERS[order]
    loader = Loader(project)
    for number, run in enumerate(arranged(runs)):
        loader.load(run)
        if number in builds:
            project.build_catalog(tested=False)
    project.build_catalog()
    expected, found = counted(runs), tables(project.rows)
    for table, rows in expected.items():
        assert found[table] == rows, table
    left = project.rows("select count(distinct (task_id, run_id)) from bronze.hf_models")
    kept_apart = sum(len(run.apart) for run in runs)
    last = len(TASKS) + 1  # and who was followed by name
    assert left == [(last + kept_apart,)], "bronze keeps the last listings and those kept apart"

"""Fixtures for all areas: a project with a warehouse of its own, on DuckDB and on real Postgres."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import psycopg2
import pytest

from tests import forks, servers, tiers
from tests.lake import lakes
from tests.postgres_server import postgres
from tests.support import ROOT, STAGE, Project

# Nothing may download while tests run; loopback servers are still asked.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["DO_NOT_TRACK"] = "1"


def pytest_configure(config: pytest.Config) -> None:
    """Let the workers of a session share the process that forks commands."""
    if config.getoption("dist", "no") != "no" and os.environ.get("ASSAY_TEST_FORKS") != "0":
        forks.share()


@pytest.hookimpl(tryfirst=True)  # before -m leaves any out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what waits for `make test-all` or the night, and begin with the files that take long, so
    that no worker is left with one at the end."""
    named = {one for _, held in tiers.promises() for one in held}
    for item in items:
        file, name = str(item.path.relative_to(ROOT)), item.name.partition("[")[0]
        if file in tiers.MORE and (file, name) not in named:
            item.add_marker(pytest.mark.ci(tiers.MORE[file]))
        if item.get_closest_marker("slow") and (waiting := tiers.night(file, item.name)):
            item.add_marker(pytest.mark.night(waiting))
    order = {tests_file: at for at, tests_file in enumerate(tiers.COMMANDS)}
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(
        key=lambda item: order.get(
            str(item.path.relative_to(ROOT)), -1 if item.path in slow else len(order)
        )
    )


# A busy machine is slow by itself: how long an example takes says nothing about the code.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


@pytest.fixture(scope="session")
def postgres_host() -> Iterator[str]:
    """Start a real Postgres on a Unix socket for the session and return the socket's folder."""
    with postgres(STAGE / "postgres") as host:
        yield host


@pytest.fixture(autouse=True)
def _commands_end_with_their_test() -> Iterator[None]:
    """Kill what a failed test leaves running."""
    with servers.ended():
        yield


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return the project with an empty DuckDB warehouse."""
    return Project(tmp_path)


@contextmanager
def empty_postgres(folder: Path, host: str, like: str = "template1") -> Iterator[Project]:
    """Make a database, empty or like another, and drop it afterwards; yield the project on it."""
    admin = psycopg2.connect(host=host, user="postgres", dbname="postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"create database assay template {like}")
    settings = {"POSTGRES_HOST": host, "POSTGRES_USER": "postgres", "POSTGRES_DB": "assay"}
    try:
        yield Project(folder, "postgres", tuple(settings.items()))
    finally:
        with admin.cursor() as cursor:
            cursor.execute("drop database assay with (force)")
        admin.close()


@pytest.fixture
def postgres_project(tmp_path: Path, postgres_host: str) -> Iterator[Project]:
    """Return the project with an empty Postgres database."""
    with empty_postgres(tmp_path, postgres_host) as project:
        yield project


@pytest.fixture
def lake_project(tmp_path: Path) -> Project:
    """Return the project with an empty lake, whose catalog is a file."""
    project = lakes.on_file(tmp_path)
    with project.lake(make=True):
        return project


@pytest.fixture(
    params=[
        "project",
        pytest.param("postgres_project", marks=pytest.mark.slow("the same on Postgres")),
        pytest.param("lake_project", marks=pytest.mark.slow("the same on a lake")),
    ],
    ids=["duckdb", "postgres", "ducklake"],
)
def any_project(request: pytest.FixtureRequest) -> Project:
    """Return the project on each of the databases in turn."""
    return request.getfixturevalue(request.param)

"""A PocketBase and a Chromium for each file of tests, a clean database and window for each test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.publish.web import records, server
from tests.publish.web.browser import Visit, launch
from tests.publish.web.chromium import CHROMIUM

Visitor = Callable[..., Visit]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; without one the tests fail and say what to do."""
    if missing := CHROMIUM.missing():
        pytest.fail(missing, pytrace=False)
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.PocketBase]:
    """Start a PocketBase with empty collections."""
    server.there()
    pocketbase = server.PocketBase(tmp_path_factory.mktemp("pocketbase"))
    try:
        pocketbase.begin()
        yield pocketbase
    finally:
        pocketbase.close()


@pytest.fixture
def pocketbase(served: server.PocketBase) -> server.PocketBase:
    """Return a PocketBase without records."""
    served.clear()
    return served


@pytest.fixture
def visitor(browser: Browser, served: server.PocketBase) -> Iterator[Visitor]:
    """Return a function that opens a window; at the end nothing may have gone wrong in any."""
    visits: list[Visit] = []

    def visit(**options: Any) -> Visit:
        visits.append(Visit.begin(browser, served.url, **options))
        return visits[-1]

    yield visit
    wrong = [trouble for one in visits for trouble in one.trapped()]
    foreign = [url for one in visits for url in one.foreign()]
    for one in visits:
        one.context.close()
    assert wrong == []
    assert foreign == []


@pytest.fixture
def visit(visitor: Visitor, pocketbase: server.PocketBase) -> Visit:
    """Return a window on a desktop, not opened yet; the database is empty."""
    return visitor()


@pytest.fixture
def forty(pocketbase: server.PocketBase) -> list[records.Record]:
    """Publish forty issues, the first three with posts, and return the issues, hottest first."""
    issues = [records.issue(number) for number in range(40)]
    posts = [records.post(issue, number) for issue in issues[:3] for number in range(7)]
    pocketbase.put(issues, posts)
    return sorted(issues, key=lambda issue: (-issue["heat"], issue["issue_id"]))

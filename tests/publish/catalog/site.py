"""The catalog's page on a plain server of static files, and a window in which it is open."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import duckdb
import pytest
from playwright.sync_api import Browser, Page, expect

from assay.publish.catalog import command
from tests.publish.catalog.made import warehouse_of_300
from tests.publish.web.browser import Visit
from tests.publish.web.conftest import browser

__all__ = ["browser"]  # a fixture, without which no window opens

Ask = Callable[..., list[tuple[Any, ...]]]
SEEN = "hf.current_models where not is_private"


class Handler(SimpleHTTPRequestHandler):
    """Files as they lie there, with no word about each."""

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@contextmanager
def static(folder: Path) -> Iterator[str]:
    """Serve a folder as any server of static files does; the value is its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class Site:
    """A warehouse, what was exported of it, and where that is served."""

    def __init__(self, folder: Path) -> None:
        self.warehouse, self.out, self.url = folder / "assay.duckdb", folder / "out", ""
        self.warehouse.write_bytes(warehouse_of_300().read_bytes())

    def change(self, *statements: tuple[str, list[Any]]) -> None:
        with duckdb.connect(str(self.warehouse)) as db:
            for sql, values in statements:
                db.execute(sql, values)

    def export(self, *options: str) -> Self:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DUCKDB_PATH", str(self.warehouse))
            patch.delenv("ASSAY_TARGET", raising=False)
            assert command.main(["--out", str(self.out), *options]) == 0
        return self

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as db:
            return db.execute(sql).fetchall()

    def column(self, sql: str) -> list[Any]:
        return [value for (value,) in self.ask(sql)]


class Window(Visit):
    """One person's window on the catalog."""

    def open(self, query: str = "") -> Page:
        """Go to the page and wait until it has loaded all models."""
        self.page.goto(f"{self.url}/catalog.html{query}")
        self.ready()
        return self.page

    def ready(self) -> None:
        """Wait until every list that is needed is there."""
        expect(self.page.locator("#list")).to_have_attribute("aria-busy", "false")
        expect(self.page.locator("#count")).not_to_contain_text("oading")


Windows = Callable[..., Window]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a made catalog of 300 models, which no test changes."""
    made = Site(tmp_path_factory.mktemp("catalog")).export()
    with static(made.out) as made.url:
        yield made


@pytest.fixture
def own_site(tmp_path: Path) -> Iterator[Site]:
    """Serve a made catalog that a test may change; it is not exported yet."""
    made = Site(tmp_path)
    made.out.mkdir()
    with static(made.out) as made.url:
        yield made


@pytest.fixture
def windows(browser: Browser) -> Iterator[Windows]:
    """Return a function that opens a window; at the end nothing may have gone wrong in any."""
    opened: list[Window] = []

    def window(of: Site, **options: Any) -> Window:
        opened.append(Window.begin(browser, of.url, **options))
        return opened[-1]

    yield window
    wrong = [trouble for one in opened for trouble in one.trapped()]
    foreign = [url for one in opened for url in one.foreign()]
    for one in opened:
        one.context.close()
    assert wrong == []
    assert foreign == []


@pytest.fixture
def window(windows: Windows, site: Site) -> Window:
    """Return a window on a desktop, not opened yet."""
    return windows(site)

"""The catalog's page with many models: time to the first rows and to an answer, and bytes loaded.

    python -m benchmarks.hub.catalog_page [--models 50000] [--days 31] [--slowdown 4]

A made catalog is exported and served as plain files; a Chromium of the machine opens the page as a
desktop, and as a phone, whose processor is slowed down. Times are those of the page's own clock.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
from playwright.sync_api import Browser, Page, sync_playwright

from assay.publish.catalog import command
from benchmarks.hub import made_catalog

# Names of the program, where CHROMIUM does not give its path.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 300
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# When the first row came, and when all models were there, on the page's own clock.
WATCH = """
new MutationObserver(() => {
  if (document.querySelector(".row")) window.firstRow ??= performance.now();
  const count = document.getElementById("count")?.textContent ?? "";
  if (/ models$/.test(count)) window.allModels ??= performance.now();
}).observe(document, { childList: true, subtree: true, characterData: true });
"""
# What a person does, and what the page's own measure of it is called.
ACTIONS = {
    "a filter": "document.querySelector('[name=terms][value=permissive]').click()",
    "a letter of a search": "search.value += 'b'; search.dispatchEvent(new Event('input'))",
    "another order": "sort.value = 'likes'; sort.dispatchEvent(new Event('change'))",
    "a task, ranked": "filters.elements.task.value = 'fill-mask'; "
    "filters.dispatchEvent(new Event('change')); "
    "filters.elements.task.dispatchEvent(new Event('change', { bubbles: true }))",
}


def main(argv: list[str] | None = None) -> int:
    """Make, export, open and print; return the process's exit code."""
    args = _arguments(argv)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        os.environ |= {"DUCKDB_PATH": str(folder / "assay.duckdb"), "ASSAY_TARGET": "duckdb"}
        with duckdb.connect(str(folder / "assay.duckdb")) as db:
            # One of fifteen made models is private, or listed no more.
            made = args.models * 15 // 14
            made_catalog.make(db, made, args.days, things=max(60, args.models // 100))
        started = time.monotonic()
        manifest = command.export(None, folder / "out")
        seconds = time.monotonic() - started
        sizes = [path.stat().st_size for path in (folder / "out").rglob("*.parquet")]
        print(
            f"{manifest['models']:,} models, {args.days} days: exported in {seconds:.1f} s, "
            f"{sum(sizes) / 1e6:.1f} MB in {len(sizes)} files, "
            f"the largest {max(sizes) / 1e3:,.0f} KB\n"
        )
        with _served(folder / "out") as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=_browser())
            _print(browser, url, args)
            browser.close()
    return 0


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.hub.catalog_page",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", type=int, default=50_000, help="default 50000")
    parser.add_argument("--days", type=int, default=31, help="default 31")
    parser.add_argument(
        "--slowdown", type=float, default=4, help="of the phone's processor; default 4"
    )
    parser.add_argument("--repeats", type=int, default=3, help="default 3")
    return parser.parse_args(argv)


def _print(browser: Browser, url: str, args: argparse.Namespace) -> None:
    phone = f"phone, {args.slowdown:g} times slower"
    kinds = {"desktop": (DESKTOP, 1.0), phone: (PHONE, args.slowdown)}
    told = {
        name: [_visit(browser, url, *kind) for _ in range(args.repeats)]
        for name, kind in kinds.items()
    }
    print(f"{'':<34}{''.join(f'{name:>28}' for name in told)}")
    for what in next(iter(told.values()))[0]:
        values = [statistics.median(visit[what] for visit in visits) for visits in told.values()]
        unit = "KB" if "bytes" in what or "loaded" in what else "ms"
        print(f"{what:<34}{''.join(f'{value:>25,.0f} {unit}' for value in values)}")


def _visit(
    browser: Browser, url: str, options: dict[str, Any], slowdown: float
) -> dict[str, float]:
    """Open the page once and return what each thing took, in milliseconds or kilobytes."""
    context = browser.new_context(**options)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.set_default_timeout(300_000)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.goto(f"{url}/catalog.html")
    _until(page, "Boolean(window.allModels && document.querySelector('.spark-line'))")
    found = {
        "the first rows": page.evaluate("firstRow"),
        "all models": page.evaluate("allModels"),
        "loaded for the list": _loaded(page),
    }
    for name, action in ACTIONS.items():
        found[name] = _took(page, action)
    found["a screen scrolled, a frame"] = _frame(page)
    before = _loaded(page)
    page.evaluate("document.querySelector('.row-link').click()")
    page.wait_for_selector("#detail-days figcaption")
    page.wait_for_selector("#detail-family h3")
    found["loaded for the first model"] = _loaded(page) - before
    context.close()
    return found


def _took(page: Page, action: str) -> float:
    """Return how long the page was busy with an action, in milliseconds."""
    page.evaluate("performance.clearMeasures()")
    page.evaluate(action)
    _until(page, "performance.getEntriesByName('assay:refresh').length > 0")
    return page.evaluate("performance.getEntriesByName('assay:refresh').at(-1).duration")


def _until(page: Page, expression: str) -> None:
    """Wait until an expression is true: playwright's own waiting is a string of code in the page,
    which its policy forbids."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while not page.evaluate(expression):
        if time.monotonic() > ends:
            sys.exit(f"benchmarks.hub.catalog_page: never came: {expression}")
        time.sleep(0.05)


def _frame(page: Page) -> float:
    """Return the median time between two frames in each of which a whole screen is scrolled."""
    times = page.evaluate(
        """() => new Promise((done) => {
          const times = [];
          const step = (now) => {
            times.push(now);
            scrollBy(0, innerHeight);
            if (times.length < 40) requestAnimationFrame(step); else done(times);
          };
          requestAnimationFrame(step);
        })"""
    )
    return statistics.median(later - one for one, later in pairwise(times))


def _loaded(page: Page) -> float:
    """Return the kilobytes that came over the network so far."""
    return page.evaluate(
        "['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))"
        ".reduce((sum, one) => sum + one.transferSize, 0) / 1000"
    )


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _browser() -> str:
    named = os.environ.get("CHROMIUM")
    found = named or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not found:
        sys.exit("benchmarks.hub.catalog_page: no Chromium: install one, or name it in CHROMIUM")
    return found


if __name__ == "__main__":
    sys.exit(main())

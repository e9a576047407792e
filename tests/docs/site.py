"""The docs site in a real Chromium, and the picture of the lineage that docs/tables.md shows.

    make docs && python -m tests.docs.site     # docs/images/lineage.png anew

The picture is the site's own graph of the last steps that lead to gold.issue_trend and of what it
feeds, laid out from top to bottom: side by side they are too small to read on a page.
"""

import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from assay import warehouse
from tests.publish.web.browser import launch

PICTURE = warehouse.ROOT / "docs" / "images" / "lineage.png"
WHOLE = "+issue_trend+"
PICTURED = "3+issue_trend+1"  # all of it are sixty tables, too small to read
WINDOW = {"width": 1000, "height": 900}
# What dbt's own page says at every visit: it asks for pictures by names that it has not filled in.
DBTS_OWN = re.compile(r"getIcon\(|%7B%7B%20getIcon|favicons/favicon\.ico")
GRAPH = "[...document.querySelectorAll('div')].find((one) => one._cyreg)._cyreg.cy"
# How many tables the graph shows; 0 before it is drawn.
SHOWN = f"() => {{ try {{ return {GRAPH}.nodes(':visible').length }} catch {{ return 0 }} }}"
DOWNWARDS = f"""() => {{
    const graph = {GRAPH};
    graph.nodes().filter((node) => node.data('resource_type') === 'unit_test').remove();
    const shown = graph.elements(':visible');
    graph.edges().style({{
        'curve-style': 'bezier', 'line-color': '#8fb7c4', 'target-arrow-color': '#8fb7c4',
        'source-endpoint': 'outside-to-node', 'target-endpoint': 'outside-to-node',
        'width': 1.5, 'opacity': 1,
    }});
    shown.layout({{name: 'dagre', rankDir: 'TB', nodeSep: 16, rankSep: 30, animate: false}}).run();
    graph.fit(shown, 16);
}}"""


class Reader:
    """One person's window on the site, and what went wrong in it."""

    def __init__(self, browser: Browser, site: Path, **options: Any) -> None:
        self._context = browser.new_context(**options)
        self._url = site.as_uri()
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(120_000)  # ms: the file is large, and machines are busy
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error {error}"))
        self.page.on("request", lambda request: self.requests.append(request.url))

    def open(self, place: str) -> Page:
        """Go to a page of the site, `overview` or `model/model.assay.issues`."""
        self.page.goto("about:blank")  # else the site would only be told of another fragment
        self.page.goto(f"{self._url}#!/{place}")
        expect(self.page.locator(".app-content")).to_be_visible()
        return self.page

    def open_graph(self, selected: str) -> int:
        """Open the lineage graph of a selection; return how many tables and readers it shows."""
        self.open(f"overview?g_v=1&g_i={quote(selected)}")
        self.page.wait_for_function(SHOWN)
        return self.page.evaluate(SHOWN)

    def labels(self) -> list[str]:
        """Return what the open graph calls its tables and readers."""
        return self.page.evaluate(f"{GRAPH}.nodes(':visible').map((node) => node.data('label'))")

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    def _said(self, message: ConsoleMessage) -> None:
        said = f"{message.text} {message.location.get('url', '')}"
        if message.type in ("error", "warning") and not DBTS_OWN.search(said):
            self.troubles.append(f"console {message.type}: {said}")


def picture(reader: Reader, into: Path) -> None:
    """Save the site's graph as a picture."""
    reader.open_graph(PICTURED)
    reader.page.evaluate(DOWNWARDS)
    reader.page.wait_for_timeout(500)  # ms: the canvas draws on its own time
    into.parent.mkdir(parents=True, exist_ok=True)
    reader.page.locator("#cy").screenshot(path=into)


def main() -> int:
    """Make the picture from the site that `make docs` built; return the process's exit code."""
    site = warehouse.ROOT / "target" / "static_index.html"
    if not site.exists():
        sys.stderr.write("there is no target/static_index.html: run `make docs` first\n")
        return 1
    with sync_playwright() as playwright:
        browser = launch(playwright)
        picture(Reader(browser, site, viewport=WINDOW, device_scale_factor=1.25), PICTURE)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The live page in a real Chromium, with a trap for whatever must never happen in it."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, expect

from tests.publish.web.chromium import CHROMIUM
from tests.support import ROOT

ARTIFACTS = Path(os.environ.get("ASSAY_TEST_ARTIFACTS", ROOT / "build" / "tests" / "web"))
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PATIENCE = 30_000  # ms: a busy machine is slow, and says nothing about the page
expect.set_options(timeout=PATIENCE)
# What a hostile post would need: dialogs, and code that is run by a string of the page's text.
TRAP = """
window.trapped = [];
addEventListener("securitypolicyviolation", (event) =>
    trapped.push(`CSP ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
for (const name of ["alert", "confirm", "prompt", "print", "open"])
    window[name] = (...words) => { trapped.push(`${name} ${words}`); return null; };
"""
# Chromium says this of every request while the server is away, which tests do on purpose.
EXPECTED = re.compile(
    r"ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|"
    r"ERR_CONNECTION_RESET|PocketBase does not answer"
)


def launch(playwright: Playwright) -> Browser:
    """Start the machine's Chromium.

    Raises programs.MissingError, one line that says what to do, when there is none.
    """
    options = ["--force-color-profile=srgb", "--font-render-hinting=none"]
    return playwright.chromium.launch(executable_path=CHROMIUM.find(), args=options)


@dataclass
class Visit:
    """One person's window: a page, the requests it made and what went wrong in it."""

    context: BrowserContext
    url: str
    page: Page = field(init=False)
    requests: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, browser: Browser, url: str, **options: Any) -> Self:
        """Open an empty window; `options` are those of a browser context."""
        chosen = {"viewport": DESKTOP, "locale": "en-GB", "timezone_id": "UTC"} | options
        visit = cls(browser.new_context(**chosen), url)
        visit.context.add_init_script(TRAP)
        visit.page = visit.context.new_page()
        visit.page.set_default_timeout(PATIENCE)
        visit.page.on("request", lambda request: visit.requests.append(request.url))
        visit.page.on("pageerror", lambda error: visit.troubles.append(f"error {error}"))
        visit.page.on("dialog", lambda dialog: visit.troubles.append(f"dialog {dialog.message}"))
        visit.page.on("console", visit._said)
        visit.context.on("page", visit._opened)
        return visit

    def open(self, query: str = "") -> Page:
        """Go to the live page and wait until it has loaded what there is."""
        self.page.goto(self.url + "/" + query)
        expect(self.page.locator("#status")).to_have_text("Live")
        expect(self.page.locator("#list")).to_have_attribute("aria-busy", "false")
        return self.page

    def titles(self) -> list[str]:
        """Return the titles of the rows that are in the page, in the order shown."""
        return self.page.locator(".row-title").all_inner_texts()

    def shot(self, name: str) -> Path:
        """Keep a picture of the window among the tests' artifacts."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        path = ARTIFACTS / f"{name}.png"
        self.page.screenshot(path=path, animations="disabled")
        return path

    def trapped(self) -> list[str]:
        """Return everything that should not have happened: dialogs, errors, CSP violations."""
        return self.troubles + self.page.evaluate("window.trapped")

    def foreign(self) -> list[str]:
        """Return the requests that went to another origin."""
        home = urlsplit(self.url).netloc
        return [url for url in self.requests if urlsplit(url).netloc != home]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.troubles.append(f"console {message.type}: {message.text}")

    def _opened(self, page: Page) -> None:
        if page is not self.page:
            self.troubles.append(f"a window opened at {page.url}")

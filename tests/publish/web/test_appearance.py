"""Windows of all kinds: phone, tablet, dark, and what assistive technology gets."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.publish.web.browser import DESKTOP, PHONE, Visit
from tests.publish.web.conftest import Visitor
from tests.publish.web.records import Record
from tests.publish.web.server import PocketBase

pytestmark = pytest.mark.slow("phones, dark mode and accessibility, with pictures of each state")

TABLET = {"width": 820, "height": 1180}
SMALL = {"width": 320, "height": 640}  # WCAG 1.4.10: no scrolling in two directions at 320 px
WINDOWS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "tablet": {"viewport": TABLET},
    "phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
    "small": {"viewport": SMALL},
    "calm": {"reduced_motion": "reduce", "forced_colors": "active"},
}
VIEWS = {"list": "", "issue": "?issue={}", "map": "?show=map"}
PAPER = "getComputedStyle(document.body).backgroundColor"


def violations(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return what axe finds that is serious or worse: rule, impact, and where."""
    found = Axe().run(page).response["violations"]
    return [
        (one["id"], one["impact"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("window", WINDOWS)
def test_no_window_scrolls_sideways_or_has_a_serious_accessibility_fault(
    visitor: Visitor, forty: list[Record], window: str, view: str
) -> None:
    visit = visitor(**WINDOWS[window])
    page = visit.open(VIEWS[view].format(forty[0]["issue_id"]))
    if view == "issue":
        expect(page.locator(".post")).to_have_count(7)
    width = WINDOWS[window].get("viewport", DESKTOP)["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visit.shot(f"{view}-{window}")
    assert violations(page) == []


def test_the_checker_sees_a_fault(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    page.evaluate("document.querySelector('.find span').remove(), search.placeholder = ''")
    page.evaluate("document.querySelector('.quiet').style.color = '#ddd'")
    assert {rule for rule, _, _ in violations(page)} == {"label", "color-contrast"}


def test_the_filters_of_a_phone_open_narrow_and_close(
    visitor: Visitor, forty: list[Record]
) -> None:
    visit = visitor(**WINDOWS["phone"])
    page = visit.open()
    button = page.get_by_role("button", name=re.compile("^Filters"))
    expect(page.get_by_role("complementary", name="Filters")).to_be_hidden()
    button.tap()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.get_by_role("checkbox", name="High").tap()
    expect(button).to_have_text("Filters (1)")
    visit.shot("filters-phone")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    button.tap()
    expect(page.get_by_role("complementary", name="Filters")).to_be_hidden()
    high = sum(issue["impact_level"] == "high" for issue in forty)
    expect(page.locator("#count")).to_contain_text(f"{high} of 40 issues")


def test_a_phone_shows_the_issue_alone_and_back_returns_to_the_same_place(
    visitor: Visitor, forty: list[Record]
) -> None:
    page = visitor(**WINDOWS["phone"]).open()
    page.evaluate("scrollTo(0, 1500)")
    row = page.locator(f".row[data-issue={forty[14]['issue_id']}]")
    expect(row).to_be_in_viewport()
    before = page.evaluate("scrollY")
    row.tap()
    expect(page.locator("#issue-title")).to_have_text(forty[14]["canonical_title"])
    expect(page.locator("#list")).to_be_hidden()
    assert page.evaluate("scrollY") == 0
    expect(page.locator("#issue-title")).to_be_in_viewport(ratio=1)
    page.go_back()
    expect(row).to_be_in_viewport()
    assert page.evaluate("scrollY") == before


def test_dark_follows_the_system_while_the_page_is_open(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    assert page.evaluate(PAPER) == "rgb(246, 245, 242)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(PAPER) == "rgb(20, 22, 26)"


def test_the_list_tells_screen_readers_its_length_and_each_place(
    visit: Visit, forty: list[Record]
) -> None:
    page = visit.open()
    listed = page.get_by_role("list", name="40 issues on 20 Nov 2026")
    row = listed.get_by_role("listitem").nth(2)
    expect(row).to_have_attribute("aria-posinset", "3")
    expect(row).to_have_attribute("aria-setsize", "40")
    issue = forty[2]
    name = row.get_by_role("link").evaluate("link => link.textContent")
    for part in (
        issue["canonical_title"],
        f"{issue['cluster_size']} posts",
        f"{issue['heat']:.1f}",
    ):
        assert part in name
    for landmark in ("banner", "search", "main"):
        expect(page.get_by_role(landmark)).to_have_count(1)
    expect(page.get_by_role("status").last).to_have_text("40 issues shown.")


def test_the_page_of_a_server_that_went_away_has_no_serious_fault(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    pocketbase.stop()
    try:
        expect(page.locator("#banner")).to_be_visible()
        assert violations(page) == []
    finally:
        pocketbase.start()

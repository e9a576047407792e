"""The page without a mouse."""

import pytest
from playwright.sync_api import Page, expect

from tests.publish.web.browser import Visit
from tests.publish.web.records import Record

pytestmark = pytest.mark.slow("the page without a mouse")

FOCUSED_ROW = "document.activeElement.closest('.row')?.dataset.issue"


def press(page: Page, *keys: str) -> None:
    """Press keys one after the other."""
    for key in keys:
        page.keyboard.press(key)


def test_j_and_k_walk_and_enter_opens(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    press(page, "j", "j", "j", "k")
    assert page.evaluate(FOCUSED_ROW) == forty[1]["issue_id"]
    press(page, "Enter")
    expect(page.locator("#issue-title")).to_have_text(forty[1]["canonical_title"])
    expect(page.locator("#issue-title")).to_be_focused()
    press(page, "j")
    expect(page.locator("#issue-title")).to_have_text(forty[2]["canonical_title"])
    assert page.url.endswith(f"?issue={forty[2]['issue_id']}")
    press(page, "Escape")
    expect(page.locator("#issue")).to_be_hidden()
    assert page.evaluate(FOCUSED_ROW) == forty[2]["issue_id"]
    page.go_back()  # the neighbours took one entry of the history together
    expect(page.locator("#issue-title")).to_have_text(forty[2]["canonical_title"])
    page.go_back()
    expect(page.locator("#issue")).to_be_hidden()
    assert page.url == f"{visit.url}/"


def test_arrows_home_and_end_walk_within_the_list_and_scroll_it(
    visit: Visit, forty: list[Record]
) -> None:
    page = visit.open()
    press(page, "j", "ArrowDown", "ArrowDown", "ArrowUp")
    assert page.evaluate(FOCUSED_ROW) == forty[1]["issue_id"]
    press(page, "End")
    assert page.evaluate(FOCUSED_ROW) == forty[-1]["issue_id"]
    expect(page.locator(".row-link:focus")).to_be_in_viewport(ratio=1)
    press(page, "ArrowDown")
    assert page.evaluate(FOCUSED_ROW) == forty[-1]["issue_id"]
    press(page, "Home")
    assert page.evaluate(FOCUSED_ROW) == forty[0]["issue_id"]
    expect(page.locator(".row-link:focus")).to_be_in_viewport(ratio=1)


def test_slash_searches_and_escape_clears_then_leaves(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    search = page.get_by_label("Search issues and their posts")
    press(page, "/")
    expect(search).to_be_focused()
    page.keyboard.type("j/k")
    expect(search).to_have_value("j/k")
    press(page, "Escape")
    expect(search).to_have_value("")
    expect(page.locator("#count")).to_contain_text("40 issues")
    press(page, "Escape")
    expect(search).not_to_be_focused()
    press(page, "/")
    press(page, "ArrowDown")
    assert page.evaluate(FOCUSED_ROW) == forty[0]["issue_id"]


def test_the_focus_is_not_lost_while_the_list_scrolls_away(
    visit: Visit, forty: list[Record]
) -> None:
    page = visit.open()
    press(page, "j", "j")
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 2500)
    expect(page.locator(f".row[data-issue={forty[-1]['issue_id']}]")).to_be_visible()
    assert page.evaluate(FOCUSED_ROW) == forty[1]["issue_id"]
    press(page, "j")
    expect(page.locator(".row-link:focus")).to_be_in_viewport(ratio=1)
    assert page.evaluate(FOCUSED_ROW) == forty[2]["issue_id"]


def test_single_keys_can_be_switched_off_for_good(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    page.get_by_text("Keyboard", exact=True).press("Enter")
    page.get_by_role("checkbox", name="Single keys work").uncheck()
    page.reload()
    expect(page.locator("#count")).to_contain_text("40 issues")
    press(page, "j", "/")
    assert page.evaluate("document.activeElement === document.body")


def test_tab_reaches_search_filters_and_list_and_the_first_skips_to_it(
    visit: Visit, forty: list[Record]
) -> None:
    page = visit.open()
    press(page, "Tab")
    expect(page.get_by_role("link", name="Skip to the issues")).to_be_focused()
    press(page, "Enter")
    assert page.evaluate(FOCUSED_ROW) == forty[0]["issue_id"]
    press(page, "Shift+Tab")
    expect(page.get_by_role("combobox", name="Sort by")).to_be_focused()


def test_browser_shortcuts_are_left_alone(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    press(page, "Control+j", "Alt+k", "Meta+/")
    assert page.evaluate("document.activeElement === document.body")

"""The page follows PocketBase without a reload: arrivals, changes, deletions, lost connections."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.publish.web import records
from tests.publish.web.browser import Visit
from tests.publish.web.records import Record
from tests.publish.web.server import PocketBase

# Set once, gone after a reload.
MARK = "document.documentElement.dataset.visited = 'yes'"
RECORDS = "**/api/collections/issues/records*"
STILL = "document.documentElement.dataset.visited === 'yes'"


def hold(page: Page) -> list[Route]:
    """Hold back the answers to what is asked of the issues, until `page.unroute(RECORDS)`."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(RECORDS, keep)
    return held


def first(page: Page) -> str:
    """Return the title at the top of the list."""
    return page.locator(".row-title").first.inner_text()


def test_a_new_issue_appears_at_its_rank_and_is_announced(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    page.evaluate(MARK)
    pocketbase.put([records.issue(50, heat=999, canonical_title="Brand new and hot")])
    expect(page.locator(".row-title").first).to_have_text("Brand new and hot")
    expect(page.locator("#count")).to_contain_text("41 issues")
    expect(page.locator(".row").first).to_have_class("row fresh")
    expect(page.get_by_role("status")).to_have_text("41 issues shown.")
    assert page.evaluate(STILL)


def test_a_changed_issue_moves_and_its_open_view_follows(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    last = forty[30]
    page = visit.open(f"?issue={last['issue_id']}")
    page.evaluate(MARK)
    changed = last | {"heat": 500, "canonical_title": "Renamed", "description": "Now much worse."}
    pocketbase.put([records.hashed(changed)])
    expect(page.locator("#issue-title")).to_have_text("Renamed")
    expect(page.locator(".description")).to_have_text("Now much worse.")
    assert first(page) == "Renamed"
    expect(page.locator("#count")).to_contain_text("40 issues")
    assert page.evaluate(STILL)


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_an_issue_that_a_filter_hides_appears_when_it_changes_to_match(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open("?q=unmistakable")
    expect(page.locator("#panel")).to_contain_text("No issue matches")
    pocketbase.put([records.hashed(forty[9] | {"canonical_title": "An unmistakable fault"})])
    expect(page.locator(".row-title")).to_have_text(["An unmistakable fault"])
    expect(page.locator("#panel")).to_be_hidden()


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_a_deleted_issue_leaves_the_list_and_its_open_view_says_so(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open(f"?issue={forty[0]['issue_id']}")
    expect(page.locator(".post")).to_have_count(7)
    pocketbase.remove(forty[0]["id"])
    expect(page.locator("#count")).to_contain_text("39 issues")
    expect(page.locator("#issue-title")).to_have_text("This issue is not published")
    expect(page.locator(".post")).to_have_count(0)
    assert first(page) == forty[1]["canonical_title"]


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_a_new_day_replaces_the_day_before(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    tomorrow = records.TODAY.replace(day=21)
    newer = [records.issue(number, day=tomorrow, is_latest=True) for number in range(30)]
    pocketbase.put([*newer, *(records.hashed(issue | {"is_latest": False}) for issue in forty)])
    expect(page.locator("#count")).to_have_text("30 issues on 21 Nov 2026")


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_new_posts_of_the_open_issue_appear_and_removed_ones_go(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open(f"?issue={forty[1]['issue_id']}")
    expect(page.locator(".post")).to_have_count(7)
    page.locator(".post a").nth(2).focus()
    pocketbase.put(posts=[records.post(forty[1], 7, position=-1, title="Just in")])
    expect(page.locator(".post-title").first).to_have_text("Just in")
    expect(page.locator("#evidence-heading")).to_have_text("Evidence: 8 posts")
    focused = "document.activeElement.textContent"
    assert page.evaluate(focused) == records.post(forty[1], 2)["title"]
    pocketbase.remove(records.post(forty[1], 0)["id"], "issue_evidence")
    expect(page.locator("#evidence-heading")).to_have_text("Evidence: 7 posts")


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_what_a_person_reads_stays_in_place_when_issues_arrive_above(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    row = page.locator(f".row[data-issue={forty[25]['issue_id']}]")
    page.evaluate("scrollTo(0, 1800)")
    expect(row).to_be_in_viewport()
    before = row.bounding_box()
    pocketbase.put(records.issue(60 + n, heat=900 + n) for n in range(5))
    expect(page.locator("#count")).to_contain_text("45 issues")
    after = row.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 1


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_the_focused_row_keeps_the_focus_when_it_changes(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    page.locator(".row-link").nth(3).focus()
    pocketbase.put([records.hashed(forty[3] | {"heat": 700, "canonical_title": "Moved up"})])
    expect(page.locator(".row-title").first).to_have_text("Moved up")
    assert page.evaluate("document.activeElement.querySelector('.row-title').textContent") == (
        "Moved up"
    )


def test_the_server_goes_and_comes_back_with_other_issues(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    page.evaluate(MARK)
    pocketbase.stop()
    expect(page.locator("#banner")).to_contain_text("The connection is lost")
    expect(page.locator("#status")).to_have_text("Not live")
    visit.shot("connection-lost")
    page.get_by_role("checkbox", name="High").check()  # what is loaded can still be filtered
    expect(page.locator("#count")).to_contain_text("of 40 issues")
    page.get_by_role("checkbox", name="High").uncheck()
    pocketbase.start()
    changed = records.hashed(forty[5] | {"heat": 800, "canonical_title": "Changed meanwhile"})
    pocketbase.put([changed, records.issue(70, heat=900, canonical_title="Came meanwhile")])
    pocketbase.remove(forty[0]["id"])
    expect(page.locator("#status")).to_have_text("Live")
    expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator(".row-title").first).to_have_text("Came meanwhile")
    expect(page.locator(".row-title").nth(1)).to_have_text("Changed meanwhile")
    expect(page.locator("#count")).to_contain_text("40 issues")
    pocketbase.put([records.issue(71, heat=950, canonical_title="Live again")])
    expect(page.locator(".row-title").first).to_have_text("Live again")
    assert page.evaluate(STILL)


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_a_server_that_is_away_from_the_start_is_waited_for(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.page
    away = "**/api/**"
    page.route(away, lambda route: route.abort("connectionrefused"))
    page.goto(f"{visit.url}/?issue={forty[0]['issue_id']}")
    expect(page.locator("#panel")).to_contain_text("The server does not answer")
    expect(page.locator("#issue-title")).to_have_text("The server does not answer")
    expect(page.locator("#status")).to_have_text("Not live")
    visit.shot("server-away")
    page.unroute(away)
    page.get_by_role("button", name="Try again now").press("Enter")
    expect(page.locator("#count")).to_contain_text("40 issues")
    expect(page.locator("#issue-title")).to_have_text(forty[0]["canonical_title"])
    expect(page.locator("#status")).to_have_text("Live")
    expect(page.locator(".post")).to_have_count(7)
    page.wait_for_timeout(500)
    pocketbase.put(posts=[records.post(forty[0], 7, position=-1, title="Live posts too")])
    expect(page.locator(".post-title").first).to_have_text("Live posts too")


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_an_answer_that_is_late_does_not_undo_a_newer_event(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    held = hold(page)
    page.evaluate("dispatchEvent(new Event('online'))")  # asks for the hashes again
    for _ in range(600):
        if not held:
            page.wait_for_timeout(50)
    stale = held[0].fetch()
    pocketbase.put([records.hashed(forty[8] | {"heat": 600, "canonical_title": "Newer"})])
    pocketbase.remove(forty[2]["id"])
    expect(page.locator(".row-title").first).to_have_text("Newer")
    held[0].fulfill(response=stale)
    page.unroute(RECORDS)
    page.wait_for_timeout(500)
    assert first(page) == "Newer"
    expect(page.locator("#count")).to_contain_text("39 issues")


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_an_empty_database_says_so_and_fills_by_itself(
    visit: Visit, pocketbase: PocketBase
) -> None:
    page = visit.open()
    expect(page.locator("#panel")).to_contain_text("Nothing is published yet")
    visit.shot("nothing-published")
    pocketbase.put([records.issue(0, canonical_title="The first of all")])
    expect(page.locator(".row-title")).to_have_text(["The first of all"])
    expect(page.locator("#panel")).to_be_hidden()


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_a_server_without_collections_has_nothing_yet_and_is_asked_again(
    visit: Visit, pocketbase: PocketBase
) -> None:
    pocketbase.drop()
    visit.page.goto(visit.url)
    expect(visit.page.locator("#panel")).to_contain_text("Nothing is published yet")
    pocketbase.make()
    pocketbase.put([records.issue(0, canonical_title="The first of all")])
    expect(visit.page.locator(".row-title")).to_have_text(["The first of all"])
    visit.troubles.clear()  # Chromium reports each 404


@pytest.mark.slow("the open page through deletions, lost servers and late answers")
def test_loading_shows_the_shape_of_the_list(visit: Visit, forty: list[Record]) -> None:
    page = visit.page
    held = hold(page)
    page.goto(visit.url)
    expect(page.locator("#skeleton")).to_be_visible()
    expect(page.locator("#count")).to_have_text("Loading issues…")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "true")
    visit.shot("loading")
    for route in held:
        route.continue_()
    page.unroute(RECORDS)
    expect(page.locator("#count")).to_contain_text("40 issues")
    expect(page.locator("#skeleton")).to_be_hidden()

"""The map of issues: points open issues, keys go from one to the next, names leave room."""

import random
from itertools import combinations
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.publish.web import records
from tests.publish.web.browser import PHONE, Visit
from tests.publish.web.conftest import Visitor
from tests.publish.web.records import Record
from tests.publish.web.server import PocketBase

# Four issues in a cross around a fifth: (place, heat). The hottest is in the middle.
CROSS = [([0.0, 0.0], 9.0), ([0.9, 0.05], 8.0), ([-0.9, 0.0], 7.0), ([0.05, 0.9], 6.0)]
# Draw points on the page's own canvas, and return the boxes of names and the seen points.
DRAW = """async ([points, times]) => {
    const { MapView } = await import("/js/map-view.js");
    const { drawn } = await import("/js/map-drawing.js");
    const canvas = document.querySelector(".map-frame canvas");
    const view = new MapView();
    const { clientWidth, clientHeight } = canvas.parentElement;
    view.size(clientWidth, clientHeight);
    view.frame(points.map(({ at }) => at));
    view.zoom(times);
    const names = drawn(canvas, view, { points, regions: [], current: -1, opened: "",
        swatches: document.querySelector(".map-key"), covered: [0, 0, 80, 80] });
    const seen = points.map(({ at }) => view.seen(at));
    return { names, seen, size: [clientWidth, clientHeight] };
}"""


@pytest.fixture
def cross(pocketbase: PocketBase) -> list[Record]:
    """Publish five issues whose places form a cross, the last without one."""
    issues = [
        records.issue(number, place=place, heat=heat, topic=f"topic {number % 2}")
        for number, (place, heat) in enumerate(CROSS)
    ]
    issues.append(records.issue(9, place=[], heat=0.1))
    pocketbase.put(issues)
    return issues


def frame(page: Page) -> Locator:
    return page.get_by_role("application", name="Map of issues")


def test_the_map_is_a_click_away_has_an_address_and_opens_issues(
    visit: Visit, cross: list[Record]
) -> None:
    page = visit.open()
    page.get_by_role("button", name="Map", exact=True).click()
    assert page.url == f"{visit.url}/?show=map"
    expect(page.locator("#list")).to_be_hidden()
    expect(page.locator("#map")).to_contain_text("4 of 5 issues")
    frame(page).focus()
    page.keyboard.press("Home")
    words = frame(page).get_by_role("status")
    expect(words).to_contain_text(cross[0]["canonical_title"])
    right, left, up = "ArrowRight", "ArrowLeft", "ArrowUp"
    for key, to in ((right, 1), (left, 0), (left, 2), (right, 0), (up, 3)):
        page.keyboard.press(key)
        expect(words).to_contain_text(f"heat {cross[to]['heat']:.1f}")
    page.keyboard.press("Enter")
    expect(page.locator("#issue-title")).to_have_text(cross[3]["canonical_title"])
    assert page.url == f"{visit.url}/?show=map&issue=issue-00003"
    page.keyboard.press("Escape")
    expect(page.locator("#issue")).to_be_hidden()
    expect(frame(page)).to_be_focused()


@pytest.mark.slow("the finer points of the map: pointer, zoom, filters, other days")
def test_a_pointer_names_a_point_and_opens_it(visit: Visit, pocketbase: PocketBase) -> None:
    pocketbase.put([records.issue(0, place=[0.3, 0.3])])  # alone, it lies in the middle
    page = visit.open("?show=map")
    box = frame(page).bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    expect(frame(page).get_by_role("status")).to_be_visible()
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=4)
    page.mouse.up()
    expect(page.locator("#issue")).to_be_hidden()  # that was a drag
    page.mouse.click(*middle)
    expect(page.locator("#issue")).to_be_visible()


@pytest.mark.slow("the finer points of the map: pointer, zoom, filters, other days")
def test_the_wheel_scrolls_the_page_until_the_map_has_the_focus(
    visit: Visit, cross: list[Record]
) -> None:
    page = visit.open("?show=map")
    frame(page).hover()
    page.mouse.wheel(0, -200)
    expect(frame(page)).not_to_have_class("map-frame zoomed")
    frame(page).focus()
    page.mouse.wheel(0, -200)
    expect(frame(page)).to_have_class("map-frame zoomed")
    page.keyboard.press("0")
    expect(frame(page)).not_to_have_class("map-frame zoomed")
    page.get_by_role("button", name="Zoom in").click()
    expect(frame(page)).to_have_class("map-frame zoomed")


@pytest.mark.slow("the finer points of the map: pointer, zoom, filters, other days")
def test_filters_hold_on_the_map_and_keys_pass_over_what_they_leave_out(
    visit: Visit, pocketbase: PocketBase
) -> None:
    pocketbase.put(
        [
            records.issue(0, place=[0.0, 0.0], category="ai", heat=3.0),
            records.issue(1, place=[0.4, 0.0], category="finance", heat=2.0),
            records.issue(2, place=[0.8, 0.0], category="ai", heat=1.0),
        ]
    )
    page = visit.open("?category=ai&show=map")
    expect(page.locator("#map")).to_contain_text("2 issues.")
    frame(page).focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(frame(page).get_by_role("status")).to_contain_text("heat 1.0")
    page.keyboard.press("k")
    expect(frame(page).get_by_role("status")).to_contain_text("heat 3.0")


@pytest.mark.slow("the finer points of the map: pointer, zoom, filters, other days")
def test_days_before_the_newest_have_no_map_and_say_so(
    visit: Visit, pocketbase: PocketBase
) -> None:
    day = records.TODAY.replace(day=3)
    pocketbase.put([records.issue(0, day=day, place=[]), records.issue(1)])
    page = visit.open("?to=2026-11-05&show=map")
    expect(page.locator("#map")).to_contain_text("the map is of the newest day")
    expect(frame(page)).to_be_hidden()


@pytest.mark.slow("names on the map lie neither over each other nor over a point")
@pytest.mark.parametrize("times", [1, 6])
def test_names_lie_neither_over_each_other_nor_over_a_point(
    visitor: Visitor, cross: list[Record], times: int
) -> None:
    page = visitor(viewport=PHONE).open("?show=map")
    chance = random.Random(5)
    points: list[dict[str, Any]] = [
        {
            "issue": {
                "issue_id": str(number),
                "canonical_title": f"{'Wide words ' * (number % 5)}{number}",
                "people": 1 + number % 7,
                "category": "ai",
            },
            "at": [chance.gauss(), chance.gauss()],
            "chosen": number % 9 > 0,
        }
        for number in range(300)
    ]
    drawn = page.evaluate(DRAW, [points, times])
    boxes = [box[1:] for box in drawn["names"]]
    assert len(boxes) > 5
    for one, other in combinations([*boxes, [0, 0, 80, 80]], 2):
        assert not overlap(one, other)
    for x, y in drawn["seen"]:
        assert not any(overlap(box, [x - 2, y - 2, x + 2, y + 2]) for box in boxes)
    width, height = drawn["size"]
    assert all(box[0] >= 0 and box[2] <= width and 0 <= box[1] < height for box in boxes)


@pytest.mark.slow("an issue's splits and merges are told and lead to the other issue")
def test_lineage_is_told_and_leads_to_the_other_issue(visit: Visit, pocketbase: PocketBase) -> None:
    came = {
        "day": "2026-11-18",
        "kind": "split_from",
        "issue_id": "issue-00001",
        "title": "<b>The one before</b>",
    }
    strange = {"day": "x", "kind": "exploded", "issue_id": "javascript:alert(1)", "title": "no"}
    pocketbase.put([records.issue(0, lineage=[came, strange]), records.issue(1)])
    page = visit.open("?issue=issue-00000")
    told = page.locator(".lineage li")
    expect(told).to_have_count(1)
    expect(told).to_have_text("Split off from <b>The one before</b> on 18 Nov 2026")
    told.get_by_role("link").click()
    expect(page.locator("#issue-title")).to_have_text(records.issue(1)["canonical_title"])


def overlap(one: list[float], other: list[float]) -> bool:
    """Tell whether two boxes (left, top, right, bottom) share room."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

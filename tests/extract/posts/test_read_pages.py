"""Pages of a window: what is taken for all of it, and what is not."""

from collections import Counter
from typing import Any

from assay.extract.posts.post import INCOMPLETE, Page, Post, WindowResult, read_pages


def post(item: Any) -> Post | str:
    return Post(str(item), f"https://a.test/{item}", "title", None, 0, None, None, None)


def read(
    *pages: Page, most: int = 1000, divisible: bool = False
) -> tuple[WindowResult | None, int]:
    """Read a window that answers with these pages; return the reading and how many were asked."""
    asked: list[int] = []

    def ask(number: int) -> Page:
        asked.append(number)
        return pages[number]

    found = read_pages(ask, post, most=most, pages=len(pages), divisible=divisible)
    assert asked == list(range(len(asked)))
    return found, len(asked)


def said(reading: WindowResult | None) -> tuple[int, str | None, bool]:
    assert reading is not None
    return reading.received, reading.reason, reading.final


def test_paging_stops_when_all_has_come() -> None:
    reading, asked = read(Page([1, 2], 3), Page([3], 3), Page([], 3))
    assert (said(reading), asked) == ((3, None, True), 2)


def test_a_page_that_is_short_near_the_cap_does_not_lead_beyond_the_last_page() -> None:
    pages = [Page(list(range(100)), 1000)] * 9 + [Page(list(range(99)), 1000)]
    reading, asked = read(*pages)
    assert (said(reading), asked) == ((999, "the API gave 999 of 1,000", False), 10)


def test_what_was_deleted_while_paging_makes_the_window_uncertain() -> None:
    reading, _ = read(Page(list(range(100)), 150), Page(list(range(101, 150)), 149))
    assert said(reading) == (149, "the number of results changed while reading", False)


def test_more_than_the_most_is_halved_where_that_is_possible() -> None:
    assert read(Page([1], 11), most=10, divisible=True) == (None, 1)
    reading, _ = read(Page([1], 11), most=10)
    assert said(reading) == (1, "11 in one second: the API gives 1", True)


def test_a_number_that_is_not_exact_is_not_trusted() -> None:
    full = Page(list(range(1000)), 998, exact=False)
    assert read(full, most=999, divisible=True) == (None, 1)
    reading, asked = read(Page([1, 2], 1, exact=False), Page([], 1, exact=False))
    assert (said(reading), asked) == ((2, None, True), 2)


def test_incomplete_results_are_told_before_anything_else() -> None:
    reading, _ = read(Page([1], 1, incomplete=True))
    assert said(reading) == (1, INCOMPLETE, False)


def test_dropped_items_count_as_given() -> None:
    found = read_pages(lambda _: Page([1, 2], 2), lambda _: "gone", most=9, pages=1, divisible=True)
    assert found is not None
    assert (found.received, found.dropped, found.final) == (2, Counter(gone=2), True)

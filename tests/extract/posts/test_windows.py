"""Windows of time: cut in halves, cut off at a moment, and a day covered to its last second."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.extract.posts.windows import DAY_SECONDS, Window, cover, days, iso

TEN_DAYS = 10 * DAY_SECONDS
starts = st.integers(0, 2**32)
windows = st.builds(
    lambda start, length: Window(start, start + length), starts, st.integers(0, TEN_DAYS)
)
calendar = st.dates(date(1970, 1, 1), date(2100, 1, 1))

# Items per second, as (place in the window, number): some seconds hold far more than any cap.
crowds = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.one_of(st.integers(1, 9), st.just(5000))),
    max_size=30,
)


@given(windows, crowds, st.integers(1, 1000))
@settings(max_examples=150, deadline=None)
def test_any_window_is_covered_once_and_only_single_seconds_exceed_the_cap(
    whole: Window, crowd: list[tuple[float, int]], cap: int
) -> None:
    there = Counter[int]()
    for place, count in crowd if whole.seconds else ():
        there[whole.start + int(place * whole.seconds)] += count

    def held(window: Window) -> int:
        return sum(count for at, count in there.items() if window.start <= at < window.end)

    def read(window: Window, divisible: bool) -> int | None:
        assert divisible == (window.seconds > 1)
        found = held(window)
        return None if found > cap and divisible else found

    done = list(cover(whole, read))
    edges = [whole.start, *(window.end for window, _ in done)]
    assert [window.start for window, _ in done] == edges[:-1]
    assert edges[-1] == whole.end
    assert all(window.seconds > 0 for window, _ in done)
    assert all(found <= cap or window.seconds == 1 for window, found in done)
    assert [found for _, found in done] == [held(window) for window, _ in done]
    assert sum(found for _, found in done) == there.total()


def test_a_window_below_the_cap_costs_one_question_and_an_empty_one_none() -> None:
    asked = []

    def read(window: Window, divisible: bool) -> int:
        asked.append(window)
        return 0

    assert list(cover(Window(5, 1000), read)) == [(Window(5, 1000), 0)]
    assert list(cover(Window(5, 5), read)) == []
    assert asked == [Window(5, 1000)]


def test_a_window_is_read_only_when_its_turn_comes() -> None:
    asked: list[Window] = []
    first = next(
        cover(Window(0, 8), lambda w, _: asked.append(w) or (w if w.seconds < 3 else None))
    )
    assert first == (Window(0, 2), Window(0, 2))
    assert asked == [Window(0, 8), Window(0, 4), Window(0, 2)]


@given(windows.filter(lambda window: window.seconds > 1))
def test_two_halves_are_the_window_and_differ_by_a_second_at_most(window: Window) -> None:
    first, second = window.halves()
    assert (first.start, first.end, second.end) == (window.start, second.start, window.end)
    assert 0 <= second.seconds - first.seconds <= 1
    assert first.seconds >= 1


@pytest.mark.parametrize("window", [Window(7, 8), Window(7, 7)], ids=str)
def test_a_second_cannot_be_halved(window: Window) -> None:
    with pytest.raises(ValueError, match="cannot be halved"):
        window.halves()


@given(windows, starts)
def test_what_is_before_a_moment_never_reaches_it(window: Window, moment: int) -> None:
    part = window.until(moment)
    assert part.start == window.start
    assert part.seconds == min(window.seconds, max(0, moment - window.start))


@given(calendar)
def test_days_follow_each_other_without_a_gap(day: date) -> None:
    window = Window.of_day(day)
    assert window.seconds == DAY_SECONDS
    assert Window.of_day(day + timedelta(days=1)).start == window.end
    assert datetime.fromtimestamp(window.start, UTC).date() == day
    assert datetime.fromtimestamp(window.end - 1, UTC).date() == day


def test_days_of_leap_years_and_new_years_are_whole() -> None:
    assert Window.of_day(date(2026, 11, 9)) == Window(1_794_182_400, 1_794_268_800)
    assert str(Window.of_day(date(2024, 2, 29))) == "2024-02-29T00:00:00Z..2024-03-01T00:00:00Z"
    assert str(Window.of_day(date(2026, 12, 31))) == "2026-12-31T00:00:00Z..2027-01-01T00:00:00Z"


@given(calendar, st.integers(0, 800))
def test_a_range_of_days_holds_both_its_ends(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    found = days(first, last)
    assert (found[0], found[-1], len(found)) == (first, last, more + 1)
    assert found == sorted(set(found))


def test_a_range_that_ends_before_it_begins_holds_no_day() -> None:
    assert days(date(2026, 1, 1), date(2025, 12, 31)) == []


@given(st.integers(0, 253_402_300_799))
def test_a_moment_is_written_so_that_it_can_be_read_back(moment: int) -> None:
    text = iso(moment)
    assert (len(text), text[10], text[-1]) == (20, "T", "Z")
    assert datetime.fromisoformat(text).timestamp() == moment

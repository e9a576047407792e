"""A complete day is read again after some days, as long as the look is not long past."""

from datetime import date

import pytest

from assay.extract.posts.bronze import is_due
from assay.extract.posts.windows import Window

DAY = date(2026, 11, 9)
END, HOUR = Window.of_day(DAY).end, 3600
LOOKS, PATIENCE = (2, 7), 7


@pytest.mark.parametrize(
    ("read_at", "now", "due"),
    [
        (1, 40, False),  # hours after the day's end
        (1, 48, True),
        (1, 47, False),
        (1, 9 * 24 - 1, True),  # a look that was missed is made good
        (49, 100, False),  # it was taken
        (49, 7 * 24, True),  # and this is the next one
        (7 * 24 + 1, 8 * 24, False),
        (1, 14 * 24 - 1, True),
        (1, 14 * 24, False),  # too late
        (400 * 24, 401 * 24, False),  # a backfill of old days is read once
    ],
)
def test_it_is_due(read_at: int, now: int, due: bool) -> None:
    found = is_due(DAY, END + read_at * HOUR, END + now * HOUR, LOOKS, PATIENCE)
    assert found is due


def test_without_looks_no_day_is_read_again() -> None:
    assert not is_due(DAY, END, END + 48 * HOUR, (), PATIENCE)

"""Days of groups: which of them stay as they were made."""

from datetime import UTC, date, datetime, timedelta

import pytest

from assay.dbt.days import days_to_make, is_history

OVER = date(2026, 1, 5)
MD5 = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (None, False),
        (MD5, True),
        (f"reports-1 {MD5}", True),
        (f"reports-2 {MD5}", False),
        (f"kmeans-2.3 {MD5}", False),
    ],
    ids=["not made", "by the first versions", "by older rules", "by these", "another method"],
)
def test_a_day_that_is_over_stays_as_older_rules_made_it(known: str | None, expected: bool) -> None:
    assert is_history(known, "reports-2", OVER) is expected


def test_a_day_that_is_not_over_is_made_by_the_rules_of_now() -> None:
    today = datetime.now(UTC).date()
    assert not is_history(MD5, "reports-2", today + timedelta(days=1))


def test_a_range_is_its_days_and_no_range_is_today() -> None:
    assert days_to_make("2026-02-27", "2026-03-01") == [
        date(2026, 2, 27),
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
    assert days_to_make("", "2026-03-01") == [date(2026, 3, 1)]
    assert len(days_to_make("", "")) == 1

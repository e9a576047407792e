"""What a terminal shows: columns below each other, durations as people say them."""

import pytest

from assay.common.show import duration, table


def test_columns_stand_below_each_other() -> None:
    rows = [("name", "rows", "why"), ("a", "1,000", "-"), ("longer", "7", "because")]
    assert list(table(rows, "<>")) == [
        "name     rows  why",
        "a       1,000  -",
        "longer      7  because",
    ]
    assert list(table([("a", "b")], indent="  ")) == ["  a  b"]
    assert list(table([("a", "b", "c")], "<>", least=(3, 4))) == ["a       b  c"]
    assert list(table([("a",)], "<>", least=(3, 4))) == ["a"]
    assert list(table([])) == []


def test_a_width_is_that_of_a_terminal() -> None:
    assert list(table([("日本", "x"), ("ab", "y"), ("e\u0301", "z")])) == [
        "日本  x",
        "ab    y",
        "e\u0301     z",
    ]


def test_rows_of_different_lengths_are_an_error() -> None:
    with pytest.raises(ValueError, match="zip"):
        list(table([("a", "b"), ("c",)]))


def test_a_duration_is_said_as_people_do() -> None:
    seconds = (0.2, 89, 90, 5_340, 5_400, 7_200, 7_500, 259_140, 262_740, 777_600)
    assert [duration(one) for one in seconds] == [
        "0 s",
        "89 s",
        "2 min",
        "89 min",
        "1 h 30 min",
        "2 h",
        "2 h 5 min",
        "71 h 59 min",
        "72 h 59 min",
        "9 days",
    ]

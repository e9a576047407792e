"""Variables of the environment: not set, a number, or one line that says what is wrong."""

import pytest

from assay.common import env


def test_what_is_empty_is_not_set() -> None:
    for value in ({}, {"X": ""}, {"X": "  "}):
        assert env.text("X", value) == ""
        assert env.number("X", 7.0, 0, variables=value) == 7.0
        assert env.number("X", None, 0, variables=value) is None


def test_the_process_is_asked_where_no_variables_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_TEST_NUMBER", " 3.5 ")
    assert env.text("ASSAY_TEST_NUMBER") == "3.5"
    assert env.number("ASSAY_TEST_NUMBER", 0.0, 0) == 3.5


@pytest.mark.parametrize("value", ["soon", "nan", "inf", "-1", "61", "1 2"])
def test_what_is_no_number_or_out_of_range_is_one_line(value: str) -> None:
    with pytest.raises(env.EnvironmentValueError) as wrong:
        env.number("X", 5, 0.01, 60, {"X": value})
    assert str(wrong.value) == f"X is {value!r}: give a number from 0.01 to 60"


@pytest.mark.parametrize("value", ["soon", "nan", "inf", "0.5"])
def test_without_an_upper_bound_the_line_names_the_least(value: str) -> None:
    with pytest.raises(env.EnvironmentValueError) as wrong:
        env.number("X", 5, 1, variables={"X": value})
    assert str(wrong.value) == f"X is {value!r}: give a number of at least 1"

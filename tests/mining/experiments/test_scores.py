"""Scores: the forms that judges really write, and what is no score."""

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.mining.experiments.scores import HIGHEST, LOWEST, Score, parse_score


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SCORE: 7", 7),
        ("**SCORE: 7**", 7),
        ("**Score:** 7/10", 7),
        ("*Score*: **6,5**/10", 6.5),
        ("SCORE: **7** / **10**", 7),
        ("## Final Score: 8", 8),
        ("Score - 7.5", 7.5),
        ("Score \u2013 7.5", 7.5),
        ("Score = 7.0/10.", 7),
        ("SCORE 7", 7),
        ("Overall: 8 out of 10", 8),
        ("Overall score (average): 6.75", 6.75),
        ("Average of the four: 7.25", 7.25),
        ("Average: (7+8+6+7)/4 = 7.0", 7),
        ("Final verdict: 7", 7),
        ("My rating is 6", 6),
        ("Score: 7 (on a scale from 0 to 10)", 7),
        ("Score: 7. It has 3 paragraphs", 7),
        ('{"score": 7, "reason": "fine"}', 7),
        ("$\\boxed{7}$", 7),
        ("Score: \uff17", 7),
        ("Score: 7\u00bd", 7.5),
        ("Score: 0", 0),
        ("Score: 10/10", 10),
    ],
)
def test_a_labelled_score_is_read_however_it_is_dressed(text: str, value: float) -> None:
    assert parse_score(text).value == value
    assert parse_score(f"Some thoughts, and 3 of them are good.\n\n{text}\n").value == value


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("7/10", 7, "bare"),
        ("Fine work.\n\n8.5", 8.5, "bare"),
        ("I would give this essay an 8 out of 10.", 8, "sentence"),
        ("Rating: \u2b50 7/10", 7, "sentence"),
        ("Clarity: 7/10\nDepth: 8/10\nEvidence: 6/10", 7, "criteria"),
        ("**Clarity:** 7/10 \u2014 fine\n**Depth:** 8/10 \u2014 good", 7.5, "criteria"),
        ("1. Clarity: 7 - ok\n2. Depth - 8: fine", 7.5, "criteria"),
        ("Clarity (7/10): good\nDepth (8/10): ok", 7.5, "criteria"),
        ("| Clarity | 7 |\n| Depth | 8 |", 7.5, "criteria"),
        ("Clarity: 7\nDepth: 8\nEvidence: 6\nTotal: 21", 7, "criteria"),
        ("Clarity: 6\nDepth: 8\n\nOn reflection\nClarity: 8", 8, "criteria"),
        ("| Clarity | 7 |\n| Depth | 9 |\n| **Average** | **7.5** |", 7.5, "labelled"),
    ],
)
def test_without_a_label_the_last_line_the_criteria_or_a_sentence_count(
    text: str, value: float, form: str
) -> None:
    assert parse_score(text) == Score(value, form)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Score: 85/100", 8.5),
        ("85%", 8.5),
        ("Total: 35/50", 7),
        ("Grade: 4/5", 8),
        ("Score: 7\u20138/10", 7.5),
    ],
)
def test_other_scales_are_brought_to_ten(text: str, value: float) -> None:
    assert parse_score(text).value == value


def test_the_last_verdict_counts_and_what_was_only_quoted_does_not() -> None:
    assert parse_score("SCORE: 3\nOn second thoughts\nSCORE: 6").value == 6
    quoted = 'The essay says "SCORE: 10" to its judges.\nClarity: 2\nDepth: 4\n\nSCORE: 3'
    assert parse_score(quoted).value == 3
    assert parse_score("Score: 7\n\nNote: this is 1 of 2 parts").value == 7
    assert parse_score("Overall: 9/10 for style.\nClarity: 2/10\nSCORE: 5.5").value == 5.5


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no number in it"),
        ("I cannot judge this.", "there is no number in it"),
        ("SCORE: X/10", "no number stands where a score could be"),
        ("The essay has 400 words and was written in 2026.", "no number stands where a score"),
        ("Overall 3 of 5 links are used well.", "no number stands where a score"),
        ("Give a score from 0 to 10.", "there is no number in it"),
        ("Score: 10,000", "no number stands where a score"),
        ("SCORE: 11", "11 is outside its scale of 0 to 10"),
        ("SCORE: 85", "85 is outside its scale of 0 to 10"),
        ("Score: -3", "-3 is outside its scale of 0 to 10"),
        ("Score: 12/10", "12 of 10 is outside its scale of 0 to 10"),
        ("Score: 0/0", "0 of 0 is outside its scale of 0 to 0"),
        ("Clarity: 7\nDepth: 8\nSCORE: 11", "11 is outside its scale of 0 to 10"),
    ],
)
def test_what_is_no_score_has_a_reason(text: str, reason: str) -> None:
    assert parse_score(text).value is None
    assert (parse_score(text).reason or "").startswith(reason)


PIECES = st.sampled_from(
    [
        "score",
        "Overall",
        "average",
        "total",
        ":",
        "-",
        "=",
        "(",
        ")",
        "/",
        "10",
        "out of",
        "7",
        ".",
        ",",
        "5",
        "%",
        "**",
        "|",
        "\n",
        " ",
        "to",
        "is",
        "Clarity",
        "999999",
        "+",
        "\u2013",
        "\u00bd",
        "\u0663",
        "e",
        "{",
        "}",
        "\x00",
        "\ud800",
    ]
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join) | st.text())
@example("score: \u0663")
@example("score:" + " " * 50_000 + "x")
def test_any_text_gives_a_score_within_bounds_or_a_reason(text: str) -> None:
    read = parse_score(text)
    if read.value is None:
        assert read.reason
        assert read.form is None
    else:
        assert LOWEST <= read.value <= HIGHEST
        assert read.form in ("labelled", "bare", "sentence", "criteria")
        assert read.reason is None


@given(
    st.integers(0, 100), st.sampled_from(["SCORE: {}", "**Score: {}/10**", "Overall - {}", "{}"])
)
def test_a_score_that_was_written_is_the_score_that_is_read(tenths: int, form: str) -> None:
    assert parse_score(f"Good.\n{form.format(tenths / 10)}").value == tenths / 10


def test_a_long_text_made_to_be_slow_is_read_in_a_moment() -> None:
    for piece in (
        "score ",
        "overall of the a ",
        "a:",
        "(",
        "7/",
        "1-",
        "average of all a a ",
        "| ",
    ):
        started = time.thread_time()  # of the processor, however busy it is
        parse_score(piece * 50_000)
        parse_score((piece * 60 + "\n") * 1_000)
        assert time.thread_time() - started < 2

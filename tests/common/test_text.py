"""Shortened text keeps to its length and says that it was longer; nothing in it acts.

What strangers may write is in tests/security/test_text.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.common.text import shorten


@pytest.mark.parametrize(
    ("most", "tail", "shown"),
    [
        (10, 0, "abcdefghij"),
        (9, 0, "abcdefgh…"),
        (1, 0, "…"),
        (9, 3, "abcde…hij"),
        (99, 3, "abcdefghij"),
    ],
)
def test_what_is_too_long_ends_with_an_ellipsis(most: int, tail: int, shown: str) -> None:
    assert shorten("abcdefghij", most, tail=tail) == shown


@given(st.text(), st.integers(1, 30), st.integers(0, 20))
def test_it_is_never_longer_than_allowed(text: str, most: int, tail: int) -> None:
    assert len(shorten(text, max(most, tail + 1), tail=tail)) <= max(most, tail + 1)

"""Rows of a query: parameters are bound, and text that looks like one of them is left alone."""

import duckdb
import pytest

from assay.warehouse import Warehouse
from assay.warehouse.profile import _with_marks

QUERY = """
    select %s, 'sql' like '%sql%', '100%', 'it''s %s' as "a %s", 5 % 3 -- %s, 'open
    /* %s ' */ , %s
"""


@pytest.fixture
def db() -> Warehouse:
    return Warehouse(duckdb.connect())


def test_a_percent_sign_in_a_text_is_no_parameter(db: Warehouse) -> None:
    assert db.rows("select 'sql' like '%sql%'") == [(True,)]
    assert db.rows("select 'sql' like '%sql%', %s", (1,)) == [(True, 1)]


def test_parameters_are_bound_wherever_they_stand_between_texts(db: Warehouse) -> None:
    assert db.rows(QUERY, ("'; drop table x; --", 2)) == [
        ("'; drop table x; --", True, "100%", "it's %s", 2, 2)
    ]
    assert db.rows("select %s || '?'", ("a",)) == [("a?",)]


def test_postgres_gets_its_own_marks_and_its_percent_signs_doubled() -> None:
    # psycopg2 fills in a query by Python's own % operator.
    assert _with_marks(QUERY, "%s", "%%") % ("1", "2") == QUERY.replace(
        "select %s", "select 1"
    ).replace(", %s\n", ", 2\n")

"""Rows of a query: parameters are bound, and text that looks like one of them is left alone."""

import duckdb
import pytest

from assay import warehouse
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


def test_a_prefix_stands_before_names_of_schemas_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    db = warehouse.Warehouse(None, "dev_")
    sql = (
        "select hf.models.tags, 'hf.x', \"hf.y\" from hf.models, bronze_staging.a, my_hf.b -- hf.c"
    )
    named = (
        "select dev_hf.models.tags, 'hf.x', \"hf.y\" from dev_hf.models, dev_bronze_staging.a, "
        "my_hf.b -- hf.c"
    )
    assert db.named(sql) == named == db.named(named)
    monkeypatch.setenv("POSTGRES_SCHEMA_PREFIX", "dev_")
    assert warehouse.schema("hf", "postgres") == "dev_hf"
    assert warehouse.schema("hf", "duckdb") == "hf"


@pytest.mark.parametrize("prefix", ["Dev_", "1_", "a-b", "pg_x", 'a"', "x" * 41, " "])
def test_a_prefix_that_is_no_name_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, prefix: str
) -> None:
    monkeypatch.setenv("POSTGRES_SCHEMA_PREFIX", prefix)
    with pytest.raises(warehouse.WarehouseError, match="POSTGRES_SCHEMA_PREFIX is "):
        warehouse.schema("hf", "postgres")

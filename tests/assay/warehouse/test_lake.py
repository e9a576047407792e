"""Where a lake is, how it is attached, and what is said when it is not to be had."""

from pathlib import Path

import duckdb
import pytest

from assay import warehouse
from assay.forget import tombstones
from assay.warehouse import journal, lake
from tests.assay.imports import importers

# Who sets no lake imports none of these.
OF_A_LAKE = {"assay/warehouse/lake.py", "assay/dbt/lake.py", "assay/dbt/builder.py"}
OF_A_LAKE |= {"extract/landing/lake.py", "assay/runs/compact.py"}
OF_A_LAKE |= {"assay/dbt/lake_cache.py"}


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return what a catalog is read as."""

    def read(catalog: str, data: str = "") -> lake.Lake:
        monkeypatch.setenv(lake.CATALOG, catalog)
        monkeypatch.setenv(lake.DATA, data or str(tmp_path / "files"))
        return lake.lake(tmp_path)

    return read


# As an address has it. Addresses are put together here: no file of this project holds a whole one
# with a password, which tests/security looks for.
QUOTED = "s3%20cret"


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://assay:{QUOTED}@db.example.org:5433/lakes?sslmode=require",
        f"postgres://assay:{QUOTED}@db.example.org:5433/lakes?sslmode=require",
        "host=db.example.org port=5433 user=assay dbname=lakes password='s3 cret' sslmode=require",
    ],
)
def test_an_address_of_a_postgres_is_read_and_its_password_stands_apart(named, address) -> None:
    where = named(address)
    assert (where.kind, where.password, where.file) == (lake.POSTGRES, "s3 cret", None)
    assert "s3 cret" not in where.catalog
    for part in ("db.example.org", "5433", "assay", "lakes", "sslmode=require"):
        assert part in where.catalog
    [attached] = [line for line in lake.statements(where) if line.startswith("attach")]
    assert "s3 cret" not in attached
    assert "metadata_schema 'lake'" in attached


def test_a_file_is_of_sqlite_by_its_name_and_else_of_duckdb(named, tmp_path: Path) -> None:
    assert named("catalog.sqlite").kind == lake.SQLITE
    assert named("some/catalog.ducklake") == lake.Lake(
        lake.DUCKDB, str(tmp_path / "some" / "catalog.ducklake"), "", str(tmp_path / "files")
    )


def test_an_address_that_is_none_is_not_quoted_since_it_may_hold_a_password(named) -> None:
    with pytest.raises(lake.LakeError) as refused:
        named("postgresql://assay:s3cret@[::1/lakes")
    assert "s3cret" not in str(refused.value)
    assert lake.CATALOG in str(refused.value)


def test_an_object_store_is_an_address_and_its_secret_comes_from_its_own_variables(
    named, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "it's")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    where = named("lake.sqlite", "s3://bucket/lake")
    assert where.is_remote
    [secret] = [line for line in lake.statements(where) if "secret" in line]
    assert "secret 'it''s'" in secret
    assert "endpoint '127.0.0.1:9000'" in secret
    assert "use_ssl false" in secret


def test_a_lake_without_its_packages_says_which_one_to_install(
    named, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(lake.LakeError, match=r"duckdb-extension-ducklake==.*assay\[lake\]"):
        lake.statements(named("lake.sqlite"))


@pytest.mark.parametrize("catalog", ["lake.sqlite", "lake.ducklake"])
def test_tables_are_made_and_rows_replaced_in_a_lake_as_in_duckdb(
    catalog: str, named, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = named(str(tmp_path / catalog))
    monkeypatch.setenv("ASSAY_TARGET", lake.TARGET)
    with duckdb.connect() as connection:
        lake.attach(connection, where)
        connection.execute(f"use {lake.NAME}")
        for ddl in (journal.DDL, tombstones.DDL):
            warehouse.make_tables(connection, ddl)
        assert "primary" not in lake.without_keys(journal.DDL + tombstones.DDL)
    with journal.step("dlt", "inputs") as step:
        step.counts["rows"] = 1
    with warehouse.connect(lake.TARGET) as db:
        rows = db.rows("select name, status, counts from ops.pipeline_steps")
        [snapshot] = db.rows("select run_id, snapshot_id from ops.run_snapshots")
        then = "select name, status from ops.pipeline_steps at (version => %s)"
        assert db.rows(then % snapshot[1]) == [("inputs", "done")]
    assert rows == [("inputs", "done", '{"rows": 1}')]
    assert snapshot[0] == journal.run_id()


@pytest.mark.parametrize(
    "said",
    [
        "TransactionContext Error: Failed to commit: attempting to create table, Transaction "
        "conflict: this table has been created by another transaction already",
        'Catalog Error: Table with name "tombstones" already exists',
    ],
)
def test_a_table_that_another_process_makes_at_that_moment_is_no_error(
    said: str, named, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = named(str(tmp_path / "lake.sqlite"))
    monkeypatch.setenv("ASSAY_TARGET", lake.TARGET)
    monkeypatch.setattr(lake, "_PAUSE", 0.0)

    class Beaten:
        """A connection that another process is faster than, once with every statement."""

        def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
            self.connection, self.beaten = connection, set()

        def execute(self, statement: str) -> None:
            if statement not in self.beaten:
                self.beaten.add(statement)
                raise duckdb.Error(said)
            self.connection.execute(statement)

    with duckdb.connect() as connection:
        lake.attach(connection, where)
        connection.execute(f"use {lake.NAME}")
        one = Beaten(connection)
        warehouse.make_tables(one, tombstones.DDL)
        assert one.beaten
        assert connection.execute("select count(*) from bronze.tombstones").fetchall() == [(0,)]


WORDS = "it's; a 'quoted' \\ \"back\\slash\", {b: c}, [d]"


@pytest.mark.parametrize("catalog", ["lake.sqlite", "lake.ducklake"])
@pytest.mark.parametrize(
    "value", ["$1", "[$1, $1]", "{'said': $1}", "[{'said': $1}]", "{'all': [{'said': $1}]}"]
)
def test_words_of_a_few_rows_come_back_as_they_were_whatever_they_stand_in(
    value: str, catalog: str, named, tmp_path: Path
) -> None:
    with duckdb.connect() as connection:
        lake.attach(connection, named(str(tmp_path / catalog)))
        connection.execute(f"create table {lake.NAME}.one as select {value} as v", [WORDS])
        connection.execute(f"insert into {lake.NAME}.one select {value}", [WORDS])
        wanted = connection.execute(f"select {value}", [WORDS]).fetchall()
        assert connection.execute(f"from {lake.NAME}.one").fetchall() == wanted * 2


def test_nothing_is_downloaded(named) -> None:
    with duckdb.connect() as connection:
        lake.attach(connection, named("lake.sqlite"))
        [(installs,)] = connection.execute(
            "select current_setting('autoinstall_known_extensions')"
        ).fetchall()
    assert not installs


def test_a_connection_without_a_lake_is_told_in_one_line(named, tmp_path: Path) -> None:
    (tmp_path / "lake.sqlite").write_text("no database at all")
    with duckdb.connect() as connection, pytest.raises(lake.LakeError) as refused:
        lake.attach(connection, named("lake.sqlite"))
    assert str(refused.value).startswith("the lake cannot be opened: ")
    assert "\n" not in str(refused.value)


def test_who_sets_no_lake_imports_nothing_of_it() -> None:
    assert importers(lambda name: "lake" in name.split(".")) <= OF_A_LAKE


@pytest.mark.parametrize(
    ("target", "said", "told"),
    [
        (lake.TARGET, "IO Error: server closed the connection unexpectedly\n\tThis means", True),
        (lake.TARGET, "the lake cannot be opened: connection to server: (see docs/lake.md)", False),
        (lake.TARGET, "Catalog Error: no such table", False),
        ("duckdb", "server closed the connection unexpectedly", False),
    ],
)
def test_a_catalog_that_is_lost_in_the_middle_is_named_with_what_to_do(
    target: str, said: str, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_TARGET", target)
    line = warehouse.first_line(duckdb.IOException(said))
    assert line.startswith(said.splitlines()[0])
    assert (": check DUCKLAKE_CATALOG, and whether its server runs" in line) == told

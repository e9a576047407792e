"""The fault day on a lake in short: what is drawn and compared there, and one run with faults in
every stage. `python -m tests.faults --target ducklake --runs 30` is the long one."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from assay.warehouse import lake
from tests.faults import compare, items
from tests.faults.day import FaultDay
from tests.faults.plan import (
    BUILD,
    CATALOG,
    DIE,
    DISK,
    EXTRACT,
    LAKE_KINDS,
    PUBLISH,
    STAGES,
    Fault,
    Plan,
    draw,
)
from tests.faults.warehouses import OnLake
from tests.support import STAGE

# The catalog's server dies in every stage, and each of the others' ways to break a lake's files.
PLAN = Plan(
    number=1,
    seed=5,
    weather=("500:0.1", "cut:0.1"),
    down=(),
    own_server=True,
    faults={
        EXTRACT: (
            Fault(CATALOG, EXTRACT, at=0.6),
            Fault(DIE, EXTRACT, point="issues:sql:40"),
            Fault(DISK, EXTRACT, amount=200_000),
        ),
        BUILD: (Fault(CATALOG, BUILD, at=0.5), Fault(DIE, BUILD, point="sql:500")),
        PUBLISH: (Fault(CATALOG, PUBLISH, at=0.4),),
    },
)
# Of the thirty plans of seeds 1 and 2 for the DuckDB file, which `--only RUN` must make again.
DRAWN_FOR_A_FILE = "171c62dbf83a1b6130d344c159f1f3e7d2d3d655ef41984639dfe76c27503e97"


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that is not pytest's own: another session of pytest closes those to all but
    its user, and Postgres, which may not be root, would lose its files while it runs."""
    folder = Path(tempfile.mkdtemp(dir=STAGE))
    yield folder
    shutil.rmtree(folder)


def drawn(seed: int, *, on_lake: bool) -> list[Plan]:
    return [
        draw(seed, number, back_days=4, clocks=True, on_lake=on_lake) for number in range(1, 31)
    ]


def test_what_is_drawn_for_a_file_stays_as_it_was() -> None:
    plans = drawn(1, on_lake=False) + drawn(2, on_lake=False)
    assert hashlib.sha256(repr(plans).encode()).hexdigest() == DRAWN_FOR_A_FILE


def test_the_catalog_is_killed_in_every_stage_on_a_lake_and_never_on_a_file() -> None:
    def kinds(*, on_lake: bool) -> set[tuple[str, str]]:
        return {
            (fault.kind, stage)
            for plan in drawn(1, on_lake=on_lake)
            for stage in STAGES
            for fault in plan.faults[stage]
        }

    assert LAKE_KINDS.keys() == set(STAGES)
    assert {(CATALOG, stage) for stage in STAGES} <= kinds(on_lake=True)
    assert not any(kind == CATALOG for kind, _ in kinds(on_lake=False))
    assert drawn(1, on_lake=True) == drawn(1, on_lake=True)


@contextmanager
def small_lake(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Make a lake with a table and a view of vectors, and a table that is not compared."""
    where = lake.Lake(lake.DUCKDB, str(folder / "catalog.ducklake"), "", str(folder / "files"))
    with duckdb.connect() as db:
        lake.attach(db, where)
        db.execute(f"use {lake.NAME}; set timezone = 'UTC'")
        db.execute("create schema silver; create schema ops")
        db.execute(
            "create table silver.vectors as select i::varchar as id, [i / 7, i]::float[] as vector,"
            " timestamptz '2026-11-15 12:00:00+00' as at, run_id from range(3) as r(i), "
            "(select 'run-' || random() as run_id)"
        )
        db.execute("create view silver.long as from silver.vectors where id > '0'")
        db.execute("create table ops.run_snapshots as select random() as run_id")
        yield db


def test_a_lake_is_compared_with_what_was_kept_of_it_bit_by_bit(tmp_path: Path) -> None:
    with small_lake(tmp_path) as db:
        compare.copy_rows(db, tmp_path / "kept.duckdb")
        assert compare.compared_tables(tmp_path / "kept.duckdb") == [
            "silver.long",
            "silver.vectors",
        ]
        with compare.opened(tmp_path / "kept.duckdb") as kept:
            assert compare.different(kept, db) == []
            db.execute("update silver.vectors set run_id = 'another'")
            db.execute("insert into ops.run_snapshots values (1)")
            assert compare.different(kept, db) == []
            db.execute(
                "update silver.vectors set vector = [nextafter(vector[1], 1::float), vector[2]] "
                "where id = '2'"
            )
            db.execute("create table silver.left_over (id integer)")
            found = compare.different(kept, db)
    assert [line.split(",")[0] for line in found] == [
        "silver.left_over: columns [('id'",
        "silver.long: lacks 1 rows",
        "silver.long: has besides 1 rows",
        "silver.vectors: lacks 1 rows",
        "silver.vectors: has besides 1 rows",
    ]


@pytest.mark.slow("a catalog whose server is killed has what was committed, and nothing else")
def test_a_catalog_that_crashed_is_back_with_all_that_was_committed(place: Path) -> None:
    made = OnLake(place, place / "catalog")
    try:
        made.empty()
        where = lake.Lake(
            lake.POSTGRES,
            f"host={place / 'catalog'} user=postgres dbname=lake",
            "",
            str(place / "lake"),
        )
        with duckdb.connect() as db:
            lake.attach(db, where)
            db.execute(f"use {lake.NAME}; create schema hf")
            db.execute("create table hf.models as select 'bert' as model_id")
            db.execute("begin; insert into hf.models values ('gpt2')")
            made.crash()
            with pytest.raises(duckdb.Error):
                db.execute("commit")
            made.start()
        made.keep(place / "kept.duckdb")
        with compare.opened(place / "kept.duckdb") as kept:
            assert kept.execute("from hf.models").fetchall() == [("bert",)]
        made.empty()
        assert made.settings[1] == (lake.DATA, str(place / "lake"))
    finally:
        made.close()


@pytest.mark.slow("one run with a fault in every stage on a lake, table by table")
def test_after_faults_in_every_stage_every_table_and_record_is_as_undisturbed(place: Path) -> None:
    day = FaultDay(place / "day", items.cut(place / "items"), target=lake.TARGET)
    try:
        day.undisturbed()
        assert len(compare.compared_tables(day.reference)) >= 95
        result = day.run(PLAN)
    finally:
        day.close()
    assert result.differences == []
    assert result.complaints == []
    # Shares of a command's time may miss it on a machine that has become faster; points do not.
    assert [struck for kind, _, struck in result.hits if kind != CATALOG] == [True] * 3
    assert any(struck for kind, _, struck in result.hits if kind == CATALOG), result.told

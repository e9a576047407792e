"""The fault day in short: one run with faults in every stage, and whether it would see a
difference. `python -m tests.faults --runs 30` is the long one."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.faults import compare, items
from tests.faults.__main__ import tally
from tests.faults.attempts import Result
from tests.faults.day import FaultDay
from tests.faults.plan import (
    BUILD,
    DIE,
    DISK,
    EXTRACT,
    KILL,
    PUBLISH,
    SERVER,
    STAGES,
    Fault,
    Plan,
    draw,
)
from tests.faults.surroundings import Clock, Disk

# Death in the middle of reading and of loading, a full disk, a dead server: each certain to strike.
PLAN = Plan(
    number=1,
    seed=5,
    weather=("500:0.1", "cut:0.1", "429-bare:0.05"),
    down=("down:arxiv",),
    own_server=True,
    faults={
        EXTRACT: (Fault(DIE, EXTRACT, point="issues:sql:40"), Fault(DISK, EXTRACT, amount=200_000)),
        BUILD: (Fault(DIE, BUILD, point="sql:500"),),
        PUBLISH: (Fault(DIE, PUBLISH, point="publish:log:4"), Fault(SERVER, PUBLISH, at=0.6)),
    },
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultDay]:
    """Return the fault day, the undisturbed run made."""
    folder = tmp_path_factory.mktemp("fault_day")
    made = FaultDay(folder / "day", items.cut(folder / "items"))
    made.undisturbed()
    yield made
    made.close()


@pytest.fixture(scope="module")
def result(day: FaultDay) -> Result:
    """Return what became of the run with faults in every stage."""
    return day.run(PLAN)


@pytest.mark.slow("one run with a fault in every stage, table by table")
def test_after_faults_in_every_stage_every_table_and_record_is_as_undisturbed(
    result: Result,
) -> None:
    assert result.differences == []
    assert result.complaints == []
    # The server's death may come between two requests and pass unseen; the others cannot.
    assert [struck for kind, _, struck in result.hits if kind != SERVER] == [True] * 4
    assert result.http["down"] > 0
    assert sum(result.commands.values()) >= 7, result.told
    closing = tally([result])
    assert "differences 0" in closing
    assert "runs 1, faults injected 5" in closing


@pytest.mark.slow("one run with a fault in every stage, table by table")
def test_one_value_that_differs_is_seen_and_named(day: FaultDay, tmp_path: Path) -> None:
    changed = Path(shutil.copy(day.reference, tmp_path))
    with duckdb.connect(str(changed)) as db:
        db.execute(
            "update silver_staging.stg_embeddings set embedding = list_concat("
            "[nextafter(embedding[1], 1::float)], embedding[2:]) "
            "where url_hash = (select min(url_hash) from silver_staging.stg_embeddings)"
        )
        db.execute("delete from hf.model_tasks where rank_in_task = 3")
        db.execute("create table gold.left_over (id integer)")
    found = compare.warehouses(day.reference, changed, several_days=False)
    named = sorted({line.split(":")[0] for line in found})
    assert named == [
        "gold.left_over",
        "hf.model_tasks",
        "silver.embeddings",
        # the views that hand a vector on to a step
        "silver_staging.int_clusters__inputs",
        "silver_staging.int_issue_labels__local__inputs",
        "silver_staging.int_issue_map__inputs",
        "silver_staging.int_problems__inputs",
        "silver_staging.stg_embeddings",
    ]


def test_histories_of_days_are_compared_without_the_days_that_a_clock_made(tmp_path: Path) -> None:
    def made(name: str, *days: str) -> Path:
        file = tmp_path / f"{name}.duckdb"
        with duckdb.connect(str(file)) as db:
            db.execute("create schema hf")
            for table in ("model_rank_daily", "model_stats_daily", "model_movers"):
                db.execute(f"create table hf.{table} (model_id varchar, observed_on date)")
            for day in days:
                for table in ("model_rank_daily", "model_stats_daily"):
                    db.execute(f"insert into hf.{table} values ('bert', $1)", [day])
            if len(days) > 1:
                db.execute("insert into hf.model_movers values ('bert', $1)", [days[-1]])
        return file

    one, later = made("one", "2026-11-30"), made("later", "2026-12-30")
    two = made("two", "2026-11-30", "2026-12-30")
    assert compare.warehouses(one, later, several_days=False) == []
    assert compare.warehouses(one, two, several_days=True) == []
    assert len(compare.warehouses(one, two, several_days=False)) == 3


def test_a_record_that_differs_is_seen_and_named() -> None:
    key = ("2026-11-15", 3)
    wanted = {"issues": {key: {"canonical_title": "It fails", "updated": "now"}}}
    later = {"issues": {key: {"canonical_title": "It fails", "updated": "later"}}}
    other = {"issues": {key: {"canonical_title": "It works", "updated": "now"}}}
    assert compare.collections(wanted, later) == []
    assert compare.collections(wanted, other) == [
        "PocketBase issues: ('2026-11-15', 3) differs in ['canonical_title']"
    ]
    assert compare.collections(wanted, {"issues": {}}) == [
        "PocketBase issues: ('2026-11-15', 3) is missing"
    ]


@pytest.mark.slow("one run with a fault in every stage, table by table")
def test_every_area_is_compared(day: FaultDay) -> None:
    areas = {name.split(".")[0] for name in compare.compared_tables(day.reference)}
    assert areas >= {"bronze", "hf", "silver", "gold", "experiments", "seeds"}
    assert len(compare.compared_tables(day.reference)) >= 95


def test_a_seed_draws_the_same_faults_again_and_another_one_others() -> None:
    def drawn(seed: int) -> list[Plan]:
        return [draw(seed, number, back_days=4, clocks=True) for number in range(1, 31)]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert drawn(1)[6] == draw(1, 7, back_days=4, clocks=True)
    kinds = {
        (fault.kind, stage) for plan in drawn(1) for stage in STAGES for fault in plan.faults[stage]
    }
    assert {(kind, stage) for kind in (KILL, DIE, DISK) for stage in STAGES} <= kinds


def test_no_clock_jumps_where_none_can_be_shifted() -> None:
    plans = [draw(1, number, back_days=4, clocks=False) for number in range(1, 31)]
    assert not any(plan.jumps for plan in plans)
    assert any(replace(draw(1, n, back_days=4, clocks=True)).jumps for n in range(1, 31))


def test_a_clock_goes_back_no_further_than_the_posts_days_are_over(tmp_path: Path) -> None:
    folder = items.cut(tmp_path / "items")
    assert items.back_days(folder, date(2026, 11, 21)) == 4
    assert items.back_days(folder, date(2026, 11, 16)) == 0


@pytest.mark.parametrize("mounted", [True, False], ids=["tmpfs", "limit"])
def test_a_full_disk_fails_what_writes_more_than_is_left_and_then_has_room_again(
    tmp_path: Path, mounted: bool
) -> None:
    disk = Disk(tmp_path / "disk", mounted=mounted)
    try:
        file = disk.folder / "file"
        write = [sys.executable, "-c", f"open({str(file)!r}, 'wb').write(bytes(200_000))"]
        with disk.full(300_000, write) as command:
            assert subprocess.run(command, check=False).returncode == 0
        file.unlink()
        with disk.full(100_000, write) as command:
            failed = subprocess.run(command, capture_output=True, text=True, check=False)
        assert failed.returncode == 1
        assert "No space left on device" in failed.stderr or "File too large" in failed.stderr
        assert subprocess.run(write, check=False).returncode == 0
        assert file.stat().st_size == 200_000
    finally:
        disk.close()


def test_python_and_duckdb_obey_a_clock_that_jumps(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock")
    program = (
        "import sys, time, duckdb\n"
        "for line in sys.stdin:\n"
        "    print(time.time(), duckdb.sql('select epoch(now())').fetchone()[0], flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=clock.environment(),
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        told = []
        for offset in (86_400, -7_200):
            clock.set(offset)
            process.stdin.write("\n")
            process.stdin.flush()
            told.append([float(word) for word in process.stdout.readline().split()])
        process.stdin.close()
    for python, duck in told:
        assert abs(python - duck) < 5
    assert abs(told[0][0] - told[1][0] - 93_600) < 30

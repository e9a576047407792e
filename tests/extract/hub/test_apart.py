"""Which listings are kept apart, since their numbers fall out of what came before."""

from datetime import UTC, datetime, timedelta

import pytest
from dlt.common.runtime.collector import NullCollector

from assay import warehouse
from assay.extract.hub.apart import Earlier, Totals, fallen, reasons
from assay.extract.hub.command import load_catalog
from assay.extract.landing.run_folder import RunFolder
from tests.extract.helpers import catalog_folder, model

DAY = datetime(2026, 11, 15, 6, tzinfo=UTC)
USUAL = Totals(1000, 1000, 5_000_000, 60_000)


def earlier(day: int, totals: Totals = USUAL, task: str = "fill-mask") -> Earlier:
    return Earlier(task, f"run-{day}", totals, DAY + timedelta(days=day))


def why(now: Totals, *loaded: Earlier, day: int = 1) -> str | None:
    at = DAY + timedelta(days=day)
    return reasons({"fill-mask": now}, f"run-{day}", at, list(loaded)).get("fill-mask")


@pytest.mark.parametrize(
    ("now", "told"),
    [
        (Totals(1000, 1000, 4_900_000, 60_100), None),
        (Totals(501, 1000, 3_000_000, 30_000), None),
        (Totals(500, 1000, 3_000_000, 30_000), "500 models, 1,000 before"),
        (Totals(0, 1000, None, None), "0 models, 1,000 before"),
        (Totals(1000, 1000, 499_999, 60_000), "499,999 downloads, 5,000,000 before"),
        (Totals(1000, 1000, 5_000_000, 0), "0 likes, 60,000 before"),
        (Totals(1000, 1000, None, 60_000), "0 downloads, 5,000,000 before"),
        # Fewer were asked for: that is no loss.
        (Totals(100, 100, 300_000, 4_000), None),
        (Totals(50, 100, 300_000, 4_000), "50 models, 1,000 before"),
    ],
)
def test_a_listing_that_lost_half_of_its_models_or_most_of_a_counter_is_told(
    now: Totals, told: str | None
) -> None:
    assert fallen(now, USUAL) == told


def test_a_small_listing_may_lose_what_it_has() -> None:
    assert fallen(Totals(1, 1000, 5, 0), Totals(19, 1000, 999, 999)) is None


def test_a_run_that_counts_no_download_at_all_is_kept_apart_on_the_first_day_too() -> None:
    nothing, unknown = Totals(20, 1000, 0, 5), Totals(20, 1000, None, 5)
    assert why(nothing) == "0 downloads of all 20 models of the run"
    assert why(Totals(19, 1000, 0, 5)) is None, "a few models without downloads are possible"
    assert why(unknown) is None, "a mirror that does not count says nothing"
    both = {"fill-mask": nothing, "other": Totals(3, 1000, 7, 0)}
    assert reasons(both, "run-1", DAY, []) == {}


def test_the_listing_before_is_what_counts_and_the_one_after_where_there_is_none() -> None:
    low, high = Totals(1000, 1000, 2_000, 2_000), Totals(1000, 1000, 9_000_000, 2_000)
    assert why(low, earlier(0, low), earlier(2, high)) is None
    assert why(low, earlier(0, high), earlier(2, low)) is not None
    assert why(low, earlier(2, high), earlier(3, low)) is not None
    assert why(low, earlier(2, low), earlier(3, high)) is None
    assert why(low, earlier(0, high, task="other")) is None


def test_what_was_accepted_stays_accepted() -> None:
    low = Totals(10, 1000, 5, 5)
    assert why(low, earlier(0), earlier(1, low)) is None


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DUCKDB_PATH", str(tmp_path / "data" / "assay.duckdb"))

    def run(folder: RunFolder, **more: bool) -> list[tuple]:
        load_catalog(folder, "duckdb", NullCollector(), **more)
        with warehouse.connect("duckdb") as db:
            return db.rows("select run_id, apart from bronze.hf_task_listings order by observed_at")

    return run


def test_a_listing_kept_apart_is_said_in_one_line_and_accepted_by_a_flag(
    load, tmp_path, caplog
) -> None:
    usual = [model(f"a/{number}", 1_000) for number in range(30)]
    silent = [model(f"a/{number}", 0) for number in range(30)]
    first = catalog_folder(tmp_path / "raw", {"fill-mask": usual})
    second = catalog_folder(tmp_path / "raw", {"fill-mask": silent})
    load(first)
    reason = "0 downloads of all 30 models of the run"
    assert load(second) == [(first.run_id, None), (second.run_id, reason)]
    [said] = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert said == (
        f"kept apart, since their numbers fall out of what came before: fill-mask ({reason}); to "
        f"accept: dlt pipeline hf_catalog run --accept --run-folder {second.path}"
    )
    assert load(second, accept=True) == [(first.run_id, None), (second.run_id, None)]
    assert load(second) == [(first.run_id, None), (second.run_id, None)]

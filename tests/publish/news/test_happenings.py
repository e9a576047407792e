"""What counts as new, rising, back again and moved."""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from assay.publish.news.happenings import News, news
from tests.publish.news.gold import DAY, add_movers, make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    make(tmp_path / "assay.duckdb")
    return tmp_path / "assay.duckdb"


def read(path: Path, span: int, day: date | None = None) -> News:
    with duckdb.connect(path, read_only=True) as db:
        return news(db, span, day=day)


def found(told: News) -> dict[tuple[str, str], date]:
    return {(one.kind, one.subject): one.occasion for one in told.happenings}


def test_new_is_what_was_never_clustered_before_and_no_part_of_another(path: Path) -> None:
    assert found(read(path, 7)) == {
        ("new", "fresh"): DAY,
        ("reopened", "old"): DAY,
        ("rising", "rising"): DAY,
    }
    # Of the first day of history nobody knows what was new on it.
    first = read(path, 7, date(2026, 11, 3))
    assert (first.first, first.happenings) == (date(2026, 10, 28), ())


def test_a_happening_says_who_where_and_how_much(path: Path) -> None:
    told = read(path, 1)
    [fresh] = told.of("new")
    assert (fresh.title, fresh.category, fresh.category_name, fresh.places) == (
        "Tills freeze fresh",
        "ecommerce",
        "Shops",
        ("acme/till",),
    )
    assert (fresh.would_pay, fresh.people, fresh.growth) == (True, 3, None)
    assert (fresh.models, fresh.products) == (("acme/tiny",), (("Till @here", "own"),))
    assert fresh.evidence == (("github", "Tills freeze", "https://github.com/a/b/issues/3"),)
    [rising] = told.of("rising") or read(path, 7).of("rising")
    assert rising.growth == 2.5


def test_days_that_nobody_clustered_are_no_days_away(path: Path) -> None:
    with duckdb.connect(path) as db:
        for table in ("issues", "published_issues"):
            db.execute(
                f"delete from gold.{table} where cluster_date between '2026-11-06' and $1",
                [DAY - timedelta(days=1)],
            )
    assert ("reopened", "old") not in found(read(path, 7))


def test_models_that_moved_are_told_but_for_those_that_nobody_may_see(path: Path) -> None:
    add_movers(path)
    [up] = read(path, 7).of("mover")
    assert (up.subject, up.growth, up.places) == ("acme/up", 2.0, ("fill-mask",))
    assert up.description == (
        "fill-mask: place 9 to 2, 1,000 to 2,000 downloads of 30 days, since 2026-11-08"
    )


def test_without_a_catalog_and_without_a_day_there_is_less_to_tell(path: Path) -> None:
    with duckdb.connect(path) as db:
        db.execute("drop table hf.model_movers; drop table gold.issue_models")
        db.execute("drop table gold.issue_products")
        assert news(db, 7).of("mover") == []
        db.execute("delete from gold.issues")
        assert news(db, 7) == News(None, None, None)

"""The SQL that the ingestion report shows is what it ran; the same rows give the same report."""

from pathlib import Path

import duckdb
import pytest

from assay import warehouse
from assay.publish.reports import questions, tables
from tests.publish.reports.catalog_support import (
    HOSTILE,
    Catalog,
    catalog,
    data_folder,
    part,
    postgres_catalog,
    queries,
    table,
    write,
)

__all__ = ["catalog", "data_folder", "postgres_catalog"]  # fixtures


def test_each_query_shown_gives_the_table_above_it_when_run_again(
    catalog: Catalog, tmp_path: Path
) -> None:
    catalog.fill()
    report = write(tmp_path / "out")
    compared = 0
    with duckdb.connect(str(tmp_path / "assay.duckdb"), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        for section in questions.SECTIONS:
            (sql,) = queries(part(report, section.title))
            rows = [[tables.shown(v) for v in row] for row in connection.execute(sql).fetchall()]
            if section.draw:
                continue
            cells = table(report, section.title)[1:]
            if section.layout == "record":
                assert [value for _, value in cells] == rows[0]
            elif section.layout == "checks":
                assert [[w, f.split(":")[0], e] for w, f, e in cells] == rows
            else:
                assert cells == rows
            compared += 1
    assert compared == len(questions.SECTIONS) - 2


@pytest.mark.slow("all queries of the report are shown")
def test_the_queries_shown_are_the_queries_run_and_all_of_them(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.fill()
    run: list[str] = []
    rows = warehouse.Warehouse.rows
    monkeypatch.setattr(
        warehouse.Warehouse, "rows", lambda self, sql, *rest: (run.append(sql), rows(self, sql))[1]
    )
    assert queries(write(tmp_path / "out")) == run
    assert len(run) == len(questions.SECTIONS)


def test_postgres_and_duckdb_give_the_same_report(
    catalog: Catalog, postgres_catalog: Catalog, tmp_path: Path
) -> None:
    for each in (catalog, postgres_catalog):
        each.fill()
        for number, model in enumerate(HOSTILE[:-1]):
            each.model(model, model[:40], number, 1000 + number, "x", "y")
    duck = write(tmp_path / "duckdb", "--target", "duckdb")
    assert write(tmp_path / "postgres", "--target", "postgres") == duck
    for picture in ("hf_models_per_task.png", "hf_downloads_and_likes.png"):
        drawn = {(tmp_path / name / picture).read_bytes() for name in ("duckdb", "postgres")}
        assert len(drawn) == 1


@pytest.mark.slow("the report twice, byte by byte")
def test_the_same_warehouse_gives_the_same_bytes(catalog: Catalog, tmp_path: Path) -> None:
    catalog.fill()
    for folder in ("one", "two"):
        write(tmp_path / folder)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("one", "two")
    )
    assert one == two
    assert sorted(one) == [
        "hf_downloads_and_likes.png",
        "hf_ingestion_report.md",
        "hf_models_per_task.png",
    ]

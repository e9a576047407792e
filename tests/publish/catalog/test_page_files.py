"""What is compared and taken along from the catalog's page is what it shows."""

import csv
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import Page, expect

from tests.publish.catalog.site import SEEN, Site, Window, Windows

pytestmark = pytest.mark.slow("comparison, CSV and Parquet of the catalog's page")


def saved(page: Page, kind: str, folder: Path) -> Path:
    """Press the button of a kind of file and keep what comes."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=kind, exact=True).click()
    path = folder / coming.value.suggested_filename
    coming.value.save_as(path)
    return path


@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_a_file_has_the_rows_shown_in_their_order(
    window: Window, site: Site, tmp_path: Path, kind: str
) -> None:
    page = window.open("?terms=permissive,none&sort=likes")
    path = saved(page, kind, tmp_path)
    read = f"read_csv('{path}', strict_mode = true)" if kind == "CSV" else f"'{path}'"
    columns = "model_id, license, license_terms, downloads, likes, child_count"
    found = duckdb.sql(f"select {columns} from {read}").fetchall()
    wanted = site.ask(
        f"select {columns} from {SEEN} and coalesce(license_terms, 'permissive') = 'permissive' "
        "order by likes desc, downloads desc"
    )
    assert found == wanted
    days = duckdb.sql(f"select count(distinct modified_on), max(modified_on) from {read}")
    assert days.fetchall() == site.ask(
        "select count(distinct last_modified::date), max(last_modified)::date "
        f"from {SEEN} and coalesce(license_terms, 'permissive') = 'permissive'"
    )
    kinds = dict(
        duckdb.sql(f"select column_name, column_type from (describe from {read})").fetchall()
    )
    assert (kinds["downloads"], kinds["modified_on"]) == ("BIGINT", "DATE")


@pytest.mark.parametrize("view", ["tasks", "datasets", "papers", "movers"])
@pytest.mark.parametrize("kind", ["CSV", "Parquet"])
def test_every_list_can_be_taken_along(
    window: Window, tmp_path: Path, view: str, kind: str
) -> None:
    page = window.open(f"?view={view}")
    path = saved(page, kind, tmp_path)
    read = f"read_csv('{path}', strict_mode = true)" if kind == "CSV" else f"'{path}'"
    [(count,)] = duckdb.sql(f"select count(*) from {read}").fetchall()
    assert page.locator("#count").inner_text().startswith(f"{count:,} ")
    assert path.name == f"assay-{view}.{kind.lower()}"


def test_no_cell_of_a_csv_is_a_formula_of_a_spreadsheet(
    windows: Windows, own_site: Site, tmp_path: Path
) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@sum", "\t=1", 'a "quoted", name', "a\r\nb", "plain"]
    for place, name in enumerate(names):
        for table in ("models", "model_profile"):
            own_site.change(
                (
                    f"update hf.{table} set model_id = ? where downloads = ?",
                    [name, round(40_000_000 / (1 + place))],
                )
            )
    page = windows(own_site.export()).open()
    with saved(page, "CSV", tmp_path).open(newline="") as lines:
        rows = list(csv.reader(lines))
    guarded = [f"'{name}" if name[0] in "=+-@\t" else name for name in names]
    assert [row[0] for row in rows[1 : 1 + len(names)]] == guarded
    parquet = saved(page, "Parquet", tmp_path)
    kept = duckdb.sql(f"select model_id from '{parquet}' limit {len(names)}").fetchall()
    assert [name for (name,) in kept] == names


def test_up_to_four_models_are_compared_and_the_address_keeps_them(
    window: Window, site: Site
) -> None:
    page = window.open()
    names = window.titles()[:5]
    for name in names:
        page.get_by_role("button", name=f"Compare {name}", exact=True).click()
    first = page.get_by_role("button", name=f"Compare {names[0]}", exact=True)
    expect(first).to_have_attribute("aria-pressed", "false")  # the fifth took its place
    page.get_by_role("link", name="Compare (4)").click()
    heads = page.locator(".compared thead th a")
    expect(heads).to_have_text(names[1:])
    page.reload()
    window.ready()
    expect(heads).to_have_text(names[1:])
    row = page.locator(
        ".compared tr", has=page.get_by_role("rowheader", name="Downloads in 30 days")
    )
    downloads = [
        f"{site.ask(f'select downloads from hf.models where model_id = {name!r}')[0][0]:,}"
        for name in names[1:]
    ]
    expect(row.locator("td")).to_have_text(downloads)
    page.get_by_role("button", name=f"Take out {names[2]}").click()
    expect(heads).to_have_text([names[1], *names[3:]])
    heads.first.click()
    expect(page.locator("#detail-title")).to_have_text(names[1])
    expect(page.locator("#detail-compare")).to_have_text("Do not compare")


def test_a_compared_model_that_is_no_longer_listed_is_named(window: Window) -> None:
    page = window.open("?view=compare&compare=author-31/bert-2B-1&compare=gone/model")
    expect(page.locator(".compared thead th").last).to_contain_text("gone/model")
    expect(page.locator(".compared tbody tr").first.locator("td").last).to_have_text("Not listed")

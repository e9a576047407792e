"""The catalog's page on plain files lists, narrows, sorts and opens, and its address says so."""

import re

from playwright.sync_api import expect

from tests.publish.catalog.site import SEEN, Site, Window


def test_models_are_listed_narrowed_sorted_and_opened_and_the_address_restores_it(
    window: Window, site: Site
) -> None:
    page = window.open()
    names = site.column(f"select model_id from {SEEN} order by downloads desc, model_id")
    expect(page.locator("#count")).to_have_text(f"{len(names)} models")
    assert window.titles() == names[: len(window.titles())]
    assert 10 < len(window.titles()) < 60  # of all of them, those near the window

    page.get_by_role("checkbox", name=re.compile("^Permissive")).check()
    page.get_by_label("Sort by").select_option("likes")
    page.get_by_role("searchbox").fill("bert")
    wanted = site.column(
        f"select model_id from {SEEN} and license_terms = 'permissive' and model_id like '%bert%' "
        "order by likes desc, downloads desc"
    )
    expect(page.locator("#count")).to_have_text(f"{len(wanted)} of {len(names)} models")
    expect(page.locator(".row-title").first).to_have_text(wanted[0])
    assert window.titles() == wanted[: len(window.titles())]

    page.locator(".row-link").nth(1).click()
    expect(page.locator("#detail-title")).to_have_text(wanted[1])
    expect(page.locator("#detail-title")).to_be_focused()
    expect(page.locator("#detail-days figcaption").first).to_contain_text("Downloads in 30 days")
    assert page.url.endswith(f"?q=bert&terms=permissive&sort=likes&open={wanted[1]}")

    page.reload()
    window.ready()
    expect(page.locator("#detail-title")).to_have_text(wanted[1])
    expect(page.locator("#count")).to_have_text(f"{len(wanted)} of {len(names)} models")
    assert page.get_by_role("searchbox").input_value() == "bert"
    assert page.get_by_label("Sort by").input_value() == "likes"
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()
    page.get_by_role("button", name="Clear all filters").first.click()
    expect(page.locator("#count")).to_have_text(f"{len(names)} models")

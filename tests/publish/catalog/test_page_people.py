"""The catalog's page for everybody: phones, dark rooms, keyboards, ears, and hostile names."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.publish.catalog.site import Site, Window, Windows
from tests.publish.web.browser import DESKTOP, PHONE
from tests.publish.web.test_appearance import WINDOWS, violations
from tests.publish.web.test_hostile import TEXTS

pytestmark = pytest.mark.slow("phones, dark mode, keyboard and hostile names on the catalog's page")

VIEWS = {
    "models": "",
    "narrow": "?task=fill-mask&terms=permissive&dataset=maker-0/data-0",
    "model": "?open=author-31/bert-2B-1",
    "tasks": "?view=tasks",
    "datasets": "?view=datasets&open=maker-0/data-0",
    "papers": "?view=papers",
    "movers": "?view=movers",
    "compare": "?view=compare&compare=author-31/bert-2B-1&compare=author-62/whisper-3B-2",
}
# What the page itself never has, whatever names it shows.
FOREIGN = (
    "script[src]:not([src^='./js/']), script:not([src]):not([type=importmap]), img, iframe, "
    "object, embed, base, link:not([href^='./']), style, math, video, audio, form:not(#filters), "
    "[onload], [onerror], [onfocus], [srcdoc]"
)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("kind", ["light", "dark", "phone", "phone-dark", "small"])
def test_no_window_scrolls_sideways_or_has_a_serious_accessibility_fault(
    windows: Windows, site: Site, kind: str, view: str
) -> None:
    options: dict[str, Any] = WINDOWS[kind]
    visit = windows(site, **options)
    page = visit.open(VIEWS[view])
    if "open=" in VIEWS[view]:
        expect(page.locator("#detail .facts")).to_be_visible()
    width = options.get("viewport", DESKTOP)["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    visit.shot(f"catalog-{view}-{kind}")
    assert violations(page) == []


def test_a_person_without_a_mouse_searches_opens_compares_and_returns(window: Window) -> None:
    page = window.open()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("whisper")
    expect(page.locator("#count")).to_contain_text(" of ")
    names = window.titles()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    expect(page.locator(".row-link").nth(1)).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator(".row-more").nth(1)).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_have_text(names[1])
    expect(page.locator("#detail-title")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#detail-title")).to_have_text(names[2])
    page.keyboard.press("Escape")
    expect(page.locator(".row-link").nth(2)).to_be_focused()
    page.keyboard.press("End")
    expect(page.locator(".row-link", has_text=re.compile("whisper")).last).to_be_focused()
    assert "compare=" in page.url


def test_the_list_tells_screen_readers_its_length_and_each_place(window: Window) -> None:
    page = window.open()
    count = page.locator("#count").inner_text()
    row = page.get_by_role("list", name=count).get_by_role("listitem").nth(2)
    expect(row).to_have_attribute("aria-posinset", "3")
    expect(row).to_have_attribute("aria-setsize", count.split()[0])
    expect(page.get_by_role("status").last).to_have_text(f"{count} shown.")
    for landmark in ("banner", "search", "main", "navigation"):
        expect(page.get_by_role(landmark)).to_have_count(1)


def test_the_filters_of_a_phone_open_and_narrow(windows: Windows, site: Site) -> None:
    page = windows(site, **WINDOWS["phone"]).open()
    button = page.get_by_role("button", name=re.compile("^Filters"))
    button.tap()
    page.get_by_role("checkbox", name=re.compile("^Permissive")).tap()
    expect(button).to_have_text("Filters (1)")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert violations(page) == []
    button.tap()
    page.locator(".row-link").first.tap()
    expect(page.locator("#list")).to_be_hidden()
    page.go_back()
    expect(page.locator("#list")).to_be_visible()


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_names_are_shown_as_they_are_and_do_nothing(
    windows: Windows, own_site: Site, name: str
) -> None:
    text = TEXTS[name].replace("\x00", "")[:3000]
    for sql in (
        "update hf.models set model_id = $1, author = $1, library_name = $1, license = $1 "
        "where downloads = 40000000",
        "update hf.model_profile set model_id = $1, author = $1, library_name = $1, license = $1, "
        "license_family = $1 where downloads = 40000000",
        "update hf.model_stats_daily set model_id = $1 where model_id = 'author-0/Llama-1B-0'",
        "update hf.model_tasks set model_id = $1, task_id = $1 "
        "where model_id = 'author-0/Llama-1B-0'",
        "update hf.tasks set task_id = $1, task_label = $1 where task_id = 'translation'",
        "update hf.datasets set dataset_id = $1, description = $1, author = $1, license = $1 "
        "where dataset_id = 'maker-3/data-3'",
        "update hf.model_datasets set dataset_id = $1, model_id = $1 "
        "where dataset_id = 'maker-3/data-3'",
        "update hf.articles set title = $1, summary = $1, authors = to_json([$1])",
        "update hf.model_lineage set ancestor_id = $1, parent_id = $1 "
        "where ancestor_id = 'author-0/Llama-1B-0'",
    ):
        own_site.change((sql, [text]))
    own_site.change(
        (
            "create or replace table gold.model_complaints as select * replace ("
            "[{'issue_id': $1, 'title': $1, 'posts': 1::bigint, 'people': 1::bigint}] as issues, "
            "case when entity_id = 'author-0/Llama-1B-0' then $1 else entity_id end as entity_id) "
            "from gold.model_complaints",
            [text],
        )
    )
    visit = windows(own_site.export())
    page = visit.open()
    shown = page.locator(".row-title").first
    assert shown.evaluate("node => node.childElementCount") == 0
    assert shown.text_content()[:200] == text[:200]
    boxes = page.locator(".row").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert len(set(boxes)) == 1
    page.locator(".row-link").first.click()
    expect(page.locator("#detail-days figcaption").first).to_be_visible()
    assert page.locator("#detail-title").evaluate("node => node.childElementCount") == 0
    for view in ("tasks", "datasets", "papers", "movers"):
        page.locator(f"#tabs [data-view={view}]").click()
        visit.ready()
        assert page.locator(FOREIGN).count() == 0
    visit.open("?view=papers")
    page.locator(".row-link").first.click()
    expect(page.locator("#detail .description")).to_be_visible()
    assert page.locator(FOREIGN).count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= DESKTOP["width"]


ODD = ("../x", "a/../../b", "javascript:alert(1)", "a b", "a?b", "a#b", "@x")


@pytest.mark.parametrize("id_", ODD)
def test_a_name_that_is_none_leads_nowhere(windows: Windows, own_site: Site, id_: str) -> None:
    for table in ("models", "model_profile"):
        own_site.change((f"update hf.{table} set model_id = ? where downloads = 40000000", [id_]))
    page = windows(own_site.export()).open()
    page.locator(".row-link").first.click()
    expect(page.locator("#detail-title")).to_have_text(id_)
    assert page.locator("#detail .leads a[target]").count() == 0

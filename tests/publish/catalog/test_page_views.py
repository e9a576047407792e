"""What the catalog's page says of each thing is what the tables say."""

import re
from datetime import date

import pytest
from playwright.sync_api import expect

from assay.publish.catalog import page
from tests.publish.catalog.site import SEEN, Site, Window, Windows

pytestmark = pytest.mark.slow("every view, filter and order of the catalog's page")


def facts(window: Window) -> dict[str, str]:
    """Return what the opened thing says of itself."""
    pairs = window.page.locator("#detail .facts > div").evaluate_all(
        "rows => rows.map(row => [row.firstChild.textContent, row.lastChild.textContent])"
    )
    return dict(pairs)


def test_the_numbers_behind_choices_are_what_they_would_leave(window: Window, site: Site) -> None:
    page = window.open("?only=open")
    counted = {
        term or "none": count
        for term, count in site.ask(
            "select license_terms, count(*) from hf.current_models inner join hf.models as models "
            "using (model_id) where not models.is_private and gated = 'false' group by 1"
        )
    }
    shown = page.locator("#terms label").evaluate_all(
        "all => all.map(one => [one.querySelector('input').value, one.lastChild.textContent])"
    )
    assert {name: int(text) for name, text in shown if text != "0"} == counted


@pytest.mark.parametrize(
    ("query", "condition", "order"),
    [
        ("?min=1000000", "and downloads >= 1000000", "downloads desc"),
        ("?library=timm", "and library_name = 'timm'", "downloads desc"),
        ("?family=cc", "and license_family = 'cc'", "downloads desc"),
        ("?author=author-31", "and author = 'author-31'", "downloads desc"),
        ("?terms=none,copyleft", "and coalesce(license_terms, 'copyleft') = 'copyleft'", "1"),
        ("?sort=name", "", "model_id"),
        ("?sort=modified", "", "last_modified desc, downloads desc"),
        ("?sort=children", "", "child_count desc, downloads desc"),
        (
            "?only=complaints",
            "and model_id in (select entity_id from gold.model_complaints)",
            "downloads desc",
        ),
        (
            "?task=fill-mask&sort=rank",
            "and pipeline_tag = 'fill-mask'",
            "(select rank_in_task from hf.model_tasks as tasks "
            "where tasks.model_id = current_models.model_id)",
        ),
        (
            "?dataset=maker-0/data-0",
            "and model_id in (select model_id from hf.model_datasets "
            "where dataset_id = 'maker-0/data-0')",
            "downloads desc",
        ),
        (
            "?base=author-0/Llama-1B-0",
            "and model_id in (select model_id from hf.model_lineage "
            "where ancestor_id = 'author-0/Llama-1B-0')",
            "downloads desc",
        ),
    ],
)
def test_each_filter_and_order_is_that_of_sql(
    window: Window, site: Site, query: str, condition: str, order: str
) -> None:
    page = window.open(query)
    order = "downloads desc" if order == "1" else order
    wanted = site.column(f"select model_id from {SEEN} {condition} order by {order}")
    total = len(site.column(f"select model_id from {SEEN}"))
    some = f"{len(wanted)} of {total}" if condition else str(total)
    expect(page.locator("#count")).to_have_text(re.compile(f"^{some} models?$"))
    expect(page.locator(".row-title").first).to_have_text(wanted[0])
    assert window.titles() == wanted[: len(window.titles())]
    assert page.url.endswith(query)


def test_a_model_shows_its_figures_days_family_and_what_people_say(
    window: Window, site: Site
) -> None:
    [(model, downloads, likes, parent)] = site.ask(
        "select model_id, models.downloads, models.likes, lineage.ancestor_id from hf.models "
        "inner join hf.model_lineage as lineage using (model_id) "
        "inner join gold.model_complaints on entity_id = model_id "
        "where not is_private and is_current and lineage.ancestor_id <> 'elsewhere/base' "
        "and lineage.ancestor_id in (select model_id from hf.current_models where not is_private) "
        "and models.pipeline_tag is not null order by models.downloads desc limit 1"
    )
    page = window.open(f"?open={model}")
    expect(page.locator("#detail-title")).to_have_text(model)
    expect(page.locator("#detail-days figcaption")).to_have_count(3)
    said = facts(window)
    assert said["Downloads in 30 days"] == f"{downloads:,}"
    assert said["Likes"] == f"{likes:,}"
    assert said["Rank"].startswith("#")
    assert "downloads" in said["In 7 days"]
    link = page.locator("#detail .leads a").first
    assert link.get_attribute("href") == f"https://huggingface.co/{model}"
    expect(page.locator("#parents a")).to_have_text(parent)
    expect(page.locator("#detail-told")).to_contain_text("It answers in another language")
    assert page.locator("#detail-told a").count() == 0  # there are no issues on this server
    page.locator("#parents a").click()
    expect(page.locator("#detail-title")).to_have_text(parent)
    expect(page.locator("#children > li > a").get_by_text(model, exact=True)).to_have_count(1)
    page.go_back()
    expect(page.locator("#detail-title")).to_have_text(model)


def test_the_days_of_a_model_are_said_in_words(window: Window, site: Site) -> None:
    page = window.open("?open=author-31/bert-2B-1")
    days = site.ask(
        "select downloads, observed_on from hf.model_stats_daily "
        "where model_id = 'author-31/bert-2B-1' order by observed_on"
    )
    caption = page.locator("#detail-days figcaption").first
    expect(caption).to_contain_text(f"{days[0][0]:,} to {days[-1][0]:,}")
    assert days[-1][1] == date(2026, 11, 20)
    expect(caption).to_contain_text("21 Oct 2026 to 20 Nov 2026")


def test_a_stricter_licence_above_is_said_and_found(window: Window, site: Site) -> None:
    page = window.open("?only=stricter")
    wanted = site.column(
        f"select model_id from {SEEN} and license_terms = 'permissive' and model_id in "
        "(select model_id from hf.model_lineage where ancestor_id = 'elsewhere/base')"
    )
    assert set(wanted) <= set(window.titles())
    expect(page.locator(".row .warns").first).to_have_text("stricter ancestor")
    page.locator(".row-link").first.click()
    expect(page.locator("#detail-facts dd.warns")).to_have_count(1)
    assert page.locator("#detail-facts dd.warns").inner_text() != "Nothing above it"


def test_tasks_lead_to_their_ranking(window: Window, site: Site) -> None:
    page = window.open("?view=tasks")
    expect(page.locator("#count")).to_have_text("8 tasks")
    page.get_by_role("link", name=re.compile("^, ?Fill mask|Fill mask")).click()
    expect(page.locator("#tabs [aria-current]")).to_have_text("Models")
    assert page.url.endswith("?task=fill-mask&sort=rank")
    expect(page.locator(".row").first.locator(".fact").first).to_have_text("#1 in task")


def test_data_sets_and_papers_open_and_lead_to_their_models(window: Window, site: Site) -> None:
    for kind, name, table, key in (
        ("datasets", "data set", "model_datasets", "coalesce(resolved_id, dataset_id)"),
        ("papers", "paper", "model_articles", "arxiv_id"),
    ):
        page = window.open(f"?view={kind}")
        expect(page.locator("#count")).to_contain_text(name)
        page.locator(".row-link").first.click()
        expect(page.locator("#detail-title")).to_be_focused()
        named = int(re.search(r"\d+", page.locator("#detail h3").inner_text())[0])
        thing = re.search("open=([^&]+)", page.url)[1]
        [(count,)] = site.ask(
            f"select count(distinct model_id) from hf.{table} where {key} = '{thing}' "
            f"and model_id in (select model_id from {SEEN})"
        )
        assert named == count
        page.get_by_role("link", name="List them all").click()
        expect(page.locator("#count")).to_contain_text(f"{count} of ")
        expect(page.locator(".chip")).to_have_count(1)
        page.locator(".chip").click()
        expect(page.locator("#count")).not_to_contain_text(" of ")


def test_movers_rose_fell_and_came_within_a_span(window: Window, site: Site) -> None:
    page = window.open("?view=movers&task=fill-mask")
    for move, condition, order in (
        ("rose", "listing = 'stayed' and growth > 0", "growth desc"),
        ("fell", "listing = 'stayed' and growth < 0", "growth"),
        ("new", "listing = 'new'", "rank_in_task"),
    ):
        page.get_by_label("Which").select_option(move)
        page.get_by_label("Within").select_option("30")
        wanted = site.column(
            "select model_id from hf.model_movers inner join hf.models using (model_id) where "
            f"not is_private and span_days = 30 and task_id = 'fill-mask' and {condition} "
            f"order by {order}"
        )
        expect(page.locator(".row-title").first).to_have_text(wanted[0])
        expect(page.locator(".row")).to_have_count(min(len(wanted), page.locator(".row").count()))
    page.locator(".row-link").first.click()
    expect(page.locator("#detail-facts")).to_contain_text("Downloads in 30 days")


def test_an_address_that_says_nonsense_shows_the_list(window: Window) -> None:
    page = window.open("?view=x&sort=y&terms=z,permissive&min=7&span=99&compare=&open=no/such")
    assert page.url.endswith("open=no/such")
    expect(page.locator("#detail-title")).to_have_text("This model is not listed")
    expect(page.get_by_role("checkbox", name=re.compile("^Permissive"))).to_be_checked()
    expect(page.locator("#count")).to_contain_text(" of ")


def test_without_an_export_the_page_says_how_to_make_one(windows: Windows, own_site: Site) -> None:
    own_site.export()
    for path in sorted((own_site.out / "catalog-data").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    visit = windows(own_site)
    visit.page.goto(f"{visit.url}/catalog.html")
    expect(visit.page.locator("#panel")).to_contain_text("make catalog")
    visit.troubles = [one for one in visit.troubles if "404" not in one]


def test_a_catalog_that_was_renewed_meanwhile_is_offered(windows: Windows, own_site: Site) -> None:
    visit = windows(own_site.export())
    page = visit.open()
    own_site.change(("update hf.model_profile set likes = likes + 1", []))
    own_site.export()
    page.locator(".row-link").first.click()
    expect(page.locator("#detail-days")).to_contain_text("could not be loaded")
    expect(page.locator("#banner")).to_contain_text("renewed")
    page.get_by_role("button", name="Load the new one").click()
    visit.ready()
    expect(page.locator("#detail-days figcaption").first).to_be_visible()
    visit.troubles = [one for one in visit.troubles if "404" not in one]


def test_beside_the_issues_a_complaint_leads_to_its_issue_and_the_pages_to_each_other(
    windows: Windows, own_site: Site
) -> None:
    own_site.export()
    # As PocketBase serves it: the page of publish/web, and not the copy for other servers.
    (own_site.out / "catalog.html").write_text((page.WEB / "catalog.html").read_text())
    window = windows(own_site).open("?open=author-0/Llama-1B-0").locator
    expect(window("#detail-told a")).to_have_text("It answers in another language")
    assert window("#detail-told a").get_attribute("href") == "./?issue=issue-0"
    expect(window("#to-issues")).to_be_visible()
    assert window("#to-issues").get_attribute("href") == "./"
    assert 'href="./catalog.html"' in (page.WEB / "index.html").read_text()


def test_the_page_says_when_it_has_not_all_models(windows: Windows, own_site: Site) -> None:
    [(total,)] = own_site.ask(f"select count(*) from {SEEN}")
    shown = windows(own_site.export("--most", "40")).open()
    expect(shown.locator("#count")).to_have_text("40 models")
    expect(shown.locator("#kept")).to_have_text(f"The 40 most downloaded of {total} models.")

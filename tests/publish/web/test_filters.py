"""What a person narrows the list with: filters, search, days; and the address that keeps it."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.publish.web import records
from tests.publish.web.browser import Visit
from tests.publish.web.conftest import Visitor
from tests.publish.web.records import Record
from tests.publish.web.server import CATEGORIES, PocketBase


def shown(page: Page) -> set[str]:
    """Return the ids of the issues whose rows are in the page; the tests' lists are short."""
    return set(page.locator(".row").evaluate_all("rows => rows.map(row => row.dataset.issue)"))


def those(issues: list[Record], **wanted: object) -> set[str]:
    """Return the ids of the issues that have these values."""
    return {
        issue["issue_id"]
        for issue in issues
        if all(issue[name] == value for name, value in wanted.items())
    }


def tick(page: Page, name: str, *, group: str) -> None:
    """Tick a choice of a group, as its label says it."""
    page.get_by_role("group", name=group).get_by_role("checkbox", name=name).check()


def test_the_list_is_ranked_by_heat_and_says_how(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    hottest = [issue["canonical_title"] for issue in forty[:10]]
    assert visit.titles()[:10] == hottest
    expect(page.locator("#count")).to_have_text("40 issues on 20 Nov 2026")
    expect(page.locator(".lead")).to_contain_text(
        "each person who told of the problem in the last 14 days counts 1 + ln(1 + votes and "
        "comments), less where it is doubtful that the post tells of one, halved every 3 days"
    )
    first = page.locator(".row").first
    expect(first.locator(".row-heat")).to_contain_text(f"{forty[0]['heat']:.1f}")
    expect(first.locator(".row-facts")).to_contain_text(f"{forty[0]['cluster_size']} posts")
    label = {"llm": "Model label", "local": "Local label"}[forty[0]["labeled_by"]]
    expect(first.locator(".row-facts")).to_contain_text(label)
    assert len(first.locator(".spark-line").get_attribute("points").split()) == 14


@pytest.mark.parametrize(
    "case",
    [
        ("Category", "Devtools", "?category=devtools", {"category": "devtools"}),
        ("Impact", "High", "?impact=high", {"impact_level": "high"}),
        ("Demand", "Would pay", "?pay=1", {"would_pay_signal": True}),
    ],
)
def test_a_filter_leaves_the_issues_that_have_the_value_and_is_in_the_address(
    visit: Visit, forty: list[Record], case: tuple[str, str, str, Record]
) -> None:
    group, choice, query, wanted = case
    page = visit.open()
    tick(page, choice, group=group)
    expected = those(forty, **wanted)
    assert 0 < len(expected) < 20
    expect(page.locator("#count")).to_contain_text(f"{len(expected)} of 40 issues")
    assert shown(page) == expected
    assert page.url == f"{visit.url}/{query}"


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_two_sources_are_either_and_two_filters_are_both(
    visit: Visit, pocketbase: PocketBase
) -> None:
    issues = [
        records.issue(0, sources=["github"], category="ai"),
        records.issue(1, sources=["reddit", "github"], category="finance"),
        records.issue(2, sources=["hackernews"], category="ai"),
        records.issue(3, sources=["stackoverflow"], category="ai"),
    ]
    pocketbase.put(issues)
    page = visit.open()
    tick(page, "GitHub", group="Source")
    assert shown(page) == {"issue-00000", "issue-00001"}
    tick(page, "Hacker News", group="Source")
    assert shown(page) == {"issue-00000", "issue-00001", "issue-00002"}
    tick(page, "AI", group="Category")
    assert shown(page) == {"issue-00000", "issue-00002"}
    assert page.url == f"{visit.url}/?category=ai&source=github,hackernews"


def test_the_categories_are_those_that_were_published(visit: Visit, pocketbase: PocketBase) -> None:
    farming = {"id": f"{'farming':0<15}", "category": "farming", "name": "<b>Farms</b>"}
    pocketbase.put(
        [records.issue(0, category="farming"), records.issue(1, category="ai")],
        categories=[farming | {"place": 0, "color": "red; background: url(//else.example)"}],
    )
    try:
        page = visit.open("?category=farming,constructor,no%20word&show=map")
        group = page.get_by_role("group", name="Category")
        expect(group.get_by_role("checkbox", name="<b>Farms</b>")).to_be_checked()
        names = [one["name"] for one in CATEGORIES]
        expect(group.locator("label span:not(.tally)")).to_have_text(
            ["<b>Farms</b>", *names, "Constructor"]
        )
        swatch = page.locator(".map-key .swatch").first
        expect(swatch).to_have_css("background-color", "rgb(118, 118, 118)")
        page.get_by_role("button", name="List", exact=True).press("Enter")
        assert shown(page) == {"issue-00000"}
        expect(page.locator(".row .fact").first).to_have_text("<b>Farms</b>")
    finally:
        pocketbase.remove(farming["id"], "issue_categories")


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_each_choice_says_how_many_issues_it_would_leave(visit: Visit, forty: list[Record]) -> None:
    page = visit.open("?category=ai")
    for name, category in (("AI", "ai"), ("Finance", "finance"), ("Logistics", "logistics")):
        choice = page.get_by_role("group", name="Category").locator("label", has_text=name)
        expect(choice.locator(".tally")).to_have_text(str(len(those(forty, category=category))))
    high = page.get_by_role("group", name="Impact").locator("label", has_text="High")
    expected = len(those(forty, category="ai", impact_level="high"))
    expect(high.locator(".tally")).to_have_text(str(expected))


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_cluster_size_and_label_narrow_too(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    page.get_by_role("combobox", name="Cluster size").select_option("25")
    large = {issue["issue_id"] for issue in forty if issue["cluster_size"] >= 25}
    expect(page.locator("#count")).to_contain_text(f"{len(large)} of 40 issues")
    page.get_by_role("combobox", name="Label by").select_option("llm")
    both = large & those(forty, labeled_by="llm")
    expect(page.locator("#count")).to_contain_text(f"{len(both)} of 40 issues")
    assert shown(page) == both
    page.get_by_role("button", name="Clear all filters").first.press("Enter")
    expect(page.locator("#count")).to_contain_text("40 issues")
    assert page.url == f"{visit.url}/?"


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_the_list_sorts_by_size_and_by_newest_post(visit: Visit, pocketbase: PocketBase) -> None:
    moments = ["2026-11-18 10:00:00.000Z", "2026-11-20 09:00:00.000Z", "2026-11-19 23:00:00.000Z"]
    pocketbase.put(
        records.issue(number, heat=9 - number, cluster_size=size, last_posted_at=moments[number])
        for number, size in enumerate((5, 80, 300))
    )
    page = visit.open()
    order = "rows => rows.map(row => Number(row.dataset.issue.slice(-1)))"
    assert page.locator(".row").evaluate_all(order) == [0, 1, 2]
    page.get_by_role("combobox", name="Sort by").select_option("size")
    assert page.locator(".row").evaluate_all(order) == [2, 1, 0]
    page.get_by_role("combobox", name="Sort by").select_option("recent")
    assert page.locator(".row").evaluate_all(order) == [1, 2, 0]
    assert page.url == f"{visit.url}/?sort=recent"


def test_search_takes_every_word_in_title_or_description_whatever_case_or_accent(
    visit: Visit, pocketbase: PocketBase
) -> None:
    pocketbase.put(
        [
            records.issue(0, canonical_title="Café tills crash", description="On ARM only."),
            records.issue(1, canonical_title="Tills are slow", description="In every cafe."),
            records.issue(2, canonical_title="Tills freeze", description="In shops."),
        ]
    )
    page = visit.open()
    page.get_by_label("Search issues and their posts").fill("TILLS cafe")
    expect(page.locator("#count")).to_contain_text("2 of 3 issues")
    assert shown(page) == {"issue-00000", "issue-00001"}
    assert page.url == f"{visit.url}/?q=TILLS+cafe"


def test_search_finds_words_that_only_the_posts_have_and_says_so(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    hidden = "the 'quixotic' flag -- 100% \\ \"gone\""
    pocketbase.put(posts=[records.post(forty[20], 0, body=f"Since May {hidden} here.")])
    page = visit.open()
    page.get_by_label("Search issues and their posts").fill("quixotic flag")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.locator(".row")).to_contain_text("Found in its posts")
    assert shown(page) == {forty[20]["issue_id"]}
    # Quotes, comments and wildcards of SQL and of PocketBase's filters are words like others.
    for text in ("'quixotic' flag", '"gone"', "quixotic' || '1'='1", "quixotic%"):
        page.get_by_label("Search issues and their posts").fill(text)
        expect(page.locator(".row")).to_have_count(0 if "||" in text else 1)


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_a_range_of_days_shows_the_newest_record_of_each_issue_in_it(
    visit: Visit, pocketbase: PocketBase
) -> None:
    days = [records.TODAY - timedelta(days=back) for back in (0, 1, 2, 3)]
    pocketbase.put(
        records.issue(0, day=day, canonical_title=f"As of {day}") for day in days if day.day != 18
    )
    pocketbase.put([records.issue(1, day=days[3], canonical_title="Only on the 17th")])
    page = visit.open()
    assert visit.titles() == ["As of 2026-11-20"]
    page.get_by_label("From day").fill("2026-11-17")
    expect(page.locator(".row")).to_have_count(2)
    page.get_by_label("To day").fill("2026-11-18")
    expect(page.locator("#count")).to_contain_text("from 17 Nov 2026 to 18 Nov 2026")
    expect(page.locator(".row")).to_have_count(2)
    assert set(visit.titles()) == {"As of 2026-11-17", "Only on the 17th"}
    assert page.url == f"{visit.url}/?from=2026-11-17&to=2026-11-18"


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_nothing_matches_is_said_and_can_be_undone(visit: Visit, forty: list[Record]) -> None:
    page = visit.open("?q=no+such+words")
    panel = page.locator("#panel")
    expect(panel).to_contain_text("No issue matches")
    expect(page.locator("#count")).to_contain_text("0 of 40 issues")
    visit.shot("no-match")
    panel.get_by_role("button", name="Clear all filters").press("Enter")
    expect(page.locator("#count")).to_contain_text("40 issues")
    expect(panel).to_be_hidden()


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_back_and_forward_walk_through_the_views(visit: Visit, forty: list[Record]) -> None:
    page = visit.open()
    tick(page, "High", group="Impact")
    page.get_by_label("Search issues and their posts").press_sequentially("invoices")
    page.locator(".row-link").first.click()
    opened = page.locator("#issue-title").inner_text()
    page.go_back()
    expect(page.locator("#issue")).to_be_hidden()
    expect(page.get_by_label("Search issues and their posts")).to_have_value("invoices")
    page.go_back()  # the letters of one search are one entry
    expect(page.get_by_label("Search issues and their posts")).to_have_value("")
    expect(page.get_by_role("checkbox", name="High")).to_be_checked()
    page.go_back()
    expect(page.get_by_role("checkbox", name="High")).not_to_be_checked()
    expect(page.locator("#count")).to_contain_text("40 issues")
    for _ in range(3):
        page.go_forward()
    expect(page.locator("#issue-title")).to_have_text(opened)
    assert "impact=high" in page.url
    assert "q=invoices" in page.url


def test_a_shared_address_opens_the_same_view_with_its_issue(
    visitor: Visitor, visit: Visit, forty: list[Record]
) -> None:
    page = visit.open()
    tick(page, "Medium", group="Impact")
    page.get_by_role("combobox", name="Sort by").select_option("size")
    page.locator(".row-link").nth(1).click()
    other = visitor()
    copy = other.open(page.url.removeprefix(visit.url + "/"))
    assert other.titles() == visit.titles()
    assert shown(copy) == those(forty, impact_level="medium")
    expect(copy.locator("#issue-title")).to_have_text(page.locator("#issue-title").inner_text())
    expect(copy.get_by_role("checkbox", name="Medium")).to_be_checked()
    expect(copy.get_by_role("combobox", name="Sort by")).to_have_value("size")


@pytest.mark.slow("the finer points of filters, sorting and addresses")
def test_a_mangled_address_shows_the_list(visit: Visit, forty: list[Record]) -> None:
    page = visit.open(
        "?category=ai,<script>,__proto__&impact=constructor&from=2026-02-31&to=x&min=7&sort=toString"
        "&label=hasOwnProperty&pay=yes&q=%00%F0%9F&issue=%27%29%20%7C%7C%20%281%3D1"
    )
    expect(page.locator("#issue-title")).to_have_text("This issue is not published")
    expect(page.get_by_role("checkbox", name="AI")).to_be_checked()
    page.get_by_role("button", name="Close").press("Enter")
    page.get_by_label("Search issues and their posts").fill("")
    expect(page.locator("#count")).to_contain_text(f"{len(those(forty, category='ai'))} of 40")
    assert page.url == f"{visit.url}/?category=ai"

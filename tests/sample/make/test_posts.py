"""The bundled posts: what the program makes of the seeds, shaped as the four APIs return them."""

import csv
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assay.sample.apis import hackernews, stackexchange
from assay.sample.make import posts as made
from assay.sample.make.post_seeds import parse, read
from assay.sample.seeds import post_html
from assay.sample.seeds.post import Post

SAMPLE = Path(made.__file__).parent.parent
DAYS = {f"2026-11-{day:02d}" for day in range(9, 16)}
CATEGORIES = {
    *("ai", "finance", "compliance", "logistics"),
    *("healthtech", "devtools", "ecommerce", "other"),
}
SUBREDDITS = {
    *("programming", "devops", "webdev", "dataengineering"),
    *("MachineLearning", "ecommerce", "healthIT"),
}
RUN = 12  # words that two posts may share at most, less one

Items = dict[str, list[dict]]


@pytest.fixture(scope="module")
def items() -> Items:
    """The items of each source; of Reddit their data."""
    found = {}
    for source, name in made.FILES.items():
        lines = (SAMPLE / name).read_text("utf-8").splitlines()
        found[source] = [json.loads(line) for line in lines]
    assert {item["kind"] for item in found["reddit"]} == {"t3"}
    found["reddit"] = [item["data"] for item in found["reddit"]]
    return found


@pytest.fixture(scope="module")
def truth() -> list[dict[str, str]]:
    with (SAMPLE / "posts_themes.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    return read()


def native_id(source: str, item: dict) -> str:
    key = {"github": "id", "stackoverflow": "question_id", "reddit": "name"}
    return str(item[key.get(source, "objectID")])


def moment(source: str, item: dict) -> datetime:
    key = {"stackoverflow": "creation_date", "reddit": "created_utc", "hackernews": "created_at_i"}
    if source == "github":
        return datetime.fromisoformat(item["created_at"])
    return datetime.fromtimestamp(item[key[source]], UTC)


def keys_and_types(item: dict, **types: type | tuple[type, ...]) -> None:
    """Exact types, since to isinstance a bool is an int."""
    for name, kind in types.items():
        assert type(item[name]) in (kind if isinstance(kind, tuple) else (kind,)), name


def test_regenerating_gives_the_committed_bytes():
    for name, text in made.make().items():
        assert (SAMPLE / name).read_bytes() == text.encode(), f"{name}: run assay.sample.make.posts"


def test_at_least_440_posts_and_every_source_on_each_of_the_seven_days(items):
    assert sum(map(len, items.values())) >= 440
    for source, found in items.items():
        per_day = Counter(moment(source, item).date().isoformat() for item in found)
        assert set(per_day) == DAYS, source
        assert min(per_day.values()) >= 5, source


def test_all_of_it_is_smaller_than_1_2_megabytes():
    files = [SAMPLE / name for name in made.FILES.values()]
    files += [SAMPLE / "posts_themes.csv", *(SAMPLE / "posts").iterdir()]
    assert sum(file.stat().st_size for file in files) < 1_200_000


def test_github_items_are_search_results(items):
    none = type(None)
    for item in items["github"]:
        keys_and_types(item, id=int, number=int, title=str, body=(str, none), comments=int)
        keys_and_types(item, user=dict, labels=list, reactions=dict, state=str, score=float)
        keys_and_types(item, url=str, created_at=str, updated_at=str, closed_at=(str, none))
        keys_and_types(item["user"], login=str, id=int)
        owner_and_name = item["repository_url"].removeprefix("https://api.github.com/repos/")
        page = "pull" if "pull_request" in item else "issues"
        address = f"https://github.com/{owner_and_name}/{page}/{item['number']}"
        assert item["html_url"] == address
        assert (item["state"] == "closed") == (item["closed_at"] is not None)
        assert item["updated_at"] >= item["created_at"]
        counted = [v for k, v in item["reactions"].items() if k not in ("url", "total_count")]
        assert sum(counted) == item["reactions"]["total_count"]
        assert "repository" not in item


def test_stackoverflow_items_are_questions_with_body(items):
    for item in items["stackoverflow"]:
        keys_and_types(item, question_id=int, title=str, body=str, link=str, tags=list, owner=dict)
        keys_and_types(item, creation_date=int, last_activity_date=int, score=int)
        keys_and_types(item, answer_count=int, view_count=int, is_answered=bool)
        assert item["last_activity_date"] >= item["creation_date"]
        assert item["link"].startswith(f"https://stackoverflow.com/questions/{item['question_id']}")
        assert 1 <= len(item["tags"]) <= 5
        assert item["body"].startswith("<")
        assert not re.search(r"[<>\"']", item["title"])
        known = item["owner"]["user_type"] == "registered"
        assert ("user_id" in item["owner"]) == known


def test_reddit_items_are_links_or_texts_of_known_subreddits(items):
    none = type(None)
    for item in items["reddit"]:
        keys_and_types(item, id=str, name=str, title=str, selftext=str, author=str, url=str)
        keys_and_types(item, created_utc=float, edited=(bool, float), score=int, ups=int)
        keys_and_types(item, num_comments=int, upvote_ratio=float, is_self=bool, permalink=str)
        keys_and_types(item, over_18=bool, stickied=bool, link_flair_text=(str, none))
        assert item["subreddit"] in SUBREDDITS
        assert item["name"] == f"t3_{item['id']}"
        assert item["permalink"].startswith(f"/r/{item['subreddit']}/comments/{item['id']}/")
        assert item["is_self"] == item["url"].endswith(item["permalink"])
        assert item["edited"] is not True
        assert (item["selftext"] == "[deleted]") == (item["author"] == "[deleted]")


def test_hackernews_items_are_stories_with_a_link_or_a_text(items):
    for item in items["hackernews"]:
        keys_and_types(item, objectID=str, title=str, author=str, points=int, num_comments=int)
        keys_and_types(item, created_at=str, created_at_i=int, _tags=list, story_id=int)
        assert str(item["story_id"]) == item["objectID"]
        assert item["_tags"][:1] == ["story"]
        assert f"author_{item['author']}" in item["_tags"]
        assert ("ask_hn" in item["_tags"]) == item["title"].startswith("Ask HN")
        assert bool(item.get("url")) != bool(item.get("story_text"))
        assert datetime.fromisoformat(item["created_at"]).timestamp() == item["created_at_i"]


def test_the_truth_covers_every_item_once(items, truth):
    there = [(source, native_id(source, i)) for source, found in items.items() for i in found]
    listed = [(row["source"], row["native_id"]) for row in truth]
    assert sorted(there) == sorted(listed)
    assert len(set(listed)) == len(listed)
    assert len({row["url"] for row in truth}) == len(truth)


def test_themes_are_twenty_of_all_categories_on_many_days_in_all_sources(posts):
    by_theme = defaultdict(list)
    for post in posts:
        by_theme[post.theme].append(post)
    noise = by_theme.pop("none")
    assert len(by_theme) == 20
    assert 0.05 < len(noise) / len(posts) < 0.07
    per_category = Counter(found[0].category for found in by_theme.values())
    assert set(per_category) == CATEGORIES
    assert set(per_category.values()) <= {2, 3}
    for theme, found in by_theme.items():
        assert 10 <= len(found) <= 40, theme
        assert len({post.moment.date() for post in found}) >= 4, theme
        assert {post.source for post in found} == set(made.FILES), theme


def test_a_file_of_seeds_is_named_after_its_theme():
    for path in (SAMPLE / "posts").iterdir():
        assert {post.theme for post in parse(path)} == {path.stem}


def test_a_duplicate_names_an_older_item_of_the_same_theme(posts, truth):
    rows = {row["native_id"]: row for row in truth}
    when = {row["native_id"]: post.moment for row, post in zip(truth, posts, strict=True)}
    duplicates = [row for row in truth if row["duplicate_of"]]
    assert len(duplicates) >= 12
    for row in duplicates:
        original = rows[row["duplicate_of"]]
        assert original["theme"] == row["theme"]
        assert not original["duplicate_of"]
        assert when[original["native_id"]] < when[row["native_id"]]


def test_two_posts_share_no_run_of_twelve_words_unless_declared(posts):
    seen: dict[tuple[str, ...], Post] = {}
    for post in posts:
        if "same_as" in post.head:
            continue
        words = re.findall(r"\w+", f"{post.title} {post.body}".lower())
        for start in range(len(words) - RUN + 1):
            run = tuple(words[start : start + RUN])
            other = seen.setdefault(run, post)
            assert other is post, f"{post.title!r} and {other.title!r}: {' '.join(run)}"


def test_the_awkward_ones_are_there(items):
    github, reddit, news = items["github"], items["reddit"], items["hackernews"]
    assert sum("pull_request" in item for item in github) >= 5
    assert sum(item["body"] is None for item in github) >= 2
    assert any("\r\n" in (item["body"] or "") for item in github)
    assert any("<!--" in (item["body"] or "") for item in github)
    assert any("<script>" in (item["body"] or "") for item in github)
    assert {"[removed]", "[deleted]"} <= {item["selftext"] for item in reddit}
    assert any(type(item["edited"]) is float for item in reddit)
    assert any("ignore previous instructions" in item["selftext"] for item in reddit)
    assert any(item["url"].startswith("https://m.reddit.com/") for item in reddit)
    assert any("//en.m.wikipedia.org/" in (item.get("url") or "") for item in news)
    links = [url.partition("?")[0] for item in news if (url := item.get("url"))]
    assert max(Counter(links).values()) >= 2
    texts = [item["selftext"] for item in reddit] + [item["body"] or "" for item in github]
    assert any(re.search("[\U0001f300-\U0001faff]", text) for text in texts)
    assert any("owner" in i and "user_id" not in i["owner"] for i in items["stackoverflow"])


def test_engagement_has_a_heavy_tail(items):
    scores = sorted(item["score"] for item in items["reddit"])
    assert scores[-1] > 20 * scores[len(scores) // 2]


def test_nothing_names_a_place_on_somebodys_machine():
    for path in [*(SAMPLE / "posts").iterdir(), *SAMPLE.glob("*post*.py")]:
        assert not re.search(r"/(?:home|Users|root|tmp)/", path.read_text("utf-8")), path.name


def test_markdown_becomes_the_html_of_stack_overflow():
    text = (
        "A `<b>` & **two**:\n\n- one\n- [x](https://x.example)\n\n```sql\nselect 1 < 2\n\n```\nEnd"
    )
    link = '<a href="https://x.example" rel="nofollow noreferrer">x</a>'
    assert post_html.markdown(text) == (
        "<p>A <code>&lt;b&gt;</code> &amp; <strong>two</strong>:</p>\n"
        f"<ul>\n<li>one</li>\n<li>{link}</li>\n</ul>\n"
        '<pre class="lang-sql prettyprint-override"><code>select 1 &lt; 2\n\n</code></pre>\n'
        "<p>End</p>\n"
    )


def test_plain_text_becomes_the_html_of_hacker_news():
    address = "https:&#x2F;&#x2F;x.example&#x2F;a"
    assert hackernews.body_html('It\'s "so"\n\nSee https://x.example/a.\n\n  code') == (
        "It&#x27;s &quot;so&quot;"
        f'<p>See <a href="{address}" rel="nofollow">{address}</a>.'
        "<p><pre><code>  code\n</code></pre>"
    )


def test_a_title_is_escaped_as_the_stackexchange_api_does():
    assert stackexchange.escaped_title("a < b & 'c'") == "a &lt; b &amp; &#39;c&#39;"


@pytest.mark.parametrize(
    "post",
    [
        "--- {source: reddit, at: 2026-11-09 10:00, score: 1, comments: 0}\nno title\n",
        "--- {source: reddit, at: 2026-11-09 10:00, score: 1}\n# no comments\n",
        "--- {source: github, at: 2026-11-09 10:00, score: 1, comments: 0, flair: x}\n# flair\n",
    ],
)
def test_a_wrong_seed_is_refused(tmp_path, post):
    path = tmp_path / "some.md"
    path.write_text(f"theme: some\ncategory: ai\n\n{post}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"some\.md"):
        parse(path)

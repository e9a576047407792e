"""The sources of posts: what the parts of the project know of each, in one place.

A source is the site that posts come from. Its name stands in the column `source`, its settings in
section [issues.NAME] of .dlt/config.toml; its client is a module of extract/posts, its replay one
of sample/apis, and its name for people on the live page is in publish/web/js/format.js.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

# How the body of a post is written. Posts of Hacker News quote as mail does, with `>`, in HTML.
BodyFormat = Literal["markdown", "html", "html_with_mail_quotes"]

_STACK = r"(?:stackoverflow|stackexchange|superuser|serverfault|askubuntu|stackapps|mathoverflow)"
_REDDIT_POST = r"(www\.reddit\.com/(?:r|user)/[\w.-]+/comments/\w+)"
_REDDIT_HOSTS = ("reddit.com", "old.reddit.com", "np.reddit.com", "new.reddit.com", "i.reddit.com")


@dataclass(frozen=True)
class Recording:
    """What is recorded of a source, and how a replay of it is asked for all there is.

    file: one item of the API a line. replay: the module of sample/apis. faults: kinds of fault that
    only this API has. quirks: what it does on some days that is no fault. created: when an item was
    posted, seconds since the epoch; raises AttributeError, KeyError, TypeError or ValueError for
    what has no time. paths: where the replay server has each address of the settings. queries:
    each list of the settings, or what gives its entry for an item. secrets: values that a replay
    takes, by variable.
    """

    file: str
    replay: str
    created: Callable[[Any], float]
    paths: Mapping[str, str]
    queries: Mapping[str, list[str] | Callable[[Any], str]]
    secrets: Mapping[str, str] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    quirks: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The first part of all paths on the replay server, without slashes."""
        return next(iter(self.paths.values())).split("/")[1]


@dataclass(frozen=True)
class PostSource:
    """One source.

    label: its name for people. api_name: that of its API, where it has another. function: its dlt
    source, as `module of extract/posts:function`. requests_per_minute: what the API allows in any
    60 s, or a bit less, whatever a person sets. is_tracker: nearly every post asks for something to
    be solved. long_posts_ask: a post with a text of its own and of some length asks. hosts: the
    main host by other names of it. pages: parts of addresses that name a page, for what has the
    title in its address (extract/posts/urls.py). caseless: the part of its addresses in which case
    makes no difference, as a pattern. refs: how other sites name it in `ref=`, when somebody came
    from there.
    """

    name: str
    label: str
    function: str
    endpoint: str
    requests_per_minute: int
    body: BodyFormat
    recording: Recording
    api_name: str = ""
    is_tracker: bool = False
    long_posts_ask: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict)
    pages: tuple[tuple[str, str], ...] = ()
    caseless: str = ""
    refs: tuple[str, ...] = ()


_ALL = (
    PostSource(
        name="github",
        label="GitHub",
        function="github:github_issues",
        endpoint="https://api.github.com",
        requests_per_minute=30,
        body="markdown",
        is_tracker=True,
        hosts={"www.github.com": "github.com"},
        caseless=r"github\.com(?:/[\w.-]+){1,2}(?=[/?#]|$)",
        recording=Recording(
            file="github_issues.jsonl",
            replay="github",
            created=lambda item: datetime.fromisoformat(item["created_at"]).timestamp(),
            paths={"endpoint": "/github"},
            faults={
                "incomplete": "incomplete_results, rows missing from the page, total_count as "
                "before",
                "github-secondary": "the secondary limit, 403 with Retry-After: 1",
            },
            quirks={"deprecation-link": "GitHub's Link header begins with rel=deprecation"},
            queries={
                "repositories": lambda item: "/".join(item["repository_url"].split("/")[-2:]),
                "queries": [],
            },
            secrets={"GITHUB_TOKEN": ""},
        ),
    ),
    PostSource(
        name="stackoverflow",
        label="Stack Overflow",
        api_name="StackExchange",
        function="stackexchange:stackoverflow",
        endpoint="https://api.stackexchange.com",
        requests_per_minute=30,
        body="html",
        is_tracker=True,
        hosts={"www.stackoverflow.com": "stackoverflow.com"},
        pages=(
            (
                rf"((?:[\w-]+\.)*{_STACK}\.(?:com|net))/(?:questions|q)/(\d+)(?:[/?#].*)?",
                r"\1/questions/\2",
            ),
        ),
        recording=Recording(
            file="stackoverflow_questions.jsonl",
            replay="stackexchange",
            created=lambda item: float(item["creation_date"]),
            paths={"endpoint": "/stackexchange"},
            faults={
                "backoff": "a good body with backoff: 2, which its method then insists on",
                "throttle": "throttle_violation, free again in 1 s",
            },
            queries={"sites": ["stackoverflow"], "tags": []},
            secrets={"STACKEXCHANGE_KEY": ""},
        ),
    ),
    PostSource(
        name="reddit",
        label="Reddit",
        function="reddit:reddit",
        endpoint="https://oauth.reddit.com",
        requests_per_minute=60,
        body="markdown",
        long_posts_ask=True,
        # Looked up after `m.` is off: m.reddit.com arrives here as reddit.com.
        hosts=dict.fromkeys(_REDDIT_HOSTS, "www.reddit.com"),
        pages=(
            (rf"{_REDDIT_POST}(?:/[^/?#]*)?(?:[?#].*)?", r"\1"),
            (rf"{_REDDIT_POST}/[^/?#]*/(\w+)(?:[?#].*)?", r"\1/comment/\2"),
        ),
        caseless=r"www\.reddit\.com/(?:r|u|user)/[\w.-]+",
        refs=("reddit", "reddit.com"),
        recording=Recording(
            file="reddit_posts.jsonl",
            replay="reddit",
            created=lambda item: float(item["data"]["created_utc"]),
            paths={"endpoint": "/reddit/oauth", "token_endpoint": "/reddit/www"},
            queries={"subreddits": lambda item: item["data"]["subreddit"]},
            secrets={"REDDIT_CLIENT_ID": "replay", "REDDIT_CLIENT_SECRET": "replay"},
            quirks={
                "sticky": "a first page of Reddit has one more child than its limit, an old one",
                "sub-redirect": "Reddit redirects an unknown subreddit to its search instead of "
                "404",
                "closed-subs": "Reddit refuses private and quarantined subreddits with 403",
                "token-life": "Reddit's tokens live N seconds instead of 86400",
            },
        ),
    ),
    PostSource(
        name="hackernews",
        label="Hacker News",
        function="hackernews:hackernews",
        endpoint="https://hn.algolia.com",
        requests_per_minute=100,
        body="html_with_mail_quotes",
        refs=("hn", "hackernews", "hacker_news", "news.ycombinator.com"),
        pages=((r"(news\.ycombinator\.com/item\?)(?:[^#]*&)?(id=\d+)(?:[&#].*)?", r"\1\2"),),
        recording=Recording(
            file="hackernews_items.jsonl",
            replay="hackernews",
            created=lambda item: float(item["created_at_i"]),
            paths={"endpoint": "/hackernews"},
            queries={"queries": ["story"]},
        ),
    ),
)

POST_SOURCES: Mapping[str, PostSource] = {source.name: source for source in _ALL}

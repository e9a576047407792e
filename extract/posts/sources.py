"""The sources of posts as the settings want them: who is asked, for what, how often."""

from collections.abc import Callable

from assay.common.net import is_loopback
from assay.extract import settings
from assay.extract.http.client import Api
from assay.extract.http.transport import ParseRateLimit
from assay.extract.posts import github, hackernews, reddit, stackexchange
from assay.extract.posts.post import Source
from assay.extract.settings import SettingError

# Requests in any 60 s, whatever a person sets (what the APIs allow, or a bit less).
LIMITS = {"github": 30, "stackoverflow": 30, "reddit": 60, "hackernews": 100}
GITHUB_WITHOUT_TOKEN = 10


class NotConfiguredError(Exception):
    """A source cannot be asked yet; the message says what is missing."""


def open_source(name: str) -> Source:
    """Return one source by its name.

    Raises NotConfiguredError when a credential is missing, SettingError for a setting that cannot
    be used.
    """
    return _MAKERS[name]()


def chosen_sources() -> list[str]:
    """Return the names of the sources to collect, in the order of LIMITS."""
    wanted = settings.words("issues.sources")
    for name in wanted:
        if name not in LIMITS:
            raise SettingError(f"ISSUES__SOURCES: no source {name!r}, choose {', '.join(LIMITS)}")
    return [name for name in LIMITS if name in wanted]


def _api(
    source: str, title: str, parse_rate_limit: ParseRateLimit | None = None, most: int = 1000
) -> Api:
    endpoint = settings.address(f"issues.{source}.endpoint")
    key = f"issues.{source}.requests_per_minute"
    limit = settings.number(key, int, 0, LIMITS[source])
    if limit == 0 and not is_loopback(endpoint):
        name = key.upper().replace(".", "__")
        raise SettingError(f"{name} is 0, which is for a replay server on this machine only")
    return Api(
        title,
        endpoint,
        settings.retry_policy(),
        user_agent=settings.line("issues.user_agent"),
        most=min(limit, most),
        parse_rate_limit=parse_rate_limit,
    )


def _github() -> Source:
    token = settings.secret("github_token")
    repositories = settings.words("issues.github.repositories")
    queries = [f"repo:{name}" for name in repositories] + settings.words("issues.github.queries")
    most = LIMITS["github"] if token else GITHUB_WITHOUT_TOKEN
    return github.GitHub(_api("github", "GitHub", github.parse_rate_limit, most), queries, token)


def _stackoverflow() -> Source:
    tags = settings.words("issues.stackoverflow.tags") or [""]
    sites = settings.words("issues.stackoverflow.sites")
    queries = [f"{site} {tagged}".strip() for site in sites for tagged in tags]
    api = _api("stackoverflow", "StackExchange", stackexchange.parse_rate_limit)
    return stackexchange.StackExchange(api, queries, settings.secret("stackexchange_key"))


def _reddit() -> Source:
    client, secret = settings.secret("reddit_client_id"), settings.secret("reddit_client_secret")
    if not (client and secret):
        raise NotConfiguredError(
            "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET are not set: make an app of type `script` "
            "at https://www.reddit.com/prefs/apps"
        )
    token_url = f"{settings.address('issues.reddit.token_endpoint')}/api/v1/access_token"
    return reddit.Reddit(
        _api("reddit", "Reddit", reddit.parse_rate_limit),
        settings.words("issues.reddit.subreddits"),
        (client, secret),
        token_url,
    )


def _hackernews() -> Source:
    queries = settings.words("issues.hackernews.queries")
    return hackernews.HackerNews(_api("hackernews", "Hacker News"), queries)


_MAKERS: dict[str, Callable[[], Source]] = {
    "github": _github,
    "stackoverflow": _stackoverflow,
    "reddit": _reddit,
    "hackernews": _hackernews,
}

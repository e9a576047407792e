"""A session with the API of a source, at the address and within the limit that settings name."""

from importlib import import_module

from assay.common.net import is_loopback
from assay.common.post_sources import POST_SOURCES, PostSource
from assay.extract import settings
from assay.extract.http.client import Api
from assay.extract.http.transport import ParseRateLimit
from assay.extract.posts.post import Source
from assay.extract.settings import SettingError

USER_AGENT = "assay/0.1 (issue mining)"  # some sites block the names of HTTP libraries


class NotConfiguredError(Exception):
    """A source cannot be asked yet; the message says what is missing."""


def configured_api(
    source: PostSource, parse_rate_limit: ParseRateLimit | None = None, most: int = 1000
) -> Api:
    """Open the API as section [issues.NAME] of the settings says.

    most: requests in any 60 s that a caller without credentials is allowed. Raises SettingError for
    a setting that cannot be used.
    """
    section = f"issues.{source.name}"
    endpoint = settings.address(f"{section}.endpoint", source.endpoint)
    limit = settings.number(
        f"{section}.requests_per_minute",
        int,
        0,
        source.requests_per_minute,
        source.requests_per_minute,
    )
    if limit == 0 and not is_loopback(endpoint):
        name = f"ISSUES__{source.name.upper()}__REQUESTS_PER_MINUTE"
        raise settings.SettingError(
            f"{name} is 0, which is for a replay server on this machine only"
        )
    return Api(
        source.api_name or source.label,
        endpoint,
        settings.retry_policy(),
        user_agent=settings.line("issues.user_agent", USER_AGENT),
        most=min(limit, most),
        parse_rate_limit=parse_rate_limit,
    )


def open_api(
    source: PostSource,
    endpoint: str | None,
    requests_per_minute: int | None,
    parse_rate_limit: ParseRateLimit | None = None,
    most: int = 1000,
) -> Api:
    """Open the API for somebody's own dlt pipeline.

    None: the API's own address and limit. Raises SettingError for an address that cannot be used,
    and for more requests in 60 s than the API allows; 0, no limit, is for this machine's own.
    """
    address = settings.safe_address(f"endpoint of {source.name}", endpoint or source.endpoint)
    limit = source.requests_per_minute if requests_per_minute is None else requests_per_minute
    least = 0 if is_loopback(address) else 1
    if not least <= limit <= source.requests_per_minute:
        raise settings.SettingError(
            f"requests_per_minute of {source.name} is {limit}: must be between {least} and "
            f"{source.requests_per_minute}"
        )
    return Api(
        source.api_name or source.label,
        address,
        settings.retry_policy(),
        user_agent=settings.line("issues.user_agent", USER_AGENT),
        most=min(limit, most),
        parse_rate_limit=parse_rate_limit,
    )


def open_source(name: str) -> Source:
    """Return one source by its name.

    Raises NotConfiguredError when a credential is missing, SettingError for a setting that cannot
    be used.
    """
    module = POST_SOURCES[name].function.partition(":")[0]
    return import_module(f"assay.extract.posts.{module}").configured()


def chosen_sources() -> list[str]:
    """Return the names of the sources to collect, in the order of POST_SOURCES."""
    wanted = settings.words("issues.sources")
    for name in wanted:
        if name not in POST_SOURCES:
            raise SettingError(
                f"ISSUES__SOURCES: no source {name!r}, choose {', '.join(POST_SOURCES)}"
            )
    return [name for name in POST_SOURCES if name in wanted]

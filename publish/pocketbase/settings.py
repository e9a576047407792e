"""Values a person may set for publishing, from the environment or .dlt/secrets.toml."""

import json
import math
from dataclasses import dataclass, field

import httpx

from assay.common import env

MAX_REQUESTS = 500  # in one batch; more is not faster (docs/decisions/publishing.md)


class PublishError(Exception):
    """Publishing cannot go on; the message says why and what to do, in one line."""


@dataclass(frozen=True)
class Server:
    """A PocketBase and its superuser; `is_ours`: this process started it, on its own data."""

    url: str
    email: str
    password: str = field(repr=False)
    is_ours: bool = False
    cure: str = "check POCKETBASE_EMAIL and POCKETBASE_PASSWORD"


@dataclass(frozen=True)
class RetryPolicy:
    """How a server is asked.

    timeout: seconds without an answer. backoff: seconds before each retry, so its length is the
    number of retries. max_wait: the longest pause in seconds that a server may ask for.
    most_requests: records in one batch, where the server allows as many.
    """

    timeout: float = 60.0
    backoff: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 16.0)
    max_wait: float = 120.0
    most_requests: int = MAX_REQUESTS


def retry_policy() -> RetryPolicy:
    """Read POCKETBASE_TIMEOUT_SECONDS, _BACKOFF_SECONDS, _MAX_WAIT_SECONDS and _BATCH_REQUESTS.

    Raises PublishError for a value that is no number or out of range.
    """
    return RetryPolicy(
        timeout=_number("POCKETBASE_TIMEOUT_SECONDS", RetryPolicy.timeout, 0.01, 3600),
        backoff=_numbers("POCKETBASE_BACKOFF_SECONDS", RetryPolicy.backoff),
        max_wait=_number("POCKETBASE_MAX_WAIT_SECONDS", RetryPolicy.max_wait, 0, 86400),
        most_requests=int(_number("POCKETBASE_BATCH_REQUESTS", MAX_REQUESTS, 1, 100_000)),
    )


def other_server() -> Server | None:
    """Return the server that POCKETBASE_URL names with its superuser, None when none is named.

    Raises PublishError when something is missing or is no address.
    """
    url, email = env.text("POCKETBASE_URL"), env.text("POCKETBASE_EMAIL")
    if not url:
        if email or env.text("POCKETBASE_PASSWORD"):
            raise PublishError(
                "POCKETBASE_EMAIL and POCKETBASE_PASSWORD belong to POCKETBASE_URL, which is not "
                "set: set it, or unset them to use the bundled PocketBase"
            )
        return None
    password = env.text("POCKETBASE_PASSWORD") or _kept_secret("pocketbase_password")
    for name, value in (("POCKETBASE_EMAIL", email), ("POCKETBASE_PASSWORD", password)):
        if not value:
            raise PublishError(
                f"{name} is not set: POCKETBASE_URL needs a superuser of that server"
            )
    return Server(_address(url), email, password)


def _address(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise PublishError(f"POCKETBASE_URL is no address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise PublishError("POCKETBASE_URL is no address: it must begin with http:// or https://")
    if url.userinfo:
        raise PublishError(
            "POCKETBASE_URL holds a user or password: use POCKETBASE_EMAIL and POCKETBASE_PASSWORD"
        )
    return text.rstrip("/")


def _kept_secret(key: str) -> str:
    import dlt  # noqa: PLC0415 - a second to import, and mostly not needed

    return dlt.secrets.get(key, str) or ""


def _number(name: str, default: float, least: float, most: float) -> float:
    try:
        return env.number(name, default, least, most)
    except env.EnvironmentValueError as error:
        raise PublishError(str(error)) from error


def _numbers(name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    text = env.text(name)
    if not text:
        return default
    try:
        values = tuple(map(float, json.loads(text)))
    except (TypeError, ValueError):
        values = (math.nan,)
    if not all(0 <= value <= 3600 for value in values):
        raise PublishError(f"{name} is {text!r}: give numbers like [1, 2, 4], at most 3600")
    return values

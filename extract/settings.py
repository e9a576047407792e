"""Values a person may set, from the environment, .dlt/secrets.toml or .dlt/config.toml."""

import os
from typing import Any

import dlt
import httpx

from extract.http import Politeness


class SettingError(Exception):
    """A setting cannot be used; the message names it and says what to do."""


def number(key: str, kind: type[int] | type[float], least: float, most: float) -> Any:
    """Return one number from .dlt/config.toml or the environment (`http.x` is HTTP__X).

    Raises SettingError when it is none, or outside [least, most].
    """
    name = key.upper().replace(".", "__")
    raw = os.environ.get(name) or dlt.config.get(key)
    try:
        found = kind(raw)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name} is {raw!r}: it must be a number") from error
    if not least <= found <= most:
        raise SettingError(f"{name} is {raw!r}: must be between {least:,} and {most:,}")
    return found


def politeness() -> Politeness:
    """Return how sources are asked, section [http]."""
    raw = dlt.config.get("http.backoff_seconds", list)
    try:
        backoff = tuple(float(seconds) for seconds in raw)
    except (TypeError, ValueError) as error:
        raise SettingError("HTTP__BACKOFF_SECONDS must be numbers like [4, 8, 16]") from error
    return Politeness(
        min_interval=number("http.min_interval_seconds", float, 0, 3600),
        backoff=backoff,
        timeout=number("http.timeout_seconds", float, 0.01, 3600),
        max_wait=number("http.max_wait_seconds", float, 0, 86400),
    )


def hub_endpoint() -> str:
    """Return the Hub's address (HF_ENDPOINT), without a trailing slash.

    Raises SettingError when it is no http address, or holds a password: addresses are logged.
    """
    address = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise SettingError(f"HF_ENDPOINT is no address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingError("HF_ENDPOINT is no address: it must begin with http:// or https://")
    if url.userinfo:
        raise SettingError("HF_ENDPOINT holds a user or password: leave it out, use HF_TOKEN")
    return address.rstrip("/")


def hub_token() -> str | None:
    """Return the Hub token (HF_TOKEN, or hf_token in .dlt/secrets.toml), if there is one."""
    return dlt.secrets.get("hf_token", str) or None

"""Values a person may set, from the environment, .dlt/secrets.toml or .dlt/config.toml."""

import os
from typing import Any

import dlt
import httpx

from extract.http import Politeness


def value(key: str, kind: type) -> Any:
    """Return one setting from .dlt/config.toml or the environment (`http.x` is HTTP__X)."""
    return dlt.config.get(key, kind)


def politeness() -> Politeness:
    """Return how sources are asked, section [http]."""
    return Politeness(
        min_interval=value("http.min_interval_seconds", float),
        backoff=tuple(value("http.backoff_seconds", list)),
        timeout=value("http.timeout_seconds", float),
        max_wait=value("http.max_wait_seconds", float),
    )


class SettingError(Exception):
    """A setting cannot be used; the message names it and says what to do."""


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

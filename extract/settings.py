"""Values a person may set, from the environment, .dlt/secrets.toml or .dlt/config.toml."""

import os
from typing import Any

import dlt

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


def hub_endpoint() -> str:
    """Return the Hub's address (HF_ENDPOINT)."""
    return os.environ.get("HF_ENDPOINT") or "https://huggingface.co"


def hub_token() -> str | None:
    """Return the Hub token (HF_TOKEN, or hf_token in .dlt/secrets.toml), if there is one."""
    return dlt.secrets.get("hf_token", str) or None

"""Values a person may set, from the environment, .dlt/secrets.toml or .dlt/config.toml."""

import json
import math
import os
import secrets
from typing import Any

import dlt
import httpx
from dlt.common.configuration.exceptions import ConfigValueCannotBeCoercedException

from assay import warehouse
from assay.common.net import is_loopback
from assay.extract.http.transport import RetryPolicy
from assay.warehouse import private


class SettingError(Exception):
    """A setting cannot be used; the message names it and says what to do."""


def number(
    key: str, kind: type[int] | type[float], least: float, most: float, default: Any = None
) -> Any:
    """Return one number from .dlt/config.toml or the environment (`http.x` is HTTP__X).

    Raises SettingError when it is none, or outside [least, most].
    """
    name = _variable(key)
    raw = os.environ.get(name) or dlt.config.get(key)
    raw = default if raw is None else raw
    try:
        found = kind(raw)
    except (TypeError, ValueError) as error:
        raise SettingError(f"{name} is {raw!r}: it must be a number") from error
    if not least <= found <= most:
        raise SettingError(f"{name} is {raw!r}: must be between {least:,} and {most:,}")
    return found


def flag(key: str) -> bool:
    """Return one yes or no from .dlt/config.toml or the environment; no where nobody says.

    Raises SettingError when it is neither.
    """
    name = _variable(key)
    raw = os.environ.get(name)
    if raw is None:
        raw = dlt.config.get(key)
    found = {"true": True, "1": True, "false": False, "0": False, "": False, "none": False}.get(
        str(raw).strip().lower()
    )
    if found is None:
        raise SettingError(f"{name} is {raw!r}: it must be true or false")
    return found


def retry_policy() -> RetryPolicy:
    """Return how sources are asked, section [http]."""
    usual = RetryPolicy()
    try:
        seconds = dlt.config.get("http.backoff_seconds", list)
        backoff = tuple(map(float, usual.backoff if seconds is None else seconds))
    except (TypeError, ValueError, ConfigValueCannotBeCoercedException):
        backoff = (math.nan,)
    if not all(0 <= seconds <= 3600 for seconds in backoff):
        raise SettingError("HTTP__BACKOFF_SECONDS must be numbers like [4, 8, 16], at most 3600")
    return RetryPolicy(
        min_interval=number("http.min_interval_seconds", float, 0, 3600, usual.min_interval),
        backoff=backoff,
        timeout=number("http.timeout_seconds", float, 0.01, 3600, usual.timeout),
        max_wait=number("http.max_wait_seconds", float, 0, 86400, usual.max_wait),
    )


def words(key: str) -> list[str]:
    """Return a list of texts: a list in .dlt/config.toml; in the environment JSON, or commas.

    Raises SettingError when it is none.
    """
    name = _variable(key)
    found: Any = os.environ.get(name)
    if found is None:
        found = dlt.config.get(key)
    elif found.lstrip().startswith("["):
        try:
            found = json.loads(found)
        except ValueError as error:
            raise SettingError(f'{name} is no list like ["a", "b"]: {error}') from error
    else:
        found = found.split(",")
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise SettingError(f'{name} must be a list of texts, like ["a", "b"]')
    # In order and once: a query asked twice would only cost requests.
    return list(dict.fromkeys(word.strip() for word in found if word.strip()))


def line(key: str, default: str = "") -> str:
    """Return one text that fits into an HTTP header. Raises SettingError when it does not."""
    found = os.environ.get(_variable(key)) or dlt.config.get(key, str) or default
    if not (found.strip() and found.isascii() and found.isprintable()):
        raise SettingError(f"{_variable(key)} must be a line of plain letters")
    return found.strip()


def address(key: str, default: str = "") -> str:
    """Return the address of a source, without a trailing slash. Raises as `safe_address`."""
    name = _variable(key)
    found = os.environ.get(name) or dlt.config.get(key, str) or default
    return safe_address(name, found, "a variable of .env.example")


def secret(key: str) -> str | None:
    """Return a secret from the environment (`github_token` is GITHUB_TOKEN) or
    .dlt/secrets.toml, None when there is none. Raises SettingError when it cannot be one."""
    value = os.environ.get(key.upper())
    if value is None:
        value = dlt.secrets.get(key, str)
    value = (value or "").strip()
    if not (value.isascii() and value.isprintable()):
        raise SettingError(f"{key.upper()} holds characters that no secret has: copy it anew")
    return value or None


def author_salt() -> bytes:
    """Return what authors' names are hashed with: AUTHOR_SALT, or a file of the data folder that
    is made once and that only its owner may read."""
    chosen = secret("author_salt")
    if chosen:
        return chosen.encode()
    path = warehouse.data_dir() / "author_salt"
    private.folder(path.parent)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    salt = path.read_bytes().strip()
    if not salt:
        raise SettingError(f"{path} is empty: remove it, or set AUTHOR_SALT")
    return salt


def hub_endpoint() -> str:
    """Return the Hub's address (HF_ENDPOINT), without a trailing slash.

    Raises SettingError when it is no http address, or holds a password: addresses are logged.
    """
    address = os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    return _checked("HF_ENDPOINT", address, "HF_TOKEN")


def arxiv_endpoint() -> str:
    """Return arXiv's address (ARXIV_ENDPOINT). Raises as `safe_address`."""
    name = "ARXIV_ENDPOINT"
    return safe_address(name, os.environ.get(name) or "https://export.arxiv.org")


def wikidata_endpoint() -> str:
    """Return Wikidata's address (WIKIDATA_ENDPOINT). Raises as `safe_address`."""
    name = "WIKIDATA_ENDPOINT"
    return safe_address(name, os.environ.get(name) or "https://www.wikidata.org")


def safe_address(name: str, address: str, use: str = "an address without one") -> str:
    """Return an address, without a trailing slash; name: what the settings call it.

    Raises SettingError when it is none, holds a password, since addresses are logged, or is one
    where others could read our secrets and change what is answered.
    """
    found = _checked(name, address, use)
    if not (found.startswith("https://") or is_loopback(found)):
        raise SettingError(f"{name} must begin with https://, but for this machine's own")
    return found


def _variable(key: str) -> str:
    return key.upper().replace(".", "__")


def _checked(name: str, address: str, use: str) -> str:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise SettingError(f"{name} is no address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingError(f"{name} is no address: it must begin with http:// or https://")
    if url.userinfo:
        raise SettingError(f"{name} holds a user or password: leave it out, use {use}")
    return address.rstrip("/")

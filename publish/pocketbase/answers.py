"""What the answers of PocketBase mean: which record was refused, why, and whether to ask again."""

from typing import Any

import httpx


class RefusedError(Exception):
    """The server refused one record for what it holds. index: its place in the batch."""

    def __init__(self, index: int, status: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index
        self.status = status


class BatchTooLargeError(Exception):
    """The server could not do a whole batch: too many records, too many bytes, or no time."""


class BatchOffError(Exception):
    """The server's settings do not allow batches."""


def refused_record(response: httpx.Response) -> RefusedError | None:
    """Return which record of a failed batch was refused, and why; None for any other answer."""
    if response.status_code != 400:
        return None
    try:
        requests = response.json()["data"]["requests"]
        [(index, failure)] = [(int(key), value) for key, value in requests.items() if key.isdigit()]
        inner = failure["response"]
        return RefusedError(index, int(inner["status"]), reason(inner))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def reason(answer: dict[str, Any]) -> str:
    """Return PocketBase's words for a refusal, field by field."""
    fields = answer.get("data") or {}
    said = [f"{name}: {error.get('message', error)}" for name, error in fields.items()]
    return "; ".join(said) or str(answer.get("message", "refused"))


def words(response: httpx.Response) -> str:
    """Return what an answer says, in one line."""
    try:
        return reason(response.json())
    except (ValueError, AttributeError):
        return " ".join(response.text.split())[:200] or "no reason given"


def transport_reason(error: Exception) -> str:
    """Return in a few words why no answer came."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    if isinstance(error, httpx.ConnectError):
        return "connection refused, or the name is unknown"
    return "the answer was cut off" if isinstance(error, httpx.RemoteProtocolError) else str(error)

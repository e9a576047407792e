"""The Hugging Face Hub as this project asks it, through huggingface_hub.

The headers and the mapping of errors are huggingface_hub's. Its `list_models` is not used for
listings: it turns records into ModelInfo objects and hides where a page ends, while we keep the
record as it came and count pages. Nor is its session: that is one for the whole process, and
whoever asks the Hub next would ask through our transport. https://huggingface.co/docs/hub/api
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import quote

import httpx
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import build_hf_headers, fix_hf_endpoint_in_url, hf_raise_for_status

from assay.common.net import is_loopback
from assay.extract.http.rate_limit import Clock
from assay.extract.http.transport import RetryPolicy, RetryTransport, network, parsed, why_not_asked
from assay.extract.landing.odd import is_key

PAGE_CAP = 1000  # the server's own maximum
# What a listing does not give by itself but `expand` does; cheaper than full=true, which
# adds the list of every file of every model.
PROPERTIES = (
    "author",
    "cardData",
    "createdAt",
    "downloads",
    "downloadsAllTime",
    "gated",
    "gguf",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "sha",
    "tags",
    "trendingScore",
)


# Why the Hub says nothing of a repository.
NOT_FOUND, PRIVATE, GATED, DISABLED = "not_found", "private", "gated", "disabled"
MALFORMED = "malformed_id"
_BAD_CREDENTIALS = "invalid credentials in authorization header"


class HubError(Exception):
    """The Hub refused a request; the message is one line that says what to do."""


@dataclass(frozen=True)
class LookedUp:
    """What the Hub said of a model by its name: a record, or the reason why there is none."""

    record: dict[str, Any] | None
    reason: str | None = None


class Hub:
    """A polite session with one Hub endpoint. Use as a context manager.

    with_private: whether what only the token's owner may see is wanted.
    """

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        retry_policy: RetryPolicy,
        *,
        with_private: bool = False,
        clock: Clock | None = None,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.with_private = with_private
        if reason := why_not_asked(self.endpoint):
            raise HubError(reason)
        self.transport = RetryTransport(
            f"The Hub at {self.endpoint}",
            retry_policy,
            clock=clock,
            inner=inner or network(self.endpoint),
        )
        # False, not None: None would make huggingface_hub look for a token of its own.
        if token and not (self.endpoint.startswith("https://") or is_loopback(self.endpoint)):
            raise HubError(
                f"HF_TOKEN would go to {self.endpoint} unencrypted: use https:// or unset HF_TOKEN"
            )
        self._headers = build_hf_headers(token=token or False, library_name="assay")
        self._client = httpx.Client(transport=self.transport, follow_redirects=True)

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def tasks(self) -> dict[str, dict[str, Any]]:
        """Return the Hub's task pages, keyed and sorted by task id."""
        answer = self._json(self._get(f"{self.endpoint}/api/tasks"))
        if not isinstance(answer, dict) or not answer:
            raise HubError(f"{self.endpoint}/api/tasks holds no tasks: is HF_ENDPOINT a Hub?")
        return {key: answer[key] for key in sorted(answer) if is_key(key)}

    def model_pages(
        self, tags: str | Sequence[str], page_size: int, *, author: str | None = None
    ) -> Iterator[list[Any]]:
        """Yield the models that have these tags and are of this author, most downloaded first, page
        by page for as long as asked.

        Each page is a list of records as the API gave them (which may hold anything).
        """
        params: dict[str, Any] = {
            "filter": tags,
            "sort": "downloads",
            "limit": min(page_size, PAGE_CAP),
            "expand": list(PROPERTIES),
        }
        if author is not None:
            params["author"] = author
        for page, _ in self._pages(f"{self.endpoint}/api/models", params):
            yield page

    def all_pages(self, start: str | None) -> Iterator[tuple[list[Any], str]]:
        """Yield the pages of all models, the newest first, each with the address of the next one,
        empty at the end. start: such an address, None to begin.
        """
        if start is not None:
            yield from self._pages(start, None)
            return
        params = {"sort": "createdAt", "limit": PAGE_CAP, "expand": list(PROPERTIES)}
        yield from self._pages(f"{self.endpoint}/api/models", params)

    def _pages(self, url: str, params: dict[str, Any] | None) -> Iterator[tuple[list[Any], str]]:
        """Yield the pages of a listing, each with the address of the next one, empty at the end."""
        asked: set[str] = set()
        while url:
            if not url.startswith(f"{self.endpoint}/"):
                # Our token would go with the request.
                raise HubError(f"the next page is on another host ({httpx.URL(url).host}): refused")
            if url in asked:
                raise HubError(f"{self.endpoint} names a page as its own next page: refused")
            response = self._get(url, params)
            page = self._json(response)
            if not isinstance(page, list):
                raise HubError(f"{self.endpoint}/api/models did not answer with a list")
            asked.add(url)
            # A mirror may hand on the next page's address as the original Hub wrote it.
            url = fix_hf_endpoint_in_url(
                response.links.get("next", {}).get("url", ""), self.endpoint
            )
            yield page, url
            params = None  # the next URL holds them all

    def look_up(self, name: str) -> LookedUp:
        """Ask for one model by its name; the record is what a listing would show of it.

        Raises HubError when the Hub refuses in a way that says nothing of the model, and
        SourceUnavailableError after all retries.
        """
        path = f"api/models/{quote(name, safe='/')}"
        response = self.ask(path, {"expand": list(PROPERTIES)})
        if reason := self.refusal(response):
            return LookedUp(None, reason)
        record = self._json(response)
        if not isinstance(record, dict) or not isinstance(record.get("id"), str):
            raise HubError(f"{self.endpoint} described models/{name} without its id")
        return LookedUp(record)

    def model(self, name: str) -> dict[str, Any] | None:
        """Return one model as a listing would show it, or None when it is gone."""
        return self.look_up(name).record

    def refusal(self, response: httpx.Response) -> str | None:
        """Return why the Hub does not describe a repository, None when it does.

        Raises HubError for a refused token, and for an answer that says nothing of the repository.
        """
        try:
            hf_raise_for_status(response)
        except GatedRepoError:
            return GATED
        except RepositoryNotFoundError:
            return NOT_FOUND
        except DisabledRepoError:
            return DISABLED
        except HfHubHTTPError as error:
            return self._refusal_by_status(response.status_code, error.server_message or "")
        return None

    def _refusal_by_status(self, status: int, message: str) -> str:
        if status == 401 and message.lower().startswith(_BAD_CREDENTIALS):
            raise self.token_refused(status)
        if status in (401, 404, 410):  # 401: without a token it does not say what is not there
            return NOT_FOUND
        if status == 403:
            return PRIVATE
        if status in (400, 414, 422):
            return MALFORMED
        raise HubError(f"{self.endpoint} answered HTTP {status}: {message[:200]}")

    def hides(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a repository is private and not wanted."""
        return bool(record.get("private")) and not self.with_private

    def ask(self, path: str, params: dict[str, Any] | None = None) -> httpx.Response:
        """Return the answer to one path below the endpoint, whatever its status.

        Raises SourceUnavailableError after all retries.
        """
        return self._client.get(f"{self.endpoint}/{path}", params=params, headers=self._headers)

    def _json(self, response: httpx.Response) -> Any:
        try:
            return parsed(response)
        except ValueError as error:
            raise HubError(f"{self.endpoint} did not answer with JSON: is it a Hub?") from error

    def _get(self, url: str, params: dict[str, Any] | None = None) -> httpx.Response:
        response = self._client.get(url, params=params, headers=self._headers)
        try:
            hf_raise_for_status(response)
        except RepositoryNotFoundError:
            raise
        except HfHubHTTPError as error:
            self._refuse(error)
        return response

    def _refuse(self, error: HfHubHTTPError) -> NoReturn:
        status = error.response.status_code
        if status in (401, 403):
            raise self.token_refused(status) from error
        message = error.server_message or error.response.reason_phrase
        raise HubError(f"{self.endpoint} answered HTTP {status}: {message}") from error

    def token_refused(self, status: int) -> HubError:
        """Return the error of a token that this Hub does not take."""
        return HubError(
            f"HF_TOKEN was refused by {self.endpoint} (HTTP {status}): "
            f"make a new token at {self.endpoint}/settings/tokens or unset HF_TOKEN"
        )

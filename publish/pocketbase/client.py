"""A client of one PocketBase: signed in as a superuser, with retries, and saying what was refused.

httpx rather than the package pocketbase, whose batches the server does not understand
(docs/decisions/publishing.md).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import orjson

from assay.common.net import (
    LongWaitError,
    Retry,
    TransientError,
    is_loopback,
    retry_after,
    with_retries,
)
from assay.publish.pocketbase.answers import (
    BatchOffError,
    BatchTooLargeError,
    RefusedError,
    refused_record,
    transport_reason,
    words,
)
from assay.publish.pocketbase.settings import PublishError, RetryPolicy, Server

log = logging.getLogger(__name__)

PER_PAGE = 1000  # the most that PocketBase gives
DEFAULT_BODY_BYTES = 128 << 20  # of a batch, where the settings say 0
MAX_BATCH_BYTES = 8 << 20  # ours: the server keeps a batch in memory several times
JSON = {"content-type": "application/json"}
RETRY_STATUSES = frozenset({408, 425, 429, *range(500, 600)})


@dataclass(frozen=True)
class Limits:
    """What one batch may be. requests: records, 0 where batches are off. size: bytes."""

    requests: int
    size: int


class Client:
    """Requests to one PocketBase. Retries 429, 5xx, time-outs and lost connections; signs in again
    when the token has run out.

    Raises PublishError when the server cannot be used.
    """

    def __init__(self, server: Server, retry_policy: RetryPolicy) -> None:
        self.server = server
        self.retry_policy = retry_policy
        self.requests = 0
        self.retries = 0
        # A proxy of the environment is not asked for a server on this machine.
        self._http = httpx.Client(
            base_url=server.url, timeout=retry_policy.timeout, trust_env=not is_loopback(server.url)
        )
        if server.url.startswith("http:") and not is_loopback(server.url):
            log.warning("%s is not encrypted: the password can be read on its way", server.url)

    def __enter__(self) -> "Client":
        self._check_health()
        self._sign_in()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def limits(self) -> Limits:
        """Return what the server's settings allow of our batches."""
        batch = self.ask("GET", "/api/settings").get("batch", {})
        if not batch.get("enabled"):
            return Limits(0, 0)
        size = min(batch.get("maxBodySize") or DEFAULT_BODY_BYTES, MAX_BATCH_BYTES)
        return Limits(min(batch.get("maxRequests") or 1, self.retry_policy.most_requests), size)

    def find(self, path: str) -> Any:
        """Return what GET gives, None where the server has nothing there."""
        response = self._send("GET", path)
        return None if response.status_code == 404 else self._parsed(response)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request that must succeed; return what it gives, None for nothing."""
        return self._parsed(self._send(method, path, body))

    def records(self, collection: str, fields: str) -> Iterator[dict[str, Any]]:
        """Yield every record of a collection, in the order of their ids; fields: "" for all."""
        last = ""
        while True:
            # From id to id, not from page to page: nothing is missed when others write.
            params = {"sort": "id", "perPage": str(PER_PAGE), "skipTotal": "1"}
            params |= {"filter": f'id>"{last}"'} if last else {}
            params |= {"fields": fields} if fields else {}
            query = httpx.QueryParams(params)
            page = self.ask("GET", f"/api/collections/{collection}/records?{query}")["items"]
            yield from page
            if len(page) < PER_PAGE:
                return
            last = page[-1]["id"]

    def batch(self, requests: Sequence[bytes]) -> None:
        """Do all requests, each as JSON, in one transaction.

        Raises RefusedError for the first one that is refused, BatchTooLargeError, BatchOffError;
        nothing of the batch is done then.
        """
        body = b'{"requests":[' + b",".join(requests) + b"]}"
        response = self._send("POST", "/api/batch", body)
        if (refused := refused_record(response)) and refused.status in (401, 403):
            # An expired token does not fail the batch: its records are refused to a guest.
            self._sign_in()
            response = self._send("POST", "/api/batch", body)
            refused = refused_record(response)
            self._good_for_superuser(refused)
        if refused:
            raise refused
        if response.status_code == 403 and "atch requests" in response.text:
            raise BatchOffError
        if response.status_code in (400, 413):
            raise BatchTooLargeError(words(response))
        self._good(response)

    def single(self, method: str, path: str, body: Any = None) -> int:
        """Send one record's request; return its status, 404 included.

        Raises RefusedError (index 0) for any other refusal of the record.
        """
        response = self._send(method, path, body)
        if response.status_code == 403:
            self._sign_in()
            response = self._send(method, path, body)
        if response.status_code in (400, 413, 422):
            raise RefusedError(0, response.status_code, words(response))
        return 404 if response.status_code == 404 else self._good(response).status_code

    def _check_health(self) -> None:
        """Ask once whether there is a PocketBase: a server that is down is not waited for."""
        url = self.server.url
        try:
            response = self._http.get("/api/health")
            found = response.status_code == 200 and "healthy" in response.json().get("message", "")
        except (ValueError, AttributeError):
            found = False
        except httpx.TransportError as error:
            raise PublishError(
                f"the PocketBase at {url} does not answer ({transport_reason(error)}): "
                "is it running?"
            ) from error
        if response.is_redirect:
            where = response.headers.get("location", "").removesuffix("/api/health")
            raise PublishError(f"{url} sends us to {where}: set POCKETBASE_URL to that")
        if not found and response.status_code not in RETRY_STATUSES:
            raise PublishError(f"there is no PocketBase at {url}: check POCKETBASE_URL")

    def _sign_in(self) -> None:
        path = "/api/collections/_superusers/auth-with-password"
        account = {"identity": self.server.email, "password": self.server.password}
        self._http.headers.pop("authorization", None)
        response = self._with_retries("POST", path, account)
        if response.status_code == 404 and self._is_old(account):
            raise PublishError(
                f"the PocketBase at {self.server.url} is older than 0.23, which has no superusers: "
                "update it (`pocketbase update`)"
            )
        if response.status_code == 400:
            raise PublishError(
                f"{self.server.url} does not accept the password of {self.server.email}: "
                f"{self.server.cure}"
            )
        if response.status_code == 401 and "mfaId" in response.text:
            raise PublishError(
                f"{self.server.url} wants a second factor of {self.server.email}: use a superuser "
                "without one"
            )
        self._http.headers["authorization"] = self._parsed(response).get("token", "")

    def _is_old(self, account: dict[str, str]) -> bool:
        """Tell whether a server has the admins that superusers took the place of in 0.23."""
        path = "/api/admins/auth-with-password"
        return self._with_retries("POST", path, account).status_code != 404

    def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send one request, after signing in again when the token has run out."""
        response = self._with_retries(method, path, body)
        if response.status_code == 401:
            self._sign_in()
            response = self._with_retries(method, path, body)
        return response

    def _with_retries(self, method: str, path: str, body: Any) -> httpx.Response:
        content = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        url, policy = self.server.url, self.retry_policy
        try:
            return with_retries(
                lambda: self._attempt(method, path, content),
                backoff=policy.backoff,
                max_wait=policy.max_wait,
                on_retry=self._log_retry,
            )
        except LongWaitError as error:
            raise PublishError(f"{url} {error}") from error
        except TransientError as failure:
            raise PublishError(
                f"the PocketBase at {url} does not answer after {len(policy.backoff) + 1} tries "
                f"({failure}): run again when it does, what was sent is kept"
            ) from failure

    def _attempt(self, method: str, path: str, content: bytes | None) -> httpx.Response:
        self.requests += 1
        try:
            response = self._http.request(method, path, content=content, headers=JSON)
        except (httpx.LocalProtocolError, httpx.UnsupportedProtocol):
            raise  # our own mistake: asking again makes it no better
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise TransientError(transport_reason(error)) from error
        refused = refused_record(response)
        status = refused.status if refused else response.status_code
        if status in RETRY_STATUSES:
            raise TransientError(f"HTTP {status}", retry_after(response.headers))
        return response

    def _log_retry(self, retry: Retry) -> None:
        self.retries += 1
        log.warning("%s: %s", self.server.url, retry)

    def _good(self, response: httpx.Response) -> httpx.Response:
        """Return a good answer. Raises PublishError for any other."""
        if response.is_success:
            return response
        raise PublishError(
            f"{self.server.url} refused {response.request.method} {response.request.url.path} "
            f"(HTTP {response.status_code}): {words(response)}"
        )

    def _parsed(self, response: httpx.Response) -> Any:
        """Return the JSON object of a good answer, None for an empty one."""
        if not self._good(response).content:
            return None
        try:
            found = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise PublishError(
                f"{self.server.url} did not answer {response.request.url.path} as a PocketBase "
                "does: is something in between?"
            )
        return found

    def _good_for_superuser(self, refused: RefusedError | None) -> None:
        if refused and refused.status in (401, 403):
            raise PublishError(f"{self.server.url} refused a record to its superuser: {refused}")

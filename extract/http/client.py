"""The HTTP client of every source but the Hub: one polite session with one API."""

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from assay.extract.http.rate_limit import Clock
from assay.extract.http.transport import (
    ParseRateLimit,
    RetryPolicy,
    RetryTransport,
    SourceRefusedError,
    network,
    parsed,
)


class Api:
    """One API at one address, asked within its limit by however many threads.

    most: requests in any 60 s, 0 for no limit. Whatever goes through one Api shares its limit.
    """

    def __init__(
        self,
        name: str,
        endpoint: str,
        retry_policy: RetryPolicy,
        *,
        user_agent: str,
        most: int,
        parse_rate_limit: ParseRateLimit | None = None,
        clock: Clock | None = None,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self.name, self.endpoint = name, endpoint.rstrip("/")
        self.transport = RetryTransport(
            name,
            retry_policy,
            most=most,
            parse_rate_limit=parse_rate_limit,
            clock=clock,
            inner=inner or network(endpoint),
        )
        # No cookies and no redirects: what is asked is what answers.
        self._client = httpx.Client(
            transport=self.transport,
            headers={"User-Agent": user_agent},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    def get(
        self, path: str, params: dict[str, Any], headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Ask one path below the endpoint. Raises SourceUnavailableError after all retries."""
        return self._client.get(f"{self.endpoint}/{path}", params=params, headers=headers)

    def post(self, url: str, form: dict[str, str], auth: tuple[str, str]) -> httpx.Response:
        """Send a form to an address of the API's, with a name and a password."""
        return self._client.post(url, data=form, auth=auth)

    def mapping(self, response: httpx.Response) -> dict[str, Any]:
        """Return the JSON object of an answer.

        Raises SourceRefusedError when it is none, which is no answer of this API.
        """
        try:
            body = parsed(response)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise SourceRefusedError(
                f"{self.name} at {self.endpoint} answered HTTP {response.status_code} without a "
                "JSON object: is the address right, and are we let in?"
            )
        return body

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

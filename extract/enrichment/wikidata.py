"""What Wikidata says of a keyword, for those who want a definition: `--wikidata`.

A search by name is a guess. Only an item whose own label or alias is the keyword's label, and that
has a description, is taken; the file keeps its id, so that the guess can be looked at.
https://www.wikidata.org/w/api.php?action=help&modules=wbsearchentities
"""

from typing import Any, Self

import httpx

from assay.extract.enrichment.cache import Answer
from assay.extract.http.client import Api
from assay.extract.http.rate_limit import Clock
from assay.extract.http.transport import RetryPolicy, SourceRefusedError, why_not_asked

CANDIDATES = 7


class Wikidata:
    """A polite session with Wikidata's search. Use as a context manager, from any thread."""

    def __init__(
        self,
        endpoint: str,
        retry_policy: RetryPolicy,
        *,
        clock: Clock | None = None,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self.api = Api(
            f"Wikidata at {endpoint}",
            endpoint,
            retry_policy,
            user_agent="assay/0.1 (hf_enrichment)",
            most=0,
            clock=clock,
            inner=inner,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.api.close()

    def define(self, label: str) -> Answer:
        """Ask for the definition of a label; found is {"id": "Q...", "description": text}.

        Raises SourceUnavailableError after all retries, SourceRefusedError when what answers is
        not Wikidata.
        """
        if reason := why_not_asked(self.api.endpoint):
            raise SourceRefusedError(reason)
        asked = {
            "action": "wbsearchentities",
            "format": "json",
            "language": "en",
            "type": "item",
            "search": label,
            "limit": CANDIDATES,
        }
        response = self.api.get("w/api.php", asked)
        answer = self.api.mapping(response)
        candidates = answer.get("search")
        if not isinstance(candidates, list):
            raise SourceRefusedError(
                f"{self.api.endpoint}/w/api.php answered HTTP {response.status_code} without a "
                "search: is WIKIDATA_ENDPOINT right?"
            )
        now = int(self.api.transport.clock.time())
        for item in candidates:
            if isinstance(item, dict) and item.get("description") and _is_named(item, label):
                found = {"id": item.get("id"), "description": str(item["description"])}
                return Answer(None, now, found)
        return Answer("not_found", now)


def _is_named(item: dict[str, Any], label: str) -> bool:
    match = item.get("match")
    names = (item.get("label"), match.get("text") if isinstance(match, dict) else None)
    return any(isinstance(name, str) and name.casefold() == label.casefold() for name in names)

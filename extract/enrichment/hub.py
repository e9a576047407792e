"""Models, datasets and the tag vocabulary as the Hub describes them, one answer per id."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
from huggingface_hub.errors import (
    DisabledRepoError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
)
from huggingface_hub.utils import hf_raise_for_status, validate_repo_id

from assay.extract.enrichment.cache import Answer
from assay.extract.enrichment.identify import KINDS
from assay.extract.http.transport import SourceUnavailableError, parsed
from assay.extract.hub.client import Hub, HubError
from assay.extract.landing.run_folder import MAX_RECORD, encoded

MODEL_PROPERTIES = (
    "author",
    "createdAt",
    "disabled",
    "downloads",
    "gated",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
)
DATASET_PROPERTIES = (
    "author",
    "createdAt",
    "description",
    "disabled",
    "downloads",
    "gated",
    "lastModified",
    "likes",
    "private",
    "tags",
)
MALFORMED = "malformed_id"
NOT_FOUND = "not_found"
_NO_KEYWORDS = ("arxiv", "base_model", "dataset", "license")
_BAD_CREDENTIALS = "invalid credentials in authorization header"


def is_repository_id(name: str) -> bool:
    """Tell whether the Hub can have a repository of that name, by its own rules."""
    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return True


def model(hub: Hub, name: str) -> Answer:
    """Ask for one model. Raises as `_described`."""
    return _described(hub, "models", name, MODEL_PROPERTIES)


def dataset(hub: Hub, name: str) -> Answer:
    """Ask for one dataset and its Croissant description, which is in `croissant` when there is one.

    Raises as `_described`; when only Croissant fails, the answer is partial.
    """
    answer = _described(hub, "datasets", name, DATASET_PROPERTIES)
    if answer.found is None:
        return answer
    # Under the name it has now, which saves the detour over the old one.
    resolved = str(answer.found["id"])
    try:
        croissant = _croissant(hub, resolved if is_repository_id(resolved) else name)
    except (HubError, SourceUnavailableError):
        return Answer(None, answer.fetched_at, answer.found, is_partial=True)
    found = {**answer.found, "croissant": croissant}
    if len(encoded(found)) > MAX_RECORD:
        found["croissant"] = None
    return Answer(None, answer.fetched_at, found)


def vocabulary(hub: Hub) -> Answer:
    """Ask for the tags that the Hub knows: found[type] is a list of {id, label, ...}.

    Raises HubError when the answer is none, SourceUnavailableError after all retries.
    """
    response = hub.ask("api/models-tags-by-type")
    found = _json(hub, response) if response.status_code == 200 else None
    if not isinstance(found, dict):
        raise HubError(
            f"{hub.endpoint}/api/models-tags-by-type answered HTTP {response.status_code} "
            "without a vocabulary: is HF_ENDPOINT a Hub?"
        )
    return Answer(None, _now(hub), found)


def labels(
    vocabulary: Answer | None, types: tuple[str, ...] | None = None
) -> dict[str, tuple[str, str]]:
    """Return (type, label) of each tag in the vocabulary.

    types: which; without them all that keywords can be of. A tag of several types is that which
    says most about it, first those that a model has a field for.
    """
    found = (vocabulary.found if vocabulary else None) or {}
    wanted = types or [kind for kind in found if kind not in _NO_KEYWORDS]
    order = sorted(wanted, key=lambda kind: ((*KINDS, kind).index(kind), kind), reverse=True)
    known = {}
    for kind in order:
        tags = found.get(kind)
        for tag in tags if isinstance(tags, list) else ():
            if isinstance(tag, dict) and isinstance(tag.get("id"), str):
                known[tag["id"]] = kind, str(tag.get("label") or tag["id"])
    return known


def license_of(found: Mapping[str, Any]) -> str | None:
    """Return the licence of a repository: that of its first `license:` tag."""
    tags = found.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        if isinstance(tag, str) and tag.startswith("license:") and len(tag) > len("license:"):
            return tag.removeprefix("license:")
    return None


def _described(hub: Hub, kind: str, name: str, properties: tuple[str, ...]) -> Answer:
    """Ask for what the Hub says of one repository.

    Raises HubError when it refuses in a way that says nothing of the repository, and
    SourceUnavailableError after all retries.
    """
    if not is_repository_id(name):
        return Answer(MALFORMED, _now(hub))
    response = hub.ask(f"api/{kind}/{quote(name, safe='/')}", {"expand": list(properties)})
    reason = _refusal(hub, response)
    if reason is not None:
        return Answer(reason, _now(hub))
    record = _json(hub, response)
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise HubError(f"{hub.endpoint} described {kind}/{name} without its id")
    return Answer(
        None, _now(hub), {key: record[key] for key in ("id", *properties) if key in record}
    )


def _refusal(hub: Hub, response: httpx.Response) -> str | None:
    """Return why the Hub does not describe a repository, None when it does.

    Raises HubError for a refused token, and for an answer that says nothing of the repository.
    """
    try:
        hf_raise_for_status(response)
    except GatedRepoError:
        return "gated"
    except RepositoryNotFoundError:
        return NOT_FOUND
    except DisabledRepoError:
        return "disabled"
    except HfHubHTTPError as error:
        return _refusal_by_status(hub, response.status_code, error.server_message or "")
    return None


def _refusal_by_status(hub: Hub, status: int, message: str) -> str:
    if status == 401 and message.lower().startswith(_BAD_CREDENTIALS):
        raise hub.token_refused(status)
    if status in (401, 404, 410):  # 401: without a token it does not say what is not there
        return NOT_FOUND
    if status == 403:
        return "private"
    if status in (400, 414, 422):
        return MALFORMED
    raise HubError(f"{hub.endpoint} answered HTTP {status}: {message[:200]}")


def _croissant(hub: Hub, name: str) -> dict[str, Any] | None:
    """Return a dataset's JSON-LD, None when the Hub makes none or does not show it to us."""
    response = hub.ask(f"api/datasets/{quote(name, safe='/')}/croissant")
    if response.status_code != 200:
        _refusal(hub, response)
        return None
    found = _json(hub, response)
    return found if isinstance(found, dict) else None


def _json(hub: Hub, response: httpx.Response) -> Any:
    try:
        return parsed(response)
    except (ValueError, RecursionError) as error:
        raise HubError(f"{hub.endpoint} did not answer with JSON: is it a Hub?") from error


def _now(hub: Hub) -> int:
    return int(hub.transport.clock.time())

"""Models, datasets and the tag vocabulary as the Hub describes them, one answer per id."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from assay.extract.enrichment.cache import LOCAL_PATH, Answer
from assay.extract.enrichment.entity import FLAG, NUMBER, TIME, Field, Record, record
from assay.extract.enrichment.fetcher import Fetcher
from assay.extract.enrichment.workers import FetchStats
from assay.extract.http.transport import SourceUnavailableError, parsed
from assay.extract.hub.client import MALFORMED, PRIVATE, Hub, HubError
from assay.extract.hub.names import is_on_disk, repository
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
# What the Hub says of models and data sets alike, by column of bronze.
REPOSITORY = {
    "author": Field("author"),
    "gated": Field("gated"),
    "downloads": Field("downloads", NUMBER),
    "likes": Field("likes", NUMBER),
    "is_private": Field("private", FLAG),
    "is_disabled": Field("disabled", FLAG),
    "hub_created_at": Field("createdAt", TIME),
    "last_modified": Field("lastModified", TIME),
    "tags": Field("tags", None),
}
VOCABULARY = "tags-by-type"  # the one id of its kind among the answers


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


def fetch_vocabulary(fetcher: Fetcher) -> tuple[Answer | None, FetchStats]:
    """Return the Hub's tag vocabulary, an older one when the Hub does not give it now."""
    stats, hub = FetchStats(), fetcher.hub
    if hub is not None:
        wanted = fetcher.missing("vocabulary", [VOCABULARY])
        stats = fetcher.ask_each("vocabulary", wanted, lambda _: vocabulary(hub))
    return fetcher.answers.get("vocabulary", VOCABULARY), stats


def labels(
    vocabulary: Answer | None,
    *,
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    first: Sequence[str] = (),
) -> dict[str, tuple[str, str]]:
    """Return (type, label) of each tag in the vocabulary.

    only: types to read, all by default. without: types to leave out. first: of a tag that has
    several types that one counts which comes first here; types that are not named come after those
    that are, in order of their names.
    """
    found = (vocabulary.found if vocabulary else None) or {}
    wanted = [kind for kind in (only or found) if kind not in without]
    order = sorted(wanted, key=lambda kind: ((*first, kind).index(kind), kind), reverse=True)
    known = {}
    for kind in order:
        tags = found.get(kind)
        for tag in tags if isinstance(tags, list) else ():
            if isinstance(tag, dict) and isinstance(tag.get("id"), str):
                known[tag["id"]] = kind, str(tag.get("label") or tag["id"])
    return known


def fetch_repositories(
    fetcher: Fetcher, kind: str, ids: list[str], describe: Callable[[Hub, str], Answer]
) -> FetchStats:
    """Ask the Hub for the repositories of a kind that have no fresh answer."""
    hub = fetcher.hub
    if hub is None:
        return FetchStats()
    meant = sorted({repository(name) for name in ids})
    wanted = [name for name in fetcher.missing(kind, meant) if is_repository_id(name)]
    return fetcher.ask_each(kind, wanted, lambda name: describe(hub, name))


def repository_record(fetcher: Fetcher, kind: str, name: str) -> Record:
    """Return what the file says of one repository, with the licence that its tags name.

    name: as it was written; where it is an address or names a revision, the repository that it
    means is what was asked for, and stands in the answer.
    """
    meant = repository(name)
    answer = fetcher.repository(kind, meant)
    reason = fetcher.unanswered
    if answer is None and not is_repository_id(meant):
        reason = LOCAL_PATH if is_on_disk(name) else MALFORMED
    made = record(name, answer, reason)
    if answer and answer.found:
        made["license"] = license_of(answer.found)
    elif meant != name and is_repository_id(meant):
        made["answer"] = {"id": meant}
    return made


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
    reason = hub.refusal(response)
    if reason is not None:
        return Answer(reason, _now(hub))
    record = _json(hub, response)
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        raise HubError(f"{hub.endpoint} described {kind}/{name} without its id")
    if hub.hides(record):
        return Answer(PRIVATE, _now(hub))
    return Answer(
        None, _now(hub), {key: record[key] for key in ("id", *properties) if key in record}
    )


def _croissant(hub: Hub, name: str) -> dict[str, Any] | None:
    """Return a dataset's JSON-LD, None when the Hub makes none or does not show it to us."""
    response = hub.ask(f"api/datasets/{quote(name, safe='/')}/croissant")
    if response.status_code != 200:
        hub.refusal(response)
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

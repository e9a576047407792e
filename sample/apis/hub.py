"""The Hugging Face Hub API over a folder: tasks, models, datasets, Croissant and tags by type.

Any Bearer token is accepted except exactly `hf_invalid`, which answers 401 on every path. Who asks
with `hf_owner` is shown single repositories that their items call private.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import unquote

from assay.sample.apis import hub_answers as hub
from assay.sample.apis.croissant import describe, has_croissant
from assay.sample.apis.hub_answers import BAD_CREDENTIALS, INVALID_TOKEN, NO_PAGE
from assay.sample.apis.hub_repos import DATASETS, MODELS, Repos
from assay.sample.server.wire import Options, Request, Response, Window, dumps

# The Hub gives these of datasets; the recorded vocabulary is that of models.
DATASET_TAG_TYPES = (
    "task_categories",
    "task_ids",
    "language",
    "license",
    "size_categories",
    "modality",
    "format",
    "library",
)


class Hub:
    """The Hub over `hf_tasks.json` and `hf_models.jsonl`; with `hf_datasets.jsonl` and
    `hf_tags_by_type.json` also what is asked of these.
    """

    paths: ClassVar = (
        "/api/tasks",
        "/api/models",
        "/api/datasets",
        "/api/models-tags-by-type",
        "/api/datasets-tags-by-type",
    )
    needs: ClassVar = ("hf_tasks.json", "hf_models.jsonl")

    def __init__(self, folder: Path, options: Options) -> None:
        self._documents = {"/api/tasks": (folder / "hf_tasks.json").read_bytes()}
        self.models = Repos(MODELS, folder / "hf_models.jsonl", options)
        self._repos = {"models": self.models}
        if (folder / "hf_datasets.jsonl").is_file():
            datasets = Repos(DATASETS, folder / "hf_datasets.jsonl", options)
            self._repos["datasets"] = datasets
            by_type = tags_by_type(datasets.index.tags())
            self._documents["/api/datasets-tags-by-type"] = dumps(by_type)
        elif DATASETS.name in options.repos and options.repos[DATASETS.name].named():
            raise ValueError(
                f"{folder} has no hf_datasets.jsonl, but a dataset's state is declared"
            )
        if (folder / "hf_tags_by_type.json").is_file():
            vocabulary = (folder / "hf_tags_by_type.json").read_bytes()
            self._documents["/api/models-tags-by-type"] = vocabulary
        self._options = options
        self._window = Window(options.quota, options.window, options.clock)

    @classmethod
    def open(cls, folder: Path, options: Options) -> Self:
        """Index the folder."""
        return cls(folder, options)

    @property
    def shifted(self) -> list[dict[str, Any]]:
        """What moved between two pages."""
        return [move for repos in self._repos.values() for move in repos.shifted]

    def answer(self, request: Request) -> Response:
        """Route by path. Raises ApiError for everything that the Hub refuses."""
        if hub.token(request) == INVALID_TOKEN:
            raise hub.refuse(401, BAD_CREDENTIALS)
        path = request.path.rstrip("/")
        if request.method == "GET" and path in self._documents:
            return Response(200, self._documents[path])
        _, _, kind, *parts = path.split("/")
        repos = self._repos.get(kind)
        if request.method == "GET" and repos is not None:
            return self._of_kind(repos, request, [unquote(part) for part in parts])
        raise hub.refuse(404, NO_PAGE)

    def _of_kind(self, repos: Repos, request: Request, parts: list[str]) -> Response:
        if not parts:
            return repos.listing(request)
        if repos.kind is DATASETS and len(parts) in (2, 3) and parts[-1] == "croissant":
            return self._croissant(repos, request, "/".join(parts[:-1]))
        revision = "main"
        if len(parts) in (3, 4) and parts[-2] == "revision":
            *parts, _, revision = parts
        if len(parts) not in (1, 2):
            raise hub.refuse(404, NO_PAGE)
        return repos.single(request, "/".join(parts), revision)

    def _croissant(self, repos: Repos, request: Request, dataset_id: str) -> Response:
        """What is gated says nothing here, though its item is public; who asks with a token is on
        the list of an "auto" dataset and on that of no other.
        """
        _, item = repos.look_up(request, dataset_id, "/croissant")
        listed = hub.token(request) is not None and item.get("gated") == "auto"
        if item.get("gated") and not listed:
            raise hub.restricted(request, DATASETS.name, dataset_id)
        if repos.states.has("no-croissant", dataset_id) or not has_croissant(item):
            raise hub.refuse(400, "The croissant format is not available for this dataset.")
        return Response(200, dumps(describe(item)))

    def error(self, status: int, message: str) -> Response:
        """An error in the Hub's own form."""
        return hub.error(status, message)

    def refused(self, seconds: int) -> Response:
        """429 with the Hub's RateLimit headers and no Retry-After."""
        response = hub.error(429, "We had to rate limit your IP. Try again later, or log in.")
        response.headers |= self._limits(0, seconds)
        return response

    def meter(self) -> tuple[dict[str, str], Response | None]:
        """Count a request in the window."""
        passed, left, reset = self._window.take()
        return self._limits(left, reset), None if passed else self.refused(reset)

    def _limits(self, left: int, reset: int) -> dict[str, str]:
        quota = self._options.quota or Window.UNLIMITED
        return {
            "RateLimit": f'"api";r={left};t={reset}',
            "RateLimit-Policy": f'"fixed window";"api";q={quota};w={self._options.window}',
        }


def tags_by_type(tags: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """GET /api/datasets-tags-by-type: what tags name, by what stands before the colon."""
    result: dict[str, list[dict[str, str]]] = {name: [] for name in DATASET_TAG_TYPES}
    for tag in tags:
        kind, _, label = tag.partition(":")
        if label and kind in result:
            result[kind].append({"type": kind, "id": tag, "label": label})
    return result

"""The repositories of one kind on the Hub: /api/models and /api/datasets, listings and single ones.

Listings are always descending, as on the Hub; `direction` is accepted and changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import numpy as np

from assay.sample.apis import hub_answers as hub
from assay.sample.apis.repo_index import SORTS, Query, RepoIndex, loads
from assay.sample.server.hub_states import States, owners_of
from assay.sample.server.wire import Options, Request, Response, dumps


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Kind(NamedTuple):
    """What a listing of one kind gives.

    `plain` properties come without being asked for, `modes` names what brings more, `expandable` is
    Expand...Property_T of huggingface_hub 1.33. `refused` are real parameters which the recorded
    items cannot answer: refusing is better than not filtering.
    """

    name: str
    plain: frozenset[str]
    modes: dict[str, frozenset[str]]
    expandable: frozenset[str]
    refused: tuple[str, ...] = ()


MODELS = Kind(
    "models",
    plain=_words("""
        _id id modelId createdAt downloads library_name likes pipeline_tag private tags
        trendingScore
    """),
    modes={
        "full": _words("author gated lastModified sha siblings"),
        "cardData": _words("cardData"),
        "config": _words("config"),
    },
    expandable=_words("""
        author baseModels cardData childrenModelCount config createdAt disabled downloads
        downloadsAllTime evalResults gated gguf inference inferenceProviderMapping lastModified
        library_name likes mask_token model-index pipeline_tag private resourceGroup safetensors sha
        siblings spaces tags transformersInfo trendingScore usedStorage widgetData
    """),
    refused=("apps", "inference", "inference_provider", "num_parameters"),
)
DATASETS = Kind(
    "datasets",
    plain=_words("""
        _id id author createdAt description disabled downloads gated lastModified likes private sha
        tags trendingScore
    """),
    modes={"full": _words("siblings cardData citation paperswithcode_id")},
    expandable=_words("""
        author cardData citation createdAt description disabled downloads downloadsAllTime gated
        lastModified likes mainSize paperswithcode_id private resourceGroup sha siblings tags
        trendingScore usedStorage
    """),
)


class Repos:
    """All repositories of a kind. `shifted` says what moved under --shift: one {"id", "before",
    "after"} (downloads) per move, in order.

    Raises ValueError for a declared state of a repository that the file does not have.
    """

    def __init__(self, kind: Kind, path: Path, options: Options) -> None:
        self.kind, self._options = kind, options
        self.states: States = options.repos.get(kind.name, States())
        gated = frozenset(i for i, says in self.states.says.items() if says.get("gated"))
        self.index = RepoIndex(path, self.states.hidden, gated)
        for repo_id in self.states.named():
            if self.index.find(repo_id) is None:
                raise ValueError(f"{path} has no {repo_id!r}, of which a state is declared")
        self._says, self._hidden = self.states.says, self.states.hidden
        self._turns: Counter[tuple[Query, str]] = Counter()
        self.shifted: list[dict[str, Any]] = []

    # --- one repository ----------------------------------------------------------------------

    def single(self, request: Request, repo_id: str, revision: str) -> Response:
        """One item, with all recorded properties or those of `expand`."""
        row, record = self.look_up(request, repo_id, "")
        if revision not in ("main", record.get("sha")):
            raise hub.refuse(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        expand = self._expand(request)
        keep = expand | {"_id", "id"} if expand else None
        with self.index.lock:
            changed = self.index.changed.get(row)
        return Response(200, dumps(self._item(row, record, keep, changed)))

    def look_up(self, request: Request, repo_id: str, rest: str) -> tuple[int, dict[str, Any]]:
        """The row and the item of an id.

        Raises ApiError: a redirect to its new id (`rest` is what follows the id in the path), or
        the refusal of one that is missing, private, disabled or closed to the caller.
        """
        if new := self.states.renamed.get(repo_id):
            raise hub.redirect(request, f"/api/{self.kind.name}/{quote(new)}{rest}")
        row = self.index.find(repo_id)
        if row is None:
            if (row := self._moved(repo_id)) is None:
                raise hub.unknown(request)
            to = f"/api/{self.kind.name}/{quote(self.index.name(row))}{rest}"
            raise hub.redirect(request, to)
        [line] = self.index.lines([row])
        record = loads(line) | self._says.get(repo_id, {})
        not_ours = hub.token(request) != hub.OWNER_TOKEN
        if (record.get("private") is True and not_ours) or repo_id in self._hidden:
            raise hub.unknown(request)
        if record.get("disabled") is True:
            raise hub.refuse(403, "Access to this resource is disabled.")
        if self.states.has("gated-info", repo_id):
            raise hub.restricted(request, self.kind.name, repo_id)
        return row, record

    def _moved(self, repo_id: str) -> int | None:
        """The row which an id that is none leads to: a name of old days, or one in another case."""
        if "/" not in repo_id:
            for owner in owners_of(self.kind.name, repo_id):
                if (row := self.index.find(f"{owner}/{repo_id}")) is not None:
                    return row
        return self.index.find_any_case(repo_id)

    # --- listings ----------------------------------------------------------------------------

    def listing(self, request: Request) -> Response:
        """One page of the repositories that a query asks for, with a Link to the next."""
        query, sort = self._query(request), self._sort(request)
        limit, skip = hub.whole(request, "limit", 1), hub.whole(request, "skip", 0) or 0
        limit = min(limit or self._options.page_cap, self._options.page_cap)
        keep = self._properties(request)
        index = self.index
        with index.lock:
            order = index.order(query, sort)
            start = min(self._start(request, order, sort) + skip, len(order))
            end = start + limit
            page = order[start:end].tolist()
            link = self._next_link(request, page[-1], sort) if end < len(order) else None
            changed = {row: index.changed[row] for row in page if row in index.changed}
            if link and self._options.shift and sort == "downloads":
                self._shift((query, sort), order[max(0, end - limit) : end], order[end:][:limit])
        items = [
            self._item(row, loads(line), keep, changed.get(row))
            for row, line in zip(page, index.lines(page), strict=True)
        ]
        return Response(200, dumps(items), {"Link": link} if link else {})

    def _query(self, request: Request) -> Query:
        for name in self.kind.refused:
            if request.every(name):
                raise hub.refuse(400, f'"{name}" is not in the recorded items')
        tags: list[str] = []
        for value in request.every("filter"):
            # Undocumented, so lenient: several in one value, unless that value is itself a tag.
            tags += [value] if self.index.has_tag(value) else value.split(",")
        return Query(
            tags=tuple(sorted({tag for tag in tags if tag})),
            author=request.last("author") or None,
            search=tuple(sorted(set(request.every("search")))),
            pipeline_tag=request.last("pipeline_tag") or None,
            gated=hub.flag(request, "gated"),
        )

    def _sort(self, request: Request) -> str:
        sort = request.last("sort") or SORTS[0]
        if sort not in SORTS:
            raise hub.refuse(400, f'"sort" must be one of [{", ".join(SORTS)}]')
        return sort

    def _expand(self, request: Request) -> frozenset[str]:
        expand = frozenset(request.every("expand", "expand[]"))
        if unknown := sorted(expand - self.kind.expandable):
            known = ", ".join(sorted(self.kind.expandable))
            raise hub.refuse(400, f'"expand" {unknown[0]!r} is not one of [{known}]')
        return expand

    def _properties(self, request: Request) -> frozenset[str]:
        expand = self._expand(request)
        modes = [mode for mode in self.kind.modes if hub.flag(request, mode)]
        if expand and modes:
            raise hub.refuse(400, f'"expand" conflicts with "{modes[0]}"')
        if expand:
            return expand | {"_id", "id"}
        return self.kind.plain.union(*(self.kind.modes[mode] for mode in modes))

    def _start(self, request: Request, order: np.ndarray, sort: str) -> int:
        cursor = request.last("cursor")
        if cursor is None:
            return 0
        try:
            same = json.loads(base64.b64decode(cursor, validate=True))["$or"][0]
            value, repo_id = float(same[sort]), str(same["id"]["$gt"])
        except (ValueError, LookupError, TypeError, OverflowError):
            raise hub.refuse(400, '"cursor" is not valid') from None
        return self.index.after(order, sort, value, repo_id)

    def _next_link(self, request: Request, last: int, sort: str) -> str:
        """The Hub's cursor is the condition on what follows, in MongoDB's words, as base64."""
        value = float(self.index.values[sort][last])
        value = int(value) if value.is_integer() else value
        repo_id = self.index.name(last)
        condition = {"$or": [{sort: value, "id": {"$gt": repo_id}}, {sort: {"$lt": value}}]}
        text = base64.b64encode(json.dumps(condition, separators=(",", ":")).encode()).decode()
        kept = [(k, v) for k, v in request.query if k not in ("cursor", "skip")]
        query = urlencode([*kept, ("cursor", text)])
        return f'<{request.base}/api/{self.kind.name}?{query}>; rel="next"'

    def _item(
        self, row: int, record: Any, keep: frozenset[str] | None, downloads: int | None
    ) -> Any:
        """One record with the properties in `keep` (None: all); as recorded if it has no id."""
        if row >= self.index.named:
            return record
        repo_id = record["id"]
        item = {"_id": record.get("_id") or _object_id(repo_id), "id": repo_id}
        if self.kind is MODELS and (keep is None or "modelId" in keep):
            item["modelId"] = repo_id
        if said := self._says.get(repo_id):
            record = record | said
        for name, value in record.items():  # faster than `|=` with a comprehension
            if keep is None or name in keep:
                item[name] = value
        if downloads is not None and "downloads" in item:
            item["downloads"] = downloads
        return item

    def _shift(self, listing: tuple[Query, str], seen: np.ndarray, coming: np.ndarray) -> None:
        """Between two pages: by turns one to come jumps ahead of the cursor, and one seen falls
        behind it. Drawn from (seed, listing, page), so a sequential client repeats exactly.
        """
        turn, self._turns[listing] = self._turns[listing], self._turns[listing] + 1
        rng = random.Random(f"{self._options.seed} {listing} {turn}")  # noqa: S311
        values, named = self.index.values["downloads"], self.index.named
        seen_rows = [row for row in seen.tolist() if row < named]
        coming_rows = [row for row in coming.tolist() if row < named]
        ahead = [int(values[row]) + 1 for row in seen_rows]
        behind = [int(values[row]) for row in coming_rows if values[row] < values[seen[-1]]]
        for move in range(turn * self._options.shift, (turn + 1) * self._options.shift):
            rows, targets = (seen_rows, behind) if move % 2 else (coming_rows, ahead)
            if not rows or not targets:
                continue
            row, after = rows.pop(rng.randrange(len(rows))), rng.choice(targets)
            self.shifted.append(
                {"id": self.index.name(row), "before": int(values[row]), "after": after}
            )
            self.index.set_downloads(row, after)


def _object_id(repo_id: str) -> str:
    """24 hex digits which stand for the `_id` that a recording lacks."""
    return hashlib.sha256(repo_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]

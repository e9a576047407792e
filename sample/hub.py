"""The Hugging Face Hub API over a folder: /api/tasks, /api/models, /api/models/{id}.

Any Bearer token is accepted except exactly `hf_invalid`, which answers 401 on every path. Listings
are always descending, as on the Hub; `direction` is accepted and changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote, unquote, urlencode

import numpy as np

from sample.hub_index import SORTS, ModelIndex, Query, loads
from sample.wire import ApiError, Options, Request, Response, Window, dumps

INVALID_TOKEN = "hf_invalid"  # noqa: S105
BAD_CREDENTIALS = "Invalid credentials in Authorization header"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


DEFAULT_PROPERTIES = _words("""
    _id id modelId likes trendingScore private downloads tags pipeline_tag library_name createdAt
""")
FULL_PROPERTIES = _words("author gated lastModified sha siblings")
# ExpandModelProperty_T of huggingface_hub 1.33
EXPANDABLE = _words("""
    author baseModels cardData childrenModelCount config createdAt disabled downloads
    downloadsAllTime evalResults gated gguf inference inferenceProviderMapping lastModified
    library_name likes mask_token model-index pipeline_tag private resourceGroup safetensors sha
    siblings spaces tags transformersInfo trendingScore usedStorage widgetData
""")
# Real parameters which the recorded items cannot answer: refusing is better than not filtering.
NOT_RECORDED = ("apps", "inference", "inference_provider", "num_parameters")
MODES = ("full", "cardData", "config")


class Hub:
    """The Hub over `hf_tasks.json` and `hf_models.jsonl`. `shifted` says what moved under --shift:
    one {"id", "before", "after"} (downloads) per move, in order.
    """

    paths: ClassVar = ("/api/tasks", "/api/models")
    needs: ClassVar = ("hf_tasks.json", "hf_models.jsonl")

    def __init__(self, tasks: bytes, models: ModelIndex, options: Options) -> None:
        self._tasks, self.models, self._options = tasks, models, options
        self._window = Window(options.quota, options.window)
        self._turns: Counter[tuple[Query, str]] = Counter()
        self.shifted: list[dict[str, Any]] = []

    @classmethod
    def open(cls, folder: Path, options: Options) -> Self:
        """Index the folder's models."""
        tasks = (folder / "hf_tasks.json").read_bytes()
        return cls(tasks, ModelIndex(folder / "hf_models.jsonl"), options)

    def answer(self, request: Request) -> Response:
        """Route by path. Raises ApiError for everything that the Hub refuses."""
        if _token(request) == INVALID_TOKEN:
            raise ApiError(self.error(401, BAD_CREDENTIALS))
        path = request.path.rstrip("/")
        if request.method == "GET" and path == "/api/tasks":
            return Response(200, self._tasks)
        if request.method == "GET" and path == "/api/models":
            return self._list(request)
        if request.method == "GET" and path.startswith("/api/models/"):
            return self._detail(request, path.removeprefix("/api/models/").split("/"))
        raise ApiError(self.error(404, "Sorry, we can't find the page you are looking for."))

    def error(self, status: int, message: str, code: str | None = None) -> Response:
        """An error as the Hub words it: the body's `error`, X-Error-Message and X-Error-Code."""
        # a header is Latin-1 and one line, whatever was asked
        plain = message.encode("ascii", "replace").decode().replace("\r", " ").replace("\n", " ")
        headers = {"X-Error-Message": plain} | ({"X-Error-Code": code} if code else {})
        return Response(status, dumps({"error": message}), headers)

    def refused(self, seconds: int) -> Response:
        """429 with the Hub's RateLimit headers and no Retry-After."""
        response = self.error(429, "We had to rate limit your IP. Try again later, or log in.")
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

    # --- GET /api/models ---------------------------------------------------------------------

    def _list(self, request: Request) -> Response:
        query, sort = self._query(request), self._sort(request)
        limit, skip = self._whole(request, "limit", 1), self._whole(request, "skip", 0) or 0
        limit = min(limit or self._options.page_cap, self._options.page_cap)
        keep = self._properties(request)
        with self.models.lock:
            order = self.models.order(query, sort)
            start = min(self._start(request, order, sort) + skip, len(order))
            end = start + limit
            page = order[start:end].tolist()
            link = self._next_link(request, page[-1], sort) if end < len(order) else None
            changed = {row: self.models.changed[row] for row in page if row in self.models.changed}
            if link and self._options.shift and sort == "downloads":
                self._shift((query, sort), order[max(0, end - limit) : end], order[end:][:limit])
        lines = self.models.lines(page)
        items = [
            self._item(r, line, keep, changed.get(r)) for r, line in zip(page, lines, strict=True)
        ]
        body = dumps(items)
        return Response(200, body, {"Link": link} if link else {})

    def _query(self, request: Request) -> Query:
        for name in NOT_RECORDED:
            if request.every(name):
                raise ApiError(self.error(400, f'"{name}" is not in the recorded items'))
        tags: list[str] = []
        for value in request.every("filter"):
            # Undocumented, so lenient: several in one value, unless that value is itself a tag.
            tags += [value] if self.models.has_tag(value) else value.split(",")
        return Query(
            tags=tuple(sorted({tag for tag in tags if tag})),
            author=request.last("author") or None,
            search=tuple(sorted(set(request.every("search")))),
            pipeline_tag=request.last("pipeline_tag") or None,
            gated=self._flag(request, "gated"),
        )

    def _sort(self, request: Request) -> str:
        sort = request.last("sort") or SORTS[0]
        if sort not in SORTS:
            raise ApiError(self.error(400, f'"sort" must be one of [{", ".join(SORTS)}]'))
        return sort

    def _whole(self, request: Request, name: str, least: int) -> int | None:
        text = request.last(name)
        if text is None:
            return None
        # int() of a text of any length is costly, and JavaScript's numbers end at 16 digits
        if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) >= least):
            raise ApiError(self.error(400, f'"{name}" must be a whole number from {least}'))
        return int(text)

    def _flag(self, request: Request, name: str) -> bool | None:
        text = request.last(name)
        if not text:
            return None
        if text.lower() not in ("true", "false", "1", "0"):
            raise ApiError(self.error(400, f'"{name}" must be a boolean'))
        return text.lower() in ("true", "1")

    def _expand(self, request: Request) -> frozenset[str]:
        expand = frozenset(request.every("expand", "expand[]"))
        if unknown := sorted(expand - EXPANDABLE):
            known = ", ".join(sorted(EXPANDABLE))
            raise ApiError(self.error(400, f'"expand" {unknown[0]!r} is not one of [{known}]'))
        return expand

    def _properties(self, request: Request) -> frozenset[str]:
        expand = self._expand(request)
        modes = [mode for mode in MODES if self._flag(request, mode)]
        if expand and modes:
            raise ApiError(self.error(400, f'"expand" conflicts with "{modes[0]}"'))
        if expand:
            return expand | {"_id", "id"}
        return DEFAULT_PROPERTIES.union(
            FULL_PROPERTIES if "full" in modes else (), (mode for mode in modes if mode != "full")
        )

    def _start(self, request: Request, order: np.ndarray, sort: str) -> int:
        cursor = request.last("cursor")
        if cursor is None:
            return 0
        try:
            same = json.loads(base64.b64decode(cursor, validate=True))["$or"][0]
            value, model_id = float(same[sort]), str(same["id"]["$gt"])
        except (ValueError, LookupError, TypeError, OverflowError):
            raise ApiError(self.error(400, '"cursor" is not valid')) from None
        return self.models.after(order, sort, value, model_id)

    def _next_link(self, request: Request, last: int, sort: str) -> str:
        """The Hub's cursor is the condition on what follows, in MongoDB's words, as base64."""
        value = float(self.models.values[sort][last])
        value = int(value) if value.is_integer() else value
        model_id = self.models.name(last)
        condition = {"$or": [{sort: value, "id": {"$gt": model_id}}, {sort: {"$lt": value}}]}
        text = base64.b64encode(json.dumps(condition, separators=(",", ":")).encode()).decode()
        kept = [(k, v) for k, v in request.query if k not in ("cursor", "skip")]
        return f'<{request.base}/api/models?{urlencode([*kept, ("cursor", text)])}>; rel="next"'

    def _item(
        self, row: int, line: bytes, keep: frozenset[str] | None, downloads: int | None
    ) -> Any:
        """One record with the properties in `keep` (None: all); as recorded if it has no id."""
        record = loads(line)
        if row >= self.models.named:
            return record
        item = {"_id": record.get("_id") or _object_id(record["id"]), "id": record["id"]}
        if keep is None or "modelId" in keep:
            item["modelId"] = record["id"]
        for name, value in record.items():  # faster than `|=` with a comprehension
            if keep is None or name in keep:
                item[name] = value
        if downloads is not None and "downloads" in item:
            item["downloads"] = downloads
        return item

    def _shift(self, listing: tuple[Query, str], seen: np.ndarray, coming: np.ndarray) -> None:
        """Between two pages: by turns one model to come jumps ahead of the cursor, and one seen
        falls behind it. Drawn from (seed, listing, page), so a sequential client repeats exactly.
        """
        turn, self._turns[listing] = self._turns[listing], self._turns[listing] + 1
        rng = random.Random(f"{self._options.seed} {listing} {turn}")  # noqa: S311
        values, named = self.models.values["downloads"], self.models.named
        seen_rows = [row for row in seen.tolist() if row < named]
        coming_rows = [row for row in coming.tolist() if row < named]
        ahead = [int(values[row]) + 1 for row in seen_rows]
        behind = [int(values[row]) for row in coming_rows if values[row] < values[seen[-1]]]
        for move in range(turn * self._options.shift, (turn + 1) * self._options.shift):
            rows, targets = (seen_rows, behind) if move % 2 else (coming_rows, ahead)
            if not rows or not targets:
                continue
            row, after = rows.pop(rng.randrange(len(rows))), rng.choice(targets)
            before = int(values[row])
            model_id = self.models.name(row)
            self.shifted.append({"id": model_id, "before": before, "after": after})
            self.models.set_downloads(row, after)

    # --- GET /api/models/{id} ----------------------------------------------------------------

    def _detail(self, request: Request, parts: list[str]) -> Response:
        parts, revision = [unquote(part) for part in parts], "main"
        if len(parts) in (3, 4) and parts[-2] == "revision":
            *parts, _, revision = parts
        if len(parts) not in (1, 2):
            raise ApiError(self.error(404, "Sorry, we can't find the page you are looking for."))
        row = self.models.find("/".join(parts))
        if row is None:
            return self._unknown(request, parts)
        [line] = self.models.lines([row])
        record = loads(line)
        if revision not in ("main", record.get("sha")):
            message = f"Invalid rev id: {revision}"
            raise ApiError(self.error(404, message, "RevisionNotFound"))
        expand = self._expand(request)
        keep = expand | {"_id", "id"} if expand else None
        with self.models.lock:
            changed = self.models.changed.get(row)
        return Response(200, dumps(self._item(row, line, keep, changed)))

    def _unknown(self, request: Request, parts: list[str]) -> Response:
        owners = self.models.by_name(parts[0]) if len(parts) == 1 else []
        if len(owners) == 1:
            _, _, query = request.target.partition("?")
            to = f"/api/models/{quote(owners[0])}" + (f"?{query}" if query else "")
            body = f"Temporary Redirect. Redirecting to {to}".encode()
            return Response(307, body, {"Location": to}, "text/plain; charset=utf-8")
        if _token(request) is None:  # does not say whether it is missing or private
            raise ApiError(self.error(401, "Invalid username or password.", "RepoNotFound"))
        raise ApiError(self.error(404, "Repository not found", "RepoNotFound"))


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _object_id(model_id: str) -> str:
    """24 hex digits which stand for the `_id` that a recording lacks."""
    return hashlib.sha256(model_id.encode("utf-8", "surrogatepass")).hexdigest()[:24]

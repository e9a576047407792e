"""What the tests of the replayed Hub share: models, a folder of them, and who asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
from huggingface_hub import HfApi

from assay.sample.replay import ReplayServer

# one for all: making a client reads the certificates; a kept connection would hide a dead server
CLIENT = httpx.Client(limits=httpx.Limits(max_keepalive_connections=0))
TASKS = {"text-generation": {"id": "text-generation", "label": "Text Generation"}}


def model(model_id: str, downloads: int, *tags: str, **more: Any) -> dict[str, Any]:
    """An item as recorded with full=true, but for what `more` says (None: absent)."""
    item = {
        "id": model_id,
        "modelId": model_id,
        "author": model_id.split("/", maxsplit=1)[0],
        "sha": f"{downloads:040x}",
        "lastModified": "2026-08-18T06:21:48.000Z",
        "createdAt": "2026-08-18T06:09:20.000Z",
        "likes": downloads % 7,
        "trendingScore": downloads % 5,
        "private": False,
        "gated": False,
        "downloads": downloads,
        "tags": [*tags, "region:us"],
        "siblings": [{"rfilename": "config.json"}],
    }
    return {k: v for k, v in (item | more).items() if v is not None}


MODELS = [
    model("b/two", 20, "text-generation", "license:mit", pipeline_tag="text-generation"),
    model("a/one", 20, "text-generation", library_name="transformers", gated="auto"),
    model("B/upper", 20, "text-generation"),
    model("c/three", 50, "text-generation", "en", _id="621ffdc036468d709f1753ba"),
    model("c/four", 5, "text-generation", "license:mit", cardData={"license": "mit"}),
    model("google-bert/bert-base-uncased", 90, "fill-mask", pipeline_tag="fill-mask"),
    model("x/same", 1, createdAt="2022-03-02T23:29:04.000Z"),
    model("y/same", 2, config={"model_type": "bert"}, lastModified="2026-09-01T00:00:00.000Z"),
    model("gpt2", 70, "text-generation", "tag,with,commas", author=None),
]

Serve = Callable[..., ReplayServer]


def write(folder: Path, models: list[Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "hf_tasks.json").write_text(json.dumps(TASKS))
    lines = (item if isinstance(item, str) else json.dumps(item) for item in models)
    (folder / "hf_models.jsonl").write_text("".join(line + "\n" for line in lines))
    return folder


def hub(server: ReplayServer, token: str | bool = False) -> HfApi:
    """The real client, of nobody unless there is a token."""
    return HfApi(endpoint=server.url, token=token)


def get(
    server: ReplayServer,
    path: str,
    token: str | None = None,
    *,
    timeout: float = 300,
    **options: Any,
) -> httpx.Response:
    """One request, of nobody unless there is a token."""
    if token:
        options["headers"] = {"Authorization": f"Bearer {token}"}
    return CLIENT.get(server.url + path, timeout=timeout, **options)


def ids(answer: httpx.Response) -> list[str]:
    return [item["id"] for item in answer.json()]


def walk(server: ReplayServer, path: str) -> Iterator[httpx.Response]:
    """Every page, following Link."""
    answer = get(server, path)
    yield answer
    while "next" in answer.links:
        answer = CLIENT.get(answer.links["next"]["url"])
        yield answer
